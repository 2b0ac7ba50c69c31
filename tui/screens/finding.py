"""Asking the registry something before acting, away from the screen's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from textual import on, work
from textual.message import Message

from registry.errors import RegistryError
from tui.screens.base import RegistryScreen

T = TypeVar("T")


class Finding(RegistryScreen):
    """What a screen needs whose actions want to know something first, or may be refused."""

    @dataclass
    class Found(Message):
        """What an action wanted to know before it acts."""

        found: Any
        then: Callable[[Any], None]

    @dataclass
    class NotDone(Message):
        """The registry could not be asked, or refused a change."""

        error: RegistryError | OSError

    @work(thread=True, group="find", exit_on_error=False, description="find")
    def find(self, ask: Callable[[], T], then: Callable[[T], None]) -> None:
        """Ask the registry something, away from the screen's thread, then do something with the answer."""
        try:
            found = ask()
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
        else:
            self.post_message(self.Found(found, then))

    @on(Found)
    def _found(self, event: Found) -> None:
        event.then(event.found)

    @on(NotDone)
    def _not_done(self, event: NotDone) -> None:
        self.say(str(event.error), problem=True)
