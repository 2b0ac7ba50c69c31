"""Runs put straight into the tables, as many as a test wants."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.store.session import WriteSession

FIRST, LAST = "2010-01-04", "2022-12-28"
PERIOD = f"{FIRST}..{LAST}"

_RUN = {
    "run_id": "VARCHAR", "seq": "BIGINT", "id": "BIGINT", "panel_id": "BIGINT", "panel": "VARCHAR",
    "fingerprint": "VARCHAR", "period_start": "DATE", "period_end": "DATE", "options": "VARCHAR",
    "options_key": "VARCHAR", "engine": "VARCHAR", "details": "VARCHAR", "environment": "VARCHAR",
    "recorded_at": "TIMESTAMP",
}  # fmt: skip
_RUN_METRIC = {"run_id": "VARCHAR", "id": "BIGINT", "metric": "VARCHAR", "value": "DOUBLE"}
_WINDOW = {
    "run_id": "VARCHAR", "id": "BIGINT", "number": "INTEGER", "test_start": "DATE", "test_end": "DATE",
    "partial": "BOOLEAN",
}  # fmt: skip
_WINDOW_METRIC = {"run_id": "VARCHAR", "id": "BIGINT", "number": "INTEGER", "metric": "VARCHAR", "value": "DOUBLE"}
_PANEL = {"panel_id": "BIGINT", "name": "VARCHAR", "first_seen": "TIMESTAMP"}


@dataclass(frozen=True)
class MadeRun:
    """One run of the experiment with this id; later ones of a list were recorded later."""

    id: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    windows: Sequence[Mapping[str, float]] = ()
    panel_id: int = 1
    start: str = FIRST
    end: str = LAST
    options: Mapping[str, Any] = field(default_factory=dict)


def put_runs(session: WriteSession, runs: Iterable[MadeRun], panels: Mapping[int, str]) -> None:
    """Insert panels, id to name, and runs."""
    first = session.value("SELECT coalesce(max(seq), 0) + 1 FROM run")
    ids = list(panels)
    _insert(session, "panel", _PANEL, [(id_, panels[id_], "2025-01-01") for id_ in ids])
    run_rows, metric_rows, window_rows, window_metric_rows = [], [], [], []
    for seq, run in enumerate(runs, first):
        key = f"r-{seq * 2654435761 % 2**32:08x}{seq:08x}"  # in another order than they were recorded
        options = json.dumps(dict(run.options))
        run_rows.append(
            (key, seq, run.id, run.panel_id, panels[run.panel_id], "f" * 64, run.start, run.end, options,
             options, "experiments", "{}", "{}", "2025-01-01")
        )  # fmt: skip
        metric_rows += [(key, run.id, name, value) for name, value in run.metrics.items()]
        for number, window in enumerate(run.windows, 1):
            window_rows.append((key, run.id, number, run.start, run.end, False))
            window_metric_rows += [(key, run.id, number, name, value) for name, value in window.items()]
    _insert(session, "run", _RUN, run_rows)
    _insert(session, "run_metric", _RUN_METRIC, metric_rows)
    _insert(session, "run_window", _WINDOW, window_rows)
    _insert(session, "window_metric", _WINDOW_METRIC, window_metric_rows)


def _insert(session: WriteSession, table: str, types: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        session.insert(table, types, dict(zip(types, map(list, zip(*rows, strict=True)), strict=True)))
