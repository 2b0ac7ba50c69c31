"""Giving up a question: the next key makes another one, and nobody waits for the answer to this one any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class GivenUpError(Exception):
    """A newer question was asked."""


class OnItsWay:
    """A question on its way, which a newer one stops: nobody waits for its answer any more."""

    def __init__(self) -> None:
        self._given_up = False
        self._interrupt: Callable[[], None] | None = None

    @contextmanager
    def stopped_by(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Note for a block how to stop it. Raises `GivenUpError` if nobody waits for it."""
        self._interrupt = interrupt
        try:
            self.go_on()
            yield
        finally:
            self._interrupt = None  # it holds what it would stop

    def go_on(self) -> None:
        """Raise `GivenUpError` if nobody waits for the answer any more."""
        if self._given_up:
            raise GivenUpError

    def give_up(self) -> None:
        """Stop it, in whatever thread it is asked."""
        self._given_up = True
        if (interrupt := self._interrupt) is not None:
            interrupt()
