"""Five configurations, each a small change of the one before, in a registry of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry

FIRST = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.5}, {"k": 10}, description="first")
CONFIGS = [FIRST, *(FIRST.variant(weights={"a": weight}) for weight in (0.1, 0.2, 0.3, 0.4))]
HASHES = [str(config.config_hash) for config in CONFIGS]


@pytest.fixture(scope="session")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry's file, made once."""
    path = tmp_path_factory.mktemp("five") / "experiments.duckdb"
    made = ExperimentRegistry(path)
    for config in CONFIGS:
        made.register(config)
    made.sync()
    return path


@pytest.fixture
def registry(five: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExperimentRegistry:
    """A copy of it, and a folder of settings that nobody else uses."""
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(tmp_path / "settings"))
    path = tmp_path / "experiments.duckdb"
    path.write_bytes(five.read_bytes())
    return ExperimentRegistry(path)
