"""Editing in place: description, tags, notes, and taking it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
from tui.tag_text import join_tags, split_tags
from tui.widgets.edit_bar import EditBar


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(4)])


async def replace(app: Driver, text: str) -> None:
    """Put another text into the bar, and save it."""
    app.screen.query_one(EditBar).field.value = ""
    await app.type(text)
    await app.press("enter")


def newest(registry: ExperimentRegistry) -> str:
    return registry.resolve("latest")


@pytest.mark.parametrize("way", [[], ["enter"]])
async def test_a_description_is_edited_where_it_stands_and_taken_back(
    registry: ExperimentRegistry, way: list[str]
) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press(*way, "e")
        assert "number 3" in app.screen.query_one(EditBar).field.value
        await replace(app, "said anew")
        assert registry.config("latest").description == "said anew"
        assert "said anew" in app.text and not app.screen.query(EditBar)
        await app.press("U")
        assert registry.config("latest").description == "number 3"
        assert "number 3" in app.text


async def test_esc_gives_up_and_the_keys_go_back(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press("e", "x", "escape")
        assert not app.screen.query(EditBar) and app.screen.focused is app.screen.experiments
        assert registry.config("latest").description == "number 3"
        await app.press("j")
        assert app.under_cursor == "number 2"


async def test_what_an_input_cannot_show_survives_an_edit_that_changes_nothing(tmp_path: Path) -> None:
    text = "two\nlines \x1b[31m and \u202e more"
    registry = registry_of(tmp_path / "r.duckdb", [config(1, description=text)])
    async with driving(registry, (80, 24)) as app:
        await app.press("e")
        assert "two⏎lines \\x1b[31m" in app.screen.query_one(EditBar).field.value
        await app.press("enter")
        assert registry.config("latest").description == text
        await app.press("e", "!", "enter")
        assert registry.config("latest").description.startswith("two\nlines ")


async def test_tags_of_one_are_edited_as_a_whole(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press("t")
        assert app.screen.query_one(EditBar).field.value == "odd"
        await replace(app, 'best, "k=5,10"')
        assert list(registry.config("latest").tags) == ["best", "k=5,10"]
        await app.press("t", "U")  # the second is text
        await app.press("escape", "U")
        assert list(registry.config("latest").tags) == ["odd"]


async def test_marked_ones_are_tagged_together_and_only_that_is_taken_back(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press("a", "t")
        await app.type("kept, odd, -even\n")
        tags = [list(each.tags) for each in registry.list_all()]
        assert all("kept" in each and "odd" in each and "even" not in each for each in tags)
        await app.press("U")
        assert [list(each.tags) for each in registry.list_all()] == [["odd"], ["even"], ["odd"], ["even"]]


async def test_a_tag_that_cannot_be_read_is_said_and_the_text_stays(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press("t")
        await app.type(', "open\n')
        assert "a quoted tag ends with a quote" in app.text
        assert app.screen.query_one(EditBar).field.value == 'odd, "open'


async def test_a_note_is_added(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 40)) as app:
        await app.press("enter", "n")
        await app.type("looked at it [bold]twice\n")
        assert [note.note for note in registry.details(newest(registry)).notes] == ["looked at it [bold]twice"]
        assert "looked at it [bold]twice" in app.text


async def test_a_registry_that_is_locked_refuses_and_keeps_the_text(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 24)) as app:
        await app.press("e")
        with ExperimentRegistry(registry.path).store.write():
            await app.type(" and more\n")
            assert "number 3 and more" in app.screen.query_one(EditBar).field.value
            assert "is in use" in app.text or "held" in app.text or "locked" in app.text
        await app.press("enter")
        assert registry.config("latest").description == "number 3 and more"


def test_tags_are_written_as_they_are_read() -> None:
    for tags in (["a", "b c"], ["a,b", '5" disk', '"quoted"', "-minus", " edge "]):
        assert split_tags(join_tags(tags)) == tags
