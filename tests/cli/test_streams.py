"""Where the output goes when it can't go there: one sentence, exit code 4, nothing half done unsaid."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import BASE, Shell

FULL = Path("/dev/full")


def run(shell: Shell, redirect: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run `experiments ARGS REDIRECT` in a real shell."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", sys.executable, "-m", "tui", *args],
        cwd=shell.folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("args", [["list"], ["--help"], ["export", "--filter", "features > 0", "-"]], ids=" ".join)
def test_a_full_disk_is_said_in_a_sentence(shell: Shell, args: list[str]) -> None:
    ran = run(shell, "> /dev/full", *args)
    assert (ran.returncode, ran.stderr) == (4, "Error: can't write the output: No space left on device\n")


def test_a_closed_output_is_said_before_anything_is_done(shell: Shell) -> None:
    ran = run(shell, ">&-", "tag", "x", BASE)
    assert (ran.returncode, ran.stderr) == (4, "Error: can't write the output: stdout is closed\n")
    assert "x" not in shell.registry.tags()


def test_closed_input_and_errors_harm_nothing(shell: Shell) -> None:
    """Their numbers must not go to the registry's file, which would then be written into."""
    ran = run(shell, "<&- 2>&-", "tag", "x", BASE)
    assert (ran.returncode, ran.stdout) == (0, "tagged 1 experiment\n")
    assert run(shell, "<&-", "show", "-").returncode == 1
    assert run(shell, ">&- 2>&-", "list").returncode == 4
    assert shell.registry.verify().ok


def test_a_remark_nobody_takes_does_not_matter(shell: Shell) -> None:
    if FULL.exists():
        assert run(shell, "2> /dev/full", "list", "--limit", "1", "--ids").returncode == 0
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run(shell, f"2>&{writing}", "list").returncode in (0, 2)
    finally:
        os.close(writing)
