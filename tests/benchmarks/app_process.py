"""One app measured in a process of its own: `python -m tests.benchmarks.app_process KIND REGISTRY STARTED`.

KIND is `ours`, `table` (Textual's DataTable with the same rows) or `bare` (a line of text, the least an app can
be). Prints the measures as JSON: seconds, and bytes of memory. What would go to a terminal is made as for one,
and thrown away.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from textual.app import App

    from tests.tui.driving import Driver

SIZE: Final = (160, 48)
COLUMNS: Final = "hash,created,features,tags,description"
SIGN: Final = "experiment number"
"""What stands on the screen when the rows do: how the descriptions begin."""
STEPS: Final = 60
WORDS: Final = "number 1234"
NUMBER: Final = ("feature_07 > 0.9", "87654321234")
"""A filter to begin with, and what is typed after it: each key makes another filter."""


def ours(registry: Path) -> tuple[App[Any], str]:
    """Return our app, and what it shows when it shows its rows."""
    from registry import ExperimentRegistry
    from tui.app import RegistryApp, collect_seldom

    collect_seldom()  # as the command does
    opened = ExperimentRegistry(registry)
    return RegistryApp(opened), SIGN


def table(registry: Path) -> tuple[App[Any], str]:
    """Return an app of a DataTable with the rows in memory, and what it shows when it shows them."""
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable, Input

    from registry import ExperimentRegistry

    found = ExperimentRegistry(registry).search(columns=COLUMNS)
    names = COLUMNS.split(",")
    rows = [
        (
            row["config_hash"][:12],
            row["created_at"][:16],
            str(row["features"]),
            ", ".join(row["tags"]),
            row["description"],
        )
        for row in found
    ]

    class Table(App[None]):
        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row")
            yield Input()

        def on_mount(self) -> None:
            shown = self.query_one(DataTable)
            shown.add_columns(*names)
            shown.add_rows(rows)
            shown.focus()

        def on_input_changed(self, event: Input.Changed) -> None:
            shown = self.query_one(DataTable)
            shown.clear()
            shown.add_rows(row for row in rows if event.value in row[4])

    return Table(), SIGN


def bare(registry: Path) -> tuple[App[Any], str]:
    """Return the least an app can be: a line of text that changes with every key."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(SIGN)

        def on_key(self) -> None:
            self.query_one(Static).update(f"{SIGN} {time.perf_counter_ns()}")

    return Bare(), SIGN


KINDS: Final = {"ours": ours, "table": table, "bare": bare}


async def measure(kind: str, registry: Path, started: float) -> dict[str, float]:
    """Return what was measured."""
    before = memory()
    app, sign = KINDS[kind](registry)
    from textual.drivers.headless_driver import HeadlessDriver

    HeadlessDriver.is_headless = property(lambda _: False)  # type: ignore[method-assign,assignment]
    built = time.perf_counter()
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        while not any(sign in strip.text for strip in app.screen._compositor.render_strips()):
            await asyncio.sleep(0.001)
        measures = {"start": time.time() - started, "paint": time.perf_counter() - built}
        from registry.store.forks import is_open
        from tests.tui.driving import Driver  # here, since it imports our app

        driver = Driver(app, pilot)  # type: ignore[arg-type]
        await driver.settle()
        measures["move"] = await cpu_of(driver, "down", STEPS)
        if kind != "bare":
            measures["page"] = await cpu_of(driver, "pagedown", STEPS // 2)
            measures["filter"] = await (filtering_ours(driver) if kind == "ours" else filtering_table(driver))
        if kind == "ours":
            measures["typing"] = memory()  # while the file stays open for the next key
            await driver.until(lambda: not is_open(registry.resolve()))
    measures["memory"], measures["added"] = memory(), memory() - before
    return measures


async def cpu_of(driver: Driver, key: str, times: int) -> float:
    """Return the CPU seconds, those of threads included, from a key to what it changes on the screen."""
    await driver.press(key)
    before = time.process_time()
    for _ in range(times):
        await driver.press(key)
    return (time.process_time() - before) / times


async def filtering_ours(driver: Driver) -> float:
    """Return the 95th percentile of the seconds from a key in the filter to the list it makes, drawn."""
    await driver.press("/")
    bar, screen = driver.screen.filter_bar, driver.screen

    async def filtered(key: str) -> float:
        asked, start = screen.asked, time.perf_counter()
        driver._send(key)
        while screen.asked == asked or screen.waiting or any(_to_draw(driver)):
            await asyncio.sleep(0.001)
        taken = time.perf_counter() - start
        await driver.settle()
        return taken

    begun, rest = NUMBER
    taken = [await filtered(key) for key in map(_name, WORDS)]
    bar.field.value = ""
    await driver.type(begun)
    taken += [await filtered(key) for key in map(_name, rest)]
    taken += [await filtered("backspace") for _ in range(30 - len(taken))]
    if bar.wrong.has_class("-shown"):
        raise RuntimeError(f"{bar.field.value!r} is no filter")
    return percentile_95(taken)


async def filtering_table(driver: Driver) -> float:
    """Return the same for a table that is filled again after each key; two keys say it."""
    from textual.widgets import Input

    driver.app.query_one(Input).focus()
    taken = []
    for key in "12":
        start = time.perf_counter()
        await driver.type(key)
        taken.append(time.perf_counter() - start)
    return percentile_95(taken)


def _name(character: str) -> str:
    return "space" if character == " " else character


def _to_draw(driver: Driver) -> tuple[object, ...]:
    """Return what the screen has not drawn yet; it draws by itself, 60 times a second."""
    screen = driver.screen
    return screen._dirty_widgets, screen._layout_required, screen._repaint_required, screen._callbacks


def percentile_95(values: list[float]) -> float:
    """Return the value that 95 of 100 do not pass."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def memory() -> float:
    """Return the bytes this process holds at the moment; where the system does not say, the most it ever held."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))))
