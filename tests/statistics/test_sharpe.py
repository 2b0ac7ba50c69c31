"""Sharpe ratios: the numbers the papers print, hand-computed moments, and what must hold of any series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.statistics.sharpe import (
    Track,
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    minimum_track,
    probabilistic_sharpe,
    track_of,
)

# Bailey & Lopez de Prado (2014): 5 years of days at a yearly ratio of 2.5, trials with the yearly variance 1/2
RATIO, SPREAD = 2.5 / math.sqrt(250), 0.5 / 250


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "wanted"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_numbers_of_the_paper_on_deflation(trials: int, skewness: float, kurtosis: float, wanted: float) -> None:
    found = deflated_sharpe(Track(RATIO, 1250, skewness, kurtosis), trials, SPREAD)
    assert found == pytest.approx(wanted, abs=5e-5)


def test_the_expected_maximum_of_the_paper() -> None:
    assert expected_maximum(100, SPREAD) == pytest.approx(0.1132, abs=5e-5)
    assert expected_maximum(1, SPREAD) == 0.0


@pytest.mark.parametrize(
    ("periods", "skewness", "kurtosis", "years"), [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24),
                                                   (12, -0.72, 5.78, 4.99)],
)  # fmt: skip
def test_the_track_records_of_the_paper_on_the_efficient_frontier(
    periods: int, skewness: float, kurtosis: float, years: float
) -> None:
    """Bailey & Lopez de Prado (2012): how long a yearly ratio of 2 takes to be surely above 1."""
    track = Track(2 / math.sqrt(periods), 24, skewness, kurtosis)
    needed = minimum_track(track, 1 / math.sqrt(periods))
    assert needed is not None
    assert needed / periods == pytest.approx(years, abs=0.006)
    long_enough = Track(track.sharpe, math.ceil(needed), skewness, kurtosis)
    assert probabilistic_sharpe(long_enough, 1 / math.sqrt(periods)) == pytest.approx(0.95, abs=0.002)
    assert minimum_track(track, track.sharpe) is None


@pytest.mark.parametrize("trials", [10, 100, 1000])
def test_the_expected_maximum_is_that_of_normal_draws(trials: int) -> None:
    draws = np.random.default_rng(3).normal(0, 0.1, (4000, trials)).max(axis=1)
    assert expected_maximum(trials, 0.01) == pytest.approx(draws.mean(), rel=0.03)


def test_moments_by_hand() -> None:
    track = track_of([0.0, 0.0, 0.0, 4.0])
    assert track is not None
    # mean 1, squares 1 1 1 9, cubes -1 -1 -1 27, fourth powers 1 1 1 81
    assert (track.sharpe, track.n) == (pytest.approx(1 / math.sqrt(12 / 3)), 4)
    assert track.skewness == pytest.approx((24 / 4) / 3**1.5)
    assert track.kurtosis == pytest.approx((84 / 4) / 9)


def test_what_does_not_vary_has_no_ratio() -> None:
    assert track_of([]) is None
    assert track_of([1.0, 2.0]) is None
    assert track_of([0.1] * 50) is None
    with pytest.raises(ValueError, match="finite"):
        track_of([0.1, math.nan, 0.3])


@given(st.integers(2, 10**6), st.floats(1e-6, 1.0), st.floats(-0.5, 0.5), st.integers(10, 5000))
def test_more_trials_never_make_it_surer(trials: int, variance: float, ratio: float, n: int) -> None:
    track = Track(ratio, n, -0.5, 5.0)
    alone = deflated_sharpe(track, 1, variance)
    fewer, more = (deflated_sharpe(track, count, variance) for count in (trials, trials + 1))
    assert 0 <= more <= fewer <= alone <= 1
    assert alone == probabilistic_sharpe(track)


@given(st.integers(1, 10**5), st.floats(-1, 1))
def test_effective_trials_lie_between_one_and_all(trials: int, correlation: float) -> None:
    assert 1 <= effective_trials(trials, correlation) <= trials
    assert effective_trials(trials, 1.0) == 1
    assert effective_trials(trials, 0.0) == trials


def test_trials_and_their_variance_are_checked() -> None:
    for trials, variance in ((0, 1.0), (5, -1.0)):
        with pytest.raises(ValueError, match="trial"):
            expected_maximum(trials, variance)


@pytest.mark.full
def test_moments_agree_with_scipy() -> None:
    from scipy import stats

    values = np.random.default_rng(1).standard_t(5, 300) * 0.01 + 0.001
    track = track_of(values)
    assert track is not None
    assert track.skewness == pytest.approx(stats.skew(values))
    assert track.kurtosis == pytest.approx(stats.kurtosis(values, fisher=False))
