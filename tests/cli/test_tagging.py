"""`tag`, `untag`, `tags`."""

from __future__ import annotations

import json

from tests.cli.conftest import BASE, VARIANT, Shell


def test_tagging_by_hash(shell: Shell) -> None:
    assert shell.ok("tag", "one, two", BASE, VARIANT) == "tagged 2 experiments\n"
    assert shell.registry.config(BASE).tags[-2:] == ["one", "two"]
    assert shell.ok("tag", "one", BASE, "latest") == "tagged 1 experiment; 1 had it already\n"
    assert shell.ok("untag", "one,two", VARIANT, "aceb9aa8bd37") == "untagged 1 experiment; 1 did not have them\n"
    assert shell.registry.tags()["one"] == 2


def test_tagging_by_filter_and_in_order(shell: Shell) -> None:
    assert shell.ok("tag", "strong", "--filter", "SentimentScore >= 0.25") == "tagged 10 experiments\n"
    shell.ok("tag", "top", "--filter", "features > 0", "--sort", "-w.SentimentScore", "--limit", "2")
    top = json.loads(shell.ok("search", "tag:top", "--json", "--columns", "w.SentimentScore"))
    assert sorted(next(iter(row.values())) for row in top) == [0.28, 0.3]


def test_tagging_hashes_from_stdin(shell: Shell) -> None:
    ids = shell.ok("search", "tag:sweep-1", "--ids")
    assert shell.ok("tag", "seen", "-", stdin=ids) == "tagged 6 experiments\n"
    assert shell.registry.tags()["seen"] == 6
    assert shell("tag", "seen", "-", stdin="\n").code == 1


def test_what_was_tagged_can_be_piped_on(shell: Shell) -> None:
    ran = shell("tag", "x", BASE, "--ids")
    assert ran.out == f"{shell.registry.resolve(BASE)}\n"
    assert ran.err == "tagged 1 experiment\n"
    [row] = json.loads(shell.ok("tag", "y", BASE, "--json", "--columns", "tags,hash"))
    assert row["tags"][-2:] == ["x", "y"]


def test_tags_are_counted_and_renamed(shell: Shell) -> None:
    counts = {row["tag"]: row["experiments"] for row in json.loads(shell.ok("tags", "--json"))}
    assert counts == shell.registry.tags()
    assert shell.ok("tags", "--rename", "sweep-1", "sweep-2026") == "renamed sweep-1 to sweep-2026 on 6 experiments\n"
    assert shell.ok("tags", "--format", "csv").splitlines()[0] == "tag,experiments"
    assert "sweep-1" not in shell.registry.tags()
    assert shell.registry.tags()["sweep-2026"] == 6
