"""An app that only looks: keys that would change something say so, and the footer does not offer them."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tui.actions import ACTIONS, CHANGING, DETAIL, LIST, keys_of


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    made = registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(3)])
    return ExperimentRegistry(made.path, read_only=True)


def changing(screen: str) -> list[str]:
    """Return the keys that change something on a screen."""
    return [keys_of(a, {})[0] for a in ACTIONS if a.action in CHANGING and screen in a.screens]


async def test_what_would_change_something_says_why_it_does_not(registry: ExperimentRegistry) -> None:
    before = registry.path.read_bytes()
    async with driving(registry, (140, 40)) as app:
        assert "(read only)" in app.text and "delete" not in app.lines()[-1] and "open" in app.lines()[-1]
        for screen in (LIST, DETAIL):
            if screen == DETAIL:
                await app.press("enter")
            assert len(changing(screen)) >= 4
            for key in changing(screen):
                said = app.said.count("Read only: nothing can be changed here.")
                await app.press(key)
                assert app.said.count("Read only: nothing can be changed here.") == said + 1, key
        await app.press("v")  # a variant may be tried out
        await app.press("s")
        assert app.said.count("Read only") == said + 2
    assert registry.path.read_bytes() == before and registry.store.spool.names() == []
