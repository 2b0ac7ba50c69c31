"""The detail: weights as bars, everything else that is known, and the way to neighbours and relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.store import lock
from tests.tui.driving import config, driving, registry_of
from tui.screens.compare import CompareScreen
from tui.screens.detail import DetailScreen
from tui.screens.list import ListScreen

BASE = ExperimentConfig(
    ["momentum", "quality", "unweighted", "value"],
    {"momentum": 0.5, "quality": -0.25, "value": 12.125, "elsewhere": 1},
    {"k": 10, "walk": {"days": 30, "grid": {"step": [1, None]}}, "model": "ridge"},
    {"momentum": "zscore"},
    "the base of it all",
    ["baseline", "q4-2024"],
    created_at="2024-10-28T08:00:00.841235+00:00",
)


CHILD = BASE.variant(weights={"momentum": 0.75}, description="more momentum")


def with_a_note(registry: ExperimentRegistry) -> None:
    registry.note(BASE.config_hash or "", "first note\nof two lines")


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [BASE, CHILD, config(1), config(2)], with_a_note)


async def test_it_shows_everything_that_is_known(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 50)) as app:
        await app.press("/")
        await app.type("desc:'the base'\n")
        await app.press("enter")
        assert isinstance(app.screen, DetailScreen)
        text = app.text
        assert "the base of it all" in text and "baseline  q4-2024" in text
        assert str(BASE.config_hash) in text
        assert "created 2024-10-28 08:00:00 UTC" in text
        assert "FEATURES 4" in text and "sum to 13.375" in text
        assert "not a feature" in text, "a weight without a feature says so"
        lines = {line.split()[0]: line for line in app.lines() if line.strip()}
        assert "absent" in lines["unweighted"]
        assert "zscore" in lines["momentum"]
        points = {
            lines[name].index(shown) + shown.index(".")
            for name, shown in (("momentum", "0.5"), ("quality", "-0.25"), ("value", "12.125"))
        }
        assert len(points) == 1, "numbers stand under each other at the point"
        assert "█" in lines["value"] and "█" in lines["quality"]
        assert lines["quality"].index("█") < lines["value"].index("█"), "a negative bar grows to the left of zero"
        tree = text[text.index("HYPERPARAMETERS") :]
        assert "model" in tree and "ridge" in tree
        assert "  days" in tree and "    step" in tree and "[1, null]" in tree
        assert "more momentum" not in text and "child" in text
        assert "first note" in text and "of two lines" in text


async def test_neighbours_follow_the_list_and_the_list_follows_back(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("[")  # oldest first: number 1, number 2, base, child
        await app.press("g", "enter")
        assert "number 1" in app.text and "1 of 4" in app.lines()[0]
        await app.press("]", "]")
        assert "the base of it all" in app.text and "3 of 4" in app.lines()[0]
        await app.press("[")
        assert "number 2" in app.text
        await app.press("q")
        assert isinstance(app.screen, ListScreen)
        assert app.under_cursor == "number 2"


async def test_a_neighbour_that_cannot_be_read_leaves_the_place_as_it_is(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("[", "g", "enter")
        assert "number 1" in app.text and "1 of 4" in app.lines()[0]
        with ExperimentRegistry(registry.path).store.write():
            await app.press("]")
            assert app.screen.banner.text
            assert "number 1" in app.text and "1 of 4" in app.lines()[0]
        await app.press("r")
        assert "number 1" in app.text and "1 of 4" in app.lines()[0]
        await app.type("]]")
        assert "3 of 4" in app.lines()[0], "keys that come faster than answers all count"
        await app.press("q")
        assert app.under_cursor == "the base of it all"


async def test_the_ends_of_the_list_are_said(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("enter", "[")
        assert "no experiment further that way" in app.said


async def test_the_parent_opens_and_so_does_a_child(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("more\n")
        await app.press("enter")
        assert "more momentum" in app.text and "parent" in app.text
        await app.press("p")
        assert "the base of it all" in app.text
        await app.press("tab", "enter")
        assert "more momentum" in app.text, "the child was chosen in the lineage"
        await app.press("escape", "escape", "escape")
        assert "more momentum" in app.text, "back where one came from"
        await app.press("escape")
        assert isinstance(app.screen, ListScreen)


async def test_c_compares_with_the_parent_or_with_the_reference(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("more\n")
        await app.press("enter", "c")
        assert isinstance(app.screen, CompareScreen)
        assert app.screen.hashes[0] == BASE.config_hash
        await app.press("escape", "escape", "escape", "G", "b", "g", "enter", "c")
        assert isinstance(app.screen, CompareScreen)
        assert app.screen.hashes[0] == config(1).config_hash


async def test_without_either_it_says_what_to_do(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("G", "enter", "c")
        assert "neither a reference nor a parent" in app.said


async def test_s_orders_the_weights_by_size(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("base\n")
        await app.press("enter", "s")
        assert "by size" in app.text
        names = [line.split()[0] for line in app.lines() if line.split()[:1] and "█" in line]
        assert names[0] == "value"


async def test_y_copies_the_hash(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("G", "enter", "y")
        assert app.app.clipboard == config(1).config_hash


async def test_an_experiment_deleted_elsewhere_is_said_and_not_a_crash(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("G", "enter")
        registry.delete(config(1).config_hash or "")
        app.app.look()
        await app.settle()
        assert "trash" in app.screen.banner.text
        assert "number 1" in app.text, "what was shown stays"
        await app.press("escape")
        assert "3 experiments" in app.lines()[0]


async def test_a_key_before_the_experiment_is_there_does_its_work_when_it_is(registry: ExperimentRegistry) -> None:
    async with driving(ExperimentRegistry(registry.path, wait=30)) as app:
        first, second = (app.screen.experiments.rows.get(each).config_hash for each in app.screen.experiments.ids[:2])
        with lock.holding(registry.path, shared=False, timeout=5):
            app._send("enter")
            await app.until(lambda: isinstance(app.screen, DetailScreen))
            app._send("y")
            app._send("b")
            await app.pilot.pause()
            assert app.app.clipboard == ""
        await app.settle()
        assert app.app.clipboard == first and app.app.workspace.reference == first
        with lock.holding(registry.path, shared=False, timeout=5):
            app._send("]")
            app._send("y")
            app._send("e")
            app._send("x")
            await app.pilot.pause()
            assert app.app.clipboard == first, "not the hash of the one that is still shown"
        await app.settle()
        assert app.app.clipboard == second
        assert isinstance(app.screen, DetailScreen) and "Export" not in app.text, "x came after e asked for a text"
