"""`push` and `pull` on the command line: what is said without a tracker, and what with a real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.errors import ExchangeError
from registry.trackers.mapping import read_mapping
from registry.trackers.mlflow_link import hidden, without_credentials
from tests.trackers.conftest import Shell, base, client

BLOCKED = """
import sys
for name in ("mlflow", "wandb"):
    sys.modules[name] = None
from tui.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["push", "mlflow", "--filter", "features >= 0", "--tracking-uri", "http://127.0.0.1:9"], "mlflow"),
        (["pull", "mlflow", "--tracking-uri", "http://127.0.0.1:9"], "mlflow"),
        (["push", "wandb", "--filter", "features >= 0", "--offline"], "wandb"),
    ],
)
def test_a_missing_extra_is_one_sentence(words: list[str], extra: str, empty: Shell) -> None:
    empty.registry.register(base())
    ran = subprocess.run(
        [sys.executable, "-c", BLOCKED, *words],
        cwd=empty.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2, ran.stderr
    assert ran.stderr.count("\n") == 1 and f"pip install 'experiment-registry[{extra}]'" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["push", "mlflow", "latest"], "say where MLflow is"),
        (["push", "mlflow", "latest", "--tracking-uri", "mlruns.db"], "write sqlite:///mlruns.db for a file"),
        (["push", "mlflow", "latest", "--tracking-uri", "sqlite:///"], "names no file"),
        (["push", "mlflow", "latest", "--offline"], "--offline is of wandb"),
        (["push", "wandb", "latest", "--tracking-uri", "http://x"], "--tracking-uri is of mlflow"),
        (["push", "mlflow"], "say which experiments"),
        (["push", "neptune", "latest"], "'neptune' is not one of"),
        (["pull", "mlflow"], "say where MLflow is"),
        (["pull", "mlflow", "--tracking-uri", "sqlite:///none.db"], "there is no MLflow store at none.db"),
        (["pull", "mlflow", "--hyperparameter-prefix", "h."], "needs --weight-prefix"),
        (["pull", "mlflow", "--map", "none.toml"], "none.toml can't be read"),
        (["pull", "mlflow", "--map", "none.toml", "--weight-prefix", "w."], "--map says all"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_library_is_loaded(
    words: list[str], said: str, empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    empty.registry.register(base())
    ran = empty(*words)
    assert ran.code == 2 and said in ran.err, ran
    assert sorted(path.name for path in empty.folder.iterdir() if not path.name.startswith("experiments.")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[weights", "not TOML"),
        ("", r"\[weights\] is missing"),
        ("weights = 1", "is no table"),
        ("[weights]\nprefixes = 'w.'", "no key of a mapping; there are prefix"),
        ("[weights]\nprefix = 1", "prefix: 1 is no text"),
        ("[weights]\nonly = 'a'", "is no list of names"),
        ("[weights]\nprefix = 'w.'\n[hyperparameters]\nrest = 1", "neither true nor false"),
        ("[weights]\nprefix = 'w.'\n[metrics]\npanel = 'p'", "needs panel"),
        ("[weights]\nprefix = 'w.'\n[metrics]\npanel = 'p'\nperiod = 'x'", "x"),
        ("[other]", "there are weights, hyperparameters, transformations, metrics"),
    ],
)
def test_a_mapping_that_is_none(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    file.write_text(text)
    with pytest.raises(ExchangeError, match=said):
        read_mapping(file)


def test_credentials_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "https://me:p%40ss@host:5000/path"
    assert without_credentials(uri) == "https://***@host:5000/path"
    assert without_credentials("sqlite:////a/b@c.db") == "sqlite:////a/b@c.db"
    assert without_credentials("postgresql://me:x@db/mlflow") == "postgresql://***@db/mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "tok3n")
    said = hidden(f"failed: {uri} with p@ss and tok3n at http://you:too@else/", uri)
    assert all(secret not in said for secret in ("p%40ss", "p@ss", "tok3n", "too"))


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_a_real_server_from_the_command_line(registry: ExperimentRegistry, server: str, empty: Shell) -> None:
    uri = server.replace("http://", "http://me:hush@")
    to = ["--tracking-uri", uri, "--experiment", "by command"]
    ran = empty("push", "mlflow", "--filter", "features >= 0", *to)
    assert ran.code == 0 and "hush" not in ran.out + ran.err
    assert ran.out == f"pushed to by command at {server.replace('http://', 'http://***@')}: 3 new\n"
    assert "metrics on p 2020-01-01..2020-12-31" in ran.err
    assert "mlflow can't hold hp.note, tag.a,b(c), w.P/E (ttm), of 1 experiment" in ran.err
    found = json.loads(empty.ok("push", "mlflow", str(base().config_hash)[:12], *to, "--json"))
    assert [each["outcome"] for each in found["experiments"]] == ["unchanged"]
    ran = empty("--db", "other.duckdb", "pull", "mlflow", *to)
    assert ran.code == 0 and ran.out == "3 new, with 2 new runs\n"
    assert "made a new registry" in ran.err
    assert empty.ok("--db", "other.duckdb", "pull", "mlflow", *to) == "3 unchanged\n"

    there = client(server)
    place = there.get_experiment_by_name("by command").experiment_id
    broken = there.create_run(place).info.run_id
    there.log_text(broken, "\x1b[31m{", "experiment_config.json")
    ran = empty("--db", "other.duckdb", "pull", "mlflow", *to)
    assert ran.code == 5 and f"refused run {broken}: not JSON" in ran.err and "\x1b" not in ran.err
    ran = empty("pull", "mlflow", *to[:3], "by comand")
    assert ran.code == 2 and 'did you mean "by command"?' in ran.err
    assert not (empty.folder / "mlruns").exists()


@pytest.mark.full
def test_an_absent_server_is_exit_code_4(registry: ExperimentRegistry, empty: Shell) -> None:
    ran = empty("push", "mlflow", "latest", "--tracking-uri", "http://me:hush@127.0.0.1:9")
    assert ran.code == 4 and ran.err.count("\n") == 1
    assert "MLflow at http://***@127.0.0.1:9 can't be reached: connection refused" in ran.err
