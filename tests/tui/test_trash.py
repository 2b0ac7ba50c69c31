"""The trash: what lies in it, how it comes back, and how it goes for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
from tests.tui.windows import SIZES, allow_small_windows
from tui.screens.compare import CompareScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.detail import DetailScreen
from tui.screens.list import ListScreen
from tui.screens.run import RunScreen
from tui.screens.trash import TrashScreen
from tui.screens.trashed import TrashedScreen


def full(number: int) -> str:
    return config(number).config_hash or ""


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    """Ten experiments, of which 2, 5 and 3 were deleted, in this order."""
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(10)], three_deleted)


def three_deleted(made: ExperimentRegistry) -> None:
    for number in (2, 5, 3):
        made.delete(full(number))


async def test_last_deleted_first_and_since_when(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press("4")
        assert isinstance(app.screen, TrashScreen)
        assert app.listed() == ["number 3", "number 5", "number 2"]
        assert "Experiments › trash" in app.lines()[0] and "3 deleted" in app.lines()[0]
        assert "by deleted" not in app.lines()[0], "the head shows the order"
        deleted = registry.details(full(3), trashed=True).deleted_at or ""
        assert "DELETED ▼" in app.lines()[1] and deleted[:10] in app.lines()[2]
        await app.pilot.resize_terminal(140, 40)
        await app.settle()
        assert deleted[:16].replace("T", " ") in app.lines()[2] and "2024-01-01 00:03" in app.lines()[2]
        await app.press("1", "4", "escape")
        assert isinstance(app.screen, ListScreen)


async def test_an_empty_trash_says_so_and_nothing_can_be_done_to_it(tmp_path: Path) -> None:
    async with driving(registry_of(tmp_path / "r.duckdb", [config(1)])) as app:
        await app.press("4")
        assert "The trash is empty." in app.text and "0 deleted" in app.lines()[0]
        await app.press("R", "D", "enter", "space", "v", "a", "u", "y", "s", "escape")
        assert app.app.is_running and app.screen.workspace.registry.count() == 1


async def test_the_filter_asks_the_trash_alone(registry: ExperimentRegistry) -> None:
    async with driving(registry, (80, 24)) as app:
        await app.press("4", "/")
        await app.type("tag:odd")
        assert app.listed() == ["number 3", "number 5"] and "2 of 3" in app.lines()[0]
        await app.type(" number > 3")
        assert app.listed() == ["number 5"]
        await app.press("escape")
        await app.type("tag:od")
        assert 'No experiment in the trash has the tag "od"; did you mean tag:odd?' in app.text
        await app.press("escape", "escape")
        assert len(app.listed()) == 3 and not app.screen.filter_bar.display
        await app.press("]")
        assert "DELETED ▼" in app.lines()[1]
        await app.press("[")
        assert app.listed() == ["number 2", "number 5", "number 3"] and "DELETED ▲" in app.lines()[1]
        await app.press("s")
        assert "when it was deleted" in app.text


async def test_its_marks_are_its_own(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("space", "4")
        assert " marked" not in app.lines()[0]
        await app.press("space", "v", "down", "v")
        assert "3 marked" in app.lines()[0]
        await app.press("escape")
        assert "1 marked" in app.lines()[0]
        assert list(app.app.workspace.marks) == [full(9)]
        await app.press("3")
        assert isinstance(app.screen, CompareScreen)
        assert set(app.screen.hashes) == {full(9), full(8)}, "the marked one and the one under the cursor"
        await app.press("4")
        assert "3 marked" in app.lines()[0], "marks outlive the screen"
        await app.press("u", "y")
        assert " marked" not in app.lines()[0]
        await app.press("U")
        assert "3 marked" in app.lines()[0] and list(app.app.workspace.marks) == [full(9)]


async def test_restore_one_and_undo(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4", "down", "R")
        assert registry.resolve(full(5)) == full(5)
        assert app.listed() == ["number 3", "number 2"] and "2 deleted" in app.lines()[0]
        assert "U moves it back to the trash" in app.said
        await app.press("U")
        assert registry.count(trashed=True) == 3 and "number 5" in app.listed()
        assert "moved back to the trash" in app.said


async def test_restore_the_marked_ones_and_undo_on_another_screen(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4", "a", "R")
        assert registry.count() == 10 and "The trash is empty." in app.text
        assert " marked" not in app.lines()[0]
        await app.press("1", "a", "b", "U")
        assert registry.count() == 7 and app.listed()[0] == "number 9"
        assert "7 marked" in app.lines()[0], "what is in the trash again is not marked for comparing"
        await app.press("4")
        assert " marked" not in app.lines()[0]


async def test_what_an_undo_brought_back_is_not_marked_in_the_trash_any_more(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("D", "y", "4", "a")
        assert "4 marked" in app.lines()[0]
        await app.press("U")
        assert "3 deleted" in app.lines()[0] and "3 marked" in app.lines()[0]


async def test_purge_names_what_goes_and_a_habit_of_the_fingers_does_nothing(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4", "D")
        assert isinstance(app.screen, ConfirmScreen)
        assert "Purge this experiment for good?" in app.text and f"{full(3)[:12]}  number 3" in app.text
        assert "This can't be undone." in app.text
        assert app.screen.focused is not None and app.screen.focused.id == "no"
        await app.press("y")
        assert isinstance(app.screen, ConfirmScreen), "there is no key for yes"
        await app.press("enter")
        assert isinstance(app.screen, TrashScreen) and registry.count(trashed=True) == 3
        await app.press("D", "escape", "D", "n")
        assert registry.count(trashed=True) == 3
        await app.press("D", "right", "enter")
        assert app.listed() == ["number 5", "number 2"] and registry.count(trashed=True) == 2
        assert "1 experiment purged" in app.said
        await app.press("U")
        assert "nothing to undo" in app.said


async def test_purge_the_marked_ones(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4", "a", "D")
        assert "Purge the 3 marked experiments for good?" in app.text
        assert all(f"number {number}" in app.text for number in (2, 3, 5))
        await app.press("tab", "enter")
        assert registry.count(trashed=True) == 0 and registry.count() == 7
        assert "The trash is empty." in app.text and " marked" not in app.lines()[0]


async def test_what_somebody_else_restored_is_neither_purged_nor_named(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4", "a")
        ExperimentRegistry(registry.path).restore(full(5))
        await app.press("D")
        assert "the 2 marked experiments" in app.text and "number 5" not in app.text.split("Purge")[1]
        await app.press("right", "enter")
        assert registry.count(trashed=True) == 0 and registry.resolve(full(5))


async def test_a_deletion_elsewhere_appears_by_itself(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4")
        ExperimentRegistry(registry.path).delete(full(7))
        await app.until(lambda: "4 deleted" in app.lines()[0])
        assert app.listed()[0] == "number 7" and app.under_cursor == "number 3"


async def test_the_detail_can_be_read_and_not_changed(registry: ExperimentRegistry) -> None:
    registry.restore(full(5))
    registry.record_run(config(5), metrics={"edge": 0.1}, panel="p", period="2020-01-01..2020-12-31")
    registry.sync()
    registry.delete(full(5))
    async with driving(registry, (100, 40)) as app:
        await app.press("4", "enter")
        assert isinstance(app.screen, TrashedScreen)
        assert "Experiments › trash ›" in app.lines()[0] and "1 of 3" in app.lines()[0]
        assert "In the trash since" in app.text and "number 5" in app.text
        await app.press("D", "b", "c", "e", "R")
        assert isinstance(app.screen, TrashedScreen) and registry.count(trashed=True) == 3
        assert app.app.workspace.reference is None and app.screen.workspace.reference is None
        await app.press("y")
        assert app.app.clipboard == full(5)
        await app.press("tab", "enter")
        assert isinstance(app.screen, RunScreen) and "edge" in app.text
        await app.press("escape", "escape", "]")
        assert "number 3" in app.text and "none yet" not in app.text
        await app.press("escape")
        assert app.under_cursor == "number 3"


async def test_its_parent_opens_wherever_it_is(registry: ExperimentRegistry) -> None:
    children = [config(20 + number, parent=full(number)) for number in (2, 4)]
    children.append(config(30, parent="0" * 64))
    for child in children:
        registry.register(child)
        registry.delete(child.config_hash or "")
    async with driving(registry) as app:
        await app.press("4", "enter", "p")
        assert isinstance(app.screen, TrashedScreen) and "000000000000 is not in this registry" in app.said
        await app.press("]", "p")
        assert type(app.screen) is DetailScreen and "number 4" in app.text
        await app.press("escape", "]", "p")
        assert isinstance(app.screen, TrashedScreen) and app.screen.details.config.description == "number 2"


async def test_one_that_left_the_trash_says_so(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4", "enter")
        ExperimentRegistry(registry.path).restore(full(3))
        await app.press("r")
        assert "no longer in the trash" in app.screen.banner.text


async def test_the_mouse_marks_and_opens_and_the_footer_restores(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("4")
        await app.pilot.click("ExperimentList", offset=(1, 2))
        await app.settle()
        assert "1 marked" in app.lines()[0] and app.under_cursor == "number 5"
        await click(app, "restore")
        assert app.listed() == ["number 3", "number 2"]
        await app.pilot.click("ExperimentList", offset=(12, 1), times=2)
        await app.settle()
        assert isinstance(app.screen, TrashedScreen)
        await app.press("escape")
        await click(app, "purge")
        await app.pilot.click("#yes")
        await app.settle()
        assert app.listed() == ["number 2"]


async def click(app: Driver, label: str) -> None:
    """Click on a key of the footer."""
    await app.pilot.click("KeyBar", offset=(app.lines()[-1].index(label), 0))
    await app.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_it_and_can_purge(
    registry: ExperimentRegistry, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_small_windows(monkeypatch)
    async with driving(registry, size) as app:
        await app.press("4")
        assert "trash" in app.lines()[0] and "3 deleted" in app.lines()[0]
        assert "DELETED" in app.lines()[1] and full(3)[:7] in app.lines()[2]
        await app.press("a", "D")
        assert "can't be undone" in app.text and "Cancel" in app.text
        await app.press("right")
        assert "Purge" in app.text.split("Cancel")[1]
        await app.press("enter")
        assert "The trash is empty." in app.text
