"""The command palette: every action of the screen one is on, found by its name."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

from tui.actions import INPUT, Action, actions_of, keys_of
from tui.screens.base import RegistryScreen


class Palette(CommandPalette):
    """Textual's palette, that goes once: escape at once after enter would take the screen below along, or the app."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave, unless it was left already."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class ActionProvider(Provider):
    """Offers the table of actions; all of its texts are ours, none is a user's."""

    def _offered(self) -> list[Action]:
        screen = self.screen
        if not isinstance(screen, RegistryScreen):
            return []
        # what moves the cursor makes no sense by name; what an input does is done in it
        return [
            action
            for action in actions_of(screen.NAME)
            if action.group != "Move" and action.owner != INPUT and action.id != "app.palette"
        ]

    def _help(self, action: Action) -> str:
        moved = self.screen.workspace.settings.keys if isinstance(self.screen, RegistryScreen) else {}
        keys = " ".join(keys_of(action, moved))
        # the palette reads its lines as markup, and one of our keys is a bracket
        return escape(f"{keys}   {action.command}" if action.command else keys)

    def _run(self, action: Action) -> None:
        if isinstance(self.screen, RegistryScreen):
            self.screen.perform(action)

    async def discover(self) -> Hits:
        """Yield every action while nothing is typed."""
        for action in self._offered():
            yield DiscoveryHit(_title(action), partial(self._run, action), help=self._help(action))

    async def search(self, query: str) -> Hits:
        """Yield the actions whose name or description matches."""
        matcher = self.matcher(query)
        for action in self._offered():
            title = _title(action)
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), partial(self._run, action), help=self._help(action))


def _title(action: Action) -> str:
    return action.description[0].upper() + action.description[1:]
