"""Lines of something that was worked out: one can be opened, and where there are none the table says why."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from tui.widgets.cells import fit
from tui.widgets.line_table import LineTable


class ResultTable(LineTable):
    """What the tables of verdicts, importances and relatives share; subclasses have the lines."""

    @dataclass
    class Moved(Message):
        """The cursor is on another line, or the lines are others."""

    @dataclass
    class Opened(Message):
        """A person wants to see what a line is about."""

        key: str
        """The full hash of an experiment; of an importance the name."""

    def __init__(self) -> None:
        super().__init__()
        self.message: Sequence[str] = ("Reading the registry …",)
        """What stands here while there are no lines."""

    def key_at(self, index: int) -> str | None:
        """Return what a line is about, if that can be opened: see `Opened`."""
        raise NotImplementedError

    def place_of(self, index: int) -> Hashable:
        """Return what tells a line apart from every other, so that the cursor finds it again among other lines."""
        return self.key_at(index)

    @property
    def place(self) -> Hashable:
        """The place of the line under the cursor; None where there is none."""
        return self.place_of(self.cursor) if self.cursor < self.row_count else None

    def lines_changed(self, *wanted: Hashable, otherwise: int = 0) -> None:
        """Draw lines that are others now, the cursor at the first of the places `wanted` that is among them."""
        self.rows_changed()
        found = {self.place_of(at): at for at in reversed(range(self.row_count))}
        self.go(next((found[place] for place in wanted if place is not None and place in found), otherwise))
        self.refresh()
        self.post_message(self.Moved())

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line below the table; while it is empty they say why."""
        if not self.row_count and 1 <= y <= len(self.message):
            return [Segment(fit("  " + self.message[y - 1], width), style + self.part("quiet"))]
        return super().blank_line(y, width, style)

    def cursor_moved(self) -> None:
        """Tell the screen."""
        self.post_message(self.Moved())

    def action_open(self) -> None:
        """Open what the line under the cursor is about."""
        if (key := self.key_at(self.cursor) if self.cursor < self.row_count else None) is not None:
            self.post_message(self.Opened(key))

    def opened(self) -> None:
        """Open it, by a double click."""
        self.action_open()
