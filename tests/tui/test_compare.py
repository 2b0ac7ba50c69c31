"""The comparison: the reference at the left, differences beside the values, absent never taken for zero."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tui.screens.compare import CompareScreen
from tui.screens.detail import DetailScreen
from tui.screens.list import ListScreen
from tui.widgets import bars

LEVELS = {*bars.RISING, bars.ABSENT, bars.ZERO}
"""What stands before a weight."""


def made(number: int, weights: dict[str, float], hyperparameters: dict[str, object]) -> ExperimentConfig:
    return config(
        number, feature_names=list(weights), feature_weights=weights, hyperparameters=hyperparameters,
        feature_transformations={"momentum": "zscore"},
    )  # fmt: skip


OLD = made(1, {"momentum": 0.25, "quality": 0.5, "same": 1.0}, {"k": 10, "seed": 42})
MIDDLE = made(2, {"momentum": 0.75, "quality": 0.25, "same": 1.0}, {"k": 5, "seed": 42, "extra": None})
NEW = made(3, {"momentum": 0.25, "same": 1.0, "zero": 0.0}, {"k": 10, "seed": 42})


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [OLD, MIDDLE, NEW])


def row(lines: list[str], name: str) -> list[str]:
    """Return the cells of a row."""
    line = next(line for line in lines if line[3:].startswith(name))
    return [without_level(cell.strip()) for cell in line.split("│")[1:]]


def without_level(cell: str) -> str:
    return cell[2:].strip() if cell[:1] in LEVELS and cell[1:2] == " " else cell


async def test_marked_experiments_stand_side_by_side(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("G", "space", "k", "space", "g", "space", "c")
        assert isinstance(app.screen, CompareScreen)
        lines = app.lines()
        head = [cell.strip() for cell in lines[1].split("│")]
        assert head[0] == "5 differ"
        assert head[1].startswith(str(OLD.config_hash)[:12]) and "★" in head[1], "the first marked is the reference"
        assert row(lines, "momentum")[:1] == ["0.25"]
        assert row(lines, "momentum")[1].split() == ["0.75", "+0.5"]
        assert row(lines, "momentum")[2].split() == ["0.25", "="]
        assert row(lines, "quality")[1].split() == ["0.25", "-0.25"]
        assert row(lines, "quality")[2].split() == ["absent", "-0.5"], "absent is not 0, though it scores as 0"
        assert row(lines, "zero")[0] == "absent" and row(lines, "zero")[2].split() == ["0.0", "≠"]
        assert row(lines, "k")[1].split() == ["5", "-5"]
        assert row(lines, "extra")[1].split() == ["null", "≠"], "null is not absent"
        assert "HYPERPARAMETERS" in app.text


async def test_equal_rows_are_folded_and_shown_by_a_key(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c")
        assert "3 rows are equal" in app.text
        assert not any(line[3:].startswith("same") for line in app.lines())
        await app.press("=")
        assert row(app.lines(), "same")[0] == "1.0"
        assert row(app.lines(), "seed")[1].split() == ["42", "="]
        differing = [i for i, line in enumerate(app.lines()) if line[3:].startswith("zero")]
        equal = [i for i, line in enumerate(app.lines()) if line[3:].startswith("same")]
        assert differing < equal
        await app.press("=")
        assert not any(line[3:].startswith("same") for line in app.lines())


async def test_b_makes_the_column_the_reference(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "right", "b")
        head = app.lines()[1].split("│")
        assert head[1].split()[0] == str(MIDDLE.config_hash)[:12] and "★" in head[1]
        assert row(app.lines(), "momentum")[1].split()[1] == "-0.5"
        assert app.app.workspace.reference == MIDDLE.config_hash


async def test_a_column_can_be_dropped_opened_and_copied(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "l", "l", "y")
        assert app.app.clipboard == OLD.config_hash
        await app.press("X")
        assert "compare 2" in app.lines()[0]
        assert str(OLD.config_hash)[:12] not in app.text.replace(app.said, "")[:400]
        await app.press("X")
        assert "Two experiments are the least" in app.said
        await app.press("enter")
        assert isinstance(app.screen, DetailScreen)
        await app.press("escape", "escape")
        assert isinstance(app.screen, ListScreen)


async def test_n_goes_from_difference_to_difference_and_s_orders_by_name(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "=", "G")
        assert app.screen.table.cursor == app.screen.table.row_count - 1
        await app.press("N")
        lines = app.screen.table.grid.lines
        assert lines[app.screen.table.cursor].differs
        await app.press("g", "n")
        assert lines[app.screen.table.cursor].differs
        await app.press("s")
        names = [line.text for line in app.screen.table.grid.lines if line.differs and line.kind == "row"]
        assert names[:3] == ["momentum", "quality", "zero"]


async def test_many_columns_scroll_sideways_under_a_pinned_reference(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r.duckdb", [config(number) for number in range(20)])
    async with driving(registry, (80, 24)) as app:
        await app.press("a", "c")
        pinned = app.lines()[1].split("│")[1]
        await app.press(*["right"] * 19)
        assert app.lines()[1].split("│")[1] == pinned
        assert str(app.screen.current_hash)[:12] in app.lines()[1]
        assert "column 20 of 20" in app.lines()[0]
        momentum = next(line for line in app.lines() if line[3:].startswith("momentum"))
        assert "0.219" in momentum or "0.2 " in momentum
        await app.press(*["left"] * 19)
        assert app.screen.table.scroll_offset.x == 0


async def test_the_one_under_the_cursor_and_the_reference(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("c")
        assert isinstance(app.screen, ListScreen)
        assert "Mark two or more" in app.said
        await app.press("b", "down", "c")
        assert isinstance(app.screen, CompareScreen)
        assert app.screen.hashes == [NEW.config_hash, MIDDLE.config_hash]
        await app.press("1")
        assert isinstance(app.screen, ListScreen)
        assert "★" in app.lines()[2]


async def test_the_same_twice_says_that_nothing_differs(tmp_path: Path) -> None:
    one, two = config(1, tags=["x"]), config(1, feature_transformations={"momentum": "zscore"})
    registry = registry_of(tmp_path / "r.duckdb", [one, two])
    async with driving(registry) as app:
        await app.press("a", "c", "X")
        assert row(app.lines(), "momentum")[0] in ("absent", "zscore")


async def test_an_experiment_that_goes_leaves_the_table_standing(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c")
        registry.delete(OLD.config_hash or "")
        app.app.look()
        await app.settle()
        assert str(NEW.config_hash)[:12] in app.text
        assert app.screen.banner.text
        await app.press("escape")
        assert isinstance(app.screen, ListScreen)
