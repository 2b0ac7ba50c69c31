"""A weight or a hyperparameter against a metric, an experiment a point: what a correlation was made of.

The names and the correlation are those of `registry.analysis.importance`: an absent weight counts as 0, since it
scores so, and an experiment without the hyperparameter is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from registry.analysis.importance import Column, correlation
from registry.analysis.selection import chosen, measured
from registry.errors import FilterError
from registry.metrics import Direction
from registry.runs.trials import tried
from registry.search.words import split_name, write_name

if TYPE_CHECKING:
    from registry.store import Session

_DESCRIBED: Final = 80
"""Characters of a description that are kept."""
_LIVE: Final = "id IN (SELECT id FROM experiment WHERE deleted_at IS NULL)"
_SOURCES: Final = {
    "w": f"SELECT feature AS name, id, weight AS value FROM feature WHERE weight IS NOT NULL AND {_LIVE}",
    "hp": "SELECT name, id, CASE WHEN kind = 'bool' THEN CAST(value = 'true' AS INTEGER) ELSE number END AS value"
    f" FROM hyperparameter WHERE (kind = 'bool' OR (kind = 'number' AND isfinite(number))) AND {_LIVE}",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One experiment."""

    config_hash: str
    description: str
    """How it begins."""
    x: float
    """The weight, 0 when absent, or the hyperparameter."""
    y: float
    """The metric."""
    absent: bool
    """Whether it has no such weight."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """The points of a name and a metric, the highest metric first."""

    name: str
    """As the filter language writes it: `w.NAME`, `hp.NAME`."""
    metric: str
    direction: Direction
    metrics_from: str | None
    """The panel and period as one text."""
    points: list[Point]
    rho: float | None
    """Spearman's; None where it does not vary, or fewer than five have it."""
    p: float | None
    """Of this correlation alone, not adjusted for the others one may look at."""
    tried: int
    """Configurations ever tried on the panel and period."""
    names: list[str]
    """What else there is to look at: weights, then hyperparameters that are numbers, the commonest first."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return asdict(self)


def scatter(
    session: Session,
    name: str | None,
    metric: str,
    *,
    filter: str = "",
    panel: str | None = None,
    period: str | None = None,
    hashes: Sequence[str] | None = None,
) -> Scatter:
    """Return a weight or hyperparameter against a metric; without a name the weight that most have.

    With `hashes` (full ones) of these experiments instead of what the filter finds.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`; or nobody has such a weight or hyperparameter.
    """
    names = _names(session)
    if not names:
        raise FilterError("no experiment has a weight or a hyperparameter that is a number")
    wanted = names[0] if name is None else name
    if wanted not in names:
        raise FilterError(f"no experiment has {wanted}", suggestion=names[0])
    found = measured(session, metric, chosen(session, filter, panel, period, hashes), panel, period, filter)
    split = split_name(wanted)
    values = dict(session.rows(f"SELECT id, value FROM ({_SOURCES[split.prefix]}) WHERE name = ?", [split.text]))
    ids = sorted(id_ for id_ in found.values if split.prefix == "w" or id_ in values)
    rho, p = _correlated(ids, values, found.values, absent=0.0 if split.prefix == "w" else None)
    told = _described(session, ids)
    points = [
        Point(*told[id_], float(values.get(id_, 0.0)), found.values[id_], id_ not in values)
        for id_ in sorted(ids, key=lambda id_: (-found.values[id_], id_))
    ]
    count = 0 if found.basis is None else tried(session, found.basis).configurations
    return Scatter(wanted, found.name, found.direction, found.metrics_from, points, rho, p, count, names)


def _names(session: Session) -> list[str]:
    return [
        write_name(name, prefix)
        for prefix, source in _SOURCES.items()
        for name, _ in session.rows(f"SELECT name, count(*) FROM ({source}) GROUP BY name ORDER BY 2 DESC, 1")
    ]


def _correlated(
    ids: Sequence[int], values: dict[int, float], metric: dict[int, float], *, absent: float | None
) -> tuple[float | None, float | None]:
    places = [at for at, id_ in enumerate(ids) if id_ in values]
    column = Column(
        "",
        np.array(places, dtype=np.int64),
        np.array([values[ids[at]] for at in places], dtype=np.float64),
        absent,
    )
    return correlation(column, np.array([metric[id_] for id_ in ids], dtype=np.float64))


def _described(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    from registry.store.session import INTEGERS, as_list

    rows = session.rows(
        f"SELECT id, config_hash, substr(description, 1, {_DESCRIBED}) FROM experiment WHERE id IN {INTEGERS}",
        [as_list(ids)],
    )
    return {id_: (config_hash, description or "") for id_, config_hash, description in rows}
