"""Runs, panels and trials on their way in: as spool entries, and into the tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.canonical import now_text, utc_text
from registry.config import ExperimentConfig, check_full_hash
from registry.errors import InvalidConfigError, NotFoundError
from registry.runs.fields import check_period
from registry.runs.panels import KnownPanel, PanelDays, PanelRef, panel_ref
from registry.runs.record import Run
from registry.store.apply import Events
from registry.store.panels import Panels
from registry.store.registration import Conflict
from registry.store.session import TEXTS, WriteSession, as_list, unnest_columns

RUN: Final = "run"
PANEL: Final = "panel"
TRIAL: Final = "trial"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """That a configuration was evaluated on a panel over a period, whatever became of the result."""

    config_hash: str
    ranking: str
    panel: PanelRef
    start: str
    end: str
    at: str

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict; `read_trial` reads it."""
        return {
            "config_hash": self.config_hash, "ranking": self.ranking, "panel": self.panel.to_dict(),
            "start": self.start, "end": self.end, "at": self.at,
        }  # fmt: skip


RunItem = Run | PanelDays | KnownPanel | Trial


def ranking_of(config: ExperimentConfig) -> str:
    """Return what weightings that rank alike share: they differ by a positive factor only.

    16 hex digits of the weights divided by their absolute sum, to 12 decimals, and the transformations.
    """
    total = sum(abs(weight) for weight in config.feature_weights.values())
    weights = {name: round(weight / total, 12) for name, weight in config.feature_weights.items() if weight and total}
    used = {
        name: config.feature_transformations[name]
        for name in weights
        if config.feature_transformations.get(name, "none") not in ("", "none")
    }
    return hashlib.sha256(json.dumps([weights, used], sort_keys=True).encode()).hexdigest()[:16]


def items_of(run: Run, config: ExperimentConfig) -> list[RunItem]:
    """Return what recording a run of a configuration brings: that it was tried, and the run."""
    return _items(run, ranking_of(config))


def _items(run: Run, ranking: str) -> list[RunItem]:
    return [Trial(run.config_hash, ranking, run.panel, run.start, run.end, run.recorded_at or now_text()), run]


def run_entry(run: Run, ranking: str) -> dict[str, Any]:
    """Return the spool entry that records a run."""
    return {"type": RUN, "version": VERSION, "run": run.to_dict(), "ranking": ranking}


def panel_entry(days: PanelDays) -> dict[str, Any]:
    """Return the spool entry that makes a panel known."""
    return {"type": PANEL, "version": VERSION, "at": now_text(), "panel": days.to_dict()}


def trial_entry(trial: Trial) -> dict[str, Any]:
    """Return the spool entry that counts a trial."""
    return {"type": TRIAL, "version": VERSION, **trial.to_dict()}


def parse(content: dict[str, Any]) -> list[RunItem]:
    """Return what an entry of one of these types brings.

    Raises:
        ValueError, KeyError, TypeError: it can't be read.
    """
    if content["type"] == PANEL:
        return [PanelDays.from_dict(content["panel"])]
    if content["type"] == TRIAL:
        return [read_trial(content)]
    return _items(Run.from_dict(content["run"]), _ranking(content))


def read_trial(record: Mapping[str, Any]) -> Trial:
    """Return the trial in a record.

    Raises:
        ValueError, KeyError, TypeError: it can't be read.
    """
    start, end = check_period(record["start"], record["end"])
    config_hash, at = check_full_hash(record["config_hash"], "config_hash"), utc_text(record["at"], "at")
    return Trial(config_hash, _ranking(record), panel_ref(record["panel"]), start, end, at)


def _ranking(record: Mapping[str, Any]) -> str:
    ranking = record["ranking"]
    if not isinstance(ranking, str):
        raise InvalidConfigError("ranking: not text")
    return ranking


