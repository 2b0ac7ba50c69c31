"""One experiment on a prepared panel: picks, metrics by date, window and run, intervals and baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from registry.backtest import labels as kinds
from registry.backtest.baselines import BASELINES, Baseline, Terms, equal_parts, evaluate_baselines, mean
from registry.backtest.groups import Bools, Floats, Ints
from registry.backtest.measures import Daily, Picks, measure, pick
from registry.backtest.options import Options
from registry.backtest.portfolio import Track, equity, summary
from registry.backtest.prepared import Prepared, TestWindow
from registry.backtest.scoring import Recipe, score
from registry.backtest.steps import Steps
from registry.backtest.tracks import follow_parts, rebalances_of
from registry.canonical import show
from registry.metrics import AT_HORIZON
from registry.runs.record import Series, Window

DATE_METRICS: Final = (
    "precision_at_k", "base_rate", "edge", "overlap_at_k", "forward_return", "universe_return", "ic", "rank_ic",
    "eligible",
)  # fmt: skip
"""Metrics with a value for each date; a window's or a run's value is the mean over its dates."""

_DIGITS: Final = 12
"""Significant digits of what is recorded: what differs by less is the work of another processor."""

_CROWDED: Final = 4
"""Picking more than one in so many of the eligible assets is hardly picking."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What picking by scores gave, on the test dates."""

    picks: Picks
    daily: Daily
    at_horizons: dict[int, Daily]
    track: Track
    rebalances: Ints
    """Positions among the test dates, one for each return of the track."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything a backtest found out about an experiment."""

    metrics: dict[str, float | None]
    windows: list[Window]
    series: Series
    """By rebalance date."""
    counts: dict[str, int]
    intervals: dict[str, tuple[float, float]]
    """95 % intervals by metric (of `forward_return_median`, the median over rebalances)."""
    median_return: float | None
    baselines: list[Baseline]
    warnings: list[str]
    remarks: list[str]
    scored: Scored = field(repr=False)

    @property
    def equity(self) -> list[float]:
        """The portfolio's equity after each rebalance period, from 1 at the start."""
        returns = self.scored.track.returns
        return significant(equity(returns[~np.isnan(returns)]))


def count_steps(prepared: Prepared, recipe: Recipe, options: Options) -> int:
    """Return how many steps evaluating will have."""
    intervals = len(_INTERVALS) if options.bootstrap else 0
    baselines = len(BASELINES) if options.baselines else 0
    return len(recipe.names) + len(prepared.options.horizons) + intervals + baselines


def evaluate(prepared: Prepared, recipe: Recipe, options: Options, steps: Steps | None = None) -> Evaluation:
    """Evaluate an experiment's recipe on a prepared panel.

    `options` may differ from those of `prepared` only in what does not concern time: `k`, `hit`,
    `threshold`, `missing`, `min_assets`, `cost_bps`, `tranches`, seed, intervals and baselines.
    """
    steps = steps or Steps()
    values = [
        prepared.values(name, transformation)
        for name, transformation in steps.over(zip(recipe.names, recipe.transformations, strict=True))
    ]
    scores = score(recipe, values, prepared.groups, options.missing)[prepared.test_rows]
    scored = picked_by(prepared, scores, options, steps)
    means = _window_means(scored, prepared.windows)
    windows = [
        _window(prepared, scored, window, options, each) for window, each in zip(prepared.windows, means, strict=True)
    ]
    counts = _counts(prepared, scored, recipe)
    known = scored.track.returns[~np.isnan(scored.track.returns)]
    return Evaluation(
        _metrics(prepared, scored, prepared.tested, scored.track.returns, options, _means(scored, prepared.tested)),
        windows,
        _series(prepared, scored),
        counts,
        _intervals(scored, options, steps) if options.bootstrap else {},
        significant_one(float(np.median(known))) if len(known) else None,
        _baselines(prepared, scored, options, steps) if options.baselines else [],
        _warnings(prepared, scored, recipe, options, counts),
        list(prepared.remarks),
        scored,
    )


def picked_by(prepared: Prepared, scores: Floats, options: Options, steps: Steps | None = None) -> Scored:
    """Pick by the scores of the test rows, and follow the portfolio."""
    steps = steps or Steps()
    groups = prepared.test_groups
    picks = pick(scores, groups, options.k, options.least_assets, options.threshold)
    at = {
        horizon: measure(scores, picks, prepared.universe(picks.eligible, horizon, options.k, options.hit), groups)
        for horizon in steps.over(prepared.options.horizons)
    }
    track = follow_parts(prepared, equal_parts(picks.picked, groups), picks.counted, options)
    daily = at.pop(prepared.options.horizon)
    return Scored(picks, daily, at, track, rebalances_of(prepared))


