"""Promoting an experiment from any screen that shows one: an alias and why, on one line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from registry.config import SHORT_HASH
from tui.screens.editing import Change, Editing
from tui.widgets.edit_bar import EditBar
from tui.workspace import Undo

if TYPE_CHECKING:
    from registry import ExperimentRegistry


class Promoting(Editing):
    """What a screen needs to promote."""

    @dataclass
    class Moved(Message):
        """An alias was moved."""

        said: str

    def ask_to_promote(self, config_hash: str, alias: str = "") -> None:
        """Ask for the alias and the reason, then move it."""
        hint = "ALIAS and why, such as: production better on 2024  enter promotes  esc gives up"
        bar = EditBar(f"promote {config_hash[:SHORT_HASH]} as", f"{alias} " if alias else "", hint=hint)
        self.edit(bar, partial(_promote, self.workspace.registry, config_hash))

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        self.say(event.said)
        self.reload()


def _promote(registry: ExperimentRegistry, config_hash: str, text: str) -> Change | None:
    alias, _, why = text.strip().partition(" ")
    if not alias:
        raise ValueError("name an alias, such as production")
    before = next((move for move in registry.aliases() if move.alias == alias), None)
    if before is not None and before.config_hash == config_hash:
        return Change(f"{alias} is {config_hash[:SHORT_HASH]} already, v{before.version}.")
    move = registry.promote(config_hash, alias, why.strip())
    said = f"{alias} v{move.version} is {config_hash[:SHORT_HASH]}."
    if before is None:
        return Change(said)

    def back() -> str:
        moved = registry.rollback(alias, why="undone in the app")
        return f"{alias} is back at {moved.config_hash[:SHORT_HASH]}, as v{moved.version}."

    return Change(f"{said} U rolls it back.", Undo(f"roll {alias} back", back))
