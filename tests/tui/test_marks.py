"""Marks: kept by hash, so that they mean the same experiments whatever becomes of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
from tui.screens.compare import CompareScreen
from tui.screens.detail import DetailScreen
from tui.screens.list import ListScreen


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(6)])


async def swap(app: Driver, registry: ExperimentRegistry, first: int) -> None:
    """Put another registry in the place of this one: the same ids, other experiments from number `first` on."""
    other = registry_of(registry.path.with_name("other.duckdb"), [config(number) for number in range(first, first + 6)])
    registry.path.write_bytes(other.path.read_bytes())
    app.app.look()
    await app.settle()


def marked(app: Driver) -> list[str]:
    """Return the descriptions of the rows that show a mark."""
    return [line[line.index("number") :].strip() for line in app.lines() if line[1:2] == "●"]


async def test_in_another_file_a_mark_stays_with_its_experiment(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("space", "down", "down", "down", "space")
        assert marked(app) == ["number 5", "number 1"]
        await swap(app, registry, 4)
        assert app.listed() == [f"number {number}" for number in range(9, 3, -1)]
        assert marked(app) == ["number 5"], "number 1 is not here, and no other has its mark"
        assert app.screen.experiments.cursor == 0, "the cursor's experiment is gone"
        await app.press("D")
        assert "Move the marked experiment to the trash?" in app.text and "number 5" in app.text
        await app.press("y")
        assert registry.count() == 5 and "number 5" not in app.listed()
        assert marked(app) == []


async def test_marks_that_are_all_elsewhere_do_nothing_here(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("space", "space")
        await swap(app, registry, 100)
        await app.press("D")
        assert "already gone" in app.said and registry.count() == 6
        await app.press("c")
        assert isinstance(app.screen, ListScreen)
        assert "Fewer than two" in app.said


async def test_a_delete_is_never_undone_in_another_file(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("D", "y")
        await swap(app, registry, 100)
        registry.delete(config(105).config_hash or "")
        await app.press("U")
        assert "Nothing was restored" in app.said
        assert registry.count() == 5


async def test_what_is_open_stays_open_in_another_file(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("down", "enter")
        assert isinstance(app.screen, DetailScreen)
        await swap(app, registry, 100)
        assert "number 4" in app.text and "number 104" not in app.text
        assert str(config(4).config_hash)[:12] in app.screen.banner.text


async def test_rows_that_were_never_read_can_be_marked(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r.duckdb", [config(number) for number in range(700)])
    async with driving(registry) as app:
        await app.press("a")
        assert "700 marked" in app.lines()[0]
        assert len(app.screen.experiments.rows) <= 400, "marking reads rows, but does not keep them"
        await app.press("D")
        assert "Move the 700 marked experiments" in app.text and "number 699" in app.text
        await app.press("y")
        assert registry.count() == 0
        await app.press("U")
        assert registry.count() == 700
        await app.press("u", "y")
        await app.type("G k")  # typed before the last page can have been read
        assert "1 marked" in app.lines()[0]
        await app.press("g", "space", "c")
        assert isinstance(app.screen, CompareScreen)
        assert [config(number).config_hash for number in (0, 699)] == app.screen.hashes
