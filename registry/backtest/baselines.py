"""Strategies without knowledge, evaluated on the same dates, assets, horizon and costs as an experiment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from registry.backtest.digests import asset_keys, mix
from registry.backtest.groups import Bools, Floats, Groups, Ints, top_k
from registry.backtest.measures import Picks, measure, pick
from registry.backtest.options import Options
from registry.backtest.portfolio import summary
from registry.backtest.prepared import Prepared
from registry.backtest.steps import Steps
from registry.backtest.tracks import follow_parts

BASELINES: Final[dict[str, str]] = {
    "random": "K assets drawn by lot on each date; the exact expectation, and a band over 100 draws",
    "equal_weight": "all eligible assets in equal parts",
    "cap_topk": "the K assets with the largest capitalisation, in equal parts",
    "cap_weighted": "all eligible assets by their capitalisation",
    "momentum": "the K assets that rose most over the last 20 dates",
    "reversal": "the K assets that fell most over the last 5 dates",
}
"""Every baseline with what it is."""

_MOMENTUM, _REVERSAL = 20, 5
_DRAWS: Final = 100
_BAND: Final = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a baseline did; without metrics there is a reason."""

    name: str
    metrics: dict[str, float | None] = field(default_factory=dict)
    windows: list[dict[str, float | None]] = field(default_factory=list)
    band: dict[str, tuple[float, float]] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms an experiment was evaluated; a baseline is evaluated on the same."""

    options: Options
    eligible: Bools
    """Test rows that could be picked."""
    counted: Bools
    """Test dates with enough eligible assets: on the others nothing is held."""
    dates: Bools
    """Test dates with a pick whose return is known: the dates that metrics are means over."""
    rebalances: Ints
    """Positions among the test dates."""


def evaluate_baselines(prepared: Prepared, terms: Terms, steps: Steps | None = None) -> list[Baseline]:
    """Evaluate every baseline on the terms of an experiment."""
    makers: dict[str, Callable[[Prepared, Terms], Baseline]] = {
        "random": _random,
        "equal_weight": _equal_weight,
        "cap_topk": lambda *given: _by_score("cap_topk", *given),
        "cap_weighted": _cap_weighted,
        "momentum": lambda *given: _by_score("momentum", *given),
        "reversal": lambda *given: _by_score("reversal", *given),
    }
    return [makers[name](prepared, terms) for name in (steps or Steps()).over(BASELINES)]


def _scores(name: str, prepared: Prepared) -> Floats | str:
    """Return the scores of a baseline that picks by one, or why it can't be."""
    rows = prepared.test_rows
    if name == "cap_topk":
        cap = prepared.panel.cap
        return "no capitalisation column was named (--cap-column)" if cap is None else cap[prepared.rows[rows]]
    if prepared.prices is None:
        return "the panel has no prices"
    since = _MOMENTUM if name == "momentum" else _REVERSAL
    grown = prepared.prices.growth(prepared.date_no[rows], prepared.asset_no[rows], since)
    return grown if name == "momentum" else -grown


def _by_score(name: str, prepared: Prepared, terms: Terms) -> Baseline:
    scores = _scores(name, prepared)
    if isinstance(scores, str):
        return Baseline(name, reason=scores)
    groups, eligible = prepared.test_groups, terms.eligible
    picks = pick(np.where(eligible, scores, np.nan), groups, terms.options.k, 1, None)
    parts = equal_parts(picks.picked, groups)
    return _measured(name, prepared, terms, Picks(eligible, picks.picked, picks.counted), parts, scores)


def _equal_weight(prepared: Prepared, terms: Terms) -> Baseline:
    parts = equal_parts(terms.eligible, prepared.test_groups)
    return _measured("equal_weight", prepared, terms, _all_of(terms.eligible, prepared.test_groups), parts)


def _cap_weighted(prepared: Prepared, terms: Terms) -> Baseline:
    cap = _scores("cap_topk", prepared)
    if isinstance(cap, str):
        return Baseline("cap_weighted", reason=cap)
    held = np.where(terms.eligible & ~np.isnan(cap), cap, 0.0)
    groups = prepared.test_groups
    total = groups.sum(held)
    parts = held / groups.spread(np.where(total > 0, total, 1.0))
    return _measured("cap_weighted", prepared, terms, _all_of(terms.eligible, groups), parts)


def _all_of(eligible: Bools, groups: Groups) -> Picks:
    return Picks(eligible, eligible, groups.sum(eligible) > 0)


def equal_parts(picked: Bools, groups: Groups) -> Floats:
    """Return equal parts of 1 for the picked rows of each date."""
    count = groups.sum(picked)
    parts: Floats = picked / groups.spread(np.where(count > 0, count, 1.0))
    return parts


_SHOWN: Final = ("precision_at_k", "base_rate", "edge", "forward_return", "universe_return", "rank_ic")


