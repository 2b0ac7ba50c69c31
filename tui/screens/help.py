"""The keys of one screen, made from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import CHANGE, GO, INPUT, LOOK, MOVE, Action, actions_of, keys_of
from tui.settings import settings_path
from tui.widgets.cells import wrap

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

    def __init__(self, screen_name: str, about: Sequence[tuple[str, str]], moved: Mapping[str, str]) -> None:
        super().__init__()
        self._screen_name = screen_name
        self._about = about
        self._moved = moved

    def compose(self) -> ComposeResult:
        """Lay the help out."""
        with Vertical(classes="dialog"):
            yield Static(f"Keys of this screen: {self._screen_name}", classes="title", markup=False)
            with VerticalScroll(id="keys"):
                yield Static(self.text(min(_WIDTH, self.app.size.width * 9 // 10) - 8), markup=False)
            yield Static("↑↓ scroll  esc back", classes="foot", markup=False)

    def text(self, width: int) -> Content:
        """Return the help's text: groups of keys, each with what it does and the equal command; then the signs."""
        here = list(actions_of(self._screen_name))
        lines: list[Content] = []
        for group in _GROUPS:
            members = [action for action in here if action.group == group]
            if members:
                lines += [Content("")] * bool(lines) + [Content.assemble((group, "bold $quiet"))]
                lines += [line for action in members for line in _lines(action, keys_of(action, self._moved), width)]
            if group == LOOK and self._about:
                lines += [Content(""), Content.assemble(("Signs", "bold $quiet"))]
                lines += [line for sign, meaning in self._about for line in _entry(sign, meaning, width)]
        lines += [Content(""), Content.assemble(("Other keys", "bold $quiet"))]
        told = f"Any action can have other keys: name it by its id under [keys] in {settings_path()}, as in"
        lines += [Content(line) for line in wrap(told, width)]
        lines += [Content.assemble(('  "browse.compare" = "c,ctrl+e"', "$primary"))]
        ids = ", ".join(action.id for action in here if action.group != MOVE)
        lines += [Content.assemble((line, "$quiet")) for line in wrap(f"The ids here: {ids}", width)]
        return Content("\n").join(lines)

    def action_scroll(self, step: int) -> None:
        """Scroll the text."""
        self.query_one("#keys", VerticalScroll).scroll_relative(y=step, animate=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def _lines(action: Action, shown: Sequence[str], width: int) -> list[Content]:
    keys = " ".join(shown)
    what = ("in the filter: " if action.owner == INPUT else "") + action.description
    room = width - _KEYS - len(action.command)
    if action.command and len(what) + 2 <= room:
        command = " " * (room - len(what)) + action.command
        return [Content.assemble((f"{keys:<{_KEYS}}", "bold $primary"), what, (command, "$quiet"))]
    lines = _entry(keys, what, width)
    if action.command:
        lines.append(Content.assemble((" " * _KEYS + action.command, "$quiet")))
    return lines


def _entry(sign: str, meaning: str, width: int) -> list[Content]:
    told = wrap(meaning, max(20, width - _KEYS))
    first = Content.assemble((f"{sign:<{_KEYS}}", "bold $primary"), told[0])
    return [first, *(Content(" " * _KEYS + more) for more in told[1:])]
