"""How much is luck: what is counted, what is compared, and what is said where something is missing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import AmbiguousPanelError, FilterError
from registry.runs.panels import PanelRef
from registry.statistics.overfitting import overfitting
from registry.statistics.sharpe import deflated_sharpe, effective_trials, minimum_track, track_of

PERIOD = "2020-01-01..2021-12-31"
DAYS = [(date(2020, 1, 1) + timedelta(days=7 * n)).isoformat() for n in range(100)]
OPTIONS = {"k": 5, "horizons": [5], "lag": 1, "hit": 0, "delist": "last"}
COUNT = 12
RETURNS = np.random.default_rng(5).normal(0.001, 0.02, (COUNT, len(DAYS)))


def config(number: int) -> ExperimentConfig:
    return ExperimentConfig(["a", "b"], {"a": 1.0, "b": float(number)}, tags=["even"] if number % 2 == 0 else [])


def put(
    registry: ExperimentRegistry, number: int, returns: np.ndarray, days: list[str] = DAYS, **changes: object
) -> str:
    values = dict(zip(days, map(float, returns), strict=True))
    run = registry.record_run(
        config(number), metrics={"sharpe": float(returns.mean() / returns.std(ddof=1) * 52**0.5), "icir": 0.1,
                                 "edge": 0.1, "precision_at_k": 0.5, "base_rate": 0.5},
        dates={"net_return": values, "edge": {day: 10 * value for day, value in values.items()},
               "precision_at_k": dict.fromkeys(days, 0.5), "universe_return": values},
        **{"panel": "p", "period": PERIOD, "options": OPTIONS, **changes},
    )  # fmt: skip
    return run.config_hash


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> ExperimentRegistry:
    """Twelve experiments with runs, one of them in the trash, and three more that were tried and not tracked."""
    made = ExperimentRegistry(tmp_path_factory.mktemp("overfitting") / "r.duckdb")
    for number in range(COUNT):
        put(made, number, RETURNS[number])
    made.delete(str(config(COUNT - 1).config_hash))
    for factor in (2.0, 3.0, 4.0):  # all of them rank as number 1 does
        alike = ExperimentConfig(["a", "b"], {"a": factor, "b": factor})
        made.record_trial(alike, PanelRef("p"), *PERIOD.split(".."))
    made.sync()
    return made


def test_the_best_is_deflated_by_everything_that_was_tried(registry: ExperimentRegistry) -> None:
    found = registry.overfitting()
    ratios = RETURNS.mean(axis=1) / RETURNS.std(axis=1, ddof=1)
    at = int(np.argmax(ratios[:-1]))
    track = track_of(RETURNS[at])
    assert found.best is not None
    assert track is not None
    assert (found.tried.configurations, found.tried.rankings) == (COUNT + 3, COUNT)
    assert (found.evaluated, found.matching) == (COUNT, COUNT - 1), "what lies in the trash was tried, not chosen"
    assert found.best.config_hash == config(at).config_hash
    assert found.best.value == pytest.approx(ratios[at] * 52**0.5)
    assert found.best.ratio == pytest.approx(ratios[at])
    spread = ratios.var(ddof=1)
    trials = [COUNT + 3.0, float(COUNT), effective_trials(COUNT + 3, mean_correlation(RETURNS))]
    assert [each.trials for each in found.best.deflated] == pytest.approx(trials)
    wanted = [deflated_sharpe(track, count, spread) for count in trials]
    assert [each.probability for each in found.best.deflated] == pytest.approx(wanted)
    assert found.deflated == found.best.deflated[0].probability < found.best.probabilistic
    needed = minimum_track(track, found.best.deflated[0].expected)
    assert found.best.needed == (None if needed is None else int(np.ceil(needed)))
    assert found.best.universe == pytest.approx(ratios[at]), "here everything eligible is what was picked"
    assert found.probability == overfitting(RETURNS[:-1].T).probability
    assert found.notes == []


def mean_correlation(rows: np.ndarray) -> float:
    matrix = np.corrcoef(rows)
    return float(matrix[np.triu_indices(len(rows), 1)].mean())


def test_a_filter_says_what_is_chosen_from_not_what_was_tried(registry: ExperimentRegistry) -> None:
    every, even = registry.overfitting(), registry.overfitting(filter="tag:even")
    assert even.tried == every.tried
    assert even.matching == COUNT // 2
    assert even.probability == overfitting(RETURNS[:-1:2].T).probability
    one = registry.overfitting(filter=f"hash:{config(3).config_hash}")
    assert one.best is not None
    assert one.best.config_hash == config(3).config_hash
    assert one.crossvalidated is None
    assert "two experiments" in one.notes[0]


def test_other_metrics_by_date(registry: ExperimentRegistry) -> None:
    edge = registry.overfitting("m.edge", blocks=10)
    assert edge.best is not None
    assert edge.best.config_hash == config(int(np.argmax(RETURNS[:-1].mean(axis=1)))).config_hash
    assert edge.best.universe is None
    assert edge.probability == overfitting(RETURNS[:-1].T, "mean", 10).probability
    precision = registry.overfitting("precision_at_k")
    assert (precision.best, precision.deflated) == (None, None)
    assert "without skill is not 0" in precision.notes[0]
    for wrong, said in {
        "icir": "no values by date.*edge", "base_rate": "neither", "min(m.edge)": "over windows",
        "edje": "did you mean",
    }.items():  # fmt: skip
        with pytest.raises(FilterError, match=said):
            registry.overfitting(wrong)
    with pytest.raises(FilterError, match="even"):
        registry.overfitting(blocks=5)


def test_the_risk_free_rate_is_taken_off(tmp_path: Path) -> None:
    made = ExperimentRegistry(tmp_path / "r.duckdb")
    for number in range(3):
        put(made, number, RETURNS[number], options={**OPTIONS, "risk_free_rate": 0.05, "periods_per_year": 52.0})
    best = made.overfitting().best
    assert best is not None
    excess = RETURNS[:3] - (1.05 ** (1 / 52) - 1)
    assert best.ratio == pytest.approx((excess.mean(axis=1) / excess.std(axis=1, ddof=1)).max())


def test_only_what_was_measured_alike_is_compared(tmp_path: Path) -> None:
    made = ExperimentRegistry(tmp_path / "r.duckdb")
    assert made.overfitting().notes == ["no experiment has a run"]
    for number in range(4):
        put(made, number, RETURNS[number])
    put(made, 4, RETURNS[4] + 1.0, options={**OPTIONS, "horizons": [10]})
    put(made, 5, RETURNS[5, :50] + 1.0, days=DAYS[:50])
    found = made.overfitting()
    assert found.best is not None
    assert found.best.config_hash in {config(number).config_hash for number in range(4)}
    assert (found.evaluated, found.tried.configurations) == (5, 6)
    assert found.notes == ["1 evaluated on other dates than most are left out"]
    put(made, 6, RETURNS[6], panel="q")
    with pytest.raises(AmbiguousPanelError):
        made.overfitting()
    alone = made.overfitting(panel="q")
    assert alone.best is not None
    assert alone.best.deflated == []
    assert "one trial alone" in alone.notes[0]
