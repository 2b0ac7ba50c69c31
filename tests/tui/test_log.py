"""The log: what happened when, found by a text, and still while more happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentRegistry
from registry.events import Event
from registry.store.apply import Events
from tests.tui.driving import Driver, config, driving, registry_of
from tests.tui.windows import SIZES, allow_small_windows
from tui.safe import safe
from tui.screens.detail import DetailScreen
from tui.screens.log import LogScreen
from tui.screens.trashed import TrashedScreen
from tui.telling import tell


def full(number: int) -> str:
    return config(number).config_hash or ""


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    """Three experiments to which things happened: thirteen events in all."""
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(3)], eventful)


def eventful(made: ExperimentRegistry) -> None:
    made.tag(full(0), ["100%", "quality control"])
    made.describe(full(0), "another text")
    made.promote(full(1), "production", why="best of all")
    made.promote(full(0), "production")
    made.rename_tag("100%", "all")
    made.note(full(1), "look again")
    made.delete(full(2))
    made.register(config(3))
    made.delete(full(3))
    made.purge(full(3))


def many(path: Path, count: int) -> ExperimentRegistry:
    """Return a registry to which so much happened."""
    made = registry_of(path, [config(0)])
    with made.store.write() as session:
        events = Events()
        for number in range(count):
            events.add("noted", full(0), f"2024-01-01T{number // 3600 % 24:02d}:00:00+00:00", note=f"note {number}")
        events.flush(session)
    return made


VALUES = st.none() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=20), max_size=20)
KINDS = st.sampled_from(["tagged", "described", "renamed-tag", "promoted", "evaluated", "noted", "imported", "odd"])
NAMES = st.sampled_from(["tags", "old", "new", "alias", "version", "before", "why", "run", "panel", "period", "note"])


@given(KINDS, st.dictionaries(NAMES, VALUES, max_size=5), st.integers(0, 200))
def test_whatever_an_event_holds_is_told_on_one_safe_line(kind: str, detail: dict[str, Any], room: int) -> None:
    event = Event(1, "2024-01-01T00:00:00.000000+00:00", kind, None, detail)
    for told in (tell(event), tell(event, room)):
        assert told == safe(told) and "\n" not in told
    assert len(tell(event, room)) <= max(40, room * 40), "what can't be seen is not told"


async def test_newest_first_in_words(registry: ExperimentRegistry) -> None:
    async with driving(registry, (140, 40)) as app:
        await app.press("5")
        assert isinstance(app.screen, LogScreen)
        assert "Experiments › log" in app.lines()[0] and "13 events" in app.lines()[0]
        assert app.lines()[1].split() == ["WHEN", "WHAT", "HASH"]
        rows = [line.strip("▌ ").split(maxsplit=2)[2] for line in app.lines()[2:15]]
        shown = [" ".join(row.split()) for row in rows]
        assert shown[0] == f"purged {full(3)[:12]}"
        assert shown[1:4] == [
            f"deleted {full(3)[:12]}", f"registered {full(3)[:12]}", f"deleted {full(2)[:12]}"
        ]  # fmt: skip
        assert shown[4:10] == [
            f"noted {full(1)[:12]} look again",
            "renamed-tag 100% → all",
            f"promoted {full(0)[:12]} production version 2, before it {full(1)[:12]}",
            f"promoted {full(1)[:12]} production version 1, because best of all",
            f"described {full(0)[:12]} number 0 → another text",
            f"tagged {full(0)[:12]} 100%, quality control",
        ]
        newest = registry.log()[-1]
        assert newest.at[:19].replace("T", " ") in app.lines()[2]


async def test_an_old_and_a_new_description_share_what_room_there_is(registry: ExperimentRegistry) -> None:
    registry.describe(full(1), "a" * 200)
    registry.describe(full(1), "b" * 200)
    async with driving(registry, (80, 24)) as app:
        await app.press("5")
        assert "aaaaaaaaaaaaa… → bbbbbbbbbbbbb" in app.lines()[2]
        assert "number 1 → aaaaaaaaaaaaaaaaaaa" in app.lines()[3]


@pytest.mark.parametrize(
    ("text", "found"),
    [("PROMOTED", 2), ("100%", 2), ("%", 2), ("_", 0), ("quality c", 1), (full(1)[:8], 4), ("best of", 1)],
)
async def test_a_text_narrows_it(registry: ExperimentRegistry, text: str, found: int) -> None:
    async with driving(registry) as app:
        await app.press("5", "/")
        await app.type(text)
        assert f"{found} of 13 events" in app.lines()[0] and len(app.screen.table.ids) == found
        await app.press("enter")
        assert app.screen.table.has_focus
        await app.press("escape")
        assert "13 events" in app.lines()[0] and " of 13" not in app.lines()[0]
        assert not app.screen.filter_bar.display
        await app.press("escape")
        assert app.screen.NAME == "list"


async def test_nothing_found_is_said_with_the_way_out(registry: ExperimentRegistry, tmp_path: Path) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press("5", "/")
        await app.type("[b]no such")
        assert "No event has the text  [b]no such" in app.text
        assert "esc clears the filter; there are 13 events without it." in app.text
        await app.press("tab", "enter", "y", "escape")
        assert "13 events" in app.lines()[0]
    async with driving(tmp_path / "empty.duckdb") as app:
        await app.press("5", "enter", "y", "j", "G")
        assert "Nothing has happened yet." in app.text and "0 events" in app.lines()[0]


async def test_enter_opens_live_ones_and_trashed_ones_and_says_so_of_purged_ones(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("5", "enter")
        assert isinstance(app.screen, LogScreen) and f"{full(3)[:12]} was purged" in app.said
        await app.press(*["down"] * 3, "enter")
        assert isinstance(app.screen, TrashedScreen) and "number 2" in app.text
        await app.press("escape", "down", "enter")
        assert type(app.screen) is DetailScreen and "look again" in app.text
        await app.press("escape", "down", "enter")
        assert isinstance(app.screen, LogScreen) and "about no single experiment" in app.said


async def test_copy_gives_the_full_hash(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("5", "y")
        assert app.app.clipboard == full(3)
        await app.press(*["down"] * 5, "y")
        assert app.app.clipboard == full(3) and "about no single experiment" in app.said


async def test_at_the_top_new_events_are_seen_and_the_cursor_keeps_its_event(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("5", "down", "down")
        on = app.screen.table.current_row
        ExperimentRegistry(registry.path).tag(full(1), "new")
        await app.until(lambda: "14 events" in app.lines()[0])
        assert "tagged" in app.lines()[2] and "new" in app.lines()[2]
        assert app.screen.table.current_row == on and app.screen.table.cursor == 3
        await app.press("/")
        await app.type("tagged")
        ExperimentRegistry(registry.path).tag(full(1), "newer")
        await app.until(lambda: "3 of 15 events" in app.lines()[0])
        assert "newer" in app.lines()[2]


async def test_elsewhere_nothing_moves(tmp_path: Path) -> None:
    registry = many(tmp_path / "r.duckdb", 300)
    async with driving(registry) as app:
        await app.press("5", *["pagedown"] * 4)
        before, on = shown(app), app.screen.table.current_row
        registry.tag(full(0), "new")
        app.app.look()
        await app.settle()
        assert "302 events" in app.lines()[0]
        assert shown(app) == before and app.screen.table.current_row == on


def shown(app: Driver) -> list[str]:
    """Return the rows as they are drawn, without the scrollbar."""
    return [line[:-1] for line in app.lines()[2:-1]]


async def test_of_many_events_only_pages_in_view_are_read(tmp_path: Path) -> None:
    registry = many(tmp_path / "r.duckdb", 5_000)
    async with driving(registry) as app:
        await app.press("5")
        assert "5,001 events" in app.lines()[0] and "note 4999" in app.lines()[2]
        assert len(app.screen.table.rows) == 200
        await app.press("G")
        assert "imported" in app.lines()[-2] and "note 0" in app.lines()[-3]
        assert len(app.screen.table.rows) <= 400 and "reading …" not in app.text
        await app.press("/")
        await app.type("note 499")
        assert "11 of 5,001 events" in app.lines()[0]


async def test_another_file_in_its_place_is_shown_as_it_is(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("5", "G")
        other = many(registry.path.with_name("other.duckdb"), 30)
        registry.path.write_bytes(other.path.read_bytes())
        app.app.look()
        await app.settle()
        assert "31 events" in app.lines()[0] and "purged" not in app.text
        assert "note" in app.text


async def test_the_mouse_moves_scrolls_and_opens(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("5")
        await app.pilot.click("EventTable", offset=(20, 4))
        await app.settle()
        assert app.screen.table.cursor == 3
        await app.pilot.click("EventTable", offset=(20, 5), times=2)
        await app.settle()
        assert isinstance(app.screen, DetailScreen)
        await app.press("escape")
        footer = app.lines()[-1]
        await app.pilot.click("KeyBar", offset=(footer.index("filter"), 0))
        await app.settle()
        assert app.screen.filter_bar.field.has_focus


async def test_a_registry_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_text("SQLite format 3\x00 not really")
    async with driving(path) as app:
        await app.press("5", "enter", "y")
        assert app.screen.banner.text and "The log could not be read." in app.text


@pytest.mark.parametrize("size", SIZES)
async def test_every_size(registry: ExperimentRegistry, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    allow_small_windows(monkeypatch)
    async with driving(registry, size) as app:
        await app.press("5")
        assert "log" in app.lines()[0] and "13 events" in app.lines()[0]
        assert "purged" in app.lines()[2] and full(3)[:12] in app.lines()[2]
        assert "look" in app.lines()[6], "words have room everywhere"
        await app.press("/")
        await app.type("tagged")
        assert "tagged" in app.lines()[2] and "1 of 13" in app.lines()[0]
