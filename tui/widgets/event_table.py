"""The log, one line an event: ids in memory, events read a page at a time, as the list of experiments does it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from registry.config import SHORT_HASH
from tui import actions
from tui.telling import tell
from tui.widgets.cells import fit, wrap
from tui.widgets.line_table import LineTable
from tui.widgets.rows import RowCache

if TYPE_CHECKING:
    from registry.events import Event

GUTTER: Final = 2
"""Cells at the left for the sign of the cursor."""
_KIND: Final = 11
_NARROW: Final = 60
"""Cells below which hash and words share a column."""
_WIDE: Final = 100
"""Cells from which there is room for seconds."""


class EventTable(LineTable):
    """Events, the newest first, with a cursor."""

    BINDINGS = actions.bindings(actions.ROWS, actions.LOG)

    @dataclass
    class Wanted(Message):
        """Events that are in view and have not been read."""

        ids: Sequence[int]

    @dataclass
    class Opened(Message):
        """A person wants to see the experiment of the event under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ids: array[int] = array("q")
        self.events: RowCache[Event] = RowCache()
        self.message: Sequence[str] = ("Reading the log …",)
        """What stands here while there are no events."""

    @property
    def row_count(self) -> int:
        """How many events are listed."""
        return len(self.ids)

    @property
    def current_id(self) -> int | None:
        """The id of the event under the cursor."""
        return self.ids[self.cursor] if self.ids else None

    @property
    def current(self) -> Event | None:
        """The event under the cursor, once it has been read."""
        return self.events.get(self.ids[self.cursor]) if self.ids else None

    # what the screen gives

    def show(self, ids: array[int], asked: Sequence[int], events: Sequence[Event], *, cursor: int, scroll: int) -> None:
        """Show another result; `events` are those of it that came along."""
        self.ids = ids
        self.supply(asked, events)
        self.set_reactive(LineTable.cursor, min(max(cursor, 0), max(0, len(ids) - 1)))
        self.rows_changed()
        self.scroll_to(y=scroll, animate=False)
        self.show_cursor()
        self.want_visible()

    def supply(self, asked: Sequence[int], events: Sequence[Event]) -> None:
        """Take events that were wanted."""
        self.events.put(asked, events)
        self.refresh()
        self.want_visible()

    def want_visible(self) -> None:
        """Ask for a page when an event in view has not been read."""
        top = self.scroll_offset.y
        page = self.events.page_to_read(self.ids, top, top + self.row_room)
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

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the titles."""
        moment, hash_width, _ = _widths(width)
        titles = [fit("WHEN", moment), fit("WHAT", _KIND), *([fit("HASH", hash_width)] if hash_width else [])]
        return [Segment(fit("  ".join([" " * (GUTTER - 2), *titles]), width), self.ground + self.part("head"))]

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return an event's line."""
        identity = self.ids[index]
        event = self.events.get(identity)
        quiet, faint = style + self.part("quiet"), style + self.part("faint", current=current)
        sign = Segment("▌ " if current else "  ", style + self.part("sign"))
        if event is None:
            text = "reading …" if self.events.wants(identity) else "no longer there"
            return [sign, Segment(text, faint), Segment(" " * width, style)]
        moment, hash_width, words_width = _widths(width)
        gap = Segment("  ", style)
        short = (event.config_hash or "")[:SHORT_HASH]
        words = tell(event, words_width)
        segments = [sign, Segment(_moment(event.at, moment), quiet), gap, Segment(fit(event.kind, _KIND), style), gap]
        if hash_width:
            segments += [Segment(fit(short, hash_width), quiet), gap]
        elif not words:
            return [*segments, Segment(fit(short, words_width), quiet), Segment(" " * width, style)]
        return [*segments, Segment(fit(words, words_width), style), Segment(" " * width, style)]

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line of what stands here when there are no events."""
        told = () if self.ids else self._told(width - 4)
        if not 0 <= y - 1 < len(told):
            return super().blank_line(y, width, style)
        text, part = told[y - 1]
        return [Segment("  ", style), Segment(text, style + self.part(part))]

    def _told(self, width: int) -> list[tuple[str, str]]:
        """Return the message broken into lines, each with the part it is drawn as."""
        return [
            (line, "quiet" if number else "strong")
            for number, text in enumerate(self.message)
            for line in wrap(text, width)
        ]

    # opening

    def action_open(self) -> None:
        """Open the experiment of the event under the cursor."""
        self.opened()

    def opened(self) -> None:
        """Say that the experiment of the event under the cursor is to be opened."""
        if self.ids:
            self.post_message(self.Opened())


def _widths(width: int) -> tuple[int, int, int]:
    """Return the cells of the moment, of the hash (0: it has no column of its own) and of the words."""
    moment = 19 if width >= _WIDE else 16 if width >= _NARROW else 14
    hash_width = SHORT_HASH if width >= _NARROW else 0
    taken = GUTTER + moment + 2 + _KIND + 2 + (hash_width + 2 if hash_width else 0)
    return moment, hash_width, max(0, width - taken - 1)


def _moment(at: str, width: int) -> str:
    """Return a moment, in UTC, as well as the width allows.

    >>> [_moment("2024-10-28T08:00:07.841235+00:00", width) for width in (19, 16, 14)]
    ['2024-10-28 08:00:07', '2024-10-28 08:00', '24-10-28 08:00']
    """
    text = at.replace("T", " ")
    return fit(text[2:16] if width < 16 else text[:width], width)
