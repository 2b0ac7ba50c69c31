"""A weight or a hyperparameter against a metric, an experiment a point: what a correlation was made of.

The names and the correlation are those of `registry.analysis.importance`: an absent weight counts as 0, since it
scores so, and an experiment without the hyperparameter is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from registry.analysis.importance import ABSENT, SOURCES, Column, correlation
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
    """What these experiments have to look at: what varies among them first, weights before hyperparameters."""

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
    """Return a weight or hyperparameter against a metric; without a name one that varies and most have.

    With `hashes` (full ones) of these experiments instead of what the filter finds.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`; or nobody has such a weight or hyperparameter.
    """
    found = measured(session, metric, chosen(session, filter, panel, period, hashes), panel, period, filter)
    names = _names(session, list(found.values))
    if not names:
        names = _names(session, None)  # nothing is drawn, but it is still said of what
    wanted = name if name is not None else names[0] if names else None
    if wanted is None:
        raise FilterError("no experiment has a weight or a hyperparameter that is a number")
    if wanted not in names and (split_name(wanted).prefix not in SOURCES or wanted not in _names(session, None)):
        raise FilterError(f"no experiment has {wanted}", suggestion=names[0] if names else None)
    split = split_name(wanted)
    values = dict(
        session.rows(f"SELECT id, value FROM ({SOURCES[split.prefix]}) WHERE {_LIVE} AND name = ?", [split.text])
    )
    absent = ABSENT[split.prefix]
    ids = sorted(id_ for id_ in found.values if absent is not None or id_ in values)
    rho, p = _correlated(ids, values, found.values, absent=absent)
    told = _described(session, ids)
    points = [
        Point(*told[id_], float(values.get(id_, 0.0)), found.values[id_], id_ not in values)
        for id_ in sorted(ids, key=lambda id_: (-found.values[id_], id_))
    ]
    count = 0 if found.basis is None else tried(session, found.basis).configurations
    return Scatter(wanted, found.name, found.direction, found.metrics_from, points, rho, p, count, names)


def _names(session: Session, ids: Sequence[int] | None) -> list[str]:
    """Return the names these experiments have, without any all names: those that vary first, the commonest of them."""
    from registry.store.session import INTEGERS, as_list

    among, given = (_LIVE, []) if ids is None else (f"{_LIVE} AND id IN {INTEGERS}", [as_list(ids)])
    found: list[tuple[bool, int, int, str]] = []
    for at, (prefix, source) in enumerate(SOURCES.items()):
        rows = session.rows(
            f"SELECT name, count(*), min(value) < max(value) FROM ({source}) WHERE {among} GROUP BY name", given
        )
        for name, count, differs in rows:
            # an absent weight is 0, and so another value than that of the others
            varies = differs or (ABSENT[prefix] is not None and ids is not None and count < len(ids))
            found.append((not varies, at, -count, write_name(name, prefix)))
    return [name for *_, name in sorted(found)]


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
