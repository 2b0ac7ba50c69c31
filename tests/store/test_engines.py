"""Registries that two versions of the engine share, as the people of one team will."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.store import Store
from tests.store.conftest import ROOT, Program, Start
from tests.store.programs import config
from tests.store.test_survival import present

Run = Callable[..., Program]

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def other() -> str:
    """The Python that has another version of the engine."""
    python = os.environ.get("EXPERIMENTS_OTHER_PYTHON")
    if not python:
        pytest.fail("EXPERIMENTS_OTHER_PYTHON names no Python with another version of duckdb; make test-all sets it")
    asked = [
        subprocess.run(
            [one, "-c", "import duckdb; print(duckdb.__version__)"], capture_output=True, text=True, check=True
        )
        for one in (python, sys.executable)
    ]
    assert asked[0] != asked[1], "both have the same version of duckdb"
    return python


def pythons(other: str, order: str) -> tuple[str, str]:
    return (sys.executable, other) if order == "this first" else (other, sys.executable)


@pytest.mark.parametrize("order", ["this first", "other first"])
def test_what_one_writes_the_other_reads_and_goes_on_with(path: Path, start: Start, other: str, order: str) -> None:
    first, second = pythons(other, order)
    said = start("write", path, 0, 5, "a", python=first).ended()
    seen = start("inspect", path, python=first).ended()
    assert start("inspect", path, python=second).ended() == seen
    said += start("register", path, 0, 5, "b", python=second).ended()
    said += start("write", path, 0, 5, "c", python=second).ended()
    said += start("register_without_goodbye", path, 0, 5, "d", python=first).ended()
    seen = start("inspect", path, python=first).ended()
    assert seen[0].startswith("fine 20 ")
    assert start("inspect", path, python=second).ended() == seen
    assert present(path) == set(said)


@pytest.mark.parametrize("order", ["this first", "other first"])
def test_what_waits_in_the_log_of_one_the_other_brings_in(path: Path, start: Start, other: str, order: str) -> None:
    first, second = pythons(other, order)
    start("register", path, 0, 3, "a", python=first).ended()
    start("die_after_commit", path, 100, python=first).wait(60)
    assert path.with_name(path.name + ".wal").exists()
    (seen,) = start("inspect", path, python=second).ended()
    assert seen.startswith("fine 4 ")
    start("write", path, 0, 1, "b", python=second).ended()
    (seen,) = start("inspect", path, python=first).ended()
    assert seen.startswith("fine 5 ")


def test_both_at_the_same_time_lose_nothing(path: Path, start: Start, other: str) -> None:
    stop = path.with_name("stop")
    readers = [start("read", path, stop, python=python) for python in (sys.executable, other)]
    writers = [
        start(program, path, 0, 20, f"{program} {n}", python=python)
        for n, python in enumerate((sys.executable, other))
        for program in ("register", "write")
    ]
    said = {line for writer in writers for line in writer.ended()}
    stop.touch()
    for reader in readers:
        reader.ended()
    assert len(said) == 80
    assert present(path) == said


def test_the_lock_holds_between_them(path: Path, start: Start, other: str) -> None:
    path.with_name("number").write_text("0")
    counting = [start("count_up", path, 30, python=python) for python in (sys.executable, other) * 2]
    for one in counting:
        one.ended()
    assert path.with_name("number").read_text() == "120"


def test_a_file_that_only_the_newer_one_can_read_says_so(path: Path, start: Start, other: str) -> None:
    """As a plain shell of the newer engine makes them when nobody tells it otherwise."""
    made = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('CREATE TABLE t AS SELECT 1 AS i')"
    said = []
    for n, python in enumerate((sys.executable, other)):
        foreign = path.with_name(f"{n}.duckdb")
        subprocess.run([python, "-c", made, foreign], check=True, cwd=ROOT)
        said += [start("inspect", foreign, python=reader).ended()[0] for reader in (sys.executable, other)]
    assert all(line.startswith("NotARegistryError") for line in said), said
    assert any("newer DuckDB" in line and "upgrade duckdb" in line for line in said), said


def test_a_copy_made_by_one_opens_with_the_other(path: Path, start: Start, other: str, tmp_path: Path) -> None:
    store = Store(path)
    for n in range(10):
        store.register(config(n))
    copy = store.backup(tmp_path / "copy.duckdb")
    assert start("inspect", copy, python=other).ended() == start("inspect", path).ended()
