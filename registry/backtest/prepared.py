"""A panel made ready for one period: windows, eligible rows, labels, and transformed features as they are asked for.

Everything here is the same for every experiment evaluated with the same options about time, so hundreds of
experiments share one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from registry.backtest.calendar import Calendar, Span, index_range, make_calendar, train_range
from registry.backtest.groups import Bools, Floats, Groups, Ints
from registry.backtest.labels import PLAIN, UNMEASURED, Labels, Prices, forward_returns
from registry.backtest.measures import Universe, make_universe
from registry.backtest.options import HORIZONS, Options
from registry.backtest.transformations import Transformation
from registry.errors import BacktestError

if TYPE_CHECKING:
    from registry.backtest.panel import Panel


_FEW_DAYS = 7
"""A period may begin or end so many days beyond the panel, with a weekend or a holiday, and nothing is said."""

_KEPT = 6
"""Universes kept: a few horizons of two kinds of experiments."""


@dataclass(frozen=True, slots=True)
class TestWindow:
    """A window with the dates in it: positions among the test dates, and of what it trains on among all."""

    span: Span
    first: int
    last: int
    train_first: int
    """A group of `Prepared.groups`."""
    train_last: int


class Prepared:
    """A panel made ready.

    Rows are those that could be traded (a price, and inside the universe) from the first training date to
    the last test date; test dates are the last of their groups.

    Raises:
        BacktestError: the period holds no dates of the panel, or none that can be evaluated.
    """

    def __init__(self, panel: Panel, start: date, end: date, options: Options) -> None:
        self.panel, self.start, self.end = panel, start, end
        self.options = _fitting(panel, options)
        self.calendar: Calendar = make_calendar(start, end, options)
        first, last = index_range(panel.dates, start, end + timedelta(days=1))
        if first == last:
            raise BacktestError(
                f"the panel {panel.name} has no dates from {start} to {end}; it runs from {panel.dates[0]} to"
                f" {panel.dates[-1]}"
            )
        self.dates_in_period = last - first
        rows = np.arange(panel.offsets[first], panel.offsets[last])
        rows = rows[self._could_be_traded(rows)]
        self.rows: Ints = rows
        gapless = len(rows) > 0 and int(rows[-1] - rows[0]) + 1 == len(rows)
        self._taken = slice(int(rows[0]), int(rows[-1]) + 1) if gapless else rows  # a slice copies nothing
        self.date_no = panel.date_no[self._taken].astype(np.int64)
        self.asset_no = panel.asset_no[self._taken].astype(np.int64)
        self.groups, self.group_dates = Groups.of(self.date_no)
        self.prices = None if panel.price is None else Prices(panel)
        self._suspect: bool | None = None
        self._labels: dict[int, Labels] = {}
        self._universes: dict[tuple[int, int, float, bytes], Universe] = {}
        self._values: dict[tuple[str, str], Floats] = {}
        self._missing: dict[tuple[str, str], int] = {}
        self._find_test_dates(first, last)
        self.remarks = [*self.calendar.remarks, *self._beyond_the_panel()]
        """What was done otherwise than might be thought."""

    def _could_be_traded(self, rows: Ints | slice) -> np.ndarray:
        could = np.ones(len(self.panel.date_no[rows]), dtype=bool)
        if self.panel.price is not None:
            could &= np.isfinite(self.panel.price[rows])
        if self.panel.tradable is not None:
            could &= self.panel.tradable[rows]
        return could

    def _find_test_dates(self, first: int, last: int) -> None:
        """Find the groups of the test dates whose label is known, and the windows they make."""
        options, spans = self.options, self.calendar.spans
        test_first, _ = index_range(self.panel.dates, spans[0].test_start, spans[-1].test_end)
        if self.prices is not None and self.panel.forward is None:
            labelled = len(self.panel.dates) - options.lag - options.horizon
        else:
            known = self.date_no[~np.isnan(self.labels(options.horizon).returns)]
            labelled = int(known[-1]) + 1 if len(known) else 0
        self.censored_dates = max(0, last - max(test_first, labelled))
        low = int(np.searchsorted(self.group_dates, test_first))
        high = int(np.searchsorted(self.group_dates, min(last, labelled)))
        if low >= high:
            raise BacktestError(
                f"no date of the panel {self.panel.name} can be tested: the first test window begins on"
                f" {spans[0].test_start}, and the last date with a return {options.horizon} dates ahead"
                f" (entered {options.lag} later) is {self._date_before(labelled)}"
            )
        self.test_slice = slice(low, high)
        self.windows: list[TestWindow] = []
        self.empty_windows = 0
        dates = self.group_dates[self.test_slice]
        counted = np.zeros(high - low, dtype=bool)
        for span in spans:
            begin, stop = index_range(self.panel.dates, span.test_start, span.test_end)
            a, b = (int(found) for found in np.searchsorted(dates, [begin, stop]))
            if b - a < max(1, options.min_test_dates):
                self.empty_windows += 1
                continue
            train = train_range(self.panel.dates, span, options)
            c, d = (int(found) for found in np.searchsorted(self.group_dates, train))
            self.windows.append(TestWindow(span, a, b, c, d))
            counted[a:b] = True
        if not self.windows:
            raise BacktestError(f"no window has {options.min_test_dates} dates that can be tested")
        self.tested = counted
        """Which of the test dates belong to a window."""
        offsets = self.groups.offsets
        self.test_rows = slice(int(offsets[low]), int(offsets[high]))
        self.test_groups = Groups(offsets[low : high + 1] - offsets[low])
        self.test_dates = dates

    def _beyond_the_panel(self) -> list[str]:
        """Say when the period goes beyond the panel by more than a few days without trading."""
        first, last = (self.panel.dates[at].astype(object) for at in (0, -1))
        before, after = (first - self.start).days, (self.end - last).days
        if max(before, after) <= _FEW_DAYS:
            return []
        empty = f"; {self.empty_windows} of {len(self.calendar.spans)} windows are empty" if self.empty_windows else ""
        return [f"the period {self.start}..{self.end} goes beyond the panel, which has {first} to {last}{empty}"]

    def _date_before(self, index: int) -> str:
        return str(self.panel.dates[index - 1]) if index > 0 else "before the panel begins"

    @property
    def last_used(self) -> date:
        """The last date of the panel that anything here looks at: the last exit."""
        index = int(self.test_dates[-1]) + self.options.lag + max(self.options.horizons)
        used: date = self.panel.dates[min(index, len(self.panel.dates) - 1)].astype(object)
        return used

    def labels(self, horizon: int) -> Labels:
        """Return the forward returns of the rows over `horizon` panel dates."""
        if horizon not in self._labels:
            if self.panel.forward is not None:
                returns = self.panel.forward[self._taken]
                made = Labels(returns, np.where(np.isnan(returns), UNMEASURED, PLAIN).astype(np.int8))
            else:
                assert self.prices is not None
                made = forward_returns(
                    self.prices, self.date_no, self.asset_no, horizon, self.options.lag, self.options.delist
                )
            self._labels[horizon] = made
        return self._labels[horizon]

    def universe(self, eligible: Bools, horizon: int, k: int, hit: float) -> Universe:
        """Return what the eligible test rows earned; experiments with the same features mostly share it."""
        key = (horizon, k, hit, hashlib.blake2b(np.packbits(eligible).tobytes()).digest())
        if key not in self._universes:
            if len(self._universes) >= _KEPT:
                self._universes.pop(next(iter(self._universes)))
            forward = self.labels(horizon).returns[self.test_rows]
            self._universes[key] = make_universe(eligible, forward, self.test_groups, k, hit)
        return self._universes[key]

    def values(self, feature: str, transformation: Transformation) -> Floats:
        """Return a feature, transformed date by date over the rows that have it; NaN where it is missing."""
        key = (feature, transformation.text)
        if key not in self._values:
            self._values[key] = transformation.apply(self.panel.features[feature][self._taken], self.groups)
        return self._values[key]

    def missing(self, feature: str, transformation: Transformation) -> int:
        """Return how many test rows have no value of a transformed feature."""
        key = (feature, transformation.text)
        if key not in self._missing:
            values = self.values(feature, transformation)[self.test_rows]
            self._missing[key] = int(np.count_nonzero(np.isnan(values)))
        return self._missing[key]

    def periods_per_year(self) -> float | None:
        """Return how many horizons there are in a year of the test dates; None for a single date."""
        return self._periods_per_year

    @cached_property
    def _periods_per_year(self) -> float | None:
        if self.options.periods_per_year is not None:
            return self.options.periods_per_year
        first, last = (self.panel.dates[self.test_dates[i]].astype(object) for i in (0, -1))
        years = (last - first).days / 365.25
        dates = int(self.test_dates[-1] - self.test_dates[0])
        return dates / years / self.options.horizon if years > 0 else None

    def survivorship_suspect(self) -> bool:
        """Tell whether every asset can be traded on the last date: a panel from which the dead were left out.

        An asset that has rows without a price, or outside the universe, is not there on their dates.
        """
        if self._suspect is None:
            panel = self.panel
            there = self._could_be_traded(slice(None))
            ever = np.zeros(len(panel.assets), dtype=bool)
            ever[panel.asset_no[there]] = True
            last = np.count_nonzero(there[panel.offsets[-2] :])
            self._suspect = bool(last == np.count_nonzero(ever))
        return self._suspect


def _fitting(panel: Panel, options: Options) -> Options:
    """Return the options as they apply to the panel: a given forward return brings its own horizon.

    Its lag is the one that was asked for, so that training is purged of what a return entered later looks at.
    """
    if panel.forward is None:
        if panel.price is None:
            raise BacktestError(f"the panel {panel.name} has neither prices nor forward returns")
        return options
    if panel.forward_horizon is None:
        raise BacktestError(
            "a given forward return needs its horizon in panel dates: without it training can't be purged"
        )
    given = {"horizons": options.horizons, "delist": options.delist}
    check_given(panel, {name: value for name, value in given.items() if value not in (HORIZONS, "last")})
    return options.with_(horizons=(panel.forward_horizon,))


def check_given(panel: Panel, given: Mapping[str, Any]) -> None:
    """Refuse options that were given, but that a given forward return has decided already.

    Raises:
        BacktestError: the message names the option.
    """
    if panel.forward is None:
        return
    horizons, delist = given.get("horizons"), given.get("delist", "last")
    if horizons is not None and horizons != (panel.forward_horizon,):
        raise BacktestError(
            f"horizons: {','.join(map(str, horizons))} can't be computed, the given forward return spans"
            f" {panel.forward_horizon} dates; ask for {panel.forward_horizon}, or give prices"
        )
    if delist != "last":
        raise BacktestError(
            f"delist: {delist} needs prices; what became of an asset that is gone is in the given forward return"
        )
