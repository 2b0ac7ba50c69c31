"""A registry full of hostile text: every screen shows it, none obeys it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.tui.driving import Driver, driving, registry_of
from tui.screens.compare import CompareScreen
from tui.screens.detail import DetailScreen
from tui.screens.importance import ImportanceScreen
from tui.screens.lineage import LineageScreen
from tui.screens.list import ListScreen
from tui.screens.nearest import NearestScreen
from tui.screens.scatter import ScatterScreen
from tui.screens.trashed import TrashedScreen
from tui.screens.verdict import VerdictScreen

HOSTILE = [
    "[red]bold[/red] [@click=app.quit]quit[/] [link=http://evil]x[/link]",
    "[/b] [[ ]] [ [/] [bold",
    "\x1b]0;title\x07 \x1b[2J \x1b]52;c;ZXZpbA==\x1b\\",
    "\x9b31m C1 \x9d0;x\x9c",
    "‮right to left‬ ⁦isolate⁩",
    "zero​width‍joined\ufeff",
    "line\nbreak\r\nand\ttab\x0b\x0c",
    "x" * 10_000,
    "漢字" * 40 + "👨‍👩‍👧 🏳️‍🌈 é́́́",
    "\\[red]a\\",
    "$primary {x} %s {{}}",
    "'; DROP TABLE experiment; --",
    "\x00\x01\x7f",
    "\u2028\u2029\u0085",
]
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def named(number: int, text: str) -> ExperimentConfig:
    """Return an experiment with that text wherever a text can be."""
    name = text[:300]
    return ExperimentConfig(
        [name, f"{name} 2", "plain"],
        {name: 0.5, "plain": 0.1 * number, f"other {name}": -1.0},
        {name: name, "nested": {name: [name, {name: None}]}},
        {name: name},
        text,
        [f"x{text}", f"second {text}"] if number % 2 else [f"{text} {i}" for i in range(500)],
        created_at=f"2024-01-01T00:00:{number:02d}.000000+00:00",
        parent="0" * 64 if number % 3 else None,
    )


CONFIGS = [named(number, text) for number, text in enumerate(HOSTILE)]


def with_notes(registry: ExperimentRegistry) -> None:
    for each in CONFIGS[:6]:
        registry.note(each.config_hash or "", each.description or "note")
    for each in CONFIGS:
        registry.describe(each.config_hash or "", f"{each.description} ")
        registry.describe(each.config_hash or "", each.description)


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "hostile [b]\x1b[31m.duckdb", CONFIGS, with_notes)


def check(app: Driver) -> None:
    for line in app.lines():
        found = CONTROL.search(line)
        assert found is None, f"{found.group()!r} in {line!r}"
    assert app.app.is_running


async def test_every_screen_shows_it_and_none_obeys(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        check(app)
        assert len(app.screen.experiments.ids) == len(HOSTILE)
        await app.press("enter")
        assert isinstance(app.screen, DetailScreen)
        for _ in HOSTILE:
            check(app)
            await app.press("]")
        await app.press("G", "s")
        check(app)
        await app.press("escape", "a", "c")
        assert isinstance(app.screen, CompareScreen)
        check(app)
        await app.press("=", "G", *["right"] * 6, "b")
        check(app)
        await app.press("V")
        assert isinstance(app.screen, VerdictScreen)
        check(app)
        await app.press("escape", "escape", "y", "b", "D")
        assert f"Move the {len(HOSTILE)} marked" in app.text
        check(app)
        await app.press("y", "4")
        assert len(app.screen.experiments.ids) == len(HOSTILE)
        check(app)
        await app.press("s")
        check(app)
        await app.press("escape", "a", "D")
        assert f"Purge the {len(HOSTILE)} marked" in app.text
        check(app)
        await app.press("escape", "enter")
        assert isinstance(app.screen, TrashedScreen)
        for _ in HOSTILE:
            check(app)
            await app.press("]")
        await app.press("escape", "/")
        await app.type("tag:[/b]")
        check(app)
        await app.press("escape", "escape", "5")
        for _ in range(3):
            check(app)
            await app.press("pagedown")
        await app.press("/")
        await app.type("[/b] [[")
        assert " of " in app.lines()[0]
        check(app)
        await app.press("escape", "escape", "4", "R", "1", "a")
        check(app)
        await app.press("u", "y", "s")
        check(app)
        await app.press("end", "enter")
        check(app)
        await app.press("2")
        check(app)
        await app.type("re")
        check(app)
        await app.type('"[/b]" and')
        check(app)
        await app.press("escape", "escape")
        assert isinstance(app.screen, ListScreen)
        await app.press("?")
        check(app)


@pytest.mark.full
async def test_what_is_learnt_from_it_is_as_harmless(registry: ExperimentRegistry) -> None:
    meant = {"unit": "[x]\x1b", "direction": "higher", "definition": "[link]y[/]"}
    for number, each in enumerate(CONFIGS):
        registry.record_run(
            each.config_hash or "",
            metrics={text: float(number) for text in HOSTILE[:3]},
            panel=HOSTILE[0][:30],
            period="2020-01-01..2020-12-31",
            definitions=dict.fromkeys(HOSTILE[:3], meant),
            dates={HOSTILE[0]: {f"2020-01-{day:02d}": float(number * day % 7) for day in range(1, 25)}},
        )
    async with driving(registry, (100, 30)) as app:
        await app.press("w")
        assert isinstance(app.screen, ScatterScreen)
        for key in (*["right"] * 8, "f", "escape", "M", "j", "enter", "j", "space", "k", "space"):
            await app.press(key)
            check(app)
        await app.press("i")
        assert isinstance(app.screen, ImportanceScreen)
        for key in ("j", "j", "M", "j", "j", "enter", "j", "enter"):
            await app.press(key)
            check(app)
        await app.press("1", "f")
        assert isinstance(app.screen, CompareScreen)
        check(app)
        await app.press("V")
        for key in ("j", "M", "j", "enter", "j", "a"):
            await app.press(key)
            check(app)
        await app.press("1", "enter", "L")
        assert isinstance(app.screen, LineageScreen)
        for key in ("G", "left", "right", "M", "j", "enter", "N"):
            check(app)
            await app.press(key)
        assert isinstance(app.screen, NearestScreen)
        for key in ("G", "d", "space", "M", "j", "enter", "c"):
            check(app)
            await app.press(key)
        check(app)


async def test_markup_in_an_error_is_no_markup(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type('w."[/b][red]" > 1')
        check(app)
        assert "[/b][red]" in app.text
        app.screen.say("[/b] [@click=app.quit]x[/]", problem=True)
        await app.settle()
        check(app)
        assert "[@click=app.quit]" in app.text


async def test_every_hostile_text_can_be_read_in_some_form(registry: ExperimentRegistry) -> None:
    async with driving(registry, (139, 40)) as app:
        assert "[red]bold[/red] [@click=app.quit]quit" in app.text
        assert "\\x1b]0;title\\x07" in app.text
        assert "\\u202eright to left" in app.text
        assert "line\\nbreak\\r\\nand" in app.text
