"""Weights suggested by each window's training dates, and how they would have done in its test dates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from registry.backtest.baselines import mean
from registry.backtest.evaluate import Scored, picked_by, significant_one
from registry.backtest.groups import Groups
from registry.backtest.options import Options
from registry.backtest.prepared import Prepared
from registry.backtest.scoring import Recipe, score
from registry.backtest.suggestion import Suggestion, fit, moments


@dataclass(frozen=True, slots=True)
class Suggested:
    """The suggestions of every window; `weights` are those of the last."""

    weights: dict[str, float] | None
    reason: str | None
    windows: list[Suggestion] = field(default_factory=list)
    spread: dict[str, float] = field(default_factory=dict)
    """Standard deviation of each weight over the windows."""
    out_of_sample: Scored | None = None
    """Each window's suggestion in the test dates of that window; None when no window has one."""
    windows_used: list[int] = field(default_factory=list)
    """Numbers of the windows whose suggestion was tested."""


def suggest(prepared: Prepared, recipe: Recipe, options: Options) -> Suggested:
    """Fit weights on every window's purged training dates, and score its test dates with them.

    `recipe` names the features to weigh, those with weight 0 too.
    """
    values = [
        prepared.values(name, transformation)
        for name, transformation in zip(recipe.names, recipe.transformations, strict=True)
    ]
    forward = prepared.labels(prepared.options.horizon).returns
    daily = moments(np.column_stack(values), forward, prepared.groups.offsets)
    made = []
    for window in prepared.windows:
        train = np.zeros(len(prepared.groups), dtype=bool)
        train[window.train_first : window.train_last] = True
        made.append(
            fit(daily, train, recipe.names, method=options.method, shrink=options.shrink, present=recipe.weights)
        )
    last = made[-1]
    fitted = [(w, s) for w, s in zip(prepared.windows, made, strict=True) if s.weights is not None]
    if not fitted:
        return Suggested(None, last.reason, made)
    scores = score(recipe, values, prepared.groups, options.missing)[prepared.test_rows]
    offsets = prepared.test_groups.offsets
    for window, suggestion in fitted:
        rows = slice(int(offsets[window.first]), int(offsets[window.last]))
        columns = [column[prepared.test_rows][rows] for column in values]
        groups = Groups(offsets[window.first : window.last + 1] - offsets[window.first])
        scores[rows] = score(recipe.with_weights(suggestion.weights or {}), columns, groups, options.missing)
    table = np.array([[s.weights[name] for name in recipe.names] for _, s in fitted if s.weights is not None])
    spread = table.std(axis=0, ddof=1) if len(table) > 1 else np.full(len(recipe.names), np.nan)
    return Suggested(
        last.weights,
        last.reason,
        made,
        {name: value for name, each in zip(recipe.names, spread.tolist(), strict=True)
         if (value := significant_one(each)) is not None},
        picked_by(prepared, scores, options),
        [window.span.number for window, _ in fitted],
    )  # fmt: skip


def tested_beside(prepared: Prepared, present: Scored, suggested: Suggested, options: Options) -> dict[str, Any] | None:
    """Return how the suggestions did in their test dates, next to the present weights on the same dates.

    None when no window has a suggestion. The verdict is that of the paired test on rebalance dates.
    """
    from registry.metrics import METRICS
    from registry.statistics.verdict import judge

    found = suggested.out_of_sample
    if found is None:
        return None
    used = set(suggested.windows_used)
    dates = np.zeros(len(prepared.tested), dtype=bool)
    for window in prepared.windows:
        dates[window.first : window.last] = window.span.number in used
    at = present.rebalances[dates[present.rebalances]]
    days = [str(day) for day in prepared.panel.dates[prepared.test_dates[at]]]
    edges = [dict(zip(days, scored.daily.edge[at].tolist(), strict=True)) for scored in (present, found)]
    verdict = judge(edges[0], edges[1], metric=METRICS["edge"], seed=options.seed)
    names = ("precision_at_k", "base_rate", "edge", "forward_return", "rank_ic")
    return {
        "windows": len(used),
        **{
            label: {name: significant_one(mean(getattr(scored.daily, name)[dates])) for name in names}
            for label, scored in (("present", present), ("suggested", found))
        },
        "verdict": verdict.to_dict(),
    }
