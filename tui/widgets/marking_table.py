"""Experiments that can be marked, one by one, by ranges and all together; a folded sweep is marked as a whole."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from tui.widgets.columns import GUTTER
from tui.widgets.paged_table import PagedTable
from tui.workspace import Workspace, described

if TYPE_CHECKING:
    from registry.rows import Fold, Row


class MarkingTable(PagedTable["Row"]):
    """A list of experiments with marks."""

    GUTTER = GUTTER
    ABOVE = 2

    @dataclass
    class MarksChanged(Message):
        """The marks are others now."""

    @dataclass
    class MarksWanted(Message):
        """A person wants to mark experiments, some of which have not been read: a mark is kept by hash."""

        ids: Sequence[int]
        toggle: bool

    @dataclass
    class CursorMoved(Message):
        """Another experiment is under the cursor."""

    def __init__(self, workspace: Workspace, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.workspace = workspace
        self.folds: Sequence[Fold] = ()
        """The sweeps that stand in the list as one line; -n among the ids is the n-th of them."""
        self._range_start: int | None = None

    @property
    def current_fold(self) -> Fold | None:
        """The sweep under the cursor, where one is folded."""
        return self.fold_of(self.ids[self.cursor]) if self.ids else None

    def fold_of(self, identity: int) -> Fold | None:
        """Return the fold that an id stands for, if it stands for one."""
        return self.folds[-identity - 1] if identity < 0 else None

    def experiments_at(self, first: int, last: int) -> array[int]:
        """Return the ids of the experiments from one line to another, those in folds included."""
        lines = self.ids[first : last + 1]
        if not self.folds:
            return lines
        found = array("q")
        for identity in lines:
            folded = self.fold_of(identity)
            found.extend((identity,) if folded is None else folded.ids)
        return found

    def signs(self, row: Row | None, style: Style, index: int, *, current: bool) -> list[Segment]:
        """Return the signs before a row: the cursor's, a mark or a range being marked, the reference."""
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

    def cursor_moved(self) -> None:
        """A range being marked follows the cursor."""
        if self._range_start is not None:
            self.refresh()
        self.post_message(self.CursorMoved())

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

    def row_clicked(self, x: int) -> None:
        """Mark with a click on the gutter."""
        if x < GUTTER and self.current_id is not None:
            self._mark_rows(self.cursor, self.cursor, toggle=True)

    def _mark_rows(self, first: int, last: int, *, toggle: bool = False) -> None:
        ids = self.experiments_at(first, last)
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
