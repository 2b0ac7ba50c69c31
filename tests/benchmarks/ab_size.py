"""How often a verdict is wrong when nothing differs, and how often right when something does.

`python -m tests.benchmarks.ab_size [RUNS]` prints the tables. Values are those of runs at a 5-date horizon with heavy
tails (Student's t with 4 degrees of freedom), calm or with volatility that comes in clusters; at 5 % a verdict may be
wrong in 3 to 7 of 100 cases, also on the best of 2,000 variants that are noise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from registry.metrics import METRICS
from registry.statistics.paired import max_t_sign_flip, sign_flip
from registry.statistics.verdict import SIGNIFICANT, judge

HORIZON: Final = 5
VARIANTS: Final = 2_000
DEVIATION: Final = float(np.sqrt(2.0))
"""Of Student's t with 4 degrees of freedom."""

Floats = npt.NDArray[np.float64]
Random = np.random.Generator


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


def ab_size(runs: int = 1000, seed: int = 1) -> Iterator[Row]:
    """Yield the table of false finds; 1,000 runs of each case take about two minutes."""
    random = np.random.default_rng(seed)
    may = ("3 to 7 %", 0.03, 0.07)
    for n in (20, 50, 467):
        yield Row(f"two experiments, {n} dates", _share(runs, lambda n=n: _differs(_calm(random, n))), *may)
    for n in (50, 467):
        yield Row(
            f"two experiments, {n} dates, volatility in clusters",
            _share(runs, lambda n=n: _differs(_clustered(random, n))),
            *may,
        )
    found = [_overlapping(random, 250) for _ in range(runs)]
    yield Row("two experiments, 250 daily dates that overlap", float(np.mean([each[0] for each in found])), *may)
    yield Row("   its interval leaves out 0", float(np.mean([each[1] for each in found])), "the less the better")
    plain, adjusted = np.mean([_best_of(random, 100, _calm) for _ in range(runs)], axis=0).tolist()
    yield Row(f"the most different of {VARIANTS:,} variants, max-T", adjusted, *may)
    yield Row("   by its own p", plain, "nearly always", 0.9, 1.0)
    plain, adjusted = np.mean([_best_of(random, 100, _clustered) for _ in range(runs)], axis=0).tolist()
    yield Row(f"the most different of {VARIANTS:,}, volatility in clusters", adjusted, *may)
    yield Row("   by its own p", plain, "nearly always", 0.9, 1.0)


def power(runs: int = 1000, seed: int = 2) -> Iterator[Row]:
    """Yield how often a difference is found that is as large as a verdict says could be seen, or half of it."""
    random = np.random.default_rng(seed)
    for n in (20, 50, 100, 250, 467):
        seen = 2.8016 * DEVIATION / np.sqrt(n)  # (z of 97.5 % and z of 80 %) standard errors
        for part, bounds in ((1.0, ("about 80 %", 0.7, 0.9)), (0.5, ("about 30 %", 0.2, 0.4))):
            shift = float(part * seen)
            share = _share(runs, lambda n=n, shift=shift: _differs(_calm(random, n) + shift))
            yield Row(f"{n} dates, a difference of {shift:.2f} ({part:g} x what can be seen)", share, *bounds)


def _share(runs: int, happens: Callable[[], bool]) -> float:
    return sum(happens() for _ in range(runs)) / runs


def _calm(random: Random, *shape: int) -> Floats:
    return random.standard_t(4, shape)


def _clustered(random: Random, *shape: int) -> Floats:
    """Return the same with a volatility that all experiments share, its logarithm an AR(1) of 0.95."""
    log = np.zeros(shape[-1])
    for at in range(1, shape[-1]):
        log[at] = 0.95 * log[at - 1] + 0.25 * random.standard_normal()
    return np.asarray(random.standard_t(4, shape) * np.exp(log))


def _differs(differences: Floats) -> bool:
    """Tell whether a verdict on 20 dates or more would say better or worse."""
    return sign_flip(differences) < SIGNIFICANT


def _overlapping(random: Random, n: int) -> tuple[bool, bool]:
    """Tell whether a verdict on daily dates says better or worse, and whether its interval leaves out 0."""
    values = np.convolve(_calm(random, n + HORIZON - 1), np.ones(HORIZON), "valid")
    days = [(date(2000, 1, 3) + timedelta(days=i)).isoformat() for i in range(n)]
    candidate = dict(zip(days, values.tolist(), strict=True))
    verdict = judge(dict.fromkeys(days, 0.0), candidate, metric=METRICS["edge"], horizon=HORIZON)
    outside = verdict.low is not None and verdict.high is not None and not verdict.low <= 0 <= verdict.high
    return verdict.verdict in ("better", "worse"), outside


def _best_of(random: Random, n: int, noise: Callable[..., Floats]) -> tuple[bool, bool]:
    """Tell whether the most different of many from one control is said to differ: by its own p, and counting all."""
    values = noise(random, VARIANTS + 1, n)
    rows = values[1:] - values[0]
    best = int(np.argmax(np.abs(rows.sum(axis=1)) / np.sqrt(np.square(rows).sum(axis=1))))
    return _differs(rows[best]), bool(max_t_sign_flip(rows, draws=999).min() < SIGNIFICANT)


def verdicts(runs: int) -> None:
    """Print both tables."""
    for title, rows in (("said to differ, though nothing does", ab_size(runs)), ("said to differ", power(runs))):
        print(f"\n{title:<60} {'share':>7}   expected, of {runs:,} runs each")
        for row in rows:
            print(f"{row.case:<60} {row.share:>7.1%}   {row.expected:<20} {'' if row.met else 'NOT MET'}".rstrip())


if __name__ == "__main__":
    verdicts(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
