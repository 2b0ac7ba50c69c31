"""The experiments closest to one: by their weights, then by how many of their settings differ.

The distance of weights is Euclidean (an absent weight scores as 0 and counts as 0), or the cosine distance, which
is 0 for weightings that rank alike. To it comes the share of hyperparameters and transformations that differ,
of all that either has. Computed in SQL over all experiments; what differs is told for those found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from registry import rows
from registry.analysis.selection import chosen, measured
from registry.config import ExperimentConfig
from registry.differences import Difference, differences
from registry.results import Results
from registry.runs.trials import tried
from registry.store.session import as_list

if TYPE_CHECKING:
    from registry.store import Session

Distance = Literal["l2", "cosine"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One experiment near another."""

    config_hash: str
    description: str
    distance: float
    """Of the weights, plus the share of settings that differ."""
    weights: float
    """The part of the weights."""
    settings: int
    """Hyperparameters and transformations that differ."""
    changes: list[Difference]
    metric: float | None = None
    """The metric asked for, where it has a run."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {
            "config_hash": self.config_hash,
            "description": self.description,
            "distance": self.distance,
            "weights": self.weights,
            "settings": self.settings,
            "metric": self.metric,
            "changes": [change.to_dict() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class Nearest:
    """The neighbours of one experiment, the nearest first."""

    config_hash: str
    neighbours: list[Neighbour]
    among: int
    """How many experiments were compared with it."""
    metric: str | None = None
    own: float | None = None
    """Its own value of the metric."""
    metrics_from: str | None = None
    better: int | None = None
    """Of a question for better ones: how many are."""
    tried: int = 0
    """Of such a question: configurations ever tried on the panel and period."""

    def df(self) -> Any:
        """Return the neighbours as a pandas DataFrame, without what differs.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        names = ["config_hash", "description", "distance", "weights", "settings", "metric"]
        return Results(names, [tuple(getattr(each, name) for name in names) for each in self.neighbours]).df()

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {
            "config_hash": self.config_hash,
            "among": self.among,
            "metric": self.metric,
            "own": self.own,
            "metrics_from": self.metrics_from,
            "better": self.better,
            "tried": self.tried,
            "neighbours": [each.to_dict() for each in self.neighbours],
        }


def nearest(
    session: Session,
    id_: int,
    count: int = 10,
    *,
    distance: Distance = "l2",
    filter: str = "",
    better: str | None = None,
    metric: str | None = None,
    panel: str | None = None,
    period: str | None = None,
) -> Nearest:
    """Return the `count` experiments nearest to the one with this id, among those that match.

    With `better`, a metric, only those whose value is better than its own; with `metric` its value is told of all.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`; or it has no value of the metric itself.
    """
    from registry.errors import FilterError

    among = [other for other in chosen(session, filter, panel, period) if other != id_]
    own, values, name, basis, found_better, count_tried = None, dict[int, float](), None, None, None, 0
    if (asked := better if better is not None else metric) is not None:
        read = measured(session, asked, [*among, id_], panel, period, filter)
        name, basis, values = read.name, read.metrics_from, read.values
        own = values.get(id_)
        count_tried = 0 if read.basis is None else tried(session, read.basis).configurations
        if better is not None:
            if own is None:
                raise FilterError(f"it has no {name} itself, so nothing can be better; backtest it first")
            if read.direction == "none":
                raise FilterError(f"{name} is neither better high nor low")
            sign = 1 if read.direction == "higher" else -1
            among = [other for other in among if other in values and sign * (values[other] - own) > 0]
            found_better = len(among)
    found = _distances(session, id_, among, distance, count)
    configs = dict(zip([each[0] for each in found], rows.configs(session, [each[0] for each in found]), strict=True))
    (mine,) = rows.configs(session, [id_])
    return Nearest(
        str(mine.config_hash),
        [_neighbour(mine, configs[other], d, w, s, values.get(other)) for other, d, w, s in found],
        len(among),
        name,
        own,
        basis,
        found_better,
        count_tried,
    )


def _neighbour(
    mine: ExperimentConfig, other: ExperimentConfig, distance: float, weights: float, settings: int, value: float | None
) -> Neighbour:
    return Neighbour(
        str(other.config_hash), other.description, distance, weights, settings, differences(mine, other), value
    )


def _distances(
    session: Session, id_: int, among: list[int], distance: Distance, count: int
) -> list[tuple[int, float, float, int]]:
    """Return (id, distance, of the weights, settings that differ) of the nearest ones."""
    if not among or count <= 0:
        return []
    if distance == "cosine":
        of_weights = "CASE WHEN n.own = 0 OR t.own = 0 THEN 1.0 ELSE greatest(0.0, 1 - n.dot / sqrt(n.own * t.own)) END"
    else:
        # (a - b) squared for features either has, so that near ones lose no digits to a difference of large sums
        of_weights = "sqrt(greatest(0.0, n.apart + t.own - n.shared))"
    sql = f"""
        WITH other AS (SELECT unnest(from_json(?, '["BIGINT"]')) AS id),
        target AS (SELECT feature, weight FROM feature WHERE id = ? AND weight IS NOT NULL),
        t AS (SELECT coalesce(sum(weight * weight), 0.0) AS own FROM target),
        n AS (
            SELECT o.id, coalesce(sum(f.weight * f.weight), 0.0) AS own, coalesce(sum(f.weight * g.weight), 0.0) AS dot,
                   coalesce(sum((f.weight - coalesce(g.weight, 0.0)) ** 2), 0.0) AS apart,
                   coalesce(sum(g.weight * g.weight), 0.0) AS shared
            FROM other o LEFT JOIN feature f ON f.id = o.id AND f.weight IS NOT NULL
            LEFT JOIN target g ON g.feature = f.feature GROUP BY o.id
        ),
        setting AS (
            SELECT id, 'h' || path AS name, kind || ' ' || value AS value FROM hyperparameter WHERE kind <> 'object'
            UNION ALL
            SELECT id, 't' || feature, transformation FROM feature WHERE transformation IS NOT NULL
        ),
        mine AS (SELECT name, value FROM setting WHERE id = ?),
        s AS (
            SELECT o.id, count(a.name) AS theirs, count(b.name) AS common,
                   count(CASE WHEN a.value = b.value THEN 1 END) AS same
            FROM other o LEFT JOIN setting a ON a.id = o.id LEFT JOIN mine b ON b.name = a.name GROUP BY o.id
        ),
        m AS (SELECT count(*) AS own FROM mine),
        apart AS (
            SELECT n.id, {of_weights} AS weights, s.theirs + m.own - s.common AS either,
                   s.theirs + m.own - s.common - s.same AS settings
            FROM n JOIN s USING (id), t, m
        )
        SELECT id, weights + CASE WHEN either > 0 THEN settings / either ELSE 0.0 END AS distance, weights, settings
        FROM apart ORDER BY distance, id LIMIT {int(count)}
    """
    return [
        (row[0], float(row[1]), float(row[2]), int(row[3])) for row in session.rows(sql, [as_list(among), id_, id_])
    ]
