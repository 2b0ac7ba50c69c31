"""Known numbers on the prices of 20 stocks: they agree with alphalens to six digits."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import numpy as np
import pytest

from registry import ExperimentConfig
from registry.backtest.evaluate import evaluate
from registry.backtest.options import Options
from registry.backtest.panel import Panel, load_panel
from registry.backtest.prepared import Prepared
from registry.backtest.scoring import make_recipe

PRICES = str(files("registry.demo").joinpath("prices.parquet"))
OPTIONS = Options(k=5, lag=0, horizons=(5,), train_days=1, walk_days=12_000, bootstrap=False)
GOLDEN = {
    # dates, rank IC, ICIR, precision, base, mean return, return of all
    "mom_12_1": (8056, 0.028679, 0.089090, 0.552805, 0.536054, 0.005110, 0.003649),
    "rev_5": (8303, 0.019331, 0.067625, 0.539757, 0.534891, 0.005074, 0.003636),
    "lowvol_60": (8248, -0.007686, -0.022455, 0.547842, 0.535118, 0.002637, 0.003628),
}


@pytest.fixture(scope="module")
def panel() -> Panel:
    from dataclasses import replace

    made = load_panel(PRICES, features=[])
    assert made.price is not None
    price = made.price.reshape(len(made.dates), -1)

    def before(days: int) -> np.ndarray:
        return np.concatenate([np.full((days, price.shape[1]), np.nan), price[:-days]])

    change = price / before(1) - 1
    deviation = np.full_like(price, np.nan)
    for day in range(60, len(price)):
        deviation[day] = change[day - 59 : day + 1].std(axis=0, ddof=1)
    features = {"mom_12_1": before(21) / before(252) - 1, "rev_5": -(price / before(5) - 1), "lowvol_60": -deviation}
    return replace(made, features={name: values.ravel() for name, values in features.items()})


@pytest.mark.parametrize("feature", GOLDEN)
def test_the_golden_table(panel: Panel, feature: str) -> None:
    prepared = Prepared(panel, date(1990, 1, 1), date(2022, 12, 28), OPTIONS)
    metrics = evaluate(prepared, make_recipe(ExperimentConfig([feature], {feature: 1.0})), OPTIONS).metrics
    found = [
        metrics[name]
        for name in ("rank_ic", "rank_icir", "precision_at_k", "base_rate", "forward_return", "universe_return")
    ]
    assert metrics["dates"] == GOLDEN[feature][0]
    assert [round(value or 0, 6) for value in found] == list(GOLDEN[feature][1:])


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
class TestOracles:
    def test_rank_ic_as_alphalens(self, panel: Panel) -> None:
        import pandas as pd
        from alphalens.performance import factor_information_coefficient
        from alphalens.utils import get_clean_factor_and_forward_returns

        days = pd.to_datetime(panel.dates)
        index = pd.MultiIndex.from_arrays(
            [days[panel.date_no], np.array(panel.assets)[panel.asset_no]], names=["date", "asset"]
        )
        factor = pd.Series(panel.features["mom_12_1"], index=index).dropna()
        assert panel.price is not None
        prices = pd.Series(panel.price, index=index).unstack()
        clean = get_clean_factor_and_forward_returns(factor, prices, quantiles=4, periods=(5,), max_loss=1)
        theirs = factor_information_coefficient(clean).iloc[:, 0]
        prepared = Prepared(panel, date(1990, 1, 1), date(2022, 12, 28), OPTIONS)
        recipe = make_recipe(ExperimentConfig(["mom_12_1"], {"mom_12_1": 1.0}))
        daily = evaluate(prepared, recipe, OPTIONS).scored.daily.rank_ic
        assert daily[~np.isnan(daily)] == pytest.approx(theirs.to_numpy(), abs=1e-12)

    def test_the_portfolio_as_empyrical(self, panel: Panel) -> None:
        import empyrical
        import pandas as pd

        options = OPTIONS.with_(walk_days=365, train_days=300)
        prepared = Prepared(panel, date(2000, 1, 1), date(2022, 12, 28), options)
        made = evaluate(prepared, make_recipe(ExperimentConfig(["rev_5"], {"rev_5": 1.0})), options)
        returns = pd.Series(made.scored.track.returns)
        periods = prepared.periods_per_year()
        assert periods is not None
        assert made.metrics["sharpe"] == pytest.approx(empyrical.sharpe_ratio(returns, annualization=periods))
        assert made.metrics["sortino"] == pytest.approx(empyrical.sortino_ratio(returns, annualization=periods))
        assert made.metrics["max_drawdown"] == pytest.approx(empyrical.max_drawdown(returns))
        assert made.metrics["cagr"] == pytest.approx(empyrical.cagr(returns, annualization=periods))
        assert made.metrics["calmar"] == pytest.approx(empyrical.calmar_ratio(returns, annualization=periods))
        assert made.metrics["volatility"] == pytest.approx(empyrical.annual_volatility(returns, annualization=periods))
        assert made.metrics["total_return"] == pytest.approx(empyrical.cum_returns_final(returns))
