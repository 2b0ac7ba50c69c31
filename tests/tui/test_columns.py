"""Columns that are chosen, ordered and remembered; sweeps that fold; the panel that metrics are read on."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
from tui.app import RegistryApp
from tui.settings import Memory
from tui.widgets.columns import Layout, fit_columns, usual

PERIOD = "2020-01-01..2020-12-31"


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    parent = config(0)
    sweep = [
        parent.variant(weights={"momentum": 0.3 + number / 10}, tags=["sweep-a"], description=f"variant {number}")
        for number in range(1, 5)
    ]
    made = registry_of(tmp_path / "experiments.duckdb", [parent, *sweep, config(9)])
    for number, each in enumerate(sweep):
        made.record_run(each, metrics={"edge": number / 100, "sharpe": 1.5}, panel="p", period=PERIOD)
    made.sync()
    return made


def head(app: Driver) -> str:
    return app.lines()[1]


async def choose(app: Driver, *labels: str) -> None:
    """Show these columns too, by the dialog."""
    await app.press("C")
    for label in labels:
        await app.press("slash")
        await app.type(label)
        await app.press("enter", "space", "slash", "escape")
    await app.press("enter")


async def test_a_registry_with_runs_shows_its_metrics_and_says_where_they_were_read(
    registry: ExperimentRegistry,
) -> None:
    async with driving(registry, (120, 24)) as app:
        assert "EDGE" in head(app)
        row = next(line for line in app.lines() if "variant 3" in line)
        assert "+0.020" in row
        assert f"metrics on p {PERIOD}" in app.text


async def test_columns_are_chosen_moved_and_sorted_by(registry: ExperimentRegistry) -> None:
    async with driving(registry, (139, 24)) as app:
        await choose(app, "w.momentum", "hp.k")
        assert "w.momentum" in head(app) and "hp.k" in head(app)
        row = next(line for line in app.lines() if "variant 3" in line)
        assert "0.6" in row and "10" in row
        await app.press(*["right"] * 12, "left", "[")
        assert app.screen.sort == "w.momentum" and "w.momentum ▲" in head(app)
        assert app.listed()[:3] == ["number 0", "number 9", "variant 1"]
        await app.press("C", "j", "J", "enter")
        assert head(app).index("FEAT") < head(app).index("WHEN")
        await app.press("C", "R")
        assert "w.momentum" not in head(app) and head(app).index("WHEN") < head(app).index("FEAT")


async def test_what_has_no_room_is_hidden_and_comes_into_view_with_the_cursor(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await choose(app, "registered", "notes", "runs", "parent")
        assert "PARENT" not in head(app) and "›" in head(app)
        await app.press(*["right"] * 20)
        assert "PARENT" in head(app) and "HASH" in head(app) and "‹" in head(app)
        await app.press(*["left"] * 20)
        assert "WHEN" in head(app) and "‹" not in head(app)


async def test_what_was_chosen_is_remembered_but_no_filter_is(registry: ExperimentRegistry, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"

    async def start(app: RegistryApp, *keys: str, text: str = "") -> list[str]:
        async with app.run_test(size=(139, 24)) as pilot:
            driver = Driver(app, pilot)
            await driver.settle()
            if text:
                await choose(driver, text)
            await driver.press(*keys)
            return driver.lines()

    await start(RegistryApp(registry, memory=Memory(memory)), "s", "down", "down", "enter", "z", text="hp.k")
    lines = await start(RegistryApp(registry, memory=Memory(memory)))
    assert "hp.k" in lines[1] and "DESCRIPTION ▲" in lines[1]
    assert any("▸ sweep-a" in line for line in lines)
    await start(RegistryApp(registry, memory=Memory(memory)), "slash", *"nothing", "enter")
    assert "6 experiments" in (await start(RegistryApp(registry, memory=Memory(memory))))[0]
    other = registry_of(tmp_path / "other.duckdb", [config(1)])
    assert "hp.k" not in (await start(RegistryApp(other, memory=Memory(memory))))[1], "each registry has its own"


async def test_a_remembered_column_or_order_that_means_nothing_any_more_does_no_harm(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r.duckdb", [config(1)])
    memory = Memory(tmp_path / "memory.json")
    remembered = memory.of(str(registry.path))
    remembered.columns, remembered.sort, remembered.panel = ["hash", "w.gone", "description"], "-w.gone", "gone"
    memory.keep(str(registry.path), remembered)
    app = RegistryApp(registry, memory=memory)
    async with app.run_test(size=(100, 24)) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        assert driver.listed() == ["number 1"]
        assert driver.screen.banner.text == ""


async def test_a_sweep_folds_into_one_line_with_its_best_and_how_many_were_tried(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        await app.press("z")
        line = next(line for line in app.lines() if "▸ sweep-a" in line)
        assert "4 experiments" in line and "best edge +0.030 of 4 tried (+0.000 … +0.030)" in line
        assert "6 experiments" in app.lines()[0] and "1 sweep folded (4)" in app.text
        assert len(app.screen.experiments.ids) == 3
        await app.press("slash")
        await app.type("m.edge > 0.005\n")
        assert "3 of 6" in app.lines()[0]
        await app.press("escape", "g")
        while app.screen.experiments.current_fold is None:
            await app.press("j")
        await app.press("c")
        assert app.screen.NAME == "compare" and "compare 4" in app.lines()[0]
        await app.press("escape", "space")
        assert len(app.app.workspace.marks) == 4
        await app.press("u", "y", "k", "enter")
        assert len(app.screen.experiments.ids) == 6, "enter unfolds one"
        await app.press("z", "z")
        assert len(app.screen.experiments.ids) == 3


async def test_a_folded_sweep_says_its_best_in_a_narrow_window_too(registry: ExperimentRegistry) -> None:
    async with driving(registry, (45, 24)) as app:
        await app.press("z")
        line = next(line for line in app.lines() if "▸ sweep-a" in line)
        assert "4 · best edge +0.030 of 4" in line
        await app.resize(60, 24)
        assert any("4 · best edge +0.030 of 4" in line for line in app.lines())


async def test_the_neighbours_of_a_folded_list_are_its_experiments(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        await app.press("z", "G", "enter")
        assert app.screen.NAME == "detail"
        shown = app.text
        await app.press("[")
        assert app.screen.details is not None and app.text != shown
        await app.press("escape")
        assert app.screen.NAME == "list"


async def test_the_panel_is_chosen_and_named(registry: ExperimentRegistry) -> None:
    other = config(9)
    for panel in ("q", "q2"):
        registry.record_run(other, metrics={"edge": 0.5}, panel=panel, period=PERIOD)
    registry.sync()
    async with driving(registry, (120, 24)) as app:
        assert f"metrics on p {PERIOD} (one of 2; P chooses)" in app.text
        await app.press("P", "j", "j", "enter")
        assert f"metrics on q2 {PERIOD}" in app.text
        row = next(line for line in app.lines() if "number 9" in line)
        assert "+0.500" in row
        await app.press("slash")
        await app.type("m.edge > 0.4\n")
        assert app.listed() == ["number 9"]


async def test_metrics_of_runs_made_differently_are_said_to_be(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "mixed.duckdb")
    for number, k in enumerate((5, 10)):
        registry.record_run(config(number), metrics={"edge": 0.1}, panel="p", period=PERIOD, options={"k": k})
    registry.sync()
    async with driving(registry, (80, 24)) as app:
        assert f"metrics on p {PERIOD}, with different options: k" in app.text
        await app.press("slash")
        await app.type("number 1\n")
        assert "different" not in app.text  # only one of them matches


def test_every_width_has_room_for_what_it_shows() -> None:
    for width in range(40, 250):
        labels = usual(width, ["edge", "sharpe"])
        layout = fit_columns(labels, width, 30)
        assert not layout.before and not layout.after, width
        assert sum(column.width + 2 for column in layout.columns) + 4 <= width + 2, width
        assert layout.columns[0].key == "hash" and layout.columns[-1].key == "description"
    assert fit_columns([], 80, 3) == Layout(())
