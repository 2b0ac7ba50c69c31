"""Folding sweeps: which tags are sweeps, what a fold says, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.tui.driving import registry_of

PERIOD = "2020-01-01..2020-12-31"


def config(a: float, parent: ExperimentConfig | None = None, **fields: object) -> ExperimentConfig:
    made = {"description": "base", "tags": ["base"], **fields}
    return ExperimentConfig(["a"], {"a": a}, parent=parent.config_hash if parent else None, **made)  # type: ignore[arg-type]


BASE = config(0.0)
OTHER = config(0.5, description="other")
SWEEP = [config(number, BASE, tags=["base", "grid"]) for number in (1.0, 2.0, 3.0)]
NAMED = [config(number, BASE, tags=["sweep-2"], description=f"{number}") for number in (4.0, 5.0, 6.0)]
LOOSE = [config(7.0, BASE, tags=["best"], description="x"), config(8.0, OTHER, tags=["best"], description="x")]


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    made = registry_of(tmp_path / "r.duckdb", [BASE, OTHER, *SWEEP, *NAMED, *LOOSE])
    for number, each in enumerate(SWEEP[:2]):
        made.record_run(each, metrics={"edge": number / 10, "max_drawdown": -0.1 * number}, panel="p", period=PERIOD)
    return made


def test_a_sweep_is_a_tag_of_variants_of_one_parent(registry: ExperimentRegistry) -> None:
    found = registry.browse(sort="w.a", folded=True)
    assert {fold.tag: len(fold.ids) for fold in found.folds} == {"grid": 3, "sweep-2": 3}
    assert all(fold.parent == BASE.config_hash for fold in found.folds)
    assert found.matched == found.total == 10 and len(found.ids) == 6
    assert [line < 0 for line in found.ids] == [False, False, True, True, False, False]
    grid = found.folds[-found.ids[2] - 1]
    assert grid.tag == "grid" and [row.weights["a"] for row in registry.page(grid.ids)] == [1.0, 2.0, 3.0]


def test_a_fold_is_judged_by_the_metric_of_the_order_or_the_columns(registry: ExperimentRegistry) -> None:
    (grid,) = (fold for fold in registry.browse(sort="-m.edge", folded=True).folds if fold.tag == "grid")
    assert (grid.metric, grid.best, grid.low, grid.high, grid.evaluated) == ("m.edge", 0.1, 0.0, 0.1, 2)
    (grid,) = (fold for fold in registry.browse(columns=["m.edge"], folded=True).folds if fold.tag == "grid")
    assert grid.best == 0.1
    (grid,) = (fold for fold in registry.browse(folded=True).folds if fold.tag == "grid")
    assert grid.metric is None and grid.best is None


def test_a_filter_folds_what_it_leaves_and_one_alone_is_no_fold(registry: ExperimentRegistry) -> None:
    found = registry.browse("a < 2.5", folded=True)
    assert [len(fold.ids) for fold in found.folds] == [2] and found.matched == 4
    assert registry.browse("a < 1.5", folded=True).folds == ()
    assert [fold.tag for fold in registry.browse(folded=True, unfolded=["grid"]).folds] == ["sweep-2"]


def test_columns_that_are_not_known_are_left_out(registry: ExperimentRegistry) -> None:
    assert registry.browse(columns=["w.a", "w.nothing", "hp.k", "created"]).columns == ("w.a", "created_at")
    rows = registry.page(registry.browse(sort="w.a").ids[:3], columns=["w.a", "runs", "m.edge"])
    assert [row.values for row in rows] == [
        {"w.a": 0.0, "runs": 0},
        {"w.a": 0.5, "runs": 0},
        {"w.a": 1.0, "runs": 1, "m.edge": 0.0},
    ]
