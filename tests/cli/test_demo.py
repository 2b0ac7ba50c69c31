"""`demo`: something to look at, anywhere, and gone afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from registry import demo
from tests.cli.conftest import Shell


def test_the_configurations_are_what_their_hashes_say() -> None:
    made = demo.configurations()
    assert len({config.config_hash for config in made}) == 24
    known = {config.config_hash for config in made}
    assert all(config.parent is None or config.parent in known for config in made)
    assert [config.created_at for config in made] == sorted(str(config.created_at) for config in made)
    assert all(config.former_hash is None and config.description and config.tags for config in made)


def test_without_a_terminal_it_prints_a_list_and_a_comparison(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = empty.folder / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    out = empty.ok("demo")
    assert out.count("gemscore") > 20
    assert "SentimentScore           0.1500        0.2500  +0.1000" in out
    assert list(temporary.iterdir()) == []
    assert [path.name for path in empty.folder.iterdir()] == ["tmp"]


def test_in_a_terminal_it_opens_the_app_on_it(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.cli import opening
    from tui.cli.context import App

    seen: list[tuple[int, Path]] = []
    monkeypatch.setattr(opening, "run_app", lambda app: seen.append((_count(app), app.place.path)))

    def _count(app: App) -> int:
        return app.place.count()

    empty.ok("demo", terminal=True)
    [(count, path)] = seen
    assert count == 32
    assert not path.parent.exists()


def test_as_a_process(process: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    ran = process("demo")
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
    assert "HASH" in ran.stdout
