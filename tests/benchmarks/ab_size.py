"""How often a verdict is wrong when nothing differs, and how often right when something does.

`python -m tests.benchmarks.ab_size [RUNS]` prints the table. Differences are those of runs at a 5-date horizon with
heavy tails (Student's t with 4 degrees of freedom); at 5 % a verdict may be wrong in 3 to 7 of 100 cases.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from registry.metrics import METRICS
from registry.statistics.paired import max_t_sign_flip, sign_flip
from registry.statistics.verdict import judge

HORIZON: Final = 5


@dataclass(frozen=True)
class Row:
    """One case: how often a difference was said to be there, and how often that was to be expected."""

    case: str
    share: float
    expected: str
    low: float = 0.0
    high: float = 1.0

    @property
    def met(self) -> bool:
        """Whether the share is what was expected."""
        return self.low <= self.share <= self.high


def ab_size(runs: int = 1000, seed: int = 1) -> list[Row]:
    """Return the table; 1,000 runs of each case take about a minute."""
    random = np.random.default_rng(seed)
    shift = 2.8016 * np.sqrt(2.0 / 50)  # what 80 % of comparisons on 50 dates should find; the variance of t4 is 2
    cases = [
        ("20 rebalance dates, no difference", 20, 0.0, False),
        ("50 rebalance dates, no difference", 50, 0.0, False),
        ("467 rebalance dates, no difference", 467, 0.0, False),
        ("250 daily dates that overlap, no difference", 250, 0.0, True),
        ("50 rebalance dates, the difference said to be seen", 50, float(shift), False),
    ]
    rows = []
    for name, n, by, overlapping in cases:
        found = [_says_different(random, n, by, overlapping) for _ in range(runs)]
        verdicts, intervals = (float(np.mean(column)) for column in zip(*found, strict=True))
        bounds = (0.7, 0.9) if by else (0.03, 0.07)
        rows.append(Row(name, verdicts, "about 80 %" if by else "3 to 7 %", *bounds))
        if not by:
            rows.append(Row("   its interval leaves out 0", intervals, "the less the better"))
    few = max(20, runs // 10)
    rows.append(Row("best of 200 rows of noise, max-T", _best_of(random, few, True), "about 5 %", 0.0, 0.13))
    rows.append(Row("best of 200 rows of noise, plain", _best_of(random, few, False), "nearly always", 0.9, 1.0))
    return rows


def _says_different(random: np.random.Generator, n: int, by: float, overlapping: bool) -> tuple[bool, bool]:
    noise = random.standard_t(4, n + HORIZON - 1)
    values = np.convolve(noise, np.ones(HORIZON), "valid") if overlapping else noise[:n]
    apart = 1 if overlapping else 7
    days = [(date(2000, 1, 3) + timedelta(days=apart * i)).isoformat() for i in range(n)]
    candidate = dict(zip(days, (values + by).tolist(), strict=True))
    verdict = judge(dict.fromkeys(days, 0.0), candidate, metric=METRICS["edge"], horizon=HORIZON)
    outside = verdict.low is not None and verdict.high is not None and not verdict.low <= 0 <= verdict.high
    return verdict.verdict in ("better", "worse"), outside


def _best_of(random: np.random.Generator, runs: int, adjusted: bool) -> float:
    def smallest() -> float:
        rows = random.standard_t(4, (200, 50))
        return (
            float(max_t_sign_flip(rows, draws=999).min())
            if adjusted
            else min(sign_flip(row, draws=999) for row in rows)
        )

    return float(np.mean([smallest() < 0.05 for _ in range(runs)]))


if __name__ == "__main__":
    for row in ab_size(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(f"{row.case:<52} {row.share:>7.1%}   {row.expected:<20} {'' if row.met else 'NOT MET'}".rstrip())
