"""A phone's window: two experiments side by side in 40 columns, without a key that needs Ctrl."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from registry import ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tests.tui.test_hostile import HOSTILE, check
from tui.actions import COMPARE, GO, LOOK, MOVE, actions_of
from tui.screens.compare import CompareScreen
from tui.screens.write_table import WriteTableScreen

WEIGHTS = {"AccumulationScore": 0.123456, "SentimentScore": -0.25, "zero": 0.0, "only here": 1.0}
ONE = config(1, feature_names=list(WEIGHTS), feature_weights=WEIGHTS, description="the first of the two", tags=["a"])
TWO = config(
    2, feature_names=["AccumulationScore", "SentimentScore", "zero"],
    feature_weights={"AccumulationScore": 0.75, "SentimentScore": 0.1, "zero": 0.25},
    hyperparameters={"k": 5, "number": 2, "model": "a long text that says little", "walk": {"days": 30}},
    feature_transformations={"SentimentScore": "zscore"}, description="the second", tags=["b"],
)  # fmt: skip


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    registry = registry_of(tmp_path / "experiments.duckdb", [ONE, TWO])
    for full, total in ((ONE.config_hash, 1.2345), (TWO.config_hash, 0.5)):
        metrics = {"total_return": total, "edge": -0.01234, "volatility": 0.25, "precision_at_k": 0.5123}
        metrics["edge"] *= total
        registry.record_run(str(full), metrics=metrics, panel="stocks_20", period="2010-01-04..2022-12-28")
    registry.sync()
    return registry


@pytest.mark.parametrize("width", [40, *(pytest.param(width, marks=pytest.mark.full) for width in (45, 60))])
async def test_two_fit_side_by_side(registry: ExperimentRegistry, width: int) -> None:
    async with driving(registry, (width, 40)) as app:
        await app.press("G", "b", "g", "c")
        assert isinstance(app.screen, CompareScreen)
        assert app.screen.table.virtual_size.width < width, "nothing scrolls sideways"
        lines = app.lines()
        assert all(cell_len(line) == width for line in lines)
        assert lines[1].startswith(f" ★ {str(ONE.config_hash)[:7]} the first")
        assert lines[2].startswith(f"   {str(TWO.config_hash)[:7]} the second") and "+b -a" in lines[2]
        assert [cell.strip() for cell in lines[3].split("│")[1:3]] == [
            f"{str(ONE.config_hash)[:7]}★",
            str(TWO.config_hash)[:7],
        ]
        assert "by spread" in lines[4]
        found = {line[2:].split("│")[0].strip(): line.split("│")[1:] for line in lines[5:-2] if "│" in line}
        values = {name: [" ".join(cell.split()) for cell in cells] for name, cells in found.items()}
        accumulation = next(cells for name, cells in values.items() if name.startswith("Accu"))
        assert [cell.replace(" ", "") for cell in accumulation[:2]] == ["▁0.1235", "▆0.75+0.6265"]
        assert values["zero"][:2] == ["0.0", "▂0.25 +0.25"]
        assert values["only here"][:2] == ["█ 1.0", "·absent -1"]
        total = next(cells for name, cells in values.items() if "retu" in name or name.endswith("urn"))
        assert total[:2] == ["123.45%", "50.00% -73.45%✗"]
        assert "stocks_20 2010-01-04..2022-12-28" in app.text


async def test_everything_can_be_reached_in_40_by_15(registry: ExperimentRegistry) -> None:
    async with driving(registry, (40, 15)) as app:
        await app.press("G", "b", "g", "c", "right")
        assert "weight" in app.lines()[-2] or "+0.62" in app.lines()[-2]
        seen = set()
        for _ in range(12):
            seen.add(app.screen.table.item.name)
            assert any(line.startswith("▌") for line in app.lines()), "the cursor's row is in view"
            await app.press("n")
        assert {"AccumulationScore", "model", "m.total_return"} <= seen
        await app.press("=", "G")
        assert app.lines()[-3].strip() or app.lines()[-4].strip()
        await app.press("t")
        assert app.lines()[5].startswith(f" ★{str(ONE.config_hash)[:7]}")
        await app.press("g", *["right"] * 8)
        assert all(cell_len(line) == 40 for line in app.lines())
        app.app.clear_notifications()
        await app.press("x")
        assert isinstance(app.screen, WriteTableScreen)
        assert "Write  enter" in app.text and "Cancel  esc" in app.text
        await app.press("escape", "?")
        assert "Keys of this screen" in app.text
        await app.press("escape", "escape")
        assert not isinstance(app.screen, CompareScreen)


async def test_a_window_that_changes_is_laid_out_anew(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await app.press("G", "b", "g", "c", "right", "n")
        name = app.screen.table.item.name
        for width in (40, 90, 60, 120):
            await app.pilot.resize_terminal(width, 20)
            await app.settle()
            length = 7 if width < 70 else 12
            assert f" {str(TWO.config_hash)[:length]} " in app.lines()[2]
            assert app.screen.table.item.name == name
            assert all(cell_len(line) == width for line in app.lines())


def test_no_action_here_needs_ctrl() -> None:
    for action in actions_of(COMPARE):
        if action.group in (LOOK, MOVE, GO) and "half" not in action.action:
            assert any(not key.startswith("ctrl+") for key in action.keys), action.id


async def test_hostile_text_is_shown_in_every_form_of_the_table(tmp_path: Path) -> None:
    configs = [
        config(
            number, feature_names=[text[:200]], feature_weights={text[:200]: float(number)}, description=text,
            hyperparameters={text[:200]: text, "n": number}, tags=[f"x{text}"],
        )
        for number, text in enumerate(HOSTILE)
    ]  # fmt: skip
    registry = registry_of(tmp_path / "r.duckdb", configs)
    async with driving(registry, (100, 30)) as app:
        for first in range(0, len(HOSTILE), 2):  # two by two, for the lines over the table
            await app.press("g", *["down"] * first, "space", "space", "c", "n")
            check(app)
            await app.press("t", "escape", "u", "y")
        await app.press("a", "c")
        for key in ("G", "right", "t", "right", "x", "escape", "?", "escape", "Y"):
            await app.press(key)
            check(app)
        await app.pilot.resize_terminal(40, 15)
        await app.settle()
        check(app)
