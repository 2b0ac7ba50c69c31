"""Verdicts: whether one run beats another, in five words, with the numbers they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np

from registry.metrics import Metric
from registry.runs.record import Run
from registry.statistics.bootstrap import stationary_bootstrap
from registry.statistics.paired import sign_flip

Word = Literal["better", "worse", "no difference", "cannot tell", "cannot pair"]

FEWEST: Final = 20
"""Fewer differences than this are too few to tell."""

LEVEL: Final = 0.05
_POWER: Final = 2.8016
"""z(0.975) + z(0.80): a mean this many standard errors from 0 is found in four of five samples."""

_MUST_AGREE: Final = ("lag", "hit", "delist")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the candidate beats the reference."""

    verdict: Word
    metric: str
    reason: str | None = None
    n: int = 0
    """Dates that both have a value for."""
    difference: float | None = None
    """Mean of candidate less reference, in the metric's unit."""
    low: float | None = None
    """95 % interval of the difference, by the stationary bootstrap."""
    high: float | None = None
    p: float | None = None
    """Two-sided, by sign flips."""
    share_won: float | None = None
    """Share of the dates on which the candidate is better, of those on which they differ."""
    smallest_seen: float | None = None
    """The difference that would have been found in four of five samples of this size."""
    underpowered: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)

    def sentence(self) -> str:
        """Return the verdict with its numbers, for people."""
        if self.difference is None or self.low is None or self.high is None or self.p is None:
            return f"{self.metric}: {self.verdict}" + (f" ({self.reason})" if self.reason else "")
        numbers = f"{self.difference:+.4f} (95 % {self.low:+.4f} … {self.high:+.4f}), p {self.p:.3f}"
        said = f"{self.metric} on {self.n} rebalance dates {numbers}: {self.verdict}"
        return said + (f" ({self.reason})" if self.reason else "")


def judge(reference: Mapping[str, float], candidate: Mapping[str, float], *, metric: Metric, seed: int = 13) -> Verdict:
    """Return the verdict on values by date; only dates on which both have one count.

    Better or worse when the sign-flip p is below 5 %, in the direction of the metric; otherwise no
    difference; under 20 dates nothing can be told.
    """
    days = sorted(day for day in reference.keys() & candidate.keys())
    both = np.array([[reference[day], candidate[day]] for day in days], dtype=np.float64).reshape(-1, 2)
    both = both[np.isfinite(both).all(axis=1)]
    d = both[:, 1] - both[:, 0]
    if not len(d):
        return Verdict("cannot pair", metric.name, "they have no date in common with a value for both")
    low, high = stationary_bootstrap(d, seed=seed)
    p = sign_flip(d, seed=seed)
    mean = float(d.mean())
    moved = d[d != 0]
    better = metric.better(mean)
    won = float(np.mean(moved > 0 if metric.direction != "lower" else moved < 0)) if len(moved) else None
    smallest = _POWER * float(d.std(ddof=1)) / float(np.sqrt(len(d))) if len(d) > 1 else None
    word: Word
    reason = None
    if len(d) < FEWEST:
        word, reason = "cannot tell", f"{len(d)} dates are too few; {FEWEST} are needed"
    elif p >= LEVEL or better is None:
        word = "no difference"
    else:
        word = "better" if better else "worse"
    mean, low, high, p = (float(f"{value:.12g}") for value in (mean, low, high, p))
    return Verdict(word, metric.name, reason, len(d), mean, low, high, p, won, smallest, len(d) < FEWEST)


def pair_runs(
    reference: Run, candidate: Run, metric: Metric, *, same_panel: bool | None = None, seed: int = 13
) -> Verdict:
    """Return the verdict on two runs by their values on rebalance dates, or why they can't be paired.

    `same_panel` tells whether the registry takes them to be on one panel; None leaves it to the fingerprints.
    """
    reason = _why_not(reference, candidate, same_panel)
    if reason is not None:
        return Verdict("cannot pair", metric.name, reason)
    values = [run.dates.of(metric.name) for run in (reference, candidate)]
    for run, found in zip((reference, candidate), values, strict=True):
        if not found:
            return Verdict("cannot pair", metric.name, f"{run.run_id} has no values of {metric.name} by date")
    return judge(*values, metric=metric, seed=seed)


def _why_not(reference: Run, candidate: Run, same_panel: bool | None) -> str | None:
    if reference.panel.name != candidate.panel.name:
        return f"they are on different panels, {reference.panel.name} and {candidate.panel.name}"
    fits = reference.panel.fingerprint == candidate.panel.fingerprint if same_panel is None else same_panel
    if not fits:
        return f"the content of the panel {reference.panel.name} changed between them"
    if reference.period != candidate.period:
        return f"their periods differ, {reference.period} and {candidate.period}"
    horizons = [(run.options.get("horizons") or [None])[0] for run in (reference, candidate)]
    if horizons[0] != horizons[1]:
        return f"their horizons differ, {horizons[0]} and {horizons[1]} dates"
    for name in _MUST_AGREE:
        sides = [run.options.get(name) for run in (reference, candidate)]
        if sides[0] != sides[1]:
            return f"they differ in {name}, {sides[0]} and {sides[1]}"
    return None
