"""`promote`, `rollback`, `history`, `aliases`: numbered versions, asked for before they go back, files that follow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import BASE, VARIANT, Shell


@pytest.fixture
def moved(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A registry whose production went from the baseline to the variant, followed by a file."""
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(shell.folder / "settings"))
    shell.ok("promote", BASE, "production", "-m", "first", "--write", "live.json")
    shell.ok("promote", VARIANT, "production", "-m", "more sentiment")
    return shell


def held(shell: Shell, name: str = "live.json") -> str:
    return str(json.loads((shell.folder / name).read_text())["config_hash"])[:12]


def test_promoting_says_what_changes(moved: Shell) -> None:
    out = moved.ok("promote", "latest", "staging")
    assert out.startswith("staging v1: ")
    out = moved.ok("promote", BASE, "production", "-m", "back by hand")
    assert out.splitlines()[0] == f"production v3: {VARIANT} -> {BASE}"
    assert "  SentimentScore: 0.2500 → 0.1500" in out
    assert out.splitlines()[-1] == f"written to {moved.folder / 'live.json'}"
    assert moved.ok("promote", BASE, "production").startswith(f"production is {BASE} already, v3")


def test_a_rollback_is_shown_in_a_dozen_narrow_lines_and_asked_for(moved: Shell) -> None:
    ran = moved("rollback", "production", "-m", "edge fell", stdin="y\n", terminal=True)
    assert ran.code == 0, ran
    asked = ran.err.splitlines()
    assert len(asked) <= 12 and all(len(line) <= 40 for line in asked)
    assert asked[0] == "production: v2 -> v1"
    assert asked[1].startswith(f"from {VARIANT}  20") and asked[2].endswith(": more sentiment")
    assert asked[3].startswith(f"to   {BASE}  20") and asked[4].endswith(": first")
    assert asked[5].startswith("file …") and asked[5].endswith("live.json")
    assert any(line.split() == ["SentimentScore", "0.25", "->", "0.15"] for line in asked)
    assert asked[-1] == "Roll back? [y/N] "
    assert held(moved) == BASE
    assert moved.registry.history("production")[-1].why == "edge fell"


def test_nothing_is_rolled_back_unasked(moved: Shell) -> None:
    ran = moved("rollback", "production")
    assert (ran.code, ran.out) == (2, "") and "--yes" in ran.err
    ran = moved("rollback", "production", stdin="n\n", terminal=True)
    assert ran.code == 2 and "answered no" in ran.err
    assert held(moved) == VARIANT and len(moved.registry.history("production")) == 2


def test_back_by_a_script(moved: Shell) -> None:
    out = moved.ok("rollback", "production", "--yes")
    assert out.splitlines()[0] == f"production v3: back from v2 {VARIANT} to v1 {BASE}"
    ran = moved("rollback", "production", "--yes")
    assert ran.code == 3 and "at v1, its first" in ran.err
    moved.ok("promote", VARIANT, "production")
    made = json.loads(moved.ok("rollback", "production", "--to", BASE[:6], "--yes", "--json"))
    assert (made["version"], made["kind"], made["to_version"]) == (5, "rollback", 1)
    assert moved("rollback", "production", "--to", "v4", "--yes").code == 2  # forth
    assert moved("rollback", "prodction", "--yes").code == 3


def test_the_history(moved: Shell) -> None:
    moved.ok("rollback", "production", "--yes", "-m", "edge \x1b[31mfell")
    lines = moved.ok("history", "production").splitlines()
    assert [line.split()[0] for line in lines] == ["VERSION", "*v1", "v2", "v3"]
    assert "back to v1" in lines[3] and "edge \\x1b[31mfell" in lines[3]
    found = json.loads(moved.ok("history", "production", "--json"))
    assert [row["version"] for row in found] == [1, 2, 3]
    assert found == [move.to_dict() for move in moved.registry.history("production")]
    assert moved.ok("history", "production", "--format", "csv").splitlines()[0].startswith("alias,version,kind,")
    assert "rolled-back" in moved.ok("log", "--limit", "1") and "back to version 1" in moved.ok("log", "--limit", "1")


def test_weights_side_by_side(moved: Shell) -> None:
    moved.ok("rollback", "production", "--yes")
    lines = moved.ok("history", "production", "--weights").splitlines()
    assert lines[0].split() == ["FEATURE", "*v1", "v2"]
    assert ["SentimentScore", "0.1500", "0.2500"] in [line.split() for line in lines]
    found = json.loads(moved.ok("history", "production", "--weights", "--json"))
    assert found["weights"]["SentimentScore"] == [0.15, 0.25] and found["in_force"] == 1
    narrow = moved("history", "production", "--weights", terminal=True, width=32)
    assert "1 earlier version not shown" in narrow.err and "v2" in narrow.out
    moved.ok("promote", "latest", "production")
    moved.ok("delete", VARIANT, "--force")
    moved.ok("purge", VARIANT, "--force")
    found = json.loads(moved.ok("history", "production", "--weights", "--json"))
    assert found["gone"] == [2] and found["weights"]["SentimentScore"][1] is None


def test_aliases_and_their_files(moved: Shell) -> None:
    moved.ok("promote", BASE, "staging")
    lines = moved.ok("aliases").splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [["production", "v2", VARIANT], ["staging", "v1", BASE]]
    assert str(moved.folder / "live.json") in lines[1]
    assert moved("aliases", "--check").code == 0
    (moved.folder / "live.json").write_text("{}")
    ran = moved("aliases", "--check")
    assert ran.code == 1 and "(changed)" in ran.out and "was changed by hand" in ran.err
    assert [row["file_state"] for row in json.loads(moved("aliases", "--check", "--json").out)] == ["changed", None]
    ran = moved("promote", BASE, "production")
    assert ran.code == 2 and "--force" in ran.err
    assert moved("rollback", "production", "--yes").code == 2
    assert moved.registry.resolve("production")[:12] == VARIANT
    moved.ok("rollback", "production", "--yes", "--force")
    assert held(moved) == BASE
    (moved.folder / "live.json").unlink()
    assert "(missing)" in moved("aliases", "--check").out
    assert moved("promote", BASE, "production", "--write", "a.json", "--no-write").code == 2
    moved.ok("promote", BASE, "production", "--no-write")
    assert moved("aliases", "--check").code == 0


def test_broken_settings(moved: Shell) -> None:
    (moved.folder / "settings" / "alias_files.json").write_text("?")
    ran = moved("aliases")
    assert ran.code == 0 and "production" in ran.out and "repair it" in ran.err
    assert moved("aliases", "--check").code == 2
    assert moved("promote", BASE, "production").code == 2


def test_what_has_an_alias_is_kept(moved: Shell) -> None:
    ran = moved("delete", VARIANT, "--force")
    assert ran.code == 2 and "is production" in ran.err
    ran = moved("promote", BASE, "beef")
    assert ran.code == 2 and "looks like a hash" in ran.err


def test_where_there_are_none(shell: Shell, empty: Shell, tmp_path: Path) -> None:
    ran = shell("aliases")
    assert (ran.code, ran.out) == (0, "") and "experiments promote HASH ALIAS" in ran.err
    assert shell("history", "production").code == 3
    assert json.loads(shell.ok("aliases", "--json")) == []
