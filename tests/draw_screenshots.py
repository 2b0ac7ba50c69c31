"""Draws the pictures in `screenshots/`: the four screens as the app shows them, on a real registry.

    python -m tests.draw_screenshots [FOLDER]

The registry is the one of the earlier system that the tests import. Size, theme, keys and every time shown
are fixed, so the same code draws the same bytes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ["TZ"] = "UTC"
os.environ.pop("NO_COLOR", None)

from registry import ExperimentRegistry
from registry.exchange import import_sources
from tests.tui.driving import Driver, driving

SIZE = (120, 36)
SHOWN_PATH = "~/research/experiments.duckdb"
LEGACY = Path(__file__).parent / "data" / "legacy.sqlite"
FOLDER = Path(__file__).parent.parent / "screenshots"


def build(path: Path) -> ExperimentRegistry:
    """Return a registry of the earlier system's experiments, registered when they were made."""
    registry = ExperimentRegistry(path)
    import_sources(registry.store, [LEGACY])
    with registry.store.write() as session:
        session.run("UPDATE experiment SET registered_at = created_at")
    return registry


@asynccontextmanager
async def app(registry: ExperimentRegistry, *, light: bool = False) -> AsyncIterator[Driver]:
    """Run the app at the pictures' size."""
    async with driving(registry, SIZE) as driver:
        if light:
            await driver.press("T")
        yield driver


async def draw(driver: Driver) -> str:
    """Return the screen as SVG, with a path that is the same on every machine."""
    driver.app.clear_notifications()
    driver.screen.top_bar.path = SHOWN_PATH
    await driver.settle()
    await driver.pilot.pause()
    return driver.app.export_screenshot(title="experiments")


def build_evaluated(path: Path) -> ExperimentRegistry:
    """Return the demo's registry, evaluated at a moment that is the same in every picture."""
    from registry import demo
    from registry.demo.evaluated import evaluate

    registry = demo.build(path)
    evaluate(registry)
    with registry.store.write() as session:
        session.run("UPDATE store.run SET recorded_at = TIMESTAMP '2024-06-01 09:30:00'")
    return registry


async def pictures(registry: ExperimentRegistry, evaluated: ExperimentRegistry) -> dict[str, str]:
    """Return every picture by its file's name."""
    drawn = {}
    for name, light in (("list", False), ("list-light", True)):
        async with app(registry, light=light) as driver:
            await driver.press("down", "space", "down", "space", "b", "down")
            drawn[name] = await draw(driver)
    async with app(registry) as driver:
        await driver.press("/")
        await driver.type("weight test\n")
        await driver.press("enter")
        drawn["detail"] = await draw(driver)
    async with app(registry) as driver:
        await driver.press("/")
        await driver.type("features = 8 seed = 42 k in (10, 15)\n")
        await driver.press("v", "down", "down", "down", "v", "c", "right")
        drawn["compare"] = await draw(driver)
    async with app(evaluated) as driver:
        await driver.press("/")
        await driver.type("tag:equal-weight\n")
        await driver.press("enter", "tab", "enter")
        drawn["run"] = await draw(driver)
    async with app(registry) as driver:
        await driver.press("2")
        await driver.type("tag:q4-2024 and s")
        drawn["search"] = await draw(driver)
    return drawn


def main(folder: Path = FOLDER) -> None:
    """Draw all pictures into a folder."""
    with tempfile.TemporaryDirectory() as place:
        evaluated = build_evaluated(Path(place) / "evaluated.duckdb")
        drawn = asyncio.run(pictures(build(Path(place) / "experiments.duckdb"), evaluated))
    folder.mkdir(exist_ok=True)
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(folder / f"{name}.svg")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
