"""What commands load: each only what it needs, in real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.prepared import put
from tui.cli import COMMANDS

ROOT = Path(__file__).parents[2]
APP = {"textual", "rich"}
ENGINE = {"duckdb", "_duckdb", "lark", "pandas", "pyarrow", "numpy", "sqlite3", "asyncio", "scipy"}

ONE_AFTER_ANOTHER = """
import sys
from tui.cli import run
for words in {commands!r}:
    code = run(words)
    print(code, *words, sep="\\t", file=sys.stderr)
    loaded = {{name.split(".")[0] for name in sys.modules}} & {unwanted!r}
    assert not loaded, (words, loaded)
"""


def loads_nothing_of(commands: list[list[str]], unwanted: set[str], folder: Path) -> dict[str, int]:
    """Run commands in one fresh process, in which none may load what is unwanted; return their codes."""
    ran = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_ANOTHER.format(commands=commands, unwanted=unwanted)],
        cwd=folder, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    lines = [line.split("\t") for line in ran.stderr.splitlines() if line[:1].isdigit() and "\t" in line]
    return {" ".join(words): int(code) for code, *words in lines}


def test_help_loads_neither_engine_nor_app(tmp_path: Path) -> None:
    commands = [
        ["--help"],
        ["--version"],
        *([name, "--help"] for name in COMMANDS),
        ["nonsense"],
        ["list", "--nonsense"],
    ]
    codes = loads_nothing_of(commands, APP | ENGINE, tmp_path)
    assert list(codes.values()) == [0] * (2 + len(COMMANDS)) + [2, 2]


COMPUTING = {"backtest", "try", "demo", "guard", "ab", "importance", "overfitting", "pareto", "report", "serve"}
"""Commands that compute with numpy."""

ASKING = {"push", "pull"}
"""Commands that talk to a tracker, by its library."""


def test_no_headless_command_loads_the_app_and_most_load_no_frames(template: bytes, tmp_path: Path) -> None:
    put(tmp_path / "experiments.duckdb", template)
    base = "c38d377c38a4"
    commands = [
        ["list"], ["list", "--json"], ["search", "baseline"], ["show", base], ["compare", base, "latest"],
        ["tags"], ["log"], ["sql", "SELECT 1"], ["variant", base, "k=3"], ["tag", "x", base], ["untag", "x", base],
        ["describe", base, "x"], ["note", base, "x"], ["export", base, "one.json"], ["import", "one.json"],
        ["delete", base, "--force"], ["trash"], ["restore", base], ["delete", base, "--force"],
        ["purge", base, "--force"], ["info"], ["verify"], ["backup", "b.duckdb"], ["merge", "b.duckdb"], ["runs"],
        ["metrics"],
        ["promote", "latest", "production"], ["sweep", "latest", "--vary", "hp.k=7,8"],
        ["record", "latest", "run.json"],
        ["promote", "latest", "production"], ["history", "production"],
        ["aliases"], ["rollback", "production", "--yes"], ["lineage", "latest"], ["nearest", "latest"],
        ["distribution"], ["group", "--by", "hp.k", "--metric", "edge"], ["completion", "bash"], ["doctor"],
    ]  # fmt: skip
    (tmp_path / "run.json").write_text('{"metrics": {"edge": 0.1}, "panel": "p", "period": "2020-01-01..2020-12-31"}')
    assert set(COMMANDS) - {words[0] for words in commands} == COMPUTING | ASKING
    frames = {"pandas", "pyarrow", "sqlite3"}
    codes = loads_nothing_of(commands[:-1], APP | frames | {"numpy"}, tmp_path)
    # the doctor tells the version of sqlite
    codes |= loads_nothing_of(commands[-1:], APP | {"pandas", "pyarrow", "numpy"}, tmp_path)
    codes |= loads_nothing_of([["pareto", "edge", "edge"], ["report", "latest", "-o", "-"]], APP | frames, tmp_path)
    assert set(codes.values()) == {0}
