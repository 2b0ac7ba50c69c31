"""The log, one line an event: ids in memory, events read a page at a time, as the list of experiments does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style

from registry.config import SHORT_HASH
from tui import actions
from tui.telling import tell
from tui.widgets.cells import fit
from tui.widgets.paged_table import PagedTable

if TYPE_CHECKING:
    from registry.events import Event
    from tui.widgets.rows import RowCache

_KIND: Final = 11
_NARROW: Final = 60
"""Cells below which hash and words share a column."""
_WIDE: Final = 100
"""Cells from which there is room for seconds."""


class EventTable(PagedTable["Event"]):
    """Events, the newest first, with a cursor."""

    BINDINGS = actions.bindings(actions.ROWS, actions.LOG)
    rows: RowCache[Event]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.message = ("Reading the log …",)

    # drawing

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the titles."""
        moment, hash_width, _ = _widths(width)
        titles = [fit("WHEN", moment), fit("WHAT", _KIND), *([fit("HASH", hash_width)] if hash_width else [])]
        return [Segment(fit("  ".join(["", *titles]), width), self.ground + self.part("head"))]

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return an event's line."""
        identity = self.ids[index]
        event = self.rows.get(identity)
        quiet = style + self.part("quiet")
        sign = Segment("▌ " if current else "  ", style + self.part("sign"))
        if event is None:
            return [sign, *self.absent_line(identity, width, style, current=current)]
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


def _widths(width: int) -> tuple[int, int, int]:
    """Return the cells of the moment, of the hash (0: it has no column of its own) and of the words."""
    moment = 19 if width >= _WIDE else 16 if width >= _NARROW else 14
    hash_width = SHORT_HASH if width >= _NARROW else 0
    taken = EventTable.GUTTER + moment + 2 + _KIND + 2 + (hash_width + 2 if hash_width else 0)
    return moment, hash_width, max(0, width - taken - 1)


def _moment(at: str, width: int) -> str:
    """Return a moment, in UTC, as well as the width allows.

    >>> [_moment("2024-10-28T08:00:07.841235+00:00", width) for width in (19, 16, 14)]
    ['2024-10-28 08:00:07', '2024-10-28 08:00', '24-10-28 08:00']
    """
    text = at.replace("T", " ")
    return fit(text[2:16] if width < 16 else text[:width], width)
