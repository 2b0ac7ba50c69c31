"""What all screens share: footer, help, palette, sizes, themes, and a registry in trouble."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

import click
import pytest
from textual.widgets import Input

from registry import ExperimentRegistry
from registry.errors import RegistryError
from tests.tui.driving import Driver, config, driving, registry_of
from tui.actions import ACTIONS, EVERYWHERE, show_key
from tui.screens.list import ListScreen
from tui.screens.search import SearchScreen
from tui.widgets.key_bar import KeyBar

WAYS = {
    "list": [],
    "detail": ["enter"],
    "compare": ["a", "c"],
    "search": ["2", "enter"],
    "run": ["enter", "tab", "enter"],
    "variant": ["enter", "v"],
    "trash": ["4"],
    "in the trash": ["4", "enter"],
    "log": ["5"],
    "verdict": ["a", "c", "V"],
    "scatter": ["w"],
    "importance": ["i"],
    "lineage": ["L"],
    "nearest": ["N"],
    "aliases": ["m", *"production", "space", *"why", "enter", "A"],
}


def with_a_run(registry: ExperimentRegistry) -> None:
    registry.delete(config(5).config_hash or "")
    registry.record_run(config(4), metrics={"edge": 0.1}, panel="p", period="2020-01-01..2020-12-31")


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(6)], with_a_run)


async def test_each_screen_has_head_footer_and_help(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        for name in EVERYWHERE:
            await app.press(*WAYS[name])
            assert name == app.screen.NAME
            assert "Experiments" in app.lines()[0] and "experiments.duckdb" in app.lines()[0]
            shown = app.screen.query_one(KeyBar).items()
            assert shown[-1][1].id == "app.help"
            assert len(shown) <= 7
            footer = app.lines()[-1]
            assert all(action.label in footer for _, action in shown)
            await app.press("?")
            assert f"Keys of this screen: {name}" in app.text
            assert "experiments" in app.text
            await app.press("escape")
            assert name == app.screen.NAME
            await app.press("1")
            assert isinstance(app.screen, ListScreen)


async def test_help_explains_the_glyphs_and_names_their_features(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 100)) as app:
        await app.press("?")
        text = " ".join(app.text.replace("│", " ").split())
        assert "from the left: momentum, quality, value" in text
        assert "0 · + weight 0; no weight at all; more weights than there are bars" in text


async def test_the_head_points_to_help_where_there_is_room(tmp_path: Path) -> None:
    names = [f"feature {number}" for number in range(20)]
    made = registry_of(tmp_path / "r.duckdb", [config(1, feature_names=names, feature_weights=dict.fromkeys(names, 1))])
    async with driving(made, (139, 24)) as app:
        assert "WEIGHTS (see ?)" in app.lines()[1]
        await app.resize(80, 24)
        assert "WEIGHTS ? " in app.lines()[1]


async def test_the_focus_survives_a_window_that_was_too_small(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.type("/tag:")
        await app.resize(50, 12)
        await app.type("D")
        assert "too small" in app.text and "/ tag:" not in app.text, "the sentence alone is there"
        assert len(app.app.screen_stack) == 1, "nothing is done unseen"
        await app.resize(80, 24)
        await app.type("even")
        assert "3 of 5" in app.lines()[0]


async def test_q_quits_from_the_first_screen_and_only_there(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2", "enter", "q")
        assert isinstance(app.screen, ListScreen)
        await app.press("q")
        assert app.app._exit


async def test_ctrl_q_quits_from_anywhere(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        await app.press("ctrl+q")
        assert app.app._exit


async def test_the_palette_offers_the_actions_of_the_screen(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press(":")
        await app.until(lambda: "Open the experiment under the cursor" in app.text)
        await app.type("search screen")
        await app.until(lambda: "Open the experiment" not in app.text and "To the search screen" in app.text)
        await app.press("enter")
        await app.until(lambda: isinstance(app.screen, SearchScreen))


async def test_leaving_the_palette_twice_takes_nothing_else_along(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press(":")
        await app.until(lambda: "Open the experiment under the cursor" in app.text)
        palette = app.screen
        palette.dismiss()  # as enter does
        palette.dismiss()  # and escape, before enter's choice came
        await app.until(lambda: app.screen is not palette)
        assert app.screen.NAME == "list"


async def test_a_dialog_that_is_left_twice_does_not_end_the_app(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("s")
        dialog = app.screen
        dialog.dismiss(None)  # as enter does
        dialog.dismiss(None)  # and escape, before that was done
        await app.until(lambda: app.screen is not dialog)
        assert app.screen.NAME == "list"


async def test_t_turns_light_and_dark_and_3_compares(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        assert app.app.current_theme.dark
        await app.press("T")
        assert not app.app.current_theme.dark
        await app.press("a", "3")
        assert app.screen.NAME == "compare"


FIRST = ("list", "detail", "compare")
"""Screens that `make test` tries in every way; the others are for `make test-all`, since all take a minute."""
FIRST_OR_FULL = [name if name in FIRST else pytest.param(name, marks=pytest.mark.full) for name in EVERYWHERE]


@pytest.mark.parametrize("name", FIRST_OR_FULL)
async def test_all_sizes(registry: ExperimentRegistry, name: str) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press(*WAYS[name])
        for width, height in [(60, 16), (40, 15), (45, 18), (250, 70), (39, 16), (80, 14), (20, 5), (1, 1), (100, 30)]:
            await app.resize(width, height)
            lines = app.lines()
            assert all(len(line) <= width for line in lines)
            if width >= 40 and height >= 15:
                assert "Experiments" in lines[0]
                assert "help" in lines[-1]
            elif width >= 39:
                said = " ".join(app.text.split())
                assert "too small" in said and "experiments list" in said


@pytest.mark.parametrize("name", FIRST_OR_FULL)
async def test_every_action_of_every_screen_can_be_done_without_a_crash(
    registry: ExperimentRegistry, name: str
) -> None:
    leaving = {"app.quit", "screen.leave", "screen.back", "app.suspend"}
    elsewhere = {"app.list", "app.help"}  # done on each screen by the test of head, footer and help
    async with driving(registry, (80, 24)) as app:
        await app.press(*WAYS[name])
        here = app.screen
        for action in ACTIONS:
            if name not in action.screens or action.id in leaving | elsewhere or action.owner == "input":
                continue
            await app.press(action.keys[0])
            assert app.app.is_running, action.id
            while app.screen is not here and len(app.app.screen_stack) > 1:
                app.app.pop_screen()
                await app.settle()
            if app.screen is not here:
                await app.press(*WAYS[name])
                here = app.screen
            elif isinstance(app.screen.focused, Input):
                await app.press("enter")


async def test_keys_can_be_moved_by_id(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        app.app.set_keymap({"browse.filter": "f"})
        await app.press("/")
        assert not app.screen.filter_bar.field.has_focus
        await app.press("f")
        assert app.screen.filter_bar.field.has_focus


def test_ids_are_unique_and_no_key_means_two_things_on_a_screen() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for screen in EVERYWHERE:
        bound: dict[tuple[str, bool], str] = {}
        for action in ACTIONS:
            if screen in action.screens:
                for key in action.keys:
                    place = key, action.owner == "input"
                    assert place not in bound, (screen, key, action.id, bound[place])
                    bound[place] = action.id


def test_every_named_command_is_one() -> None:
    from tui.cli import cli

    names = {action.command.split()[1] for action in ACTIONS if action.command}
    assert names - {"--help"} <= set(cli.list_commands(click.Context(cli)))


def test_keys_are_shown_as_people_know_them() -> None:
    assert [show_key(key) for key in ("escape", "ctrl+d", "pageup", "D", "?")] == ["esc", "^d", "pgup", "D", "?"]


# a registry in trouble


async def in_trouble(app: Driver, words: str) -> None:
    app.app.look()
    await app.press("r")
    assert words in app.screen.banner.text
    assert "trying again" in app.screen.banner.text
    assert app.app.is_running


async def test_a_locked_registry_is_said_and_tried_again(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        other = ExperimentRegistry(registry.path)
        with other.store.write():
            await in_trouble(app, "")
            assert "number 4" in app.text, "what was read stays"
        await app.press("r")
        assert app.screen.banner.text == ""


async def test_a_file_that_was_replaced_by_rubbish_is_said(registry: ExperimentRegistry) -> None:
    good = registry.path.read_bytes()
    async with driving(registry) as app:
        registry.path.write_bytes(b"this is no database" * 1000)
        await in_trouble(app, "")
        assert "number 4" in app.text
        registry.path.write_bytes(good)
        await app.press("r")
        assert app.screen.banner.text == ""
        assert "5 experiments" in app.lines()[0]


@pytest.mark.parametrize("way", [(), ("5",), ("enter",), ("a", "c")])
async def test_a_deleted_file_is_said_and_what_was_read_stays(
    registry: ExperimentRegistry, way: tuple[str, ...]
) -> None:
    good = registry.path.read_bytes()
    async with driving(registry) as app:
        await app.press(*way)
        before = app.lines()[2:8]
        registry.path.unlink()
        await in_trouble(app, "is gone: it was deleted or moved away")
        assert before[:5] == app.lines()[4:9], "lower by what is said"
        registry.path.write_bytes(good)
        await app.press("r")
        assert app.screen.banner.text == "" and app.lines()[2:8] == before


async def test_a_registry_that_is_made_anew_is_shown(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        registry.path.unlink()
        await in_trouble(app, "is gone")
        ExperimentRegistry(registry.path).register(config(99))
        await app.press("r")
        assert "1 experiment" in app.lines()[0] and app.screen.banner.text == ""


async def test_a_registry_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    async with driving(tmp_path / "new.duckdb") as app:
        await app.press("r")
        assert "0 experiments" in app.lines()[0] and app.screen.banner.text == ""


async def test_a_file_that_was_never_a_registry(tmp_path: Path) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_text("SQLite format 3\x00 not really")
    async with driving(path) as app:
        assert app.screen.banner.text
        assert "could not be read" in app.text
        await app.press("j", "enter", "space", "c", "2")
        assert app.app.is_running


async def test_leaving_does_not_wait_for_a_long_question(registry: ExperimentRegistry) -> None:
    asking, ended = threading.Event(), threading.Event()

    def ask() -> None:
        with registry.store.read() as session, contextlib.suppress(RegistryError):
            asking.set()
            session.value("SELECT count(*) FROM range(100000000000) t(a) WHERE a % 7 = 1")
        ended.set()

    async with driving(registry) as app:
        app.app.run_worker(ask, thread=True, exit_on_error=False)
        assert await asyncio.to_thread(asking.wait, 10)
        await app.pilot.press("q")
        assert await asyncio.to_thread(ended.wait, 10)
