"""One experiment, written as other systems write it and read by a mapping, is the same experiment."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig
from registry.exchange.mapped import View, map_record
from registry.exchange.mapped_reading import MappedReader
from registry.exchange.mapping import Mapping
from registry.exchange.report import Record
from registry.exchange.sources import Source
from registry.exchange.text import Meter

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
WEIGHTS = st.dictionaries(NAMES, st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=5)
PLAIN = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(-1e9, 1e9, allow_nan=False) | NAMES
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
HYPERPARAMETERS = st.dictionaries(NAMES, VALUES, max_size=4)


def mapped(told: dict[str, Any], record: Any) -> ExperimentConfig:
    return map_record(Mapping.from_dict(told), View(json.loads(json.dumps(record))), "here").record.config


def files(told: dict[str, Any], *paths: Path) -> list[ExperimentConfig]:
    reader = MappedReader(Mapping.from_dict(told))
    found = [item for path in paths for item in reader.read(Source(str(path), path), Meter())]
    assert all(isinstance(item, Record) for item in found), found
    return [item.config for item in found if isinstance(item, Record)]


@MANY
@given(WEIGHTS, HYPERPARAMETERS)
def test_every_layout_of_objects_gives_the_same_hash(weights: dict[str, float], hp: dict[str, Any]) -> None:
    wanted = ExperimentConfig(list(weights), weights, hp).config_hash
    names, numbers = list(weights), list(weights.values())
    layouts: list[tuple[dict[str, Any], Any]] = [
        ({"weights": "m.w", "hyperparameters": "m.hp"}, {"m": {"w": weights, "hp": hp}}),
        ({"weights": 'a."b.c"', "hyperparameters": "runs[-1]"}, {"a": {"b.c": weights}, "runs": [1, hp]}),
        (
            {"weights": {"path": "w", "name": "n", "weight": "v"}, "hyperparameters": "hp"},
            {"w": [{"n": name, "v": number} for name, number in weights.items()], "hp": hp},
        ),
        ({"weights": "w", "hyperparameters": "hp"}, {"w": [list(pair) for pair in weights.items()], "hp": hp}),
        ({"weights": {"names": "f", "weights": "w"}, "hyperparameters": "hp"}, {"f": names, "w": numbers, "hp": hp}),
        (
            {"weights": {"names": "f[*].n", "weights": "f[*].w"}, "hyperparameters": "hp"},
            {"f": [{"n": name, "w": number} for name, number in weights.items()], "hp": hp},
        ),
        (
            {"weights": {"prefix": "w_"}, "hyperparameters": {"prefix": "p_", "optional": True}},
            {f"w_{name}": number for name, number in weights.items()} | {f"p_{name}": hp[name] for name in hp},
        ),
        (
            {"weights": {"path": "params", "prefix": "w_"}, "hyperparameters": {"path": "params.hp"}},
            {"params": {f"w_{name}": number for name, number in weights.items()} | {"hp": hp}},
        ),
        ({"weights": "w", "hyperparameters": "hp"}, {"w": json.dumps(weights), "hp": json.dumps(hp)}),
        (
            {"weights": "w", "hyperparameters": {"set": {name: {"value": value} for name, value in hp.items()}}}
            if hp
            else {"weights": "w"},
            {"w": weights},
        ),
    ]
    for told, record in layouts:
        assert mapped(told, record).config_hash == wanted, told


@MANY
@given(WEIGHTS, HYPERPARAMETERS)
def test_the_rest_is_what_nothing_else_takes(weights: dict[str, float], hp: dict[str, Any]) -> None:
    own = {f"own {name}": value for name, value in hp.items()}
    wanted = ExperimentConfig(list(weights), weights, own).config_hash
    told: dict[str, Any] = {
        "weights": "the weights",
        "description": "the text",
        "hyperparameters": {"rest": True, "except": ["noise"]},
    }
    record = {"the weights": weights, "the text": "x", "noise": 3, **own}
    assert mapped(told, record).config_hash == wanted
    told = {"weights": {"path": "c", "prefix": "w."}, "hyperparameters": {"path": "c", "rest": True}}
    flat = {f"w.{name}": number for name, number in weights.items()}
    assert mapped(told, {"c": {**flat, **own}, "other": 1}).config_hash == wanted


def test_the_rest_of_an_object_of_which_something_was_taken() -> None:
    told = {"weights": "model.weights", "hyperparameters": {"rest": True}}
    config = mapped(told, {"model": {"weights": {"a": 1}, "clip": 3}, "k": 5, "list": [1]})
    assert config.to_dict()["hyperparameters"] == {"model": {"clip": 3}, "k": 5, "list": [1]}
    told = {"weights": "model.weights", "hyperparameters": {"rest": True}}
    assert mapped(told, {"model": {"weights": {"a": 1}}}).hyperparameters == {}
    told = {"weights": {"prefix": "params_w_"}, "hyperparameters": {"prefix": "params_", "rest": True}}
    assert mapped(told, {"params_w_a": 1, "params_k": 5, "state": "done"}).hyperparameters == {"k": 5}


@MANY
@given(
    WEIGHTS, st.dictionaries(NAMES, st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.just("mse"), max_size=4)
)
def test_tables_and_lines_and_packed_files_give_the_same_hash(
    tmp_path: Path, weights: dict[str, float], hp: dict[str, Any]
) -> None:
    weights = {name.strip() or "x": number for name, number in weights.items()}
    hp = {name.strip() or "x": value for name, value in hp.items()}
    wanted = ExperimentConfig(list(weights), weights, hp).config_hash
    told = {"weights": {"prefix": "w_"}, "hyperparameters": {"prefix": "p_", "optional": True}}
    row = {f"w_{name}": number for name, number in weights.items()} | {f"p_{name}": hp[name] for name in hp}
    row["other"] = 1  # without any comma in the first line, a semicolon in a name is taken for what separates cells
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(row))
    writer.writeheader()
    writer.writerow(row)
    (tmp_path / "t.csv").write_bytes(text.getvalue().encode())
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.getvalue().encode()))
    (tmp_path / "t.json").write_text(json.dumps(row, indent=1))
    (tmp_path / "t.ndjson").write_text(f"{json.dumps(row)}\n{json.dumps(row)}\n")
    (tmp_path / "t.json.gz").write_bytes(gzip.compress(json.dumps([row]).encode()))
    found = files(told, *(tmp_path / f"t.{end}" for end in ("csv", "csv.gz", "json", "ndjson", "json.gz")))
    assert {config.config_hash for config in found} == {wanted}
    assert len(found) == 6


@pytest.mark.full
@settings(MANY, max_examples=40)
@given(WEIGHTS, HYPERPARAMETERS)
def test_yaml_gives_the_same_hash(tmp_path: Path, weights: dict[str, float], hp: dict[str, Any]) -> None:
    import yaml

    wanted = ExperimentConfig(list(weights), weights, hp).config_hash
    path = tmp_path / "one.yaml"
    for text in (
        yaml.safe_dump({"w": weights, "hp": hp}, allow_unicode=True),
        yaml.safe_dump({"w": weights, "hp": hp}, default_flow_style=True),
        json.dumps({"w": weights, "hp": hp}),
    ):
        path.write_text(text, encoding="utf-8")
        assert [each.config_hash for each in files({"weights": "w", "hyperparameters": "hp"}, path)] == [wanted]


def test_cells_are_read_once_and_what_is_no_cell_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run-007.csv").write_text(
        'w_a,k,text,quoted,nested,flag,none\n1,10,abc,"""10""","{""k"": ""10""}",True,\n'
    )
    told = {
        "file": r"run-(?P<seed>\d+)",
        "weights": {"prefix": "w_"},
        "hyperparameters": {
            "only": ["k", "text", "quoted", "flag"],
            "set": {"constant": {"value": "10"}, "seed": "@file.seed", "nested": "nested"},
        },
    }
    assert files(told, tmp_path / "run-007.csv")[0].to_dict()["hyperparameters"] == {
        "k": 10, "text": "abc", "quoted": "10", "flag": True, "constant": "10", "seed": "007", "nested": {"k": "10"},
    }  # fmt: skip
    told["hyperparameters"] = "nested"
    assert files(told, tmp_path / "run-007.csv")[0].hyperparameters == {"k": "10"}


def test_names_transformations_words_and_times() -> None:
    told: dict[str, Any] = {
        "names": "all",
        "weights": "w",
        "transformations": {"path": "t"},
        "description": "title",
        "tags": {"path": "tags", "separator": ";", "always": ["imported"]},
        "time": {"path": "at", "format": "epoch"},
    }
    record = {"all": ["a", "b"], "w": {"a": 1, "b": None}, "t": {"a": "rank", "b": ""}, "title": 5, "tags": "x; y;"}
    config = mapped(told, {**record, "at": 1714564800})
    assert (list(config.feature_names), config.feature_weights) == (["a", "b"], {"a": 1.0})
    assert config.feature_transformations == {"a": "rank"}
    assert (config.description, list(config.tags)) == ("5", ["x", "y", "imported"])
    for form, at in (
        ("epoch", "1714564800.0"),
        ("epoch_ms", 1714564800000),
        ("iso", "2024-05-01T14:00:00+02:00"),
        ("iso", "2024-05-01 12:00:00"),
        ("%d.%m.%Y %H:%M", "01.05.2024 12:00"),
    ):
        told["time"]["format"] = form
        assert mapped(told, {**record, "at": at}).created_at == "2024-05-01T12:00:00.000000+00:00", form


def test_metrics_become_a_run_that_is_the_same_however_often_it_is_read() -> None:
    told: dict[str, Any] = {
        "weights": "w",
        "metrics": {
            "path": "m",
            "panel": "data",
            "period": {"value": "2020-01-01..2020-12-31"},
            "define": {"auc": {"unit": "ratio", "direction": "higher", "definition": "Area under the curve"}},
        },
    }
    record = {"w": {"a": 1}, "data": "sp500", "m": {"sharpe": "0.8", "auc": 0.5, "edge": "nan", "mine": 3}}
    made = [map_record(Mapping.from_dict(told), View(record), "here") for _ in range(2)]
    (run,) = made[0].record.runs
    assert (run.panel.name, run.period, run.engine) == ("sp500", "2020-01-01..2020-12-31", "other")
    assert run.metrics == {"sharpe": 0.8, "auc": 0.5, "edge": None}
    assert made[0].undefined == {"mine"}
    assert run.run_id == made[1].record.runs[0].run_id
