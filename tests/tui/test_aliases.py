"""The screen of aliases: history, promoting, rolling back, and taking it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import config, driving, registry_of


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(4)])


def full(number: int) -> str:
    return str(config(number).config_hash)


def points_to(registry: ExperimentRegistry, alias: str = "production") -> str:
    return next(move.config_hash for move in registry.aliases() if move.alias == alias)


async def test_promoting_from_the_list_and_the_detail_and_taking_it_back(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("A")
        assert "There is no alias yet." in app.text
        await app.press("escape", "m")
        await app.type("production first try\n")
        assert points_to(registry) == full(3)
        assert "production v1 is" in app.said
        await app.press("j", "enter", "m")
        await app.type("production better on 2024\n")
        assert points_to(registry) == full(2)
        assert "alias production" in app.text, "the detail says so"
        await app.press("U")
        assert points_to(registry) == full(3)
        assert registry.history("production")[-1].kind == "rollback"
        await app.press("m")
        await app.type("abc\n")
        assert "looks like a hash" in app.text
        await app.press("escape", "escape")
        assert app.screen.NAME == "list"


@pytest.mark.parametrize(
    "size", [(40, 15), *(pytest.param(size, marks=pytest.mark.full) for size in ((45, 18), (100, 30)))]
)
async def test_the_history_is_shown_and_rolled_back_at_any_size(
    registry: ExperimentRegistry, size: tuple[int, int]
) -> None:
    for number in range(4):
        registry.promote(full(number), "production", f"try {number}")
    registry.promote(full(0), "canary")
    async with driving(registry, size) as app:
        await app.press("A")
        assert "production" in app.text and "canary" in app.text and "2 aliases" in app.text
        assert "● v4" in app.text and "v1" in app.text
        await app.press("G", "k", "k", "B")
        assert "Roll production back?" in app.text and "v4 -> v3" in app.text
        await app.press("y")
        assert points_to(registry) == full(2)
        assert "v5" in app.text and "● v3" in app.text
        await app.press("G", "B", "y")
        assert points_to(registry) == full(0), "to the one under the cursor"
        await app.press("g", "enter")
        assert app.screen.NAME == "detail"


async def test_the_experiment_one_came_from_is_promoted(registry: ExperimentRegistry) -> None:
    registry.promote(full(0), "production")
    async with driving(registry, (100, 30)) as app:
        await app.press("j", "A", "m")
        await app.type("from here\n")
        assert points_to(registry) == full(2) and registry.history("production")[-1].why == "from here"
        assert "● v2" in app.text


async def test_a_file_that_was_changed_by_hand_is_not_replaced_unasked(
    registry: ExperimentRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(tmp_path / "settings"))
    target = tmp_path / "weights.json"
    registry.promote(full(0), "production", write=str(target))
    registry.promote(full(1), "production")
    target.write_text("mine")
    async with driving(registry, (120, 30)) as app:
        await app.press("A", "B", "y")
        assert "Replace the file?" in app.text and target.read_text() == "mine"
        await app.press("n")
        assert points_to(registry) == full(1)
        await app.press("B", "y", "y")
        assert points_to(registry) == full(0)
        assert json.loads(target.read_text())["config_hash"] == full(0)


async def test_a_move_by_another_process_is_seen(registry: ExperimentRegistry) -> None:
    registry.promote(full(0), "production")
    async with driving(registry, (100, 30)) as app:
        await app.press("A")
        ExperimentRegistry(registry.path).promote(full(1), "production", "elsewhere")
        await app.until(lambda: "elsewhere" in app.text)
