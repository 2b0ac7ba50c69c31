"""`python -m tests.draw_screenshots`: the pictures in `screenshots/`, the app's screens on the demo's registry.

Size, keys, every time shown and the registry's place are fixed, so the same code draws the same bytes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.tui.snapshots import ENVIRONMENT

if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    os.environ.update(ENVIRONMENT)

from registry import ExperimentRegistry
from tests.fixed_demo import fixed_demo
from tests.tui.driving import Driver, driving
from tests.tui.snapshots.tour import find, still

SIZE: Final = (120, 36)
FOLDER: Final = Path(__file__).parent.parent / "screenshots"


async def stops(app: Driver) -> AsyncIterator[str]:
    """Go from screen to screen, and stop where a picture is taken, with its name."""
    app.screen.experiments.column = "m.edge"
    await app.press("]", "g", "space", "space", "down", "b", "down", "space")
    yield "list"
    await app.press("T")
    yield "list-light"
    await app.press("T", "u", "y")
    await find(app, "tag:prices")
    await app.press("a", "c", "down", "right", "right")
    yield "compare"
    await app.press("t")
    yield "compare-transposed"
    await app.press("1")
    await find(app, "desc:calm")
    await app.press("enter")
    yield "detail"
    await app.press("tab", "enter")
    yield "run"
    await app.press("1", "u", "y", "2")
    await app.type("m.edge > 0 and not mom")
    yield "search"


async def pictures(registry: ExperimentRegistry) -> dict[str, str]:
    """Return every picture by its file's name."""
    drawn = {}
    async with driving(registry, SIZE) as app:
        app.app.animation_level = "none"
        async for name in stops(app):
            await still(app)
            drawn[f"{name}.svg"] = app.app.export_screenshot(title="experiments")
    return drawn


def main() -> None:
    """Draw all pictures, and remove those that are no longer drawn."""
    with TemporaryDirectory() as place:
        drawn = asyncio.run(pictures(fixed_demo(Path(place) / "experiments.duckdb")))
    FOLDER.mkdir(exist_ok=True)
    for old in set(FOLDER.glob("*.svg")) - {FOLDER / name for name in drawn}:
        old.unlink()
        print("removed", old)
    for name, svg in drawn.items():
        (FOLDER / name).write_text(svg, encoding="utf-8")
        print("drawn", FOLDER / name)


if __name__ == "__main__":
    main()
