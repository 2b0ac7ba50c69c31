"""What is asked of an experiment before it was read: done as soon as it was, so that no key is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import TypeVar

from textual.widgets import Input

from tui.screens.base import RegistryScreen
from tui.workspace import Workspace

S = TypeVar("S", bound="OnceRead")


class OnceRead(RegistryScreen):
    """Mixed into a screen that shows one experiment at a time."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._early: list[Callable[[], None]] = []

    @property
    def shows_what_was_asked(self) -> bool:
        """Whether the experiment that was asked for last is the one that is shown."""
        raise NotImplementedError

    def wait_to(self, act: Callable[[], None]) -> None:
        """Act once the experiment that was asked for is there."""
        self._early.append(act)

    def do_what_waited(self) -> None:
        """Do in order what was asked early, until something wants an answer first."""
        if not self.is_current or isinstance(self.focused, Input):
            self._early.clear()
        if self._early:
            self._early.pop(0)()
            self.call_after_refresh(self.do_what_waited)

    def forget_what_waited(self) -> None:
        """Do nothing of what was asked early: it was about what could not be read."""
        self._early.clear()


def once_read(action: Callable[[S], None]) -> Callable[[S], None]:
    """Make an action wait until the experiment it is about is shown."""

    @wraps(action)
    def act(screen: S) -> None:
        if screen.shows_what_was_asked:
            action(screen)
        else:
            screen.wait_to(partial(action, screen))

    return act
