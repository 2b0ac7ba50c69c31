"""What could be typed next in a filter, names with their counts first; a click puts one in."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from registry.rows import Names
from registry.search.completion import Completion, complete
from tui.safe import safe
from tui.widgets.cells import fit

_MOST = 200
_LEAST_NAME = 12
_DETAIL = 33


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

    @property
    def best(self) -> Completion | None:
        """What a completion takes."""
        return self._offered[0] if self._offered else None

    def offer(self, text: str, cursor: int, names: Names | None) -> None:
        """Show what could stand at the cursor of a filter."""
        offered = complete(text, cursor, names or Names(), _MOST)
        if not text:
            # nothing typed yet: what this registry holds says more than what every registry has
            offered.sort(key=lambda completion: completion.kind != "name")
        width = self.size.width
        if offered == self._offered and width == self._width:
            return
        self._offered, self._width = offered, width
        self.clear_options()
        if offered:
            detail = min(_DETAIL, width * 3 // 5)
            room = max(_LEAST_NAME, width - detail - 3)
            self.add_options([Option(_line(completion, room, detail)) for completion in offered])
        else:
            self.add_option(Option(Content.assemble(("nothing to complete here", "$quiet italic")), disabled=True))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._offered):
            self.post_message(self.Chosen(self._offered[event.option_index]))


def _line(completion: Completion, room: int, detail: int) -> Content:
    return Content.assemble(fit(completion.text, room), (" " + fit(safe(completion.detail), detail), "$quiet"))
