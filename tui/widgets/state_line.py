"""A line or two under a list: what is in force beside its filter, such as the panel its metrics were read on."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tui.safe import safe


class StateLine(Static):
    """The line; it is there while there is something to say."""

    DEFAULT_CSS = """
    StateLine {
        height: auto; max-height: 2; width: 1fr; padding: 0 1; color: $quiet; background: $surface; display: none;
    }
    StateLine.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._text = ""

    def show(self, text: str) -> None:
        """Say something else; the same again costs nothing, for it is said after every key in a filter."""
        if text == self._text:
            return
        self._text = text
        self.update(Content(safe(text)))
        self.set_class(bool(text), "-shown")
