"""How a portfolio fared, from the returns that a run has by date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.runs.record import Run


@dataclass(frozen=True, slots=True)
class Level:
    """The equity after one rebalance period."""

    day: str
    """The rebalance date the period began on, ISO."""
    equity: float
    """Compounded after costs, from 1 before the first."""
    drawdown: float
    """The fall below the highest equity so far as a fraction, 0 or less; the start counts as a peak."""


def levels(run: Run) -> Iterator[Level]:
    """Yield the equity after each period of the returns that were recorded by date; nothing where none were."""
    level = peak = 1.0
    for day, change in run.dates.of("net_return").items():
        level *= max(1 + change, 0.0)
        peak = max(peak, level)
        yield Level(day, level, level / peak - 1)