def take_in_runs(
    session: WriteSession,
    items: Sequence[RunItem],
    *,
    strict: bool = True,
    conflicts: list[Conflict] | None = None,
) -> list[str]:
    """Bring panels, trials and runs in, in order; return the ids of the runs that are new.

    A run that is there already, but now tells more beside its metrics, brings that in. Panels that went on
    differently elsewhere are added to `conflicts`.

    Raises:
        NotFoundError: a run's experiment is not here (only with `strict`; else that run is left out).
    """
    events = Events()
    panels = Panels(session)
    for item in items:
        if isinstance(item, PanelDays):
            panels.learn(item)
        elif isinstance(item, KnownPanel):
            panels.recall(item, conflicts)
    _insert_trials(session, panels, [item for item in items if isinstance(item, Trial)])
    by_id: dict[str, Run] = {}
    for run in (item for item in items if isinstance(item, Run)):
        if run.run_id not in by_id or _told(run.details) >= _told(by_id[run.run_id].details):
            by_id[run.run_id] = run
    runs = list(by_id.values())
    known = {
        row[0]: json.loads(row[1])
        for row in session.rows(f"SELECT run_id, details FROM run WHERE run_id IN {TEXTS}", [as_list(by_id)])
    }
    for run_id in (each for each, details in known.items() if _told(by_id[each].details) > _told(details)):
        session.run(
            f"UPDATE {session.table('run')} SET details = ?, environment = ? WHERE run_id = ?",
            [json.dumps(by_id[run_id].details), json.dumps(by_id[run_id].environment), run_id],
        )
    ids = dict(
        session.rows(
            f"SELECT config_hash, id FROM experiment WHERE config_hash IN {TEXTS}",
            [as_list({run.config_hash for run in runs})],
        )
    )
    fresh = []
    for run in runs:
        if run.run_id in known:
            continue
        if run.config_hash in ids:
            fresh.append(run)
        elif strict:
            raise NotFoundError(f"the run is of experiment {run.config_hash[:12]}, which is not in the registry")
    _insert_runs(session, fresh, ids, panels)
    for run in fresh:
        at = run.recorded_at or None
        events.add("evaluated", run.config_hash, at, run=run.run_id, panel=run.panel.name, period=run.period)
    events.flush(session)
    return [run.run_id for run in fresh]


def _told(value: object) -> int:
    """Return how many values a run's details hold: intervals and baselines make them richer."""
    if isinstance(value, dict):
        return sum(map(_told, value.values()))
    if isinstance(value, list):
        return sum(map(_told, value))
    return value is not None


def _insert_trials(session: WriteSession, panels: Panels, trials: Sequence[Trial]) -> None:
    if not trials:
        return
    rows = {(t.config_hash, panels.of(t.panel), t.start, t.end): t for t in reversed(trials)}
    types = {
        "config_hash": "VARCHAR", "panel": "VARCHAR", "panel_id": "BIGINT", "period_start": "DATE",
        "period_end": "DATE", "ranking": "VARCHAR", "tried_at": "TIMESTAMP",
    }  # fmt: skip
    session.run(
        f"INSERT INTO {session.table('trial')} ({', '.join(types)}) SELECT {', '.join(types)}"
        f" FROM {unnest_columns(types)}"
        " WHERE NOT EXISTS (SELECT 1 FROM trial t WHERE t.config_hash = c.config_hash AND t.panel_id = c.panel_id"
        " AND t.period_start = c.period_start AND t.period_end = c.period_end)",
        [
            json.dumps(
                {
                    "config_hash": [key[0] for key in rows],
                    "panel": [trial.panel.name for trial in rows.values()],
                    "panel_id": [key[1] for key in rows],
                    "period_start": [key[2] for key in rows],
                    "period_end": [key[3] for key in rows],
                    "ranking": [trial.ranking for trial in rows.values()],
                    "tried_at": [trial.at[:26] for trial in rows.values()],
                }
            )
        ],
    )


def options_key(options: dict[str, Any]) -> str:
    """Return what equal options share."""
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:16]


