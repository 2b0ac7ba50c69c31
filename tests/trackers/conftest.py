"""Trackers to push to: a real MLflow server on the loopback, and stores in files."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.cli.conftest import Shell, empty

__all__ = ["Shell", "empty"]

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
PERIOD = "2020-01-01..2020-12-31"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server of our own, which keeps attached files itself."""
    folder = tmp_path_factory.mktemp("mlflow-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "log").open("wb")
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", str(folder / "kept"),
    ]  # fmt: skip
    running = subprocess.Popen(
        command, cwd=folder, env=os.environ | QUIET, stdout=log, stderr=log, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(running, address, folder / "log")
        yield address
    finally:
        os.killpg(running.pid, 15)
        running.wait(30)
        log.close()


def _wait(running: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and running.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-3000:])


@pytest.fixture(params=["sqlite", "server"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to push to: a store in a file, then a server."""
    if request.param == "server":
        return str(request.getfixturevalue("server"))
    return f"sqlite:///{tmp_path}/store/mlflow.db"


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An MLflow experiment of the test's own."""
    return f"of {request.node.name}"


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    """A family of three, two of them evaluated, the child registered before its parent was described."""
    made = ExperimentRegistry(tmp_path / "experiments.duckdb")
    made.register(base())
    variant = base().variant(weights={"mom 12-1": 0.9}, description="more", tags=["variant"])
    made.register(variant)
    made.register(ExperimentConfig(["P/E (ttm)", "ünï"], {"P/E (ttm)": 1.0}, {"note": "n" * 7000}, tags=["a,b(c)"]))
    for config in (base(), variant):
        evaluate(made, config)
    return made


def base() -> ExperimentConfig:
    return ExperimentConfig(
        ["mom 12-1", "value"], {"mom 12-1": 0.75, "value": 0.1 + 0.2}, {"k": 10, "rate": 10.0, "on": True, "w": "10"},
        {"value": "zscore"}, description="the first", tags=["baseline"], created_at="2021-02-03T04:05:06",
    )  # fmt: skip


def evaluate(registry: ExperimentRegistry, config: ExperimentConfig, panel: str = "p", edge: float = 0.25) -> None:
    registry.record_run(
        config,
        metrics={"edge": edge, "sharpe": None},
        panel=panel,
        period=PERIOD,
        windows=[
            {"test_start": f"2020-0{n}-01", "test_end": f"2020-0{n}-28", "metrics": {"edge": edge * n, "sharpe": None}}
            for n in (1, 2, 3)
        ],
    )


def client(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(uri)


def runs_of(uri: str, name: str) -> dict[str, Any]:
    """Return the live MLflow runs by config hash; there is one for each."""
    there = client(uri)
    found = there.get_experiment_by_name(name)
    runs = there.search_runs([found.experiment_id]) if found else []
    made = {run.data.tags["experiments.config_hash"]: run for run in runs}
    assert len(made) == len(runs)
    return made
