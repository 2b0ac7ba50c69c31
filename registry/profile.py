"""What values the names in a registry take: ranges, histograms and the commonest values, for people writing filters."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from registry.errors import FilterError
from registry.search import Metrics
from registry.search.words import split_name, write_name, write_value

if TYPE_CHECKING:
    from registry.store import Session

BINS: Final = 12
"""Bars of a histogram."""
_VALUES: Final = 20
"""Values listed of each name, the commonest first."""
_LONGEST: Final = 60
"""Characters a listed value has at most: a longer one nobody types."""

_LIVE: Final = "id IN (SELECT id FROM experiment WHERE deleted_at IS NULL)"


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers one name takes."""

    count: int
    """How many experiments have one."""
    low: float
    high: float
    histogram: tuple[int, ...] = ()
    """Experiments in each of `BINS` equal parts from low to high; empty where none was made."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The values of all names, by the names as the filter language writes them: w.NAME, hp.NAME, m.NAME."""

    ranges: dict[str, Range] = field(default_factory=dict)
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of hyperparameters and transformations: values as they are typed, with how many experiments have each."""
    metrics_from: str | None = None
    """The panel and period that the ranges of metrics are of: where most experiments were evaluated."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts."""
        return {
            "ranges": {
                name: {"count": one.count, "low": one.low, "high": one.high, "histogram": list(one.histogram)}
                for name, one in self.ranges.items()
            },
            "values": self.values,
            "metrics_from": self.metrics_from,
        }


def profile(session: Session, *, panel: str | None = None, period: str | None = None) -> Profile:
    """Return the values of all names among live experiments; metrics on the panel and period chosen.

    Raises:
        FilterError: the panel or period chosen is not there.
    """
    ranges = {write_name(name, "w"): one for name, one in _weights(session).items()}
    ranges |= {write_name(name, "hp"): one for name, one in _numbers(session).items()}
    metrics, metrics_from = _metrics(session, panel, period)
    ranges |= {write_name(name, "m"): one for name, one in metrics.items()}
    return Profile(ranges, {**_hyperparameters(session), **_transformations(session)}, metrics_from)


def _weights(session: Session) -> dict[str, Range]:
    return _with_histogram(session, "feature", "weight", "feature", "weight IS NOT NULL")


def _numbers(session: Session) -> dict[str, Range]:
    return _with_histogram(session, "name", "number", "hyperparameter", "kind = 'number' AND isfinite(number)")


def _with_histogram(session: Session, name: str, value: str, table: str, where: str) -> dict[str, Range]:
    """Return the ranges of one table's numbers, each divided into equal bins; halves, so that no span is infinite."""
    rows = session.rows(
        f"WITH found AS (SELECT {name} AS name, {value} AS value FROM {table} WHERE {where} AND {_LIVE}),"
        " span AS (SELECT name, min(value) AS low, max(value) AS high FROM found GROUP BY name)"
        " SELECT name, low, high, CASE WHEN high > low THEN least(?, CAST(floor("
        f"(value / 2 - low / 2) / (high / 2 - low / 2) * {BINS}) AS INTEGER)) ELSE 0 END AS bin, count(*)"
        " FROM found JOIN span USING (name) GROUP BY ALL",
        [BINS - 1],
    )
    spans: dict[str, tuple[float, float]] = {}
    bins: dict[str, list[int]] = {}
    for one, low, high, bin_, count in rows:
        spans[one] = (low, high)
        bins.setdefault(one, [0] * BINS)[bin_] += count
    return {one: Range(sum(bins[one]), low, high, tuple(bins[one])) for one, (low, high) in spans.items()}


def _metrics(session: Session, panel: str | None, period: str | None) -> tuple[dict[str, Range], str | None]:
    from registry.search.basis import latest_runs

    found = Metrics(session, panel=panel, period=period).choices()
    if not found:
        return {}, None
    basis = found[0]
    rows = session.rows(
        "SELECT metric, count(*), min(value), max(value) FROM run_metric"
        f" WHERE value IS NOT NULL AND run_id IN ({latest_runs()}) AND {_LIVE} GROUP BY metric",
        [basis.panel_id, basis.start, basis.end],
    )
    return {name: Range(count, low, high) for name, count, low, high in rows}, str(basis)


def values_of(session: Session, written: str) -> dict[str, dict[str, int]]:
    """Return the values that one hyperparameter or transformation takes, as `Profile.values` has them.

    `written` is its name as in a filter; of any other name there are no values.
    """
    try:
        name = split_name(written)
    except FilterError:
        return {}
    if name.prefix == "transform":
        return _transformations(session, name.text)
    return _hyperparameters(session, name.text) if name.prefix in ("", "hp") else {}


def _hyperparameters(session: Session, name: str | None = None) -> dict[str, dict[str, int]]:
    rows = session.rows(
        "SELECT name, kind, value, count(*) AS n FROM hyperparameter"
        f" WHERE kind IN ('number', 'string', 'bool') AND length(value) <= ? AND {_LIVE} AND name = coalesce(?, name)"
        " GROUP BY name, kind, value"
        " QUALIFY row_number() OVER (PARTITION BY name ORDER BY n DESC, value) <= ? ORDER BY name, n DESC, value",
        [_LONGEST, name, _VALUES],
    )
    made: dict[str, dict[str, int]] = {}
    for name, kind, value, count in rows:
        made.setdefault(write_name(name, "hp"), {})[_typed(kind, value)] = count
    return made


def _typed(kind: str, value: str) -> str:
    """Return a value as one types it: text that reads as a number or a word of the language stands in quotes."""
    if kind != "string":
        return value
    try:
        json.loads(value)
    except ValueError:
        return write_value(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _transformations(session: Session, name: str | None = None) -> dict[str, dict[str, int]]:
    rows = session.rows(
        "SELECT feature, transformation, count(*) AS n FROM feature"
        f" WHERE transformation IS NOT NULL AND length(transformation) <= ? AND {_LIVE}"
        " AND feature = coalesce(?, feature) GROUP BY feature, transformation"
        " QUALIFY row_number() OVER (PARTITION BY feature ORDER BY n DESC, transformation) <= ?"
        " ORDER BY feature, n DESC, transformation",
        [_LONGEST, name, _VALUES],
    )
    made: dict[str, dict[str, int]] = {}
    for feature, transformation, count in rows:
        made.setdefault(write_name(feature, "transform"), {})[write_value(transformation)] = count
    return made