def _insert_runs(session: WriteSession, runs: Sequence[Run], ids: dict[str, int], panels: Panels) -> None:
    if not runs:
        return
    first = session.value("SELECT coalesce(max(seq), 0) + 1 FROM run")
    owners = [ids[run.config_hash] for run in runs]
    session.insert(
        "run",
        {
            "run_id": "VARCHAR", "seq": "BIGINT", "id": "BIGINT", "panel_id": "BIGINT", "panel": "VARCHAR",
            "fingerprint": "VARCHAR", "panel_key": "VARCHAR", "source": "VARCHAR", "survivorship_suspect": "BOOLEAN",
            "period_start": "DATE", "period_end": "DATE", "options": "VARCHAR", "options_key": "VARCHAR",
            "engine": "VARCHAR", "details": "VARCHAR", "environment": "VARCHAR", "duration": "DOUBLE",
            "recorded_at": "TIMESTAMP",
        },
        {
            "run_id": [run.run_id for run in runs],
            "seq": list(range(first, first + len(runs))),
            "id": owners,
            "panel_id": [panels.of(run.panel) for run in runs],
            "panel": [run.panel.name for run in runs],
            "fingerprint": [run.panel.fingerprint for run in runs],
            "panel_key": [run.panel.key for run in runs],
            "source": [run.panel.source for run in runs],
            "survivorship_suspect": [run.panel.survivorship_suspect for run in runs],
            "period_start": [run.start for run in runs],
            "period_end": [run.end for run in runs],
            "options": [json.dumps(run.options) for run in runs],
            "options_key": [options_key(run.options) for run in runs],
            "engine": [run.engine for run in runs],
            "details": [json.dumps(run.details) for run in runs],
            "environment": [json.dumps(run.environment) for run in runs],
            "duration": [run.duration for run in runs],
            "recorded_at": [(run.recorded_at or now_text())[:26] for run in runs],
        },
    )  # fmt: skip
    named = {"run_id": "VARCHAR", "id": "BIGINT"}
    rows: list[tuple[Any, ...]]
    rows = [(r.run_id, o, n, v) for r, o in zip(runs, owners, strict=True) for n, v in r.metrics.items()]
    _insert(session, "run_metric", {**named, "metric": "VARCHAR", "value": "DOUBLE"}, rows)
    rows = [
        (r.run_id, o, w.number, w.train_start, w.train_end, w.test_start, w.test_end, w.partial)
        for r, o in zip(runs, owners, strict=True)
        for w in r.windows
    ]
    days = dict.fromkeys(("train_start", "train_end", "test_start", "test_end"), "DATE")
    _insert(session, "run_window", {**named, "number": "INTEGER", **days, "partial": "BOOLEAN"}, rows)
    rows = [
        (r.run_id, o, w.number, n, v)
        for r, o in zip(runs, owners, strict=True)
        for w in r.windows
        for n, v in w.metrics.items()
    ]
    types = {**named, "number": "INTEGER", "metric": "VARCHAR", "value": "DOUBLE"}
    _insert(session, "window_metric", types, rows)
    rows = [
        (r.run_id, o, n, r.dates.dates, v) for r, o in zip(runs, owners, strict=True) for n, v in r.dates.values.items()
    ]
    _insert(session, "run_series", {**named, "metric": "VARCHAR", "dates": ["DATE"], "vals": ["DOUBLE"]}, rows)
    _define(session, runs)


def _insert(session: WriteSession, table: str, types: dict[str, Any], rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        session.insert(table, types, dict(zip(types, map(list, zip(*rows, strict=True)), strict=True)))


def _define(session: WriteSession, runs: Sequence[Run]) -> None:
    """Keep what users say of their own metrics; the latest word counts."""
    said = {name: definition for run in runs for name, definition in run.definitions.items()}
    if said:
        session.run(f"DELETE FROM {session.table('metric')} WHERE name IN {TEXTS}", [as_list(said)])
        rows = [(name, each["unit"], each["direction"], each["definition"]) for name, each in said.items()]
        _insert(session, "metric", dict.fromkeys(("name", "unit", "direction", "definition"), "VARCHAR"), rows)
