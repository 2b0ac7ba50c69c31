"""Forward returns: what an asset earned from `lag` panel dates after the score, for `horizon` panel dates.

Dates are those of the panel, not an asset's own rows, so a gap never stretches a horizon. What becomes of
an asset that is gone before the exit is said here, and counted, never left out in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from registry.backtest.groups import Floats, Ints
from registry.backtest.options import Delist

if TYPE_CHECKING:
    from registry.backtest.panel import Panel

PLAIN: Final = 0
DELISTED: Final = 1
"""No price at the exit, and none ever after."""
GAP: Final = 2
"""No price at the exit, but later."""
UNENTERED: Final = 3
"""No price at the entry: it could not be bought, the money stays cash."""
UNMEASURED: Final = 4
"""A forward return was given, but not of this row."""

_ROWS: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Labels:
    """Forward returns of rows; NaN where there is none."""

    returns: Floats
    kinds: npt.NDArray[np.int8]


class Prices:
    """Prices as a table, dates down and assets across; NaN where there is none."""

    def __init__(self, panel: Panel) -> None:
        assert panel.price is not None
        self.table = np.full((len(panel.dates), len(panel.assets)), np.nan)
        self.table[panel.date_no, panel.asset_no] = panel.price
        priced = np.isfinite(panel.price)
        self.last = np.full(len(panel.assets), -1, dtype=np.int64)
        self.last[panel.asset_no[priced]] = panel.date_no[priced]  # rows are by date: the last one stays

    def growth(self, date_no: Ints, asset_no: Ints, since: int, skip: int = 0) -> Floats:
        """Return the return over the `since` dates up to `skip` dates ago; NaN where a price is missing."""
        grown = np.full(len(date_no), np.nan)
        known = date_no >= since + skip
        dates, assets = date_no[known], asset_no[known]
        with np.errstate(invalid="ignore"):
            grown[known] = self.table[dates - skip, assets] / self.table[dates - since - skip, assets] - 1
        return grown


def forward_returns(prices: Prices, date_no: Ints, asset_no: Ints, horizon: int, lag: int, delist: Delist) -> Labels:
    """Return P(t + lag + horizon) / P(t + lag) - 1 for rows given by their date and asset.

    Dates whose exit lies past the panel's end have no label; they are dropped for every asset alike.
    """
    returns = np.empty(len(date_no))
    kinds = np.empty(len(date_no), dtype=np.int8)
    for start in range(0, len(date_no), _ROWS):  # so many that what lies between stays in the processor's cache
        part = slice(start, start + _ROWS)
        returns[part], kinds[part] = _forward(prices, date_no[part], asset_no[part], horizon, lag, delist)
    return Labels(returns, kinds)


def _forward(
    prices: Prices, date_no: Ints, asset_no: Ints, horizon: int, lag: int, delist: Delist
) -> tuple[Floats, npt.NDArray[np.int8]]:
    returns = np.full(len(date_no), np.nan)
    kinds = np.zeros(len(date_no), dtype=np.int8)
    known = np.flatnonzero(date_no + lag + horizon < len(prices.table))
    dates, assets = date_no[known], asset_no[known]
    table, wide = prices.table.ravel(), prices.table.shape[1]
    place = (dates + lag) * wide + assets
    entry = table[place]
    leave = table[place + horizon * wide]
    returns[known] = leave / entry - 1

    unentered = np.isnan(entry)
    returns[known[unentered]] = 0.0
    kinds[known[unentered]] = UNENTERED

    lost = np.flatnonzero(np.isnan(leave) & ~unentered)
    if len(lost):
        dates, assets, rows = dates[lost], assets[lost], known[lost]
        gone = prices.last[assets] < dates + lag + horizon
        kinds[rows] = np.where(gone, DELISTED, GAP)
        returns[rows] = _last_price(prices, dates + lag, assets, horizon) / entry[lost] - 1
        if delist != "last":
            returns[rows[gone]] = -1.0 if delist == "loss" else np.nan
    return returns, kinds


def _last_price(prices: Prices, entry: Ints, assets: Ints, horizon: int) -> Floats:
    """Return the last price from the entry on, before the exit."""
    found = prices.table[entry, assets]
    for step in range(1, horizon):
        price = prices.table[entry + step, assets]
        found = np.where(np.isnan(price), found, price)
    return found


def values_held(prices: Prices, date_no: Ints, asset_no: Ints, horizon: int, lag: int, delist: Delist) -> Floats:
    """Return what 1 put into rows at their entry is worth on it and on each of the `horizon` dates after.

    The last column is 1 plus the forward return; rows without a label, or left out by `delist`, mean nothing.
    """
    entry = date_no + lag
    worth: Floats = prices.table[entry[:, None] + np.arange(horizon + 1), asset_no[:, None]]
    for step in range(1, horizon + 1):
        absent = np.isnan(worth[:, step])
        worth[absent, step] = worth[absent, step - 1]
    unbought = np.isnan(worth[:, 0])
    worth /= worth[:, :1].copy()
    if delist == "loss":
        worth[entry[:, None] + np.arange(horizon + 1) > prices.last[asset_no][:, None]] = 0.0
    worth[unbought] = 1.0
    return worth
