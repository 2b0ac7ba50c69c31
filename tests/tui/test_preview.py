"""The preview beside the list, and what the filter's input offers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.store import lock
from tests.tui.driving import config, driving, registry_of


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(20)])


async def test_it_follows_the_cursor_when_there_is_room(registry: ExperimentRegistry) -> None:
    async with driving(registry, (160, 40)) as app:
        await app.until(lambda: "weights sum to 1.019" in app.text)
        await app.press("j", "j")
        await app.until(lambda: "weights sum to 1.017" in app.text)
        await app.press("p")
        assert "weights sum" not in app.text
        await app.press("p")
        await app.until(lambda: "weights sum to 1.017" in app.text)
        await app.pilot.resize_terminal(120, 40)
        await app.settle()
        assert "weights sum" not in app.text
        await app.pilot.resize_terminal(160, 40)
        await app.until(lambda: "weights sum to 1.017" in app.text)


async def test_it_stays_while_the_rows_below_are_read(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(700)])
    async with driving(registry, (160, 40)) as app:
        await app.until(lambda: "weights sum" in app.text)
        wide = app.screen.experiments.size.width
        with lock.holding(registry.path, shared=False, timeout=5):  # nothing can be read meanwhile
            await app.pilot.press("G")
            await asyncio.sleep(1.5)
            assert app.screen.experiments.current_row is None
            assert app.screen.experiments.size.width == wide
        await app.until(lambda: "weights sum to 1 " in app.text)


async def test_keys_stay_with_the_list(registry: ExperimentRegistry) -> None:
    async with driving(registry, (160, 40)) as app:
        await app.until(lambda: "weights sum" in app.text)
        await app.press("tab", "tab", "j")
        assert app.under_cursor == "number 18"


async def test_the_filter_completes_names_and_values(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("/")
        await app.type("hp.wal")
        await app.press("tab")
        await app.type("= ")
        assert app.screen.filter_bar.field.value.startswith("hp.walk")
        app.screen.filter_bar.field.value = ""
        await app.type("hp.k = ")
        await app.until(lambda: "20 experiments" in app.text)
        await app.press("tab")
        assert app.screen.filter_bar.field.value == "hp.k = 10 "
        await app.press("enter")
        assert "20 of 20" in app.lines()[0]
        assert not app.screen.names_pane.display, "it goes when nobody types"


async def test_searches_are_saved_chosen_and_forgotten(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("/")
        await app.type("momentum > 0.21\n")
        await app.press("S")
        await app.type("high\n")
        assert "Saved as high" in app.said
        await app.press("escape", "/")
        await app.type("tag:odd\n")
        await app.press("escape", "R")
        assert "high" in app.text and "tag:odd" in app.text
        await app.press("enter")
        assert "9 of 20" in app.lines()[0]
        await app.press("R", "j", "x", "x")
        assert app.screen.NAME == "list" and app.app.workspace.remembered.saved == {}
        await app.press("2")
        app.app.workspace.remembered.recent = ["tag:even"]
        await app.type("x")
        await app.press("backspace")
        assert "searched lately" in app.text
        await app.press("tab")
        assert "10 of 20" in app.lines()[0]
