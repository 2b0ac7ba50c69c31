"""`log`: what happened when."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.cli.conftest import BASE, Shell


def test_one_event_a_line_oldest_first(shell: Shell) -> None:
    shell.ok("tag", "x", BASE)
    shell.ok("describe", BASE, "new words")
    shell.ok("tags", "--rename", "x", "y")
    shell.ok("note", BASE, "thoughts")
    shell.ok("delete", BASE, "--force")
    rows = [line.split() for line in shell.ok("log").splitlines()]
    assert rows[0] == ["WHEN", "WHAT", "HASH"]
    assert [row[2] for row in rows[-5:]] == ["tagged", "described", "renamed-tag", "noted", "deleted"]
    assert " ".join(rows[-4][4:]) == "GemScore baseline: the eight weights as shipped → new words"
    assert rows[-3][4:] == ["x", "→", "y"]
    assert [row[0] + row[1] for row in rows[1:]] == sorted(row[0] + row[1] for row in rows[1:])


def test_one_experiment_the_last_few_and_since(shell: Shell) -> None:
    shell.ok("tag", "x", BASE)
    mine = json.loads(shell.ok("log", BASE, "--json"))
    assert [event["kind"] for event in mine] == ["registered", "noted", "tagged"]
    assert mine[-1]["detail"] == {"tags": ["x"]}
    assert len(shell.ok("log", "--limit", "2", "--format", "ndjson").splitlines()) == 2
    everything = shell.ok("log", "--json")
    assert shell.ok("log", "--json", "--since", "1h") == everything
    assert shell.ok("log", "--json", "--since", "7d") == everything
    assert shell.ok("log", "--json", "--since", "2020-01-01") == everything
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert json.loads(shell.ok("log", "--json", "--since", tomorrow.isoformat())) == []
    assert "nothing happened" in shell("log", "--since", f"{tomorrow:%Y-%m-%d}").err


def test_a_new_description_is_told_with_the_old_one_both_shortened(shell: Shell) -> None:
    shell.ok("describe", BASE, "x" * 300)
    shell.ok("describe", BASE, "")
    first, second = shell.ok("log", BASE).splitlines()[-2:]
    assert first.endswith(f"  GemScore baseline: the eight weights as shipped → {'x' * 59}…")
    assert second.endswith(f"  {'x' * 59}… → (none)")
    last = json.loads(shell.ok("log", BASE, "--format", "ndjson").splitlines()[-1])
    assert last["detail"] == {"old": "x" * 300, "new": ""}


def test_only_what_has_a_text(shell: Shell) -> None:
    shell.ok("tag", "100%_[b]", BASE)
    shell.ok("tag", "other", BASE)
    for text in ("%_", "[B]", "100%_[b]"):
        assert [event["detail"] for event in json.loads(shell.ok("log", "--text", text, "--json"))] == [
            {"tags": ["100%_[b]"]}
        ]
    assert {event["kind"] for event in json.loads(shell.ok("log", "--text", "TAGGED", "--json"))} == {"tagged"}
    assert len(json.loads(shell.ok("log", "--text", BASE[:9], "--json"))) == 4
    ran = shell("log", "--text", "no such")
    assert (ran.code, ran.err) == (0, "nothing that happened has the text no such\n")
