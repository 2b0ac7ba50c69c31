"""One line of text being edited where it stands: a description, tags, a note, a value."""

from __future__ import annotations

from dataclasses import dataclass

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from tui.safe import safe
from tui.widgets.filter_bar import SafeInput

_LINE_END = "⏎"
"""Stands for the end of a line in an input, which has one line only."""


def one_line(text: str) -> str:
    r"""Return a text as the input can hold it: its line ends as a sign, everything else as it is shown.

    >>> one_line("two\nlines")
    'two⏎lines'
    """
    return _LINE_END.join(safe(line) for line in text.replace("\r\n", "\n").split("\n"))


def with_lines(text: str) -> str:
    r"""Return what was typed with its line ends.

    >>> with_lines("two⏎lines")
    'two\nlines'
    """
    return text.replace(_LINE_END, "\n")


class EditBar(Vertical):
    """What is edited, the input, and under it what is wrong with it or which keys there are."""

    DEFAULT_CSS = """
    EditBar {
        height: auto; background: $surface;
        Horizontal { height: 1; }
        .what { width: auto; padding: 0 1; color: $primary; text-style: bold; }
        SafeInput { width: 1fr; background: $surface; &:focus { background-tint: $surface 0%; } }
        .told { height: auto; max-height: 3; padding: 0 1; color: $quiet; }
        .told.-wrong { color: $error; }
    }
    """

    @dataclass
    class Saved(Message):
        """A text is to be saved."""

        bar: EditBar
        text: str

    field = getters.query_one(SafeInput)
    told = getters.query_one(".told", Static)

    def __init__(self, what: str, text: str = "", *, hint: str = "") -> None:
        super().__init__()
        self._what = what
        self._initial = one_line(text)
        self._before = text
        self._hint = hint or "enter saves  esc gives up"

    def compose(self) -> ComposeResult:
        """Lay the parts out."""
        with Horizontal():
            yield Static(safe(self._what), classes="what", markup=False)
            field = SafeInput(self._initial, compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
        yield Static(self._hint, classes="told", markup=False)

    def on_mount(self) -> None:
        """Take the keys."""
        self.field.focus()
        self.field.cursor_position = len(self._initial)

    def refuse(self, text: str) -> None:
        """Say what is wrong; the text stays."""
        self.told.update(safe(text))
        self.told.add_class("-wrong")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        for told in self.query(".told").results(Static):  # none, where the bar was given up meanwhile
            told.update(self._hint)
            told.remove_class("-wrong")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        # what was not touched is saved as it was, with whatever the input could not hold
        text = self._before if event.value == self._initial else with_lines(event.value)
        self.post_message(self.Saved(self, text))
