"""Copying in several forms, and exporting."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from textual.widgets import Input

from registry import ExperimentConfig, ExperimentRegistry
from tests.tui.driving import Driver, config, driving, registry_of
from tui.screens.path_dialog import PathScreen
from tui.screens.taking import as_python


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(3)])


async def to(app: Driver, path: Path | str) -> None:
    """Name a file in the dialog."""
    app.screen.query_one(Input).value = str(path)
    await app.press("enter")


async def test_copies_as_what_was_chosen(registry: ExperimentRegistry) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("y")
        assert app.app.clipboard == registry.resolve("latest")
        await app.press("Y", "j", "enter")
        assert ExperimentConfig.from_json(app.app.clipboard).config_hash == registry.resolve("latest")
        await app.press("enter", "Y", "j", "j", "enter")
        made = eval(app.app.clipboard, {"ExperimentConfig": ExperimentConfig})  # it is ours
        assert made.config_hash == registry.resolve("latest")
        await app.press("Y", "G", "k", "enter")
        await app.press("Y", "end", "enter")
        assert app.app.clipboard == f"experiments show {registry.resolve('latest')}"


def test_python_that_is_copied_holds_no_control_character() -> None:
    odd = ExperimentConfig(["a\x1b]0;x\x07"], {"a\x1b]0;x\x07": 1.0}, description="\x9b31m\u202e")
    text = as_python(odd)
    assert all(character == "\n" or " " <= character <= "~" for character in text)
    assert eval(text, {"ExperimentConfig": ExperimentConfig}).config_hash == odd.config_hash


async def test_exports_what_is_marked_else_what_is_listed(registry: ExperimentRegistry, tmp_path: Path) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("x")
        assert "Export 3 listed experiments to" in app.text
        await to(app, tmp_path / "all.ndjson")
        assert "Wrote 3 experiments to" in app.said
        assert len((tmp_path / "all.ndjson").read_text().splitlines()) == 3
        await app.press("space", "x")
        assert "Export 1 marked experiment to" in app.text
        await to(app, tmp_path / "one.json")
        assert json.loads((tmp_path / "one.json").read_text())["config_hash"] == registry.resolve("latest")
        await app.press("u", "enter", "x")
        await to(app, tmp_path / "one.json")
        assert "enter once more replaces it" in app.text
        await app.press("enter")
        assert "Wrote 1 experiment" in app.said.splitlines()[-1]


async def test_a_guessed_parent_goes_along_as_a_guess(registry: ExperimentRegistry, tmp_path: Path) -> None:
    guessed = registry.save_inferred(registry.lineage("latest", infer=True))
    async with driving(registry, (100, 30)) as app:
        await app.press("x")
        await to(app, tmp_path / "all.ndjson")
        await app.press("enter", "x")
        await to(app, tmp_path / "one.json")
    written = [json.loads(line) for line in (tmp_path / "all.ndjson").read_text().splitlines()]
    assert guessed and {record["config_hash"] for record in written if record.get("parent_inferred")} == set(guessed)
    assert json.loads((tmp_path / "one.json").read_text())["parent_inferred"] is True


async def test_a_place_that_cannot_be_written_is_said(registry: ExperimentRegistry, tmp_path: Path) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("x")
        await to(app, tmp_path / "no such folder" / "x.ndjson")
        assert "make it first" in app.text and app.app.is_running
        await to(app, "")
        assert "Name a file" in app.text
        await app.press("escape")
        assert app.screen.NAME == "list"


async def test_runs_go_along_when_wanted(registry: ExperimentRegistry, tmp_path: Path) -> None:
    registry.record_run(config(2), metrics={"edge": 0.1}, panel="p", period="2020-01-01..2020-12-31")
    registry.sync()
    async with driving(registry, (100, 30)) as app:
        await app.press("enter", "x", "tab", "space", "shift+tab")
        await to(app, tmp_path / "with.json")
        assert json.loads((tmp_path / "with.json").read_text())["runs"][0]["metrics"] == {"edge": 0.1}


async def test_a_table_tells_the_metrics_on_the_panel_in_force(registry: ExperimentRegistry, tmp_path: Path) -> None:
    for panel, edge in (("p", 0.1), ("q", 0.2)):
        registry.record_run(config(2), metrics={"edge": edge}, panel=panel, period="2020-01-01..2020-12-31")
    registry.record_run(config(1), metrics={"edge": 0.3}, panel="p", period="2020-01-01..2020-12-31")
    registry.sync()
    async with driving(registry, (100, 30)) as app:
        app.screen.workspace.remembered.panel = "p"
        await app.press("x")
        await to(app, tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(newline="") as stream:
        told = {row["config_hash"]: (row["m.edge"], row["metrics_from"]) for row in csv.DictReader(stream)}
    on = "p 2020-01-01..2020-12-31"
    assert told == {
        config(2).config_hash: ("0.1", on),
        config(1).config_hash: ("0.3", on),
        config(0).config_hash: ("", ""),
    }


async def test_a_name_that_ends_so_becomes_a_report(registry: ExperimentRegistry, tmp_path: Path) -> None:
    async with driving(registry, (100, 30)) as app:
        await app.press("x")
        await to(app, tmp_path / "all.html")
        assert "Wrote a report on 3 experiments to" in app.said
        assert "3 experiments compared" in (tmp_path / "all.html").read_text()
        await app.press("space", "x")
        await to(app, tmp_path / "one.md")
        assert (tmp_path / "one.md").read_text().startswith("# Experiment ")
        await app.press("x")
        await to(app, tmp_path / "one.md")
        assert "enter once more replaces it" in app.text


async def test_what_nobody_foresaw_is_said_in_the_dialog(registry: ExperimentRegistry, tmp_path: Path) -> None:
    class Odd(PathScreen):
        CSS_PATH = None
        FORMS = "any name"
        YES = "Write"

        def write(self, target: Path, *, force: bool) -> str:
            raise KeyError("nobody foresaw")

    async with driving(registry, (100, 30)) as app:
        await app.app.push_screen(Odd("Write it", "x"))
        await app.press("enter")
        assert "something unexpected happened (KeyError: 'nobody foresaw')" in app.text
        await app.press("escape")
        assert "Write it" not in app.text
