"""How far one backtest is, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

Watch = Callable[[int, int], None]
"""Told how many steps of how many are done."""


class Steps:
    """Counts steps of about the same length."""

    def __init__(self, total: int = 0, watch: Watch | None = None) -> None:
        self.total, self.done = total, 0
        self._watch = watch

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield each item; a step is done when the next one is asked for."""
        for item in items:
            yield item
            self.one()

    def one(self) -> None:
        """Say that a step is done."""
        self.done += 1
        if self._watch is not None:
            self._watch(self.done, self.total)
