"""The list of experiments: ids in memory, rows read a page at a time, one strip a line.

It asks for nothing by itself: what it lacks it says by `Wanted`, what a person wants by `Opened`,
`SortChosen` and `MarksChanged`; the screen reads and answers. So it can stand on any screen.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.reactive import var

from registry.config import SHORT_HASH
from tui import actions
from tui.safe import safe
from tui.widgets import bars
from tui.widgets.cells import fit, wrap
from tui.widgets.columns import (
    GAP,
    GUTTER,
    SORTED_COLUMNS,
    Column,
    counts_of_names,
    counts_of_rows,
    feature_order,
    fit_columns,
    when,
)
from tui.widgets.line_table import LineTable
from tui.widgets.rows import RowCache
from tui.workspace import Workspace, described

if TYPE_CHECKING:
    from registry.rows import Row

_MOST_BARS = 24
_LONGEST_NAME = 40


class ExperimentList(LineTable):
    """Experiments in order, with a cursor and marks."""

    BINDINGS = actions.bindings(actions.ROWS)
    SORTED: ClassVar[frozenset[str]] = SORTED_COLUMNS
    """Orders that the head shows by an arrow; any other has to be said."""

    @dataclass
    class Wanted(Message):
        """Rows that are in view and have not been read."""

        ids: Sequence[int]

    @dataclass
    class Opened(Message):
        """A person wants to see this experiment."""

        index: int

    @dataclass
    class SortChosen(Message):
        """A person wants another order."""

        sort: str

    @dataclass
    class MarksChanged(Message):
        """The marks are others now."""

    @dataclass
    class MarksWanted(Message):
        """A person wants to mark experiments, some of which have not been read: a mark is kept by hash."""

        ids: Sequence[int]
        toggle: bool

    column: var[int] = var(1, init=False)

    def __init__(self, workspace: Workspace, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.workspace = workspace
        self.ids: array[int] = array("q")
        self.rows: RowCache[Row] = RowCache()
        self.sort = "-created"
        self.message: Sequence[str] = ("Reading the registry …",)
        """What stands here while there are no rows."""
        self._counts: Sequence[tuple[str, int]] = ()
        self._columns: tuple[Column, ...] = ()
        self._order: tuple[str, ...] = ()
        self._range_start: int | None = None

    @property
    def row_count(self) -> int:
        """How many experiments are listed."""
        return len(self.ids)

    @property
    def current_id(self) -> int | None:
        """The id of the experiment under the cursor."""
        return self.ids[self.cursor] if self.ids else None

    @property
    def current_row(self) -> Row | None:
        """The experiment under the cursor, once it has been read."""
        return self.rows.get(self.ids[self.cursor]) if self.ids else None

    # what the screen gives

    def show(self, ids: array[int], asked: Sequence[int], rows: Sequence[Row], *, cursor: int, scroll: int) -> None:
        """Show another result; `rows` are those of it that came along."""
        self.ids = ids
        self._range_start = None
        self.supply(asked, rows)
        self.set_reactive(ExperimentList.cursor, min(max(cursor, 0), max(0, len(ids) - 1)))
        self.rows_changed()
        self.scroll_to(y=scroll, animate=False)
        self.show_cursor()
        self.want_visible()

    def supply(self, asked: Sequence[int], rows: Sequence[Row]) -> None:
        """Take rows that were wanted."""
        self.rows.put(asked, rows)
        if not self._counts and self.workspace.names is None:
            self._counts = counts_of_rows(rows)
            self._lay_out()
        self.refresh()
        self.want_visible()

    def names_read(self) -> None:
        """The registry's names were read: they say which features get a bar."""
        if self.workspace.names is not None:
            self._counts = counts_of_names(self.workspace.names)
            self._lay_out()
            self.refresh()

    def want_visible(self) -> None:
        """Ask for a page when a row in view has not been read."""
        top = self.scroll_offset.y
        page = self.rows.page_to_read(self.ids, top, top + self.row_room)
        if page:
            self.post_message(self.Wanted(page))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for what came into view."""
        super().watch_scroll_y(old_value, new_value)
        self.want_visible()

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._lay_out()
        super().on_resize()
        self.want_visible()

    def _lay_out(self) -> None:
        self._order = feature_order(self._counts, _MOST_BARS)
        self._columns = self.columns(self.scrollable_content_region.width or self.size.width, len(self._order))
        bars_shown = next(column.width for column in self._columns if column.key == "weights") - 1
        if bars_shown < len(self._order):
            self._order = feature_order(self._counts, bars_shown)

    def columns(self, width: int, features: int) -> tuple[Column, ...]:
        """Return the columns for this width, with room for bars of so many features."""
        return fit_columns(width, features)

    # drawing

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the titles; the sorted column has an arrow, the chosen one is underlined."""
        ground = self.ground + self.part("head")
        chosen = ground + self.part("head-column")
        segments = [Segment(" " * GUTTER, ground)]
        for place, column in enumerate(self._columns):
            title = column.title
            if column.sort is not None and column.sort == self.sort.removeprefix("-"):
                title += " ▼" if self.sort.startswith("-") else " ▲"
            style = chosen if place == self.column and self.has_focus else ground
            if column.right and len(title) <= column.width:
                segments.append(Segment(" " * (column.width - len(title)), ground))
                segments.append(Segment(title, style))
            else:
                # a title may reach into the gap, so that its arrow has room
                title = title[: column.width + GAP - 1] if column.width else ""
                segments.append(Segment(title, style))
                segments.append(Segment(" " * (column.width - len(title)), ground))
                if len(title) > column.width:
                    segments.append(Segment(" " * (GAP - (len(title) - column.width)), ground))
                    continue
            segments.append(Segment(" " * GAP, ground))
        segments.append(Segment(" " * width, ground))
        return segments

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return an experiment's line."""
        identity = self.ids[index]
        row = self.rows.get(identity)
        quiet, faint = style + self.part("quiet"), style + self.part("faint", current=current)
        segments = self._signs(row, style, index, current=current)
        gap = Segment(" " * GAP, style)
        if row is None:
            text = "reading …" if self.rows.wants(identity) else "no longer there"
            return [*segments, Segment(text, faint), Segment(" " * width, style)]
        for column in self._columns:
            if column.key == "weights":
                segments += self._glyph(row, column.width, style, faint)
            elif column.key == "hash":
                segments.append(Segment(fit(row.config_hash[:SHORT_HASH], column.width), style))
            elif column.key == "created":
                segments.append(Segment(fit(when(row.created_at)[: column.width], column.width), quiet))
            elif column.key == "deleted":
                segments.append(Segment(fit(when(row.deleted_at or "")[: column.width], column.width), quiet))
            elif column.key == "features":
                segments.append(Segment(fit(str(row.n_features), column.width, right=True), quiet))
            elif column.key == "tags":
                segments.append(Segment(fit(", ".join(row.tags[: column.width]), column.width), quiet))
            else:
                segments.append(Segment(fit(row.description, column.width), style))
            segments.append(gap)
        segments.append(Segment(" " * width, style))
        return segments

    def _signs(self, row: Row | None, style: Style, index: int, *, current: bool) -> list[Segment]:
        in_range = self._range_start is not None and (
            min(self._range_start, self.cursor) <= index <= max(self._range_start, self.cursor)
        )
        config_hash = None if row is None else row.config_hash
        sign = "●" if config_hash in self.workspace.marks else "┆" if in_range else " "
        reference = config_hash is not None and config_hash == self.workspace.reference
        return [
            Segment("▌" if current else " ", style + self.part("sign")),
            Segment(sign, style + self.part("mark")),
            Segment("★" if reference else " ", style + self.part("mark")),
            Segment(" ", style),
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

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line of what stands here when there are no rows."""
        place = y - 2
        told = () if self.ids or place < 0 else self._told(width - 2 * GUTTER)
        if not 0 <= place < len(told):
            return super().blank_line(y, width, style)
        text, part = told[place]
        return [Segment(" " * GUTTER, style), Segment(text, style + self.part(part))]

    def _told(self, width: int) -> list[tuple[str, str]]:
        """Return the message broken into lines, each with the part it is drawn as."""
        return [
            (line, "quiet" if number else "strong")
            for number, text in enumerate(self.message)
            for line in wrap(text, width)
        ]

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for the signs of a row, for help."""
        features = ", ".join(safe(name[:_LONGEST_NAME]) for name in self._order)
        told = "a bar for each feature, in the same order in every row; as high as the weight is large in its row"
        return [
            ("WEIGHTS", f"{told}; from the left: {features}" if features else told),
            (bars.RISING[4], "a weight above zero; a bar that hangs from the top is one below zero"),
            (f"{bars.ZERO} {bars.ABSENT} {bars.MORE}", "weight 0; no weight at all; more weights than there are bars"),
            ("● ★", "marked; the reference that others are compared with"),
        ]

    # marks

    def cursor_moved(self) -> None:
        """A range being marked follows the cursor."""
        if self._range_start is not None:
            self.refresh()

    def action_mark(self) -> None:
        """Mark or unmark, and step down: the next press goes for the next row."""
        if self.current_id is not None:
            self._mark_rows(self.cursor, self.cursor, toggle=True)
            self.action_move(1)

    def action_range(self) -> None:
        """Begin a range, or mark everything from where it began."""
        if not self.ids:
            return
        if self._range_start is None:
            self._range_start = self.cursor
            self._refresh_row(self.cursor)
            return
        first, last = sorted((self._range_start, self.cursor))
        self._range_start = None
        self._mark_rows(first, last)

    def end_range(self) -> bool:
        """Give up a range that was begun; returns whether there was one."""
        begun, self._range_start = self._range_start is not None, None
        if begun:
            self.refresh()
        return begun

    def action_mark_all(self) -> None:
        """Mark every row."""
        self._mark_rows(0, len(self.ids) - 1)

    def _mark_rows(self, first: int, last: int, *, toggle: bool = False) -> None:
        ids = self.ids[first : last + 1]
        if all(identity in self.rows for identity in ids):
            read = (row for identity in ids if (row := self.rows.get(identity)) is not None)
            self.mark(described(read), toggle=toggle)
        else:
            self.post_message(self.MarksWanted(ids, toggle))

    def mark(self, found: Mapping[str, str], *, toggle: bool = False) -> None:
        """Mark experiments, given as `described` has them, or take off the marks they have."""
        self.workspace.mark(found, toggle=toggle)
        self.refresh()
        self.post_message(self.MarksChanged())

    # order and opening

    def watch_column(self) -> None:
        """Draw the head anew."""
        self.refresh()

    def on_focus(self) -> None:
        """Draw the head with its chosen column."""
        self.refresh()

    def on_blur(self) -> None:
        """Draw the head without a chosen column."""
        self.refresh()

    def action_column(self, step: int) -> None:
        """Choose the column that `[` and `]` sort by."""
        sortable = [place for place, column in enumerate(self._columns) if column.sort]
        if sortable:
            place = sortable.index(self.column) + step if self.column in sortable else 0
            self.column = sortable[min(max(place, 0), len(sortable) - 1)]

    def action_sort(self, descending: bool) -> None:
        """Sort by the chosen column."""
        if self.column < len(self._columns) and (key := self._columns[self.column].sort):
            self.post_message(self.SortChosen("-" + key if descending else key))

    def action_open(self) -> None:
        """Open the experiment under the cursor."""
        self.opened()

    def opened(self) -> None:
        """Say that the experiment under the cursor is to be opened."""
        if self.ids:
            self.post_message(self.Opened(self.cursor))

    def row_clicked(self, x: int) -> None:
        """Mark with a click on the gutter."""
        if x < GUTTER and self.current_id is not None:
            self._mark_rows(self.cursor, self.cursor, toggle=True)

    def head_clicked(self, x: int, y: int) -> None:
        """Sort by the clicked column; the same again turns the order round."""
        start = GUTTER
        for place, column in enumerate(self._columns):
            if start <= x < start + column.width + GAP and column.sort:
                self.column = place
                self.action_sort(self.sort == column.sort)
                return
            start += column.width + GAP
