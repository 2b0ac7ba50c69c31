"""Deleting: it asks, names what will happen, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tui.screens.confirm import ConfirmScreen
from tui.screens.list import ListScreen


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(6)])


async def test_the_dialog_names_the_experiment_and_no_changes_nothing(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("D")
        assert isinstance(app.screen, ConfirmScreen)
        assert "Move this experiment to the trash?" in app.text
        assert f"{registry.resolve('latest')[:12]}  number 5" in app.text
        assert f"experiments restore {registry.resolve('latest')[:12]}" in app.text
        await app.press("escape")
        assert registry.count() == 6
        await app.press("D", "n")
        await app.press("D", "right", "enter")
        assert registry.count() == 6


@pytest.mark.parametrize("yes", ["y", "enter"])
async def test_delete_and_undo(registry: ExperimentRegistry, yes: str) -> None:
    newest = registry.resolve("latest")
    async with driving(registry) as app:
        await app.press("down", "up", "D", yes)
        assert registry.count() == 5
        assert "5 experiments" in app.lines()[0] and "number 5" not in app.listed()
        assert app.under_cursor == "number 4"
        await app.press("U")
        assert registry.resolve("latest") == newest
        assert "6 experiments" in app.lines()[0]
        assert "restored from the trash" in app.said
        await app.press("U")
        assert "nothing to undo" in app.said


async def test_marked_ones_go_together_and_come_back_together(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("space", "space", "space", "D")
        marks = dict(app.app.workspace.marks)
        assert "Move the 3 marked experiments to the trash?" in app.text
        assert all(f"number {number}" in app.text for number in (5, 4, 3))
        await app.press("y")
        assert registry.count() == 3
        assert " marked" not in app.lines()[0]
        await app.press("U")
        assert registry.count() == 6
        assert app.app.workspace.marks == marks and "3 marked" in app.lines()[0], "with the marks they had"


async def test_from_the_detail_one_comes_back_to_the_list(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("down", "enter", "D", "y")
        assert isinstance(app.screen, ListScreen)
        app.app.look()
        await app.settle()
        assert "number 4" not in app.listed() and "5 experiments" in app.lines()[0]
        await app.press("U")
        assert "6 experiments" in app.lines()[0]


async def test_a_registry_that_refuses_says_why(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        with registry.store.write():
            await app.press("D")
            # the rows are read already; only the change has to wait
            await app.press("y")
        assert app.app.is_running
