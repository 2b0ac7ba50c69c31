"""Sign-flip tests: hand-computed values, what must not matter, and independent implementations."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.statistics.paired import max_t_sign_flip, sign_flip

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))


def test_three_wins_of_three_by_hand() -> None:
    # of the 8 sign patterns only +++ and --- have a sum of 6 or more
    assert sign_flip([1, 2, 3]) == 2 / 8
    # 3 - 1 = 2: reached by ±(3 - 1) and ±(3 + 1), which is all four
    assert sign_flip([3, -1]) == 1.0
    # sums of ±1 ±2 ±4 are all different; |−1 + 2 + 4| = 5 is reached by 5 and 7, each with both signs
    assert sign_flip([-1, 2, 4]) == 4 / 8


@pytest.mark.parametrize("n", [1, 5, 13, 14, 60])
def test_no_difference_at_all_has_p_1(n: int) -> None:
    assert sign_flip([0.0] * n) == 1.0


def test_no_dates_have_p_1() -> None:
    assert sign_flip([]) == 1.0
    assert max_t_sign_flip(np.empty((3, 0))).tolist() == [1.0, 1.0, 1.0]
    assert max_t_sign_flip(np.empty((0, 3))).tolist() == []


@given(st.lists(NUMBERS, min_size=1, max_size=8))
def test_few_differences_are_tried_in_every_pattern(values: list[float]) -> None:
    exact = [round(value * 1000) for value in values]
    observed = abs(sum(exact))
    sums = [abs(sum(map(int.__mul__, signs, exact))) for signs in itertools.product((-1, 1), repeat=len(exact))]
    assert sign_flip(values) == sum(each >= observed for each in sums) / len(sums)


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.integers(-60, 60))
@settings(max_examples=50)
def test_sign_and_unit_do_not_matter(values: list[float], power: int) -> None:
    p = sign_flip(values, draws=199)
    assert 0 < p <= 1
    assert sign_flip([-value for value in values], draws=199) == p
    assert sign_flip([value * 2.0**power for value in values], draws=199) == p


@given(st.lists(NUMBERS, min_size=1, max_size=30))
@settings(max_examples=50)
def test_one_row_is_the_plain_test(values: list[float]) -> None:
    assert max_t_sign_flip([values], draws=199)[0] == sign_flip(values, draws=199)


def test_the_smallest_p_of_random_flips_counts_the_observed_one() -> None:
    assert sign_flip([1.0] * 60) == 1 / 10_000
    assert sign_flip([1.0] * 60, draws=99) == 1 / 100


def test_more_rows_never_lower_a_p() -> None:
    random = np.random.default_rng(5)
    rows = random.standard_normal((30, 50)) + 0.2
    alone = np.array([sign_flip(row) for row in rows])
    together = max_t_sign_flip(rows)
    assert (together >= alone).all()
    assert together.min() > alone.min()


def test_rows_are_judged_by_t_not_by_their_size() -> None:
    random = np.random.default_rng(5)
    rows = random.standard_normal((10, 50))
    rows[3] += 1.0
    scaled = rows * np.geomspace(1e-9, 1e9, 10)[:, None]
    assert max_t_sign_flip(scaled).tolist() == max_t_sign_flip(rows).tolist()
    assert max_t_sign_flip(rows).argmin() == 3


def test_the_same_row_twice_costs_nothing() -> None:
    row = np.random.default_rng(5).standard_normal(40) + 0.3
    assert max_t_sign_flip([row, row, -row]).tolist() == [sign_flip(row)] * 3


def test_a_missing_date_weighs_nothing() -> None:
    random = np.random.default_rng(5)
    rows = random.standard_normal((4, 40))
    zero = rows.copy()
    rows[2, 5], zero[2, 5] = np.nan, 0.0
    assert max_t_sign_flip(rows).tolist() == max_t_sign_flip(zero).tolist()


def test_the_best_of_many_rows_of_noise_is_seldom_a_find() -> None:
    random = np.random.default_rng(7)
    finds = plain = 0
    for _ in range(60):
        rows = random.standard_normal((40, 30))
        finds += max_t_sign_flip(rows, draws=199).min() <= 0.05
        plain += min(sign_flip(row, draws=199) for row in rows) <= 0.05
    assert finds <= 8  # 3 expected
    assert plain >= 40  # 1 - .95^40 = 87 % of them


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        sign_flip([1.0, bad])


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="draws"):
        sign_flip([1.0], draws=0)


PROGRAM = """
import numpy as np
from registry.backtest.suggestion import fit, moments
from registry.statistics.bootstrap import optimal_block_length, stationary_bootstrap
from registry.statistics.hac import t_of_mean
from registry.statistics.paired import max_t_sign_flip, sign_flip
random = np.random.default_rng(3)
rows = random.standard_normal((300, 700))
print(max_t_sign_flip(rows, draws=999).tobytes().hex()[:4000], sign_flip(rows[0]).hex())
print(optimal_block_length(rows[1]).hex(), *(x.hex() for x in stationary_bootstrap(rows[2], draws=500)))
print(t_of_mean(rows[3], 6).hex())
z = random.standard_normal((60_000, 12))
daily = moments(z, z @ np.arange(12.0), np.arange(0, 60_001, 200))
print(daily.z_z.tobytes().hex()[:4000], fit(daily, np.ones(300, bool), list("abcdefghijkl"), present=[1] * 12))
"""


def test_the_same_bytes_on_any_number_of_threads() -> None:
    printed = []
    for threads in ("1", "2", "2"):
        counts = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, env=os.environ | counts)
        printed.append(done.stdout)
    assert printed[0]
    assert printed[0] == printed[1] == printed[2]


@pytest.mark.full
@pytest.mark.parametrize("n", [8, 12, 40])
def test_scipy_agrees(n: int) -> None:
    from scipy.stats import permutation_test

    random = np.random.default_rng(n)
    for _ in range(5):
        values = random.standard_normal(n) + 0.3
        theirs = permutation_test(
            (values, np.zeros(n)), lambda x, y, axis: (x - y).mean(axis=axis), permutation_type="samples",
            vectorized=True, n_resamples=9999, rng=np.random.default_rng(1),
        ).pvalue  # fmt: skip
        error = 0 if n <= 13 else 5 * np.sqrt(theirs * (1 - theirs) / 9999 * 2)
        assert sign_flip(values) == pytest.approx(theirs, abs=error + 1e-12)


@pytest.mark.full
def test_max_t_agrees_with_a_plain_loop_over_t_statistics() -> None:
    from scipy.stats import ttest_1samp

    rows = np.random.default_rng(2).standard_normal((6, 9)) + 0.4
    observed = abs(ttest_1samp(rows, 0, axis=1).statistic)
    largest = [
        abs(ttest_1samp(rows * signs, 0, axis=1).statistic).max() for signs in itertools.product((-1, 1), repeat=9)
    ]
    theirs = [np.mean([each >= one - 1e-9 for each in largest]) for one in observed]
    assert max_t_sign_flip(rows).tolist() == pytest.approx(theirs)
