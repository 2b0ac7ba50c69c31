"""Pushing into W&B, offline, with the real library; its files are read back record by record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import ExchangeError, TrackerError
from registry.trackers import wandb_push
from registry.trackers.report import PushReport
from tests.trackers.conftest import PERIOD, Shell, base, evaluate
from tests.trackers.wandb_files import Offline, offline_runs

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no account, and no folder of W&B's at home."""
    for name in ("WANDB_API_KEY", "WANDB_ENTITY", "WANDB_PROJECT", "WANDB_MODE", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))


def push(registry: ExperimentRegistry, folder: Path, **more: Any) -> PushReport:
    return registry.push_wandb(registry.matching("features >= 0"), offline=True, folder=folder, **more)


def counts(report: PushReport) -> dict[str, int]:
    assert not report.refused
    return {outcome: count for outcome, count in report.counts.items() if count}


def of(folder: Path, config: ExperimentConfig) -> list[Offline]:
    return [run for run in offline_runs(folder) if run.config["config_hash"] == config.config_hash]


def test_a_run_says_what_the_experiment_is(registry: ExperimentRegistry, tmp_path: Path) -> None:
    report = push(registry, tmp_path / "w", project="scoring", entity="team")
    assert counts(report) == {"new": 3} and report.metrics_from == f"p {PERIOD}"
    (run,) = of(tmp_path / "w", base())
    result = registry.runs(str(base().config_hash))[0]
    assert (run.run_id, run.project, run.entity) == (f"{base().config_hash}-{result.run_id}", "scoring", "team")
    assert (run.name, run.notes, run.tags) == (str(base().config_hash)[:12], "the first", ["baseline"])
    assert run.config["w"] == {"mom 12-1": 0.75, "value": 0.1 + 0.2}
    assert run.config["hp"] == {"k": 10, "rate": 10.0, "on": True, "w": "10"}
    assert run.config["transform"] == {"value": "zscore"}
    assert (run.config["panel"], run.config["period"], run.config["run_id"]) == ("p", PERIOD, result.run_id)
    steps = [(row["_step"], row["window"], row["window.edge"]) for row in run.history]
    assert steps == [(1, 1, 0.25), (2, 2, 0.5), (3, 3, 0.75)]
    assert run.summary["edge"] == 0.25 and "sharpe" not in run.summary
    assert "experiment_config.json" in run.files and run.exit_code == 0


def test_what_is_attached_imports_as_the_same_experiments(
    registry: ExperimentRegistry, tmp_path: Path, empty: Shell
) -> None:
    push(registry, tmp_path / "w")
    empty.ok("--db", "other.duckdb", "import", *map(str, (tmp_path / "w").glob("wandb/*/files/experiment_config.json")))
    other = ExperimentRegistry(tmp_path / "other.duckdb")
    assert sorted(other.matching()) == sorted(registry.matching()) and len(other.runs()) == 2


def test_pushing_again_changes_nothing(registry: ExperimentRegistry, tmp_path: Path) -> None:
    push(registry, tmp_path / "w")
    before = sorted((tmp_path / "w").rglob("*"))
    assert counts(push(registry, tmp_path / "w")) == {"unchanged": 3}
    assert counts(push(registry, tmp_path / "w", dry_run=True)) == {"unchanged": 3}
    assert sorted((tmp_path / "w").rglob("*")) == before
    assert counts(push(registry, tmp_path / "w", project="another")) == {"new": 3}


def test_what_changed_goes_to_the_same_run(registry: ExperimentRegistry, tmp_path: Path) -> None:
    push(registry, tmp_path / "w")
    registry.describe(str(base().config_hash), "said anew")
    assert counts(push(registry, tmp_path / "w")) == {"updated": 1, "unchanged": 2}
    first, second = sorted(of(tmp_path / "w", base()), key=lambda run: len(run.history), reverse=True)
    assert first.run_id == second.run_id
    assert (second.notes, second.history) == ("said anew", [])  # windows are told once
    assert counts(push(registry, tmp_path / "w")) == {"unchanged": 3}


def test_an_interrupted_push_is_completed_and_told(
    registry: ExperimentRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(wandb_push, "LEDGER", "no/such/folder")
        with pytest.raises(FileNotFoundError):
            push(registry, tmp_path / "w")
    report = push(registry, tmp_path / "w")
    assert counts(report) == {"completed": 1, "new": 2}
    assert "is of a push that was interrupted; remove it before wandb sync" in report.remarks[0]


def test_another_panel_is_another_run(registry: ExperimentRegistry, tmp_path: Path) -> None:
    push(registry, tmp_path / "w")
    evaluate(registry, base(), "q", 0.5)
    assert counts(push(registry, tmp_path / "w", panel="q")) == {"new": 1, "unchanged": 2}
    assert sorted(run.config["panel"] for run in of(tmp_path / "w", base())) == ["p", "q"]


def test_what_wandb_cannot_hold_is_told(registry: ExperimentRegistry, tmp_path: Path) -> None:
    registry.tag([str(base().config_hash)], ["t" * 65])
    report = push(registry, tmp_path / "w")
    assert {each.config_hash: each.left_out for each in report.experiments}[str(base().config_hash)] == (
        f"tag.{'t' * 65}",
    )
    assert of(tmp_path / "w", base())[0].tags == ["baseline"]


def test_the_folder_lies_beside_the_registry_and_nowhere_else(
    registry: ExperimentRegistry, empty: Shell, tmp_path: Path
) -> None:
    ran = empty("push", "wandb", "--filter", "features >= 0", "--offline")
    assert ran.code == 0, ran
    assert f"wandb sync {tmp_path}/experiments.duckdb.wandb/wandb/offline-run-*" in ran.err
    assert len(offline_runs(tmp_path / "experiments.duckdb.wandb")) == 3
    assert not (tmp_path / "wandb").exists()
    found = json.loads(empty.ok("push", "wandb", "--filter", "features >= 0", "--offline", "--json"))
    assert found["counts"]["unchanged"] == 3


def test_without_a_key_one_sentence(registry: ExperimentRegistry, tmp_path: Path) -> None:
    with pytest.raises(TrackerError, match="no API key; run `wandb login`, or push --offline"):
        registry.push_wandb(registry.matching(), folder=tmp_path / "w")


def test_names_that_wandb_does_not_take(registry: ExperimentRegistry, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="can't be a W&B project"):
        push(registry, tmp_path / "w", project="../up")
    with pytest.raises(ExchangeError, match="a dry run needs --offline"):
        registry.push_wandb(registry.matching(), dry_run=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(ExchangeError, match="can't be made for W&B's files"):
        push(registry, tmp_path / "file")
