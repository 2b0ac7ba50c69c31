"""The values by date of every experiment evaluated on one panel and period, measured alike: what honest tests need.

Runs count whatever became of their experiments, those in the trash too, and of each experiment the latest one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from registry.statistics.verdict import label_options
from registry.store.session import INTEGERS, TEXTS, as_list

if TYPE_CHECKING:
    from registry.search import Basis
    from registry.store import Session

Floats = npt.NDArray[np.float64]
Label = dict[str, object]

_ON = f"panel_id IN {INTEGERS} AND period_start = CAST(? AS DATE) AND period_end = CAST(? AS DATE)"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A metric by date: experiments in the order of their ids, dates in theirs."""

    ids: npt.NDArray[np.int64]
    hashes: list[str]
    run_ids: list[str]
    options: list[str]
    """Of each run, as JSON."""
    dates: list[str]
    values: Floats
    """An experiment a row, a date a column; NaN where there is none."""

    def __len__(self) -> int:
        return len(self.ids)


def commonest_label(session: Session, basis: Basis, metric: str) -> Label | None:
    """Return the options that most of the latest runs with values of a metric by date were measured by."""
    rows = session.rows(
        f"SELECT any_value(options), count(DISTINCT id), max(seq) FROM run WHERE {_ON}"
        " AND run_id IN (SELECT run_id FROM run_series WHERE metric = ?) GROUP BY options_key",
        [as_list([basis.panel_id]), basis.start, basis.end, metric],
    )
    counted: list[tuple[Label, list[int]]] = []
    for text, count, seq in rows:
        label = label_options(json.loads(text or "{}"))
        known = next((of for same, of in counted if same == label), None)
        if known is None:
            counted.append((label, known := [0, 0]))
        known[0], known[1] = known[0] + count, max(known[1], seq)
    return max(counted, key=lambda each: each[1])[0] if counted else None


def evaluated(
    session: Session, panels: Iterable[int], start: str, end: str, metric: str, label: Mapping[str, object]
) -> Evaluated:
    """Return the values by date of each experiment's latest run with these options (see `label_options`)."""
    on = [as_list(panels), start, end]
    ways = session.rows(f"SELECT options_key, any_value(options) FROM run WHERE {_ON} GROUP BY 1", on)
    alike = [key for key, text in ways if label_options(json.loads(text or "{}")) == label]
    latest = (
        f"SELECT arg_max(run_id, seq) FROM run WHERE {_ON} AND options_key IN {TEXTS}"
        " AND run_id IN (SELECT run_id FROM run_series WHERE metric = ?) GROUP BY id"
    )
    asked: list[Any] = [metric, *on, as_list(alike), metric]
    series = f"FROM run_series s WHERE s.metric = ? AND s.run_id IN ({latest})"
    calendars = session.rows(
        f"SELECT hash(dates), CAST(any_value(dates) AS VARCHAR[]) {series} GROUP BY 1 ORDER BY 1", asked
    )
    dates = sorted({day for _, days in calendars for day in days})
    place = {day: at for at, day in enumerate(dates)}
    places = {key: np.array([place[day] for day in days], dtype=np.int64) for key, days in calendars}
    found = session.rows(
        f"SELECT r.id, e.config_hash, r.run_id, r.options FROM run r JOIN experiment e ON e.id = r.id WHERE r.run_id IN"
        f" (SELECT s.run_id {series}) ORDER BY r.id",
        asked,
    )
    columns = session.arrays(
        f"SELECT s.id, hash(s.dates) AS calendar, list_transform(s.vals, lambda x: coalesce(x, 'NaN'::DOUBLE)) AS vals"
        f" {series} ORDER BY s.id",
        asked,
    )
    values = np.full((len(found), len(dates)), np.nan)
    for row, (calendar, numbers) in enumerate(zip(columns["calendar"].tolist(), columns["vals"], strict=True)):
        values[row, places[calendar]] = numbers
    values[~np.isfinite(values)] = np.nan
    ids = np.array([row[0] for row in found], dtype=np.int64)
    hashes, run_ids, options = ([row[at] for row in found] for at in (1, 2, 3))
    return Evaluated(ids, hashes, run_ids, options, dates, values)
