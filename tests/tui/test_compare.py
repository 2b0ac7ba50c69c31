"""The comparison: the reference at the left, differences beside the values, absent never taken for zero."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.segment import Segment

from registry import ExperimentConfig, ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
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
        assert head[0] == "5 differ, 3 equal"
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


def segments(app: Driver, row_name: str) -> list[Segment]:
    """Return the pieces a row is drawn in."""
    strips = app.screen._compositor.render_strips()
    line = next(strip for strip in strips if strip.text[3:].startswith(row_name))
    return [segment for segment in line if segment.text.strip()]


async def test_weights_have_a_level_that_says_size_sign_and_direction(tmp_path: Path) -> None:
    old = made(1, {"big": 1.0, "half": 0.5, "below": -0.25, "gone": 0.5, "zero": 0.0}, {"k": 1})
    new = made(2, {"big": 0.5, "half": 1.0, "below": -0.5, "zero": 0.25}, {"k": 1})
    registry = registry_of(tmp_path / "r.duckdb", [old, new])
    async with driving(registry) as app:
        await app.press("G", "b", "g", "c")
        lines = app.lines()
        drawn = {name: next(line for line in lines if line[3:].startswith(name)) for name in old.feature_names}
        assert drawn["big"].split("│")[1].split() == ["█", "1.0"]
        assert drawn["big"].split("│")[2].split() == ["▄", "0.5", "-0.5"]
        assert drawn["half"].split("│")[2].split() == ["█", "1.0", "+0.5"]
        assert drawn["gone"].split("│")[2].split() == ["·", "absent", "-0.5"]
        assert drawn["zero"].split("│")[1].split() == ["0", "0.0"]
        assert drawn["zero"].split("│")[2].split() == ["▂", "0.25", "+0.25"]
        assert drawn["below"].split("│")[1].split() == ["▆", "-0.25"], "hangs from the top: drawn in reverse"

        def level(name: str, column: int) -> Segment:
            found = [segment for segment in segments(app, name) if segment.text in LEVELS]
            return found[column]

        assert level("below", 0).style.reverse and not level("big", 0).style.reverse
        more, less = level("half", 1).style.color, level("big", 1).style.color
        assert more != less and level("below", 1).style.color == less and level("gone", 1).style.color == less
        changes = {segment.text.strip(): segment.style.color for segment in segments(app, "half")}
        assert changes["+0.5"] == more


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
        assert "sorted by spread" in app.lines()[2]
        await app.press("s")
        assert "sorted by name" in app.lines()[2]
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


async def test_n_in_the_column_of_an_experiment_goes_to_its_own_differences(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "=", "right", "right")
        assert app.screen.current_hash == OLD.config_hash
        met = []
        for _ in range(5):
            met.append(app.screen.table.item.name)
            await app.press("n")
        assert set(met) == {"momentum", "quality", "zero"}, "k and the rest are as in the reference, momentum is first"
        await app.press("left", "left", "g", "n", "n", "n")
        assert app.screen.table.item.name in ("k", "extra"), "on the reference, everything that differs anywhere"


async def test_the_cursor_stays_on_its_cell_when_sorted_folded_and_read_again(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "right", "n", "n")
        name, full = app.screen.table.item.name, app.screen.current_hash
        for key in ("s", "=", "r", "s", "t", "t"):
            await app.press(key)
            assert (app.screen.table.item.name, app.screen.current_hash) == (name, full), key


async def test_the_cell_is_told_in_full_below(tmp_path: Path) -> None:
    text = "a text that is far too long for its column, as this one"
    one = made(1, {"momentum": 0.25}, {"a name that is much too long to be shown in full": "short"})
    two = made(2, {"momentum": 1 / 3}, {"a name that is much too long to be shown in full": text})
    registry = registry_of(tmp_path / "r.duckdb", [one, two])
    async with driving(registry) as app:
        await app.press("G", "b", "g", "c", "right")
        assert app.lines()[-2].split()[:5] == ["momentum", "0.3333333333333333", "★", "0.25", "+0.0833333"]
        await app.press("n", "n")
        assert "a name that is much too long to be shown in full" in app.lines()[-2]
        assert text in app.lines()[-2]
        assert text not in "\n".join(app.lines()[:-2])


async def test_two_have_their_descriptions_and_tags_over_them(tmp_path: Path) -> None:
    one = config(1, description="the first, as it was", tags=["kept", "gone"])
    two = config(2, description="the second, with more of it", tags=["kept", "new"])
    registry = registry_of(tmp_path / "r.duckdb", [one, two, config(3, tags=["kept", "gone"])])
    async with driving(registry, (80, 24)) as app:
        await app.press("j", "space", "space", "G", "b", "c")
        first, second = (" ".join(line.split()) for line in app.lines()[1:3])
        assert first == f"★ {str(one.config_hash)[:12]} the first, as it was kept gone"
        assert second == f"{str(two.config_hash)[:12]} the second, with more of it +new -gone"
        await app.press("right", "b")
        assert " ".join(app.lines()[1].split()).endswith("the second, with more of it kept new")
        assert app.lines()[2].split()[-2:] == ["+gone", "-new"]
        await app.press("escape", "u", "y", "a", "c")
        assert not app.screen.pair.display, "three have theirs over their columns"


async def test_metrics_stand_in_the_table_and_say_where_they_are_from(registry: ExperimentRegistry) -> None:
    for full, edge, volatility in ((OLD.config_hash, 0.012, 0.21), (NEW.config_hash, 0.034, 0.18)):
        metrics = {"edge": edge, "volatility": volatility, "base_rate": 0.5}
        registry.record_run(str(full), metrics=metrics, panel="eu stocks", period="2020-01-01..2020-12-31")
    registry.record_run(str(MIDDLE.config_hash), metrics={"edge": 0.9}, panel="us", period="2020-01-01..2020-12-31")
    registry.sync()
    async with driving(registry) as app:
        await app.press("g", "space", "space", "space", "c")
        lines = app.lines()
        assert any("METRICS on eu stocks 2020-01-01..2020-12-31" in line for line in lines)
        assert row(lines, "m.edge")[0] == "+0.034"
        assert row(lines, "m.edge")[1].split()[0] == "absent", "a run on another panel is no run here"
        assert row(lines, "m.edge")[2].split() == ["+0.012", "-0.022", "✗"]
        assert row(lines, "m.volatility")[2].split() == ["21.00", "%", "+3.00", "%", "✗"], "more of it is worse"
        await app.press("G", "N", "t")
        assert "METRICS on eu stocks" in app.lines()[1]


async def test_metrics_are_read_on_the_panel_that_was_chosen_while_it_is_there(registry: ExperimentRegistry) -> None:
    for panel, edge in (("us", 0.1), ("eu", 0.2)):
        for full in (OLD.config_hash, NEW.config_hash):
            registry.record_run(str(full), metrics={"edge": edge}, panel=panel, period="2020-01-01..2020-12-31")
            edge /= 2
    registry.sync()
    async with driving(registry) as app:
        for chosen, read in (("us", "us"), ("eu", "eu"), ("gone", "eu")):
            app.app.workspace.remembered.panel = chosen
            await app.press("a", "c")
            assert f"METRICS on {read} 2020-01-01..2020-12-31" in app.text
            await app.press("escape", "u", "y")


async def test_help_explains_the_signs_on_the_cell_under_the_cursor(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 80)) as app:
        await app.press("a", "c", "right", "?")
        told = " ".join(" ".join(app.lines()).replace("│", " ").split())
        assert "Signs" in told and "✓ ✗" in told
        example = (
            f"the weight of momentum is 0.75 in {str(MIDDLE.config_hash)[:12]} and 0.25 in the reference, 0.5 more"
        )
        assert example in told
