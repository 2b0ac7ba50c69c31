"""Running commands: mostly in this process on real registries, in real processes where that is the point."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry import ExperimentRegistry, demo
from tests.prepared import put
from tui.cli import run

BASE, VARIANT = demo.BASELINE, demo.VARIANT


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Stream(io.TextIOWrapper):
    """A standard stream in memory that may pretend to be a terminal."""

    def __init__(self, text: str = "", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(text.encode()), encoding="utf-8", newline="", write_through=True)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()


class Shell:
    """Runs `experiments ARGS` in a folder; `shell.registry` is the registry that lies there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setenv("TERM", "xterm-256color")

    @property
    def registry(self) -> ExperimentRegistry:
        return ExperimentRegistry(self.folder / "experiments.duckdb")

    def __call__(self, *args: str, stdin: str = "", terminal: bool = False, width: int = 200) -> Ran:
        out, err = Stream(terminal=terminal), Stream(terminal=terminal)
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Stream(stdin, terminal=terminal))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setenv("COLUMNS", str(width))
            code = run(args)
        return Ran(int(code), out.text(), err.text())

    def ok(self, *args: str, stdin: str = "", terminal: bool = False, width: int = 200) -> str:
        """Run a command that must end well, and return what it wrote to stdout."""
        ran = self(*args, stdin=stdin, terminal=terminal, width=width)
        assert ran.code == 0, ran
        return ran.out


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a folder without a registry."""
    return Shell(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of the demo registry, made once; tests get copies."""
    path = tmp_path_factory.mktemp("demo") / "experiments.duckdb"
    demo.build(path).close()
    return path.read_bytes()


@pytest.fixture
def shell(empty: Shell, template: bytes) -> Shell:
    """A shell in a folder with the demo registry: 24 experiments, five of them tagged `baseline` or `control`."""
    put(empty.registry.path, template)
    return empty


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `experiments ARGS` as a process of its own."""

    def call(*args: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tui", *args],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "LANG": "C.UTF-8",
                **environment,
            },
            check=False,
            timeout=60,
        )

    return call
