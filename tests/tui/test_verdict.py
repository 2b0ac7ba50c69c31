"""Did it help: the verdict of the compared experiments, its numbers, and why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import Driver, driving
from tests.tui.evaluated import evaluated_registry, experiment
from tui.screens.compare import CompareScreen
from tui.screens.detail import DetailScreen
from tui.screens.verdict import VerdictScreen

SHORT = [str(experiment(number).config_hash)[:12] for number in range(4)]


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return evaluated_registry(tmp_path / "experiments.duckdb")


async def compared(app: Driver) -> None:
    """Compare the four oldest with the oldest of all, which the cursor is on."""
    await app.press("G", "b", "space", "k", "k", "k", "v", "G", "v", "c")
    assert isinstance(app.screen, CompareScreen) and len(app.screen.hashes) >= 3
    assert app.screen.current_hash == experiment(0).config_hash


async def test_all_are_judged_against_the_reference(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await compared(app)
        await app.press("V")
        assert isinstance(app.screen, VerdictScreen)
        found = registry.ab(SHORT[0], [each[:12] for each in app.screen.candidates])
        for each in found.candidates:
            line = next(line for line in app.lines() if each.config_hash[:12] in line)
            assert each.verdict.verdict in line
        better = next(line for line in app.lines()[2:] if SHORT[1] in line and "60" in line)
        assert "better" in better and "+1.5" in better and "100 %" in better
        said = app.lines()[1]
        assert f"edge on stocks 2020-01-01..2021-12-31 · against {SHORT[0]} ★" in said
        assert "3 evaluated alike, 204 tried there" in said
        assert "1 better" in app.lines()[0]


async def test_the_one_under_the_cursor_is_told_in_full(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await compared(app)
        place = app.screen.hashes.index(experiment(1).config_hash)
        await app.press(*["right"] * app.screen.table.grid.order.index(place), "V")
        app.app.clear_notifications()
        await app.settle()
        assert app.screen.chosen == experiment(1).config_hash and len(app.screen.trial.candidates) == 1
        text = " ".join(app.text.split())
        assert f"better: {SHORT[1]} against {SHORT[0]}" in text
        assert "over 60 differences that do not overlap" in text and "95 %" in text
        assert "for being the best of all 3 (max-T); the verdict rests on" in text
        assert "would be seen in 80 of 100 such comparisons" in text
        await app.press("a")
        assert len(app.screen.trial.candidates) == len(app.screen.candidates) > 1
        await app.press("enter")
        assert isinstance(app.screen, DetailScreen)
        await app.press("escape", "escape")
        assert isinstance(app.screen, CompareScreen)


async def test_what_cannot_be_paired_says_why_in_a_sentence(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await compared(app)
        await app.press("V")
        app.app.clear_notifications()
        while app.screen.table.current.config_hash != experiment(3).config_hash:
            await app.press("j")
        assert f"cannot pair: {SHORT[3]}" in app.text
        assert "has no values of edge by date." in app.text
        await app.press("M")
        await app.press("j", "enter")
        assert "max_drawdown on stocks" in app.lines()[1] and "cannot pair" in app.lines()[0]


async def test_without_a_run_of_the_reference_it_says_how_to_make_one(registry: ExperimentRegistry) -> None:
    async with driving(registry, (45, 18)) as app:
        await app.press("b", "j", "space", "j", "space", "g", "space", "c", "home", "V")
        assert isinstance(app.screen, VerdictScreen)
        assert "has no run" in app.text and "experiments backtest" in app.text


async def test_it_is_stopped_by_esc_and_begun_again_by_r(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await compared(app)
        app._send("V")
        await app.until(lambda: isinstance(app.screen, VerdictScreen) and app.screen.waiting, "judging")
        app.screen.action_back()
        await app.settle()
        assert isinstance(app.screen, VerdictScreen) and "Stopped. r computes it again." in app.text
        await app.press("r")
        assert "1 better" in app.lines()[0]
