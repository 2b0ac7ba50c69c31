"""The search screen: the language beside the input, names with counts, the result below."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.search.reference import REFERENCE
from tests.tui.driving import config, driving, registry_of
from tui.screens.compare import CompareScreen
from tui.screens.detail import DetailScreen
from tui.screens.list import ListScreen
from tui.screens.search import SearchScreen


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(12)])


async def test_it_shows_the_language_and_the_names_with_their_counts(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        assert isinstance(app.screen, SearchScreen)
        assert REFERENCE[0][0] in app.text and REFERENCE[2][0] in app.text
        line = next(line for line in app.lines() if "momentum" in line and "12 exp" in line)
        assert "0.2 … 0.211" in line and "█" in line, "its range and histogram"
        await app.press("pagedown", "pagedown", "pagedown", "pagedown")
        assert REFERENCE[-1][0] in app.text, "the card scrolls from the input"


async def test_tab_completes_names_and_the_result_follows(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        await app.type("momen")
        await app.press("tab")
        assert app.screen.filter_bar.field.value == "momentum "
        await app.type(" > 0.205")  # the space is there already
        assert app.listed() == [f"number {number}" for number in range(11, 5, -1)]
        assert "6 of 12" in app.lines()[0]
        await app.type(" tag:ev")
        await app.press("tab")
        assert app.screen.filter_bar.field.value == "momentum > 0.205 tag:even "
        assert app.listed() == ["number 10", "number 8", "number 6"]
        await app.type("  ")
        assert app.screen.filter_bar.field.value == "momentum > 0.205 tag:even  ", "one of them was there"


async def test_a_click_puts_a_name_in(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        await app.type("qual")
        await app.pilot.click("NamesPane", offset=(3, 0), times=2)
        await app.settle()
        assert app.screen.filter_bar.field.value == "quality ", "once, also by a double click"
        assert app.screen.filter_bar.field.has_focus


async def test_a_wrong_question_keeps_the_result_and_says_so(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        await app.type("tag:even")
        await app.type(" and (")
        assert len(app.screen.experiments.ids) == 6
        assert "▲" in app.text and "Still shown: tag:even" in app.text


async def test_what_is_found_can_be_marked_opened_compared_and_left(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        await app.type("tag:even\n")
        await app.press("space", "space", "enter")
        assert isinstance(app.screen, DetailScreen)
        assert "3 of 6" in app.lines()[0]
        await app.press("escape", "c")
        assert isinstance(app.screen, CompareScreen)
        await app.press("escape")
        assert isinstance(app.screen, SearchScreen)
        await app.press("escape")
        assert app.screen.filter_bar.field.has_focus
        await app.press("escape")
        assert app.screen.filter_bar.field.value == "" and len(app.screen.experiments.ids) == 12
        await app.press("escape")
        assert isinstance(app.screen, ListScreen)
        assert "2 marked" in app.lines()[0], "marks are gathered over screens"
        await app.press("c")
        assert isinstance(app.screen, CompareScreen)


async def test_letters_are_text_while_the_input_has_the_focus(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        await app.type("qDUT?:y")
        assert app.screen.filter_bar.field.value == "qDUT?:y"
        assert isinstance(app.screen, SearchScreen)
        await app.press("f1")
        assert "Keys of this screen: search" in app.text


async def test_pasted_control_characters_become_spaces(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("2")
        app.screen.filter_bar.field.insert_text_at_cursor("tag:\x1b]0;evil\x07even‮")
        await app.settle()
        assert "\x1b" not in app.text and "\x07" not in app.text and "‮" not in app.text
