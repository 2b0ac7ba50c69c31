"""All that was evaluated alike: the p-value of being the best of them, and which can't be told from the best.

Judging the best of many by its own p-value finds something in noise nearly always. Here all experiments evaluated on
the panel, period and options of a control are flipped by the same signs, and each is compared with the largest of
all (single-step max-T: Westfall & Young, Resampling-Based Multiple Testing, 1993; `registry.statistics.paired`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from registry.statistics.verdict import FEWEST, common_dates, label_options, rounded_differences

if TYPE_CHECKING:
    from registry.analysis.evaluated import Evaluated
    from registry.experiments import ExperimentRegistry
    from registry.metrics import Metric
    from registry.runs.record import Run

DRAWS: Final = 9_999
FEWEST_DRAWS: Final = 999

_MOST_TERMS: Final = 20_000_000_000
"""Differences times patterns of signs that are tried at most."""


def family_of(registry: ExperimentRegistry, mine: Run, paired: Sequence[Run], metric: str) -> Evaluated:
    """Return the values by date of every experiment whose run pairs with the control's, the control included."""
    from registry.analysis.evaluated import evaluated

    panels = {run.panel_id for run in (mine, *paired) if run.panel_id is not None}
    with registry.store.read() as session:
        return evaluated(session, sorted(panels), mine.start, mine.end, metric, label_options(mine.options))


def best_of(family: Evaluated, mine: Run, named: Sequence[str], metric: str, seed: int) -> dict[str, float]:
    """Return each named experiment's p-value for being the best of all against the control."""
    import numpy as np

    from registry.statistics.paired import max_t_sign_flip

    own = dict(zip(mine.dates.dates, mine.dates.values.get(metric, ()), strict=False))
    place = {day: at for at, day in enumerate(family.dates)}
    days = [day for day in common_dates(mine, own) if day in place]
    others = [at for at, full in enumerate(family.hashes) if full != mine.config_hash]
    table = family.values[others][:, [place[day] for day in days]]
    matrix = rounded_differences(np.array([own[day] for day in days], dtype=np.float64), table)
    usable = np.flatnonzero(~np.isnan(matrix).all(axis=1))
    if len(usable) < 2:
        return {}
    p = max_t_sign_flip(matrix[usable], seed=seed, draws=_draws(len(usable), len(days)))
    hashes = [family.hashes[others[at]] for at in usable.tolist()]
    wanted = set(named)
    return {full: value for full, value in zip(hashes, p.tolist(), strict=True) if full in wanted}


def _draws(rows: int, dates: int) -> int:
    """Return how many random patterns of signs are tried: fewer for very many experiments, never under 999."""
    return max(FEWEST_DRAWS, min(DRAWS, _MOST_TERMS // max(1, rows * dates)))


def confidence_of(runs: Sequence[Run], metric: Metric, seed: int) -> dict[str, float] | None:
    """Return the p-value of each run's experiment in the model confidence set, on the dates common to all.

    None where these are fewer than 20.

    Raises:
        MissingLibraryError: arch is not installed.
    """
    from registry.statistics.confidence_set import confidence_set

    by_run = [
        {
            day: value
            for day, value in zip(run.dates.dates, run.dates.values.get(metric.name, ()), strict=False)
            if value is not None and math.isfinite(value)
        }
        for run in runs
    ]
    days = [day for day in common_dates(runs[0], by_run[0]) if all(day in known for known in by_run)]
    if len(days) < FEWEST:
        return None
    sign = -1 if metric.direction == "lower" else 1
    p = confidence_set([[sign * known[day] for known in by_run] for day in days], seed=seed)
    return {run.config_hash: value for run, value in zip(runs, p, strict=True)}
