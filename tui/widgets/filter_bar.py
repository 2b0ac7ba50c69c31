"""The input of a filter, with what is wrong with it under it: a caret at the place and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.timer import Timer
from textual.widgets import Input, Static

from tui import actions
from tui.safe import safe
from tui.timing import surely

if TYPE_CHECKING:
    from registry.errors import FilterError

SHORTEST, LONGEST = 0.015, 0.25
"""Seconds of no typing after which the filter is tried: the sooner, the faster the answers come."""

SHARE = 1 / 4
"""What a pause is of the time that the last answer took: at full speed a few questions are on their way at most."""


class SafeInput(Input):
    """One line of text; control characters that were pasted become spaces, since it draws what it holds."""

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part, made of characters that can be shown."""
        super().replace(_typed(text), start, end)

    def insert(self, text: str, index: int) -> None:
        """Insert characters that can be shown."""
        super().insert(_typed(text), index)


class FilterInput(SafeInput):
    """The input of a filter."""

    BINDINGS = actions.bindings(actions.INPUT)

    # Textual lays out the whole screen when it changes; here what is typed changes no size
    virtual_size = Reactive(Size(0, 0))

    spaced_to: int | None = None
    """Where a completion ended that brought its own space."""

    def insert(self, text: str, index: int) -> None:
        """Insert characters; the space that somebody types after a completed word is the one that it brought."""
        own, self.spaced_to = self.spaced_to, None
        if text == " " and index == own and self.value[index - 1 : index] == " ":
            return
        super().insert(text, index)


def _typed(text: str) -> str:
    return "".join(character if safe(character) == character else " " for character in text)


class FilterBar(Vertical):
    """The input, and the error under it."""

    DEFAULT_CSS = """
    FilterBar {
        height: auto; background: $surface;
        Horizontal { height: 1; }
        #prompt { width: 3; padding: 0 1; color: $primary; text-style: bold; }
        FilterInput { width: 1fr; background: $surface; &:focus { background-tint: $surface 0%; } }
        #said { width: auto; max-width: 40; padding: 0 1; color: $quiet; }
        #wrong { height: auto; max-height: 4; padding: 0 1 0 3; color: $error; display: none; }
        #wrong.-shown { display: block; }
    }
    """

    @dataclass
    class Typed(Message):
        """The text has been another one for a moment."""

        text: str

    field = getters.query_one(FilterInput)
    said = getters.query_one("#said", Static)
    wrong = getters.query_one("#wrong", Static)

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._placeholder = placeholder
        self._waiting: Timer | None = None
        self._refused = False
        self._pause = SHORTEST
        self._told_at: float | None = None

    def compose(self) -> ComposeResult:
        """Lay the parts out."""
        with Horizontal():
            yield Static("/", id="prompt", markup=False)
            field = FilterInput(placeholder=self._placeholder, compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Static("", id="said", markup=False)
        yield Static("", id="wrong", markup=False)

    @on(Input.Changed)
    def _changed(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = surely(self.set_timer(self._pause, self._tell))

    def _tell(self) -> None:
        self._waiting = None
        self._told_at = monotonic()
        self.post_message(self.Typed(self.field.value))

    def hurry(self) -> None:
        """Try the filter now, without waiting for a pause in the typing."""
        if self._waiting is not None:
            self._waiting.stop()
            self._tell()

    def _answered(self) -> None:
        """Wait as long as is worth it where answers take that long."""
        if self._told_at is not None:
            self._pause = min(LONGEST, max(SHORTEST, SHARE * (monotonic() - self._told_at)))
            self._told_at = None

    def accept(self) -> None:
        """The filter is fine."""
        self._answered()
        if self._refused:  # else there is nothing to lay out anew
            self._refused = False
            self.said.update("")
            self.wrong.remove_class("-shown")

    def refuse(self, error: FilterError, kept: str) -> None:
        """Show what is wrong and where; `kept` says which result is still shown."""
        self._answered()
        self._refused = True
        before = cell_len(safe(error.text[: error.position]))
        sentence = safe(error.message).rstrip(".")
        if error.suggestion and error.suggestion not in error.message:
            sentence += f"; did you mean {safe(error.suggestion)}?"
        room = max(10, self.size.width - 5)
        caret = " " * before + "▲\n" if before < room and "\n" not in error.text else ""
        self.wrong.update(Content.assemble((caret, "bold"), sentence, (f"  {kept}", "$quiet")))
        self.wrong.add_class("-shown")
        self.said.update("not a filter yet")
