"""`doctor` on the command line: what it writes, how it ends, and what it says of the terminal and the settings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from registry.checkup import Finding
from tests.cli.conftest import Shell
from tui.surroundings import surroundings

Process = Callable[..., "subprocess.CompletedProcess[str]"]


def of(name: str, environment: Mapping[str, str]) -> Finding:
    (found,) = [each for each in surroundings(environment) if each.name == name]
    return found


def test_it_says_how_everything_is(shell: Shell) -> None:
    out = shell.ok("doctor")
    for name in ("versions", "registry", "rights", "lock", "content", "spool", "disk", "terminal", "settings"):
        assert f" {name}: " in out
    assert "24 experiments" in out
    assert "found in the working folder" in out
    assert "everything is in order" in out or "warning" in out.splitlines()[-1]


def test_the_forms_for_programs(shell: Shell) -> None:
    found = json.loads(shell.ok("doctor", "--format", "json"))
    assert found["ok"]
    assert found["path"] == str(shell.registry.path)
    assert {"name", "state", "what", "advice", "facts"} == found["findings"][0].keys()
    assert json.loads(shell.ok("doctor", "--json"))["ok"]
    assert len(shell.ok("doctor", "--format", "ndjson").splitlines()) == len(found["findings"])
    assert shell.ok("doctor", "--format", "csv").startswith("name,state,what,advice,facts\n")


def test_the_exit_code_is_1_when_there_is_a_problem(shell: Shell) -> None:
    shell.registry.path.write_bytes(b"\0" * 8 + b"DUCK" + b"\xff" * 9000)
    ran = shell("doctor")
    assert ran.code == 1
    assert ran.err == ""
    assert ran.lines[-1].startswith("1 problem")
    assert any(line.startswith("problem  content: ") for line in ran.lines)
    ran = shell("doctor", "--json")
    assert ran.code == 1
    assert not json.loads(ran.out)["ok"]


def test_a_missing_registry_is_no_problem(empty: Shell) -> None:
    before = sorted(empty.folder.iterdir())
    assert "not there yet" in empty.ok("doctor")
    assert "warning  registry: " in empty.ok("--db", "none.duckdb", "doctor")
    assert sorted(empty.folder.iterdir()) == before


def test_names_act_on_nothing(empty: Shell) -> None:
    out = empty.ok("--db", "\x1b]0;title\x07.duckdb", "doctor")
    assert "\x1b" not in out
    assert "\\x1b]0;title" in out


def test_as_a_process_of_its_own(process: Process, tmp_path: Path) -> None:
    ran = process("doctor", EXPERIMENTS_CONFIG_HOME=str(tmp_path / "none"), EXPERIMENTS_DB=str(tmp_path / "my.duckdb"))
    assert ran.returncode == 0, ran
    assert "named by EXPERIMENTS_DB" in ran.stdout
    ran = process("doctor", EXPERIMENTS_DB="~nobody-of-that-name/x.duckdb")
    assert ran.returncode == 1
    assert "can't be told" in ran.stdout
    assert ran.stderr == ""


# -- the terminal ----------------------------------------------------------------------------------


def test_a_terminal(shell: Shell) -> None:
    def terminal(width: int, **environment: str) -> dict[str, str]:
        with shell.monkeypatch.context() as patch:
            for name in ("TERM", "TMUX", "STY", "SSH_CONNECTION", "MOSH_CONNECTION"):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            found = json.loads(shell("doctor", "--json", terminal=True, width=width).out)["findings"]
        one: dict[str, str] = next(each for each in found if each["name"] == "terminal")
        return one

    assert terminal(120, TERM="xterm-256color", LINES="40")["state"] == "ok"
    assert terminal(120, TERM="dumb")["state"] == "warning"
    assert terminal(120)["state"] == "warning"
    within = terminal(120, TERM="tmux-256color", TMUX="/tmp/x,1,0", SSH_CONNECTION="a 1 b 2")
    assert within["state"] == "ok"
    assert "inside tmux and ssh" in within["what"]
    assert terminal(120, TERM="xterm-256color", TMUX="/tmp/x,1,0")["state"] == "warning"
    assert "too small" in terminal(30, TERM="xterm")["what"]
    assert "not a terminal" in shell.ok("doctor")


def test_colours() -> None:
    assert "16 million" in of("colours", {"TERM": "xterm", "COLORTERM": "truecolor"}).what
    assert "256" in of("colours", {"TERM": "xterm-256color"}).what
    assert "16 or fewer" in of("colours", {"TERM": "xterm"}).what
    assert "NO_COLOR" in of("colours", {"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}).what


def test_text_that_is_not_utf_8(process: Process) -> None:
    ran = process("doctor", "--json", LANG="C", LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    (found,) = [each for each in json.loads(ran.stdout)["findings"] if each["name"] == "text"]
    assert found["state"] == "warning"
    assert "UTF-8" in found["advice"]


def test_the_clipboard() -> None:
    assert "set-clipboard" in of("clipboard", {"TMUX": "x"}).advice
    assert of("clipboard", {"STY": "x"}).state == "warning"
    assert of("clipboard", {"TERM_PROGRAM": "Apple_Terminal"}).state == "warning"
    assert of("clipboard", {"VTE_VERSION": "7000"}).state == "warning"
    assert of("clipboard", {"TERM_PROGRAM": "WezTerm"}).state == "ok"


def test_settings_that_cant_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(tmp_path))
    assert of("settings", {}).state == "ok"
    (tmp_path / "settings.toml").write_text('theme = 3\n[keys]\n"no.action" = "x"\n')
    found = of("settings", {})
    assert found.state == "problem"
    assert "no.action" in found.what
    (tmp_path / "settings.toml").write_text("not toml at all [")
    assert of("settings", {}).state == "problem"
    (tmp_path / "settings.toml").unlink()
    (tmp_path / "memory.json").write_text("{")
    assert of("memory of the app", {}).state == "warning"
    from registry import alias_files

    (tmp_path / alias_files.SETTINGS).write_text("[]")
    assert of("settings of aliases", {}).state == "problem"
