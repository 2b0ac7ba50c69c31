"""Driving the real app on a real registry: `async with driving(path) as app:` inside each test.

A helper and not a fixture: Textual's context does not survive a fixture's other task.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from textual import events
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.geometry import Size
from textual.keys import _character_to_key
from textual.pilot import Pilot

from registry import ExperimentConfig, ExperimentRegistry
from registry.store.apply import take_in
from registry.store.registration import Registration
from tests.prepared import put
from tui.app import RegistryApp
from tui.screens.base import RegistryScreen
from tui.screens.filtered import FilteredScreen
from tui.widgets.filter_bar import FilterBar

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; only a failing test ever waits so long."""
_KEYS = {" ": "space", "\n": "enter"}


def config(number: int, **changes: Any) -> ExperimentConfig:
    """Return one of many configurations that differ; a higher number is newer."""
    fields: dict[str, Any] = {
        "feature_names": ["momentum", "quality", "value"],
        "feature_weights": {"momentum": round(0.2 + number / 1000, 4), "quality": 0.3, "value": 0.5},
        "hyperparameters": {"k": 10, "number": number, "walk": {"days": 30}},
        "description": f"number {number}",
        "tags": ["even" if number % 2 == 0 else "odd"],
        "created_at": f"2024-01-{1 + number // 1440:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00.000000+00:00",
    }
    return ExperimentConfig(**{**fields, **changes})


def registry_of(
    path: Path, configs: Iterable[ExperimentConfig], then: Callable[[ExperimentRegistry], object] | None = None
) -> ExperimentRegistry:
    """Return a registry that holds these, taken in at once as an import does it, with what `then` does to it.

    It is made once and copied from then on; `then` is a function of a module, always the same one.
    """
    configs = list(configs)
    key = "".join(each.to_json() for each in configs), then
    if key not in _made:
        made = ExperimentRegistry(path)
        with made.store.write() as session:
            take_in(session, [Registration(each) for each in configs], metadata="register", kind="imported")
        if then is not None:
            then(made)
        made.sync()
        _made[key] = path.read_bytes()
    put(path, _made[key])
    return ExperimentRegistry(path, wait=0.2)


_made: dict[tuple[str, object], bytes] = {}


def _parse_sheets_once() -> None:
    """Have the apps of all tests share what was parsed of style sheets: a fifth of an app's start."""
    parse, parsed = Stylesheet._parse_rules, {}

    def parse_once(self: Stylesheet, css: str, **how: Any) -> list[RuleSet]:
        key = css, frozenset(how.items()), frozenset(self._variables.items())
        if key not in parsed:
            parsed[key] = parse(self, css, **how)
        return parsed[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[assignment, method-assign]


_parse_sheets_once()


class Driver:
    """The app as a person meets it: keys in, lines of text out."""

    def __init__(self, app: RegistryApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot
        self._bars: WeakKeyDictionary[Any, FilterBar] = WeakKeyDictionary()

    @property
    def screen(self) -> Any:
        """The screen on top."""
        return self.app.screen

    async def until(self, true: Callable[[], object], what: str = "") -> None:
        """Wait until something is true: for what comes by itself, from a timer or from outside."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > deadline:
                raise AssertionError(f"this never came: {what or inspect.getsource(true).strip()}\n{self.text}")
            await asyncio.sleep(0.002)
            self._draw()

    async def settle(self) -> None:
        """Wait until everything that was asked of the app is done and drawn.

        Nothing is guessed from a pause: the app is done when no callback of the event loop is ready, no
        worker runs, no filter waits for a pause in the typing, no answer is outstanding, nothing is to be
        drawn. What comes later by itself (a timer, a change from outside) is waited for by `until`.
        """
        deadline = time.monotonic() + PATIENCE
        while self.app._exception is None and not self.app._exit:
            if time.monotonic() > deadline:
                raise AssertionError(f"the app never came to rest on {self.screen}: {self._unfinished()}")
            await asyncio.sleep(0)
            if _ready():
                continue
            if self._unfinished():
                await asyncio.sleep(0.001)
            elif not self._draw():
                return

    def _unfinished(self) -> list[object]:
        """Return what the app waits for: threads, and pauses of its own."""
        screens = [screen for screen in self.app.screen_stack if isinstance(screen, RegistryScreen)]
        unfinished: list[object] = [worker for worker in self.app.workers if not worker.is_finished]
        unfinished += [screen for screen in screens if screen.waiting]
        unfinished += [bar for bar in map(self._bar_of, screens) if bar is not None and bar._waiting is not None]
        unfinished += [] if self.app._resize_event is None else [self.app._resize_event]
        return unfinished

    def _bar_of(self, screen: Any) -> FilterBar | None:
        """Return the filter of a screen; it is looked for until it is there, and then known."""
        if isinstance(screen, FilteredScreen) and screen not in self._bars:
            for bar in screen.query(FilterBar):
                self._bars[screen] = bar
        return self._bars.get(screen)

    def _draw(self) -> bool:
        """Draw now what a screen draws 60 times a second; return whether there was anything."""
        screen = self.screen
        due = (
            screen._dirty_widgets,
            screen._callbacks,
            screen._layout_required,
            screen._scroll_required,
            screen._repaint_required,
        )
        if any(due):
            screen._on_timer_update()
        return any(due)

    async def press(self, *keys: str) -> None:
        """Press keys, each after what came of the one before."""
        for key in keys:
            self._send(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Type a text at one go."""
        for character in text:
            self._send(_KEYS.get(character, character))
        await self.settle()

    def _send(self, key: str) -> None:
        """Send a key in by the terminal's driver, as the pilot does, without its pauses of 40 ms a key."""
        name = _character_to_key(key) if len(key) == 1 else key
        character = " " if key == "space" else key if len(key) == 1 else None
        event = events.Key(name, character)
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        size = Size(width, height)
        assert self.app._driver is not None
        self.app._driver._size = size
        self.app.post_message(events.Resize(size, size))
        await self.settle()

    def lines(self) -> list[str]:
        """Return what is on the screen, line by line."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.lines())

    @property
    def said(self) -> str:
        """What was said in the corner lately, the latest last."""
        return "\n".join(notification.message for notification in self.app._notifications)

    def listed(self) -> list[str]:
        """Return the descriptions of the experiments in the list's order."""
        listed = self.screen.experiments
        return [row.description for identity in listed.ids if (row := listed.rows.get(identity)) is not None]

    @property
    def under_cursor(self) -> str:
        """The description of the experiment under the cursor."""
        row = self.screen.experiments.current_row
        return "" if row is None else row.description


def _ready() -> int:
    """Return how many callbacks of the event loop could run at once, besides the test's own."""
    return len(asyncio.get_running_loop()._ready)  # type: ignore[attr-defined]


@asynccontextmanager
async def driving(registry: ExperimentRegistry | Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Driver]:
    """Run the app on a registry, or on the one at a path."""
    opened = ExperimentRegistry(registry, wait=0.2) if isinstance(registry, Path) else registry
    app = RegistryApp(opened)
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        yield driver
