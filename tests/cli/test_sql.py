"""`sql`: questions, answers in every format, files, and nothing but reading."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.cli.conftest import BASE, Shell


def test_a_table_shows_values_whole_and_columns_as_named(shell: Shell) -> None:
    full = shell.registry.resolve(BASE)
    out = shell.ok("sql", f"SELECT config_hash, 0.25 AS Quarter FROM experiments WHERE config_hash = '{full}'")
    assert [line.split() for line in out.splitlines()] == [["config_hash", "Quarter"], [full, "0.25"]]


def test_formats(shell: Shell) -> None:
    query = "SELECT tag, count(*) AS n FROM experiment_tags GROUP BY tag HAVING n > 5 ORDER BY tag"
    rows = [{"tag": "gemscore", "n": 22}, {"tag": "sweep-1", "n": 6}]
    assert json.loads(shell.ok("sql", query, "--json")) == rows
    assert [json.loads(line) for line in shell.ok("sql", query, "--format", "ndjson").splitlines()] == rows
    assert shell.ok("sql", query, "--format", "csv") == "tag,n\ngemscore,22\nsweep-1,6\n"
    assert shell.ok("sql", "-", "--format", "csv", stdin=query) == "tag,n\ngemscore,22\nsweep-1,6\n"


def test_comments_are_no_options(shell: Shell) -> None:
    assert shell.ok("sql", "-- how many\nSELECT 1 AS n", "--format", "csv") == "n\n1\n"


@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson", "parquet"])
def test_files(shell: Shell, suffix: str) -> None:
    file = shell.folder / f"out.{suffix}"
    query = "SELECT feature, weight FROM weights WHERE feature = 'mom 1' ORDER BY weight"
    ran = shell("sql", query, "-o", file.name)
    assert (ran.code, ran.out) == (0, ""), ran
    assert "wrote 2 rows" in ran.err
    if suffix == "parquet":
        assert duckdb.sql(f"SELECT * FROM read_parquet('{file}')").fetchall() == [("mom 1", -0.1)] * 2
    elif suffix == "json":
        assert json.loads(file.read_text()) == [{"feature": "mom 1", "weight": -0.1}] * 2
    else:
        assert len(file.read_text().splitlines()) == (3 if suffix == "csv" else 2)
    before = file.read_bytes()
    assert shell("sql", "SELECT 1 AS other", "-o", file.name).code == 2
    assert file.read_bytes() == before
    assert shell("sql", "SELECT 1 AS other", "-o", file.name, "--force").code == 0
    assert file.read_bytes() != before
    assert sorted(path.name for path in shell.folder.iterdir() if "tmp" in path.name) == []


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM store.experiment",
        "UPDATE store.tag SET tag = 'x'",
        "CREATE TABLE t (a INTEGER)",
        "COPY experiments TO 'stolen.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH 'other.duckdb'",
        "SELECT 1; DROP TABLE store.tag",
    ],
)
def test_it_can_only_read_and_only_the_registry(shell: Shell, query: str) -> None:
    before = shell.ok("list", "--json")
    ran = shell("sql", query)
    assert ran.code == 2, ran
    assert shell.ok("list", "--json") == before
    assert {path.name for path in shell.folder.iterdir() if path.suffix in (".csv", ".duckdb")} == {
        "experiments.duckdb"
    }


def test_a_mistake_shows_its_place(shell: Shell) -> None:
    ran = shell("sql", "SELECT nothing FROM experiments")
    assert ran.code == 2
    assert ran.err.startswith("Error: ")
    assert "^" in ran.err


@pytest.mark.parametrize("query", ["SELECT 1; SELECT 2", "SELECT ';'; -- two\nFROM tags", "FROM weights; DROP TABLE x"])
def test_one_statement_at_a_time(shell: Shell, query: str) -> None:
    ran = shell("sql", query)
    assert (ran.code, ran.out, ran.err) == (2, "", "Error: a query is one statement; ask one at a time\n")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS n;",
        "SELECT 1 AS n; -- the end;",
        ";;SELECT 1 AS n;;",
        "PIVOT (SELECT 1 AS g, 'n' AS k, 1 AS v) ON k USING sum(v)",
        "SELECT n FROM (PIVOT (SELECT 'n' AS k, 1 AS v) ON k USING sum(v))",
    ],
)
def test_what_is_one_statement_however_it_is_written(shell: Shell, query: str) -> None:
    [row] = json.loads(shell.ok("sql", query, "--json"))
    assert row["n"] == 1


def test_a_file_that_is_there_is_refused_with_the_option_that_replaces_it(shell: Shell) -> None:
    shell.ok("sql", "SELECT 1 AS n", "-o", "n.csv")
    for name in ("n.csv", "n.parquet"):
        shell.ok("sql", "SELECT 1 AS n", "-o", name, "--force")
        ran = shell("sql", "SELECT 2 AS n", "-o", name)
        assert ran.code == 2
        assert ran.err.endswith("(--force)\n")
