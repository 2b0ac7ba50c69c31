"""The exit codes that scripts rely on, one test a rule. See `tui.cli.errors` for the table."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import BASE, VARIANT, Shell

Process = Callable[..., subprocess.CompletedProcess[str]]


def test_0_fine(shell: Shell) -> None:
    for args in (["list"], ["show", BASE], ["search", "baseline"], ["compare", BASE, VARIANT], ["verify"], ["tags"]):
        assert shell(*args).code == 0, args


def test_1_nothing_matched(shell: Shell) -> None:
    for args in (
        ["search", "nowhere-to-be-found"],
        ["tag", "x", "--filter", "nowhere-to-be-found"],
        ["untag", "x", "--filter", "nowhere-to-be-found"],
        ["delete", "--force", "--filter", "nowhere-to-be-found"],
        ["purge", "--force", "--filter", "features >= 0"],
        ["export", "--filter", "nowhere-to-be-found", "out.ndjson"],
    ):
        ran = shell(*args)
        assert ran.code == 1, (args, ran)
        assert "match" in ran.err
    assert not (shell.folder / "out.ndjson").exists()


def test_list_with_a_filter_that_matches_nothing_is_0(shell: Shell) -> None:
    assert shell("list", "--filter", "nowhere-to-be-found").code == 0


def test_1_differs(shell: Shell) -> None:
    assert shell("compare", BASE, VARIANT, "--exit-code").code == 1
    assert shell("compare", BASE, BASE, "--exit-code").code == 0
    assert shell("compare", BASE, VARIANT).code == 0


def test_1_altered(shell: Shell) -> None:
    with shell.registry.store.write() as session:
        session.run(
            "UPDATE store.experiment SET feature_weights = replace(feature_weights, '0.15', '0.16')"
            f" WHERE starts_with(config_hash, '{BASE}')"
        )
    ran = shell("verify")
    assert ran.code == 1
    assert BASE in ran.out


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["list", "--nonsense"],
        ["list", "--limit", "many"],
        ["list", "--json", "--format", "csv"],
        ["list", "--ids", "--json"],
        ["list", "--columns", "nonsense"],
        ["list", "--sort", "nonsense"],
        ["show"],
        ["compare", BASE],
        ["search", "w.SentimentScore >"],
        ["search", "SentimentScor > 0.2"],
        ["tag", "x"],
        ["tag", "x", BASE, "--filter", "baseline"],
        ["tag", " , ", BASE],
        ["show", ""],
        ["delete", "--filter", " ", "--force"],
        ["variant", BASE],
        ["variant", BASE, "Nothing=1"],
        ["variant", BASE, "SentimentScore=high"],
        ["sql", "SELEC 1"],
        ["sql", "SELECT 1", "-o", "file.xyz"],
        ["note", BASE, " "],
        ["log", "--since", "yesterday-ish"],
        ["import", "not-there.json"],
        ["--db", "", "list"],
        ["--wait", "-1", "list"],
    ],
    ids=" ".join,
)
def test_2_usage_and_bad_input(shell: Shell, args: list[str]) -> None:
    ran = shell(*args)
    assert ran.code == 2, ran
    assert "Traceback" not in ran.err
    assert "rror" in ran.err or "refused" in ran.err


def test_2_refused_for_safety(shell: Shell) -> None:
    (shell.folder / "there.json").write_text("mine")
    (shell.folder / "there.csv").write_text("mine")
    shell.ok("backup", "b.duckdb")
    for args in (
        ["delete", BASE],
        ["export", BASE, "there.json"],
        ["export", "--filter", "baseline", "there.json"],
        ["sql", "SELECT 1", "-o", "there.csv"],
        ["backup", "there.json"],
        ["backup", "--restore", "b.duckdb"],
        ["merge", "experiments.duckdb"],
    ):
        assert shell(*args).code == 2, args
    assert (shell.folder / "there.json").read_text() == "mine"
    assert (shell.folder / "there.csv").read_text() == "mine"
    assert shell.registry.count() == 24
    shell.ok("delete", BASE, "--force")
    assert shell("purge", BASE).code == 2
    assert shell.registry.count(trashed=True) == 1


def test_2_answered_no(shell: Shell) -> None:
    for answer in ("n\n", "\n", "", "what?\n"):
        ran = shell("delete", BASE, stdin=answer, terminal=True)
        assert ran.code == 2
        assert "[y/N]" in ran.err
    assert shell.registry.count() == 24
    assert shell("delete", BASE, stdin="y\n", terminal=True).code == 0
    assert shell.registry.count() == 23


@pytest.mark.parametrize(
    "args",
    [
        ["show", "ffff00"],
        ["compare", BASE, "ffff00"],
        ["compare", BASE, "--against", "ffff00"],
        ["delete", "ffff00", "--force"],
        ["restore", BASE],
        ["purge", BASE],
        ["purge", BASE, "--force"],
        ["tag", "x", "ffff00"],
        ["untag", "x", "ffff00"],
        ["describe", "ffff00", "x"],
        ["note", "ffff00", "x"],
        ["variant", "ffff00", "k=5"],
        ["export", "ffff00", "out.json"],
        ["log", "ffff00"],
        ["tags", "--rename", "no-such-tag", "x"],
        ["show", "c"],
    ],
    ids=" ".join,
)
def test_3_not_found_or_ambiguous(shell: Shell, args: list[str]) -> None:
    ran = shell(*args)
    assert ran.code == 3, ran
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1


def test_3_one_missing_among_several_changes_nothing(shell: Shell) -> None:
    assert shell("delete", BASE, "ffff00", VARIANT, "--force").code == 3
    assert shell("tag", "x", BASE, "ffff00").code == 3
    assert shell.registry.count() == 24
    assert "x" not in shell.registry.tags()


def test_4_the_registry_cannot_be_used(empty: Shell) -> None:
    folder = empty.folder
    (folder / "text.duckdb").write_text("this is no database, only some text that is long enough to look at")
    (folder / "folder.duckdb").mkdir()
    (folder / "old.sqlite").write_bytes(b"SQLite format 3\x00" + b"\x00" * 100)
    for name in ("text.duckdb", "folder.duckdb", "old.sqlite"):
        for args in (["list"], ["search", "x"], ["tag", "x", "abc"], ["info"]):
            ran = empty("--db", name, *args)
            assert ran.code == 4, (name, args, ran)
            assert name in ran.err


def test_4_a_database_that_is_not_there_is_no_empty_registry(empty: Shell) -> None:
    for args in (
        ["list"], ["search", "x"], ["show", "abc"], ["info"], ["trash"], ["tags"], ["log"], ["verify"],
        ["compare", "a", "b"], ["sql", "SELECT 1"], ["backup", "b.duckdb"], ["export", "abc", "x.json"],
        ["delete", "abc", "--force"], ["tag", "x", "abc"],
    ):  # fmt: skip
        ran = empty("--db", "typo.duckdb", *args)
        assert ran.code == 4, (args, ran)
        assert "typo.duckdb" in ran.err
    assert list(empty.folder.iterdir()) == []


def test_with_no_registry_yet_looking_is_kind_and_nothing_is_made(empty: Shell) -> None:
    for args in (["list"], ["info"], ["trash"], ["tags"], ["log"], ["verify"], ["list", "--json"]):
        ran = empty(*args)
        assert ran.code == 0, (args, ran)
        assert "no registry yet" in ran.err
        assert str(empty.folder) in ran.err
    assert empty("list", "--json").out == "[]\n"
    for args in (["search", "x"], ["tag", "x", "--filter", "x"], ["delete", "--filter", "x", "--force"]):
        assert empty(*args).code == 1, args
    for args in (
        ["show", "abc"], ["compare", "a", "b"], ["delete", "abc", "--force"], ["restore", "abc"], ["purge", "abc"],
        ["tag", "x", "abc"], ["untag", "x", "abc"], ["describe", "abc", "x"], ["note", "abc", "x"],
        ["variant", "abc", "k=1"], ["export", "abc", "x.json"], ["log", "abc"], ["show", "latest"],
    ):  # fmt: skip
        ran = empty(*args)
        assert ran.code == 3, (args, ran)
    assert list(empty.folder.iterdir()) == []


def test_5_partly_done(empty: Shell, shell: Shell) -> None:
    good = shell.ok("show", BASE, "--json")
    record = shell.registry.config(BASE).to_json()
    assert BASE in good
    (shell.folder / "good.json").write_text(record)
    (shell.folder / "bad.json").write_text("{}")
    assert shell("import", "good.json", "bad.json").code == 5
    assert shell("import", "bad.json").code == 2
    assert shell("import", "good.json", "bad.json", "--atomic").code == 2


def test_70_internal_error_is_one_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry.experiments import ExperimentRegistry

    def broken(self: ExperimentRegistry) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(ExperimentRegistry, "tags", broken)
    ran = shell("tags")
    assert ran.code == 70
    assert ran.err == "Error: internal error: ZeroDivisionError: oops; set EXPERIMENTS_DEBUG=1 to see where\n"
    monkeypatch.setenv("EXPERIMENTS_DEBUG", "1")
    ran = shell("tags")
    assert ran.code == 70
    assert "Traceback" in ran.err
    assert "in broken" in ran.err


def test_the_app_needs_a_terminal(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = shell()
    assert ran.code == 2
    assert "experiments list" in ran.err
    monkeypatch.setenv("TERM", "dumb")
    assert shell(terminal=True).code == 2


def test_the_app_does_not_open_on_a_typing_mistake(empty: Shell) -> None:
    ran = empty("--db", "typo.duckdb", terminal=True)
    assert ran.code == 4
    assert "typo.duckdb" in ran.err
    (empty.folder / "experiments.duckdb").write_text("something else, but long enough to be looked at")
    assert empty(terminal=True).code == 4


# -- real processes --------------------------------------------------------------------------------------


def start(folder: Path, *args: str, **streams: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tui", *args],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **streams,  # type: ignore[call-overload]
    )


def test_a_closed_pipe_ends_quietly(shell: Shell) -> None:
    for closed in (False, True):
        reading, writing = os.pipe()
        if closed:
            os.close(reading)
        running = subprocess.Popen(
            [sys.executable, "-m", "tui", "sql", "SELECT repeat('x', 100) FROM range(20000)", "--format", "csv"],
            cwd=shell.folder,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(writing)
        if not closed:
            assert os.read(reading, 10)
            os.close(reading)
        _, err = running.communicate(timeout=30)
        assert (running.returncode, err) == (0, "")


def test_130_interrupted(shell: Shell) -> None:
    running = start(shell.folder, "import", "-", stdin=subprocess.PIPE)
    try:
        assert running.stdin is not None
        running.stdin.write("{")
        running.stdin.flush()
        deadline = time.monotonic() + 30
        while _unread(running.stdin.fileno()) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        assert running.stderr is not None
        assert running.stderr.read() == "Error: interrupted\n"
    finally:
        running.kill()
        running.communicate()


def test_130_interrupted_while_the_engine_works(shell: Shell) -> None:
    running = start(shell.folder, "sql", "SELECT count(*) FROM range(100000000000) t(a) WHERE a % 7 = 1")
    try:
        deadline = time.monotonic() + 30
        while _cpu_seconds(running.pid) < 1.0 and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        assert running.stderr is not None
        assert running.stderr.read() == "Error: interrupted\n"
    finally:
        running.kill()
        running.communicate()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _unread(pipe: int) -> int:
    """Return how many bytes of a pipe nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_the_codes_reach_the_shell(process: Process) -> None:
    assert process("list").returncode == 0
    assert process("search", "x").returncode == 1
    assert process().returncode == 2
    assert process("show", "abc").returncode == 3
    assert process("--db", "nope.duckdb", "list").returncode == 4
