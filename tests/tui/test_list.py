"""The list: what it shows, how one moves in it, and that it stays still while the registry changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import config, driving, registry_of
from tui.screens.list import ListScreen


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(50)])


async def test_it_opens_on_the_newest_experiment_and_says_which_file_it_is(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        assert app.under_cursor == "number 49"
        first, head, row = app.lines()[:3]
        assert str(registry.path)[-40:] in first
        assert "50 experiments" in first
        assert "HASH" in head and "WHEN ▼" in head and "WEIGHTS" in head
        full = registry.resolve("latest")
        assert full[:12] in row and "2024-01-01 00:49" in row and "odd" in row and "number 49" in row


async def test_the_glyph_has_a_bar_for_each_feature_in_the_same_order(tmp_path: Path) -> None:
    weights = {"a": 1.0, "b": 0.5, "c": -1.0}
    made = [
        config(1, feature_names=list("abc"), feature_weights=weights),
        config(2, feature_names=list("abd"), feature_weights={"b": 1.0, "a": 0.0, "d": 0.1}),
    ]
    async with driving(registry_of(tmp_path / "r.duckdb", made)) as app:
        newer, older = app.lines()[2:4]
        assert "0█·▁" in newer
        # what hangs is drawn as the blank part of a reversed cell
        assert "█▄" in older and "·" in older


async def test_keys_move_the_cursor(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("j", "j", "down", "k")
        assert app.under_cursor == "number 47"
        await app.press("G")
        assert app.under_cursor == "number 0"
        assert "number 0" in app.text
        await app.press("g")
        assert app.under_cursor == "number 49"
        await app.press("pagedown")
        assert app.screen.experiments.cursor == app.screen.experiments.row_room - 1
        await app.press("ctrl+u", "up")
        assert 0 < app.screen.experiments.cursor < app.screen.experiments.row_room - 1


async def test_a_filter_narrows_as_one_types_and_esc_goes_back_one_step_at_a_time(
    registry: ExperimentRegistry,
) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("tag:even number>40")
        assert app.listed() == ["number 48", "number 46", "number 44", "number 42"]
        assert "4 of 50" in app.lines()[0]
        await app.press("enter", "down")
        assert app.under_cursor == "number 46"
        assert "tag:even number>40" in app.text, "the filter in force is always visible"
        await app.press("escape")
        assert "50 experiments" in app.lines()[0]
        assert app.under_cursor == "number 46", "the cursor stays on its experiment"
        await app.press("escape", "escape", "escape")
        assert isinstance(app.screen, ListScreen)
        assert app.app.is_running


async def test_of_questions_that_come_one_upon_another_the_last_is_answered(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        for number in range(40):
            app.screen.ask(f"number>{number}", "-created")
            if number % 3 == 0:
                await asyncio.sleep(0.001 * number % 7)  # some are stopped before they begin, some in the middle
        await app.settle()
        assert app.screen.filter == "number>39" and app.listed() == [f"number {n}" for n in range(49, 39, -1)]
        assert "9 of 50" not in app.lines()[0] and "10 of 50" in app.lines()[0]
        assert not app.screen.banner.display, "what was stopped is no trouble"


async def test_who_registers_while_one_types_waits_for_nothing(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("tag:even")
        ExperimentRegistry(registry.path, wait=1.0).tag(registry.resolve("latest"), "even")
        await app.until(lambda: "26 of 50" in app.text)


async def test_esc_in_the_list_clears_a_kept_filter_and_its_bar_goes(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("tag:even\n")
        await app.press("v", "escape")
        assert "25 of 50" in app.lines()[0] and app.screen.filter_bar.display, "esc ended the range alone"
        await app.press("escape")
        assert "50 experiments" in app.lines()[0]
        assert not app.screen.filter_bar.display
        assert "SentimentScore" not in app.text, "no example stands where a filter might"


async def test_keys_typed_ahead_land_where_they_are_meant(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.type("/Dq tag:even\n")
        assert app.screen.filter_bar.field.value == "Dq tag:even"
        await app.press("escape")
        await app.type("/tag:even\n  c")
        assert app.screen.NAME == "compare"


async def test_esc_in_the_input_clears_it_and_then_closes_it(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("tag:odd")
        await app.press("escape")
        assert app.screen.filter_bar.field.value == "" and app.screen.filter_bar.field.has_focus
        assert "50 experiments" in app.lines()[0]
        await app.press("escape")
        assert app.screen.experiments.has_focus
        assert not app.screen.filter_bar.display


async def test_a_wrong_filter_says_where_and_keeps_the_last_good_result(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("tag:even")
        await app.type(" momentun > 0")
        assert "25 of 50" in app.lines()[0]
        assert len(app.screen.experiments.ids) == 25
        wrong = [line for line in app.lines() if "momentun" in line and "momentum" in line]
        assert wrong, "it names the wrong name and the nearest right one"
        caret = next(line for line in app.lines() if line.strip() == "▲")
        typed = next(line for line in app.lines() if line.startswith(" / "))
        assert caret.index("▲") == typed.index("momentun")
        assert "Still shown" in app.text
        await app.press("backspace", *["left"] * 4)
        await app.press("escape")
        assert "▲" not in app.text.replace("WHEN ▲", "")


async def test_nothing_matches_is_said_with_the_way_out(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("/")
        await app.type("number > 1000")
        assert "No experiment matches  number > 1000" in app.text
        assert "esc clears the filter" in app.text
        assert "0 of 50" in app.lines()[0]


async def test_a_mistyped_tag_is_pointed_out_where_nothing_is_found(registry: ExperimentRegistry) -> None:
    async with driving(registry, (60, 20)) as app:
        await app.press("/")
        await app.type("tag:evn and momentum > 0")
        text = " ".join(app.text.split())
        assert 'No experiment has the tag "evn"; did you mean tag:even?' in text
        assert "esc clears the filter; there are 50 experiments without it." in text
        await app.press("escape")
        await app.type("number > 1000")
        assert "did you mean" not in app.text


@pytest.mark.parametrize("width", [60, 80])
async def test_what_stands_in_an_empty_list_is_broken_into_lines_and_not_cut(tmp_path: Path, width: int) -> None:
    async with driving(tmp_path / "empty.duckdb", (width, 20)) as app:
        assert "…" not in app.text.replace("FILE…", "").replace("…", "", app.lines()[0].count("…"))
        text = " ".join(app.text.split())
        for sentence in app.screen.experiments.message:
            assert " ".join(sentence.split()) in text


@pytest.mark.parametrize("exists", [False, True])
async def test_an_empty_registry_says_how_to_fill_it(tmp_path: Path, exists: bool) -> None:
    path = tmp_path / "empty.duckdb"
    if exists:
        registry = registry_of(path, [config(1)])
        registry.delete(registry.resolve("latest"))
    async with driving(path) as app:
        assert "experiments import" in app.text
        await app.press("j", "G", "enter", "space", "c", "D", "y", "v", "s")
        assert app.app.is_running


async def test_sorting_by_column_by_menu_and_by_weight(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("[")
        assert app.listed()[0] == "number 0"
        assert "WHEN ▲" in app.lines()[1]
        assert app.under_cursor == "number 49"
        await app.press("l", "l", "l", "]")
        assert "DESCRIPTION ▼" in app.lines()[1]
        assert app.listed()[0] == "number 9"
        await app.press("s")
        menu = app.screen.query_one("OptionList")
        labels = [str(option.prompt) for option in menu.options]
        menu.highlighted = next(i for i, label in enumerate(labels) if "weight momentum" in label)
        await app.press("enter")
        assert app.listed()[0] == "number 49"
        assert "by w.momentum ▼" in app.lines()[0]


async def test_marks_by_space_by_range_and_taken_off_and_brought_back(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("space", "space", "down", "v", "down", "down", "v")
        assert "5 marked" in app.lines()[0]
        assert [line[1] == "●" for line in app.lines()[2:9]] == [True, True, False, True, True, True, False]
        await app.press("/")
        await app.type("tag:odd")
        await app.press("escape", "escape")
        assert "5 marked" in app.lines()[0], "esc never takes marks off"
        await app.press("u")
        assert "5 experiments" in app.text, "more than one: it asks"
        await app.press("y")
        assert " marked" not in app.lines()[0]
        await app.press("U")
        assert "5 marked" in app.lines()[0]
        assert "marked again" in app.said


async def test_copy_gives_the_full_hash(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("y")
        assert app.app.clipboard == registry.resolve("latest")


async def test_a_registration_elsewhere_appears_and_moves_nothing(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("pagedown", "pagedown", "up")
        listed = app.screen.experiments
        on, line = app.under_cursor, listed.cursor - listed.scroll_offset.y
        ExperimentRegistry(registry.path).register(config(900, created_at="2030-01-01T00:00:00.000000+00:00"))
        app.app.look()
        await app.settle()
        assert "51 experiments" in app.lines()[0]
        assert (app.under_cursor, listed.cursor - listed.scroll_offset.y) == (on, line)
        await app.press("g")
        assert app.under_cursor == "number 900"


async def test_at_the_top_a_new_experiment_is_seen_and_the_cursor_keeps_its_experiment(
    registry: ExperimentRegistry,
) -> None:
    async with driving(registry) as app:
        registry.register(config(901, created_at="2030-01-01T00:00:00.000000+00:00"))
        app.app.look()
        await app.settle()
        assert "number 901" in app.lines()[2]
        assert app.under_cursor == "number 49"


async def test_a_refresh_does_not_take_the_cursor_back_from_where_it_went_meanwhile(
    registry: ExperimentRegistry,
) -> None:
    async with driving(registry) as app:
        app.screen.reload()
        app.screen.experiments.action_move(5)
        await app.settle()
        assert app.under_cursor == "number 44"


async def test_the_app_looks_for_changes_by_itself(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        registry.register(config(902))
        await app.until(lambda: "51 experiments" in app.lines()[0])


async def test_only_pages_in_view_are_read(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r.duckdb", [config(number) for number in range(700)])
    async with driving(registry) as app:
        listed = app.screen.experiments
        assert len(listed.ids) == 700
        assert len(listed.rows) <= 200
        await app.press("G")
        assert app.under_cursor == "number 0"
        assert len(listed.rows) <= 400
        assert "reading …" not in app.text


async def test_the_mouse_opens_marks_and_sorts(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.pilot.click("ExperimentList", offset=(8, 4))
        await app.settle()
        assert app.under_cursor == "number 46"
        await app.pilot.click("ExperimentList", offset=(1, 5))
        await app.settle()
        assert "1 marked" in app.lines()[0]
        await app.pilot.click("ExperimentList", offset=(6, 0))
        await app.settle()
        assert "HASH ▲" in app.lines()[1]
        footer = app.lines()[-1]
        await app.pilot.click("KeyBar", offset=(footer.index("filter"), 0))
        await app.settle()
        assert app.screen.filter_bar.field.has_focus
