"""A control against one or more candidates, by their runs on one panel, period and options: did it help?

Each pair is judged on its non-overlapping common dates (`registry.statistics.verdict`). Where there are several
candidates their p-values are adjusted by Holm. The best of many is no evidence: every experiment that was ever
evaluated with the same panel, period and options counts, whoever is named here. When these are more than the
candidates, a p-value for being the best of all of them (max-T under common sign flips: Westfall & Young, 1993) is
computed too, and the verdict rests on the larger of the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.errors import InvalidReferenceError, NotFoundError
from registry.metrics import Metric
from registry.metrics import metric as defined
from registry.statistics.verdict import Verdict, apart_because, common_dates, pair_runs, rest_on

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry
    from registry.runs.record import Run


@dataclass(frozen=True, slots=True)
class Candidate:
    """One experiment against the control."""

    config_hash: str
    run_id: str | None
    verdict: Verdict
    """Its verdict rests on the largest of the p-values below; `p` in it is that of this pair alone."""
    p_holm: float | None
    """Adjusted for the number of candidates, against one control."""
    p_screen: float | None
    """Adjusted by Benjamini and Hochberg: the share of false finds among those kept."""
    p_best: float | None
    """For being the best of all that were evaluated; None when those are no more than the candidates."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "config_hash": self.config_hash,
            "run_id": self.run_id,
            "p_holm": self.p_holm,
            "p_screen": self.p_screen,
            "p_best": self.p_best,
            **self.verdict.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """A control and its candidates."""

    control: str
    run_id: str
    metric: str
    panel: str
    period: str
    candidates: list[Candidate]
    evaluated: int
    """Experiments evaluated on the same panel, period and options, the control included."""
    tried: int
    """Configurations ever tried on the panel and period, whatever was deleted or untracked."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "control": self.control,
            "run_id": self.run_id,
            "metric": self.metric,
            "panel": self.panel,
            "period": self.period,
            "evaluated": self.evaluated,
            "tried": self.tried,
            "candidates": [each.to_dict() for each in self.candidates],
        }


def ab(
    registry: ExperimentRegistry,
    control: str,
    candidates: Sequence[str],
    metric: str = "edge",
    *,
    panel: str | None = None,
    period: str | None = None,
    seed: int = 13,
) -> Trial:
    """Return whether candidates are better than a control.

    Raises:
        NotFoundError, AmbiguousHashError, InvalidReferenceError: one is not exactly one experiment, or is named
            twice; or the control has no run there.
    """
    asked = _metric(registry, metric.removeprefix("m."))
    first = registry.resolve(control)
    others = [registry.resolve(each) for each in candidates]
    if not others or len({first, *others}) != len(others) + 1:
        raise InvalidReferenceError("name a control and other experiments, each once")
    runs_of = {full: registry.runs(full, panel=panel, period=period, full=True) for full in (first, *others)}
    if not runs_of[first]:
        where = "" if panel is None and period is None else " on that panel and period"
        raise NotFoundError(f"{first[:12]} has no run{where}; make one with: experiments backtest {first[:12]}")
    mine = _control_run(registry, runs_of[first], [runs_of[full] for full in others])
    found = [_judged(registry, mine, runs_of[full], asked, seed) for full in others]
    all_runs = _evaluated(registry, mine)
    best = _best_of(mine, all_runs, others, asked, seed) if len(all_runs) > len(others) else {}
    return Trial(
        first,
        mine.run_id,
        asked.name,
        mine.panel.name,
        mine.period,
        _adjusted(others, found, best, asked),
        len(all_runs) + 1,
        registry.trials(mine.panel.name, mine.period),
    )


def _metric(registry: ExperimentRegistry, name: str) -> Metric:
    known = {each.name: each for each in registry.metrics()}
    return known.get(name) or defined(name) or Metric(name, "", "none", "")


def _control_run(registry: ExperimentRegistry, mine: Sequence[Run], theirs: Sequence[Sequence[Run]]) -> Run:
    """Return the control's run with which the most candidates pair, the newest of such."""
    return max(
        reversed(mine), key=lambda run: sum(any(_pairs(registry, run, other) for other in runs) for runs in theirs)
    )


def _pairs(registry: ExperimentRegistry, one: Run, other: Run) -> bool:
    from registry.backtest.comparing import same_panel

    return apart_because(one, other, same_panel(registry, one, other)) is None


def _judged(
    registry: ExperimentRegistry, mine: Run, runs: Sequence[Run], metric: Metric, seed: int
) -> tuple[Run | None, Verdict]:
    from registry.backtest.comparing import same_panel

    if not runs:
        return None, Verdict("cannot pair", "it has no run there", metric.name, 0)
    run = next((other for other in runs if _pairs(registry, mine, other)), runs[0])
    return run, pair_runs(mine, run, metric, same_panel=same_panel(registry, mine, run), seed=seed)


def _evaluated(registry: ExperimentRegistry, mine: Run) -> dict[str, Run]:
    """Return the newest run of every other experiment that pairs with the control's."""
    found: dict[str, Run] = {}
    for run in registry.runs(panel=mine.panel.name, period=mine.period, full=True):
        if run.config_hash != mine.config_hash and run.config_hash not in found and _pairs(registry, mine, run):
            found[run.config_hash] = run
    return found


def _best_of(mine: Run, runs: dict[str, Run], named: Sequence[str], metric: Metric, seed: int) -> dict[str, float]:
    """Return each named experiment's p-value for being the best of all."""
    import numpy as np

    from registry.statistics.paired import max_t_sign_flip

    own = dict(zip(mine.dates.dates, mine.dates.values.get(metric.name, ()), strict=False))
    days = common_dates(mine, own)
    hashes = list(runs)
    matrix = np.full((len(hashes), len(days)), np.nan)
    for at, full in enumerate(hashes):
        theirs = dict(zip(runs[full].dates.dates, runs[full].dates.values.get(metric.name, ()), strict=False))
        for place, day in enumerate(days):
            before, after = own[day], theirs.get(day)
            if before is not None and after is not None and math.isfinite(after):
                matrix[at, place] = after - before
    usable = ~np.isnan(matrix).all(axis=1)
    if not usable.any() or not len(days):
        return {}
    p = max_t_sign_flip(matrix[usable], seed=seed) if usable.sum() > 1 else np.ones(1)
    kept = [full for full, good in zip(hashes, usable, strict=True) if good]
    return {full: float(value) for full, value in zip(kept, p, strict=True) if full in set(named)}


def _adjusted(
    hashes: Sequence[str], found: Sequence[tuple[Run | None, Verdict]], best: dict[str, float], metric: Metric
) -> list[Candidate]:
    from registry.statistics.multiple import benjamini_hochberg, holm

    ps = [math.nan if verdict.p is None else verdict.p for _, verdict in found]
    stepped, screened = holm(ps), benjamini_hochberg(ps)
    made = []
    for full, (run, verdict), p_holm, p_screen in zip(hashes, found, stepped, screened, strict=True):
        known = verdict.p is not None
        p_best = best.get(full) if known else None
        decisive = max(float(p_holm), p_best or 0.0) if known else None
        made.append(
            Candidate(
                full,
                None if run is None else run.run_id,
                rest_on(verdict, metric, decisive) if decisive is not None else verdict,
                float(p_holm) if known else None,
                float(p_screen) if known else None,
                p_best,
            )
        )
    return made
