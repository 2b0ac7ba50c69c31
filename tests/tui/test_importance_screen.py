"""What goes with a metric: two bars a line, and of whom they are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import driving
from tests.tui.evaluated import COUNT, LEFT_OUT, evaluated_registry
from tui.screens.importance import ImportanceScreen
from tui.screens.list import ListScreen
from tui.screens.scatter import ScatterScreen


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return evaluated_registry(tmp_path / "experiments.duckdb")


@pytest.mark.full  # the forest's library is an extra
async def test_two_bars_a_name_the_strongest_first(registry: ExperimentRegistry) -> None:
    async with driving(registry, (140, 24)) as app:
        await app.press("i")
        assert isinstance(app.screen, ImportanceScreen)
        found = registry.importance("m.edge")
        said = " ".join(line.strip() for line in app.lines()[1:3])
        assert f"n {COUNT - LEFT_OUT} · on stocks 2020-01-01..2021-12-31, 204 tried there · all experiments" in said
        assert "the forest explains" in said
        lines = [line for line in app.lines() if line[2:5] in ("w.m", "w.q", "w.v", "hp.")]
        assert [line.split()[-8:] and line[2:].split()[0] for line in lines] == [each.name for each in found.names]
        assert "+1.00" in lines[0] and "<0.0001" in lines[0] and lines[0].count("█") > 40, "both bars are long"
        assert lines[-1].count("█") == 0, "what does not vary has none"
        assert "rho +1.000  n 204  p <0.0001, <0.0001 among 4 (BH)" in app.text
        await app.press("j", "enter")
        assert isinstance(app.screen, ScatterScreen) and found.names[1].name in app.lines()[0]
        await app.press("escape", "escape")
        assert isinstance(app.screen, ListScreen)


async def test_another_metric_and_a_filter(registry: ExperimentRegistry) -> None:
    async with driving(registry, (45, 18)) as app:
        await app.press("/")
        await app.type("hp.k = 3\n")
        await app.press("i")
        assert "filter hp.k = 3" in app.text and "stocks" in app.text
        await app.press("M", "j", "enter")
        assert "m.max_drawdown" in " ".join(app.screen.top_bar.crumbs)


async def test_without_the_library_of_the_forest_the_correlations_alone(
    registry: ExperimentRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    async with driving(registry, (140, 24)) as app:
        await app.press("i")
        assert "pip install 'experiment-registry[stats]'" in " ".join(app.text.split())
        assert "FOREST" not in app.text and "+1.00" in app.text


async def test_it_is_stopped_by_esc_and_begun_again_by_r(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 24)) as app:
        app._send("i")
        await app.until(lambda: isinstance(app.screen, ImportanceScreen) and app.screen.waiting, "computing")
        app.screen.action_back()
        await app.settle()
        assert isinstance(app.screen, ImportanceScreen) and "Stopped. r computes it again." in app.text
        await app.press("r")
        assert "+1.00" in app.text
