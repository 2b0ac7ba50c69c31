"""Panels that an export carries: later runs in the other registry are on the panel they would be on here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry, InvalidRunError, Run
from registry.exchange import export_many, import_sources
from registry.runs import reading
from registry.runs.panels import KnownPanel, PanelDays, PanelRef
from tests.prepared import nothing, prepared
from tests.strategies import examples

ONE = ExperimentConfig(["f"], {"f": 1.0})
OTHER = ExperimentConfig(["g"], {"g": 1.0})
HEX = st.integers(0, 2**32 - 1)
PERIOD = "2020-01-01..2020-12-31"
DAYS = [f"2020-01-{number:02}" for number in range(1, 10)]


def days_of(count: int, **columns: list[int]) -> PanelDays:
    return PanelDays("p", DAYS[:count], columns)


def evaluate(registry: ExperimentRegistry, config: ExperimentConfig, days: PanelDays, edge: float) -> int | None:
    """Record a run, and return the number of its panel."""
    registry.register(config)
    ref = PanelRef(days.name, str(edge), days.key)
    run = Run(str(config.config_hash), ref, "2020-01-01", "2020-12-31", metrics={"edge": edge})
    registry.record(run, days, config=config)
    return registry.run(run.run_id).panel_id


@pytest.fixture
def here(tmp_path: Path) -> ExperimentRegistry:
    registry = prepared(tmp_path / "here.duckdb", nothing)
    evaluate(registry, ONE, days_of(3, price=[1, 2, 3], f=[4, 5, 6]), 1)
    return registry


@pytest.fixture
def there(tmp_path: Path) -> ExperimentRegistry:
    return prepared(tmp_path / "there.duckdb", nothing)


def hand_over(here: ExperimentRegistry, there: ExperimentRegistry, folder: Path) -> None:
    file = folder / "carried.ndjson"
    export_many(here.list_all(), file, force=True, runs=here.carrier())
    report = import_sources(there.store, [file])
    assert not report.refused
    assert not report.remarks


def panels(registry: ExperimentRegistry) -> set[int | None]:
    return {run.panel_id for run in registry.runs()}


def test_appended_days_and_other_features_are_the_same_panel(
    here: ExperimentRegistry, there: ExperimentRegistry, tmp_path: Path
) -> None:
    hand_over(here, there, tmp_path)
    evaluate(there, ONE, days_of(5, price=[1, 2, 3, 4, 5], f=[4, 5, 6, 7, 8]), 2)
    evaluate(there, OTHER, days_of(3, price=[1, 2, 3], g=[7, 8, 9]), 3)
    assert len(panels(there)) == 1


def test_a_changed_past_value_is_another_panel_and_is_said(
    here: ExperimentRegistry, there: ExperimentRegistry, tmp_path: Path
) -> None:
    hand_over(here, there, tmp_path)
    changed = days_of(3, price=[1, 2, 3], f=[4, 5, 0])
    assert "2020-01-03" in (there.panel_change(changed) or "")
    evaluate(there, ONE, changed, 2)
    assert len(panels(there)) == 2


def test_what_both_know_by_days_is_one_panel(
    here: ExperimentRegistry, there: ExperimentRegistry, tmp_path: Path
) -> None:
    evaluate(there, OTHER, days_of(4, price=[1, 2, 3, 4], g=[7, 8, 9, 9]), 2)  # no key in common
    hand_over(here, there, tmp_path)
    assert len(panels(there)) == 1
    evaluate(there, ONE, days_of(2, price=[1, 2], f=[4, 5]), 3)
    assert len(panels(there)) == 1
    hand_over(there, here, tmp_path)
    assert len(panels(here)) == 1


FORK = {"price": [1, 2, 3, 40], "f": [4, 5, 6, 70]}


@pytest.fixture
def forked(here: ExperimentRegistry, there: ExperimentRegistry) -> ExperimentRegistry:
    """`there`, whose panel and that of `here` were one for three days, and then went on differently."""
    evaluate(there, ONE, days_of(3, price=[1, 2, 3], f=[4, 5, 6]), 2)
    evaluate(there, ONE, days_of(4, **FORK), 3)
    evaluate(here, ONE, days_of(4, price=[1, 2, 3, 4], f=[4, 5, 6, 7]), 4)
    return there


def told_apart(registry: ExperimentRegistry, edge: float, others: set[float]) -> None:
    """Assert that the run of one edge is on another panel than those of the others, which are on one."""
    on = {run.metrics["edge"]: run.panel_id for run in registry.runs(limit=None)}
    assert len({on[each] for each in others}) == 1
    assert on[edge] not in {on[each] for each in others}


def test_where_both_went_on_differently_they_are_two_panels(
    here: ExperimentRegistry, forked: ExperimentRegistry, tmp_path: Path
) -> None:
    file = tmp_path / "carried.ndjson"
    export_many(here.list_all(), file, runs=here.carrier())
    report = import_sources(forked.store, [file])
    assert ["panel p" in remark.text and "2020-01-04" in remark.text for remark in report.remarks] == [True]
    told_apart(forked, 4, {2, 3})
    assert forked.panel_change(days_of(4, **FORK)) is None
    # later days of either are on the one they go on from
    evaluate(forked, ONE, days_of(5, price=[1, 2, 3, 4, 5], f=[4, 5, 6, 7, 8]), 5)
    evaluate(forked, ONE, days_of(5, price=[1, 2, 3, 40, 5], f=[4, 5, 6, 70, 8]), 6)
    on = {run.metrics["edge"]: run.panel_id for run in forked.runs(limit=None)}
    assert (on[5], on[6]) == (on[4], on[3])
    assert not import_sources(forked.store, [file]).remarks  # nothing is new the second time
    assert len(panels(forked)) == 2


def test_a_merge_keeps_what_went_on_differently_apart_and_lists_it(
    here: ExperimentRegistry, forked: ExperimentRegistry
) -> None:
    evaluate(here, OTHER, days_of(4, price=[1, 2, 3, 4], g=[1, 1, 1, 1]), 7)
    foreseen = forked.merge(here.path, dry_run=True)
    report = forked.merge(here.path)
    for each in (foreseen, report):
        assert [(c.what, c.name, "2020-01-04" in c.because) for c in each.conflicts] == [("panel", "p", True)]
    told_apart(forked, 4, {2, 3})
    told_apart(forked, 2, {4, 7})
    on = {run.metrics["edge"]: run.panel_id for run in forked.runs(limit=None)}
    with forked.store.read() as session:
        tried = {number: reading.trials(session, "p", PERIOD, number) for number in panels(forked)}
    assert tried == {on[3]: 1, on[4]: 2}
    assert not forked.merge(here.path).changed
    assert len(panels(forked)) == 2


def test_neither_day_nor_key_in_common_with_the_newest_is_no_other_panel(
    here: ExperimentRegistry, forked: ExperimentRegistry
) -> None:
    """Of two panels here that share a key with the one there, the one that agrees with it is the same."""
    forked.merge(here.path)
    here.merge(forked.path)
    assert len(panels(here)) == 2
    told_apart(here, 3, {1, 4})


def test_a_panel_goes_once_whatever_is_exported(here: ExperimentRegistry, tmp_path: Path) -> None:
    evaluate(here, OTHER, days_of(3, price=[1, 2, 3], g=[7, 8, 9]), 2)
    file = tmp_path / "all.ndjson"
    export_many(here.list_all(), file, runs=here.carrier())
    carried = [record["panels"] for line in file.read_text().splitlines() if "panels" in (record := json.loads(line))]
    assert len(carried) == 1
    assert set(carried[0][0]["columns"]) == {"price", "f", "g"}


@given(known=st.dictionaries(st.text(min_size=1), st.dictionaries(st.sampled_from(DAYS), HEX), max_size=4))
@examples(40, 400)
def test_a_known_panel_comes_back(known: dict[str, dict[str, int]]) -> None:
    panel = KnownPanel("p", ("k", "l"), known)
    assert KnownPanel.from_dict(json.loads(json.dumps(panel.to_dict()))) == panel


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("p", "is no mapping"),
        ({"name": "p", "keys": [], "dates": "yesterday", "columns": {}}, "yesterday"),
        ({"name": "p", "keys": [], "dates": DAYS[0], "columns": {"price": "1234"}}, '"price" has 4 digits for 1 dates'),
        ({"name": "p", "keys": [], "dates": DAYS[0], "columns": {"price": "wxyz1234"}}, '"wxyz1234" is no digest'),
        ({"name": "", "keys": [], "dates": "", "columns": {}}, "panel"),
    ],
)
def test_what_is_no_panel_is_said(here: ExperimentRegistry, tmp_path: Path, record: object, said: str) -> None:
    with pytest.raises(InvalidRunError, match="panel") as caught:
        KnownPanel.from_dict(record)
    assert said in str(caught.value)
    file = tmp_path / "one.json"
    file.write_text(json.dumps({**ONE.to_dict(), "panels": [record]}))
    report = import_sources(here.store, [file])
    assert report.counts["unchanged"] == 1  # the experiment itself is taken
    assert "panels left out" in report.remarks[0].text
