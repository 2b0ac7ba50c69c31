"""`export`: what is written imports as the same experiments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry import ExperimentConfig
from tests.cli.conftest import BASE, VARIANT, Shell


def test_one_to_a_file(shell: Shell) -> None:
    assert shell.ok("export", BASE, "one.json") == "wrote 1 experiment to one.json\n"
    text = (shell.folder / "one.json").read_text()
    assert text.strip() == shell.registry.config(BASE).to_json()
    assert shell("export", VARIANT, "one.json").code == 2
    assert (shell.folder / "one.json").read_text() == text
    shell.ok("export", VARIANT, "one.json", "--force")
    assert ExperimentConfig.from_json((shell.folder / "one.json").read_text()) == shell.registry.config(VARIANT)


@pytest.mark.parametrize("target", ["all.json", "all.ndjson", "all.csv", "all.parquet", "folder"])
def test_a_round_trip_gives_the_same_hashes(shell: Shell, target: str) -> None:
    assert "wrote 24 experiments" in shell.ok("export", "--filter", "", target)
    assert shell.ok("--db", "other.duckdb", "import", target) == "24 new\n"
    listing = ["list", "--json", "--columns", "hash,created,description,tags,parent", "--sort", "hash"]
    assert shell.ok("--db", "other.duckdb", *listing) == shell.ok(*listing)


def test_stdout(shell: Shell) -> None:
    assert shell.ok("export", BASE, "-").strip() == shell.registry.config(BASE).to_json()
    lines = shell.ok("export", "--filter", "tag:sweep-1", "--sort", "created", "--limit", "2", "-").splitlines()
    assert [json.loads(line)["description"][:24] for line in lines] == [
        "Sweep 1: sentiment 0.10,",
        "Sweep 1: sentiment 0.15,",
    ]
    assert len(json.loads(shell.ok("export", "--filter", "tag:sweep-1", "--json", "-"))) == 6
    piped = shell.ok("export", BASE, VARIANT, "-")
    assert shell.ok("--db", "other.duckdb", "import", "-", stdin=piped) == "2 new\n"


def test_hashes_from_stdin(shell: Shell) -> None:
    ids = shell.ok("search", "tag:control", "--ids")
    assert shell.ok("export", "-", "controls.json", stdin=ids) == "wrote 2 experiments to controls.json\n"
    ran = shell("export", "-", "controls.ndjson", "--ids", stdin=ids)
    assert ran.out == ids


def test_a_folder_gets_a_file_for_each(shell: Shell) -> None:
    shell.ok("export", "--filter", "tag:baseline", "configs")
    files = sorted(path.name for path in Path("configs").iterdir())
    assert files == sorted(f"{full[:12]}.json" for full in shell.ok("search", "tag:baseline", "--ids").split())
    assert shell("export", "--filter", "tag:baseline", "configs").code == 2


@pytest.mark.parametrize(
    "args",
    [
        [BASE],
        ["--filter", "baseline"],
        [BASE, "x.json", "--filter", "baseline"],
        [BASE, "-", "--ids"],
        [BASE, "no/such/x.json"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_2(shell: Shell, args: list[str]) -> None:
    assert shell("export", *args).code == 2


def test_long_tables_are_tables(shell: Shell) -> None:
    assert "wrote 24 experiments" in shell.ok("export", "--filter", "", "--long", "all.csv")
    assert (shell.folder / "all.csv").read_text().startswith("config_hash,kind,name,value\n")
    assert shell.ok("--db", "other.duckdb", "import", "all.csv") == "24 new\n"
    for args in (["--long", "x.json"], ["--runs", "x.csv"], ["--aliases", "x.parquet"]):
        assert shell("export", BASE, *args).code == 2
