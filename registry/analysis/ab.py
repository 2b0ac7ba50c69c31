"""A control against one or more candidates, by their runs on one panel, period and options: did it help?

Each pair is judged on its non-overlapping common dates (`registry.statistics.verdict`). Where there are several
candidates their p-values are adjusted by Holm, or for screening by Benjamini and Hochberg. The best of many is no
evidence: every experiment that was evaluated with the same panel, period and options counts, whoever is named here
and whatever lies in the trash. When these are more than the candidates, a p-value for being the best of all of them
(max-T: `registry.analysis.family`) is computed too, and the verdict rests on the larger of the two. The control is
taken as given: one that was itself chosen for its result makes others look worse than they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.analysis.family import best_of, confidence_of, family_of
from registry.errors import InvalidReferenceError, MissingLibraryError, NotFoundError
from registry.metrics import Metric
from registry.metrics import metric as defined
from registry.results import Results
from registry.statistics.confidence_set import SIZE as CONFIDENCE_SIZE
from registry.statistics.verdict import FEWEST, Verdict, apart_because, pair_runs, rest_on

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
    screened: bool = False
    """Whether verdicts bound the share of false finds (Benjamini and Hochberg), not the chance of any (Holm)."""
    confidence: dict[str, float] | None = None
    """The p-value of each in the model confidence set, the control's too: those of 0.1 or more can't be told from
    the best. None for fewer than two candidates, and where it can't be computed."""
    confidence_note: str | None = None
    """Why there is none."""

    @property
    def confidence_set(self) -> list[str] | None:
        """The experiments that can't be told from the best, as full hashes."""
        if self.confidence is None:
            return None
        return [full for full, p in self.confidence.items() if p >= CONFIDENCE_SIZE]

    def df(self) -> Any:
        """Return the candidates as a pandas DataFrame.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        rows = [each.to_dict() for each in self.candidates]
        return Results(list(rows[0]), [tuple(row.values()) for row in rows]).df()

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
            "screened": self.screened,
            "confidence_set": self.confidence_set,
            "confidence": self.confidence,
            "confidence_note": self.confidence_note,
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
    screen: bool = False,
    seed: int = 13,
    step: Callable[[str], None] | None = None,
) -> Trial:
    """Return whether candidates are better than a control.

    With `screen`, many candidates are screened: at most 5 in 100 of what is found may be false, on average.
    `step` is told what is being done, for people; what it raises ends the work.

    Raises:
        NotFoundError, AmbiguousHashError, InvalidReferenceError: one is not exactly one experiment, or is named
            twice; or the control has no run there.
    """
    asked = _metric(registry, metric.removeprefix("m."))
    first = registry.resolve(control)
    others = [registry.resolve(each) for each in candidates]
    if not others or len({first, *others}) != len(others) + 1:
        raise InvalidReferenceError("name a control and other experiments, each once")
    tell = step or (lambda _: None)
    runs_of = {}
    for at, full in enumerate((first, *others), 1):
        tell(f"reading the runs of {at:,} of {len(others) + 1:,}")
        runs_of[full] = registry.runs(full, panel=panel, period=period, full=True)
    if not runs_of[first]:
        where = "" if panel is None and period is None else " on that panel and period"
        raise NotFoundError(f"{first[:12]} has no run{where}; make one with: experiments backtest {first[:12]}")
    mine = _control_run(registry, runs_of[first], [runs_of[full] for full in others])
    found = []
    for at, full in enumerate(others, 1):
        tell(f"judging {at:,} of {len(others):,}")
        found.append(_judged(registry, mine, runs_of[full], asked, seed))
    tell("reading all that were evaluated alike")
    paired = [run for run, verdict in found if run is not None and verdict.verdict != "cannot pair"]
    family = family_of(registry, mine, paired, asked.name)
    tell(f"judging the best of {len(family):,}")
    best = best_of(family, mine, others, asked.name, seed) if len(family) > len(others) + 1 else {}
    tell("looking for what can't be told from the best")
    confidence, note = _confidence(mine, paired, asked, seed)
    return Trial(
        first,
        mine.run_id,
        asked.name,
        mine.panel.name,
        mine.period,
        _adjusted(others, found, best, asked, screen=screen),
        len(family),
        registry.trials(mine.panel.name, mine.period),
        screen,
        confidence,
        note,
    )


def _confidence(
    mine: Run, paired: Sequence[Run], metric: Metric, seed: int
) -> tuple[dict[str, float] | None, str | None]:
    if len(paired) < 2:
        return None, None
    if metric.direction == "none":
        return None, f"neither way of {metric.name} is known to be better, so there is no confidence set"
    try:
        found = confidence_of([mine, *paired], metric, seed)
    except MissingLibraryError:
        return None, "for the model confidence set: pip install 'experiment-registry[stats]'"
    return found, None if found is not None else f"fewer than {FEWEST} dates common to all: no confidence set"


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


def _adjusted(
    hashes: Sequence[str],
    found: Sequence[tuple[Run | None, Verdict]],
    best: dict[str, float],
    metric: Metric,
    *,
    screen: bool,
) -> list[Candidate]:
    from registry.statistics.multiple import benjamini_hochberg, holm

    ps = [math.nan if verdict.p is None else verdict.p for _, verdict in found]
    stepped, screened = holm(ps), benjamini_hochberg(ps)
    made = []
    for full, (run, verdict), p_holm, p_screen in zip(hashes, found, stepped, screened, strict=True):
        known = verdict.p is not None
        p_best = best.get(full) if known else None
        decisive = max(float(p_screen if screen else p_holm), p_best or 0.0) if known else None
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
