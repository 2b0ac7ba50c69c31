"""`demo`: something to look at, anywhere, and gone afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from registry import demo


def test_the_configurations_are_what_their_hashes_say() -> None:
    made = demo.configurations()
    assert len({config.config_hash for config in made}) == 24
    known = {config.config_hash for config in made}
    assert all(config.parent is None or config.parent in known for config in made)
    assert [config.created_at for config in made] == sorted(str(config.created_at) for config in made)
    assert all(config.former_hash is None and config.description and config.tags for config in made)


def test_without_a_terminal_it_prints_a_list_and_a_comparison(
    tmp_path: Path, process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    ran = process("demo", TMPDIR=str(temporary))
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
    assert "HASH" in ran.stdout
    assert ran.stdout.count("gemscore") > 20
    assert "SentimentScore           0.1500        0.2500  +0.1000" in ran.stdout
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]
