"""Pulling from real MLflow: the same experiments come back, and what anybody may have put there is refused or told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentRegistry
from registry.errors import ExchangeError, TrackerError
from registry.trackers import mlflow_pull
from registry.trackers.mapping import Group, NameMapping, read_mapping
from tests.trackers.conftest import PERIOD, base, client, runs_of
from tests.trackers.test_mlflow_push import counts, push

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore")]

ATTACHED = "experiment_config.json"


@pytest.fixture
def other(tmp_path: Path) -> ExperimentRegistry:
    """A registry to pull into."""
    return ExperimentRegistry(tmp_path / "other.duckdb")


def attach(uri: str, run_id: str, text: str, as_: str = ATTACHED) -> None:
    client(uri).log_text(run_id, text, as_)


def one(registry: ExperimentRegistry, uri: str, name: str) -> Any:
    push(registry, uri, name, "tag:baseline and not tag:variant")
    (run,) = runs_of(uri, name).values()
    return run


def foreign(uri: str, name: str, params: dict[str, str], metrics: dict[str, float] | None = None) -> str:
    """Log a run as any program does, and return its id."""
    there = client(uri)
    found = there.get_experiment_by_name(name)
    run = there.create_run(found.experiment_id if found else there.create_experiment(name))
    for key, value in params.items():
        there.log_param(run.info.run_id, key, value)
    for key, number in (metrics or {}).items():
        there.log_metric(run.info.run_id, key, number)
    return str(run.info.run_id)


def test_what_was_pushed_comes_back(
    registry: ExperimentRegistry, other: ExperimentRegistry, uri: str, name: str
) -> None:
    push(registry, uri, name)
    foreseen = other.pull_mlflow(uri, [name], dry_run=True)
    assert foreseen.counts["new"] == 3 and other.count() == 0
    report = other.pull_mlflow(uri, [name])
    assert report.counts == {"new": 3, "updated": 0, "unchanged": 0, "restored": 0, "refused": 0}
    assert report.runs == 2 and not report.remarks
    assert [c.to_dict() for c in other.configs(sorted(other.matching()))] == [
        c.to_dict() for c in registry.configs(sorted(registry.matching()))
    ]
    ours, theirs = (r.runs(str(base().config_hash), full=True)[0] for r in (registry, other))
    assert ours.to_dict() == theirs.to_dict()
    again = other.pull_mlflow(uri, [name])
    assert again.counts["unchanged"] == 3 and again.runs == 0
    assert counts(push(other, uri, name)) == {"unchanged": 3}


def test_only_what_mlflows_filter_finds(
    registry: ExperimentRegistry, other: ExperimentRegistry, uri: str, name: str
) -> None:
    push(registry, uri, name)
    other.pull_mlflow(uri, [name], runs="metrics.`w.mom 12-1` > 0.8")
    assert [list(config.tags) for config in other.list_all()] == [["variant"]]
    with pytest.raises(ExchangeError, match="MLflow can't list its runs"):
        other.pull_mlflow(uri, [name], runs="nonsense >>")


def test_deleted_runs_stay_there(registry: ExperimentRegistry, other: ExperimentRegistry, uri: str, name: str) -> None:
    run = one(registry, uri, name)
    client(uri).delete_run(run.info.run_id)
    assert other.pull_mlflow(uri, [name]).records == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deep"),
        ('{"features": 1}', "not an experiment"),
        ('{"feature_names": ["a"], "feature_weights": {"a": NaN}}', "a"),
        ('{"feature_names": ["a"], "feature_weights": {"a": "\\u001b[31m"}}', "a"),
        ("\x00", ""),
        ("", "empty"),
    ],
)
def test_each_refusal_names_its_run(
    registry: ExperimentRegistry, other: ExperimentRegistry, uri: str, name: str, text: str, reason: str
) -> None:
    run = one(registry, uri, name)
    attach(uri, run.info.run_id, text)
    report = other.pull_mlflow(uri, [name])
    (refusal,) = report.refused
    assert refusal.source.startswith(f"run {run.info.run_id}") and reason in refusal.reason
    assert other.count() == 0


def test_what_was_altered_there_is_refused(
    registry: ExperimentRegistry, other: ExperimentRegistry, uri: str, name: str
) -> None:
    run = one(registry, uri, name)
    record = base().to_dict()
    record["feature_weights"]["value"] = 9.0
    attach(uri, run.info.run_id, json.dumps(record))
    assert "does not match the content" in other.pull_mlflow(uri, [name]).refused[0].reason
    del record["config_hash"]
    attach(uri, run.info.run_id, json.dumps(record))
    assert "one of the two was altered" in other.pull_mlflow(uri, [name]).refused[0].reason
    assert other.count() == 0


def test_a_file_too_large_is_not_read(
    registry: ExperimentRegistry, other: ExperimentRegistry, uri: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one(registry, uri, name)
    monkeypatch.setattr(mlflow_pull, "LARGEST", 100)
    assert "bytes are more than the 100" in other.pull_mlflow(uri, [name]).refused[0].reason


def test_a_folder_of_that_name_and_an_interrupted_push(other: ExperimentRegistry, uri: str, name: str) -> None:
    run_id = foreign(uri, name, {})
    attach(uri, run_id, "{}", f"{ATTACHED}/inside.txt")
    assert f"1 run ({run_id}) without {ATTACHED}" in other.pull_mlflow(uri, [name]).remarks[0].text
    client(uri).set_tag(run_id, "experiments.config_hash", "\x1b[31mhash")
    (refusal,) = other.pull_mlflow(uri, [name]).refused
    assert refusal.source == f"run {run_id}" and "push again" in refusal.reason


def test_runs_that_were_never_ours(other: ExperimentRegistry, uri: str, name: str, tmp_path: Path) -> None:
    good = foreign(
        uri, name, {"w.a": "0.5", "w.b": "-1", "k": "10", "rate": "10.0", "on": "True", "kind": "fast", "list": "[1]"},
        {"precision": 0.6, "loss": 2.0, "w.c": 0.25},
    )  # fmt: skip
    foreign(uri, name, {"lr": "0.1"})
    bad = foreign(uri, name, {"w.a": "high"})
    passed = other.pull_mlflow(uri, [name])
    assert "3 runs" in passed.remarks[0].text and "--weight-prefix" in passed.remarks[0].text
    report = other.pull_mlflow(uri, [name], mapping=NameMapping(Group("w.")))
    assert report.counts["new"] == 1
    assert [(each.source, each.reason) for each in report.refused] == [
        (f"run {bad}", 'param "w.a": "high" is no number, as a weight must be')
    ]
    told = " ".join(remark.text for remark in report.remarks)
    assert "1 run (" in told and "is a weight" in told
    for what in ("param k (1)", "param rate (1)", "metric loss (1)", "metric precision (1)"):
        assert what in told
    (config,) = other.list_all()
    assert dict(config.feature_weights) == {"a": 0.5, "b": -1.0, "c": 0.25} and not config.hyperparameters

    file = tmp_path / "map.toml"
    file.write_text(
        '[weights]\nprefix = "w."\nexcept = ["c"]\n[hyperparameters]\nrest = true\n[metrics]\n'
        f'only = ["precision"]\npanel = "sp"\nperiod = "{PERIOD}"\n'
    )
    report = other.pull_mlflow(uri, [name], mapping=read_mapping(file), runs=f"attributes.run_id = '{good}'")
    assert (report.counts["new"], report.runs) == (1, 1)
    assert "not mapped: metric loss (1), metric w.c (1)" in report.remarks[0].text
    config = next(config for config in other.list_all() if config.hyperparameters)
    assert dict(config.hyperparameters) == {"k": 10, "rate": 10.0, "on": True, "kind": "fast", "list": [1]}
    assert type(config.hyperparameters["rate"]) is float
    (run,) = other.runs(str(config.config_hash))
    assert (run.engine, run.panel.name, dict(run.metrics)) == ("mlflow", "sp", {"precision": 0.6})
    again = other.pull_mlflow(uri, [name], mapping=read_mapping(file), runs=f"attributes.run_id = '{good}'")
    assert (again.counts["unchanged"], again.runs) == (1, 0)


def test_an_unknown_experiment_and_an_absent_store(other: ExperimentRegistry, uri: str, name: str) -> None:
    foreign(uri, name, {})
    with pytest.raises(ExchangeError, match="did you mean"):
        other.pull_mlflow(uri, [name[:-1]])
    with pytest.raises(TrackerError, match="connection refused"):
        other.pull_mlflow("http://127.0.0.1:9")


def test_a_store_that_is_not_there_is_not_made(other: ExperimentRegistry, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="there is no MLflow store"):
        other.pull_mlflow(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()
