"""What could be typed next in a filter, names with their counts first; a click puts one in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from registry.numbers import bars
from registry.rows import Names
from registry.search.completion import Completion, complete
from tui.safe import safe
from tui.widgets.cells import fit

if TYPE_CHECKING:
    from registry.profile import Profile, Range

_MOST = 200
_RECENT = 5
_LEAST_NAME = 12
_DETAIL = 48
_PAUSE = 0.1
"""Seconds after which what is offered is laid out."""


class NamesPane(OptionList, can_focus=False):
    """Names, what each is, and how many experiments use it."""

    DEFAULT_CSS = """
    NamesPane { border: none; padding: 0; height: 1fr; background: $background; }
    """

    @dataclass
    class Chosen(Message):
        """A name was clicked."""

        completion: Completion

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
        self._offered: list[Completion] = []
        self._width = 0
        self._profile: Profile | None = None
        self._told: dict[str, str] = {}
        self._searches: list[Completion] = []
        self._drawing: Timer | None = None

    @property
    def best(self) -> Completion | None:
        """What a completion takes."""
        return self._offered[0] if self._offered else None

    def know(self, profile: Profile | None) -> None:
        """Take the values that names have: they stand beside them from now on."""
        self._profile = profile
        self._told = {} if profile is None else {name: _told(one) for name, one in profile.ranges.items()}
        self._offered = []

    def remember(self, saved: Mapping[str, str], recent: Sequence[str]) -> None:
        """Take the searches that are offered while nothing is typed."""
        told = [(text, f"saved as {name}") for name, text in saved.items()]
        told += [(text, "searched lately") for text in recent[:_RECENT] if text not in saved.values()]
        self._searches = [Completion(0, 0, text, "value", detail) for text, detail in told]
        self._offered = []

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
        width = self.size.width
        if offered == self._offered and width == self._width:
            return
        self._offered, self._width = offered, width
        if self._drawing is None:
            self._drawing = self.set_timer(_PAUSE, self._draw_offered)

    def _draw_offered(self) -> None:
        """Show what is offered: it is laid out after what was found, which a person types for."""
        self._drawing = None
        offered, width = self._offered, self._width
        self.clear_options()
        if offered:
            detail = min(_DETAIL, width * 3 // 5)
            room = max(_LEAST_NAME, width - detail - 3)
            self.add_options([Option(_line(each, self._detail(each), room, detail)) for each in offered])
        else:
            self.add_option(Option(Content.assemble(("nothing to complete here", "$quiet italic")), disabled=True))

    def _detail(self, completion: Completion) -> str:
        """Return what is said of a name: its range and histogram where they are known."""
        if completion.kind != "name":
            return completion.detail
        told = self._told.get(completion.text) or self._told.get(f"w.{completion.text}")
        return f"{told}  {completion.detail.rpartition(', ')[2]}" if told else completion.detail

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._offered):
            self.post_message(self.Chosen(self._offered[event.option_index]))


def _line(completion: Completion, told: str, room: int, detail: int) -> Content:
    return Content.assemble(fit(completion.text, room), (" " + fit(safe(told), detail), "$quiet"))


def _told(one: Range) -> str:
    """Return a range as people read it, with a bar for each part of it."""
    span = f"{one.low:.4g} … {one.high:.4g}" if one.high > one.low else f"{one.low:.4g}"
    if not one.histogram or one.high <= one.low:
        return span
    return f"{bars(one.histogram)} {span}"
