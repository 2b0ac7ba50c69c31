"""A weight against a metric: the points, the axes, the cursor's experiment, other features and metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color

from registry import ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tests.tui.evaluated import COUNT, LEFT_OUT, evaluated_registry, experiment
from tui.glyphs import PlainGlyphs
from tui.screens.detail import DetailScreen
from tui.screens.importance import ImportanceScreen
from tui.screens.scatter import ScatterScreen
from tui.widgets.raster import Span, draw, span_of
from tui.widgets.scatter_plot import CURSOR, MARKED

EVALUATED = COUNT - LEFT_OUT
BEST = str(experiment(EVALUATED - 1).config_hash)[:12]


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return evaluated_registry(tmp_path / "experiments.duckdb")


def where(lines: list[str], sign: str) -> tuple[int, int]:
    """Return line and column of a sign on the picture."""
    line = next(at for at, text in enumerate(lines) if sign in text and ("│" in text or "┤" in text))
    return line, lines[line].index(sign)


async def test_it_says_what_it_shows_and_the_cursor_names_its_experiment(registry: ExperimentRegistry) -> None:
    async with driving(registry, (140, 30)) as app:
        await app.press("w")
        assert isinstance(app.screen, ScatterScreen)
        said = " ".join(line.strip() for line in app.lines()[1:3])
        assert "→ w.momentum ↑ m.edge, higher is better" in " ".join(said.split())
        assert f"n {EVALUATED} · Spearman +1.00, p <0.0001 alone" in said
        assert "on stocks 2020-01-01..2021-12-31, 204 tried there · all experiments" in said
        assert "0.103 ┤" in app.text and "-0.1 ┤" in app.text, "the axis of the metric"
        assert "0.515" in app.lines()[-4] and "-0.5" in app.lines()[-4], "the axis of the weight"
        assert BEST in app.lines()[-3] and f"1 of {EVALUATED}" in app.lines()[-2]
        top, right = where(app.lines(), CURSOR)
        await app.press("G")
        assert str(experiment(0).config_hash)[:12] in app.lines()[-3]
        bottom, left = where(app.lines(), CURSOR)
        assert top < bottom and left < right
        await app.press("g", "j", "k", "enter")
        assert isinstance(app.screen, DetailScreen) and BEST in app.text


async def test_other_features_and_another_metric(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await app.press("w", "left")
        assert "w.value" in app.lines()[0] and "no correlation: nothing varies" in app.text
        await app.press("right", "right")
        assert "w.quality" in app.lines()[0]
        await app.press("j", "j")
        assert "absent, counts as 0" in app.text
        await app.press("f")
        assert "hp.k" in app.text
        await app.press("j", "enter")
        assert "hp.k" in app.lines()[0]
        await app.press("left", "M", "j", "enter")
        assert "w.quality, m.max_drawdown" in app.lines()[0]


async def test_only_what_the_filter_finds_or_what_is_marked(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await app.press("/")
        await app.type("hp.k = 3\n")
        await app.press("w")
        assert "filter hp.k = 3" in app.text and "n 41 " in app.text
        await app.press("space", "j", "space", "j")
        assert app.text.count(MARKED) >= 1, "marked ones look different"
        assert len(app.app.workspace.marks) == 2
        await app.press("escape", "w")
        assert "2 marked" in app.text and "n 2 " in app.text and "fewer than 5" in app.text


async def test_the_compared_ones_and_on_to_importance(registry: ExperimentRegistry) -> None:
    async with driving(registry, (120, 30)) as app:
        await app.press("j", "j", "space", "space", "space", "c", "w")
        assert "3 compared" in app.text
        await app.press("i")
        assert isinstance(app.screen, ImportanceScreen) and "3 compared" in app.text


async def test_a_click_goes_to_the_nearest_point(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("w")
        await app.pilot.click(app.screen.plot, offset=(12, 23))
        await app.settle()
        assert app.screen.plot.cursor > EVALUATED - 10


async def test_without_runs_it_says_how_to_make_one(tmp_path: Path) -> None:
    async with driving(registry_of(tmp_path / "r.duckdb", [config(1), config(2)])) as app:
        await app.press("w")
        assert "no experiment has a run yet; make one with: experiments backtest" in app.text
        await app.press("j", "enter", "space", "f", "right", "escape")
        assert not isinstance(app.screen, ScatterScreen)


@pytest.mark.parametrize(
    "size", [(40, 15), *(pytest.param(size, marks=pytest.mark.full) for size in ((45, 18), (250, 70)))]
)
async def test_it_has_room_for_the_picture_at_every_size(registry: ExperimentRegistry, size: tuple[int, int]) -> None:
    async with driving(registry, size) as app:
        await app.press("w")
        where(app.lines(), CURSOR)
        assert BEST in app.text and "stocks" in app.text


NUMBERS = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([1.7e308, -1.7e308, 5e-324]))
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=40)


@given(POINTS, st.integers(1, 80), st.integers(1, 30))
def test_every_point_is_in_the_picture_and_order_is_kept(
    points: list[tuple[float, float]], width: int, height: int
) -> None:
    xs, ys = np.array(points).T
    made = draw(xs, ys, span_of(xs), span_of(ys), width, height)
    cells = [made.cell(at) for at in range(len(points))]
    assert {(x, y) for y, x in np.argwhere(made.dots).tolist()} == set(cells)
    for (column, line), (x, y) in zip(cells, points, strict=True):
        assert made.character((column, line)) > "⠀"
        assert cells[made.nearest(column, line)] == (column, line)
        for (other, below), (other_x, other_y) in zip(cells, points, strict=True):
            assert other_x < x or other >= column
            assert other_y > y or below >= line


def test_a_span_of_one_value_has_it_in_the_middle() -> None:
    assert span_of(np.array([2.0, 2.0])) == Span(1.0, 3.0) and span_of(np.array([0.0])) == Span(-0.5, 0.5)
    assert span_of(np.array([1.7e308])).low < 1.7e308 < span_of(np.array([1.7e308])).high
    assert span_of(np.zeros(0)) == span_of(np.array([np.nan])) == Span(0, 1)


def test_in_ascii_every_sign_is_one_cell_still() -> None:
    drawn = "⠁⠒⡇⣿◆●┤│┴└─·"
    (plain,) = PlainGlyphs(True).apply([Segment(drawn)], Color(0, 0, 0))
    assert plain.text.isascii() and len(plain.text) == len(drawn) and plain.text[:5] == ".:::@"
