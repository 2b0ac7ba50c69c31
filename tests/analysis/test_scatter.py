"""The points of a weight and a metric agree with the list and with the importances."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.errors import FilterError
from tests.tui.evaluated import COUNT, LEFT_OUT, edge, evaluated_registry, experiment


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return evaluated_registry(tmp_path / "experiments.duckdb")


def test_points_are_what_was_recorded_the_best_first(registry: ExperimentRegistry) -> None:
    found = registry.scatter("w.quality", "m.edge", filter="hp.k = 3")
    expected = [number for number in range(COUNT - LEFT_OUT) if number % 5 == 3][::-1]
    assert [point.config_hash for point in found.points] == [experiment(number).config_hash for number in expected]
    assert [point.y for point in found.points] == [edge(number) for number in expected]
    assert [point.absent for point in found.points] == [number % 3 == 0 for number in expected]
    weights = [experiment(number).feature_weights.get("quality", 0.0) for number in expected]
    assert [point.x for point in found.points] == weights, "an absent weight counts as 0"
    assert (found.direction, found.metrics_from, found.tried) == ("higher", "stocks 2020-01-01..2021-12-31", 204)


def test_the_correlation_is_that_of_the_importances(registry: ExperimentRegistry) -> None:
    among = {each.name: each for each in registry.importance("m.edge", filter="w.momentum > 0", forest=False).names}
    for name, each in among.items():
        found = registry.scatter(name, "edge", filter="w.momentum > 0")
        assert (found.rho, found.p, len(found.points)) == (each.rho, each.p, each.n)
    assert set(found.names) == set(among)


def test_what_varies_comes_first_and_is_taken_without_a_name(registry: ExperimentRegistry) -> None:
    assert registry.scatter(None, "m.edge").names == ["w.momentum", "w.quality", "hp.k", "w.value"]
    found = registry.scatter(None, "m.edge", filter="hp.k = 3")
    assert found.name == "w.momentum" and found.names == ["w.momentum", "w.quality", "w.value", "hp.k"]


def test_named_experiments_instead_of_a_filter(registry: ExperimentRegistry) -> None:
    hashes = [str(experiment(number).config_hash) for number in (3, 10, 40, 41, 42, COUNT - 1)]
    assert [point.config_hash for point in registry.scatter(None, "m.edge", hashes=hashes).points] == hashes[4::-1]
    assert registry.importance("m.edge", hashes=hashes, forest=False).experiments == 5
    assert registry.scatter(None, "m.edge", hashes=[]).points == []


def test_an_unknown_name_is_refused(registry: ExperimentRegistry) -> None:
    with pytest.raises(FilterError, match=r"no experiment has w\.nothing"):
        registry.scatter("w.nothing", "m.edge")


def test_what_a_step_raises_ends_the_work(registry: ExperimentRegistry) -> None:
    steps: list[str] = []

    def stop(text: str) -> None:
        steps.append(text)
        if text.startswith("correlating"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        registry.importance("m.edge", step=stop)
    assert steps == ["reading the metric", "reading the weights of 204", "correlating 1 of 4"]
