"""Driving the real app on a real registry: `async with driving(path) as app:` inside each test.

A helper and not a fixture: Textual's context does not survive a fixture's other task.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual import events
from textual.dom import DOMNode
from textual.keys import _character_to_key
from textual.pilot import Pilot

from registry import ExperimentConfig, ExperimentRegistry
from registry.store.apply import Registration, take_in
from tui.app import RegistryApp
from tui.screens.base import RegistryScreen
from tui.widgets.filter_bar import FilterBar

ROUNDS = 6
"""Quiet rounds after which the app is at rest."""
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


def registry_of(path: Path, configs: Iterable[ExperimentConfig]) -> ExperimentRegistry:
    """Return a registry that holds these, taken in at once as an import does it; made once, then copied."""
    configs = list(configs)
    key = "".join(each.to_json() for each in configs)
    if key not in _made:
        made = ExperimentRegistry(path)
        with made.store.write() as session:
            take_in(session, [Registration(each) for each in configs], metadata="register", kind="imported")
        made.close()
        _made[key] = path.read_bytes()
    path.write_bytes(_made[key])
    return ExperimentRegistry(path, wait=0.2)


_made: dict[str, bytes] = {}


class Driver:
    """The app as a person meets it: keys in, lines of text out."""

    def __init__(self, app: RegistryApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> Any:
        """The screen on top."""
        return self.app.screen

    async def settle(self) -> None:
        """Wait until nothing is being read, typed or drawn: a few quiet rounds one after the other."""
        quiet = 0
        for _ in range(5000):
            # a screen draws at 60 frames a second
            await asyncio.sleep(0.006)
            quiet = 0 if self._busy() else quiet + 1
            if quiet >= ROUNDS:
                await self.pilot._wait_for_screen()
                if not self._busy():
                    return
        busy = [worker for worker in self.app.workers if not worker.is_finished]
        busy += [(node, node.message_queue_size) for node in self._nodes() if node.message_queue_size]
        raise AssertionError(f"the app never came to rest on {self.screen}: {busy}")

    def _busy(self) -> bool:
        screen = self.screen
        if not all(worker.is_finished for worker in self.app.workers):
            return True
        if any(node.message_queue_size for node in self._nodes()):
            return True
        typing = any(bar._waiting is not None for bar in screen.query(FilterBar))
        return typing or (isinstance(screen, RegistryScreen) and screen.waiting)

    def _nodes(self) -> list[DOMNode]:
        return [self.app, *self.screen.walk_children(with_self=True)]

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


@asynccontextmanager
async def driving(registry: ExperimentRegistry | Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Driver]:
    """Run the app on a registry, or on the one at a path."""
    opened = ExperimentRegistry(registry, wait=0.2) if isinstance(registry, Path) else registry
    app = RegistryApp(opened)
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        yield driver
