"""A table of any number of rows: ids in memory, rows read a page at a time, one strip a line.

It asks for nothing by itself: what it lacks it says by `Wanted`, what a person wants to see by `Opened`; the
screen reads and answers. So it can stand on any screen.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from tui.widgets.cells import wrap
from tui.widgets.line_table import LineTable
from tui.widgets.rows import R, RowCache


class PagedTable(LineTable, Generic[R]):
    """Rows in order, by id, with a cursor."""

    GUTTER: ClassVar[int] = 2
    """Cells at the left for the signs of a row."""
    ABOVE: ClassVar[int] = 1
    """Empty lines above what stands here while there are no rows."""

    @dataclass
    class Wanted(Message):
        """Rows that are in view and have not been read."""

        ids: Sequence[int]

    @dataclass
    class Opened(Message):
        """A person wants to see what this row is about."""

        index: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ids: array[int] = array("q")
        self.rows: RowCache[R] = RowCache()
        self.message: Sequence[str] = ()
        """What stands here while there are no rows."""

    @property
    def row_count(self) -> int:
        """How many rows are listed."""
        return len(self.ids)

    @property
    def current_id(self) -> int | None:
        """The id of the row under the cursor."""
        return self.ids[self.cursor] if self.ids else None

    @property
    def current_row(self) -> R | None:
        """The row under the cursor, once it has been read."""
        return self.rows.get(self.ids[self.cursor]) if self.ids else None

    # what the screen gives

    def show(self, ids: array[int], asked: Sequence[int], rows: Sequence[R], *, cursor: int, scroll: int) -> None:
        """Show another result; `rows` are those of it that came along."""
        self.ids = ids
        self.set_reactive(LineTable.cursor, min(max(cursor, 0), max(0, len(ids) - 1)))
        self.supply(asked, rows)
        self.rows_changed()
        self.scroll_to(y=scroll, animate=False)
        self.show_cursor()
        self.want_visible()

    def supply(self, asked: Sequence[int], rows: Sequence[R]) -> None:
        """Take rows that were wanted."""
        self.rows.put(asked, rows)
        self.refresh()
        self.want_visible()

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
        """Ask for what came into view."""
        self.want_visible()

    # drawing

    def absent_line(self, identity: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return what stands where a row does that has not been read, or is gone."""
        text = "reading …" if self.rows.wants(identity) else "no longer there"
        return [Segment(text, style + self.part("faint", current=current)), Segment(" " * width, style)]

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line of what stands here when there are no rows."""
        place = y - self.ABOVE
        told = () if self.ids or place < 0 else self._told(width - 2 * self.GUTTER)
        if not 0 <= place < len(told):
            return super().blank_line(y, width, style)
        text, part = told[place]
        return [Segment(" " * self.GUTTER, style), Segment(text, style + self.part(part))]

    def _told(self, width: int) -> list[tuple[str, str]]:
        """Return the message broken into lines, each with the part it is drawn as."""
        return [
            (line, "quiet" if place else "strong")
            for place, text in enumerate(self.message)
            for line in wrap(text, width)
        ]

    # opening

    def action_open(self) -> None:
        """Open what the row under the cursor is about."""
        self.opened()

    def opened(self) -> None:
        """Say that what the row under the cursor is about is to be opened."""
        if self.ids:
            self.post_message(self.Opened(self.cursor))
