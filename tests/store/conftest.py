"""Real processes and real files for the tests of the store."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.store import Store

ROOT = Path(__file__).parents[2]


class Program(subprocess.Popen[str]):
    """A process of `tests.store.programs`, talked to by lines."""

    def __init__(self, name: str, *arguments: object, python: str = sys.executable) -> None:
        super().__init__(
            [python, "-m", "tests.store.programs", name, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """Return the next line it says."""
        assert self.stdout is not None
        said = self.stdout.readline()
        if not said:
            raise AssertionError(f"the process said nothing more: {self.communicate()[1]}")
        return said.rstrip("\n")

    def go_on(self) -> None:
        """Let it go on."""
        assert self.stdin is not None
        self.stdin.write("\n")
        self.stdin.flush()

    def ended(self, timeout: float = 120) -> list[str]:
        """Wait for its end, which must be a good one; return what else it said."""
        said, complaints = self.communicate(timeout=timeout)
        assert self.returncode == 0, f"exit {self.returncode}: {complaints}"
        return said.splitlines()

    def killed(self) -> list[str]:
        """Kill it as -9 does, and return the whole lines it had said."""
        self.kill()
        return [line[:-1] for line in self.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]


Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs; none outlives the test."""
    started: list[Program] = []

    def begin(name: str, *arguments: object, python: str = sys.executable) -> Program:
        started.append(Program(name, *arguments, python=python))
        return started[-1]

    yield begin
    for program in started:
        program.kill()
        program.communicate()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a registry will be."""
    return tmp_path / "experiments.duckdb"


@pytest.fixture
def store(path: Path) -> Store:
    """A registry that is not there yet."""
    return Store(path)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that users other than this one may enter and read (pytest's own folders are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="registry-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def as_others_may(folder: Path) -> Iterator[None]:
    """Have programs that run as nobody find in `folder` what other users may do there, and no more.

    Root's programs become another user. Anybody else's can't: they find their own rights cut down to the others'.
    """
    if os.geteuid() == 0:
        yield
        return
    kept = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *sorted(folder.rglob("*")))}
    for path, mode in reversed(kept.items()):
        path.chmod(mode & 0o077 | (mode & 0o007) << 6)
    try:
        yield
    finally:
        for path, mode in kept.items():
            with contextlib.suppress(FileNotFoundError):
                path.chmod(mode)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a memory disk of a size; called again, give it another size. Skips where nobody may mount."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def mount(size: str) -> Path:
        nonlocal mounted
        options = f"{'remount,' if mounted else ''}size={size}"
        try:
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sentence = f"no small disk can be mounted here: {getattr(error, 'stderr', error)}"
            if os.environ.get("EXPERIMENTS_FULL"):
                pytest.fail(sentence)
            pytest.skip(sentence)
        mounted = True
        return place

    yield mount
    if mounted:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def hold(start: Start, path: Path) -> Callable[[str], contextlib.AbstractContextManager[Program]]:
    """Have another process hold the lock of the registry for a block."""

    @contextlib.contextmanager
    def holding(how: str) -> Iterator[Program]:
        program = start("hold", path, how)
        assert program.line() == "held"
        yield program
        program.go_on()
        assert program.ended() == ["released"]

    return holding
