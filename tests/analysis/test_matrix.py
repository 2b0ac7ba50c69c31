"""The matrix of a selection: who is in it, in what order, with which weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.comparison import ABSENT
from registry.errors import AmbiguousPanelError, FilterError

PERIOD = "2020-01-01..2020-12-31"


def config(number: int) -> ExperimentConfig:
    weights = {"a": 1.0 + number, "b": -(1.0 + number), **({"c": 0.0} if number % 2 else {})}
    return ExperimentConfig(
        ["a", "b", "c"], weights, {"k": 5}, description=f"number {number}", tags=["even"] if number % 2 == 0 else [],
        created_at=f"2026-01-{1 + number:02}T00:00:00+00:00",
    )  # fmt: skip


def number_of(registry: ExperimentRegistry, full: str) -> int:
    return int(registry.config(full).description.removeprefix("number "))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> ExperimentRegistry:
    """Eight experiments; all but the last have a run, the odder the better and the higher their turnover."""
    made = ExperimentRegistry(tmp_path_factory.mktemp("matrix") / "r.duckdb")
    for number in range(8):
        made.register(config(number))
    for number in range(7):
        made.record_run(
            config(number), metrics={"edge": number / 100, "turnover": number / 10}, panel="p", period=PERIOD
        )
    made.sync()
    return made


def numbers(registry: ExperimentRegistry, hashes: list[str]) -> list[int]:
    return [number_of(registry, full) for full in hashes]


def test_the_best_of_a_selection(registry: ExperimentRegistry) -> None:
    best = registry.matrix(by="m.edge", top=3)
    assert numbers(registry, best.comparison.hashes) == [6, 5, 4]
    assert (best.values, best.by, best.matching, best.tried) == ([0.06, 0.05, 0.04], "m.edge", 7, 7)
    assert best.comparison.metrics_from == f"p {PERIOD}"
    calm = registry.matrix("tag:even", by="m.turnover", top=2)
    assert numbers(registry, calm.comparison.hashes) == [0, 2], "less of it is better"
    assert calm.matching == 4
    assert numbers(registry, registry.matrix(by="w.a", top=2).comparison.hashes) == [7, 6]
    assert numbers(registry, registry.matrix(by="-created", top=2).comparison.hashes) == [7, 6]
    newest = registry.matrix(top=2)
    assert (numbers(registry, newest.comparison.hashes), newest.values) == ([7, 6], [None, None])
    assert len(registry.matrix(top=None).comparison.hashes) == 8
    assert best.to_dict()["by_values"] == best.values


def test_normalised_weights_sum_to_one_and_alike_ones_do_not_differ(registry: ExperimentRegistry) -> None:
    plain, divided = (registry.matrix("tag:even", normalise=normalise) for normalise in (False, True))
    assert [row.name for row in plain.features if row.differs] == ["a", "b"]
    assert [row.name for row in divided.features if row.differs] == []
    for row in divided.features:
        assert row.values == [{"a": 0.5, "b": -0.5}.get(row.name, ABSENT)] * 4
    mixed = registry.matrix(normalise=True)
    (c,) = (row for row in mixed.features if row.name == "c")
    assert c.differs, "absent is not 0"
    assert c.spread == 0.0
    assert mixed.comparison.rows[0] is c


def test_clustered_ones_stand_together_and_the_reference_first(registry: ExperimentRegistry) -> None:
    found = registry.matrix(cluster=True)
    placed = numbers(registry, found.comparison.hashes)
    assert placed in (list(range(8)), list(range(7, -1, -1)))
    for row in found.features:
        if row.name == "a":
            assert row.values == [1.0 + number for number in placed]
    against = str(config(3).config_hash)
    referred = registry.matrix(cluster=True, against=against[:10])
    assert referred.comparison.against == referred.comparison.hashes[0] == against


def test_nothing_and_nonsense(registry: ExperimentRegistry, tmp_path: Path) -> None:
    with pytest.raises(FilterError, match="nothing matches features > 9"):
        registry.matrix("features > 9")
    with pytest.raises(FilterError, match="did you mean"):
        registry.matrix(by="m.edgy")
    other = ExperimentRegistry(tmp_path / "r.duckdb")
    with pytest.raises(FilterError, match="nothing to compare"):
        other.matrix()
    for panel in "pq":
        other.record_run(config(ord(panel) % 8), metrics={"edge": 0.1}, panel=panel, period=PERIOD)
    with pytest.raises(AmbiguousPanelError):
        other.matrix(by="m.edge")
    assert other.matrix(by="m.edge", panel="q").matching == 1
