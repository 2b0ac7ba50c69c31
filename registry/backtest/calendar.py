"""Walk-forward windows: spans of calendar days, and the panel dates in them.

Windows are half-open inside (`[start, end)`), so that no date belongs to two of them; what people read has
both ends inside. Dates are counted by their index among the panel's dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from registry.backtest.options import DEFAULT_TRAIN_DAYS, Options
from registry.errors import BacktestError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Span:
    """One train/test pair; ends are the first day that is not inside."""

    number: int
    train_start: date
    train_end: date
    test_start: date
    test_end: date
    partial: bool
    """Shorter than the walk: the end of the period cut it."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The windows of a period and how they came about."""

    spans: list[Span]
    train_days: int
    remarks: list[str]


def make_calendar(start: date, end: date, options: Options) -> Calendar:
    """Return the windows of the period from `start` to `end`, both inside.

    The first test window begins `train_days` after `start`, each next one where the one before ends.

    Raises:
        BacktestError: the period is too short for a train and a test window, or turned round.
    """
    if end < start:
        raise BacktestError(f"end: {end} is before the start, {start}")
    days = (end - start).days + 1
    if options.walk_days > days:
        raise BacktestError(f"walk: {options.walk_days} days are longer than the {days} days from {start} to {end}")
    if (date.max - end).days <= options.walk_days:
        raise BacktestError(f"end: {end} is too near the end of the calendar for a window; give the last day to test")
    remarks = []
    train_days = options.train_days
    if train_days is None:
        train_days = DEFAULT_TRAIN_DAYS
        if train_days + options.walk_days > days:
            train_days = min(options.walk_days, days - 1)
            remarks.append(
                f"the period has {days} days, too few to train on {DEFAULT_TRAIN_DAYS}: each window trains on"
                f" {train_days}; give --train to choose"
            )
    if train_days >= days:
        raise BacktestError(
            f"train: after {train_days} days nothing is left to test of the {days} days from {start} to {end}"
        )
    spans: list[Span] = []
    stop = end + timedelta(days=1)
    test_start = start + timedelta(days=train_days)
    while test_start < stop:
        whole = test_start + timedelta(days=options.walk_days)
        train_start = start if options.expanding else test_start - timedelta(days=train_days)
        spans.append(Span(len(spans) + 1, train_start, test_start, test_start, min(whole, stop), whole > stop))
        test_start = whole
    return Calendar(spans, train_days, remarks)


def index_range(dates: np.ndarray, start: date, stop: date) -> tuple[int, int]:
    """Return the indices of the panel dates in `[start, stop)`."""
    import numpy as np

    found = np.searchsorted(dates, [np.datetime64(start, "D"), np.datetime64(stop, "D")])
    return int(found[0]), int(found[1])


def train_range(dates: np.ndarray, span: Span, options: Options) -> tuple[int, int]:
    """Return the indices of the dates a window trains on, purged.

    A date stays only if its label is known, and the embargo over, before the first test date: index +
    lag + horizon + embargo < index of the first test date (López de Prado 2018, chapter 7; skfolio's
    `WalkForward(purged_size=lag + horizon)` leaves the same dates).
    """
    first, last = index_range(dates, span.train_start, span.train_end)
    test_first, _ = index_range(dates, span.test_start, span.test_end)
    return first, max(first, min(last, test_first - options.lag - options.horizon - options.embargo))
