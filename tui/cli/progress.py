"""A bar on stderr for long work that counts; nothing is drawn where nobody looks, or for work that is soon done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from tui.cli import output

if TYPE_CHECKING:
    from registry.exchange.importing import Progress

QUICK = 0.5
"""Seconds of work that need no bar."""

_CELLS = 30


class Bar:
    """A line that is drawn over and over, with a bar where a share of the work is known."""

    def __init__(self) -> None:
        self.seen = output.is_terminal(sys.stderr)
        self._began = monotonic()
        self._width = 0

    def draw(self, fraction: float | None, said: str, *, to_come: bool = False) -> None:
        """Draw how far the work is: a share of it, if that is known, and words; `to_come` adds the seconds left."""
        passed = monotonic() - self._began
        if not self.seen or passed < QUICK:
            return
        if fraction is not None:
            full = int(fraction * _CELLS)
            said = f"[{'#' * full}{' ' * (_CELLS - full)}] {said}"
            if to_come and fraction:
                said += f", {passed / fraction * (1 - fraction):.0f} s left"
        self._width = max(self._width, len(said))
        sys.stderr.write("\r" + said.ljust(self._width))
        sys.stderr.flush()

    def erase(self) -> None:
        """Leave no trace."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


def bar_of(total: int, what: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    """Return what draws that so many of `total` are done, and what erases it."""
    bar = Bar()
    bar.seen = bar.seen and total > 1

    def draw(done: int) -> None:
        bar.draw(done / total, f"{done:,} of {total:,} {what}", to_come=True)

    return draw, bar.erase


@contextmanager
def bar_of_steps() -> Iterator[Callable[[int, int], None]]:
    """Hand out what draws that so many steps of so many are done; the bar is gone in the end, however it ends."""
    bar = Bar()

    def draw(done: int, total: int) -> None:
        bar.draw(done / total, f"{done:,} of {total:,} steps", to_come=True)

    try:
        yield draw
    finally:
        bar.erase()


@contextmanager
def bar_of_records() -> Iterator[Callable[[Progress], None] | None]:
    """Hand out what draws how far an import is, None where nobody looks; the bar is gone in the end."""
    bar = Bar()

    def draw(progress: Progress) -> None:
        records = f"{progress.records:,} records"
        share = "" if progress.fraction is None else f"{progress.fraction:4.0%}  "
        bar.draw(progress.fraction, share + records)

    try:
        yield draw if bar.seen else None
    finally:
        bar.erase()
