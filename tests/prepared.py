"""Registries made once and copied from then on: making one costs ten times what a copy does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from registry import ExperimentRegistry

Build = Callable[[ExperimentRegistry], object]


def prepared(path: Path, build: Build) -> ExperimentRegistry:
    """Put at `path` the registry that `build` makes of an empty one, and return it; nothing waits beside it."""
    path.write_bytes(_content(build))
    return ExperimentRegistry(path)


@cache
def _content(build: Build) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        registry = ExperimentRegistry(Path(folder) / "experiments.duckdb")
        build(registry)
        registry.sync()
        return registry.path.read_bytes()
