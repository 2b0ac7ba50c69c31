"""The comparison taken out of the app: written to a file, copied as Markdown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
from tui.screens.compare import CompareScreen
from tui.screens.write_table import WriteTableScreen

OLD, NEW = config(1), config(2, hyperparameters={"k": 5, "number": 2, "walk": {"days": 30}, "run": "=1+1"})


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [OLD, NEW])


async def write(app: Driver, target: str) -> None:
    """Press x, type a path and enter."""
    await app.press("x")
    assert isinstance(app.screen, WriteTableScreen)
    app.screen.field.value = ""
    await app.type(target)
    await app.press("enter")


async def test_x_writes_what_is_shown_by_the_files_name(
    registry: ExperimentRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with driving(registry) as app:
        await app.press("G", "b", "g", "c")
        await app.press("x")
        assert "4 rows of 2 experiments; 3 equal left out" in app.text
        await app.press("escape")
        assert isinstance(app.screen, CompareScreen)
        await write(app, "~/t.csv")
        assert isinstance(app.screen, CompareScreen) and "Wrote the table to" in app.said
        lines = (tmp_path / "t.csv").read_text().splitlines()
        first, second = str(OLD.config_hash)[:12], str(NEW.config_hash)[:12]
        assert lines[0] == f"section,name,{first},{second},differs,spread", "the reference is first"
        assert "hyperparameter,run,,'=1+1,true," in lines
        await write(app, str(tmp_path / "t.md"))
        assert "| k | 10 | 5 (-5) |" in (tmp_path / "t.md").read_text()
        await app.press("=")
        await write(app, str(tmp_path / "t.json"))
        assert [row["differs"] for row in json.loads((tmp_path / "t.json").read_text())["rows"]].count(False) == 3


async def test_a_file_that_is_there_is_replaced_on_a_second_enter_only(
    registry: ExperimentRegistry, tmp_path: Path
) -> None:
    target = tmp_path / "t.csv"
    target.write_text("mine")
    async with driving(registry) as app:
        await app.press("a", "c")
        await write(app, str(target))
        assert "exists; enter once more replaces it" in " ".join(app.text.replace("│", " ").split())
        assert target.read_text() == "mine"
        await app.type("2\n")
        assert isinstance(app.screen, WriteTableScreen), "t.csv2 has no format; what was confirmed was another file"
        await app.press("backspace", "enter")
        assert target.read_text() == "mine"
        await app.press("enter")
        assert isinstance(app.screen, CompareScreen)
        assert target.read_text().startswith("section,name")


async def test_what_can_not_be_written_is_a_sentence(registry: ExperimentRegistry, tmp_path: Path) -> None:
    async with driving(registry) as app:
        await app.press("a", "c")
        for target, said in (
            ("", "Name a file."),
            ("t.txt", "says no format; end it in .csv, .md, .json"),
            (str(tmp_path / "gone" / "t.csv"), "does not exist; make it first"),
            (f"{tmp_path}/[b]t[/x].csv/", "[/x].csv"),
        ):
            await write(app, target)
            shown = " ".join(app.text.replace("│", " ").split())
            assert said in shown or said in shown.replace(" ", ""), shown
            await app.press("escape")
            assert isinstance(app.screen, CompareScreen)


async def test_capital_y_copies_the_table_as_markdown(registry: ExperimentRegistry) -> None:
    async with driving(registry) as app:
        await app.press("a", "c", "Y")
        assert "| **Weights** |  |  |\n| momentum | 0.202 | 0.201 (-0.001) |" in app.app.clipboard
        assert "Copied the table as Markdown" in app.said


async def test_a_report_has_the_reference_of_the_comparison(
    registry: ExperimentRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with driving(registry) as app:
        await app.press("G", "b", "g", "c")
        await write(app, "~/r.html")
        assert "Wrote a report on 2 experiments to" in app.said
    assert (
        f'title="{OLD.config_hash}">{str(OLD.config_hash)[:12]}</code> reference' in (tmp_path / "r.html").read_text()
    )
