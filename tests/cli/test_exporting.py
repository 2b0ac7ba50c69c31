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


def test_metrics_become_columns_of_a_table(shell: Shell) -> None:
    base, variant = (shell.registry.config(each) for each in (BASE, VARIANT))
    for config, panel in ((base, "p"), (variant, "p"), (variant, "q")):
        shell.registry.record_run(
            config, metrics={"edge": 0.1, "sharpe": 0.5}, panel=panel, period="2020-01-01..2020-12-31"
        )
    wanted = ["export", BASE, VARIANT, "t.csv", "--metrics"]
    refused = shell(*wanted, "m.edge")
    assert refused.code == 2 and "--panel p" in refused.err and not Path("t.csv").exists()
    ran = shell(*wanted, "m.edge", "--panel", "p")
    assert ran.code == 0 and "metrics on p 2020-01-01..2020-12-31" in ran.err
    assert Path("t.csv").read_text().splitlines()[0].endswith("metrics_from,m.edge")
    shell.ok(*wanted, "all", "--panel", "p", "--force")
    assert Path("t.csv").read_text().splitlines()[0].endswith("metrics_from,m.edge,m.sharpe")
    assert "mean nothing here" not in shell.ok("--db", "other.duckdb", "import", "t.csv")
    assert "unknown metric" in shell(*wanted, "m.egde", "--panel", "p", "--force").err
    assert "no metric" in shell(*wanted, "w.a", "--panel", "p", "--force").err
    assert "end FILE in .csv" in shell("export", BASE, "t.ndjson", "--metrics", "all").err
