"""From picks to a portfolio: returns after costs, turnover, equity, and what is said of them.

The portfolio holds the picks in equal parts and is rebalanced every `horizon` dates, so its returns do not
overlap. The drift of the parts while they are held is ignored. Definitions as in empyrical, except that a
ratio without a meaning (one value, constant values) is absent instead of infinite. Dates that were skipped
are no periods of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from registry.backtest.groups import Bools, Floats, Groups, Ints

_ROUNDING: Final = 1e-12
"""Share of their size by which returns differ that are the same but for rounding."""

_CELLS = 1 << 18
"""Parts held at a time, rebalances times assets."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """The parts of a portfolio on every date: rows as in `groups`, summing to 1 on a date, or to 0."""

    parts: Floats
    groups: Groups
    asset_no: Ints
    assets: int
    """How many assets the panel has."""


@dataclass(frozen=True, slots=True)
class Track:
    """What a portfolio did: one value for each rebalance."""

    returns: Floats
    """After costs; NaN where nothing is known."""
    turnover: Floats
    """Half the sum of changed parts; NaN for the first, which buys everything."""
    costs: Floats = field(default_factory=lambda: np.zeros(0))
    """What was paid for trading, by rebalance; `returns` are after it."""


def follow(holdings: Holdings, forward: Floats, rebalances: Ints, counted: Bools, cost_bps: float) -> Track:
    """Rebalance into the holdings of the groups `rebalances`, in order.

    Holdings without a label are left out of a return and its parts shared among the others; where none has
    one, the return is not known (NaN). Nor is it where a group is not `counted`: that one is passed over, and
    the next is traded for from the one before.
    """
    if not len(rebalances):
        return Track(np.zeros(0), np.zeros(0))
    rows, groups = holdings.groups.only(rebalances)
    parts, asset_no, forward = holdings.parts[rows], holdings.asset_no[rows], forward[rows]
    absent = np.isnan(forward)
    known = np.where(absent, 0.0, parts)
    earned = groups.sum(known * np.where(absent, 0.0, forward))
    held, whole = groups.sum(known), groups.sum(parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        gross = np.where(whole > 0, np.where(held > 0, earned / held * whole, np.nan), 0.0)
    traded = np.full(len(rebalances), np.nan)
    usable = np.flatnonzero(counted[rebalances])
    if len(usable):
        own, taken = groups.only(usable)
        traded[usable] = _traded(parts[own], asset_no[own], taken, holdings.assets)
    turnover = traded / 2
    turnover[np.flatnonzero(counted[rebalances])[:1]] = np.nan
    costs = cost_bps / 1e4 * traded
    return Track(gross - costs, turnover, costs)


def _traded(parts: Floats, asset_no: Ints, groups: Groups, assets: int) -> Floats:
    """Return how much of the portfolio changes hands at each rebalance: the sum of all changes of parts."""
    traded = np.empty(len(groups))
    before = np.zeros((1, assets))
    step = max(1, _CELLS // max(1, assets))
    for first in range(0, len(groups), step):
        last = min(first + step, len(groups))
        rows = slice(int(groups.offsets[first]), int(groups.offsets[last]))
        held = np.zeros((last - first + 1, assets))
        held[0] = before
        held[np.repeat(np.arange(1, last - first + 1), groups.sizes[first:last]), asset_no[rows]] = parts[rows]
        traded[first:last] = np.abs(held[1:] - held[:-1]).sum(axis=1)
        before = held[-1:]
    return traded


def phases(test: Ints, horizon: int, count: int = 1) -> list[Ints]:
    """Return the positions of rebalance dates among test dates given by their index in the panel.

    Rebalances of one phase are `horizon` panel dates apart or more; phase j begins j dates after the first.
    """
    made = []
    for phase in range(count):
        chosen, due = [], test[0] + phase if len(test) else 0
        for position, index in enumerate(test):
            if index >= due:
                chosen.append(position)
                due = index + horizon
        made.append(np.array(chosen, dtype=np.int64))
    return made


def equity(returns: Floats) -> Floats:
    """Return the equity after each return, from 1.0 before the first; what is lost wholly stays 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.cumprod(np.maximum(1 + returns, 0.0), dtype=np.float64)


def max_drawdown(returns: Floats) -> float | None:
    """Return the deepest fall below the peak so far, 0 or less; the start is a peak. None without returns."""
    if not len(returns):
        return None
    curve = np.concatenate(([1.0], equity(returns)))
    with np.errstate(invalid="ignore"):  # what grew beyond any number
        return float(np.nanmin(curve / np.maximum.accumulate(curve) - 1))


def sharpe(returns: Floats, periods: float | None, risk_free: float = 0.0) -> float | None:
    """Return the mean excess return over its sample deviation, a year (Sharpe 1994). None where it has no meaning."""
    if len(returns) < 2 or periods is None or _constant(returns):
        return None
    rate = rate_per_period(risk_free, periods)
    if not math.isfinite(rate):
        return None
    excess = returns - rate
    return float(excess.mean() / excess.std(ddof=1) * np.sqrt(periods))


def _constant(returns: Floats) -> bool:
    """Tell whether returns differ by rounding alone."""
    return bool(np.ptp(returns) <= _ROUNDING * np.abs(returns).max())


def sortino(returns: Floats, periods: float | None, risk_free: float = 0.0) -> float | None:
    """Return the mean excess return over the downside deviation of all periods, a year (Sortino & Price 1994)."""
    if len(returns) < 2 or periods is None:
        return None
    rate = rate_per_period(risk_free, periods)
    if not math.isfinite(rate):
        return None
    excess = returns - rate
    downside = np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2))
    return float(excess.mean() / downside * np.sqrt(periods)) if downside > 0 else None


def rate_per_period(yearly: float, periods: float) -> float:
    """Return a yearly rate as the rate of one of `periods` equal periods; inf where that is no number."""
    return _power(1 + yearly, 1 / periods) - 1


def _power(base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


def total_return(returns: Floats) -> float:
    """Return the compounded return of all periods; -1 once everything is lost."""
    return float(equity(returns)[-1] - 1)


def cagr(returns: Floats, periods: float | None) -> float | None:
    """Return the compounded return a year; -1 once everything is lost, None where it is beyond any number."""
    if not len(returns) or periods is None:
        return None
    final = 1 + total_return(returns)
    grown = _power(final, periods / len(returns)) - 1 if final > 0 else -1.0
    return grown if math.isfinite(grown) else None


def summary(track: Track, periods: float | None, risk_free: float) -> dict[str, float | None]:
    """Return every metric of a portfolio by its name in `registry.metrics`."""
    returns = track.returns[~np.isnan(track.returns)]
    grown, fall = cagr(returns, periods), max_drawdown(returns)
    known = track.turnover[~np.isnan(track.turnover)]
    several = len(returns) > 1 and periods is not None
    return {
        "net_return": float(returns.mean()) if len(returns) else None,
        "total_return": total_return(returns) if len(returns) else None,
        "cagr": grown,
        "volatility": float(returns.std(ddof=1) * np.sqrt(periods or 0.0)) if several else None,
        "sharpe": sharpe(returns, periods, risk_free),
        "sortino": sortino(returns, periods, risk_free),
        "max_drawdown": fall,
        "calmar": grown / abs(fall) if grown is not None and fall else None,
        "turnover": float(known.mean()) if len(known) else None,
        "rebalances": float(len(returns)),
    }