# -- numbers ---------------------------------------------------------------------------------------------


def significant_one(value: float | None) -> float | None:
    """Return a number as it is recorded: rounded to 12 significant digits, absent when it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}") + 0.0


def significant(values: Floats) -> list[Any]:
    """Return numbers as they are recorded."""
    return [significant_one(value) for value in values.tolist()]


def _ratio(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    if len(known) < 2 or known.max() <= known.min():
        return None
    return float(known.mean() / known.std(ddof=1))


def _by_date(scored: Scored) -> dict[str, Floats]:
    """Return every metric with a value for each test date, those at other horizons too."""
    made = {name: getattr(scored.daily, name) for name in DATE_METRICS}
    for horizon, other in scored.at_horizons.items():
        made |= {f"{name}_h{horizon}": getattr(other, name) for name in AT_HORIZON}
    return made


def _means(scored: Scored, dates: Bools) -> dict[str, float | None]:
    return {name: mean(values[dates]) for name, values in _by_date(scored).items()}


def _window_means(scored: Scored, windows: Sequence[TestWindow]) -> list[dict[str, float | None]]:
    """Return the means over each window: at once for windows of equally many dates, to the same last bit."""
    by_date = _by_date(scored)
    table = np.array(list(by_date.values()))
    found = np.empty((len(windows), len(table)))
    first = np.array([window.first for window in windows])
    sizes = np.array([window.last for window in windows]) - first
    for size in np.unique(sizes):
        these = np.flatnonzero(sizes == size)
        values = table.take(first[these, None] + np.arange(size), axis=1)  # a window's dates side by side
        found[these] = values.mean(axis=2).T
    made = []
    for window, means in zip(windows, found.tolist(), strict=True):
        each: dict[str, float | None] = {}
        for name, value in zip(by_date, means, strict=True):  # NaN: on some of the dates there is nothing
            each[name] = mean(by_date[name][window.first : window.last]) if math.isnan(value) else value
        made.append(each)
    return made


def _metrics(
    prepared: Prepared,
    scored: Scored,
    dates: Bools | slice,
    returns: Floats,
    options: Options,
    means: Mapping[str, float | None],
) -> dict[str, float | None]:
    """Return the metrics over some of the test dates, of which `means` are known, and their portfolio returns."""
    from registry.statistics.hac import t_of_mean

    daily = scored.daily
    rank_ic = daily.rank_ic[dates]
    known = rank_ic[~np.isnan(rank_ic)]
    evaluated = scored.picks.counted[dates]
    made = dict(means)
    made["icir"], made["rank_icir"] = _ratio(daily.ic[dates]), _ratio(rank_ic)
    made["rank_ic_t"] = t_of_mean(known, prepared.options.horizon - 1) if len(known) > 1 else None
    made["hit_rate"] = float(np.mean(known > 0)) if len(known) else None
    made["dates"] = float(np.count_nonzero(evaluated))
    track = scored.track
    of_these = Track(returns, track.turnover if len(returns) == len(track.returns) else np.zeros(0))
    made |= summary(of_these, prepared.periods_per_year(), options.risk_free_rate)
    return {name: significant_one(value) for name, value in made.items()}


def _window(
    prepared: Prepared, scored: Scored, window: TestWindow, options: Options, means: Mapping[str, float | None]
) -> Window:
    inside = (scored.rebalances >= window.first) & (scored.rebalances < window.last)
    dates = slice(window.first, window.last)
    metrics = _metrics(prepared, scored, dates, scored.track.returns[inside], options, means)
    metrics["turnover"] = significant_one(mean(scored.track.turnover[inside]))
    span, day = window.span, np.timedelta64(1, "D")
    train_end, test_end = (str(np.datetime64(moment, "D") - day) for moment in (span.train_end, span.test_end))
    return Window(
        span.number, span.train_start.isoformat(), train_end, span.test_start.isoformat(), test_end, span.partial,
        metrics,
    )  # fmt: skip


def _series(prepared: Prepared, scored: Scored) -> Series:
    at = scored.rebalances
    dates = prepared.panel.dates[prepared.test_dates[at]]
    values = {name: significant(getattr(scored.daily, name)[at]) for name in DATE_METRICS}
    values["net_return"] = significant(scored.track.returns)
    values["turnover"] = significant(scored.track.turnover)
    return Series([str(day) for day in dates], values)


_INTERVALS: Final = ("precision_at_k", "edge", "rank_ic", "net_return", "forward_return_median")


def _intervals(scored: Scored, options: Options, steps: Steps) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals from the rebalance dates, whose labels do not overlap."""
    from registry.statistics.bootstrap import stationary_bootstrap

    made = {}
    for name in steps.over(_INTERVALS):
        of_returns = name in ("net_return", "forward_return_median")
        values = scored.track.returns if of_returns else getattr(scored.daily, name)[scored.rebalances]
        known = values[~np.isnan(values)]
        if len(known) > 1:
            statistic = "median" if name == "forward_return_median" else "mean"
            low, high = stationary_bootstrap(known, statistic, draws=options.n_bootstrap, seed=options.seed)
            made[name] = (float(f"{low:.{_DIGITS}g}"), float(f"{high:.{_DIGITS}g}"))
    return made


