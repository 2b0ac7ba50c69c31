"""Runs in the app: in the detail, and each on a page of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.prepared import prepared
from tests.tui.driving import driving
from tui.screens.detail import DetailScreen
from tui.screens.run import RunScreen
from tui.widgets.run_list import RunList
from tui.widgets.run_page import curve

ONE = ExperimentConfig(["f", "g"], {"f": 0.6, "g": 0.4}, {"k": 2}, description="evaluated")
OTHER = ExperimentConfig(["f"], {"f": 1.0}, description="not evaluated", created_at="2020-01-01T00:00:00+00:00")


def make_runs(made: ExperimentRegistry) -> None:
    made.register(OTHER)
    made.record_run(
        ONE,
        metrics={"precision_at_k": 0.55, "base_rate": 0.5, "edge": 0.05, "sharpe": 1.25, "max_drawdown": -0.2},
        panel="stocks",
        period="2020-01-01..2020-12-31",
        windows=[
            {
                "test_start": f"2020-0{n}-01", "test_end": f"2020-0{n}-28", "partial": n == 9,
                "metrics": {"precision_at_k": 0.5 + n / 100, "base_rate": 0.5, "edge": n / 100},
            }
            for n in range(1, 10)
        ],
        dates={"net_return": {f"2020-0{n}-01": 0.1 if n % 3 else -0.2 for n in range(1, 10)}},
        options={"k": 2, "horizons": [5]},
        details={"warnings": ["survivors only, it seems"]},
    )  # fmt: skip
    made.record_trial(OTHER, made.runs()[0].panel, "2020-01-01", "2020-12-31")
    made.record_run(
        ONE,
        metrics={"[red]x[/]\x1b[31m": 1.0},
        panel="[bold]mine[/] [2J",
        period="2019-01-01..2019-12-31",
        engine="\x1b]0;engine\x07",
        definitions={"[red]x[/]\x1b[31m": {"unit": "x", "direction": "higher", "definition": "[link]y[/]"}},
    )


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return prepared(tmp_path / "experiments.duckdb", make_runs)


async def test_the_detail_lists_them_and_enter_opens_one(registry: ExperimentRegistry) -> None:
    async with driving(registry, size=(140, 50)) as app:
        await app.press("enter")
        assert isinstance(app.screen, DetailScreen)
        assert "0.550 (base 0.500, +0.050)" in app.text
        assert "Sharpe 1.25" in app.text
        assert "▁▂▃▄▅▅▆▇█" in app.text or "edge by window" in app.text
        assert "[bold]mine[/]" in app.text  # shown, not obeyed
        await app.press("tab")
        assert isinstance(app.screen.focused, RunList)
        await app.press("down", "enter")
        assert isinstance(app.screen, RunScreen)
        assert "2 configurations were tried on this panel and period" in app.text
        assert "survivors only, it seems" in app.text
        assert "0.550 (base 0.500, +0.050)" in app.text
        assert "1.00 became" in app.text
        await app.press("G")
        assert " part" in app.text
        assert "horizons" in app.text
        await app.press("y")
        assert "id of the run" in app.said
        await app.press("?")
        assert "scroll down" in app.text
        await app.press("escape", "escape")
        assert isinstance(app.screen, DetailScreen)


async def test_without_a_run_it_says_how_to_make_one(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("G", "enter")
        assert f"experiments backtest {str(OTHER.config_hash)[:12]} --data PANEL" in app.text


async def test_what_users_wrote_is_shown_and_never_obeyed(registry: ExperimentRegistry) -> None:
    async with driving(registry, size=(140, 50)) as app:
        await app.press("enter", "tab", "enter")
        assert isinstance(app.screen, RunScreen)
        assert "[red]x[/]" in app.text
        assert "[bold]mine[/]" in app.text
        assert "\x1b[2J" not in app.text
        assert "no returns by date were recorded" in app.text


async def test_a_run_that_comes_while_one_looks_is_shown(registry: ExperimentRegistry) -> None:
    async with driving(registry, size=(140, 50)) as app:
        await app.press("G", "enter")
        assert "none yet" in app.text
        registry.record_run(OTHER, metrics={"edge": 0.125}, panel="late", period="2020-01-01..2020-12-31")
        await app.until(lambda: "late" in app.text)


def test_the_curve() -> None:
    assert curve([1.0, 2.0, 3.0], 10, rows=1) == ["▁▅█"]
    assert curve([1.0, 3.0], 10, rows=2) == [" █", "▁█"]
    assert curve([], 10) == []
    assert len(curve(list(range(1000)), 40)[0]) == 40