def _measured(
    name: str, prepared: Prepared, terms: Terms, picks: Picks, parts: Floats, scores: Floats | None = None
) -> Baseline:
    options, groups, horizon = terms.options, prepared.test_groups, prepared.options.horizon
    forward = prepared.labels(horizon).returns[prepared.test_rows]
    universe = prepared.universe(picks.eligible, horizon, options.k, options.hit)
    daily = measure(scores, picks, universe, groups)
    values = {metric: getattr(daily, metric) for metric in _SHOWN}
    if scores is None:  # holds everything: its precision is the base rate, whatever the parts
        values["forward_return"] = _weighted(parts, forward, groups)
    track = follow_parts(prepared, parts, terms.counted & picks.counted, options)
    returns = track.returns[~np.isnan(track.returns)]
    values = {metric: np.where(terms.dates, series, np.nan) for metric, series in values.items()}
    metrics = {
        **{metric: mean(series) for metric, series in values.items()},
        **summary(track, prepared.periods_per_year(), options.risk_free_rate),
        "net_return_median": float(np.median(returns)) if len(returns) else None,
    }
    windows = [
        {metric: mean(values[metric][w.first : w.last]) for metric in ("precision_at_k", "forward_return")}
        for w in prepared.windows
    ]
    return Baseline(name, metrics, windows)


def _weighted(parts: Floats, forward: Floats, groups: Groups) -> Floats:
    known = ~np.isnan(forward)
    held = groups.sum(np.where(known, parts, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        earned: Floats = groups.sum(np.where(known, parts * forward, 0.0)) / held
    return earned


def mean(values: Floats) -> float | None:
    """Return the mean of what is there; None when nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _random(prepared: Prepared, terms: Terms) -> Baseline:
    """Return what drawing lots gives: exactly, for draws without replacement, and how far draws scatter.

    The expectation of precision is the base rate, that of the return the mean of all eligible assets. The
    band is taken over draws on the rebalance dates; a lot depends on seed, draw, date and asset alone.
    """
    options, horizon = terms.options, prepared.options.horizon
    universe = prepared.universe(terms.eligible, horizon, options.k, options.hit)
    base_rate, mean_return = (
        np.where(terms.dates, each, np.nan) for each in (universe.base_rate, universe.mean_return)
    )
    precision, earned = mean(base_rate), mean(mean_return)
    metrics: dict[str, float | None] = {
        "precision_at_k": precision,
        "base_rate": precision,
        "edge": None if precision is None else 0.0,
        "forward_return": earned,
        "universe_return": earned,
    }
    windows = [
        {
            "precision_at_k": mean(base_rate[w.first : w.last]),
            "forward_return": mean(mean_return[w.first : w.last]),
        }
        for w in prepared.windows
    ]
    return Baseline("random", metrics, windows, _random_band(prepared, terms))


def _random_band(prepared: Prepared, terms: Terms) -> dict[str, tuple[float, float]]:
    options, offsets = terms.options, prepared.test_groups.offsets
    forward = prepared.labels(prepared.options.horizon).returns[prepared.test_rows]
    at = terms.rebalances[terms.dates[terms.rebalances]]
    chosen = np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(offsets[g], offsets[g + 1]) for g in at)])
    chosen = chosen[terms.eligible[chosen]]
    drawn, _ = Groups.of(prepared.date_no[prepared.test_rows][chosen])
    if not drawn.rows:
        return {}
    earned = forward[chosen]
    days = prepared.panel.dates[prepared.date_no[prepared.test_rows][chosen]].astype(np.int64).astype(np.uint64)
    assets = asset_keys(prepared.panel.assets)[prepared.asset_no[prepared.test_rows][chosen]]
    known = ~np.isnan(earned)
    hits = known & (np.where(known, earned, 0.0) > options.hit)
    precisions, returns = np.empty(_DRAWS), np.empty(_DRAWS)
    for draw in range(_DRAWS):
        lots = _lots(options.seed, draw, days, assets)
        taken = np.empty(len(lots), dtype=bool)
        for block in drawn.blocks:
            taken[block.start : block.stop] = block.long(top_k(block.dense(lots, -np.inf), options.k))
        count = drawn.sum(taken & known)
        with np.errstate(divide="ignore", invalid="ignore"):
            precisions[draw] = np.nanmean(drawn.sum(taken & hits) / count)
            returns[draw] = np.nanmean(drawn.sum(np.where(taken & known, earned, 0.0)) / count)
    return {
        "precision_at_k": tuple(np.quantile(precisions, _BAND).tolist()),
        "forward_return": tuple(np.quantile(returns, _BAND).tolist()),
    }


def _lots(seed: int, draw: int, days: np.ndarray, assets: np.ndarray) -> Floats:
    """Return a number in [0, 1) for each row that depends on nothing else (splitmix64, Steele et al. 2014)."""
    start = np.uint64((seed * 1_000_003 + draw) % 2**64)
    mixed = assets
    for part in (days, start):
        mixed = mixed ^ part
        mix(mixed)
    lots: Floats = (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return lots
