"""The settings file, what is remembered, themes and plain glyphs."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentRegistry
from tests.tui.driving import Driver, config, registry_of
from tui.app import RegistryApp
from tui.settings import Memory, Remembered, Settings, read_settings
from tui.theme import OURS
from tui.widgets.cells import fit


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(number) for number in range(5)])


async def run(app: RegistryApp, *keys: str, size: tuple[int, int] = (100, 30)) -> tuple[list[str], str]:
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        await driver.press(*keys)
        return driver.lines(), driver.said


def written(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml") == Settings()


def test_what_cannot_be_used_is_told_and_the_rest_is_used(tmp_path: Path) -> None:
    settings = written(
        tmp_path,
        'theme = "nord"\nglyphs = "ansi"\ncolour = "red"\n[keys]\n"browse.compar" = "f"\n"browse.fold" = "F"\n'
        '"rows.mark" = 3\n"browse.reference" = "c"\nscreen.tag = "f5"\n',
    )
    assert settings.theme == "nord" and settings.glyphs == "auto"
    assert settings.keys == {"browse.fold": "F", "browse.reference": "c", "screen.tag": "f5"}
    said = "\n".join(settings.problems)
    for words in (
        "colour is no setting",
        "glyphs is one of",
        "browse.compar is no action; did you mean browse.compare?",
        "the keys of rows.mark are a text",
        "c now does both browse.reference and browse.compare",
    ):
        assert words in said
    assert written(tmp_path, "no = [toml").problems[0].startswith(str(tmp_path / "settings.toml"))


async def test_moved_keys_work_and_are_shown_in_footer_help_and_palette(
    registry: ExperimentRegistry, tmp_path: Path
) -> None:
    settings = written(tmp_path, '[keys]\n"browse.compare" = "f6"\n"browse.filter" = "f,ctrl+l"\n')
    lines, _ = await run(RegistryApp(registry, settings), "a", "f6")
    assert "compare 5" in lines[0]
    lines, _ = await run(RegistryApp(registry, settings))
    assert " f filter" in lines[-1] and " f6 compare" in lines[-1]
    lines, _ = await run(RegistryApp(registry, settings), "?", size=(100, 60))
    assert any(fit("f ^l", 14) in line for line in lines)
    lines, _ = await run(RegistryApp(registry, settings), "f", *"number")
    assert any("/ number" in line for line in lines)


async def test_problems_are_said_when_the_app_opens(registry: ExperimentRegistry, tmp_path: Path) -> None:
    settings = written(tmp_path, 'theme = "[/b]"\nwrong = 1\n')
    _, said = await run(RegistryApp(registry, settings))
    assert "wrong is no setting" in said and "there is no theme [/b]" in said


async def test_the_theme_is_chosen_seen_and_remembered(registry: ExperimentRegistry, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    app = RegistryApp(registry, memory=Memory(memory))
    await run(app, "ctrl+t", "j", "j", "escape")
    assert app.theme == OURS[0].name, "given up, it is as before"
    app = RegistryApp(registry, memory=Memory(memory))
    await run(app, "ctrl+t", "j", "j", "enter")
    assert app.theme == "experiments-contrast"
    assert RegistryApp(registry, memory=Memory(memory)).theme == "experiments-contrast"
    assert RegistryApp(registry, Settings(theme="nord"), Memory(memory)).theme == "nord", "the settings come first"


@pytest.mark.parametrize(
    "theme",
    [
        "textual-ansi",
        *(
            pytest.param(theme, marks=pytest.mark.full)
            for theme in ("gruvbox", "solarized-light", *(ours.name for ours in OURS))
        ),
    ],
)
async def test_every_theme_shows_the_screens(registry: ExperimentRegistry, theme: str) -> None:
    app = RegistryApp(registry, Settings(theme=theme))
    lines, _ = await run(app, "a", "c", "escape", "enter", "escape", "2", "escape")
    assert app.theme == (theme if theme in app.available_themes else OURS[0].name) and "Experiments" in lines[0]


async def test_ascii_glyphs_keep_every_cell_in_its_place(registry: ExperimentRegistry) -> None:
    fancy, _ = await run(RegistryApp(registry), "space", "enter")
    plain, _ = await run(RegistryApp(registry, Settings(glyphs="ascii")), "space", "enter")
    assert any("█" in line for line in fancy)
    for keys in (["space"], ["space", "enter"], ["a", "c"], ["2"], ["?"], ["enter", "v"], ["D"], ["C"], ["5"]):
        lines, _ = await run(RegistryApp(registry, Settings(glyphs="ascii")), *keys)
        for line in lines:
            assert line.isascii(), line
    assert [len(line) for line in plain] == [len(line) for line in fancy]


def test_a_memory_that_is_rubbish_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    for text in ("", "[1, 2]", "{", '{"registries": 3}', '{"theme": 5, "registries": {"x": {"columns": "hash"}}}'):
        path.write_text(text)
        assert Memory(path).of("x") == Remembered() and Memory(path).theme is None
        Memory(path).keep("x", Remembered(sort="-created"))
        assert Memory(path).of("x").sort == "-created"


async def test_a_memory_that_cannot_be_written_is_said_once_and_nothing_else_happens(
    registry: ExperimentRegistry, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("")
    lines, said = await run(RegistryApp(registry, memory=Memory(tmp_path / "a file" / "memory.json")), "z")
    assert "is not remembered" in said and "5 experiments" in lines[0]
