"""Staggered tranches: valued on every date, against a simulation date by date."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.backtest.labels import Prices, forward_returns, values_held
from registry.errors import BacktestError
from tests.backtest.tables import make_panel, plain, run, walk

NAN = float("nan")
AT_RISK = ("net_return", "total_return", "volatility", "sharpe", "sortino", "max_drawdown", "cagr")


@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_holding_one_asset_scatters_as_it_does(horizon: int) -> None:
    """However it is staggered, what holds a single asset all the time has that asset's risk, and so its baselines."""
    panel = make_panel(walk(3, 300, 1), {"f": walk(4, 300, 1)})
    options = plain(horizons=(horizon,), baselines=True)
    whole, staggered = (run(panel, {"f": 1.0}, options.with_(tranches=tranches)) for tranches in (False, True))
    for name in AT_RISK:
        assert staggered.metrics[name] == pytest.approx(whole.metrics[name]), name
        assert staggered.baselines[1].metrics[name] == pytest.approx(whole.baselines[1].metrics[name]), name
    assert staggered.series.dates == whole.series.dates


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 2), st.integers(2, 5), st.sampled_from([0.0, 50.0]))
def test_as_simulated_date_by_date(seed: int, lag: int, horizon: int, cost: float) -> None:
    price, feature = walk(seed, 40, 5), walk(seed + 1, 40, 5)
    options = plain(k=2, lag=lag, horizons=(horizon,), tranches=True, cost_bps=cost)
    made = run(make_panel(price, {"f": feature}), {"f": 1.0}, options)
    picks = np.argsort(-feature, axis=1, kind="stable")[:, :2]
    tested = range(1, 40 - lag - horizon)
    earned: dict[int, list[float]] = {}
    for first in range(1, 1 + horizon):
        held: set[int] = set()
        for chosen in tested[first - 1 :: horizon]:
            now = set(picks[chosen].tolist())
            paid = cost / 1e4 * (len(held ^ now) / 2)
            held, before = now, 1.0
            for date in range(chosen + lag + 1, chosen + lag + horizon + 1):
                worth = np.mean([price[date, asset] / price[chosen + lag, asset] for asset in now]) - paid
                earned.setdefault(date, []).append(worth / before - 1)
                before = worth
    expected = [
        np.prod([1 + np.mean(earned[date]) for date in range(chosen + lag + 1, chosen + lag + horizon + 1)]) - 1
        for chosen in tested[::horizon]
    ]
    assert made.scored.track.returns == pytest.approx(expected)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 2), st.integers(1, 6), st.sampled_from(["last", "loss"]))
def test_what_is_held_ends_at_its_forward_return(seed: int, lag: int, horizon: int, delist: str) -> None:
    source = np.random.default_rng(seed)
    price = walk(seed, 20, 6)
    price[source.random(price.shape) < 0.2] = NAN
    for asset in range(3):
        price[source.integers(5, 20) :, asset] = NAN
    price[:, 5] = 1.0  # every date is there
    prices = Prices(make_panel(price))
    date_no, asset_no = (each.ravel() for each in np.indices((20 - lag - horizon, 6)))
    labels = forward_returns(prices, date_no, asset_no, horizon, lag, delist)  # type: ignore[arg-type]
    worth = values_held(prices, date_no, asset_no, horizon, lag, delist)  # type: ignore[arg-type]
    assert worth[:, -1] - 1 == pytest.approx(labels.returns)
    assert set(worth[:, 0]) == {1.0}


def test_without_prices_there_is_nothing_to_value_them_by() -> None:
    forward = walk(1, 30, 4) / 1000
    panel = make_panel(None, {"f": forward}, forward=forward, horizon=3)
    with pytest.raises(BacktestError, match=r"^tranches: .* takes prices"):
        run(panel, {"f": 1.0}, plain(tranches=True, horizons=(3,)))


@pytest.mark.parametrize("threshold", [None, 0.5, 1.2])
def test_a_single_tranche_is_the_whole(threshold: float | None) -> None:
    """Also where the first dates have too few assets, and the first that counts has nothing above the threshold."""
    feature = walk(4, 60, 6)
    feature[:5, 1:] = NAN
    feature[5] = feature[5].mean()
    panel = make_panel(walk(3, 60, 6), {"f": feature})
    options = plain(k=2, cost_bps=70, threshold=threshold, horizons=(1,))
    whole, tranche = (
        run(panel, {"f": 1.0}, options.with_(tranches=tranches), f="zscore") for tranches in (False, True)
    )
    assert whole.series.values["net_return"][:4] == [None] * 4
    for name in ("net_return", "turnover"):
        for one, other in zip(whole.series.values[name], tranche.series.values[name], strict=True):
            assert one == pytest.approx(other, abs=1e-12)
