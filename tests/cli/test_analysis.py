"""The commands across many experiments, on the demo's registry with a few runs."""

from __future__ import annotations

import json
import re

import pytest

from registry import demo
from tests.analysis.test_ab import DAYS, config, noise, put
from tests.cli.conftest import Shell
from tests.search.runs import PERIOD, MadeRun, put_runs


@pytest.fixture
def evaluated(shell: Shell) -> Shell:
    """The demo, every experiment of it with a run."""
    registry = shell.registry
    with registry.store.write() as session:
        ids = [row[0] for row in session.rows("SELECT id FROM experiment ORDER BY id")]
        put_runs(
            session,
            [MadeRun(id_, {"edge": at / 1000, "sharpe": 1 - at / 100}) for at, id_ in enumerate(ids)],
            {1: "stocks"},
        )
    return shell


def test_each_of_them_as_people_and_programs_read_it(evaluated: Shell) -> None:
    count = evaluated.registry.count()
    out = evaluated("nearest", "latest", "-n", "2")
    assert (out.code, out.out.count("\n")) == (0, 3) and f"the nearest of {count - 1}" in out.err
    found = json.loads(evaluated.ok("nearest", "latest", "--better", "m.sharpe", "--json"))
    assert found["better"] == count - 1 and found["metrics_from"] == f"stocks {PERIOD}"
    out = evaluated("importance", "--metric", "m.edge")
    assert out.code == 0 and "w.SentimentScore" in out.out and "Spearman" in out.err and "metrics on stocks" in out.err
    assert json.loads(evaluated.ok("importance", "--metric", "edge", "--json"))["experiments"] == count
    assert "SentimentScore" in evaluated.ok("distribution")
    assert json.loads(evaluated.ok("distribution", "--filter", "tag:baseline", "--json"))[0]["count"] > 1
    out = evaluated("pareto", "m.edge", "m.sharpe")
    assert out.code == 0 and f"{count} of {count} with" in out.err and f"{count} configurations were tried" in out.err
    assert evaluated.ok("pareto", "m.edge", "m.sharpe", "--format", "csv").startswith("config_hash,m.edge,m.sharpe,")
    assert "HP.K" in evaluated.ok("group", "--by", "hp.k", "--metric", "m.edge")
    groups = json.loads(evaluated.ok("group", "--by", "k", "--metric", "m.edge", "--json"))["groups"]
    assert sum(each["experiments"] for each in groups) == count


def test_a_list_of_the_best_says_of_how_many(evaluated: Shell) -> None:
    said = f"metrics on stocks {PERIOD}, where {evaluated.registry.count()} configurations were tried"
    assert said in evaluated("list", "--sort", "-m.edge", "--limit", "3").err
    assert said in evaluated("search", "m.edge > 0").err
    assert said in evaluated("nearest", "latest", "--better", "m.sharpe").err
    assert said in evaluated("group", "--by", "hp.k", "--metric", "m.edge").err
    assert "were tried" not in evaluated("list").err
    assert evaluated.registry.search(sort="-m.edge", limit=3)[:2].tried == evaluated.registry.count()


def test_a_heat_map_of_the_best(evaluated: Shell) -> None:
    out = evaluated("compare", "--filter", "", "--top", "12", "--by", "m.edge", "--normalise", "--cluster")
    assert out.code == 0
    head = next(line for line in out.out.splitlines() if line.startswith("WEIGHTS"))
    assert head.split() == ["WEIGHTS", *map(str, range(1, 13)), "SPREAD"]
    line = next(line for line in out.out.splitlines() if line.startswith("SentimentScore"))
    assert set(line[len("SentimentScore") : head.index("SPREAD")]) <= set(" ▁▂▃▄▅▆▇█·0-")
    assert "\x1b" not in out.out
    assert "a full block is" in out.out
    assert f"12 of {evaluated.registry.count()} experiments; weights divided by their absolute sum" in out.err
    assert "configurations were tried" in out.err
    narrow = evaluated("compare", "--filter", "", "--by", "m.edge", terminal=True, width=60)
    assert narrow.out.count("WEIGHTS") > 1, "as many blocks as the width asks for"
    assert max(len(re.sub("\x1b.[0-9]+m", "", line)) for line in narrow.out.splitlines()) <= 60
    evaluated.monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in evaluated("compare", "--filter", "", terminal=True).out
    record = json.loads(evaluated.ok("compare", "--filter", "", "--top", "3", "--by", "m.sharpe", "--json"))
    assert record["by_values"] == sorted(record["by_values"], reverse=True)
    assert len(record["experiments"]) == 3
    assert evaluated.ok("compare", "--filter", "", "--top", "2", "--format", "csv").startswith("section,name,")
    assert "SPREAD" in evaluated.ok("compare", "--filter", "", "--top", "3", "--numbers")
    assert "a full block" in evaluated.ok("compare", "latest", demo.BASELINE, "--heat")
    assert evaluated("compare", "--filter", "features > 1000").code == 1
    assert evaluated("compare", "latest", demo.BASELINE, "--top", "3").code == 2
    assert evaluated("compare").code == 2


