"""`demo`: something to look at, anywhere, and gone afterwards."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from registry import demo
from tests.cli.conftest import Shell


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


def test_the_panel_never_takes_a_name_that_was_taken_meanwhile(empty: Shell) -> None:
    target = empty.folder / "stocks.parquet"

    def take_the_name() -> None:
        deadline = time.monotonic() + 30
        while not list(empty.folder.glob(".stocks*")) and time.monotonic() < deadline:
            pass
        target.write_text("mine")

    with ThreadPoolExecutor(1) as beside:
        taken = beside.submit(take_the_name)
        ran = empty("demo", "--panel", "stocks.parquet")
        taken.result(10)
    assert (ran.code, "stocks.parquet exists" in ran.err) == (2, True)
    assert target.read_text() == "mine"
    assert [path.name for path in empty.folder.iterdir()] == ["stocks.parquet"]
    target.unlink()
    empty.ok("demo", "--panel", "stocks.parquet")
    assert target.read_bytes()[:4] == b"PAR1"
    assert empty("demo", "--panel", "nowhere/x.parquet").code == 2
