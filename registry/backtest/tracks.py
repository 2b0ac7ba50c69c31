"""What a portfolio earned over the test dates: rebalanced as a whole, or in tranches that are staggered by a date.

An experiment and the baselines beside it are followed by the same functions.
"""

from __future__ import annotations

import numpy as np

from registry.backtest.groups import Bools, Floats, Ints
from registry.backtest.labels import values_held
from registry.backtest.options import Options
from registry.backtest.portfolio import Holdings, Track, follow, phases
from registry.backtest.prepared import Prepared
from registry.errors import BacktestError


def rebalances_of(prepared: Prepared) -> Ints:
    """Return the positions of the rebalance dates among the test dates."""
    return _staggered(prepared, 1)[0]


def _staggered(prepared: Prepared, count: int) -> list[Ints]:
    positions = np.flatnonzero(prepared.tested)
    found = phases(prepared.test_dates[positions], prepared.options.horizon, count)
    return [positions[phase] for phase in found if len(phase)]


def follow_parts(prepared: Prepared, parts: Floats, counted: Bools, options: Options) -> Track:
    """Return what holding these parts (of test rows) earned, one value for each of `rebalances_of`.

    Raises:
        BacktestError: tranches were asked for, but the panel has no prices to value them by.
    """
    rows, horizon = prepared.test_rows, prepared.options.horizon
    forward = prepared.labels(horizon).returns[rows]
    holdings = Holdings(parts, prepared.test_groups, prepared.asset_no[rows], len(prepared.panel.assets))
    if not options.tranches:
        return follow(holdings, forward, rebalances_of(prepared), counted, options.cost_bps)
    if prepared.prices is None or prepared.panel.forward is not None:
        raise BacktestError(
            "tranches: they are valued on every date, which takes prices; a given forward return tells nothing of"
            " the dates before its end"
        )
    starts = _staggered(prepared, horizon)
    tracks = [follow(holdings, forward, start, counted, options.cost_bps) for start in starts]
    return _together(prepared, holdings, forward, starts, tracks)


def _together(
    prepared: Prepared, holdings: Holdings, forward: Floats, starts: list[Ints], tracks: list[Track]
) -> Track:
    """Return the portfolio that is in equal parts in the tranches, in periods of a horizon.

    On a date it earns the mean of what the tranches earned that hold something on it; the dates of a period,
    which begins with each rebalance of the first tranche, are compounded (Jegadeesh & Titman 1993 hold
    overlapping portfolios so). The returns of the tranches over their own horizons can't be averaged: they lie
    on different dates, and their mean scatters less than the portfolio did.
    """
    horizon, lag = prepared.options.horizon, prepared.options.lag
    total, count = np.zeros(len(prepared.panel.dates)), np.zeros(len(prepared.panel.dates))
    for start, track in zip(starts, tracks, strict=True):
        known = ~np.isnan(track.returns)
        at = prepared.test_dates[start[known]][:, None] + lag + np.arange(1, horizon + 1)
        np.add.at(total, at, _by_date(prepared, holdings, forward, start[known], track.costs[known]))
        np.add.at(count, at, 1)
    with np.errstate(invalid="ignore"):
        daily = total / count
    begins = prepared.test_dates[starts[0]]
    inside = daily[begins[:, None] + lag + np.arange(1, horizon + 1)]
    absent = np.isnan(inside)
    returns = np.where(absent.all(axis=1), np.nan, np.prod(np.where(absent, 1.0, 1 + inside), axis=1) - 1)
    return Track(returns, _means(begins, prepared, starts, [track.turnover for track in tracks]))


def _by_date(prepared: Prepared, holdings: Holdings, forward: Floats, start: Ints, costs: Floats) -> Floats:
    """Return what a tranche earned on each date of each of its holdings, of what it was worth the date before."""
    options, groups = prepared.options, holdings.groups
    assert prepared.prices is not None
    held = np.where(np.isnan(forward), 0.0, holdings.parts)
    worth = np.ones((len(start), options.horizon + 1))
    for i, group in enumerate(start):
        rows = np.arange(groups.offsets[group], groups.offsets[group + 1])
        rows = rows[held[rows] > 0]
        if not len(rows):
            continue
        date_no = np.full(len(rows), prepared.test_dates[group])
        values = values_held(
            prepared.prices, date_no, holdings.asset_no[rows], options.horizon, options.lag, options.delist
        )
        parts = held[rows] / held[rows].sum()
        worth[i] = parts @ values
    worth[:, 1:] -= costs[:, None]
    before, now = worth[:, :-1], worth[:, 1:]
    return np.where(before > 0, now / np.where(before > 0, before, 1.0) - 1, 0.0)


def _means(begins: Ints, prepared: Prepared, starts: list[Ints], values: list[Floats]) -> Floats:
    """Return the mean over tranches of what their rebalances within each period had."""
    total, count = np.zeros(len(begins)), np.zeros(len(begins))
    for start, each in zip(starts, values, strict=True):
        known = ~np.isnan(each)
        period = np.searchsorted(begins, prepared.test_dates[start[known]], side="right") - 1
        np.add.at(total, period, each[known])
        np.add.at(count, period, 1)
    with np.errstate(invalid="ignore"):
        found: Floats = total / count
    return found
