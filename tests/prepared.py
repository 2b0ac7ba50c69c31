"""Registries made once and copied from then on: making one costs ten times what a copy does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from registry import ExperimentRegistry
from registry.store.spool import Spool, identity

Build = Callable[[ExperimentRegistry], object]


def nothing(registry: ExperimentRegistry) -> None:
    """Build an empty registry."""
    with registry.store.write():
        pass


def prepared(path: Path, build: Build) -> ExperimentRegistry:
    """Put at `path` the registry that `build` makes of an empty one, and return it; nothing waits beside it."""
    put(path, content(build))
    return ExperimentRegistry(path)


def put(path: Path, file: bytes) -> None:
    """Put a registry's file at `path`, known to be one as any is that was written to before."""
    path.write_bytes(file)
    Spool(path).mark_verified(identity(path))


@cache
def content(build: Build) -> bytes:
    """Return the file of the registry that `build` makes of an empty one."""
    with tempfile.TemporaryDirectory() as folder:
        registry = ExperimentRegistry(Path(folder) / "experiments.duckdb")
        build(registry)
        registry.sync()
        return registry.path.read_bytes()
