"""The keys of one screen, made from the table of actions."""

from __future__ import annotations

from pathlib import PurePath
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import CHANGE, GO, INPUT, LOOK, MOVE, Action, actions_of, show_key

_GROUPS = (LOOK, CHANGE, MOVE, GO, "Application")
_KEYS = 14
_WIDTH = 100


class HelpScreen(ModalScreen[None]):
    """What can be done on a screen, by which key, and which command does the same."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["dialog.tcss", "help.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "back", show=False),
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
        Binding("pagedown,space,ctrl+f", "scroll(10)", "page down", show=False),
        Binding("pageup,ctrl+b", "scroll(-10)", "page up", show=False),
    ]

    def __init__(self, screen_name: str) -> None:
        super().__init__()
        self._screen_name = screen_name

    def compose(self) -> ComposeResult:
        """Lay the help out."""
        with Vertical(classes="dialog"):
            yield Static(f"Keys of this screen: {self._screen_name}", classes="title", markup=False)
            with VerticalScroll(id="keys"):
                yield Static(self.text(min(_WIDTH, self.app.size.width * 9 // 10) - 8), markup=False)
            yield Static("↑↓ scroll  esc back", classes="foot", markup=False)

    def text(self, width: int) -> Content:
        """Return the help's text: groups of keys, each with what it does and the equal command."""
        here = list(actions_of(self._screen_name))
        lines: list[Content] = []
        for group in _GROUPS:
            members = [action for action in here if action.group == group]
            if members:
                lines += [Content("")] * bool(lines) + [Content.assemble((group, "bold $quiet"))]
                lines += [line for action in members for line in _lines(action, width)]
        return Content("\n").join(lines)

    def action_scroll(self, step: int) -> None:
        """Scroll the text."""
        self.query_one("#keys", VerticalScroll).scroll_relative(y=step, animate=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def _lines(action: Action, width: int) -> list[Content]:
    keys = " ".join(show_key(key) for key in action.keys)
    what = ("in the filter: " if action.owner == INPUT else "") + action.description
    room = width - _KEYS - len(action.command)
    if action.command and len(what) + 2 <= room:
        command = " " * (room - len(what)) + action.command
        return [Content.assemble((f"{keys:<{_KEYS}}", "bold $primary"), what, (command, "$quiet"))]
    told = wrap(what, max(20, width - _KEYS))
    lines = [Content.assemble((f"{keys:<{_KEYS}}", "bold $primary"), told[0])]
    lines += [Content(" " * _KEYS + more) for more in told[1:]]
    if action.command:
        lines.append(Content.assemble((" " * _KEYS + action.command, "$quiet")))
    return lines
