"""Metrics of runs in filters, columns and orders, and the one panel and period they are read on."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry, FilterError
from registry.errors import AmbiguousPanelError
from registry.search import compile_filter
from tests.prepared import prepared
from tests.search.conftest import BASE, BIG, EVERYONE, HIGH, Library
from tests.search.runs import LAST, PERIOD, MadeRun, put_runs

SP500 = f"sp500_20 {PERIOD}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m.edge > 0", "base"),
        ("m.edge = 0.017", "base"),  # the latest run, not 0.5 of an earlier one
        ("m.edge = 0.5", ""),
        ("m.edge != 0.017", "high"),
        ("not m.edge = 0.017", "high text big bare"),
        ("m.edge in (0.017, -0.01)", "base high"),
        ("m.edge not in (0.017, 1)", "high text big bare"),
        ("m.edge is present", "base high"),
        ("m.edge is absent", "text big bare"),
        ("m.turnover < 10", "base high"),
        ('m."precision@14" > 0.5', "high"),
        ("m.only_there > 0", ""),  # on another panel
        ("m.only_there is absent", " ".join(sorted(EVERYONE))),
        ('m."my loss" is absent', " ".join(sorted(EVERYONE))),  # defined, in no run yet
        ("min(m.edge) < 0", "base"),
        ("max(m.edge) = 1", "high"),
        ("mean( m.edge ) > 0.16", "base high"),
        ("std(m.edge) > 0", "base"),  # of one window there is none
        ("std(m.edge) is absent", "high text big bare"),
        ("std(m.turnover) is absent", " ".join(sorted(EVERYONE))),  # beyond what a double can hold
        ("-min(m.precision_at_k) >= 0.5", "text big bare"),
        ('min(m."in windows") = 2', "high"),
        ("mean(m.precision_at_k) = 0.5625", "base"),  # of the windows that have it
        ("runs >= 2", "base"),
        ("runs = 0", "text bare"),
        ("runs != 1", "base text bare"),
        ("runs in (0, 3)", "base text bare"),
        ("runs < 1e999", None),
        ("not runs > 0", "text bare"),
        ("panel:sp500_20", "base high big"),
        ('panel:"crypto 1"', "base"),
        ("panel is absent", "text bare"),
        ("panel is present", "base high big"),
        ("m.edge > 0 or m.sharpe > 1", "base big"),
    ],
)
def test_metrics_in_filters(library: Library, text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(FilterError):
            library.find(text)
        return
    assert library.find(text) == set(expected.split())
    assert library.find(f"not ({text})") == EVERYONE - set(expected.split())


def test_the_filter_says_which_panel(library: Library) -> None:
    assert library.find('panel:"crypto 1" m.edge > 0.5') == {"base"}
    assert library.find('panel:"crypto 1" and m.only_there = 1') == {"base"}
    assert library.registry.search('panel:"crypto 1" m.edge > 0.5').metrics_from == f"crypto 1 {PERIOD}"
    # not every match has a run on it, so it is no choice
    assert library.find('panel:"crypto 1" or m.edge > 0.5') == {"base"}
    assert library.registry.search('-panel:"crypto 1" m.edge < 0').metrics_from == SP500


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("panel:sp500", 'unknown panel "sp500" at character 7; did you mean panel:sp500_20?'),
        ("panel:zzz", 'unknown panel "zzz" at character 7; no run is on one of that name'),
        ('panel:"crypto 2"', 'did you mean panel:"crypto 1"?'),
        ("panel:sp500_20#2", 'unknown panel "sp500_20#2"'),
        ("m.xyzzy > 1", 'unknown metric "xyzzy" at character 1; no run has it'),
        ("m.precision_at > 1", "did you mean m.precision_at_k?"),
        ("median(m.edge) > 1", '"median" is not asked of windows at character 1; there are min, max, mean, std'),
        ("min(m.edge)", "a comparison is missing"),
        ("min(edge) > 0.5", "did you mean min(m.edge)?"),
        ("m.edge", '"m.edge" without a comparison'),
        ("m. > 1", '"m." names no metric'),
    ],
)
def test_what_is_refused(library: Library, text: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        library.find(text)
    assert message in str(caught.value)


def test_columns_and_orders(library: Library) -> None:
    found = library.registry.search(
        sort="-m.edge,hash", columns='hash,m.edge,max(m.edge),m."precision@14",runs', limit=3
    )
    assert found.columns == ["config_hash", "m.edge", "max(m.edge)", "m.precision@14", "runs"]
    assert [row[1:] for row in found.rows] == [
        (0.017, 0.5, None, 3),
        (-0.01, 1.0, 1.0, 1),
        (None, None, None, found.rows[2][4]),
    ]
    assert found.metrics_from == SP500 and found[:2].metrics_from == SP500
    upwards = library.registry.search(sort="m.edge", columns="m.edge").rows
    assert [row[0] for row in upwards] == [-0.01, 0.017, None, None, None], "absent ones come last both ways"
    assert library.registry.matching(sort="-runs,hash", limit=1) == [BASE.config_hash]
    assert library.registry.matching(sort="-max(m.edge)", limit=2) == [HIGH.config_hash, BASE.config_hash]
    with pytest.raises(FilterError, match=r"did you mean m\.edge"):
        library.registry.search(columns="m.egde")
    with pytest.raises(FilterError, match="did you mean max"):
        library.registry.search(sort="-max(m.egde)")


def test_a_question_without_metrics_reads_none(library: Library) -> None:
    assert library.registry.search("runs > 0", columns="runs").metrics_from is None
    assert library.registry.browse("tag:baseline").metrics_from is None


def test_a_page_carries_chosen_metrics(library: Library) -> None:
    found = library.registry.browse("m.turnover > 0", "-m.edge")
    assert found.metrics_from == SP500 and found.basis is not None
    assert (found.basis.panel, found.basis.period) == ("sp500_20", PERIOD)
    rows = library.registry.page(
        found.ids, ["m.edge", "min(m.edge)"], panel=found.basis.panel, period=found.basis.period
    )
    assert [(row.config_hash, row.metrics) for row in rows] == [
        (BASE.config_hash, {"m.edge": 0.017, "min(m.edge)": -0.25}),
        (HIGH.config_hash, {"m.edge": -0.01, "min(m.edge)": 1.0}),
        (BIG.config_hash, {}),
    ]
    assert [row.metrics for row in library.registry.page(found.ids)] == [{}, {}, {}]
    assert library.registry.page(found.ids[:1], ["m.edge"], panel="crypto 1")[0].metrics == {"m.edge": 0.9}
    assert library.registry.page([], ["m.edge"]) == []
    with pytest.raises(FilterError, match="is no metric"):
        library.registry.page(found.ids, ["w.Momentum"])


def test_names_count_runs(library: Library) -> None:
    names = library.registry.names()
    assert names.metrics["edge"] == 4 and names.metrics["only_there"] == 1
    assert names.panels == {"sp500_20": 4, "crypto 1": 1}


def test_without_runs_metrics_are_absent(empty: Library) -> None:
    assert empty.find("m.anything > 0 or panel:nowhere or runs > 0") == set()
    empty.registry.search("m.x is absent", sort="-m.y", columns="m.z", panel="p", period=PERIOD)
    assert empty.registry.metric_bases() == []


# -- which panel and period ------------------------------------------------------------------------------


def make_mixed(registry: ExperimentRegistry) -> None:
    """Five experiments: two latest runs on one panel, one on it over another period, two on panels of one name."""
    for number in range(5):
        registry.register(
            ExperimentConfig(
                ["a"], {"a": number / 10}, tags=[f"is-{number}"], created_at=f"2024-01-0{number + 1}T00:00:00+00:00"
            )
        )
    registry.sync()
    with registry.store.write() as session:
        put_runs(
            session,
            [
                MadeRun(1, {"edge": 0.1}, panel_id=2),
                MadeRun(1, {"edge": 0.2}),
                MadeRun(2, {"edge": 0.3}),
                MadeRun(3, {"edge": 0.4}),
                MadeRun(3, {"edge": 0.5}, end="2020-12-31"),
                MadeRun(4, {"edge": 0.6}, panel_id=2),
                MadeRun(5, {"edge": 0.7}, panel_id=3),
            ],
            {1: "us stocks", 2: "eu", 3: "eu"},
        )


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[ExperimentRegistry]:
    registry = prepared(tmp_path / "experiments.duckdb", make_mixed)
    with registry.store.read():  # every question is asked in this session
        yield registry


def edges(registry: ExperimentRegistry, filter: str = "", **chosen: str) -> dict[str, float]:
    found = registry.search(filter, columns="tags,m.edge", **chosen)  # type: ignore[arg-type]
    return {tags[0]: value for tags, value in found.rows if value is not None}


def test_several_are_never_mixed(mixed: ExperimentRegistry) -> None:
    choices = (
        f"the latest runs are on different panels or periods; choose one: --panel 'us stocks' --period {PERIOD}"
        f" (2 experiments), --panel 'eu#3' --period {PERIOD} (1 experiment), --panel 'eu#2' --period {PERIOD}"
        " (1 experiment), --panel 'us stocks' --period 2010-01-04..2020-12-31 (1 experiment)"
    )
    for ask in (
        lambda: mixed.search("m.edge > 0"),
        lambda: mixed.search(sort="-m.edge"),
        lambda: mixed.search(columns="m.edge"),
        lambda: mixed.count("not m.edge > 0"),
        lambda: mixed.matching("tag:is-1 or m.edge > 0"),
        lambda: mixed.browse("", "-min(m.edge)"),
        lambda: mixed.page([1, 2, 3, 4, 5], ["m.edge"]),
    ):
        with pytest.raises(AmbiguousPanelError) as caught:
            ask()
        assert str(caught.value) == choices
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.choices) == (choices, caught.value.choices)
    assert copy.choices[0] == ("us stocks", PERIOD, 2)
    assert [(basis.panel, basis.period, basis.experiments) for basis in mixed.metric_bases()] == copy.choices


def test_what_can_match_decides(tmp_path: Path) -> None:
    mixed = prepared(tmp_path / "experiments.duckdb", make_mixed)
    two = "(tag:is-0 or tag:is-1)"
    assert edges(mixed, two) == {"is-0": 0.2, "is-1": 0.3}
    assert edges(mixed, f"{two} m.edge > 0.25") == {"is-1": 0.3}
    assert edges(mixed, f"{two} -(m.edge > 0.25)") == {"is-0": 0.2}
    assert edges(mixed, "tag:is-2") == {"is-2": 0.5}
    assert mixed.search(f"{two} m.edge > 0").metrics_from == f"us stocks {PERIOD}"
    assert [row.metrics for row in mixed.page([1, 2], ["m.edge"])] == [{"m.edge": 0.2}, {"m.edge": 0.3}]
    mixed.delete_many(mixed.matching("tag:is-2 or tag:is-3 or tag:is-4"))
    assert edges(mixed) == {"is-0": 0.2, "is-1": 0.3}
    assert edges(mixed, "tag:is-4", trashed=True) == {"is-4": 0.7}  # type: ignore[arg-type]


def test_the_choice_is_kept_to(mixed: ExperimentRegistry) -> None:
    us = {"is-0": 0.2, "is-1": 0.3, "is-2": 0.4}
    assert edges(mixed, panel="us stocks", period=PERIOD) == us
    assert edges(mixed, panel="us stocks", period=" 2010-01-04 .. 2022-12-28 ") == us
    assert edges(mixed, panel="eu#2") == {"is-0": 0.1, "is-3": 0.6}
    assert edges(mixed, "panel:eu#3") == {"is-4": 0.7}
    assert edges(mixed, period="2010-01-04..2020-12-31") == {"is-2": 0.5}
    assert edges(mixed, "panel:eu", panel="us stocks", period=PERIOD) == {"is-0": 0.2}, "the option goes first"
    assert mixed.search(columns="m.edge", panel="eu#2").metrics_from == f"eu#2 {PERIOD}"
    for ask in (
        lambda: edges(mixed, panel="us stocks"),
        lambda: edges(mixed, "panel:eu"),
        lambda: edges(mixed, panel="eu", period=PERIOD),
        lambda: edges(mixed, period=PERIOD),
    ):
        with pytest.raises(AmbiguousPanelError):
            ask()


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"panel": "us stock"}, 'unknown panel "us stock"; did you mean us stocks?'),
        ({"panel": ""}, 'unknown panel ""'),
        ({"panel": "eu#9"}, 'unknown panel "eu#9"; did you mean eu?'),
        ({"period": "2010"}, '"2010" is no period; write it as 2010-01-04..2022-12-28'),
        ({"period": "2022-12-28..2010-01-04"}, "2010-01-04 is before the start, 2022-12-28"),
        ({"period": "2010-01-04..2022-02-30"}, "2022-02-30"),
        (
            {"panel": "us stocks", "period": "2011-01-01..2022-12-28"},
            "no run is over the period 2011-01-01..2022-12-28; there are --panel 'us stocks' --period"
            f" {PERIOD} (3 experiments), --panel 'us stocks' --period 2010-01-04..2020-12-31 (1 experiment)",
        ),
        ({"panel": "evil\x1b[2J"}, "unknown panel"),
    ],
)
def test_choices_that_cannot_be_made(mixed: ExperimentRegistry, chosen: dict[str, str], message: str) -> None:
    for ask in (
        lambda: mixed.search(**chosen),  # type: ignore[arg-type]
        lambda: mixed.count("m.edge > 0", **chosen),
        lambda: mixed.compare_many([mixed.resolve("latest")], **chosen),
    ):
        with pytest.raises(FilterError) as caught:
            ask()
        assert message in str(caught.value) and str(caught.value).isprintable()


def test_a_filter_alone_can_be_compiled(library: Library) -> None:
    compiled = compile_filter("m.edge > 0", library.session)
    assert compiled.params[1:] == [1, PERIOD[:10], LAST, 0.0]


def test_recorded_runs_are_found_at_once(tmp_path: Path) -> None:
    """As every user has them: recorded through the registry, waiting beside the file and then in it."""
    registry = ExperimentRegistry(tmp_path / "experiments.duckdb")
    configs = [ExperimentConfig(["a"], {"a": weight}) for weight in (0.1, 0.2, 0.3)]
    for config, edge in zip(configs, (0.01, 0.02, None), strict=True):
        window = {"test_start": "2010-02-01", "test_end": "2010-03-02", "metrics": {"edge": edge}}
        registry.record_run(config, metrics={"edge": edge, "ic": 0.5}, windows=[window], panel="p", period=PERIOD)
    for synced in (False, True):
        if synced:
            registry.sync()
        found = registry.search("m.edge is present", sort="-min(m.edge)", columns="hash,m.edge,runs")
        assert found.rows == [(configs[1].config_hash, 0.02, 1), (configs[0].config_hash, 0.01, 1)]
        assert found.metrics_from == f"p {PERIOD}"
        assert registry.count("panel:p m.ic = 0.5 m.edge is absent") == 1
    days = {"name": "p", "fingerprint": "0" * 64}
    registry.record_run(configs[0], metrics={"edge": 0.5}, panel=days, period=PERIOD)
    registry.record_run(configs[1], metrics={"edge": 0.25}, panel=days, period=PERIOD)
    assert [basis.panel.partition("#")[0] for basis in registry.metric_bases()] == ["p", "p"]
    with pytest.raises(AmbiguousPanelError, match="--panel 'p#"):
        registry.matching("m.edge > 0")


# -- side by side ----------------------------------------------------------------------------------------


def test_compared_experiments_show_their_metrics(library: Library) -> None:
    base, high = str(BASE.config_hash), str(HIGH.config_hash)
    found = library.registry.compare_many([base, high], against=base)
    assert found.metrics_from == SP500 and found.metrics_note is None
    rows = {row.name: row for row in found.rows if row.section == "metric"}
    assert list(rows) == ["m.precision_at_k", "m.edge", "m.turnover", "m.precision@14", "m.base_rate"]
    precision = rows["m.precision_at_k"]
    assert (precision.values, precision.bases, precision.differs) == ([0.553, 0.526], [0.536, 0.536], True)
    assert precision.change(1) == pytest.approx(-0.027)
    assert (precision.direction, rows["m.turnover"].direction) == ("higher", "lower")
    assert rows["m.base_rate"].direction == "none" and not rows["m.base_rate"].differs
    record = next(row for row in found.to_dict()["rows"] if row["name"] == "m.precision_at_k")
    assert (record["direction"], record["bases"]) == ("higher", [0.536, 0.536])
    assert found.to_dict()["metrics_from"] == SP500

    pair = library.registry.compare(base, high)
    assert pair["metrics_from"] == SP500
    assert pair["metrics"]["m.edge"] == {
        "config1": 0.017, "config2": -0.01, "diff": pytest.approx(-0.027), "direction": "higher",
    }  # fmt: skip
    assert pair["metrics"]["m.precision@14"] == {"config2": 1.0}


def test_without_common_runs_there_are_no_metrics(mixed: ExperimentRegistry) -> None:
    def compared(*numbers: int, **chosen: str) -> tuple[list[object], str | None, str | None]:
        hashes = [mixed.matching(f"tag:is-{number}")[0] for number in numbers]
        found = mixed.compare_many(hashes, **chosen)  # type: ignore[arg-type]
        values = [row.values for row in found.rows if row.section == "metric"]
        return [str(values)] if values else [], found.metrics_from, found.metrics_note

    assert compared(0, 1)[:2] == (["[[0.2, 0.3]]"], f"us stocks {PERIOD}")
    assert compared(0, 3)[:2] == (["[[0.1, 0.6]]"], f"eu#2 {PERIOD}"), "one that both were run on"
    assert compared(0, 3, panel="us stocks")[:2] == ([], None)
    assert compared(0, 1, 4)[:2] == (["[[0.2, 0.3, absent]]"], f"us stocks {PERIOD}")
    assert compared(3, 4) == ([], None, "no metrics: no two of them have a run on the same panel and period")
    assert "metrics" not in mixed.compare(*(mixed.matching(f"tag:is-{number}")[0] for number in (3, 4)))


def test_runs_made_in_different_ways_are_told_apart(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "experiments.duckdb")
    hashes = [registry.register(ExperimentConfig(["a"], {"a": weight})) for weight in (0.1, 0.2)]
    registry.sync()
    with registry.store.write() as session:
        put_runs(
            session,
            [
                MadeRun(1, {"edge_h14": 0.1, "edge": 0.1, "zeta": 1.0}, options={"horizon": 7, "lag": 1}),
                MadeRun(2, {"edge_h14": 0.1, "edge": 0.1, "alpha": 1.0}, options={"horizon": 14, "lag": 1}),
            ],
            {1: "p"},
        )
    found = registry.compare_many(hashes)
    assert found.metrics_note == "the runs were made with different options: horizon"
    assert [row.name for row in found.rows if row.section == "metric"] == ["m.alpha", "m.zeta", "m.edge", "m.edge_h14"]
