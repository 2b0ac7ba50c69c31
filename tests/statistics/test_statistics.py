"""Tests, intervals and verdicts: by hand, as properties, and against other libraries."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.backtest.suggestion import fit, moments
from registry.metrics import METRICS
from registry.runs.record import PanelRef, Run, Series
from registry.statistics.bootstrap import optimal_block_length, stationary_bootstrap
from registry.statistics.hac import t_of_mean
from registry.statistics.multiple import benjamini_hochberg, holm
from registry.statistics.paired import max_t_sign_flip, sign_flip
from registry.statistics.verdict import judge, pair_runs
from tests.backtest.tables import day

EDGE, TURNOVER, BASE = (METRICS[name] for name in ("edge", "turnover", "base_rate"))
numbers = st.floats(-5, 5, allow_nan=False).map(lambda value: round(value, 3))


class TestSignFlip:
    def test_by_hand(self) -> None:
        # |sums| of +-1 +-2 +-3 +-1 that reach 5: of the 16 patterns, six do
        assert sign_flip([1, 2, 3, -1]) == 6 / 16

    @given(st.lists(numbers, min_size=1, max_size=8))
    def test_every_pattern_is_counted(self, differences: list[float]) -> None:
        bar = abs(sum(differences)) * (1 - 1e-9) - 1e-9
        sums = [
            abs(sum(sign * value for sign, value in zip(signs, differences, strict=True)))
            for signs in itertools.product((1, -1), repeat=len(differences))
        ]
        assert sign_flip(differences) == pytest.approx(sum(each >= bar for each in sums) / len(sums))

    @given(st.lists(numbers, min_size=1, max_size=40), st.floats(0.01, 100))
    def test_neither_scale_nor_side_matters(self, differences: list[float], factor: float) -> None:
        p = sign_flip(differences)
        assert 0 < p <= 1
        assert sign_flip([-value for value in differences]) == pytest.approx(p, abs=0.02)
        assert sign_flip([factor * value for value in differences]) == pytest.approx(p, abs=0.02)

    def test_no_difference_at_all(self) -> None:
        assert sign_flip([0.0] * 30) == sign_flip([]) == 1.0

    def test_the_seed_decides_the_draws(self) -> None:
        d = np.random.default_rng(1).normal(0.2, 1, 60)
        assert sign_flip(d, seed=5) == sign_flip(d, seed=5)
        assert sign_flip(d, seed=5) == pytest.approx(sign_flip(d, seed=6), abs=0.03)
        assert sign_flip(d + 5) == 1 / 10_000

    @pytest.mark.full
    def test_as_scipy(self) -> None:
        from scipy.stats import permutation_test

        d = np.random.default_rng(2).normal(0.3, 1, 12)
        theirs = permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
        assert sign_flip(d) == pytest.approx(theirs)


class TestBestOfMany:
    def test_one_row_is_the_plain_test(self) -> None:
        d = np.random.default_rng(3).normal(0.2, 1, 80)
        assert max_t_sign_flip([d])[0] == pytest.approx(sign_flip(d), abs=0.02)

    def test_the_best_of_noise_is_noise(self) -> None:
        table = np.random.default_rng(4).normal(0, 1, (300, 60))
        plain = min(sign_flip(row, draws=999) for row in table)
        assert plain < 0.02
        assert max_t_sign_flip(table, draws=999).min() > 0.05

    def test_a_true_one_is_found_and_zeros_are_not(self) -> None:
        table = np.random.default_rng(5).normal(0, 1, (50, 100))
        table[7] += 1
        table[9] = 0
        p = max_t_sign_flip(table, draws=999)
        assert p[7] == 1 / 1000
        assert p[9] == 1


class TestIntervals:
    def test_it_covers_what_it_should(self) -> None:
        source = np.random.default_rng(6)
        inside = 0
        for n in range(60):
            low, high = stationary_bootstrap(source.normal(1, 1, 80), draws=400, seed=n)
            inside += low <= 1 <= high
        assert 50 <= inside <= 60

    def test_constant_values_have_a_point(self) -> None:
        assert stationary_bootstrap([2.0] * 9, draws=100) == (2.0, 2.0)
        assert stationary_bootstrap([2.0] * 9, "median", draws=100) == (2.0, 2.0)

    def test_any_number_of_threads_gives_the_same(self) -> None:
        program = (
            "import numpy as np; from registry.statistics.bootstrap import stationary_bootstrap as b;"
            "from registry.statistics.paired import max_t_sign_flip as m, sign_flip as s;"
            "x = np.random.default_rng(7).normal(.1, 1, 200);"
            "print(b(x, draws=500), s(x), m(np.tile(x, (30, 1)) + np.arange(30)[:, None] / 99, draws=500).tolist())"
        )
        said = {
            subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
                cwd=Path(__file__).parents[2],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for threads in ("1", "2")
        }
        assert len(said) == 1

    @pytest.mark.full
    def test_block_lengths_as_arch(self) -> None:
        from arch.bootstrap import optimal_block_length as theirs

        source = np.random.default_rng(8)
        for count in (30, 60, 200, 1000):
            for carry in (0.0, 0.4, 0.9, -0.5):
                noise, values = source.normal(size=count), np.zeros(count)
                for i in range(1, count):
                    values[i] = carry * values[i - 1] + noise[i]
                expected = max(1.0, float(theirs(values)["stationary"].iloc[0]))
                assert optimal_block_length(values) == pytest.approx(expected)

    @pytest.mark.full
    def test_intervals_as_arch(self) -> None:
        from arch.bootstrap import StationaryBootstrap

        x = np.random.default_rng(9).normal(size=300).cumsum() / 10
        theirs = StationaryBootstrap(12, x, seed=1).conf_int(np.mean, 20_000, method="percentile").ravel()
        assert stationary_bootstrap(x, draws=20_000, block=12) == pytest.approx(theirs, abs=0.03)


class TestManyComparisons:
    def test_the_known_example(self) -> None:
        p = [0.01, 0.02, 0.03, 0.04]
        assert holm(p) == pytest.approx([0.04, 0.06, 0.06, 0.06])
        assert benjamini_hochberg(p) == pytest.approx([0.04] * 4)

    @pytest.mark.full
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
    def test_as_statsmodels(self, p: list[float]) -> None:
        from statsmodels.stats.multitest import multipletests

        assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
        assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


class TestHac:
    def test_without_lags_it_is_the_plain_t(self) -> None:
        x = np.random.default_rng(10).normal(0.3, 1, 50)
        assert t_of_mean(x, 0) == pytest.approx(x.mean() / (x.std() / np.sqrt(50)))

    def test_no_meaning(self) -> None:
        assert t_of_mean([1.0], 3) is None
        assert t_of_mean([2.0, 2.0, 2.0], 3) is None

    @pytest.mark.full
    def test_as_statsmodels(self) -> None:
        import statsmodels.api as sm

        x = np.random.default_rng(11).normal(0.1, 1, 120)
        for lags in (1, 6, 29):
            fitted = sm.OLS(x, np.ones(120)).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
            assert t_of_mean(x, lags) == pytest.approx(fitted.tvalues[0])


def dated(values: object) -> dict[str, float]:
    return {day(n): float(value) for n, value in enumerate(values)}  # type: ignore[arg-type, var-annotated]


class TestVerdicts:
    source = np.random.default_rng(12)
    noise = source.normal(0, 1, 60)

    def test_the_five_words(self) -> None:
        before = self.source.normal(0, 1, 60)
        assert judge(dated(before), dated(before + 1 + self.noise / 9), metric=EDGE).verdict == "better"
        assert judge(dated(before), dated(before - 1 + self.noise / 9), metric=EDGE).verdict == "worse"
        assert judge(dated(before), dated(before), metric=EDGE).verdict == "no difference"
        few = judge(dated(before[:19]), dated(before[:19] + 1 + self.noise[:19] / 9), metric=EDGE)
        assert (few.verdict, few.underpowered, few.n) == ("cannot tell", True, 19)
        assert judge({"2020-01-01": 1.0}, {"2020-01-02": 1.0}, metric=EDGE).verdict == "cannot pair"

    def test_less_can_be_better_and_no_way_can_be(self) -> None:
        before = self.source.normal(0, 1, 60)
        after = before - 1 + self.noise / 9
        assert judge(dated(before), dated(after), metric=TURNOVER).verdict == "better"
        assert judge(dated(before), dated(after), metric=TURNOVER).share_won == 1
        assert judge(dated(before), dated(after), metric=BASE).verdict == "no difference"

    def test_the_numbers(self) -> None:
        before, after = dated(np.zeros(30)), dated(np.arange(30) / 10 - 1)
        made = judge(before, after, metric=EDGE)
        assert made.difference == pytest.approx(0.45)
        assert made.low is not None and made.high is not None
        assert made.low < 0.45 < made.high
        assert made.share_won == pytest.approx(19 / 29)
        assert made.smallest_seen == pytest.approx(2.8016 * np.std(np.arange(30) / 10, ddof=1) / 30**0.5)
        assert "edge on 30 rebalance dates +0.4500" in made.sentence()

    def run(self, **changes: object) -> Run:
        given: dict[str, object] = {
            "config_hash": "a" * 64, "panel": PanelRef("p", "f"), "start": "2020-01-01", "end": "2020-12-31",
            "options": {"horizons": [5], "lag": 1, "hit": 0.0},
            "dates": Series([day(n) for n in range(30)], {"edge": self.noise[:30].tolist()}), **changes,
        }  # fmt: skip
        return Run(**given)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"panel": PanelRef("q", "f")}, "different panels"),
            ({"panel": PanelRef("p", "g")}, "content of the panel p changed"),
            ({"end": "2021-12-31"}, "periods differ"),
            ({"options": {"horizons": [7], "lag": 1, "hit": 0.0}}, "horizons differ"),
            ({"options": {"horizons": [5], "lag": 0, "hit": 0.0}}, "differ in lag"),
            ({"options": {"horizons": [5], "lag": 1, "hit": 0.1}}, "differ in hit"),
            ({"dates": Series()}, "no values of edge by date"),
        ],
    )
    def test_what_can_not_be_paired(self, changes: dict[str, object], said: str) -> None:
        made = pair_runs(self.run(), self.run(**changes), EDGE)
        assert made.verdict == "cannot pair"
        assert said in (made.reason or "")

    def test_the_registry_may_know_better_than_fingerprints(self) -> None:
        other = self.run(panel=PanelRef("p", "g"))
        assert pair_runs(self.run(), other, EDGE, same_panel=True).verdict == "no difference"
        assert pair_runs(self.run(), self.run(), EDGE, same_panel=False).verdict == "cannot pair"


class TestSuggestions:
    def panel(self, dates: int = 120, assets: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        source = np.random.default_rng(13)
        z = source.normal(size=(dates * assets, 3))
        forward = z @ [0.06, 0.03, 0.01] + source.normal(0, 0.02, dates * assets)
        return z, forward, np.arange(dates + 1) * assets

    @pytest.mark.parametrize("method", ["nnridge", "ic", "icir"])
    def test_what_is_there_is_found(self, method: str) -> None:
        z, forward, offsets = self.panel()
        made = fit(moments(z, forward, offsets), np.ones(120, dtype=bool), "abc", method=method)
        assert made.weights is not None
        assert sum(made.weights.values()) == pytest.approx(1)
        tolerance = 0.05 if method != "icir" else 0.4
        assert made.weights == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1}, abs=tolerance)
        assert made.in_sample_ic is not None and made.in_sample_ic > 0.8

    def test_the_moments_are_those_of_each_date(self) -> None:
        z, forward, offsets = self.panel(4, 9)
        z[2, 1] = forward[5] = np.nan
        made = moments(z, forward, offsets)
        kept = [0, 1, 3, 4, 6, 7, 8]
        assert made.n.tolist() == [7, 9, 9, 9]
        assert made.z_z[0] == pytest.approx(np.cov(z[kept].T))
        assert made.ic[0, 2] == pytest.approx(np.corrcoef(z[kept, 2], forward[kept])[0, 1])

    def test_nothing_helps_so_all_are_equal(self) -> None:
        z, forward, offsets = self.panel()
        made = fit(moments(z, -forward, offsets), np.ones(120, dtype=bool), "abc")
        assert made.fallback
        assert made.weights == pytest.approx(dict.fromkeys("abc", 1 / 3))

    def test_too_few_dates_give_a_reason(self) -> None:
        z, forward, offsets = self.panel(30, 9)
        made = fit(moments(z, forward, offsets), np.arange(30) < 19, "abc")
        assert made.weights is None
        assert "19 training dates" in (made.reason or "")

    def test_shrinking_all_the_way_keeps_the_present_weights(self) -> None:
        z, forward, offsets = self.panel()
        made = fit(moments(z, forward, offsets), np.ones(120, dtype=bool), "abc", shrink=1, present=(2, -1, 1))
        assert made.weights == pytest.approx({"a": 0.5, "b": -0.25, "c": 0.25})

    @pytest.mark.full
    def test_the_ridge_as_scikit_learn(self) -> None:
        from sklearn.linear_model import Ridge

        z, forward, offsets = self.panel(1, 400)
        made = fit(moments(z, forward, offsets), np.ones(1, dtype=bool), "abc", min_dates=1)
        centred = z - z.mean(axis=0)
        penalty = 0.1 * np.trace(np.cov(z.T)) / 3 * 399
        theirs = Ridge(alpha=penalty, positive=True, fit_intercept=False, tol=1e-12).fit(
            centred, forward - forward.mean()
        )
        assert list((made.weights or {}).values()) == pytest.approx(theirs.coef_ / theirs.coef_.sum(), rel=1e-4)