def test_nothing_and_nonsense(evaluated: Shell) -> None:
    for args, code in {
        ("nearest", "latest", "--better", "m.edge"): 1,
        ("nearest", "ffffffff"): 3,
        ("nearest", "latest", "--better", "w.x"): 2,
        ("importance", "--metric", "m.edje"): 2,
        ("distribution", "--filter", "features > 1000"): 1,
        ("pareto", "m.edge"): 2,
        ("group", "--by", "hp.nothing", "--metric", "m.edge"): 2,
    }.items():
        ran = evaluated(*args)
        assert (ran.code, ran.err.count("Traceback")) == (code, 0), (args, ran)


def test_a_control_and_candidates(empty: Shell) -> None:
    hashes = [put(empty.registry, number, noise(number, 1.5 * (number == 1))) for number in range(4)]
    out = empty("ab", hashes[0][:12], hashes[1][:12])
    assert out.code == 0 and "better" in out.out and "P OF THE BEST" in out.out
    assert "4 evaluated with the same options, 4 ever tried there" in out.err
    record = json.loads(empty.ok("ab", *(full[:12] for full in hashes), "--json"))
    assert record["candidates"][0]["verdict"] == "better"
    assert empty.ok("ab", *hashes[:3], "--format", "csv").startswith("config_hash,")
    screened = empty("ab", hashes[0], "-", "--screen", stdin="\n".join(hashes))
    assert screened.code == 0
    assert "P SCREENED" in screened.out
    assert hashes[0][:12] not in screened.out, "the control is no candidate"
    assert empty("ab", hashes[0], "-").code == 1
    unpaired = put(empty.registry, 7, noise(7), panel="elsewhere")
    refused = empty("ab", hashes[0], unpaired)
    assert refused.code == 6
    assert "cannot pair: they differ in panel: p against elsewhere" in refused.out
    assert empty("ab", hashes[0]).code == 2
    assert empty("ab", hashes[0], hashes[0]).code == 2
    assert empty("ab", hashes[0], "ffffffff").code == 3


def test_how_much_is_luck(empty: Shell) -> None:
    for number in range(4):
        values = noise(number, 0.3)
        empty.registry.record_run(
            config(number), metrics={"sharpe": 1.0, "edge": 0.1}, panel="p", period=PERIOD,
            dates={name: dict(zip(DAYS, map(float, values), strict=True)) for name in ("net_return", "edge")},
        )  # fmt: skip
    out = empty("overfitting")
    assert out.code == 0
    assert "4 configurations, 2 distinct rankings" in out.out
    assert "every configuration ever tried" in out.out
    assert "12,870 halvings" in out.out
    assert f"metrics on p {PERIOD}" in out.err
    record = json.loads(empty.ok("overfitting", "--metric", "edge", "--blocks", "10", "--json"))
    assert record["crossvalidated"]["splits"] == 252
    assert record["deflated"] == record["best"]["deflated"][0]["probability"] < 1
    assert empty.ok("overfitting", "--format", "csv").splitlines()[0].startswith("metric,metrics_from,configurations")
    assert empty("overfitting", "--metric", "icir").code == 2
    assert empty("overfitting", "--blocks", "3").code == 2
    assert empty("overfitting", "--filter", "features > 1000").code == 1
