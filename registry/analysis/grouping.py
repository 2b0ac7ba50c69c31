"""A metric over groups of experiments: its mean and spread by a hyperparameter, a tag's seeds, a weight."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from registry.analysis.selection import chosen, measured
from registry.results import Results
from registry.runs.trials import tried
from registry.store.session import INTEGERS, as_list

if TYPE_CHECKING:
    from registry.store import Session


@dataclass(frozen=True, slots=True)
class Group:
    """The experiments that have one value."""

    value: Any
    """None for those that have none."""
    experiments: int
    n: int
    """How many of them have the metric."""
    mean: float | None
    std: float | None
    """Sample standard deviation; None for fewer than two."""
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups, in the order of their values."""

    by: str
    metric: str
    groups: list[Group]
    metrics_from: str | None
    tried: int = 0
    """Configurations ever tried on the panel and period."""

    def df(self) -> Any:
        """Return the groups as a pandas DataFrame.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        names = [field.name for field in fields(Group)]
        return Results(names, [tuple(getattr(each, name) for name in names) for each in self.groups]).df()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "by": self.by,
            "metric": self.metric,
            "metrics_from": self.metrics_from,
            "tried": self.tried,
            "groups": [each.to_dict() for each in self.groups],
        }


def group(
    session: Session, by: str, metric: str, *, filter: str = "", panel: str | None = None, period: str | None = None
) -> Groups:
    """Return a metric's mean and spread by the values of a column (`hp.k`, `w.NAME`, `transform.NAME`, `tags`).

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`.
    """
    from registry.search import compile_listing

    among = chosen(session, filter, panel, period)
    found = measured(session, metric, among, panel, period, filter)
    listing = compile_listing(session, (), ["hash", by])
    rows = listing.read(session.rows(*listing.rows(f"e.id IN {INTEGERS}", [as_list(among)])))
    ids = dict(session.rows(f"SELECT config_hash, id FROM experiment WHERE id IN {INTEGERS}", [as_list(among)]))
    members: dict[str, tuple[Any, list[int]]] = {}
    for row in rows:
        value = row[1] if len(row) > 1 else row[0]
        members.setdefault(repr(value), (value, []))[1].append(ids[row[0]])
    made = [_group(value, inside, found.values) for value, inside in members.values()]
    made.sort(key=lambda each: _order(each.value))
    count = 0 if found.basis is None else tried(session, found.basis).configurations
    return Groups(listing.labels[-1], found.name, made, found.metrics_from, count)


def _group(value: Any, members: list[int], values: dict[int, float]) -> Group:
    known = [values[id_] for id_ in members if id_ in values]
    return Group(
        value,
        len(members),
        len(known),
        statistics.fmean(known) if known else None,
        statistics.stdev(known) if len(known) > 1 else None,
        min(known, default=None),
        max(known, default=None),
    )


def _order(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then everything else by its text, what is absent last."""
    if value is None:
        return 2, 0.0, ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, str(value)
