"""Runs: recorded by a program's own engine or ours, read back, kept and lost with their experiment."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry, InvalidRunError, NotFoundError, Run
from registry.errors import AmbiguousHashError
from registry.runs.panels import PanelDays, PanelRef
from registry.runs.record import Series, Window
from registry.store.run_entries import ranking_of
from tests.prepared import nothing, prepared
from tests.strategies import examples

PERIOD = "2020-01-01..2020-12-31"
ONE = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.5})
OTHER = ExperimentConfig(["a", "b"], {"a": 0.6, "b": 0.4})


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    """A registry that holds nothing."""
    return prepared(tmp_path / "experiments.duckdb", nothing)


@pytest.fixture
def missing(tmp_path: Path) -> ExperimentRegistry:
    """A registry that is not there yet."""
    return ExperimentRegistry(tmp_path / "experiments.duckdb")


def recorded(registry: ExperimentRegistry, config: ExperimentConfig = ONE, edge: float = 0.01, **more: Any) -> Run:
    return registry.record_run(config, metrics={"edge": edge}, panel="p", period=PERIOD, **more)


class TestRecording:
    def test_it_is_there_at_once_and_stays(self, registry: ExperimentRegistry) -> None:
        run = recorded(
            registry,
            windows=[{"test_start": "2020-02-01", "test_end": "2020-02-29", "metrics": {"edge": 0.1, "sharpe": None}}],
            dates={"edge": {"2020-02-01": 0.1, "2020-02-08": None}},
            options={"k": 5},
            engine="mine",
            details={"note": "x"},
            duration=1.5,
        )
        assert registry.run(run.run_id).to_dict() == run.to_dict()  # from the spool
        registry.sync()
        assert registry.store.spool.names() == []
        assert registry.run(run.run_id[:6]).to_dict() == run.to_dict()
        assert registry.get(ONE.config_hash) == ONE
        assert [event.kind for event in registry.log()] == ["registered", "evaluated"]

    def test_it_needs_no_engine(self, tmp_path: Path) -> None:
        import subprocess
        import sys

        program = (
            "import sys; from registry import ExperimentConfig, ExperimentRegistry as R;"
            f"R({str(tmp_path / 'e.duckdb')!r}).record_run(ExperimentConfig(['a'], {{'a': 1}}), metrics={{'edge': .1}},"
            f" panel='p', period={PERIOD!r}); assert not {{'duckdb', 'numpy', 'scipy'}} & set(sys.modules);"
            " import os; os._exit(0)"
        )
        subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
        assert len(ExperimentRegistry(tmp_path / "e.duckdb").runs()) == 1

    def test_the_same_again_is_the_same_run(self, registry: ExperimentRegistry) -> None:
        first, again, other = recorded(registry), recorded(registry), recorded(registry, edge=0.02)
        assert first.run_id == again.run_id != other.run_id
        assert [run.run_id for run in registry.runs()] == [other.run_id, first.run_id]
        registry.sync()
        recorded(registry)
        registry.sync()
        assert len(registry.runs()) == 2

    @pytest.mark.parametrize("applied", [False, True])
    def test_a_richer_arrival_of_a_known_run_completes_it(self, registry: ExperimentRegistry, applied: bool) -> None:
        """A screening of many leaves intervals and baselines out; evaluating one of them alone brings them."""
        registry.register(ONE)
        run = Run(str(ONE.config_hash), PanelRef("p"), "2020-01-01", "2020-12-31", metrics={"edge": 0.1},
                  recorded_at="2024-05-06T07:08:09.000010+00:00")  # fmt: skip
        poor = replace(run, details={"intervals": {}, "warnings": ["w"]}, environment={"command": ["many"]})
        rich = replace(run, details={"intervals": {"edge": [0, 1]}, "warnings": ["w"]}, environment={"command": ["x"]})
        for each in (poor, rich, poor):
            registry.record(each, config=ONE)
            if applied:
                registry.sync()
        assert (registry.run(run.run_id).details, registry.run(run.run_id).environment) == (
            rich.details, rich.environment,
        )  # fmt: skip
        registry.sync()
        registry.record(replace(rich, details={**rich.details, "baselines": {"random": 1}}), config=ONE)
        assert "baselines" in registry.run(run.run_id).details  # laid over what is in the file
        assert len(registry.runs()) == 1
        assert [event.kind for event in registry.log()] == ["registered", "evaluated"]

    def test_of_a_registered_experiment_by_its_hash(self, registry: ExperimentRegistry) -> None:
        registry.register(ONE)
        run = registry.record_run(str(ONE.config_hash)[:8], metrics={"edge": 0.1}, panel="p", period=PERIOD)
        assert run.config_hash == ONE.config_hash
        with pytest.raises(NotFoundError):
            registry.record_run("ffff", metrics={"edge": 0.1}, panel="p", period=PERIOD)

    def test_a_metric_of_ones_own_says_what_it_is_once(self, registry: ExperimentRegistry) -> None:
        said = {"unit": "share", "direction": "higher", "definition": "shared picks"}
        with pytest.raises(InvalidRunError, match='"agreement" is not defined'):
            registry.record_run(ONE, metrics={"agreement": 1}, panel="p", period=PERIOD)
        registry.record_run(ONE, metrics={"agreement": 1}, panel="p", period=PERIOD, definitions={"agreement": said})
        registry.record_run(ONE, metrics={"agreement": 2}, panel="p", period=PERIOD)
        assert registry.metrics()[-1].to_dict() == {"name": "agreement", **said}

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"metrics": {"edge": "high"}}, "edge.*no number"),
            ({"metrics": {"edge": True}}, "edge.*no number"),
            ({"metrics": {"edge": 10**400}}, "edge.*beyond any"),
            ({"metrics": {"nobody_said": 1}}, '"nobody_said" is not defined'),
            ({"period": "2020"}, "no period"),
            ({"period": "2021-01-01..2020-01-01"}, "before the start"),
            ({"period": ("2020-01-01", "2020-13-01")}, "no day"),
            ({"panel": " "}, 'a panel can\'t be called " "; give it a name of visible characters'),
            ({"panel": "a\x1b[31m"}, "a panel can't be called .*; give it a name of visible characters"),
            ({"panel": {"name": "two\nlines"}}, "a panel can't be called"),
            ({"panel": {"nam": "p"}}, "unknown key"),
            ({"windows": [{"test_start": "2020-01-01"}]}, "window 1: test_end"),
            (
                {"windows": [{"number": 1, "test_start": "2020-01-01", "test_end": "2020-01-02"}] * 2},
                "two have the number 1",
            ),
            ({"windows": [{"test_start": "2020-01-03", "test_end": "2020-01-02"}]}, "test_end.*before test_start"),
            (
                {
                    "windows": [
                        {
                            "train_start": "2020-01-03",
                            "train_end": "2020-01-02",
                            "test_start": "2020-01-03",
                            "test_end": "2020-01-09",
                        }
                    ]
                },
                "train_end.*before train_start",
            ),
            ({"dates": {"edge": [1, 2]}}, "no mapping"),
            ({"dates": {"dates": ["2020-01-02", "2020-01-01"], "values": {}}}, "not in order"),
            ({"dates": {"dates": ["2020-01-02"], "values": {"edge": []}}}, "0 values for 1 dates"),
            ({"options": {"x": {1, 2}}}, "not JSON"),
            ({"definitions": {"edge": {"unit": "x"}}}, "direction"),
        ],
    )
    def test_refusals_record_nothing(self, missing: ExperimentRegistry, change: dict[str, Any], said: str) -> None:
        given = {"metrics": {"edge": 0.1}, "panel": "p", "period": PERIOD, **change}
        with pytest.raises(InvalidRunError, match=said):
            missing.record_run(ONE, **given)
        assert not missing.exists()


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=6).filter(str.strip)
names = texts.filter(str.isprintable)
values = st.none() | st.floats(allow_nan=False, allow_infinity=False)
days = st.dates(date(1900, 1, 1)).map(lambda day: day.isoformat())
runs = st.builds(
    lambda panel, period, options, metrics, windows, dates, engine: Run(
        str(ONE.config_hash), panel, *sorted(period), options, metrics,
        [Window(n, None, a, *sorted((a, b)), partial, {"edge": v}) for n, (a, b, partial, v) in enumerate(windows)],
        Series(sorted(dates), {"edge": [dates[day] for day in sorted(dates)]} if dates else {}), engine,
        recorded_at="2024-05-06T07:08:09.000010+00:00",
    ),
    st.builds(PanelRef, names, st.none() | texts, st.none(), st.none() | texts, st.none() | st.booleans()),
    st.tuples(days, days),
    st.dictionaries(texts, st.integers() | texts | st.lists(st.booleans(), max_size=2), max_size=3),
    st.dictionaries(st.sampled_from(["edge", "sharpe", "precision_at_k", "edge_h14"]), values),
    st.lists(st.tuples(days, days, st.booleans(), values), max_size=3),
    st.dictionaries(days, values, max_size=5),
    texts,
)  # fmt: skip


@examples(12, 80)
@given(st.lists(runs, min_size=1, max_size=3))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, given_runs: list[Run]) -> None:
    registry = prepared(tmp_path_factory.mktemp("runs") / "e.duckdb", nothing)
    registry.register(ONE)
    for run in given_runs:
        assert Run.from_dict(json.loads(json.dumps(run.to_dict()))) == run
        registry.record(run, config=ONE)
    wanted = {run.run_id: replace(run, metrics=dict(run.metrics)).to_dict() for run in given_runs}
    assert {run.run_id: run.to_dict() for run in registry.runs(full=True)} == wanted  # laid over
    registry.sync()
    assert {run.run_id: run.to_dict() for run in registry.runs(full=True)} == wanted


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE store.run_metric SET value = 0.02",
        "DELETE FROM store.run_metric",
        "UPDATE store.run SET fingerprint = 'x'",
        "UPDATE store.run SET period_end = DATE '2020-12-30'",
        "UPDATE store.run SET options = '{}'",
        "UPDATE store.run_window SET test_end = DATE '2020-02-28' WHERE number = 2",
        "UPDATE store.window_metric SET value = 0.2 WHERE metric = 'edge'",
        "UPDATE store.run_series SET vals = [0.1, 0.2] WHERE metric = 'edge'",
        "UPDATE store.run_series SET dates = [DATE '2020-02-01', DATE '2020-02-09'] WHERE metric = 'sharpe'",
    ],
)
def test_altered_runs_are_named(registry: ExperimentRegistry, alteration: str) -> None:
    run = recorded(
        registry, options={"k": 5},
        windows=[
            {"number": 2, "test_start": "2020-02-01", "test_end": "2020-02-29", "metrics": {"edge": 0.1}},
            {"number": 1, "test_start": "2020-01-01", "test_end": "2020-01-31", "metrics": {"sharpe": None}},
        ],
        dates={"edge": {"2020-02-01": 0.1, "2020-02-08": None}, "sharpe": {"2020-02-08": 1.5}},
    )  # fmt: skip
    assert [window.number for window in run.windows] == [1, 2]
    found = registry.verify()  # from the spool
    assert (found.ok, found.runs) == (True, 1)
    with registry.store.write() as session:
        session.run(alteration)
    (problem,) = registry.verify().problems
    assert (problem.config_hash, run.run_id in problem.what) == (ONE.config_hash, True)


def test_rows_of_no_run_are_found(registry: ExperimentRegistry) -> None:
    recorded(registry)
    with registry.store.write() as session:
        session.run("UPDATE store.run_metric SET run_id = 'r-0'")
    assert "1 rows of the table run_metric belong to no run" in {p.what for p in registry.verify().problems}


class TestLife:
    def test_runs_share_the_fate_of_their_experiment(self, registry: ExperimentRegistry) -> None:
        run = recorded(registry)
        recorded(registry, OTHER)
        registry.delete(str(ONE.config_hash))
        assert [each.config_hash for each in registry.runs()] == [OTHER.config_hash]
        assert registry.run(run.run_id).config_hash == ONE.config_hash
        registry.restore(str(ONE.config_hash))
        assert len(registry.runs()) == 2
        registry.delete(str(ONE.config_hash))
        registry.purge(str(ONE.config_hash))
        with pytest.raises(NotFoundError):
            registry.run(run.run_id)
        assert registry.trials("p", PERIOD) == 2  # what was tried stays counted
        assert registry.verify().problems == []

    def test_a_run_of_what_is_not_there_is_set_aside(self, registry: ExperimentRegistry) -> None:
        registry.register(OTHER)
        registry.store.record(Run(str(ONE.config_hash), PanelRef("p"), "2020-01-01", "2020-12-31"), "x")
        assert registry.runs() == []  # laid over without it
        registry.sync()
        assert "not in the registry" in registry.info().refused[0][1]
        assert registry.count() == 1

    def test_what_would_be_set_aside_is_refused_at_once(self, registry: ExperimentRegistry) -> None:
        registry.register(ONE)
        for start, metrics in (("2020-01-01T00:00:00", {"edge": 0.1}), ("2021-01-01", {"edge": 0.1})):
            with pytest.raises(InvalidRunError, match="start"):
                registry.record(Run(str(ONE.config_hash), PanelRef("p"), start, "2020-12-31", metrics=metrics))
        registry.sync()
        assert registry.info().refused == []

    def test_an_entry_of_a_newer_program_is_set_aside(self, registry: ExperimentRegistry) -> None:
        registry.register(ONE)
        registry.store.spool.write({"type": "run", "version": 99}, "x")
        registry.sync()
        assert "newer program" in registry.info().refused[0][1]

    def test_backups_and_copies_carry_them(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        run = recorded(registry, dates={"edge": {"2020-02-01": 0.1}})
        copy = ExperimentRegistry(registry.backup(tmp_path / "copy.duckdb"))
        assert copy.run(run.run_id).to_dict() == run.to_dict()

    def test_in_sql(self, registry: ExperimentRegistry) -> None:
        recorded(
            registry,
            windows=[{"test_start": "2020-02-01", "test_end": "2020-02-29", "metrics": {"edge": 0.1}}],
            dates={"edge": {"2020-02-01": 0.1, "2020-02-08": 0.2}},
        )
        assert registry.sql("SELECT panel, CAST(period_start AS VARCHAR) FROM runs").rows == [("p", "2020-01-01")]
        assert registry.sql("SELECT metric, value FROM run_metrics").rows == [("edge", 0.01)]
        assert registry.sql("SELECT number, value FROM run_windows").rows == [(1, 0.1)]
        assert registry.sql("SELECT sum(value) FROM run_dates").rows[0][0] == pytest.approx(0.3)
        assert registry.sql("SELECT count(*) FROM trials").rows == [(1,)]

    def test_spooled_runs_show_where_nothing_can_be_written(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        registry.register(ONE)
        registry.sync()
        recorded(registry)
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        shutil.copy(registry.path, folder / "e.duckdb")
        shutil.copytree(registry.store.spool.folder, folder / "e.duckdb.spool")
        assert len(ExperimentRegistry(folder / "e.duckdb").runs()) == 1


def days_of(name: str = "p", count: int = 3, **columns: list[int]) -> PanelDays:
    return PanelDays(name, [f"2020-01-{n + 1:02}" for n in range(count)], columns)


class TestPanels:
    def on(self, registry: ExperimentRegistry, days: PanelDays, edge: float) -> int | None:
        run = Run(str(ONE.config_hash), PanelRef(days.name, str(edge), days.key), "2020-01-01", "2020-12-31",
                  metrics={"edge": edge})  # fmt: skip
        registry.register(ONE)
        registry.record(run, days, config=ONE)
        return registry.run(run.run_id).panel_id

    def test_appended_days_and_more_features_are_the_same_panel(self, registry: ExperimentRegistry) -> None:
        first = self.on(registry, days_of(price=[1, 2, 3]), 1)
        longer = days_of(count=5, price=[1, 2, 3, 4, 5], f=[7, 7, 7, 7, 7])
        assert registry.panel_change(longer) is None
        assert self.on(registry, longer, 2) == first
        assert self.on(registry, days_of(count=2, price=[1, 2], g=[9, 9]), 3) == first  # a shorter one later
        info = registry.panels()[0]
        assert (info.first_date, info.last_date, info.periods) == ("2020-01-01", "2020-01-05", {PERIOD: 1})

    def test_a_changed_past_value_is_another_panel_and_is_said(self, registry: ExperimentRegistry) -> None:
        first = self.on(registry, days_of(price=[1, 2, 3], f=[4, 5, 6]), 1)
        changed = days_of(price=[1, 2, 3], f=[4, 9, 9])
        said = registry.panel_change(changed) or ""
        assert '"f" on 2020-01-02, the first of 2 days' in said
        assert self.on(registry, changed, 2) != first
        assert registry.panel_change(changed) is None  # known by now

    def test_a_day_gone_from_the_middle_is_a_change(self, registry: ExperimentRegistry) -> None:
        self.on(registry, days_of(price=[1, 2, 3]), 1)
        holed = PanelDays("p", ["2020-01-01", "2020-01-03"], {"price": [1, 3]})
        assert "2020-01-02" in (registry.panel_change(holed) or "")

    def test_a_feature_may_be_known_in_parts(self, registry: ExperimentRegistry) -> None:
        whole = [f"2020-01-{n:02}" for n in range(1, 10)]
        first = self.on(registry, PanelDays("p", whole[:3], {"price": [1, 2, 3], "f": [1, 2, 3]}), 1)
        assert self.on(registry, PanelDays("p", whole, {"price": list(range(1, 10))}), 2) == first
        both = {"price": list(range(1, 10)), "f": list(range(1, 10))}
        assert self.on(registry, PanelDays("p", whole, both), 3) == first

    def test_what_was_known_by_a_run_alone_is_learnt_later(self, registry: ExperimentRegistry) -> None:
        days = days_of(price=[1, 2, 3])
        registry.register(ONE)
        run = Run(str(ONE.config_hash), PanelRef("p", "x", days.key), "2020-01-01", "2020-12-31", metrics={"edge": 5})
        registry.record(run, config=ONE)  # as an import brings it: without the days
        registry.sync()
        first = self.on(registry, days, 1)
        assert self.on(registry, days_of(count=4, price=[1, 2, 3, 4]), 2) == first == registry.run(run.run_id).panel_id

    def test_another_name_is_another_panel(self, registry: ExperimentRegistry) -> None:
        assert self.on(registry, days_of("p", price=[1, 2, 3]), 1) != self.on(
            registry, days_of("q", price=[1, 2, 3]), 2
        )

    def test_a_run_without_days_is_told_by_its_fingerprint(self, registry: ExperimentRegistry) -> None:
        ids = [
            registry.run(
                registry.record_run(
                    ONE, metrics={"edge": n}, panel={"name": "p", "fingerprint": print_}, period=PERIOD
                ).run_id
            ).panel_id
            for n, print_ in enumerate(["x", "x", "y"])
        ]
        assert ids[0] == ids[1] != ids[2]


class TestTrials:
    def test_untracked_ones_count(self, registry: ExperimentRegistry) -> None:
        recorded(registry)
        registry.record_trial(OTHER, PanelRef("p"), "2020-01-01", "2020-12-31")
        registry.record_trial(OTHER, PanelRef("p"), "2020-01-01", "2020-12-31")
        assert registry.trials("p", PERIOD) == 2
        registry.sync()
        registry.record_trial(OTHER, PanelRef("p"), "2020-01-01", "2020-12-31")
        registry.sync()
        assert registry.trials("p", PERIOD) == 2
        assert registry.trials("p", "2020-01-01..2021-12-31") == 0
        assert registry.count() == 1

    def test_rankings(self) -> None:
        doubled = ExperimentConfig(["a", "b"], {"a": 1.2, "b": 0.8})
        assert ranking_of(doubled) == ranking_of(OTHER) != ranking_of(ONE)
        turned = ExperimentConfig(["a", "b"], {"a": -0.6, "b": -0.4})
        assert ranking_of(turned) != ranking_of(OTHER)


def test_ids_of_runs(registry: ExperimentRegistry) -> None:
    for n in range(40):
        recorded(registry, edge=n / 100)
    with pytest.raises(AmbiguousHashError, match="begins several"):
        for digit in "0123456789abcdef":
            registry.run(f"r-{digit}")
    with pytest.raises(NotFoundError, match="no id of a run"):
        registry.run("r-")
    with pytest.raises(NotFoundError, match="no id of a run"):
        registry.run("abcd")


class TestExports:
    def test_they_come_along_when_asked_for(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        from registry.exchange import export_many
        from registry.exchange.importing import import_sources

        runs = [recorded(registry, edge=n / 10, dates={"edge": {"2020-02-01": 0.1}}) for n in range(3)]
        recorded(registry, OTHER)

        def of(config: ExperimentConfig) -> dict[str, list[dict[str, Any]]]:
            return {"runs": [run.to_dict() for run in registry.runs(str(config.config_hash), full=True)]}

        for name in ("all.ndjson", "all.json", "folder/"):
            export_many(registry.list_all(), str(tmp_path / name), runs=of)
            other = ExperimentRegistry(tmp_path / f"{name.strip('/')}.duckdb")
            assert import_sources(other.store, [str(tmp_path / name)]).runs == 4
            assert import_sources(other.store, [str(tmp_path / name)]).runs == 0  # the same ones again
            assert {run.run_id for run in other.runs(str(ONE.config_hash))} == {run.run_id for run in runs}
            assert other.run(runs[0].run_id).to_dict() == runs[0].to_dict()
            assert other.trials("p", PERIOD) == 2

    def test_a_panel_to_which_days_were_appended_stays_one(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        from registry.exchange import export_many
        from registry.exchange.importing import import_sources

        ids = []
        for count, config in ((3, ONE), (4, ONE), (5, OTHER)):
            days = days_of(count=count, price=list(range(count)))
            registry.register(config)
            run = Run(str(config.config_hash), PanelRef("p", str(count), days.key), "2020-01-01", "2020-12-31",
                      metrics={"edge": count})  # fmt: skip
            ids.append(registry.record(run, days, config=config))
        changed = days_of(price=[7, 7, 7])
        other = Run(str(ONE.config_hash), PanelRef("p", "x", changed.key), "2020-01-01", "2020-12-31")
        ids.append(registry.record(other, changed, config=ONE))
        assert [registry.run(id_).panel_id for id_ in ids] == [1, 1, 1, 2]
        file = str(tmp_path / "all.ndjson")
        export_many(registry.list_all(), file, runs=registry.carrier())
        copy = ExperimentRegistry(tmp_path / "copy.duckdb")
        import_sources(copy.store, [file])
        one, two, three, four = (copy.run(id_).panel_id for id_ in ids)
        assert one == two == three != four
        assert copy.run(ids[0]).to_dict() == registry.run(ids[0]).to_dict()
        export_many(copy.list_all(), file, force=True, runs=copy.carrier())
        again = ExperimentRegistry(tmp_path / "again.duckdb")
        import_sources(again.store, [file])
        assert len({again.run(id_).panel_id for id_ in ids[:3]}) == 1

    def test_what_was_tried_is_counted_there_too(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        """Of experiments that were purged, were never registered, or stay behind."""
        from registry.exchange import export_many
        from registry.exchange.importing import import_sources

        for config in (ONE, OTHER):
            recorded(registry, config)
        elsewhere = ExperimentConfig(["c"], {"c": 1.0})
        registry.record_run(elsewhere, metrics={"edge": 0.1}, panel="q", period=PERIOD)
        registry.record_trial(elsewhere, PanelRef("p"), "2020-01-01", "2020-12-31")
        registry.delete(str(OTHER.config_hash))
        registry.purge(str(OTHER.config_hash))
        file = str(tmp_path / "all.ndjson")
        export_many([ONE], file, runs=registry.carrier())
        copy = ExperimentRegistry(tmp_path / "copy.duckdb")
        for _ in range(2):
            assert import_sources(copy.store, [file]).remarks == []
            assert copy.trials("p", PERIOD) == registry.trials("p", PERIOD) == 3
        assert (copy.trials("q", PERIOD), copy.count(), len(copy.panels())) == (0, 1, 1)
        recorded(copy, edge=0.5)
        assert len(copy.panels()) == 1  # the panel is the one that the trials are on
        broken = {**ONE.to_dict(), "trials": [{"config_hash": "x"}]}
        (tmp_path / "x.json").write_text(json.dumps(broken))
        (remark,) = import_sources(copy.store, [str(tmp_path / "x.json")]).remarks
        assert "trials left out" in remark.text

    def test_what_was_altered_is_left_out_and_said(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        from registry.exchange.importing import import_sources

        record = recorded(registry).to_dict()
        record["metrics"]["edge"] = 9.0
        stranger = recorded(registry, OTHER).to_dict()
        file = tmp_path / "x.json"
        file.write_text(json.dumps({**ONE.to_dict(), "runs": [record, stranger, 7]}))
        other = ExperimentRegistry(tmp_path / "other.duckdb")
        report = import_sources(other.store, [str(file)])
        assert report.runs == 0
        said = [remark.text for remark in report.remarks]
        assert [text[:14] for text in said if "run" in text][:3]
        assert any("not that of its content" in text for text in said)
        assert any("of another experiment" in text for text in said)
        assert other.count() == 1
