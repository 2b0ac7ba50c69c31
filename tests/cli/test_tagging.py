"""`tag`, `untag`, `tags`."""

from __future__ import annotations

import csv
import io
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


def test_a_tag_with_a_comma_stands_in_quotes_as_in_csv(shell: Shell) -> None:
    for given in ('"k=5,10",plain', ' plain , "k=5,10" ', '"plain","k=5,10"'):
        shell.ok("tag", given, BASE)
        assert sorted(shell.registry.config(BASE).tags[-2:]) == ["k=5,10", "plain"]
        assert shell.ok("search", 'tag:"k=5,10"', "--ids") == f"{shell.registry.resolve(BASE)}\n"
        assert shell.ok("untag", given, BASE) == "untagged 1 experiment\n"
        assert not {"k=5,10", "plain"} & shell.registry.tags().keys()
    shell.ok("tag", '"say ""hi""",5" disk', BASE)
    assert shell.registry.config(BASE).tags[-2:] == ['say "hi"', '5" disk']


def test_what_a_list_shows_of_odd_tags_can_be_given_to_tag(shell: Shell) -> None:
    odd = ["a,b", 'say "hi"', " edge "]
    shell.registry.tag(BASE, odd)
    [_, row] = csv.reader(io.StringIO(shell.ok("search", 'tag:"a,b"', "--columns", "tags", "--format", "csv")))
    shell.ok("tag", row[0], VARIANT)
    assert set(shell.registry.config(BASE).tags) <= set(shell.registry.config(VARIANT).tags)
    for out in (shell.ok("show", BASE), shell.ok("search", 'tag:"a,b"', "--columns", "tags")):
        assert '"a,b", "say ""hi""", " edge "' in out


def test_a_list_of_tags_that_cannot_be_read(shell: Shell) -> None:
    for given in ("a,,b", "", '""', '"a,b', '"a"b', 'a,"b'):
        ran = shell("tag", given, BASE)
        assert ran.code == 2, given
        assert "tag" in ran.err.splitlines()[-1]
    assert shell.ok("variant", BASE, "hp.k=77", "--tag", '"a,b",c')
    assert shell.registry.config("latest").tags == ["a,b", "c"]


def test_renaming_to_a_tag_that_is_there_says_that_the_two_were_merged(shell: Shell) -> None:
    both = shell.registry.count("tag:baseline or tag:control")
    assert shell.ok("tags", "--rename", "control", "baseline") == (
        "merged control into baseline, which 4 experiments had before: 2 experiments had control,"
        f" {both} experiments have baseline now\n"
    )
    assert shell.registry.tags()["baseline"] == both
    [row] = json.loads(shell.ok("tags", "--rename", "baseline", "momentum", "--json"))
    assert row == {"old": "baseline", "new": "momentum", "experiments": both, "new_before": 2}
    assert "nothing was changed" in shell.ok("tags", "--rename", "momentum", "momentum")