def _baselines(prepared: Prepared, scored: Scored, options: Options, steps: Steps) -> list[Baseline]:
    picked = prepared.tested & ~np.isnan(scored.daily.precision_at_k)
    terms = Terms(options, scored.picks.eligible, scored.picks.counted, picked, scored.rebalances)
    return [_rounded(baseline) for baseline in evaluate_baselines(prepared, terms, steps)]


def _rounded(baseline: Baseline) -> Baseline:
    def each(values: Mapping[str, float | None]) -> dict[str, float | None]:
        return {name: significant_one(value) for name, value in values.items()}

    band = {
        name: (significant_one(low) or 0.0, significant_one(high) or 0.0) for name, (low, high) in baseline.band.items()
    }
    return Baseline(baseline.name, each(baseline.metrics), [each(w) for w in baseline.windows], band, baseline.reason)


def _counts(prepared: Prepared, scored: Scored, recipe: Recipe) -> dict[str, int]:
    rows = prepared.test_rows
    picked = scored.picks.picked & prepared.test_groups.spread(prepared.tested)
    picks_of_date = prepared.test_groups.sum(picked)
    kind = prepared.labels(prepared.options.horizon).kinds[rows][picked]
    tested = prepared.tested
    return {
        "test_dates": int(np.count_nonzero(tested)),
        "evaluated_dates": int(np.count_nonzero(tested & scored.picks.counted)),
        "skipped_dates": int(np.count_nonzero(tested & ~scored.picks.counted)),
        "dates_without_picks": int(np.count_nonzero(tested & scored.picks.counted & (picks_of_date == 0))),
        "censored_dates": prepared.censored_dates,
        "rebalance_dates": int(np.count_nonzero(~np.isnan(scored.track.returns))),
        "skipped_rebalances": int(np.count_nonzero(np.isnan(scored.track.returns))),
        "empty_windows": prepared.empty_windows,
        "picks": int(np.count_nonzero(picked)),
        "delisted_picks": int(np.count_nonzero(kind == kinds.DELISTED)),
        "gap_picks": int(np.count_nonzero(kind == kinds.GAP)),
        "unentered_picks": int(np.count_nonzero(kind == kinds.UNENTERED)),
        "unmeasured_picks": int(np.count_nonzero(kind == kinds.UNMEASURED)),
        "ic_dates": int(np.count_nonzero(~np.isnan(scored.daily.rank_ic[tested]))),
        "missing_values": sum(
            prepared.missing(name, transformation)
            for name, transformation in zip(recipe.names, recipe.transformations, strict=True)
        ),
    }  # fmt: skip


def _warnings(
    prepared: Prepared, scored: Scored, recipe: Recipe, options: Options, counts: Mapping[str, int]
) -> list[str]:
    made = [
        f"the feature {show(name)} has no value on any test date"
        for name, transformation in zip(recipe.names, recipe.transformations, strict=True)
        if prepared.missing(name, transformation) == prepared.test_groups.rows
    ]
    eligible = mean(scored.daily.eligible[prepared.tested & scored.picks.counted])
    if not counts["evaluated_dates"]:
        made.append(
            f"no date has {options.least_assets} eligible assets: nothing was measured; lower --k or --min-assets"
        )
    elif eligible is not None and options.k > eligible / _CROWDED:
        made.append(
            f"K is {options.k} of {eligible:.0f} eligible assets on an average date: picking more than a quarter of"
            " the universe says little"
        )
    if prepared.survivorship_suspect():
        made.append(
            "every asset of the panel is there on its last date: survivors only, it seems, which flatters every result"
        )
    if options.delist == "drop" and counts["delisted_picks"]:
        made.append(f"{counts['delisted_picks']} delisted picks were left out, which flatters the result")
    if counts["unmeasured_picks"]:
        made.append(
            f"{counts['unmeasured_picks']} picks have no forward return and were left out, which flatters the result"
            " if they are of assets that are gone"
        )
    if counts["unentered_picks"]:
        made.append(f"{counts['unentered_picks']} picks had no price at the entry and stayed cash")
    return made
