"""A bar on stderr for long work that counts; nothing is drawn where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic

from tui.cli import output

_CELLS = 30
_QUICK = 0.5
"""Seconds before anything is drawn."""


def bar_of(total: int, what: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    """Return what draws that so many of `total` are done, and what erases it."""
    if not output.is_terminal(sys.stderr) or total < 2:
        return (lambda done: None), (lambda: None)
    drawn: list[int] = []
    began = monotonic()

    def draw(done: int) -> None:
        passed = monotonic() - began
        if passed < _QUICK:
            return
        full = done * _CELLS // total
        left = f", {passed / done * (total - done):.0f} s left" if done else ""
        made = f"[{'#' * full}{' ' * (_CELLS - full)}] {done:,} of {total:,} {what}{left}"
        drawn[:] = [max(len(made), *drawn, 0)]
        sys.stderr.write("\r" + made.ljust(drawn[0]))
        sys.stderr.flush()

    def erase() -> None:
        if drawn:
            sys.stderr.write("\r" + " " * drawn[0] + "\r")
            sys.stderr.flush()

    return draw, erase
