"""The rules about imports: which way the arrows point, and what small commands must not pay for."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@cache
def imported(file: Path) -> set[str]:
    """Return the top-level names of every module a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("file", sources("registry"), ids=lambda file: str(file.relative_to(ROOT)))
def test_the_core_knows_no_terminal(file: Path) -> None:
    assert not imported(file) & {"tui", "textual", "rich", "click"}


@pytest.mark.parametrize("file", sources("registry") + sources("tui"), ids=lambda file: str(file.relative_to(ROOT)))
def test_only_the_store_opens_duckdb(file: Path) -> None:
    assert "duckdb" not in imported(file) or file.is_relative_to(ROOT / "registry" / "store")


@pytest.mark.parametrize("file", sources("tui"), ids=lambda file: str(file.relative_to(ROOT)))
def test_textual_stays_in_the_app(file: Path) -> None:
    headless = file.is_relative_to(ROOT / "tui" / "cli") or file.name in ("__main__.py", "__init__.py", "safe.py")
    assert not headless or "textual" not in imported(file)


def loaded_by(code: str, tmp_path: Path) -> set[str]:
    """Return the top-level modules a fresh interpreter has loaded after `code`."""
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    )  # fmt: skip
    return set(printed.stdout.split("\n")[-2].split())


RUN = """
from tui.__main__ import main
import sys
sys.argv = ["experiments", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert end.code in (0, 1, None), end.code
"""


def test_importing_the_package_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = {"duckdb", "_duckdb", "lark", "asyncio", "textual", "rich", "click", "sqlite3", "pandas", "pyarrow"}
    assert not loaded_by("from registry import ExperimentConfig; ExperimentConfig([], {})", tmp_path) & heavy


def test_a_worker_that_registers_never_loads_the_engine(tmp_path: Path) -> None:
    code = (
        "from registry import *; import os\n"
        "r = ExperimentRegistry('x.duckdb'); r.register(ExperimentConfig(['a'], {'a': 1}))"
    )
    assert not loaded_by(code, tmp_path) & {"duckdb", "_duckdb", "lark"}


# the other commands, all of them, are run in tests/cli/test_start.py
@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["search", "tag:x"]])
def test_a_headless_command_never_loads_textual(arguments: list[str], tmp_path: Path) -> None:
    loaded = loaded_by(RUN.format(arguments=arguments), tmp_path)
    assert "click" in loaded
    assert not loaded & {"textual", "pandas", "pyarrow"}
    if "--help" in arguments:
        assert not loaded & {"duckdb", "_duckdb", "lark", "rich"}
