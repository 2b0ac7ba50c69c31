"""The comparison turned round: experiments as rows, the reference first; every key does what it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from registry import ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
from tui.screens.detail import DetailScreen

LONG = "objective.a_name_that_is_long.costs"
OLD = config(1, hyperparameters={"k": 10, "seed": 42, "objective": {"a_name_that_is_long": {"costs": 1}}})
MIDDLE = config(2, hyperparameters={"k": 5, "seed": 42, "extra": None})
NEW = config(3, hyperparameters={"k": 10, "seed": 42})


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [OLD, MIDDLE, NEW])


def cells(app: Driver, line: int) -> list[str]:
    return [cell.strip() for cell in app.lines()[line].split("│")]


def name(app: Driver) -> str:
    return str(app.screen.table.item.name)


async def test_t_makes_rows_of_experiments_and_keeps_the_cursor_on_its_cell(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "right", "n")
        assert (name(app), app.screen.current_hash) == ("k", MIDDLE.config_hash)
        await app.press("t")
        assert (name(app), app.screen.current_hash) == ("k", MIDDLE.config_hash)
        assert cells(app, 1)[:3] == ["4 differ, 3 equal", "FEATURES", "HYPERPARAMETERS"]
        assert cells(app, 2)[:3] == ["sorted by spread", "momentum", "k"]
        assert cells(app, 3)[0].startswith(f"★ {str(NEW.config_hash)[:12]}") and "number 3" in cells(app, 3)[0]
        assert cells(app, 3)[1:3] == ["█ 0.203", "10"], "the reference is the first row, and has no differences"
        assert cells(app, 4)[2].split() == ["5", "-5"]
        assert cells(app, 5)[1].split() == ["█", "0.201", "-0.002"]
        assert "k, column 2 of 4" in app.lines()[0]
        await app.press("t")
        assert (name(app), app.screen.current_hash) == ("k", MIDDLE.config_hash)
        assert any(line[3:].startswith("momentum") for line in app.lines())


async def test_long_titles_are_cut_in_the_middle_and_told_in_full_above(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "t")
        for _ in range(4):
            if name(app) == LONG:
                break
            await app.press("right")
        assert "objective…costs" in app.lines()[2] or "objectiv…costs" in app.lines()[2]
        assert f"{LONG}, column " in app.lines()[0]
        assert LONG in app.lines()[-2]


async def test_absent_null_and_difference_are_told_apart(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "t")
        head = cells(app, 2)
        extra = head.index("extra")
        assert [cells(app, line)[extra].split() for line in (3, 4, 5)] == [["absent"], ["null", "≠"], ["absent", "="]]


async def test_n_goes_along_the_row_and_equal_columns_are_folded(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "t", "down")
        await app.press("n", "n")
        assert name(app) == "extra", "k, then extra; the costs are absent here as in the reference"
        await app.press("n")
        assert name(app) == "extra", "there is no further one"
        await app.press("N")
        assert name(app) == "k"
        assert "seed" not in app.lines()[2]
        await app.press("=")
        assert "seed" in app.lines()[2] and "= FEATURES" in app.lines()[1]
        assert name(app) == "k"
        await app.press("g", "n", "n", "n", "n", "n", "n")
        assert app.screen.table.grid.columns[app.screen.table.column].differs
        await app.press("=")
        assert "seed" not in app.lines()[2]


async def test_s_b_x_y_and_enter_do_what_they_did(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "t", "down", "down", "y")
        assert app.app.clipboard == OLD.config_hash
        await app.press("s")
        assert cells(app, 2)[0] == "sorted by name" and cells(app, 2)[2:4] == ["extra", "k"]
        await app.press("b")
        assert cells(app, 3)[0].startswith(f"▌★ {str(OLD.config_hash)[:12]}")
        assert app.app.workspace.reference == OLD.config_hash == app.screen.current_hash
        assert cells(app, 4)[1].split() == ["█", "0.203", "+0.002"]
        await app.press("down", "X")
        assert "compare 2" in app.lines()[0] and str(NEW.config_hash)[:12] not in app.lines()[4]
        await app.press("enter")
        assert isinstance(app.screen, DetailScreen)


async def test_the_reference_stays_in_view_when_many_rows_scroll(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r.duckdb", [config(number) for number in range(40)])
    async with driving(registry, (80, 24)) as app:
        await app.press("a", "c", "t")
        reference = app.lines()[3]
        await app.press("G")
        assert app.lines()[3] == reference.replace("▌", " ")
        assert "number 0 " in app.text and app.screen.table.scroll_offset.y > 0
        await app.press(*["up"] * 25)
        shown = [line for line in app.lines() if line.startswith("▌")]
        assert len(shown) == 1 and str(app.screen.current_hash)[:12] in shown[0], "never under the reference's line"
        await app.press("g")
        assert app.lines()[3].startswith("▌★")


async def test_a_click_goes_to_the_cell(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "t")
        x = app.lines()[2].index("extra")
        await app.pilot.click(offset=(x, 4))
        await app.settle()
        assert (name(app), app.screen.current_hash) == ("extra", MIDDLE.config_hash)


async def test_the_table_is_written_as_it_stands(registry: ExperimentRegistry, tmp_path: Path) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "t", "x")
        app.screen.query_one(Input).value = str(tmp_path / "t.csv")
        await app.press("enter")
        head, first, *_ = (tmp_path / "t.csv").read_text().splitlines()
        assert head.split(",")[:4] == ["config_hash", "description", "w.momentum", "hp.k"]
        assert first.startswith(f"{NEW.config_hash},number 3,0.203,10")
        await app.press("Y")
        assert "| w.momentum | hp.k |" in app.app.clipboard
