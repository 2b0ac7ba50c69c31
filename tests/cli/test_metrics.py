"""Metrics of runs on the command line, and the panel and period they are read on."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import BASE, VARIANT, Shell
from tests.search.runs import PERIOD, MadeRun, put_runs

ON = f"metrics on eu stocks {PERIOD}"


@pytest.fixture
def evaluated(shell: Shell) -> Shell:
    """The demo with a run of the baseline, two of the variant, and one of another experiment on another panel."""
    registry = shell.registry
    base_hash, variant_hash = registry.resolve(BASE), registry.resolve(VARIANT)
    with registry.store.write() as session:
        by_hash = dict(session.rows("SELECT config_hash, id FROM experiment"))
        base, variant = by_hash.pop(base_hash), by_hash.pop(variant_hash)
        put_runs(
            session,
            [
                MadeRun(base, {"precision_at_k": 0.536, "base_rate": 0.53, "edge": 0.006}, [{"edge": 0.1}]),
                MadeRun(variant, {"edge": 0.5}),
                MadeRun(variant, {"precision_at_k": 0.553, "base_rate": 0.53, "edge": 0.023}, [{"edge": -0.1}]),
                MadeRun(min(by_hash.values()), {"edge": 0.9}, panel_id=2),
            ],
            {1: "eu stocks", 2: "us"},
        )
    return shell


def test_columns_and_order(evaluated: Shell) -> None:
    ran = evaluated(
        "list", "--columns", "hash,m.edge,min(m.edge),runs", "--sort", "-m.edge", "--panel", "eu stocks", "--limit", "2"
    )
    assert ran.code == 0
    assert [line.split() for line in ran.lines] == [
        ["HASH", "m.edge", "min(m.edge)", "RUNS"],
        [VARIANT, "0.0230", "-0.1000", "2"],
        [BASE, "0.0060", "0.1000", "1"],
    ]
    assert ON in ran.err
    ran = evaluated("list", "--columns", "hash,m.edge", "--filter", "panel:us", "--json")
    assert [row["m.edge"] for row in json.loads(ran.out)] == [0.9]
    assert ran.err == f"metrics on us {PERIOD}\n"


def test_several_panels_are_a_question_back(evaluated: Shell) -> None:
    for command in (
        ("list", "--sort", "m.edge"),
        ("search", "m.edge > 0"),
        ("list", "--columns", "m.edge"),
        ("tag", "good", "--filter", "m.edge > 0"),
        ("export", "--filter", "m.edge > 0", "all.ndjson"),
    ):
        ran = evaluated(*command)
        assert ran.code == 2 and ran.out == ""
        assert f"choose one: --panel 'eu stocks' --period {PERIOD} (2 experiments), --panel us --period" in ran.err
    assert evaluated.registry.count("tag:good") == 0


def test_a_filter_chooses_experiments_by_metric(evaluated: Shell) -> None:
    chosen = ("--panel", "eu stocks", "--period", PERIOD)
    assert evaluated("search", "m.edge > 0.01", "--ids", *chosen).lines == [evaluated.registry.resolve(VARIANT)]
    ran = evaluated("tag", "good", "--filter", "m.edge > 0.01", "--columns", "hash,m.edge", *chosen)
    assert ran.code == 0 and "0.0230" in ran.out and ON in ran.err
    assert evaluated.registry.matching("tag:good") == [evaluated.registry.resolve(VARIANT)]
    ran = evaluated("search", "m.edge > 0.5", *chosen)
    assert (ran.code, ran.out) == (1, "") and f"nothing matches m.edge > 0.5 ({ON})" in ran.err
    for wrong in (("--panel", "eu"), ("--period", "2010"), ("--period", "2000-01-01..2001-01-01")):
        assert evaluated("list", *wrong).code == 2


def test_compare_shows_metrics_of_one_panel_and_period(evaluated: Shell) -> None:
    ran = evaluated("compare", BASE, VARIANT)
    assert [line.split() for line in ran.out.split("\n\nMetrics")[1].splitlines()[1:]] == [
        ["m.precision_at_k", "0.536", "(base", "0.53)", "0.553", "(base", "0.53)", "+0.017,", "higher", "wanted"],
        ["m.edge", "0.006", "0.023", "+0.017,", "higher", "wanted"],
    ]
    assert not re.search("better|worse", evaluated.ok("compare", BASE, VARIANT, "--against", VARIANT) + ran.err)
    assert f"{ON}; their differences are not tested" in ran.err
    record = json.loads(evaluated.ok("compare", BASE, VARIANT, "--json"))
    assert record["metrics_from"] == f"eu stocks {PERIOD}" and record["metrics"]["m.edge"]["direction"] == "higher"
    assert evaluated("compare", BASE, VARIANT, "--panel", "nowhere").code == 2
    ran = evaluated("compare", BASE, VARIANT, "--panel", "us")
    assert "Metrics" not in ran.out and "none of them has a run on that panel and period" in ran.err


def test_metrics_of_runs_made_differently_are_said_to_be(evaluated: Shell) -> None:
    registry = evaluated.registry
    with registry.store.write() as session:
        ids = dict(session.rows("SELECT config_hash, id FROM experiment"))
        runs = [
            MadeRun(ids[registry.resolve(BASE)], {"edge": 0.1}, panel_id=3, options={"k": 5, "horizons": [7, 14]}),
            MadeRun(ids[registry.resolve(VARIANT)], {"edge": 0.2}, panel_id=3, options={"k": 9, "horizons": [7, 14]}),
            MadeRun(ids[registry.resolve(VARIANT)], {"edge": 0.2}, panel_id=3, options={"k": 10, "horizons": [7]}),
        ]
        put_runs(session, runs, {3: "mixed"})
    chosen = ("--columns", "hash,m.edge", "--panel", "mixed")
    said = "the runs were made with different options: horizons, k\n"
    assert evaluated("list", *chosen).err.endswith(said)
    ran = evaluated("search", "m.edge > 0.05", *chosen, "--json")
    assert ran.err.endswith(said)
    assert {(row["metrics_from"], row["metrics_note"]) for row in json.loads(ran.out)} == {
        (f"mixed {PERIOD}", said.rstrip())
    }
    assert said in evaluated("tag", "t", "--filter", "m.edge > 0.05", "--panel", "mixed").err
    alone = evaluated("search", "m.edge > 0.15", *chosen)
    assert alone.code == 0 and "different" not in alone.err  # only one of them matches
    found = registry.search(columns="hash,m.edge", panel="mixed")
    assert found.metrics_note == said.rstrip() == found[:1].metrics_note
    assert "different options" in found._repr_html_()
    assert registry.search(columns="hash", panel="mixed").metrics_note is None
    assert registry.search(columns="hash,m.edge", panel="us").metrics_note is None
