"""A registry of experiment configurations: deterministic identities, search, comparison, DuckDB.

    from registry import ExperimentConfig, ExperimentRegistry

Names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from registry.backtest.running import run_backtest
    from registry.checkup import doctor
    from registry.config import ExperimentConfig, create_experiment_from_scoring_config
    from registry.errors import (
        AmbiguousHashError,
        BacktestError,
        FilterError,
        HashMismatchError,
        InvalidConfigError,
        InvalidReferenceError,
        InvalidRunError,
        NotFoundError,
        PanelError,
        QueryError,
        RegistryError,
        StoreError,
    )
    from registry.experiments import ExperimentRegistry
    from registry.runs.record import Run

_HOME = {
    "ExperimentConfig": "registry.config",
    "create_experiment_from_scoring_config": "registry.config",
    "ExperimentRegistry": "registry.experiments",
    "AmbiguousHashError": "registry.errors",
    "BacktestError": "registry.errors",
    "FilterError": "registry.errors",
    "HashMismatchError": "registry.errors",
    "InvalidConfigError": "registry.errors",
    "InvalidReferenceError": "registry.errors",
    "InvalidRunError": "registry.errors",
    "NotFoundError": "registry.errors",
    "PanelError": "registry.errors",
    "QueryError": "registry.errors",
    "RegistryError": "registry.errors",
    "StoreError": "registry.errors",
    "Run": "registry.runs.record",
    "run_backtest": "registry.backtest.running",
    "doctor": "registry.checkup",
}

__all__ = [
    "AmbiguousHashError",
    "BacktestError",
    "ExperimentConfig",
    "ExperimentRegistry",
    "FilterError",
    "HashMismatchError",
    "InvalidConfigError",
    "InvalidReferenceError",
    "InvalidRunError",
    "NotFoundError",
    "PanelError",
    "QueryError",
    "RegistryError",
    "Run",
    "StoreError",
    "__version__",
    "create_experiment_from_scoring_config",
    "doctor",
    "run_backtest",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
