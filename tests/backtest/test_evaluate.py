"""Evaluation on panels small enough to compute by hand, and what must hold on any panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig
from registry.backtest.evaluate import Evaluation, evaluate
from registry.backtest.options import Options
from registry.backtest.panel import Panel
from registry.backtest.running import Bench
from registry.backtest.scoring import make_recipe
from registry.backtest.suggesting import suggest
from registry.errors import BacktestError
from tests.backtest.tables import day, make_panel, plain, prepare, run, walk

NAN = float("nan")


def test_by_hand() -> None:
    # three assets, one date ahead; f picks b, b, c on the three test dates
    price = [[1, 1, 1], [1, 1, 1], [2, 3, 1], [2, 3, 2], [2, 3, 2]]
    f = [[0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    made = run(make_panel(price, {"f": f}), {"f": 1.0}, plain(walk_days=2))
    # returns from day 1: +1, +2, 0; day 2: 0, 0, +1; day 3: 0, 0, 0
    assert made.series.dates == [day(1), day(2), day(3)]
    assert made.series.values["precision_at_k"] == [1, 0, 0]
    assert made.series.values["base_rate"] == pytest.approx([2 / 3, 1 / 3, 0])
    assert made.series.values["edge"] == pytest.approx([1 / 3, -1 / 3, 0])
    assert made.series.values["net_return"] == [2, 0, 0]
    assert made.series.values["overlap_at_k"] == [1, 0, 0]
    assert made.series.values["turnover"] == [None, 0, 1]
    metrics = made.metrics
    assert metrics["precision_at_k"] == pytest.approx(1 / 3)
    assert metrics["forward_return"] == pytest.approx(2 / 3)
    assert metrics["universe_return"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert metrics["total_return"] == pytest.approx(2)
    assert metrics["max_drawdown"] == 0
    assert metrics["turnover"] == pytest.approx(0.5)
    assert [window.metrics["dates"] for window in made.windows] == [2, 1]
    assert made.counts["censored_dates"] == 1


def test_costs_are_paid_on_what_is_traded() -> None:
    flat = np.ones((4, 2))
    f = [[1, 0], [1, 0], [0, 1], [0, 1]]
    made = run(make_panel(flat, {"f": f}), {"f": 1.0}, plain(cost_bps=100))
    assert made.series.values["net_return"] == pytest.approx([-0.01, -0.02])


def test_equal_scores_go_to_the_first_name() -> None:
    price = [[1, 1, 1], [1, 1, 1], [9, 2, 1]]
    panel = make_panel(price, {"f": np.ones((3, 3))}, assets=["B", "a", "é"])
    assert run(panel, {"f": 1.0}, plain()).series.values["forward_return"] == [8]
    near = make_panel(price, {"f": [[0] * 3, [0.1 + 0.2, 0.3, 0.3], [0] * 3]}, assets=["B", "a", "é"])
    assert run(near, {"f": 1.0}, plain()).series.values["forward_return"] == [8]  # alike but for rounding


class TestDelisting:
    price = ((1, 1), (1, 1), (1, 2), (1, NAN), (1, NAN), (1, NAN))
    feature = ((0, 1),) * 6

    def result(self, delist: str) -> tuple[object, dict[str, int], list[str]]:
        panel = make_panel(self.price, {"f": self.feature})
        made = run(panel, {"f": 1.0}, plain(horizons=(3,), delist=delist))
        return made.series.values["net_return"][0], made.counts, made.warnings

    def test_last_price(self) -> None:
        value, counts, _ = self.result("last")
        assert value == 1.0
        assert counts["delisted_picks"] == 2

    def test_total_loss(self) -> None:
        assert self.result("loss")[0] == -1

    def test_left_out_is_flagged(self) -> None:
        value, counts, warnings = self.result("drop")
        assert value is None  # of the only pick nothing is known
        assert counts["delisted_picks"] == 2
        assert any("flatters" in warning for warning in warnings)

    def test_a_gap_is_no_delisting(self) -> None:
        panel = make_panel([[1, 1], [1, 1], [1, 2], [1, NAN], [1, 3]], {"f": [[0, 1]] * 5})
        made = run(panel, {"f": 1.0}, plain(horizons=(2,), delist="loss"))
        assert made.counts["gap_picks"] == 1
        assert made.series.values["net_return"] == [1]

    def test_what_can_not_be_bought_stays_cash(self) -> None:
        panel = make_panel([[1, 1], [1, 1], [1, NAN], [1, 3]], {"f": [[0, 1]] * 4})
        made = run(panel, {"f": 1.0}, plain(lag=1))
        assert made.counts["unentered_picks"] == 1
        assert made.series.values["net_return"] == [0]

    def test_a_missing_price_never_counts_as_a_hit_before_selection(self) -> None:
        """The asset that will be gone is picked all the same: nothing known later chooses."""
        panel = make_panel(self.price, {"f": self.feature})
        picked = run(panel, {"f": 1.0}, plain(horizons=(3,), delist="drop")).scored.picks.picked
        assert picked[1]


class TestMissing:
    price = ((1, 1, 1), (1, 1, 1), (3, 2, 1))
    features = ({"f": ((1, 1, 1), (NAN, 1, 0), (1, 1, 1)), "g": ((0, 0, 0), (9, 0, 0), (0, 0, 0))},)

    @pytest.mark.parametrize(("missing", "earned"), [("drop", 1.0), ("neutral", 2.0), ("renorm", 2.0)])
    def test_what_becomes_of_it(self, missing: str, earned: float) -> None:
        panel = make_panel(self.price, self.features[0])
        made = run(panel, {"f": 0.5, "g": 0.5}, plain(missing=missing))
        assert made.series.values["net_return"] == [earned]
        assert made.counts["missing_values"] == 1

    def test_a_feature_without_weight_excludes_nobody(self) -> None:
        panel = make_panel(self.price, self.features[0])
        assert run(panel, {"f": 0.0, "g": 1.0}, plain()).series.values["net_return"] == [2.0]

    def test_dates_with_too_few_are_skipped_and_counted(self) -> None:
        panel = make_panel(self.price, self.features[0])
        made = run(panel, {"f": 1.0}, plain(k=3))
        assert made.counts["skipped_dates"] == 1
        assert made.metrics["precision_at_k"] is None
        assert any("nothing was measured" in warning for warning in made.warnings)


class TestSkippedDates:
    """Dates with too few eligible assets are no dates of the portfolio, instead of dates on which it earned nothing."""

    def result(self, k: int, **more: object) -> Evaluation:
        price, feature = walk(1, 40, 6, spread=0.1), walk(2, 40, 6)
        feature[20:30, 2:] = NAN  # two assets are left
        return run(make_panel(price, {"f": feature}), {"f": 1.0}, plain(k=k, horizons=(2,), baselines=True, **more))

    @pytest.mark.parametrize("tranches", [False, True])
    def test_they_are_left_out_and_counted(self, tranches: bool) -> None:
        made = self.result(3, tranches=tranches)
        values = made.series.values
        skipped = [number for number, edge in enumerate(values["edge"]) if edge is None]
        left_out = [number for number, value in enumerate(values["net_return"]) if value is None]
        assert left_out == (skipped[:-1] if tranches else skipped) != []  # a tranche begins on an odd date after them
        assert {number for number, value in enumerate(values["eligible"]) if value is None} == set(skipped)
        known = [value for value in values["net_return"] if value is not None]
        assert 0 not in known
        assert made.metrics["net_return"] == pytest.approx(np.mean(known))
        assert made.metrics["rebalances"] == made.counts["rebalance_dates"] == len(known)
        assert made.counts["skipped_rebalances"] == len(left_out)
        assert made.metrics["eligible"] == 6
        assert made.baselines[1].metrics["rebalances"] == len(known)

    def test_where_nothing_was_evaluated_there_is_no_portfolio(self) -> None:
        made = self.result(7)
        assert made.counts["evaluated_dates"] == 0
        assert {name for name, value in made.metrics.items() if value is not None} == {"dates", "rebalances"}
        assert made.metrics["rebalances"] == 0

    def test_what_is_held_next_is_traded_for_from_what_was_held_before(self) -> None:
        price, feature = np.ones((6, 2)), [[1, 0], [1, 0], [NAN, NAN], [1, 0], [0, 1], [0, 1]]
        made = run(make_panel(price, {"f": feature}), {"f": 1.0}, plain(cost_bps=100))
        assert made.series.values["net_return"] == [-0.01, None, 0, -0.02]
        assert made.series.values["turnover"] == [None, None, 0, 1]


def test_a_universe_leaves_out_what_could_not_be_traded() -> None:
    price = [[1, 1], [1, 1], [5, 2]]
    panel = make_panel(price, {"f": [[1, 0]] * 3}, tradable=[[1, 1], [0, 1], [1, 1]])
    assert run(panel, {"f": 1.0}, plain()).series.values["net_return"] == [1]


def test_a_threshold_leaves_cash() -> None:
    panel = make_panel([[1, 1], [1, 1], [5, 2], [5, 2]], {"f": [[0, 0], [1, 0], [0.2, 0], [0, 0]]})
    made = run(panel, {"f": 1.0}, plain(threshold=0.5))
    assert made.series.values["net_return"] == [4, 0]
    assert made.series.values["precision_at_k"] == [1, None]
    assert made.counts["dates_without_picks"] == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1, 1.5))
def test_the_edge_is_precision_above_the_base_rate_of_the_same_dates(seed: int, threshold: float) -> None:
    """Dates without picks have no precision, so their base rate counts nowhere: not in a window, not further ahead."""
    panel = make_panel(walk(seed, 40, 6), {"f": walk(seed + 1, 40, 6)})
    options = plain(k=2, horizons=(2, 5), threshold=threshold, walk_days=7, baselines=True)
    made = run(panel, {"f": 1.0}, options, f="zscore")
    baselines = {each.name: each.metrics for each in made.baselines}
    for metrics in (made.metrics, *(window.metrics for window in made.windows), *baselines.values()):
        for ahead in ("", "_h5"):
            parts = [metrics.get(f"{name}{ahead}") for name in ("precision_at_k", "base_rate", "edge")]
            assert len({part is None for part in parts}) == 1
            if parts[0] is not None:
                assert parts[0] - parts[1] == pytest.approx(parts[2], abs=1e-11)
    for name in ("random", "equal_weight"):  # on the dates of the experiment
        assert baselines[name].get("precision_at_k") == made.metrics["base_rate"]


def test_a_given_forward_return_needs_its_horizon() -> None:
    forward = [[0.1, 0.2], [0.1, 0.2], [0.3, NAN]]
    with pytest.raises(BacktestError, match="horizon"):
        prepare(make_panel(None, {"f": forward}, forward=forward), plain())
    made = run(make_panel(None, {"f": forward}, forward=forward, horizon=1), {"f": 1.0}, plain())
    assert made.series.values["forward_return"] == [0.2, 0.3]


class TestGivenForwardReturns:
    """What was given decides the horizon; nothing that was asked for is changed in silence."""

    forward = walk(1, 40, 5) / 100 - 1

    def panel(self, forward: np.ndarray | None = None) -> Panel:
        given = self.forward if forward is None else forward
        made = make_panel(walk(1, 40, 5), {"f": walk(2, 40, 5)}, forward=self.forward, horizon=5)
        return replace(made, price=None, forward=given.ravel())

    @pytest.mark.parametrize("change", [{"horizons": (7,)}, {"horizons": (5, 10)}, {"delist": "loss"}])
    def test_contradictions_are_refused(self, change: dict[str, object]) -> None:
        options = plain(**{"horizons": (5,), **change})
        with pytest.raises(BacktestError, match=f"^{next(iter(change))}: "):
            prepare(self.panel(), options)
        bench = Bench(self.panel(), "2020-01-01", "2020-02-09")
        config = ExperimentConfig(["f"], {"f": 1.0}, {"horizons": [7, 14, 30]})
        with pytest.raises(BacktestError, match=r"^horizons: 7,14,30 can't be computed"):
            bench.panel_ref(config, plain(horizons=(7, 14, 30)))

    def test_defaults_give_way(self) -> None:
        assert prepare(self.panel(), plain(horizons=(7, 14, 30))).options.horizons == (5,)

    @pytest.mark.parametrize("lag", [0, 1, 3])
    def test_training_is_purged_of_returns_entered_later(self, lag: int) -> None:
        prepared = prepare(self.panel(), plain(horizons=(5,), lag=lag, train_days=20))
        assert prepared.options.lag == lag
        window = prepared.windows[0]
        last_train, first_test = prepared.group_dates[window.train_last - 1], prepared.test_dates[window.first]
        assert last_train + lag + 5 < first_test

    def test_picks_without_one_are_counted(self) -> None:
        forward = self.forward.copy()
        forward[20:30, 2] = NAN
        made = run(self.panel(forward), {"f": 1.0}, plain(horizons=(5,), k=5))
        assert made.counts["unmeasured_picks"] == 10
        assert any("10 picks have no forward return" in warning for warning in made.warnings)


def test_survivors_are_pointed_out() -> None:
    alive = make_panel(walk(1, 9, 3), {"f": walk(2, 9, 3)})
    assert any("survivors" in warning for warning in run(alive, {"f": 1.0}, plain()).warnings)
    assert any("more than a quarter" in warning for warning in run(alive, {"f": 1.0}, plain()).warnings)


@pytest.mark.parametrize("how", ["no row", "no price", "not in the universe"])
def test_a_panel_with_the_dead_is_no_panel_of_survivors(how: str) -> None:
    price = walk(1, 12, 4)
    price[8:, 0] = NAN
    panel = make_panel(price if how == "no row" else walk(1, 12, 4), {"f": walk(2, 12, 4)})
    if how != "no row":
        dead = (panel.asset_no == 0) & (panel.date_no >= 8)
        assert panel.price is not None
        changed = {"price": np.where(dead, NAN, panel.price)} if how == "no price" else {"tradable": ~dead}
        panel = replace(panel, **changed)
    assert not prepare(panel, plain()).survivorship_suspect()
    assert not any("survivors" in warning for warning in run(panel, {"f": 1.0}, plain()).warnings)


def test_nothing_to_score_with() -> None:
    with pytest.raises(BacktestError, match="no feature a weight"):
        make_recipe(ExperimentConfig(["f"], {"f": 0.0}))


# -- no look-ahead -------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 2), st.integers(1, 4), st.data())
def test_no_later_value_changes_a_window(seed: int, lag: int, horizon: int, data: st.DataObject) -> None:
    """Prices after the last exit of a window, and features after its end, change neither picks nor training."""
    dates, assets = 60, 8
    price, f, g = walk(seed, dates, assets), walk(seed + 1, dates, assets), walk(seed + 2, dates, assets)
    options = plain(k=2, lag=lag, horizons=(horizon,), train_days=30, walk_days=6)
    config = ExperimentConfig(["f", "g"], {"f": 0.5, "g": 0.5}, feature_transformations={"f": "zscore", "g": "rank"})
    recipe = make_recipe(config)

    def result(price: np.ndarray, f: np.ndarray) -> tuple[object, object, object]:
        prepared = prepare(make_panel(price, {"f": f, "g": g}), options)
        found = evaluate(prepared, recipe, options)
        return prepared, found, suggest(prepared, recipe, replace(options, method="ic"))

    prepared, before, suggested = result(price, f)
    window = data.draw(st.sampled_from(prepared.windows))
    number = prepared.windows.index(window)
    last = int(prepared.test_dates[window.last - 1])
    first = int(prepared.test_dates[window.first])
    changed_price, changed_f = price.copy(), f.copy()
    changed_price[last + lag + horizon + 1 :] *= 7.5
    changed_f[last + 1 :] = -changed_f[last + 1 :]
    _, after, resuggested = result(changed_price, changed_f)
    rows = slice(*prepared.test_groups.offsets[[window.first, window.last]])
    assert before.scored.picks.picked[rows].tolist() == after.scored.picks.picked[rows].tolist()
    assert before.windows[number].metrics["rank_ic"] == after.windows[number].metrics["rank_ic"]
    assert suggested.windows[number] == resuggested.windows[number]
    # training knows nothing of the test window's own prices either
    spoilt = price.copy()
    spoilt[first:] = spoilt[first:][:, ::-1]
    assert result(spoilt, f)[2].windows[number] == suggested.windows[number]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 50) | st.sampled_from([1e-13, 1e-30, 1e60]))
def test_scaling_all_weights_changes_nothing_that_ranks(seed: int, factor: float) -> None:
    panel = make_panel(walk(seed, 40, 7), {"f": walk(seed + 1, 40, 7), "g": walk(seed + 2, 40, 7)})
    options = plain(k=2, horizons=(3,))
    one = run(panel, {"f": 0.3, "g": -0.2}, options, f="zscore", g="zscore").series.values
    other = run(panel, {"f": 0.3 * factor, "g": -0.2 * factor}, options, f="zscore", g="zscore").series.values
    assert one["precision_at_k"] == other["precision_at_k"]
    assert one["net_return"] == other["net_return"]
    assert one["rank_ic"] == pytest.approx(other["rank_ic"], nan_ok=True)


@pytest.mark.parametrize("size", [1e-60, 1e-12, 1.0, 1e60])
def test_scores_that_differ_by_rounding_alone_are_equal_at_any_size(size: float) -> None:
    price = [[1, 1, 1], [1, 1, 1], [9, 2, 1]]
    near = [[0] * 3, [0.3 * size, (0.1 + 0.2) * size, 0.3 * size], [0] * 3]
    assert run(make_panel(price, {"f": near}), {"f": 1.0}, plain()).series.values["forward_return"] == [8]
    apart = [[0] * 3, [0.3 * size, 0.3 * (1 + 1e-10) * size, 0.3 * size], [0] * 3]
    assert run(make_panel(price, {"f": apart}), {"f": 1.0}, plain()).series.values["forward_return"] == [1]


def test_equal_weight_holds_the_universe_and_random_expects_it() -> None:
    panel = make_panel(walk(5, 50, 9), {"f": walk(6, 50, 9)}, cap=walk(7, 50, 9))
    options = plain(k=3, horizons=(2,), baselines=True)
    found = {each.name: each for each in run(panel, {"f": 1.0}, options).baselines}
    universe = run(panel, {"f": 1.0}, options).metrics
    assert found["equal_weight"].metrics["forward_return"] == pytest.approx(universe["universe_return"])
    assert found["random"].metrics["precision_at_k"] == universe["base_rate"]
    low, high = found["random"].band["precision_at_k"]
    assert low < found["random"].metrics["precision_at_k"] < high
    cap = run(make_panel(walk(5, 50, 9), {"f": walk(7, 50, 9)}), {"f": 1.0}, options).metrics
    assert found["cap_topk"].metrics["precision_at_k"] == cap["precision_at_k"]


def test_baselines_are_measured_on_an_experiments_own_terms() -> None:
    """Two experiments share a preparation, not the risk-free rate of the first."""
    panel = make_panel(walk(5, 50, 9), {"f": walk(6, 50, 9)})
    options = plain(k=3, horizons=(2,), baselines=True)
    prepared, recipe = prepare(panel, options), make_recipe(ExperimentConfig(["f"], {"f": 1.0}))
    evaluate(prepared, recipe, options)
    sharper = options.with_(risk_free_rate=0.5)
    shared = evaluate(prepared, recipe, sharper).baselines[1].metrics
    assert shared == run(panel, {"f": 1.0}, sharper).baselines[1].metrics


def test_without_a_cap_column_there_is_a_reason_and_no_zero() -> None:
    panel = make_panel(walk(5, 50, 9), {"f": walk(6, 50, 9)})
    found = {each.name: each for each in run(panel, {"f": 1.0}, plain(baselines=True)).baselines}
    assert "capitalisation" in (found["cap_topk"].reason or "")
    assert found["cap_weighted"].metrics == {}


def test_momentum_is_what_a_feature_of_past_returns_gives() -> None:
    price = walk(8, 60, 9)
    past = np.full_like(price, NAN)
    past[20:] = price[20:] / price[:-20] - 1
    options = plain(k=3, horizons=(2,), train_days=25, baselines=True)
    made = run(make_panel(price, {"f": past}), {"f": 1.0}, options)
    found = {each.name: each for each in made.baselines}
    assert found["momentum"].metrics["precision_at_k"] == made.metrics["precision_at_k"]
    assert found["momentum"].metrics["total_return"] == made.metrics["total_return"]


def test_options_that_are_not_allowed() -> None:
    for name, value in (("k", 0), ("lag", -1), ("missing", "x"), ("horizons", ()), ("cost_bps", -1), ("shrink", 2)):
        with pytest.raises(BacktestError, match=name):
            Options(**{name: value})  # type: ignore[arg-type]
