"""Configurations kept by hand before there was a registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig
from tests.exchange.conftest import Read, read


def load(tmp_path: Path, record: Any) -> Read:
    path = tmp_path / "old_config.json"
    path.write_text(json.dumps(record))
    return read(path)


FULL = {
    "features": ["a", "b"],
    "weights": {"a": 0.25, "b": 0.75},
    "hyperparameters": {"k": 10},
    "description": "by hand",
    "tags": ["old", "v1"],
}


def test_everything_it_says_is_taken_and_it_is_tagged_migrated(tmp_path: Path) -> None:
    found = load(tmp_path, FULL)
    assert (found.refused, found.remarks) == ([], [])
    config = found.records[0].config
    assert config.config_hash == ExperimentConfig(["a", "b"], {"a": 0.25, "b": 0.75}, {"k": 10}).config_hash
    assert config.description == "by hand"
    assert config.tags == ["migrated", "old", "v1"]


def test_what_it_does_not_say_has_a_default(tmp_path: Path) -> None:
    config = load(tmp_path, {"features": ["a"], "weights": {"a": 1}}).records[0].config
    assert (config.description, config.tags, config.hyperparameters) == ("Migrated config", ["migrated"], {})
    config = load(tmp_path, {**FULL, "tags": None, "hyperparameters": None}).records[0].config
    assert (config.tags, config.hyperparameters) == (["migrated"], {})
    config = load(tmp_path, {**FULL, "tags": ["migrated"]}).records[0].config
    assert config.tags == ["migrated"]


def test_features_with_their_weights_in_one_mapping(tmp_path: Path) -> None:
    config = load(tmp_path, {"features": {"a": 0.25, "b": 0.75}}).records[0].config
    assert config.config_hash == ExperimentConfig(["a", "b"], {"a": 0.25, "b": 0.75}).config_hash


def test_transformations_belong_to_the_identity(tmp_path: Path) -> None:
    expected = ExperimentConfig(["a", "b"], {"a": 0.25, "b": 0.75}, {"k": 10}, {"a": "log"}).config_hash
    for key in ("transformations", "feature_transformations"):
        assert load(tmp_path, {**FULL, key: {"a": "log"}}).hashes == [expected]


def test_what_means_nothing_here_is_remarked_on(tmp_path: Path) -> None:
    found = load(tmp_path, {**FULL, "author": "me", "sharpe": 1.5})
    assert len(found.records) == 1
    assert found.remarks == [("old_config.json", 'not taken over: "author", "sharpe"')]


def test_several_in_one_file(tmp_path: Path) -> None:
    found = load(tmp_path, [FULL, {"features": ["a"], "weights": {"a": 1}}])
    assert [r.config.tags[0] for r in found.records] == ["migrated", "migrated"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"features": None}, "feature_names"),
        ({"features": "a,b"}, "feature_names"),
        ({"features": ["a", "a"]}, "more than once"),
        ({"weights": [0.25, 0.75]}, "feature_weights"),
        ({"weights": {"a": "much"}}, "a weight is a number"),
        ({"tags": "old, v1"}, "tags"),
        ({"hyperparameters": [1]}, "hyperparameters"),
        ({"transformations": {}, "feature_transformations": {}}, "say the same thing twice"),
        ({"config_hash": "0" * 64}, "does not match the content"),
    ],
)
def test_what_has_no_canonical_form_is_refused(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    found = load(tmp_path, {**FULL, **change})
    assert found.records == []
    assert reason in found.refused[0][1]


def test_half_of_one_is_refused_by_name(tmp_path: Path) -> None:
    assert "it has features but no weights" in load(tmp_path, {"features": ["a"]}).refused[0][1]
    assert "it has weights but no features" in load(tmp_path, {"weights": {"a": 1}}).refused[0][1]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("params", "hyperparameters"),
        ("hyper_parameters", "hyperparameters"),
        ("Hyperparameters", "hyperparameters"),
        ("hyperparamters", "hyperparameters"),
        ("transforms", "transformations"),
        ("feature-transformations", "transformations"),
    ],
)
def test_a_key_that_would_be_lost_from_the_identity_is_refused(tmp_path: Path, key: str, meant: str) -> None:
    record = {"features": ["a"], "weights": {"a": 1}, key: {"a": "log"}}
    [(_, reason)] = load(tmp_path, record).refused
    assert reason.startswith(f'"{key}" is not a field')
    assert f"did you mean {meant}?" in reason
    # nothing is lost where it says nothing, or where what is meant is said beside it
    assert load(tmp_path, {**record, key: {}}).records
    beside = load(tmp_path, {**record, meant: {"a": "rank"}})
    assert [text for _, text in beside.remarks] == [f'not taken over: "{key}"']


def test_a_near_miss_of_what_it_must_have_is_no_other_file(tmp_path: Path) -> None:
    assert "did you mean weights?" in load(tmp_path, {"features": ["a"], "weight": {"a": 1}}).refused[0][1]
    assert "did you mean features?" in load(tmp_path, {"feature_name": ["a"], "weights": {"a": 1}}).refused[0][1]
    folder = read(tmp_path)
    assert (folder.records, len(folder.refused)) == ([], 1)  # refused in a folder too, where others are passed over


def test_a_folder_with_other_files_in_it_gives_its_experiments(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(FULL))
    for name, text in {
        "package.json": '{"name": "x"}', "list.json": "[1, 2]", "text.json": '"x"', "log.ndjson": '{"a": 1}\n{"a": 2}',
        "summary.json": '{"metrics": {}, "config": {}}', "README.md": "# not looked at", "picture.png": "x",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    found = read(tmp_path)
    assert (len(found.records), found.refused) == (1, [])
    assert {Path(place).name for place, _ in found.remarks} == {
        "package.json", "list.json", "text.json", "log.ndjson", "summary.json",
    }  # fmt: skip
    assert all("passed over: not an experiment" in text for _, text in found.remarks)
