"""Comparing what a filter finds: all of it, or the best by a metric, and the sentence that says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tests.tui.evaluated import COUNT, LEFT_OUT, evaluated_registry, experiment
from tui.screens.compare import CompareScreen
from tui.screens.list import ListScreen
from tui.screens.selecting import MOST


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return evaluated_registry(tmp_path / "experiments.duckdb")


async def test_the_best_of_what_a_filter_finds_are_compared(registry: ExperimentRegistry) -> None:
    async with driving(registry, (160, 24)) as app:
        await app.press("f")
        assert isinstance(app.screen, CompareScreen)
        assert len(app.screen.hashes) == MOST
        assert app.screen.hashes[0] == experiment(COUNT - LEFT_OUT - 1).config_hash, "the best edge first"
        said = app.lines()[1]
        assert f"the best {MOST} of {COUNT} by m.edge, higher is better" in said
        assert f"{LEFT_OUT} have none" in said and "no filter" in said
        assert "on stocks 2020-01-01..2021-12-31, 204 tried there" in said
        assert "momentum" in app.text and "METRICS" in app.text


async def test_another_metric_chooses_others(registry: ExperimentRegistry) -> None:
    async with driving(registry, (160, 24)) as app:
        await app.press("f", "M")
        assert "m.max_drawdown" in app.text
        await app.press("j", "enter")
        assert f"the best {MOST} of {COUNT} by m.max_drawdown" in app.text
        assert app.app.workspace.metric == "m.max_drawdown"


async def test_all_are_compared_when_they_are_few_and_the_filter_is_named(registry: ExperimentRegistry) -> None:
    async with driving(registry, (140, 30)) as app:
        await app.press("/")
        await app.type("hp.k = 3 w.momentum < 0\n")
        count = len(app.screen.experiments.ids)
        assert 2 < count < MOST
        await app.press("f")
        assert f"all {count} · filter hp.k = 3 w.momentum < 0" in app.lines()[1]
        assert len(app.screen.hashes) == count
        await app.press("right", "X")
        assert len(app.screen.hashes) == count - 1
        assert "filter" not in app.lines()[1], "what is left is not what the filter finds"
        await app.press("escape")
        assert isinstance(app.screen, ListScreen)


async def test_the_reference_stands_first_also_when_the_filter_does_not_find_it(registry: ExperimentRegistry) -> None:
    async with driving(registry, (140, 30)) as app:
        await app.press("G", "b", "/")
        await app.type("hp.k = 3 w.momentum > 0\n")
        await app.press("f")
        assert app.screen.table.place == 0 and app.screen.current_hash == experiment(0).config_hash


async def test_one_alone_is_not_compared(tmp_path: Path) -> None:
    async with driving(registry_of(tmp_path / "r.duckdb", [config(1)])) as app:
        await app.press("f")
        assert isinstance(app.screen, ListScreen) and "nothing to compare" in app.said


async def test_without_runs_the_newest_are_compared(tmp_path: Path) -> None:
    many = [config(number) for number in range(MOST + 5)]
    async with driving(registry_of(tmp_path / "r.duckdb", many), (140, 30)) as app:
        await app.press("f")
        assert f"the newest {MOST} of {MOST + 5}" in app.lines()[1]
        assert app.screen.hashes[0] == many[-1].config_hash
