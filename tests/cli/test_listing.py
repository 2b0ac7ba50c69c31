"""`list` and `search`: the same rows in every format, under the same flags."""

from __future__ import annotations

import csv
import io
import json

import pytest

from registry import ExperimentConfig
from tests.cli.conftest import BASE, Shell


def test_the_table_in_a_pipe_is_aligned_plain_and_whole(shell: Shell) -> None:
    out = shell.ok("list", width=40)
    head, *rows = out.splitlines()
    assert head.split() == ["HASH", "CREATED", "DESCRIPTION", "TAGS", "FEATURES"]
    assert len(rows) == 24
    assert "\t" not in out
    assert "\x1b" not in out
    assert "…" not in out
    at = head.index("DESCRIPTION")
    assert all(row[at - 2 : at] == "  " and row[at] != " " for row in rows)
    assert rows[-1].split()[0] == BASE


def test_newest_first_and_the_order_can_be_chosen(shell: Shell) -> None:
    created = [row["created_at"] for row in json.loads(shell.ok("list", "--json"))]
    assert created == sorted(created, reverse=True)
    created = [row["created_at"] for row in json.loads(shell.ok("list", "--json", "--sort", "created"))]
    assert created == sorted(created)


def test_sorting_by_a_weight(shell: Shell) -> None:
    out = shell.ok("list", "--sort", "-w.SentimentScore", "--columns", "hash,w.SentimentScore", "--limit", "3")
    assert [line.split()[1] for line in out.splitlines()[1:]] == ["0.3000", "0.2800", "0.2500"]


def test_every_format_says_the_same(shell: Shell) -> None:
    flags = ["--filter", "tag:baseline", "--sort", "created", "--limit", "2", "--columns", "hash,tags,w.SentimentScore"]
    as_json = json.loads(shell.ok("list", *flags, "--json"))
    assert json.loads(shell.ok("list", *flags, "--format", "json")) == as_json
    assert [json.loads(line) for line in shell.ok("list", *flags, "--format", "ndjson").splitlines()] == as_json
    rows = list(csv.DictReader(io.StringIO(shell.ok("list", *flags, "--format", "csv"))))
    assert [list(row) for row in rows] == [list(row) for row in as_json]
    assert [row["tags"] for row in rows] == [",".join(row["tags"]) for row in as_json]
    ids = shell.ok("list", "--filter", "tag:baseline", "--sort", "created", "--limit", "2", "--ids").splitlines()
    assert [next(iter(row.values())) for row in as_json] == ids
    assert all(len(full) == 64 for full in ids)
    table = shell.ok("list", *flags).splitlines()
    assert [line.split()[0] for line in table[1:]] == [full[:12] for full in ids]


def test_how_many_are_not_shown_is_always_said(shell: Shell) -> None:
    for extra in ([], ["--json"], ["--ids"], ["--format", "csv"]):
        ran = shell("list", "--limit", "5", *extra)
        assert "19 not shown" in ran.err
    assert shell("list").err == ""
    assert shell("list", "--limit", "0").err == ""


def test_a_terminal_gets_a_hundred_and_a_pipe_everything(empty: Shell) -> None:
    for n in range(105):
        empty.registry.register(ExperimentConfig(["a"], {"a": n / 100}))
    ran = empty("list", terminal=True)
    assert len(ran.lines) == 101
    assert "105 experiments; 5 not shown" in ran.err
    assert len(empty("list", "--limit", "0", terminal=True).lines) == 106
    assert len(empty("list").lines) == 106
    assert len(json.loads(empty("list", "--json", terminal=True).out)) == 105


def test_the_documented_search_finds_a_tag(shell: Shell) -> None:
    out = shell.ok("search", "baseline", "--json")
    found = json.loads(out)
    assert {"baseline"} <= set(found[-1]["tags"])
    tagged = json.loads(shell.ok("list", "--filter", "tag:baseline", "--json"))
    assert {row["config_hash"] for row in tagged} <= {row["config_hash"] for row in found}


def test_several_words_are_one_filter(shell: Shell) -> None:
    one = shell.ok("search", "SentimentScore > 0.2 and tag:sweep-1", "--ids")
    assert shell.ok("search", "SentimentScore", ">", "0.2", "and", "tag:sweep-1", "--ids") == one
    assert shell.ok("search", "SentimentScore > 0.2", "tag:sweep-1", "--ids") == one
    assert len(one.splitlines()) == 3


def test_an_argument_may_start_with_a_dash(shell: Shell) -> None:
    everything = set(shell.ok("list", "--ids").splitlines())
    tagged = set(shell.ok("search", "tag:baseline", "--ids").splitlines())
    assert set(shell.ok("search", "-tag:baseline", "--ids").splitlines()) == everything - tagged
    assert set(shell.ok("search", "--ids", "-tag:baseline").splitlines()) == everything - tagged
    assert set(shell.ok("search", "--ids", "--", "-tag:baseline").splitlines()) == everything - tagged
    both = shell.ok("search", "w.SentimentScore > 0", "-tag:baseline", "--sort", "-created", "--ids")
    assert both == shell.ok("search", "w.SentimentScore > 0 and not tag:baseline", "--ids")
    assert shell.ok("search", "w.SentimentScore > 0", "--ids", "--", "-tag:baseline") == both
    assert set(shell.ok("list", "--filter", "-tag:baseline", "--ids").splitlines()) == everything - tagged


@pytest.mark.parametrize(
    ("filter_", "under"),
    [
        ("SentimentScor > 0.2", "S"),
        ("tag:baseline and w.SentimentScore >> 1", ">"),
        ("naïve 日本 and Nonsense = 2", "N"),
    ],
)
def test_a_bad_filter_is_shown_with_a_caret_under_the_place(shell: Shell, filter_: str, under: str) -> None:
    ran = shell("search", filter_)
    assert ran.code == 2
    message, text, caret = ran.err.splitlines()
    assert message.startswith("Error: ")
    assert text == f"  {filter_}"
    assert caret.strip() == "^"
    cells = "".join(character * (2 if character > "\u3000" else 1) for character in text)
    assert cells[caret.index("^")] == under


def test_a_filter_with_control_characters_is_shown_safely(shell: Shell) -> None:
    ran = shell("search", "\x1b]0;title\x07 = = 2")
    assert ran.code == 2
    assert "\x1b" not in ran.err


def test_nothing_found_is_an_empty_list_for_programs(shell: Shell) -> None:
    ran = shell("search", "nowhere-to-be-found", "--json")
    assert (ran.code, json.loads(ran.out)) == (1, [])
    ran = shell("search", "nowhere-to-be-found")
    assert (ran.code, ran.out) == (1, "")
    assert "nothing matches nowhere-to-be-found" in ran.err


def test_a_terminal_is_told_how_many_match(shell: Shell) -> None:
    assert "4 of 24 experiments match" in shell("search", "tag:baseline", terminal=True).err


def test_the_nearest_registry_is_used(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (shell.folder / ".git").mkdir()
    below = shell.folder / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert len(shell.ok("list", "--ids").splitlines()) == 24
    monkeypatch.setenv("EXPERIMENTS_DB", str(shell.folder / "other.duckdb"))
    assert shell.ok("list", "--ids") == ""
    assert len(shell.ok("--db", str(shell.folder / "experiments.duckdb"), "list", "--ids").splitlines()) == 24


def test_a_search_that_finds_nothing_says_what_may_be_meant(shell: Shell) -> None:
    done = shell("search", "tag:baselin")
    assert done.code == 1
    assert "did you mean tag:baseline?" in done.err
