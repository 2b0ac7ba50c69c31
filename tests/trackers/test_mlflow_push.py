"""Pushing into real MLflow: what lies there afterwards, and that pushing again changes nothing but what changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import AmbiguousPanelError, ExchangeError, TrackerError
from registry.trackers import mlflow_push
from registry.trackers.report import PushReport
from tests.trackers.conftest import PERIOD, base, client, evaluate, runs_of

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore")]


def push(registry: ExperimentRegistry, uri: str, name: str, filter: str = "features >= 0", **more: Any) -> PushReport:
    return registry.push_mlflow(registry.matching(filter), uri, name, **more)


def counts(report: PushReport) -> dict[str, int]:
    assert not report.refused
    return {outcome: count for outcome, count in report.counts.items() if count}


def test_a_run_says_what_the_experiment_is(registry: ExperimentRegistry, uri: str, name: str) -> None:
    report = push(registry, uri, name)
    assert counts(report) == {"new": 3}
    assert report.metrics_from == f"p {PERIOD}"
    there = runs_of(uri, name)
    run = there[str(base().config_hash)]
    assert run.data.params == {
        "w.mom 12-1": "0.75", "w.value": "0.30000000000000004", "hp.k": "10", "hp.rate": "10.0", "hp.on": "true",
        "hp.w": "10", "transform.value": "zscore",
    }  # fmt: skip
    assert run.data.metrics == {"w.mom 12-1": 0.75, "w.value": 0.1 + 0.2, "edge": 0.25, "window.edge": 0.75}
    tags = run.data.tags
    assert tags["tag.baseline"] == "true" and tags["mlflow.note.content"] == "the first"
    assert tags["mlflow.runName"] == run.info.run_name == str(base().config_hash)[:12]
    assert (tags["experiments.panel"], tags["experiments.period"]) == ("p", PERIOD)
    assert tags["experiments.run_id"] == registry.runs(str(base().config_hash))[0].run_id
    assert run.info.status == "FINISHED" and run.info.start_time == 1612325106000
    steps = client(uri).get_metric_history(run.info.run_id, "window.edge")
    assert [(each.step, each.value) for each in steps] == [(1, 0.25), (2, 0.5), (3, 0.75)]
    assert [file.path for file in client(uri).list_artifacts(run.info.run_id)] == ["experiment_config.json"]


def test_mlflow_filters_by_weights_as_numbers(registry: ExperimentRegistry, uri: str, name: str) -> None:
    push(registry, uri, name)
    there = client(uri)
    place = there.get_experiment_by_name(name).experiment_id
    found = there.search_runs([place], "metrics.`w.mom 12-1` > 0.8 AND tags.`tag.variant` = 'true'")
    assert [run.data.params["w.mom 12-1"] for run in found] == ["0.9"]


def test_a_variant_is_nested_under_its_parent(registry: ExperimentRegistry, uri: str, name: str) -> None:
    push(registry, uri, name)
    there = runs_of(uri, name)
    (child,) = (run for run in there.values() if "tag.variant" in run.data.tags)
    assert child.data.tags["mlflow.parentRunId"] == there[str(base().config_hash)].info.run_id
    assert child.data.tags["experiments.parent"] == base().config_hash


def test_a_parent_that_comes_later_takes_its_child_in(registry: ExperimentRegistry, uri: str, name: str) -> None:
    assert counts(push(registry, uri, name, "tag:variant")) == {"new": 1}
    assert counts(push(registry, uri, name, "tag:baseline and not tag:variant")) == {"new": 1}
    there = runs_of(uri, name)
    (child,) = (run for run in there.values() if "tag.variant" in run.data.tags)
    assert child.data.tags["mlflow.parentRunId"] == there[str(base().config_hash)].info.run_id
    assert counts(push(registry, uri, name)) == {"new": 1, "unchanged": 2}


def test_what_mlflow_cannot_hold_is_told(registry: ExperimentRegistry, uri: str, name: str) -> None:
    report = push(registry, uri, name, "feature:ünï")
    assert report.experiments[0].left_out == ("w.P/E (ttm)", "hp.note", "tag.a,b(c)")
    (run,) = runs_of(uri, name).values()
    assert run.data.params == {"feature.ünï": "no weight"}


def test_pushing_again_changes_nothing(registry: ExperimentRegistry, uri: str, name: str) -> None:
    push(registry, uri, name)
    before = runs_of(uri, name)
    assert counts(push(registry, uri, name)) == {"unchanged": 3}
    assert counts(push(registry, uri, name, dry_run=True)) == {"unchanged": 3}
    after = runs_of(uri, name)
    assert {h: (r.info.run_id, r.data.to_dictionary()) for h, r in before.items()} == {
        h: (r.info.run_id, r.data.to_dictionary()) for h, r in after.items()
    }


def test_what_changed_is_updated_in_the_same_run(registry: ExperimentRegistry, uri: str, name: str) -> None:
    push(registry, uri, name)
    before = runs_of(uri, name)[str(base().config_hash)]
    registry.describe(str(base().config_hash), "")
    registry.tag([str(base().config_hash)], ["kept"])
    registry.untag([str(base().config_hash)], ["baseline"])
    assert counts(push(registry, uri, name)) == {"updated": 1, "unchanged": 2}
    after = runs_of(uri, name)[str(base().config_hash)]
    assert after.info.run_id == before.info.run_id
    assert "mlflow.note.content" not in after.data.tags and "tag.baseline" not in after.data.tags
    assert after.data.tags["tag.kept"] == "true"
    history = client(uri).get_metric_history(after.info.run_id, "window.edge")
    assert len(history) == 3  # nothing logged twice
    assert counts(push(registry, uri, name)) == {"unchanged": 3}


def test_another_panel_is_another_run_of_the_same_experiment(registry: ExperimentRegistry, uri: str, name: str) -> None:
    push(registry, uri, name)
    evaluate(registry, base(), "q", 0.5)
    with pytest.raises(AmbiguousPanelError, match="--panel"):
        push(registry, uri, name)
    report = push(registry, uri, name, panel="q")
    assert counts(report) == {"new": 1, "unchanged": 2}
    there = client(uri)
    place = there.get_experiment_by_name(name).experiment_id
    found = there.search_runs([place], f"tags.`experiments.config_hash` = '{base().config_hash}'")
    assert sorted((run.data.tags["experiments.panel"], run.data.metrics["edge"]) for run in found) == [
        ("p", 0.25), ("q", 0.5),
    ]  # fmt: skip
    assert counts(push(registry, uri, name, panel="p")) == {"unchanged": 3}


def test_metrics_that_come_later_go_into_the_run_that_is_there(tmp_path: Path, uri: str, name: str) -> None:
    registry = ExperimentRegistry(tmp_path / "late.duckdb")
    registry.register(base())
    assert counts(push(registry, uri, name)) == {"new": 1}
    evaluate(registry, base())
    assert counts(push(registry, uri, name)) == {"updated": 1}
    (run,) = runs_of(uri, name).values()
    assert run.data.metrics["edge"] == 0.25
    assert counts(push(registry, uri, name)) == {"unchanged": 1}


class Cut(Exception):
    """The process ends here."""


def test_an_interrupted_push_is_completed_never_doubled(
    registry: ExperimentRegistry, uri: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = mlflow_push.Link.ask
    for method in ("log_batch", "log_text", "set_terminated", "set_tag"):

        def cut(self: Any, called: str, *args: Any, _at: str = method, **kwargs: Any) -> Any:
            if called == _at:
                raise Cut
            return real(self, called, *args, **kwargs)

        registry.describe(str(base().config_hash), f"until {method}")
        with monkeypatch.context() as patch:
            patch.setattr(mlflow_push.Link, "ask", cut)
            with pytest.raises(Cut):
                push(registry, uri, name, "tag:baseline and not tag:variant")
        runs_of(uri, name)  # one at most
    assert counts(push(registry, uri, name)) == {"completed": 1, "new": 2}
    run = runs_of(uri, name)[str(base().config_hash)]
    assert run.data.tags["mlflow.note.content"] == "until set_tag"
    assert len(client(uri).get_metric_history(run.info.run_id, "window.edge")) == 3


def test_a_run_deleted_there_comes_back(registry: ExperimentRegistry, uri: str, name: str) -> None:
    push(registry, uri, name)
    run = runs_of(uri, name)[str(base().config_hash)]
    client(uri).delete_run(run.info.run_id)
    assert counts(push(registry, uri, name)) == {"restored": 1, "unchanged": 2}
    assert runs_of(uri, name)[str(base().config_hash)].info.run_id == run.info.run_id


def test_an_experiment_deleted_there_is_told(registry: ExperimentRegistry, uri: str, name: str) -> None:
    push(registry, uri, name)
    there = client(uri)
    there.delete_experiment(there.get_experiment_by_name(name).experiment_id)
    with pytest.raises(ExchangeError, match="was deleted there; bring it back with `mlflow experiments restore"):
        push(registry, uri, name)


def test_hundreds_of_params_and_thousands_of_windows(tmp_path: Path, uri: str, name: str) -> None:
    registry = ExperimentRegistry(tmp_path / "large.duckdb")
    names = [f"f{n}" for n in range(250)]
    config = ExperimentConfig(names, dict.fromkeys(names, 0.5), tags=[f"t{n}" for n in range(130)])
    registry.register(config)
    windows = [
        {"number": n, "test_start": "2020-01-01", "test_end": "2020-01-02", "metrics": {"edge": n / 7}}
        for n in range(1, 2200)
    ]
    registry.record_run(config, metrics={"edge": 1.0}, panel="p", period=PERIOD, windows=windows)
    assert counts(push(registry, uri, name)) == {"new": 1}
    (run,) = runs_of(uri, name).values()
    assert len(run.data.params) == 250 and sum(tag.startswith("tag.") for tag in run.data.tags) == 130
    history = client(uri).get_metric_history(run.info.run_id, "window.edge")
    assert len(history) == 2199 and history[-1].value == 2199 / 7
    assert counts(push(registry, uri, name)) == {"unchanged": 1}


def test_many_are_read_at_once(tmp_path: Path, uri: str, name: str) -> None:
    registry = ExperimentRegistry(tmp_path / "many.duckdb")
    for n in range(30):
        registry.register(ExperimentConfig(["a"], {"a": n / 10}))
    seen: list[tuple[int, int]] = []
    assert counts(push(registry, uri, name, progress=lambda done, of: seen.append((done, of)))) == {"new": 30}
    assert seen[-1] == (30, 30)
    assert counts(push(registry, uri, name)) == {"unchanged": 30}


def test_a_dry_run_makes_no_store(registry: ExperimentRegistry, tmp_path: Path) -> None:
    report = push(registry, f"sqlite:///{tmp_path}/none/mlflow.db", "x", dry_run=True)
    assert counts(report) == {"new": 3} and not (tmp_path / "none").exists()


def test_an_absent_server_is_told_without_its_password(registry: ExperimentRegistry) -> None:
    with pytest.raises(TrackerError, match="can't be reached: connection refused") as told:
        push(registry, "http://me:hush%20hush@127.0.0.1:9", "x")
    assert "hush" not in str(told.value)
