"""The last line of every screen: the keys that matter most here, from the table of actions.

Textual's own footer shows bindings in the order of classes; this one shows them by rank, as many as there is
room for, and help always. A click on a key does what the key does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.actions import ACTIONS, CHANGING, Action, footer_of, keys_of

NARROW = 80
NARROW_KEYS = 7
"""At 80 columns no more keys than these, help included: a footer is a reminder, the help is the list."""

_HELP = next(action for action in ACTIONS if action.id == "app.help")


class KeyBar(Widget):
    """The footer."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--label"}
    DEFAULT_CSS = """
    KeyBar {
        height: 1; background: $panel; color: $foreground;
        & > .keys--key { color: $primary; text-style: bold; }
        & > .keys--label { color: $quiet; }
    }
    """

    @dataclass
    class Pressed(Message):
        """A key of the footer was clicked."""

        action: Action

    def __init__(self, screen_name: str, moved: Mapping[str, str], *, read_only: bool = False) -> None:
        super().__init__()
        self._read_only = read_only
        self._screen_name = screen_name
        self._moved = moved
        self._typing = False

    editing = False
    """Whether a text is being edited, which names its own keys."""

    @property
    def typing(self) -> bool:
        """Whether the keys of an input are shown."""
        return self._typing

    @typing.setter
    def typing(self, value: bool) -> None:
        if value != self._typing:
            self._typing = value
            self.refresh()

    def items(self) -> list[tuple[int, Action]]:
        """Return (column, action) of what is shown at this width."""
        width = self.size.width
        help_width = self._width(_HELP)
        offered = [action for action in footer_of(self._screen_name, typing=self._typing) if action is not _HELP]
        if self._read_only:
            offered = [action for action in offered if action.action not in CHANGING]
        if self.editing:
            offered = []
        if width <= NARROW:
            offered = offered[: NARROW_KEYS - 1]
        placed = []
        column = 0
        for action in offered:
            if column + self._width(action) > width - help_width:
                break
            placed.append((column, action))
            column += self._width(action)
        if width >= help_width:
            placed.append((width - help_width, _HELP))
        return placed

    def _keys(self, action: Action) -> str:
        if action.footer_keys and action.id not in self._moved:
            return action.footer_keys
        keys = keys_of(action, self._moved)
        # while typing "?" is text; the function key is not
        return keys[-1] if self._typing and action is _HELP else keys[0]

    def _width(self, action: Action) -> int:
        return len(self._keys(action)) + len(action.label) + 3

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        key, label = (self.get_component_rich_style(name) for name in ("keys--key", "keys--label"))
        segments: list[Segment] = []
        column = 0
        for start, action in self.items():
            segments.append(Segment(" " * (start - column), label))
            segments.append(Segment(" " + self._keys(action), key))
            segments.append(Segment(f" {action.label} ", label))
            column = start + self._width(action)
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Say which key was clicked."""
        for start, action in self.items():
            if start <= event.x < start + self._width(action):
                self.post_message(self.Pressed(action))
                return
