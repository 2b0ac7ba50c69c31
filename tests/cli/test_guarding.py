"""`guard`: exit codes for cron, a line for people, all of it as JSON, and the file that follows goes back too."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.aliases.panels import ALIKE, BAD, GOOD, write_panel
from tests.cli.conftest import Ran, Shell


@pytest.fixture
def guarded(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Production went from good to bad, and a panel holds two months since."""
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(empty.folder / "settings"))
    write_panel(empty.folder / "live.csv", date(2024, 3, 1))
    registry = empty.registry
    for config in (GOOD, ALIKE, BAD):
        registry.register(config)
    registry.promote(str(GOOD.config_hash), "production", write=str(empty.folder / "w.json"))
    registry.promote(str(BAD.config_hash), "production")
    return empty


def guard(shell: Shell, *more: str, since: str = "2024-03-01") -> Ran:
    return shell("guard", "production", "--data", "live.csv", "--metric", "m.edge", "--since", since, *more)


def test_exit_codes(guarded: Shell) -> None:
    ran = guard(guarded)
    assert ran.code == 1 and ran.lines[0] == "production v2: regressed"
    assert "against v1" in ran.lines[1] and "on live 2024-03-01..2024-04-29" in ran.lines[1]
    assert ran.lines[2].startswith("  edge -") and ran.lines[2].endswith("n 58: worse")
    assert guard(guarded, "--drop", "5").code == 0
    ran = guard(guarded, since="2024-04-20")
    assert ran.code == 6 and "at least 12 more rebalance dates needed (12 panel dates)" in ran.out
    assert guard(guarded, "--no-test", since="2024-04-20").code == 1
    assert "12 panel dates" not in guard(guarded, "--horizons", "9", "--k", "3").out  # hyperparameters come first
    ran = guarded("guard", "production", "--data", "live.csv", "--metric", "m.edge")
    assert ran.code == 6 and "from 20" in ran.out  # promoted today, long after the panel
    assert guarded("guard", "staging", "--data", "live.csv", "--metric", "m.edge").code == 3
    assert guarded("guard", "production", "--data", "live.csv", "--metric", "sharpe").code == 2
    assert guarded("guard", "production", "--data", "nowhere.csv", "--metric", "edge").code == 2


def test_it_rolls_back_once_and_the_file_goes_along(guarded: Shell) -> None:
    ran = guard(guarded, "--rollback", "--json")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert (
        found["outcome"] == "regressed"
        and found["moved"]["to_version"] == 1
        and found["moved"]["why"].startswith("guard: edge")
    )
    assert json.loads((guarded.folder / "w.json").read_text())["config_hash"] == str(GOOD.config_hash)
    assert "guard: edge" in guarded.ok("history", "production")
    ran = guard(guarded, "--rollback")  # v1 is in force: nothing lies before it, which is no mistake of a cron job's
    assert ran.code == 6 and "v1, its first: there is nothing before it" in ran.out and not ran.err
    ran = guard(guarded, "--against", str(BAD.config_hash), "--json")
    assert ran.code == 0 and json.loads(ran.out)["verdict"]["verdict"] == "better"


def test_a_file_changed_by_hand_keeps_it_where_it_is(guarded: Shell) -> None:
    (guarded.folder / "w.json").write_text("{}")
    ran = guard(guarded, "--rollback")
    assert ran.code == 2 and "was changed since" in ran.err
    assert guarded.registry.resolve("production") == BAD.config_hash
