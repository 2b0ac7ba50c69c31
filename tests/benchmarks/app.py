"""The app at a size: first paint, keys, filter, memory; against a DataTable with the same rows, and against an app
that does nothing.

`python -m tests.benchmarks.app [--quick]` measures this alone. Every app runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from registry import ExperimentRegistry
from registry.exchange import import_sources
from tests.benchmarks.data import write_ndjson

Line = Callable[[str, float, float, str, str], None]

MILLION: Final = 1_000_000
_MEGABYTE: Final = 1_000_000
_SIZE_OF_A_TABLE: Final = 100_000
"""Rows a DataTable is given at most: it measures every cell before it shows the first, 12 s at this size."""


def measured(kind: str, registry: Path) -> dict[str, float]:
    """Return the measures of one app on one registry, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.app_process", kind, str(registry), str(time.time())]
    environment = {**os.environ, "TEXTUAL_ANIMATIONS": "none"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def typical(kind: str, registry: Path, times: int) -> dict[str, float]:
    """Return the median of each measure over a few processes."""
    found = [measured(kind, registry) for _ in range(times)]
    return {name: median(each[name] for each in found) for name in found[0]}


def using(registry: Path, count: int, line: Line) -> None:
    """Print what the app takes on a registry of so many experiments."""
    size = "1M" if count == MILLION else f"{count // 1000}k"
    ours, bare = typical("ours", registry, 3), typical("bare", registry, 3)
    limits = count <= _SIZE_OF_A_TABLE
    told = "under 1 x" if limits else ""
    line(f"app: start to first rows at {size}", ours["start"], bare["start"], "bare Textual app", "")
    line(f"app: first paint at {size}", ours["paint"], bare["paint"], "bare Textual app", "")
    line(f"app: first paint at {size}", ours["paint"], 0.6, "the limit, 600 ms", told)
    line(f"app: cursor move at {size}, CPU", ours["move"], bare["move"], "bare Textual app", "")
    line(f"app: cursor move at {size}, CPU", ours["move"], 0.016, "the limit, 16 ms", told)
    line(f"app: filter, key to list at {size}, p95", ours["filter"], 0.1, "the limit, 100 ms", told)
    memory = {name: value / _MEGABYTE for name, value in ours.items() if name in ("memory", "added")}
    line(f"app: memory at {size}, MB", memory["memory"], 150, "the limit, 150 MB", told)
    line(f"app: memory added at {size}, MB", memory["added"], bare["added"] / _MEGABYTE, "bare Textual app", "")
    if count > _SIZE_OF_A_TABLE:
        return
    rival = measured("table", registry)
    line(f"app: first paint at {size}", ours["paint"], rival["paint"], "DataTable, rows in memory", "under 1 x")
    line(f"app: cursor move at {size}, CPU", ours["move"], rival["move"], "DataTable", "")
    line(f"app: page at {size}, CPU", ours["page"], rival["page"], "DataTable", "under 1 x")
    line(f"app: filter, key to list at {size}, p95", ours["filter"], rival["filter"], "DataTable", "under 1 x")
    line(f"app: memory added at {size}, MB", memory["added"], rival["added"] / _MEGABYTE, "DataTable", "")


def build(folder: Path, count: int) -> Path:
    """Return the file of a registry of so many experiments."""
    path, file = folder / f"app-{count}.duckdb", folder / f"app-{count}.ndjson"
    write_ndjson(file, count)
    registry = ExperimentRegistry(path)
    import_sources(registry.store, [str(file)])
    registry.close()
    file.unlink()
    return path


def main(quick: bool) -> None:
    """Print the table of this alone."""
    from tests.benchmarks.__main__ import line, title

    title()
    with tempfile.TemporaryDirectory(prefix="experiments-bench-") as name:
        for count in (1000,) if quick else (1000, 100_000, MILLION):
            using(build(Path(name), count), count, line)


if __name__ == "__main__":
    main("--quick" in sys.argv)
