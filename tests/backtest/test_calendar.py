"""Windows: half-open, without gaps; training is purged."""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.backtest.calendar import make_calendar, train_range
from registry.backtest.options import Options
from registry.backtest.prepared import Prepared
from registry.errors import BacktestError
from tests.backtest.tables import make_panel, walk


def test_the_example_of_the_earlier_harness() -> None:
    made = make_calendar(date(2024, 1, 1), date(2024, 12, 31), Options(walk_days=30, train_days=30))
    assert len(made.spans) == 12
    first, last = made.spans[0], made.spans[-1]
    assert (first.train_start, first.test_start, first.test_end) == (
        date(2024, 1, 1),
        date(2024, 1, 31),
        date(2024, 3, 1),
    )
    assert last.partial
    assert (last.test_end - last.test_start).days == 6
    assert [span.partial for span in made.spans[:-1]] == [False] * 11


@given(st.integers(2, 800), st.integers(1, 90), st.integers(1, 400), st.booleans())
def test_every_day_after_training_is_tested_once(days: int, walk: int, train: int, expanding: bool) -> None:
    start = date(2020, 1, 1)
    end = start + timedelta(days=days - 1)
    options = Options(walk_days=min(walk, days), train_days=train, expanding=expanding)
    if train >= days:
        with pytest.raises(BacktestError, match="nothing is left to test"):
            make_calendar(start, end, options)
        return
    spans = make_calendar(start, end, options).spans
    assert spans[0].test_start == start + timedelta(days=train)
    assert spans[-1].test_end == end + timedelta(days=1)
    for before, after in itertools.pairwise(spans):
        assert before.test_end == after.test_start
    for span in spans:
        assert span.train_end == span.test_start
        assert span.train_start == (start if expanding else span.test_start - timedelta(days=train))


def test_too_short_a_period_trains_on_a_walk_and_says_so() -> None:
    made = make_calendar(date(2024, 1, 1), date(2024, 6, 30), Options())
    assert made.train_days == 30
    assert "too few to train on 365" in made.remarks[0]
    assert make_calendar(date(2020, 1, 1), date(2024, 6, 30), Options()).train_days == 365


@pytest.mark.parametrize(
    ("start", "end", "options", "said"),
    [
        (date(2024, 2, 1), date(2024, 1, 1), Options(), "before the start"),
        (date(2024, 1, 1), date(2024, 1, 20), Options(), "longer than the 20 days"),
        (date(2024, 1, 1), date(2024, 3, 1), Options(train_days=90), "nothing is left to test"),
    ],
)
def test_refusals(start: date, end: date, options: Options, said: str) -> None:
    with pytest.raises(BacktestError, match=said):
        make_calendar(start, end, options)


@given(st.integers(0, 4), st.integers(1, 20), st.integers(0, 5), st.integers(5, 60))
def test_no_training_label_reaches_the_test_window(lag: int, horizon: int, embargo: int, train: int) -> None:
    dates = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-06-01"))
    options = Options(lag=lag, horizons=(horizon,), embargo=embargo, train_days=train, walk_days=10)
    for span in make_calendar(date(2020, 1, 1), date(2020, 5, 31), options).spans:
        first, last = train_range(dates, span, options)
        test_first = int(np.searchsorted(dates, np.datetime64(span.test_start)))
        assert first <= last
        if last > first:
            assert last - 1 + lag + horizon + embargo < test_first
            assert dates[first] >= np.datetime64(span.train_start)


@pytest.mark.full
def test_the_purge_leaves_what_skfolio_leaves() -> None:
    from skfolio.model_selection import WalkForward

    dates = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-03-11"))
    options = Options(lag=1, horizons=(4,), train_days=25, walk_days=10)
    spans = make_calendar(date(2020, 1, 1), date(2020, 3, 10), options).spans
    theirs = WalkForward(test_size=10, train_size=20, purged_size=5, reduce_test=True).split(np.zeros((len(dates), 1)))
    for span, (train, test) in zip(spans, theirs, strict=False):
        first, last = train_range(dates, span, options)
        assert list(range(first, last)) == train.tolist()
        assert int(np.searchsorted(dates, np.datetime64(span.test_start))) == test[0]


@pytest.mark.parametrize("end", [date(9999, 12, 31), date(9999, 12, 2)])
def test_a_period_at_the_end_of_time_is_refused(end: date) -> None:
    with pytest.raises(BacktestError, match=r"^end: 9999-12-.. is too near"):
        make_calendar(date(2020, 1, 1), end, Options())
    make_calendar(date(9990, 1, 1), date(9999, 11, 1), Options())


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2020-01-01", "2020-03-31", None),
        ("2020-01-01", "2020-04-06", None),
        ("2019-12-01", "2020-03-31", "has 2020-01-01 to 2020-03-31$"),
        ("2019-07-01", "2020-03-31", "has 2020-01-01 to 2020-03-31; 4 of 8 windows are empty$"),
        ("2020-01-01", "2021-12-31", "has 2020-01-01 to 2020-03-31; 22 of 24 windows are empty$"),
    ],
)
def test_a_period_beyond_the_panel_is_told(start: str, end: str, said: str | None) -> None:
    panel = make_panel(walk(1, 91, 4))
    options = Options(train_days=40, horizons=(2,), bootstrap=False)
    remarks = Prepared(panel, date.fromisoformat(start), date.fromisoformat(end), options).remarks
    if said is None:
        assert remarks == []
    else:
        assert re.search(said, remarks[-1]), remarks
