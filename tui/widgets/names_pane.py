"""What could be typed next in a filter, names with their counts first; a click puts one in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message

from registry.numbers import bars
from registry.rows import Names
from registry.search.completion import Completion, complete
from tui.widgets.cells import fit
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from registry.profile import Profile, Range

_MOST = 200
_RECENT = 5
_LEAST_NAME = 12
_DETAIL = 48


class NamesPane(LineTable, can_focus=False):
    """Names, what each is, and how many experiments use it; what a completion takes stands first, on its own ground."""

    HEAD = 0

    # of one height, and with its scroll bar always there: whatever is offered, nothing moves while a person types
    DEFAULT_CSS = """
    NamesPane { height: 1fr; background: $background; scrollbar-background: $background; overflow-y: scroll; }
    """

    @dataclass
    class Chosen(Message):
        """A name was clicked."""

        completion: Completion

    def __init__(self) -> None:
        super().__init__()
        self._offered: list[Completion] = []
        self._profile: Profile | None = None
        self._told: dict[str, str] = {}
        self._searches: list[Completion] = []

    @property
    def best(self) -> Completion | None:
        """What a completion takes."""
        return self._offered[0] if self._offered else None

    def know(self, profile: Profile | None) -> None:
        """Take the values that names have: they stand beside them from now on."""
        self._profile = profile
        self._told = {} if profile is None else {name: _told(one) for name, one in profile.ranges.items()}
        self.refresh()

    def remember(self, saved: Mapping[str, str], recent: Sequence[str]) -> None:
        """Take the searches that are offered while nothing is typed."""
        told = [(text, f"saved as {name}") for name, text in saved.items()]
        told += [(text, "searched lately") for text in recent[:_RECENT] if text not in saved.values()]
        self._searches = [Completion(0, 0, text, "value", detail) for text, detail in told]

    def offer(self, text: str, cursor: int, names: Names | None) -> None:
        """Show what could stand at the cursor of a filter."""
        known = names or Names()
        if self._profile is not None:
            known = replace(known, values=self._profile.values)
        offered = complete(text, cursor, known, _MOST)
        if not text:
            # nothing typed yet: what this registry holds says more than what every registry has
            offered.sort(key=lambda completion: completion.kind != "name")
            offered = [*self._searches, *offered]
        if offered == self._offered:
            return
        self._offered = offered
        self.set_reactive(LineTable.cursor, 0)
        self.rows_changed()
        self.scroll_to(y=0, animate=False)

    @property
    def row_count(self) -> int:
        """How many lines there are; with nothing to offer, the one that says so."""
        return max(1, len(self._offered))

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return nothing: there is no head."""
        return []

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return a name and what it is."""
        if not self._offered:
            quiet = self.ground + self.part("quiet")
            return [Segment(fit("nothing to complete here", width), quiet + Style(italic=True))]
        offered = self._offered[index]
        detail = min(_DETAIL, width * 3 // 5)
        room = max(_LEAST_NAME, width - detail - 3)
        told = Segment(" " + fit(self._detail(offered), detail), style + self.part("quiet"))
        return [Segment(fit(offered.text, room), style), told]

    def _detail(self, completion: Completion) -> str:
        """Return what is said of a name: its range and histogram where they are known."""
        if completion.kind != "name":
            return completion.detail
        told = self._told.get(completion.text) or self._told.get(f"w.{completion.text}")
        return f"{told}  {completion.detail.rpartition(', ')[2]}" if told else completion.detail

    def on_click(self, event: events.Click) -> None:
        """Take the first click alone: under the second of a double click something else is offered by then."""
        if event.chain > 1:
            event.prevent_default()

    def row_clicked(self, x: int) -> None:
        """Put in what was clicked."""
        if self._offered:
            self.post_message(self.Chosen(self._offered[self.cursor]))


def _told(one: Range) -> str:
    """Return a range as people read it, with a bar for each part of it."""
    span = f"{one.low:.4g} … {one.high:.4g}" if one.high > one.low else f"{one.low:.4g}"
    if not one.histogram or one.high <= one.low:
        return span
    return f"{bars(one.histogram)} {span}"
