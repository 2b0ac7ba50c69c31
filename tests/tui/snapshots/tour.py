"""A tour of the app's screens on the demo's registry, each taken as it is drawn in every theme."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.widgets import Input

from registry import ExperimentRegistry
from tests.fixed_demo import SHOWN_PATH, fix, fixed_demo
from tests.tui.driving import Driver, driving
from tests.tui.snapshots.form import draw
from tui.screens.base import RegistryScreen
from tui.screens.list import ListScreen
from tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from textual.strip import Strip

Size = tuple[int, int]

SIZES: Final = {(45, 18): (DARK.name,), (80, 24): (DARK.name, LIGHT.name), (140, 40): (DARK.name, LIGHT.name)}
"""Columns and lines, and the themes in which screens are drawn there."""

STOPS: Final = (
    "list", "confirm", "help", "columns", "filter", "list-folded", "compare", "compare-transposed", "verdict",
    "scatter", "importance", "lineage", "nearest", "detail", "variant", "run", "search", "trash", "log", "aliases",
)  # fmt: skip
"""What is seen on the tour."""


def toured_registry(path: Path) -> ExperimentRegistry:
    """Return the demo's registry with a sweep, and with a few experiments in the trash."""
    registry = fixed_demo(path)
    registry.tag(registry.matching("tag:prices -tag:equal-weight"), "sweep of prices")
    registry.delete_many(registry.matching("tag:risk-off features < 8"))
    first, second = registry.matching("tag:prices")[:2]
    registry.promote(first, "production", why="the first that earned anything")
    registry.promote(second, "production", why="calmer")
    registry.rollback("production", why="no better after all")
    registry.promote(second, "candidate")
    fix(registry)
    return registry


async def tour(app: Driver) -> AsyncIterator[str]:
    """Go from screen to screen, and stop at each with its name."""
    await app.press("down", "space", "b", "down", "space")
    yield "list"
    await app.press("D")
    yield "confirm"
    await app.press("escape", "?")
    yield "help"
    await app.press("escape", "C")
    yield "columns"
    await app.press("escape", "/")
    await app.type("tag:prices and mom")
    yield "filter"
    await find(app, "tag:prices")
    await app.press("z")
    yield "list-folded"
    await app.press("z", "u", "y", "a", "end", "b", "c", "down", "right")
    yield "compare"
    await app.press("t")
    yield "compare-transposed"
    await app.press("t", "home", "V")
    yield "verdict"
    await app.press("escape", "w", "j", "j", "space", "j")
    yield "scatter"
    await app.press("space", "k", "space", "i")
    yield "importance"
    await app.press("escape", "escape", "escape", "L")
    yield "lineage"
    await app.press("escape", "N")
    yield "nearest"
    await app.press("escape", "enter")
    yield "detail"
    await app.press("v", "down", "plus", "plus")
    yield "variant"
    await app.press("escape", "y", "tab", "enter")
    yield "run"
    await app.press("2")
    await app.type("m.edge > 0 and mom")
    yield "search"
    await app.press("escape", "escape", "4")
    yield "trash"
    await app.press("5")
    yield "log"
    await app.press("A")
    yield "aliases"


async def find(app: Driver, filter: str) -> None:
    """Narrow the list, whatever stood in the filter before."""
    await app.press("escape", "escape", "/")
    await app.type(f"{filter}\n")


async def take(registry: ExperimentRegistry, size: Size) -> dict[str, str]:
    """Return every screen at a size, by its name."""
    taken = {}
    async with driving(registry, size) as app:
        app.app.animation_level = "none"
        async for name in tour(app):
            # beginning with the theme of the stop before: a change of theme is half of what a stop takes
            themes = sorted(SIZES[size], key=lambda theme: theme != app.app.theme)
            drawn = {theme: await _strips(app, theme) for theme in themes}
            taken[name] = draw(*[drawn[theme] for theme in SIZES[size]])
    return taken


async def _strips(app: Driver, theme: str) -> Sequence[Strip]:
    """Return the lines on the screen in a theme."""
    app.app.theme = theme
    await still(app)
    return app.screen._compositor.render_strips()


async def still(app: Driver) -> None:
    """Wait until nothing is on its way to the screen, and take away what is of the moment or of the machine."""
    app.app.clear_notifications()
    await app.settle()
    for screen in app.app.screen_stack:
        for field in screen.query(Input):
            field.cursor_blink = False
        if isinstance(screen, RegistryScreen):
            screen.top_bar.path = SHOWN_PATH
        if isinstance(screen, ListScreen):
            await app.until(lambda screen=screen: screen._rest is None, "the cursor came to rest")
    await app.settle()
