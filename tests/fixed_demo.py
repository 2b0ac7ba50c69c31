"""The demo's registry with its real backtests, and nothing in it of the moment and the machine it was made on.

What is drawn from it is the same from run to run and from machine to machine: snapshots and pictures.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from registry import ExperimentRegistry, demo
from registry.demo.evaluated import evaluate

if TYPE_CHECKING:
    from registry.store.session import WriteSession

MOMENT: Final = "TIMESTAMP '2026-02-17 09:30:00'"
"""When everything happened, a second apart."""
SHOWN_PATH: Final = "~/research/experiments.duckdb"
"""What stands in the head of a screen for where the registry is."""
_VERSIONS: Final = {"python": "3.13.0", "platform": "linux-x86_64", "duckdb": "2.0.0", "numpy": "2.2.0"}
_RUN_TABLES: Final = ("run", "run_metric", "run_window", "window_metric", "run_series")


def fixed_demo(path: Path) -> ExperimentRegistry:
    """Return the demo's registry at a path; it is evaluated once in a process, which takes about four seconds."""
    path.write_bytes(_made())
    return ExperimentRegistry(path, wait=0.2)


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "experiments.duckdb"
        registry = demo.build(path)
        evaluate(registry)
        fix(registry)
        registry.close()
        return path.read_bytes()


def fix(registry: ExperimentRegistry) -> None:
    """Set every moment, and whatever else of the machine was recorded."""
    registry.sync()
    with registry.store.write() as session:
        session.run(
            "UPDATE store.experiment SET registered_at = created_at,"
            f" deleted_at = CASE WHEN deleted_at IS NULL THEN NULL ELSE {MOMENT} END"
        )
        for table, column, place in (
            ("event", "happened_at", "seq"),
            ("note", "noted_at", "rowid"),
            ("run", "recorded_at", "seq"),
            ("alias_move", "moved_at", "version"),
        ):
            session.run(f"UPDATE store.{table} SET {column} = {MOMENT} + to_seconds({place})")
        session.run("UPDATE store.alias_move SET who = 'ada'")
        session.run("UPDATE store.run SET duration = 1, environment = ?", [json.dumps({"versions": _VERSIONS})])
        _fix_ids(session)


def _fix_ids(session: WriteSession) -> None:
    """Give runs ids that come from the experiment alone.

    Their own are digests of every digit of the results, and the last digit is another one on another processor.
    """
    runs = session.rows("SELECT run_id, config_hash FROM store.run JOIN store.experiment USING (id)")
    for before, config_hash in runs:
        after = f"r-{config_hash[:16]}"
        for table in _RUN_TABLES:
            session.run(f"UPDATE store.{table} SET run_id = ? WHERE run_id = ?", [after, before])
        session.run("UPDATE store.event SET detail = replace(detail, ?, ?)", [before, after])
