"""Formats for programs: the same choices everywhere, and the same value under the same key."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import BASE, VARIANT, Shell


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ("hash,created,registered,deleted", ["config_hash", "created_at", "registered_at", "deleted_at"]),
        ("config_hash,created_at,registered", ["config_hash", "created_at", "registered_at"]),
        ("SentimentScore,k,walk.days", ["w.SentimentScore", "hp.k", "hp.walk.days"]),
        ("w.SentimentScore,hp.k,hp.walk.days", ["w.SentimentScore", "hp.k", "hp.walk.days"]),
        ("hash,config_hash,description", ["config_hash", "description"]),
    ],
)  # fmt: skip
def test_a_value_has_one_key_however_it_is_asked_for(shell: Shell, asked: str, keys: list[str]) -> None:
    assert list(json.loads(shell.ok("list", "--columns", asked, "--json"))[0]) == keys
    assert list(json.loads(shell.ok("list", "--columns", asked, "--format", "ndjson").splitlines()[0])) == keys
    assert shell.ok("list", "--columns", asked, "--format", "csv").splitlines()[0] == ",".join(keys)


def test_so_it_has_in_every_format_of_every_command(shell: Shell) -> None:
    keys = ["w.SentimentScore", "hp.k", "config_hash"]
    for command in (["search", "baseline"], ["list", "--filter", "baseline"], ["tag", "x", BASE]):
        asked = (*command, "--columns", "SentimentScore,k,hash")
        assert list(json.loads(shell.ok(*asked, "--json"))[0]) == keys
        assert list(json.loads(shell.ok(*asked, "--format", "ndjson").splitlines()[0])) == keys
        assert shell.ok(*asked, "--format", "csv").splitlines()[0] == ",".join(keys)


def test_the_usual_columns_asked_for_are_the_usual_columns(shell: Shell) -> None:
    usual = shell.ok("list", "--json")
    assert shell.ok("list", "--columns", "hash,created,description,tags,features", "--json") == usual


def test_compare_in_every_format(shell: Shell) -> None:
    found = shell.registry.compare_many([BASE, VARIANT])
    whole = json.loads(shell.ok("compare", BASE, VARIANT, "--json"))
    assert shell.ok("compare", BASE, VARIANT, "--format", "json") == shell.ok("compare", BASE, VARIANT, "--json")
    assert [row["name"] for row in whole["rows"]] == [row.name for row in found.differing]

    lines = [json.loads(line) for line in shell.ok("compare", BASE, VARIANT, "--format", "ndjson").splitlines()]
    assert [line["name"] for line in lines] == [row["name"] for row in whole["rows"]]
    assert lines[0]["values"] == dict(zip(found.hashes, whole["rows"][0]["values"], strict=True))

    table = rows(shell.ok("compare", BASE, VARIANT, "--format", "csv", "--all"))
    assert list(table[0]) == ["section", "name", BASE, VARIANT, "differs", "spread"]
    assert len(table) == len(found.rows)
    assert shell("compare", BASE, VARIANT, "--format", "csv", "--exit-code").code == 1
    assert shell("compare", BASE, VARIANT, "--json", "--format", "csv").code == 2


def test_what_is_absent_is_left_out_of_a_comparison_line(shell: Shell) -> None:
    with_more = shell.ok("variant", BASE, "hp.extra=null", "--ids").strip()
    [line] = shell.ok("compare", BASE, with_more, "--format", "ndjson").splitlines()
    assert json.loads(line)["values"] == {with_more: None}
    [row] = rows(shell.ok("compare", BASE, with_more, "--format", "csv"))
    assert row["name"] == "extra"


def test_show_in_every_format(shell: Shell) -> None:
    one = json.loads(shell.ok("show", BASE, "--format", "json"))
    assert one == json.loads(shell.ok("show", BASE, "--json"))
    assert [json.loads(line) for line in shell.ok("show", BASE, "--format", "ndjson").splitlines()] == [one]
    assert json.loads(shell.ok("show", BASE, VARIANT, "--json"))[0] == one
    [first, second] = rows(shell.ok("show", BASE, VARIANT, "--format", "csv"))
    assert first["config_hash"] == one["config_hash"]
    assert json.loads(first["feature_weights"]) == one["feature_weights"]
    assert (first["parent"], second["parent"]) == ("", shell.registry.config(VARIANT).parent)
