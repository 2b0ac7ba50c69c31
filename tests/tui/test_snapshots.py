"""Every screen looks as it did when somebody last looked at it: in three sizes, dark and light."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from registry import ExperimentRegistry
from tests.tui.snapshots import ENVIRONMENT, file_of, files
from tests.tui.snapshots.form import differences, draw
from tests.tui.snapshots.tour import SIZES, STOPS, Size, take, toured_registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> ExperimentRegistry:
    return toured_registry(tmp_path_factory.mktemp("toured") / "experiments.duckdb")


QUICK_OR_FULL = [
    pytest.param(size, id=f"{size[0]}x{size[1]}", marks=[pytest.mark.full] if size != (80, 24) else [])
    for size in SIZES
]


@cache
def taken(path: Path, size: Size) -> dict[str, str]:
    """Return what is seen on a tour at a size; it is made once."""
    return asyncio.run(take(ExperimentRegistry(path, wait=0.2), size))


@pytest.mark.parametrize("name", STOPS)
@pytest.mark.parametrize("size", QUICK_OR_FULL)
def test_it_is_the_screen_it_was(
    registry: ExperimentRegistry, size: Size, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    file = file_of(name, size)
    assert file.is_file(), "make snapshots draws it"
    told = differences(file.read_text(encoding="utf-8"), taken(registry.path, size)[name])
    assert not told, f"{file.name} is another one; when it is meant to be: make snapshots\n{told}"


def test_every_file_is_of_a_screen() -> None:
    assert files() == {file_of(name, size) for name in STOPS for size in SIZES}


def test_the_form_tells_looks_apart_and_text_first() -> None:
    bold, red = Style.parse("bold #ffffff on #000000"), Style.parse("#ff0000 on #000000")
    plain = Style.parse("#ffffff on #000000")

    def strips(text: str, style: Style) -> list[Strip]:
        return [Strip([Segment(text, style), Segment(" " * 8, plain)])]

    drawn = draw(strips("漢字 a", bold))
    assert drawn == "TEXT\n漢字 a\nSTYLES\naaaaaa\nLEGEND\n.  #ffffff on #000000\na  bold #ffffff on #000000\n"
    assert differences(drawn, drawn) == ""
    assert "-a  bold #ffffff on #000000\n+a  #ff0000 on #000000" in differences(drawn, draw(strips("漢字 a", red)))
    other = differences(drawn, draw(strips("漢字 b", red)))
    assert "-漢字 a\n+漢字 b" in other and "LEGEND" not in other
    both = draw(strips("a", bold), strips("a", red))
    assert f"a  {bold!s:<40}{red}" in both
    with pytest.raises(ValueError, match="a theme changes words"):
        draw(strips("a", bold), strips("b", bold))
