"""The list of experiments: its columns, a line for each and for each folded sweep, and its order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.reactive import var

from registry.numbers import of_them, shown
from registry.search.words import split_name
from tui import actions
from tui.safe import safe
from tui.widgets import bars
from tui.widgets.cells import fit, number
from tui.widgets.columns import (
    GAP,
    GUTTER,
    WEIGHTS,
    Column,
    Layout,
    asked,
    cell_text,
    counts_of_names,
    counts_of_rows,
    feature_order,
    fit_columns,
    usual,
    value_text,
    when,
)
from tui.widgets.marking_table import MarkingTable
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.rows import Fold, Row

_MOST_BARS = 24
_LONGEST_NAME = 40
_LEAST_TAG = 8
"""Cells of a folded sweep's name that are always shown."""


class ExperimentList(MarkingTable):
    """Experiments in order, with a cursor and marks."""

    BINDINGS = actions.bindings(actions.ROWS)

    @dataclass
    class SortChosen(Message):
        """A person wants another order."""

        sort: str

    @dataclass
    class ColumnsChanged(Message):
        """The list shows other columns, some of which have to be read."""

    column: var[str] = var("created", init=False)
    """The label of the column that `[` and `]` sort by."""

    def __init__(self, workspace: Workspace, *, id: str | None = None) -> None:
        super().__init__(workspace, id=id)
        self.sort = "-created"
        self.message = ("Reading the registry …",)
        self._counts: Sequence[tuple[str, int]] = ()
        self._labels: tuple[str, ...] = ()
        self._layout_of_columns = Layout(())
        self._order: tuple[str, ...] = ()

    # what the screen gives

    def show(
        self,
        ids: array[int],
        asked: Sequence[int],
        rows: Sequence[Row],
        *,
        cursor: int,
        scroll: int,
        folds: Sequence[Fold] = (),
    ) -> None:
        """Show another result; `rows` are those of it that came along."""
        self.folds = folds
        self._range_start = None
        super().show(ids, asked, rows, cursor=cursor, scroll=scroll)
        self.post_message(self.CursorMoved())

    def supply(self, asked: Sequence[int], rows: Sequence[Row]) -> None:
        """Take rows that were wanted."""
        super().supply(asked, rows)
        if not self._counts and self.workspace.names is None:
            self._counts = counts_of_rows(rows)
            self._lay_out()
        if self.current_id in asked:
            self.post_message(self.CursorMoved())

    def names_read(self) -> None:
        """The registry's names were read: they say which features get a bar."""
        if self.workspace.names is not None:
            self._counts = counts_of_names(self.workspace.names)
            self._lay_out()
            self.refresh()

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._lay_out()

    def watch_show_vertical_scrollbar(self) -> None:
        """The scrollbar's cells come to the columns, or are taken from them: no resize tells of that."""
        if self.is_attached:
            self._lay_out()
            self.refresh()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in view."""
        return self._layout_of_columns.columns

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all columns in order, those without room too."""
        return self._labels

    def choose_columns(self, labels: Sequence[str] | None) -> None:
        """Show these columns; None: the usual ones."""
        self.workspace.remembered.columns = None if labels is None else list(labels)
        self._lay_out()
        self.refresh()

    def usual_columns(self, width: int, metrics: Iterable[str]) -> Sequence[str]:
        """Return the columns that are shown while nobody chose others."""
        return usual(width, metrics)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        names = self.workspace.names
        before = asked(self._labels)
        chosen = self.workspace.remembered.columns
        self._labels = tuple(chosen or self.usual_columns(width, names.metrics if names else ()))
        self._order = feature_order(self._counts, _MOST_BARS)
        self._layout_of_columns = fit_columns(self._labels, width, len(self._order), self.column)
        bars_shown = next((column.width for column in self.columns if column.key == WEIGHTS), 1) - 1
        if bars_shown < len(self._order):
            self._order = feature_order(self._counts, bars_shown)
        if asked(self._labels) != before:
            self.post_message(self.ColumnsChanged())

    # drawing

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the titles; the sorted column has an arrow, the chosen one is underlined."""
        ground = self.ground + self.part("head")
        chosen = ground + self.part("head-column")
        layout = self._layout_of_columns
        segments = [Segment(" " * GUTTER, ground)]
        for place, column in enumerate(layout.columns):
            title = safe(column.title)
            if column.sort is not None and column.sort == self.sort.removeprefix("-"):
                title += " ▼" if self.sort.startswith("-") else " ▲"
            style = chosen if column.key == self.column and self.has_focus else ground
            # a title may reach into the gap, so that its arrow has room
            title = fit(title, column.width + GAP - 1).rstrip() if column.width else ""
            blank = column.width - cell_len(title)
            if column.right and blank > 0:
                segments.append(Segment(" " * blank, ground))
            segments.append(Segment(title, style))
            if not column.right and blank > 0:
                segments.append(Segment(" " * blank, ground))
            more = place == 0 and layout.before
            segments.append(Segment(("‹" if more else " ") * (GAP + min(0, blank)), ground))
        if layout.after:
            used = sum(segment.cell_length for segment in segments)
            segments.append(Segment(" " * max(0, width - used - 1) + "›", ground))
        segments.append(Segment(" " * width, ground))
        return segments

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return an experiment's line."""
        identity = self.ids[index]
        row = self.rows.get(identity)
        quiet, faint = style + self.part("quiet"), style + self.part("faint", current=current)
        segments = self.signs(row, style, index, current=current)
        if (folded := self.fold_of(identity)) is not None:
            return [*segments, *self._fold_line(folded, width, style, quiet), Segment(" " * width, style)]
        gap = Segment(" " * GAP, style)
        if row is None:
            return [*segments, *self.absent_line(identity, width, style, current=current)]
        for column in self.columns:
            if column.key == WEIGHTS:
                segments += self._glyph(row, column.width, style, faint)
            elif column.key == "hash":
                segments.append(Segment(fit(row.config_hash[: column.width], column.width), style))
            elif column.key == "created":
                segments.append(Segment(fit(when(row.created_at)[: column.width], column.width), quiet))
            elif column.key == "deleted":
                segments.append(Segment(fit(when(row.deleted_at or "")[: column.width], column.width), quiet))
            elif column.key == "features":
                segments.append(Segment(cell_text(column, str(row.n_features)), quiet))
            elif column.key == "tags":
                segments.append(Segment(fit(", ".join(row.tags[: column.width]), column.width), quiet))
            elif column.key == "description":
                segments.append(Segment(fit(row.description, column.width), style))
            else:
                segments.append(Segment(cell_text(column, value_text(column, row)), style))
            segments.append(gap)
        segments.append(Segment(" " * width, style))
        return segments

    def _fold_line(self, folded: Fold, width: int, style: Style, quiet: Style) -> list[Segment]:
        """Return the line of a sweep: how many, the best and the spread, its name."""
        room = width - GUTTER - _LEAST_TAG - 6
        words = next((told for told in _told_of(folded) if cell_len(told) <= room), _told_of(folded)[-1])
        tag = fit(folded.tag, max(_LEAST_TAG, min(30, width - GUTTER - cell_len(words) - 6))).rstrip()
        return [
            Segment("▸ ", style + self.part("mark")),
            Segment(safe(tag), style + self.part("strong")),
            Segment(f"  {words}", quiet),
        ]

    def _glyph(self, row: Row, width: int, style: Style, faint: Style) -> list[Segment]:
        bar = style + self.part("bar")
        hanging = bar + Style(reverse=True)
        segments = []
        for character, negative in bars.glyph(row.weights, self._order):
            absent = character in (bars.ABSENT, bars.ZERO)
            segments.append(Segment(character, faint if absent else hanging if negative else bar))
        hidden = len(row.weights) > sum(name in row.weights for name in self._order)
        segments.append(Segment(bars.MORE if hidden else " ", faint))
        segments.append(Segment(" " * (width - len(self._order) - 1), style))
        return segments

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for the signs of a row, for help."""
        features = ", ".join(safe(name[:_LONGEST_NAME]) for name in self._order)
        told = "a bar for each feature, in the same order in every row; as high as the weight is large in its row"
        return [
            ("WEIGHTS", f"{told}; from the left: {features}" if features else told),
            (bars.RISING[4], "a weight above zero; a bar that hangs from the top is one below zero"),
            (f"{bars.ZERO} {bars.ABSENT} {bars.MORE}", "weight 0; no weight at all; more weights than there are bars"),
            ("● ★", "marked; the reference that others are compared with"),
            ("▸", "a sweep folded into one line: a tag whose experiments are all variants of one parent"),
        ]

    # order

    def watch_column(self) -> None:
        """Bring the column into view and draw the head anew."""
        self._lay_out()
        self.refresh()

    def on_focus(self) -> None:
        """Draw the head with its chosen column."""
        self.refresh()

    def on_blur(self) -> None:
        """Draw the head without a chosen column."""
        self.refresh()

    def action_column(self, step: int) -> None:
        """Choose the column that `[` and `]` sort by."""
        sortable = [label for label in self._labels if label != WEIGHTS]
        if sortable:
            place = sortable.index(self.column) + step if self.column in sortable else 0
            self.column = sortable[min(max(place, 0), len(sortable) - 1)]

    def action_sort(self, descending: bool) -> None:
        """Sort by the chosen column."""
        if self.column in self._labels and self.column != WEIGHTS:
            self.post_message(self.SortChosen("-" + self.column if descending else self.column))

    def head_clicked(self, x: int, y: int) -> None:
        """Sort by the clicked column; the same again turns the order round."""
        start = GUTTER
        for column in self.columns:
            if start <= x < start + column.width + GAP and column.sort:
                self.column = column.key
                self.action_sort(self.sort == column.sort)
                return
            start += column.width + GAP


def _told_of(folded: Fold) -> list[str]:
    """Return what is said of a folded sweep, the whole of it first and then ever shorter."""
    count = of_them(len(folded.ids))
    if folded.metric is None:
        return [count]
    name = split_name(folded.metric).text
    if folded.best is None:
        return [f"{count} · none with {folded.metric}", count]
    best, span = f"best {name} {shown(name, folded.best)}", f"{shown(name, folded.low)} … {shown(name, folded.high)}"
    tried = f"{best} of {number(folded.evaluated)}"
    return [f"{count} · {tried} tried ({span})", f"{number(len(folded.ids))} · {tried}", f"{best}"]
