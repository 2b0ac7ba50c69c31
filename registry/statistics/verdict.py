"""One run against another on the same dates: better, worse, no difference, cannot tell, cannot pair.

The decision is the sign-flip test's (`paired`); the interval beside it is the stationary bootstrap's (`bootstrap`).
Both see the paired differences only, so what the two runs have in common on a date, such as a falling market, is
gone. Labels that overlap make neighbouring differences alike and every such test too sure of itself: a t test on
daily differences of 5-day labels finds a difference in 39 % of the cases where there is none. So of dates that
overlap only so many are used that they no longer do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final, Literal

from registry.metrics import Metric
from registry.metrics import metric as defined

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from registry.runs.record import Run

    Floats = npt.NDArray[np.float64]

Outcome = Literal["better", "worse", "no difference", "cannot tell", "cannot pair"]

FEWEST: Final = 20
"""With fewer common dates there is no verdict."""

SIGNIFICANT: Final = 0.05
"""A p-value below this is a difference."""

POWER: Final = 0.8

_LABELS: Final = ("lag", "hit", "delist")
"""Options that make a label, beside the horizon: what a pick is measured by must be the same in both runs."""

_SAME: Final = 1e-12
"""Two values that differ by less than this share of their size differ by rounding alone."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of comparing a candidate with a reference by one metric."""

    verdict: Outcome
    reason: str | None
    """Why it can't be told or paired."""
    metric: str
    n: int
    """Dates the verdict rests on: both have a value, and their labels do not overlap."""
    difference: float | None = None
    """Mean of candidate minus reference, in the metric's unit, whichever way is better."""
    low: float | None = None
    """The 95 % interval of `difference`, by the stationary bootstrap."""
    high: float | None = None
    p: float | None = None
    """Two-sided, of the sign-flip test."""
    share_won: float | None = None
    """Share of wins among the dates on which the two differ; None when there is none."""
    smallest_seen: float | None = None
    """The mean difference that would be found in 80 of 100 such comparisons."""
    underpowered: bool = False
    """Fewer than 20 dates."""
    left_out: int = 0
    """Common dates that were not used because their labels overlap with those of dates that were."""

    def sentence(self) -> str:
        """Return it as one line: `edge +0.0031 (95 % -0.0020 … +0.0080), p 0.21, n 467: no difference`."""
        said = self.metric
        if self.difference is not None:
            digits = _digits(self.difference, self.low, self.high)
            said += f" {self.difference:+.{digits}f}"
            if self.low is not None and self.high is not None:
                said += f" (95 % {self.low:+.{digits}f} … {self.high:+.{digits}f})"
            if self.p is not None:
                said += f", p {_shown_p(self.p)}"
            said += f", n {self.n}"
        return f"{said}: {self.verdict}" + (f", {self.reason}" if self.reason else "")

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


def judge(
    reference: Mapping[str, float | None],
    candidate: Mapping[str, float | None],
    *,
    metric: Metric,
    seed: int = 13,
    horizon: int = 1,
) -> Verdict:
    """Return whether a candidate's values by date (ISO) are better than a reference's.

    Only dates with a finite value in both count. `horizon` is how many panel dates a label spans: where dates lie
    fewer calendar days apart than that, their labels overlap, and the first date and then only dates at least
    `horizon` places on are used.
    """
    days = sorted(reference.keys() & candidate.keys())
    known = {day: pair for day in days if (pair := _both(reference[day], candidate[day])) is not None}
    if not known:
        return Verdict("cannot pair", f"no date has a value of {metric.name} in both", metric.name, 0)
    used = _apart(sorted(reference.keys() | candidate.keys()), known, horizon)
    differences = [_difference(*known[day]) for day in used]
    n = len(differences)
    mean = math.fsum(differences) / n
    moved = [each for each in differences if each]
    won = sum(each < 0 if metric.direction == "lower" else each > 0 for each in moved) / len(moved) if moved else None
    low = high = p = smallest = None
    if n > 1:
        from registry.statistics.bootstrap import stationary_bootstrap
        from registry.statistics.paired import sign_flip

        p = sign_flip(differences, seed=seed)
        low, high = stationary_bootstrap(differences, seed=seed)
        smallest = _smallest_seen(differences, mean)
    verdict, reason = _outcome(metric, n, mean, p)
    return Verdict(
        verdict,
        reason,
        metric.name,
        n,
        difference=_rounded(mean),
        low=_rounded(low),
        high=_rounded(high),
        p=p,
        share_won=_rounded(won),
        smallest_seen=_rounded(smallest),
        underpowered=n < FEWEST,
        left_out=len(known) - n,
    )


def pair_runs(
    reference: Run,
    candidate: Run,
    metric: Metric | str,
    *,
    same_panel: bool | None = None,
    seed: int = 13,
) -> Verdict:
    """Return whether a run is better than another by its values on their common dates.

    Runs pair when they were made on one panel over one period, with the same horizon, lag, hit and treatment of
    delisted assets. Fingerprints
    that differ say nothing certain, since they cover only what a run used: `same_panel` tells what the registry
    knows about the two panels, None where it knows nothing.

    A metric given by a name that is none of our own has no known direction, so a difference can't be called better
    or worse; pass the user's definition instead.
    """
    asked = metric if isinstance(metric, Metric) else defined(metric) or Metric(metric, "", "none", "")
    reason = apart_because(reference, candidate, same_panel)
    if reason is None:
        for which, run in (("reference", reference), ("candidate", candidate)):
            if not any(value is not None for value in run.dates.values.get(asked.name, ())):
                reason = f"the {which} has no values of {asked.name} by date"
                break
    if reason is not None:
        return Verdict("cannot pair", reason, asked.name, 0)
    values = (dict(zip(r.dates.dates, r.dates.values[asked.name], strict=False)) for r in (reference, candidate))
    return judge(*values, metric=asked, seed=seed, horizon=spans_of(candidate.options))


