"""`import --map`: results of other systems, from thousands of files, a pipe and a folder, with what a dry run shows."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import ExchangeError
from tests.cli.conftest import Shell

MAP = """
description = {path = "title", optional = true}
tags = {path = "labels", optional = true, always = ["lab"]}
time = {path = "finished", format = "epoch", optional = true}
[weights]
path = "model.weights"
[hyperparameters]
set = {k = "train.top_k"}
[metrics]
path = "scores"
optional = true
panel = "data"
period = "period"
"""
RESULT = {
    "title": "Ab[bold]\x1b[31m",
    "labels": "a, b",
    "finished": 1714564800,
    "model": {"weights": {"mom": 0.6, "val": 0.4}, "size": 3},
    "train": {"top_k": 10},
    "scores": {"sharpe": 0.8, "mine": 1},
    "data": "sp500",
    "period": "2020-01-01..2020-12-31",
}
WANTED = ExperimentConfig(["mom", "val"], {"mom": 0.6, "val": 0.4}, {"k": 10})


@pytest.fixture
def lab(empty: Shell) -> Shell:
    (empty.folder / "map.toml").write_text(MAP)
    (empty.folder / "one.json").write_text(json.dumps(RESULT))
    return empty


def test_a_dry_run_shows_the_first_and_what_was_not_used(lab: Shell) -> None:
    ran = lab("import", "--map", "map.toml", "one.json", "--dry-run")
    assert (ran.code, ran.lines) == (
        0,
        [
            f"the first one, one.json, becomes {str(WANTED.config_hash)[:12]}:",
            "  description      Ab[bold]\\x1b[31m",
            "  tags             a, b, lab",
            "  created_at       2024-05-01T12:00:00.000000+00:00",
            "  weight           mom = 0.6",
            "  weight           val = 0.4",
            "  hyperparameter   k = 10",
            "  metric           sharpe = 0.8",
            "  measured on      sp500 2020-01-01..2020-12-31",
            "  not used         model.size",
            "would be imported: 1 new",
        ],
    )
    assert "not taken, since nothing says what they mean: mine" in ran.err
    assert not (lab.folder / "experiments.duckdb").exists()
    first = json.loads(lab("import", "--map", "map.toml", "one.json", "--dry-run", "--json").out)["first"]
    assert first["experiment"]["config_hash"] == WANTED.config_hash
    assert first["not_used"] == ["model.size"]
    assert first["runs"][0]["metrics"] == {"sharpe": 0.8}


def test_it_comes_in_with_its_run_and_again_changes_nothing(lab: Shell) -> None:
    assert lab.ok("import", "--map", "map.toml", "one.json") == "1 new, with 1 new run\n"
    assert lab.ok("import", "--map", "map.toml", "one.json") == "1 unchanged\n"
    found = lab.registry.get(str(WANTED.config_hash))
    assert found is not None
    assert (list(found.tags), found.created_at) == (["a", "b", "lab"], "2024-05-01T12:00:00.000000+00:00")
    (run,) = lab.registry.runs(str(WANTED.config_hash))
    assert (run.panel.name, run.metrics["sharpe"], run.engine) == ("sp500", 0.8, "other")


def test_refusals_atomic_and_exit_codes(lab: Shell) -> None:
    (lab.folder / "bad.json").write_text('{"model": {}}')
    ran = lab("import", "--map", "map.toml", "one.json", "bad.json", "--atomic")
    assert (ran.code, ran.out) == (2, "nothing was imported (--atomic): 1 refused\n")
    ran = lab("import", "--map", "map.toml", "one.json", "bad.json", "none*.json")
    assert (ran.code, ran.out) == (5, "1 new, 2 refused, with 1 new run\n")
    assert "refused bad.json: weights: nothing at model.weights; if that may be missing" in ran.err
    assert "refused none*.json: no file matches this pattern" in ran.err
    assert lab("import", "--map", "map.toml", "bad.json").code == 2
    ran = lab("import", "--map", "nope.toml", "one.json")
    assert (ran.code, ran.err) == (2, "Error: nope.toml: can't be read: No such file or directory\n")
    (lab.folder / "wrong.toml").write_text('[weight]\npath = "w"\n')
    ran = lab("import", "--map", "wrong.toml", "one.json")
    assert (ran.code, ran.err) == (
        2, 'Error: wrong.toml: the mapping: "weight" means nothing here; did you mean weights?\n'
    )  # fmt: skip


def test_lines_tables_and_packed_files_from_a_pipe(
    process: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "map.toml").write_text('format = "csv"\nweights = {prefix = "w_"}\nhyperparameters = {rest = true}\n')
    ran = process("import", "--map", "map.toml", "-", stdin="w_mom,w_val,k\n0.6,0.4,10\n0.5,0.5,\n")
    assert (ran.returncode, ran.stdout) == (0, "2 new\n"), ran.stderr
    ran = process("import", "--map", "map.toml", "-", "--dry-run", stdin="")
    assert (ran.returncode, ran.stdout) == (2, "would be imported: 1 refused\n")
    (tmp_path / "lines.toml").write_text('weights = {prefix = "w_"}\nhyperparameters = {rest = true}\n')
    (tmp_path / "packed.ndjson.gz").write_bytes(gzip.compress(b'{"w_mom": 0.6, "w_val": 0.4, "k": 10}\n' * 2))
    ran = process("import", "--map", "lines.toml", "packed.ndjson.gz")
    assert (ran.returncode, ran.stdout) == (0, "2 unchanged\n"), ran.stderr


def make_results(folder: Path, count: int) -> None:
    for number in range(count):
        run = folder / f"run-{number}"
        run.mkdir(parents=True)
        weights = {"mom": number / 4096, "val": 1 - number / 4096}
        (run / "config.json").write_text(json.dumps({"model": {"weights": weights}, "k": 10}))
        (run / "metrics.json").write_text(json.dumps({"sharpe": number / 1000}))


FOLDERS = r"""
file = 'run-(?P<seed>\d+)/config\.json$'
weights = "model.weights"
hyperparameters = {rest = true, set = {seed = "@file.seed"}}
metrics = {path = '@beside."metrics.json"', panel = {value = "sp500"}, period = {value = "2020-01-01..2020-12-31"}}
"""


def test_a_folder_of_results_with_metrics_beside(empty: Shell) -> None:
    make_results(empty.folder / "results", 3)
    (empty.folder / "map.toml").write_text(FOLDERS)
    ran = empty("import", "--map", "map.toml", "results")
    assert (ran.code, ran.out) == (0, "3 new, with 3 new runs\n"), ran.err
    assert "passed over: 3 files, whose paths are not as the mapping's file says" in ran.err
    third = ExperimentConfig(["mom", "val"], {"mom": 2 / 4096, "val": 1 - 2 / 4096}, {"k": 10, "seed": 2})
    assert empty.registry.runs(str(third.config_hash))[0].metrics["sharpe"] == 0.002
    ran = empty("import", "--map", "map.toml", "results/run-*/config.json")
    assert (ran.code, ran.out, ran.err) == (0, "3 unchanged\n", "")


@pytest.mark.full
def test_thousands_of_files_in_one_go(tmp_path: Path) -> None:
    make_results(tmp_path / "results", 3000)
    (tmp_path / "map.toml").write_text(FOLDERS)
    seen = []
    with ExperimentRegistry(tmp_path / "experiments.duckdb") as registry:
        report = registry.import_files(
            tmp_path / "results", mapping=tmp_path / "map.toml", progress=lambda each: seen.append(each.fraction)
        )
        assert (report.counts["new"], report.runs, report.refused) == (3000, 3000, [])
        assert seen[-1] is not None
        assert seen == sorted(seen)
        assert registry.import_files(tmp_path / "results", mapping=tmp_path / "map.toml").counts["unchanged"] == 3000


def test_python_takes_a_mapping_in_three_shapes(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(RESULT))
    (tmp_path / "map.toml").write_text('weights = "model.weights"\nhyperparameters.set.k = "train.top_k"\n')
    told = {"weights": "model.weights", "hyperparameters": {"set": {"k": "train.top_k"}}}
    with ExperimentRegistry(tmp_path / "experiments.duckdb") as registry:
        for mapping in (tmp_path / "map.toml", str(tmp_path / "map.toml"), told):
            report = registry.import_files(tmp_path / "one.json", mapping=mapping, dry_run=True)
            assert report.first is not None
            assert report.first["experiment"]["config_hash"] == WANTED.config_hash
        assert not registry.exists()
        assert registry.import_files(tmp_path / "one.json", mapping=told).counts["new"] == 1
        (tmp_path / "own.json").write_text(WANTED.to_json())
        assert registry.import_files(tmp_path / "own.json").counts["unchanged"] == 1
        with pytest.raises(ExchangeError, match="did you mean weights"):
            registry.import_files(tmp_path / "one.json", mapping={"weigths": "w"})


def test_yaml_without_its_library_is_one_sentence_and_nothing_comes_in(
    lab: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "yaml", None)
    (lab.folder / "two.yaml").write_text("model: {weights: {a: 1}}\n")
    ran = lab("import", "--map", "map.toml", "one.json", "two.yaml")
    assert (ran.out, ran.err) == (
        "",
        "Error: reading YAML needs PyYAML, which is not installed: pip install 'experiment-registry[yaml]'\n",
    )
    assert ran.code == 2
    assert not (lab.folder / "experiments.duckdb").exists()


def test_the_reference_names_every_key_and_fits_a_terminal(empty: Shell) -> None:
    from registry.exchange import mapping

    text = empty.ok("import", "--map-help")
    assert max(map(len, text.splitlines())) <= 80
    for keys in (mapping._TOP, *mapping._OF_GROUP.values(), mapping._OF_RUN, mapping._PART, mapping._FORMATS):
        for key in keys:
            assert key in text, key
