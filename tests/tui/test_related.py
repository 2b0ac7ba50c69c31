"""The family of an experiment as a tree, and those nearest to it: drawn, walked, folded, compared and marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.tui.driving import Driver, driving, registry_of
from tui.screens.compare import CompareScreen
from tui.screens.detail import DetailScreen
from tui.screens.lineage import LineageScreen
from tui.screens.nearest import NearestScreen
from tui.screens.trashed import TrashedScreen

PERIOD = "2020-01-01..2020-12-31"
ROOT = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.5}, {"k": 10}, description="the root")
GONE = ROOT.variant(weights={"a": 0.4}, description="gone")
CHILD = GONE.variant(weights={"a": 0.3}, hyperparameters={"k": 5}, description="child")
GRANDCHILD = CHILD.variant(weights={"b": 0.9}, description="grandchild")
OTHER = ROOT.variant(weights={"b": 0.6}, description="other")
STRANGER = ExperimentConfig(["z"], {"z": 9.0}, description="stranger")
EDGES = {ROOT: 0.01, CHILD: 0.03, GRANDCHILD: 0.02, OTHER: 0.04}


def short(config: ExperimentConfig) -> str:
    return str(config.config_hash)[:12]


def with_runs(registry: ExperimentRegistry) -> None:
    for config, edge in EDGES.items():
        registry.record_run(config, metrics={"edge": edge, "turnover": 1 - edge}, panel="p", period=PERIOD)
    registry.promote(str(OTHER.config_hash), "production")
    registry.delete(str(GONE.config_hash))


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "e.duckdb", [STRANGER, ROOT, GONE, CHILD, OTHER, GRANDCHILD], with_runs)


async def to(app: Driver, config: ExperimentConfig, key: str) -> None:
    """Find an experiment in the list and press a key on it."""
    await app.press("/")
    await app.type(f"{short(config)}\n")
    await app.press(key)


def line_of(app: Driver, config: ExperimentConfig) -> str:
    return next(line for line in app.lines()[2:] if short(config) in line)


async def test_the_family_with_each_edit_and_what_it_did(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        await to(app, CHILD, "L")
        assert isinstance(app.screen, LineageScreen)
        assert "5 experiments" in app.lines()[0] and f"m.edge on p {PERIOD}" in app.lines()[1]
        assert "+0.010" in line_of(app, ROOT) and "the root" in line_of(app, ROOT)
        assert "(in the trash) a 0.5 -> 0.4" in line_of(app, GONE)
        assert "a 0.4 -> 0.3, k 10 -> 5" in line_of(app, CHILD) and "◆" in line_of(app, CHILD)
        assert "-0.010" in line_of(app, GRANDCHILD) and "b 0.5 -> 0.9" in line_of(app, GRANDCHILD)
        assert "production" in line_of(app, OTHER) and "+0.030" in line_of(app, OTHER)
        assert line_of(app, CHILD).startswith("▌"), "the cursor is where one came from"
        await app.press("M", "j", "enter")
        assert "m.turnover on p" in app.lines()[1]
        await app.press("enter")
        assert isinstance(app.screen, DetailScreen) and "child" in app.text
        await app.press("escape", "k", "enter")
        assert isinstance(app.screen, TrashedScreen)


async def test_branches_fold_and_the_arrows_walk_the_tree(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        await to(app, GRANDCHILD, "L")
        await app.press("left")
        assert line_of(app, CHILD).startswith("▌")
        await app.press("left")
        assert short(GRANDCHILD) not in "".join(app.lines()[2:]) and "+ 1" in line_of(app, CHILD)
        await app.press("right", "right")
        assert line_of(app, GRANDCHILD).startswith("▌")
        await app.press("g", "left")
        assert app.screen.table.row_count == 1 and "+ 4" in line_of(app, ROOT)
        await app.press("right")
        assert app.screen.table.row_count == 5


async def test_comparing_marking_and_copying_from_the_tree(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        await to(app, GRANDCHILD, "L")
        await app.press("y")
        assert app.app.clipboard == GRANDCHILD.config_hash
        await app.press("space")
        assert list(app.screen.workspace.marks) == [GRANDCHILD.config_hash]
        assert "●" in line_of(app, GRANDCHILD)
        await app.press("g", "j", "space")
        assert len(app.screen.workspace.marks) == 1, "what lies in the trash is not marked"
        await app.press("G", "k", "c")
        assert isinstance(app.screen, CompareScreen)
        assert short(CHILD) in app.text and short(GRANDCHILD) in app.text


async def test_a_large_family_is_drawn_in_parts(tmp_path: Path) -> None:
    children = [ROOT.variant(weights={"a": n / 1000}) for n in range(1, 301)]
    made = registry_of(tmp_path / "e.duckdb", [ROOT, *children])
    async with driving(made, (80, 24)) as app:
        await to(app, children[299], "L")
        assert "301 experiments" in app.lines()[0] and "101 not shown" in app.lines()[1]
        await app.press("G")
        assert "… 101 more" in app.lines()[-2] or "… 101 more" in app.text
        at = app.screen.table.cursor
        await app.press("r")
        assert app.screen.table.cursor == at, "read again, the cursor stays on the line of how many more"
        await app.press("enter")
        assert app.screen.table.row_count == 301 and "not shown" not in app.text
        assert app.screen.table.current.config_hash == children[198].config_hash, "the first that was not drawn"


async def test_early_ancestors_are_drawn_when_wanted(tmp_path: Path) -> None:
    chain = [ROOT]
    for n in range(1, 251):
        chain.append(chain[-1].variant(weights={"a": n / 1000}))
    made = registry_of(tmp_path / "e.duckdb", chain)
    async with driving(made, (80, 24)) as app:
        await to(app, chain[-1], "L")
        assert app.screen.table.row_count == 101 and "151 not shown, enter on …" in app.lines()[1]
        await app.press("g")
        assert "… 151 earlier ancestors" in app.lines()[2]
        await app.press("y", "space", "c")
        assert isinstance(app.screen, LineageScreen) and not app.screen.workspace.marks, "no experiment is there"
        await app.press("g", "j", "left")
        assert app.screen.table.row_count == 2, "the oldest that is drawn folds"
        await app.press("left")
        assert app.screen.table.cursor == 0
        await app.press("enter")
        assert "not shown" not in app.text and app.screen.table.current.config_hash == chain[150].config_hash
        await app.press("c")
        assert isinstance(app.screen, CompareScreen) and short(chain[149]) in app.text


async def test_a_registration_elsewhere_appears_and_the_cursor_stays(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        await to(app, OTHER, "L")
        registry.register(OTHER.variant(weights={"a": 0.1}))
        registry.sync()
        await app.until(lambda: "6 experiments" in app.lines()[0])
        assert line_of(app, OTHER).startswith("▌")


async def test_the_nearest_and_the_nearest_better_ones(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        await to(app, CHILD, "N")
        assert isinstance(app.screen, NearestScreen)
        assert "among 4 experiments" in app.lines()[0]
        assert f"m.edge on p {PERIOD}, where 4 configurations were tried" in " ".join(app.text.split())
        lines = app.lines()
        near = next(at for at, line in enumerate(lines) if f"Nearest to {short(CHILD)} (m.edge +0.030)" in line)
        better = next(at for at, line in enumerate(lines) if "Nearest better: 1 is better by m.edge" in line)
        assert short(ROOT) in "".join(lines[near:better]) and short(STRANGER) in lines[better - 2], "the farthest last"
        assert short(OTHER) in lines[better + 1] and "+0.010" in lines[better + 1]
        assert "k 5 -> 10" in line_of(app, ROOT)
        await app.press("G")
        at = app.screen.table.cursor
        await app.press("r")
        assert app.screen.table.cursor == at, "among the better ones, though it is among the nearest as well"
        await app.press("c")
        assert isinstance(app.screen, CompareScreen) and short(OTHER) in app.text
        await app.press("escape", "d")
        assert "cosine distance" in app.lines()[1]
        await app.press("space", "enter")
        assert len(app.screen.workspace.marks) == 1 and isinstance(app.screen, DetailScreen)


async def test_why_none_is_known_to_be_better_is_said(registry: ExperimentRegistry, tmp_path: Path) -> None:
    async with driving(registry, (120, 24)) as app:
        await to(app, STRANGER, "N")
        assert "it has no m.edge itself, so nothing can be better" in app.text
        await app.press("M", "j", "enter")
        assert "it has no m.turnover itself" in app.text
    alone = registry_of(tmp_path / "alone.duckdb", [ROOT])
    async with driving(alone, (120, 24)) as app:
        await app.press("enter", "N")
        assert "There is no other experiment." in app.text


async def test_a_metric_at_another_horizon_has_its_direction_too(tmp_path: Path) -> None:
    made = registry_of(tmp_path / "e.duckdb", [ROOT, OTHER])
    for config, edge in ((ROOT, 0.01), (OTHER, 0.04)):
        made.record_run(config, metrics={"edge_h14": edge}, panel="p", period=PERIOD)
    made.sync()
    assert made.metric("edge_h14") is not None and made.metric("nobody's") is None
    async with driving(made, (120, 24)) as app:
        await to(app, ROOT, "N")
        assert "(m.edge_h14 +0.010)" in app.text and "+0.030" in line_of(app, OTHER)


@pytest.mark.parametrize("size", [(45, 18), (80, 24)])
async def test_small_windows_show_the_change_and_the_edit(registry: ExperimentRegistry, size: tuple[int, int]) -> None:
    async with driving(registry, size) as app:
        await to(app, CHILD, "L")
        line = next(line for line in app.lines() if str(OTHER.config_hash)[:7] in line)
        assert "+0.030" in line and "production" in line
        await app.press("N")
        line = next(line for line in app.lines() if str(ROOT.config_hash)[:7] in line)
        assert "-0.020" in line and "a 0.3" in line


async def test_a_family_without_runs_on_the_chosen_panel_says_so(registry: ExperimentRegistry) -> None:
    registry.record_run(STRANGER, metrics={"edge": 0.1}, panel="q", period=PERIOD)
    async with driving(registry, (120, 24)) as app:
        app.screen.workspace.remembered.panel = "q"
        await to(app, ROOT, "L")
        assert "none has a run on q" in app.lines()[1]