def rest_on(verdict: Verdict, metric: Metric, p: float) -> Verdict:
    """Return a verdict as it is with another p-value, one adjusted for what else was looked at."""
    if verdict.verdict == "cannot pair" or verdict.difference is None:
        return verdict
    outcome, reason = _outcome(metric, verdict.n, verdict.difference, p)
    return replace(verdict, verdict=outcome, reason=reason)


def common_dates(run: Run, values: Mapping[str, float | None]) -> list[str]:
    """Return the dates of a run that have a value and whose labels do not overlap: those a comparison rests on."""
    known = {day: value for day, value in values.items() if value is not None and math.isfinite(value)}
    return _apart(sorted(values), known, spans_of(run.options))


def apart_because(reference: Run, candidate: Run, same_panel: bool | None) -> str | None:
    """Return why two runs can't be paired; None when they can."""
    if not _one_panel(reference, candidate, same_panel):
        names = [run.panel.name for run in (reference, candidate)]
        if names[0] == names[1]:
            return f"the content of the panel {names[0]} differs between the runs"
        return f"they differ in panel: {names[0]} against {names[1]}"
    mine, theirs = (
        {"period": f"{run.start}..{run.end}", **label_options(run.options)} for run in (reference, candidate)
    )
    for name, first in mine.items():
        second = theirs[name]
        if first != second:
            shown = ["none given" if value is None else str(value) for value in (first, second)]
            return f"they differ in {name}: {shown[0]} against {shown[1]}"
    return None


def label_options(options: Mapping[str, Any]) -> dict[str, object]:
    """Return the options by which a pick is measured: runs that differ in one of them can't be paired.

    `horizon` is the one that decides, the first of `horizons`; a user's engine may say `horizon`.
    """
    given = options.get("horizons", options.get("horizon"))
    horizon = (given[0] if given else None) if isinstance(given, list | tuple) else given
    return {"horizon": horizon, **{name: options.get(name) for name in _LABELS}}


def _one_panel(reference: Run, candidate: Run, same_panel: bool | None) -> bool:
    first, second = reference.panel, candidate.panel
    if first.fingerprint is not None and first.fingerprint == second.fingerprint:
        return True
    if same_panel is not None:
        return same_panel
    return first.name == second.name and first.fingerprint is None and second.fingerprint is None


def spans_of(options: Mapping[str, Any]) -> int:
    """Return how many panel dates a label spans; 1 where nobody says."""
    horizon = label_options(options)["horizon"]
    return math.ceil(horizon) if isinstance(horizon, int | float) else 1


def _both(first: float | None, second: float | None) -> tuple[float, float] | None:
    if first is None or second is None or not (math.isfinite(first) and math.isfinite(second)):
        return None
    return float(first), float(second)


def _difference(first: float, second: float) -> float:
    """Return the difference, 0 where it is that of rounding: runs that pick alike must not win by the last bit."""
    found = second - first
    return 0.0 if abs(found) <= _SAME * max(abs(first), abs(second)) else found


def rounded_differences(reference: Floats, candidates: Floats) -> Floats:
    """Return what `_difference` does for many at once: rows of candidates minus the reference, NaN where one lacks."""
    import numpy as np

    found = candidates - reference
    with np.errstate(invalid="ignore"):
        alike = np.abs(found) <= _SAME * np.maximum(np.abs(candidates), np.abs(reference))
    return np.where(alike, 0.0, found)


def _apart(calendar: list[str], known: Mapping[str, object], horizon: int) -> list[str]:
    """Return the days of `known` to use, so that labels of `horizon` dates do not overlap.

    A horizon takes at least as many calendar days as dates, so dates that are that far apart do not overlap.
    Where some are nearer, `horizon` places in the calendar, each at least one panel date, are enough.
    """
    days = list(known)
    ordinals = [date.fromisoformat(day).toordinal() for day in days]
    if horizon <= 1 or all(later - earlier >= horizon for earlier, later in pairwise(ordinals)):
        return days
    used: list[str] = []
    free = 0
    for place, day in enumerate(calendar):
        if day in known and place >= free:
            used.append(day)
            free = place + horizon
    return used


def _smallest_seen(differences: list[float], mean: float) -> float:
    n = len(differences)
    deviation = math.sqrt(math.fsum((each - mean) ** 2 for each in differences) / (n - 1))
    normal = NormalDist()
    return (normal.inv_cdf(1 - SIGNIFICANT / 2) + normal.inv_cdf(POWER)) * deviation / math.sqrt(n)


def _outcome(metric: Metric, n: int, mean: float, p: float | None) -> tuple[Outcome, str | None]:
    if n < FEWEST:
        return "cannot tell", f"fewer than {FEWEST} common dates"
    if p is None or p >= SIGNIFICANT:
        return "no difference", None
    better = metric.better(mean)
    if better is None:
        return "cannot tell", f"neither way of {metric.name} is known to be better"
    return ("better" if better else "worse"), None


def _rounded(value: float | None) -> float | None:
    """Return a number without its last digits, in which processors may differ."""
    return None if value is None else float(f"{value:.12g}")


def _digits(*values: float | None) -> int:
    """Return how many decimals show two digits of the largest: four, or more for small numbers."""
    largest = max(abs(value) for value in values if value is not None)
    return 4 if largest == 0 or largest >= 0.001 else min(12, 1 - math.floor(math.log10(largest)))


def _shown_p(p: float) -> str:
    """Return a p-value with as many digits as tell on which side of 0.05 it is."""
    return f"{p:.2f}" if p >= 0.1 else f"{p:.4f}".rstrip("0")
