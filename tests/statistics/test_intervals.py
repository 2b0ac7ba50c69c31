"""Bootstrap intervals, block lengths, corrections and Newey-West t: by hand, and against other implementations."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.statistics.bootstrap import optimal_block_length, stationary_bootstrap
from registry.statistics.hac import t_of_mean
from registry.statistics.multiple import benjamini_hochberg, holm

PS = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def autoregressive(n: int, phi: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(n)
    values = np.zeros(n)
    for t in range(n):
        values[t] = phi * values[t - 1] + noise[t]
    return values


class TestBlockLength:
    def test_a_series_without_memory_needs_short_blocks(self) -> None:
        assert optimal_block_length(autoregressive(2000, 0.0, 1)) < 5

    def test_memory_makes_blocks_longer(self) -> None:
        lengths = [optimal_block_length(autoregressive(1000, phi, 1)) for phi in (0.0, 0.5, 0.9)]
        assert lengths == sorted(lengths)
        assert lengths[2] > 2 * lengths[0]

    @pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [3.0] * 50])
    def test_nothing_to_measure_is_blocks_of_one(self, values: list[float]) -> None:
        assert optimal_block_length(values) == 1.0

    @given(st.lists(st.floats(-100, 100), min_size=3, max_size=60))
    def test_it_lies_between_one_and_a_third(self, values: list[float]) -> None:
        assert 1.0 <= optimal_block_length(values) <= max(1, math.ceil(len(values) / 3))

    @pytest.mark.full
    @pytest.mark.parametrize("n", [15, 50, 467, 2500])
    @pytest.mark.parametrize("phi", [0.0, 0.3, 0.9, -0.5])
    def test_arch_agrees(self, n: int, phi: float) -> None:
        from arch.bootstrap import optimal_block_length as theirs

        for seed in range(5):
            values = autoregressive(n, phi, seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = theirs(values)["stationary"].iloc[0]
            assert optimal_block_length(values) == pytest.approx(max(1.0, expected), rel=1e-9)


class TestInterval:
    def test_one_value_is_its_own_interval(self) -> None:
        assert stationary_bootstrap([0.25]) == (0.25, 0.25)

    def test_a_constant_is_its_own_interval(self) -> None:
        assert stationary_bootstrap([0.25] * 40, "median") == (0.25, 0.25)

    def test_it_is_the_normal_one_where_that_holds(self) -> None:
        values = np.random.default_rng(3).standard_normal(400) + 1.0
        half = 1.96 * values.std() / 20
        low, high = stationary_bootstrap(values, block=1)
        assert low == pytest.approx(values.mean() - half, abs=0.01)
        assert high == pytest.approx(values.mean() + half, abs=0.01)

    def test_long_blocks_widen_the_interval_of_a_series_with_memory(self) -> None:
        values = autoregressive(500, 0.8, 4)
        narrow, wide = (stationary_bootstrap(values, block=block, draws=2000) for block in (1, 20))
        assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])

    def test_a_higher_level_is_wider(self) -> None:
        values = np.random.default_rng(3).standard_normal(100)
        narrow, wide = (stationary_bootstrap(values, level=level, draws=2000) for level in (0.8, 0.99))
        assert wide[0] < narrow[0] < narrow[1] < wide[1]

    def test_blocks_are_of_the_length_asked_for_and_wrap_round(self) -> None:
        # with blocks far longer than the series every resample is the series, turned: its mean does not change
        values = np.arange(20.0)
        low, high = stationary_bootstrap(values, block=1e9, draws=200)
        assert low == pytest.approx(9.5)
        assert high == pytest.approx(9.5)

    def test_the_median_is_the_median(self) -> None:
        values = np.r_[np.zeros(60), np.full(40, 1000.0)]
        assert stationary_bootstrap(values, "median", block=1, level=0.5) == (0.0, 0.0)

    @given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.sampled_from(["mean", "median"]))
    @settings(max_examples=40)
    def test_it_lies_within_the_values(self, values: list[float], statistic: str) -> None:
        low, high = stationary_bootstrap(values, statistic, draws=50)
        assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
        assert stationary_bootstrap(values, statistic, draws=50) == (low, high)

    def test_another_seed_gives_another_interval_near_by(self) -> None:
        values = np.random.default_rng(3).standard_normal(100)
        first, second = (stationary_bootstrap(values, seed=seed) for seed in (1, 2))
        assert first != second
        assert first == pytest.approx(second, abs=0.02)

    @pytest.mark.parametrize(
        ("values", "more"),
        [([], {}), ([1.0, math.nan], {}), ([1.0], {"statistic": "mode"}), ([1.0], {"draws": 0}),
         ([1.0], {"level": 1.0}), ([1.0], {"block": 0.5}), ([1.0], {"block": math.nan})],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused(self, values: list[float], more: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r".+"):
            stationary_bootstrap(values, **more)  # type: ignore[arg-type]

    @pytest.mark.full
    @pytest.mark.parametrize("statistic", ["mean", "median"])
    @pytest.mark.parametrize("block", [1, 5, 12.5])
    def test_arch_agrees_within_the_error_of_drawing(self, statistic: str, block: float) -> None:
        from arch.bootstrap import StationaryBootstrap

        values = autoregressive(300, 0.5, 6)
        work = np.mean if statistic == "mean" else np.median
        theirs = StationaryBootstrap(block, values, seed=1).conf_int(work, 10_000, method="percentile", size=0.95)
        ours = stationary_bootstrap(values, statistic, block=block)
        width = ours[1] - ours[0]
        assert ours == pytest.approx(theirs.ravel().tolist(), abs=0.03 * width)


class TestCorrections:
    def test_by_hand(self) -> None:
        p = [0.01, 0.02, 0.03, 0.04]
        assert holm(p).tolist() == pytest.approx([0.04, 0.06, 0.06, 0.06])
        assert benjamini_hochberg(p).tolist() == pytest.approx([0.04] * 4)
        assert holm(p[::-1]).tolist() == pytest.approx([0.06, 0.06, 0.06, 0.04])

    def test_one_comparison_stays_as_it_is(self) -> None:
        assert holm([0.03]).tolist() == benjamini_hochberg([0.03]).tolist() == [0.03]

    def test_none_stay_none(self) -> None:
        assert holm([]).tolist() == benjamini_hochberg([]).tolist() == []

    def test_a_comparison_that_could_not_be_made_does_not_count(self) -> None:
        for work in (holm, benjamini_hochberg):
            made = work([0.01, math.nan, 0.02])
            assert math.isnan(made[1])
            assert made[[0, 2]].tolist() == work([0.01, 0.02]).tolist()

    @given(PS)
    def test_adjusting_never_lowers_and_keeps_the_order(self, p: list[float]) -> None:
        order = np.argsort(p, kind="stable")
        strict, lenient = holm(p), benjamini_hochberg(p)
        assert (strict >= lenient - 1e-12).all()
        assert (lenient >= np.array(p) - 1e-12).all()
        assert (strict <= 1).all()
        for made in (strict, lenient):
            assert (np.diff(made[order]) >= 0).all()

    @pytest.mark.parametrize("p", [[-0.1], [1.1], [[0.1]]])
    def test_what_is_no_p_is_refused(self, p: list[float]) -> None:
        for work in (holm, benjamini_hochberg):
            with pytest.raises(ValueError, match="between 0 and 1"):
                work(p)

    @pytest.mark.full
    def test_statsmodels_agrees(self) -> None:
        from statsmodels.stats.multitest import multipletests

        random = np.random.default_rng(1)
        for size in (1, 2, 7, 50):
            p = np.round(random.random(size) ** 3, 2)
            assert holm(p).tolist() == pytest.approx(multipletests(p, method="holm")[1].tolist())
            assert benjamini_hochberg(p).tolist() == pytest.approx(multipletests(p, method="fdr_bh")[1].tolist())


class TestNeweyWest:
    def test_by_hand(self) -> None:
        # mean 2; deviations -1 0 1; g(0) = 2/3, g(1) = 0; t = 2 / sqrt(2/3 / 3)
        assert t_of_mean([1, 2, 3], 0) == pytest.approx(2 / math.sqrt(2 / 9))
        assert t_of_mean([1, 2, 3], 1) == pytest.approx(2 / math.sqrt(2 / 9))
        # deviations 1 1 -1 -1: 4 g(0) = 4, 4 g(1) = 1, with weight 1/2: S = (4 + 1) / 4
        assert t_of_mean([3, 3, 1, 1], 1) == pytest.approx(2 / math.sqrt(5 / 16))

    @pytest.mark.parametrize("values", [[], [1.0], [2.0] * 9, [math.nan, 1.0]])
    def test_nothing_varies(self, values: list[float]) -> None:
        assert t_of_mean(values, 3) is None

    def test_what_is_not_finite_is_left_out(self) -> None:
        assert t_of_mean([1, math.nan, 2, math.inf, 3], 1) == t_of_mean([1, 2, 3], 1)

    def test_overlap_lowers_t(self) -> None:
        daily = np.random.default_rng(1).standard_normal(500) + 0.2
        overlapping = np.convolve(daily, np.ones(5), "valid")
        plain, corrected = (t_of_mean(overlapping, lags) for lags in (0, 4))
        assert plain is not None
        assert corrected is not None
        assert corrected < 0.7 * plain

    def test_negative_lags_are_refused(self) -> None:
        with pytest.raises(ValueError, match="lags"):
            t_of_mean([1, 2], -1)

    @pytest.mark.full
    def test_statsmodels_agrees(self) -> None:
        import statsmodels.api as sm

        for n, lags in ((10, 0), (50, 4), (467, 6), (2500, 20)):
            values = autoregressive(n, 0.4, n) + 0.1
            fitted = sm.OLS(values, np.ones(n)).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
            assert t_of_mean(values, lags) == pytest.approx(float(fitted.tvalues[0]), rel=1e-10)
