"""The metrics of compared experiments: from their latest runs on one panel and period, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from registry.comparison import ABSENT, ComparisonRow
from registry.metrics import METRICS, Metric
from registry.metrics import metric as own_metric
from registry.search.basis import Basis, Metrics, latest_runs, made_differently
from registry.search.names import KnownNames
from registry.search.words import write_name

if TYPE_CHECKING:
    from registry.store import Session

_BASES: Final = {"precision_at_k": "base_rate", "forward_return": "universe_return"}
"""Metrics that say nothing without another one of the same run, also at another horizon."""

_PLACES: Final = {name: place for place, name in enumerate(METRICS)}


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """What runs add to a comparison."""

    rows: list[ComparisonRow] = field(default_factory=list)
    basis: Basis | None = None
    note: str | None = None
    """Why there are no metrics, or what keeps them from being comparable: one sentence."""


def compare_runs(
    session: Session, ids: Sequence[int], *, panel: str | None = None, period: str | None = None
) -> ComparedRuns:
    """Return the metrics of the experiments with these ids, side by side.

    They are read on one panel and period: those chosen, or else those that most of the experiments have a
    run on, the last evaluated first; at least two have to.

    Raises:
        FilterError: there is no such panel or period.
    """
    metrics = Metrics(session, panel=panel, period=period, among=ids)
    if not KnownNames(session).has_runs():
        return ComparedRuns()
    shared = metrics.shared()
    different = len(set(ids))
    if not shared:
        chosen = panel is not None or period is not None
        return ComparedRuns(note="none of them has a run on that panel and period" if chosen else None)
    basis = shared[0]
    if different > 1 and basis.experiments == 1:
        if len(shared) == 1:
            return ComparedRuns(note=f"no metrics: only one of them has a run, on {basis}")
        return ComparedRuns(note="no metrics: no two of them have a run on the same panel and period")
    runs, note = _runs(session, ids, basis)
    return ComparedRuns(_rows(session, ids, runs), basis, note)


def _runs(session: Session, ids: Sequence[int], basis: Basis) -> tuple[dict[int, str], str | None]:
    """Return the run of each experiment, by id, and a remark where they were made in different ways."""
    where, params = _among(ids)
    rows = session.rows(
        f"SELECT id, run_id, engine, options FROM run WHERE run_id IN ({latest_runs(where)})",
        [basis.panel_id, basis.start, basis.end, *params],
    )
    return {row[0]: row[1] for row in rows}, made_differently((row[2], row[3]) for row in rows)


def _among(ids: Sequence[int]) -> tuple[str, list[object]]:
    """Return the condition that `id` is one of these, told so that the engine need not read the other rows."""
    from registry.store.session import INTEGERS, as_list

    return f"id BETWEEN ? AND ? AND id IN {INTEGERS}", [min(ids), max(ids), as_list(ids)]


def _rows(session: Session, ids: Sequence[int], runs: Mapping[int, str]) -> list[ComparisonRow]:
    from registry.store.session import TEXTS, as_list

    where, params = _among(ids)
    values: dict[str, dict[int, float]] = {}
    for id_, name, value in session.rows(
        f"SELECT id, metric, value FROM run_metric WHERE {where} AND run_id IN {TEXTS} AND value IS NOT NULL",
        [*params, as_list(runs.values())],
    ):
        values.setdefault(name, {})[id_] = value
    meanings = {row[0]: Metric(*row) for row in session.rows("SELECT name, unit, direction, definition FROM metric")}
    rows = []
    for name, by_id in values.items():
        meaning = own_metric(name) or meanings.get(name)
        beside = values.get(_base_of(name) or "", {})
        numbers = list(by_id.values())
        spread = max(numbers) - min(numbers)
        rows.append(
            ComparisonRow(
                "metric",
                write_name(name, "m"),
                [by_id.get(id_, ABSENT) for id_ in ids],
                spread > 0 or len(by_id) < len(set(ids)),
                spread if spread != float("inf") else None,
                direction=meaning.direction if meaning else "none",
                bases=[beside.get(id_) for id_ in ids] if beside else [],
            )
        )
    return sorted(rows, key=lambda row: _place(row.name))


def _base_of(name: str) -> str | None:
    for measured, base in _BASES.items():
        if name == measured or name.startswith(f"{measured}_h"):
            return base + name.removeprefix(measured)
    return None


def _place(written: str) -> tuple[int, str]:
    """Return where a metric stands: ours as they are defined, other horizons behind them, users' last."""
    name = written.removeprefix("m.")
    first = name.rpartition("_h")[0] or name
    return _PLACES.get(name, _PLACES.get(first, len(_PLACES))), name


def metrics_of_pair(runs: ComparedRuns) -> dict[str, Any]:
    """Return the metrics of two experiments by name, for the dict of a pair; nothing where there are none."""
    if runs.basis is None:
        return {}
    metrics = {}
    for row in runs.rows:
        sides = {
            side: value for side, value in zip(("config1", "config2"), row.values, strict=True) if value is not ABSENT
        }
        compared = {"diff": row.change(1), "direction": row.direction} if len(sides) == 2 else {}
        metrics[row.name] = {**sides, **compared}
    return {"metrics_from": str(runs.basis), "metrics": metrics}
