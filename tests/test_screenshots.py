"""The pictures show the app as it is, and the README shows every picture."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.draw_screenshots import FOLDER, pictures
from tests.fixed_demo import fixed_demo
from tests.tui.snapshots import ENVIRONMENT

README = FOLDER.parent / "README.md"


def test_the_pictures_are_what_the_app_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    drawn = asyncio.run(pictures(fixed_demo(tmp_path / "experiments.duckdb")))
    there = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
    assert there.keys() == drawn.keys()
    stale = [name for name, svg in drawn.items() if there[name] != svg]
    assert not stale, "make screenshots draws these anew"


def test_the_readme_shows_each_of_them() -> None:
    shown = re.findall(r"!\[[^]]+\]\(screenshots/(.*?)\)", README.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(file.name for file in FOLDER.iterdir())
