"""Suggested weights: moments by hand and by numpy, what each method does, and that the truth is recovered."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.backtest.suggestion import METHODS, Moments, fit, moments, non_negative_minimum

TRUTH = np.array([0.15, 0.20, 0.15, 0.10, 0.12, 0.12, 0.08, 0.08])
NAMES = list("abcdefgh")


def offsets(sizes: list[int]) -> np.ndarray:
    return np.r_[0, np.cumsum(sizes)]


def made(dates: int = 60, assets: int = 40, weights: np.ndarray = TRUTH, noise: float = 1.0, seed: int = 1) -> Moments:
    random = np.random.default_rng(seed)
    z = random.standard_normal((dates * assets, len(weights)))
    forward = 0.01 * (z @ weights + noise * random.standard_normal(len(z)))
    return moments(z, forward, offsets([assets] * dates))


def everything(daily: Moments) -> np.ndarray:
    return np.ones(len(daily.n), dtype=bool)


class TestMoments:
    def test_by_hand(self) -> None:
        daily = moments([[1.0, 0.0], [2.0, 0.0], [3.0, 3.0]], [2.0, 4.0, 6.0], [0, 3])
        assert daily.n.tolist() == [3]
        assert daily.z_fwd.tolist() == [[2.0, 3.0]]
        assert daily.z_z.tolist() == [[[1.0, 1.5], [1.5, 3.0]]]
        assert daily.fwd_fwd.tolist() == [4.0]
        assert daily.ic.tolist() == [pytest.approx([1.0, 3 / 12**0.5])]

    @given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.integers(1, 4), st.integers(0, 2**32))
    @settings(max_examples=60)
    def test_they_are_numpys_covariances_of_the_complete_rows(self, sizes: list[int], p: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        z, forward = random.standard_normal((sum(sizes), p)), random.standard_normal(sum(sizes))
        z[random.random(z.shape) < 0.1] = np.nan
        forward[random.random(len(forward)) < 0.1] = np.inf
        bounds = offsets(sizes)
        daily = moments(z, forward, bounds)
        for t, (start, end) in enumerate(itertools.pairwise(bounds)):
            rows = np.column_stack([z[start:end], forward[start:end]])
            rows = rows[np.isfinite(rows).all(axis=1)]
            assert daily.n[t] == len(rows)
            if len(rows) < 3:
                assert np.isnan(daily.z_fwd[t]).all()
                assert np.isnan(daily.z_z[t]).all()
                assert np.isnan(daily.ic[t]).all()
                continue
            expected = np.cov(rows, rowvar=False)
            np.testing.assert_allclose(daily.z_z[t], expected[:p, :p], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(daily.z_fwd[t], expected[:p, p], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(daily.ic[t], np.corrcoef(rows, rowvar=False)[:p, p], rtol=1e-9, atol=1e-12)

    def test_a_date_does_not_know_its_neighbours(self) -> None:
        random = np.random.default_rng(2)
        z, forward = random.standard_normal((90_000, 2)), random.standard_normal(90_000)
        sizes = [300] * 100 + [60_000]  # more rows than are worked on at a time, and one date with nearly as many
        whole = moments(z, forward, offsets(sizes))
        for t, rows in ((0, slice(0, 300)), (99, slice(29_700, 30_000)), (100, slice(30_000, 90_000))):
            alone = moments(z[rows], forward[rows], [0, sizes[t]])
            assert alone.z_z[0].tobytes() == whole.z_z[t].tobytes()
            assert alone.ic[0].tobytes() == whole.ic[t].tobytes()

    def test_a_feature_that_does_not_vary_has_no_correlation(self) -> None:
        daily = moments([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]], [1.0, 2.0, 3.0], [0, 3])
        assert daily.z_z[0, 0].tolist() == [0.0, 0.0]
        assert np.isnan(daily.ic[0]).tolist() == [True, False]

    def test_no_dates(self) -> None:
        assert moments(np.empty((0, 2)), np.empty(0), [0]).z_z.shape == (0, 2, 2)

    @pytest.mark.parametrize("bounds", [[0, 2], [], [0, 4]])
    def test_offsets_of_other_rows_are_refused(self, bounds: list[int]) -> None:
        with pytest.raises(ValueError, match="belong"):
            moments(np.ones((3, 2)), np.ones(3), bounds)


class TestFit:
    @pytest.mark.parametrize("method", METHODS)
    def test_the_truth_is_recovered(self, method: str) -> None:
        daily = made(dates=250, assets=200)
        found = fit(daily, everything(daily), NAMES, method=method, present=[1] * 8)  # type: ignore[arg-type]
        assert found.weights is not None
        assert list(found.weights.values()) == pytest.approx(TRUTH.tolist(), abs=0.02)
        assert sum(found.weights.values()) == pytest.approx(1.0)
        assert (found.fallback, found.reason, found.dates) == (False, None, 250)

    def test_ridge_shares_out_what_correlated_features_know(self) -> None:
        random = np.random.default_rng(3)
        truth = random.standard_normal(20_000)
        z = np.column_stack([truth, truth + 0.1 * random.standard_normal(20_000), random.standard_normal(20_000)])
        daily = moments(z, truth, offsets([100] * 200))
        found = fit(daily, everything(daily), ["x", "like_x", "noise"], present=[1, 1, 1])
        assert found.weights is not None
        assert found.weights["noise"] < 0.02
        assert found.weights["like_x"] == pytest.approx(found.weights["x"], abs=0.2)

    @pytest.mark.parametrize("method", METHODS)
    def test_what_points_the_wrong_way_gets_nothing(self, method: str) -> None:
        daily = made(weights=np.array([1.0, -1.0, 0.5]))
        found = fit(daily, everything(daily), ["up", "down", "half"], method=method, present=[1, 1, 1])  # type: ignore[arg-type]
        assert found.weights is not None
        assert found.weights["down"] == 0.0
        assert found.weights["up"] > found.weights["half"] > 0.2

    @pytest.mark.parametrize("method", METHODS)
    def test_equal_weights_when_nothing_helps(self, method: str) -> None:
        for daily in (
            made(weights=np.array([-1.0, -1.0])),
            moments(np.ones((90, 2)), np.arange(90.0), range(0, 91, 3)),
        ):
            found = fit(daily, everything(daily), ["a", "b"], method=method, present=[3, 1])  # type: ignore[arg-type]
            assert found.fallback
            assert found.weights == {"a": 0.5, "b": 0.5}

    def test_too_few_dates_give_a_reason(self) -> None:
        daily = made()
        train = everything(daily)
        train[19:] = False
        found = fit(daily, train, NAMES, present=TRUTH.tolist())
        assert (found.weights, found.dates, found.in_sample_ic) == (None, 19, None)
        assert found.reason == "the training window has 19 dates after the purge, 20 are needed"
        assert fit(daily, train, NAMES, present=TRUTH.tolist(), min_dates=19).weights is not None

    def test_dates_without_complete_assets_do_not_count(self) -> None:
        z = np.ones((200, 1))
        z[:, 0] = np.arange(200)
        z[50:] = np.nan
        daily = moments(z, np.arange(200.0), range(0, 201, 5))
        found = fit(daily, everything(daily), ["a"], present=[1])
        assert found.reason == "10 training dates have 3 assets with all features, 20 are needed"

    def test_only_training_dates_are_looked_at(self) -> None:
        random = np.random.default_rng(5)
        z, forward = random.standard_normal((3000, 3)), random.standard_normal(3000)
        train = np.arange(100) < 60
        bounds = offsets([30] * 100)
        before = fit(moments(z, forward, bounds), train, ["a", "b", "c"], present=[1, 1, 1])
        z[1800:], forward[1800:] = 1e9, -1e9
        assert fit(moments(z, forward, bounds), train, ["a", "b", "c"], present=[1, 1, 1]) == before

    def test_shrinking_moves_towards_the_present_weights(self) -> None:
        daily = made()
        present = [8, 0, 0, 0, 0, 0, 0, -8]
        alone, half, full = (
            fit(daily, everything(daily), NAMES, present=present, shrink=shrink).weights or {}
            for shrink in (0.0, 0.5, 1.0)
        )
        assert list(full.values()) == [0.5, 0, 0, 0, 0, 0, 0, -0.5]
        assert half == pytest.approx({name: (alone[name] + full[name]) / 2 for name in NAMES})

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("unit", [1e-9, 1e6])
    def test_the_unit_of_the_return_does_not_matter(self, method: str, unit: float) -> None:
        random = np.random.default_rng(6)
        z = random.standard_normal((3000, 3))
        forward = z @ [0.5, 0.3, 0.2] + random.standard_normal(3000)
        bounds = offsets([30] * 100)
        one, other = (
            fit(moments(z, forward * by, bounds), np.ones(100, bool), list("abc"), method=method, present=[1] * 3)  # type: ignore[arg-type]
            for by in (1.0, unit)
        )
        assert one.weights == pytest.approx(other.weights, abs=1e-9)
        assert one.in_sample_ic == pytest.approx(other.in_sample_ic)

    def test_the_in_sample_ic_is_the_mean_correlation_of_the_score(self) -> None:
        random = np.random.default_rng(7)
        z = random.standard_normal((1200, 3))
        forward = z @ [0.5, 0.3, 0.2] + random.standard_normal(1200)
        daily = moments(z, forward, offsets([30] * 40))
        found = fit(daily, everything(daily), list("abc"), present=[1, 1, 1])
        score = z @ list((found.weights or {}).values())
        expected = [np.corrcoef(score[at : at + 30], forward[at : at + 30])[0, 1] for at in range(0, 1200, 30)]
        assert found.in_sample_ic == pytest.approx(np.mean(expected), rel=1e-9)

    @pytest.mark.parametrize(
        "change",
        [
            {"method": "best"},
            {"shrink": 1.5},
            {"shrink": -0.1},
            {"present": [1.0]},
            {"names": ["a"]},
            {"present": [], "shrink": 0.5},
        ],
    )
    def test_what_does_not_fit_is_refused(self, change: dict[str, object]) -> None:
        daily = made()
        arguments: dict[str, object] = {"names": NAMES, "present": TRUTH.tolist()} | change
        with pytest.raises(ValueError, match=r"none of|do not fit"):
            fit(daily, everything(daily), arguments.pop("names"), **arguments)  # type: ignore[arg-type]


@given(st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=150)
def test_no_step_from_the_minimum_leads_down(p: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    factor = random.standard_normal((p + 2, p)) * np.exp(random.standard_normal(p))
    s, c = factor.T @ factor + 0.1 * np.eye(p), random.standard_normal(p)
    w = non_negative_minimum(s, c)
    slope = s @ w - c
    assert (w >= 0).all()
    assert (slope >= -1e-8 * np.abs(s).max()).all()
    assert np.abs(slope[w > 0]).max(initial=0) <= 1e-8 * np.abs(s).max()


@pytest.mark.full
def test_scipy_and_scikit_learn_agree() -> None:
    from scipy.optimize import nnls
    from sklearn.linear_model import Ridge

    random = np.random.default_rng(9)
    for p in (1, 2, 8, 40):
        # one pooled regression of centred rows is the ridge of the mean covariances when the dates are of one size
        dates, assets = 60, 50
        z = random.standard_normal((dates * assets, p)) @ (np.eye(p) + 0.3 * random.standard_normal((p, p)))
        forward = z @ random.standard_normal(p) + random.standard_normal(len(z))
        daily = moments(z, forward, offsets([assets] * dates))
        found = fit(daily, everything(daily), [str(j) for j in range(p)], present=[1] * p)
        groups = z.reshape(dates, assets, p)
        x = (groups - groups.mean(axis=1, keepdims=True)).reshape(-1, p)
        y = forward.reshape(dates, assets)
        y = (y - y.mean(axis=1, keepdims=True)).ravel()
        s, c = daily.z_z.mean(axis=0), daily.z_fwd.mean(axis=0)
        penalty = 0.1 * np.trace(s) / p
        ridge = Ridge(
            alpha=penalty * dates * (assets - 1), positive=True, fit_intercept=False, tol=1e-12, max_iter=10**6
        )
        theirs = ridge.fit(x, y).coef_
        root = np.linalg.cholesky(s + penalty * np.eye(p)).T
        solved, _ = nnls(root, np.linalg.solve(root.T, c))
        ours = np.array(list((found.weights or {}).values()))
        if found.fallback:
            assert not theirs.any()
            continue
        assert ours.tolist() == pytest.approx((solved / solved.sum()).tolist(), abs=1e-9)
        assert ours.tolist() == pytest.approx((theirs / theirs.sum()).tolist(), abs=1e-4)
