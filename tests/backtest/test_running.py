"""`run_backtest` from Python: what it takes, what it records, what it refuses."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry import ExperimentConfig, ExperimentRegistry, Run, run_backtest
from registry.backtest.identity import meant, new_experiment
from registry.backtest.options import Options
from registry.backtest.running import Bench
from registry.errors import BacktestError
from registry.gemscore import WEIGHTS
from tests.backtest.tables import make_panel, walk

CONFIG = ExperimentConfig(["f"], {"f": 1.0}, {"k": 2})
PANEL = make_panel(walk(1, 90, 8), {"f": walk(2, 90, 8)})
QUICK: dict[str, Any] = {"horizons": (3,), "train_days": 30, "bootstrap": False}


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return ExperimentRegistry(tmp_path / "experiments.duckdb")


def ran(registry: ExperimentRegistry, **more: Any) -> Run:
    return run_backtest(registry, CONFIG, PANEL, **{"start": "2020-01-01", "end": "2020-03-30", **QUICK, **more})


class TestPeriods:
    def test_moments_at_midnight_are_days(self, registry: ExperimentRegistry) -> None:
        run = ran(registry, start=datetime(2020, 1, 1), end=date(2020, 3, 30))
        assert run.period == "2020-01-01..2020-03-30"
        assert registry.run(run.run_id).metrics == run.metrics
        registry.sync()
        assert registry.info().refused == []

    def test_a_time_of_day_is_refused(self, registry: ExperimentRegistry) -> None:
        with pytest.raises(BacktestError, match=r"^end: 2020-03-30 16:00:00 has a time of day"):
            ran(registry, end=datetime(2020, 3, 30, 16))

    def test_pandas_moments(self, registry: ExperimentRegistry) -> None:
        pandas = pytest.importorskip("pandas")
        assert ran(registry, start=pandas.Timestamp("2020-01-01")).start == "2020-01-01"
        with pytest.raises(BacktestError, match=r"^start: NaT is no date"):
            ran(registry, start=pandas.NaT)


def test_the_panel_is_called_what_one_says(registry: ExperimentRegistry) -> None:
    assert ran(registry, panel_name="ours").panel.name == "ours"
    assert PANEL.name != "ours", "what was handed in is as it was"


class TestHyperparameters:
    """They supply options, and are any JSON."""

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("horizons", 5, "horizons: 5 is no list"),
            ("horizons", [[1]], "horizons: .*are not whole numbers"),
            ("horizons", {"a": 1}, "horizons: .* is no list"),
            ("horizons", [10**6], "horizons: .*from 1 to"),
            ("expanding", "no", 'expanding: "no" is neither true nor false'),
            ("tranches", 1, "tranches: 1 is neither"),
            ("threshold", "auto", 'threshold: "auto" is not a number'),
            ("k", [5], "k: .* is not a whole number"),
        ],
    )
    def test_what_is_no_option_is_refused(self, name: str, value: Any, said: str) -> None:
        config = ExperimentConfig(["f"], {"f": 1.0}, {name: value})
        with pytest.raises(BacktestError, match=f"is no option: {said}"):
            meant(config, {})

    def test_an_explicit_option_replaces_it(self, registry: ExperimentRegistry) -> None:
        config = ExperimentConfig(["f"], {"f": 1.0}, {"threshold": "auto", "horizons": 3, "k": 2})
        run = run_backtest(registry, config, PANEL, start="2020-01-01", end="2020-03-30", threshold=0.0, **QUICK)
        variant = registry.config(run.config_hash)
        assert variant.hyperparameters == {"threshold": 0.0, "horizons": [3], "k": 2}
        assert variant.parent == config.config_hash

    def test_unknown_options_are_refused(self, registry: ExperimentRegistry) -> None:
        with pytest.raises(BacktestError, match=r'^"horizon" is no option of a backtest; did you mean horizons\?'):
            ran(registry, horizon=5)
        with pytest.raises(BacktestError, match=r'^"bogus" is no option of a backtest; there are walk_days, k'):
            new_experiment({"f": 1.0}, {"bogus": 1})


def test_features_beyond_what_a_gemscore_keeps_are_pointed_out() -> None:
    shares = {name: np.random.default_rng(n).random((90, 8)) for n, name in enumerate(WEIGHTS)}
    beyond = {**shares, "SentimentScore": shares["SentimentScore"] * 1.5, "TokenomicsRisk": -shares["TokenomicsRisk"]}
    options = Options(k=2, **QUICK)

    def warned(features: dict[str, np.ndarray], clip: bool = False) -> list[str]:
        transformations = dict.fromkeys(WEIGHTS, "clip:0:1") if clip else None
        config = new_experiment(WEIGHTS, {}, transformations=transformations).config
        bench = Bench(make_panel(walk(1, 90, 8), features), "2020-01-01", "2020-03-30")
        found = bench.backtest(config, options, suggestion=False).run.details["warnings"]
        return [warning for warning in found if "GemScore" in warning]

    assert warned(shares) == warned(beyond, clip=True) == []
    assert warned(beyond)[0].startswith("SentimentScore, TokenomicsRisk go beyond 0..1")
