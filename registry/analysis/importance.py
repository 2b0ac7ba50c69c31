"""Which weights and hyperparameters go with a metric: a rank correlation each, and a forest's view beside it.

The correlation is Spearman's rho between a weight and the metric, over the experiments that have the metric (an
absent weight scores as 0 and counts as 0; an absent hyperparameter is left out). Its p-value is of Fisher's z with
the variance 1.06 / (n - 3) of Fieller, Hartley and Pearson (1957, Biometrika 44), two-sided; over all names it is
adjusted by Benjamini and Hochberg. Correlation is no cause: what was varied together can't be told apart.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from registry.analysis.selection import Measured, chosen, measured
from registry.search.words import write_name
from registry.store.session import INTEGERS, as_list

if TYPE_CHECKING:
    from registry.store import Session

Floats = npt.NDArray[np.float64]

FEWEST: Final = 5
"""With fewer experiments there is no correlation."""
_TREES: Final = 200
_MOST_IN_FOREST: Final = 20_000
"""Experiments a forest is grown on at most: a sample of more tells the same."""


@dataclass(frozen=True, slots=True)
class Importance:
    """What one name has to do with the metric."""

    name: str
    """As the filter language writes it: w.NAME, hp.NAME."""
    n: int
    rho: float | None
    """Spearman's; None where it does not vary, or too few have it."""
    p: float | None
    p_adjusted: float | None
    """Benjamini and Hochberg's, over all names here."""
    forest: float | None = None
    """Share of the forest's explanation, all names together 1; None without scikit-learn."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Importances:
    """All names, the strongest correlation first."""

    metric: str
    metrics_from: str | None
    experiments: int
    """Experiments that have the metric."""
    names: list[Importance]
    forest: str | None
    """Why there is no forest; None when there is one."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "metric": self.metric,
            "metrics_from": self.metrics_from,
            "experiments": self.experiments,
            "forest": self.forest,
            "names": [each.to_dict() for each in self.names],
        }


def importance(
    session: Session,
    metric: str,
    *,
    filter: str = "",
    panel: str | None = None,
    period: str | None = None,
    seed: int = 0,
) -> Importances:
    """Return what goes with a metric among the experiments that match.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`.
    """
    from registry.statistics.multiple import benjamini_hochberg

    among = chosen(session, filter, panel, period)
    found = measured(session, metric, among, panel, period, filter)
    names, table = _table(session, found)
    target = np.array([found.values[id_] for id_ in sorted(found.values)])
    rhos = [_spearman(column, target) for column in table]
    ps = [math.nan if rho is None else _p(rho, n) for rho, n in rhos]
    adjusted = benjamini_hochberg(ps) if ps else np.zeros(0)
    shares, why = _forest(table, target, seed)
    made = [
        Importance(
            name,
            n,
            rho,
            None if math.isnan(p) else p,
            None if math.isnan(q) else float(q),
            share,
        )
        for name, (rho, n), p, q, share in zip(names, rhos, ps, adjusted, shares, strict=True)
    ]
    made.sort(key=lambda each: (-abs(each.rho or 0.0), each.name))
    return Importances(found.name, found.metrics_from, len(target), made, why)


def _table(session: Session, found: Measured) -> tuple[list[str], list[Floats]]:
    """Return the names and a column of numbers for each, over the experiments in the order of their ids."""
    ids = sorted(found.values)
    place = {id_: at for at, id_ in enumerate(ids)}
    columns: dict[str, Floats] = {}
    wanted = [as_list(ids)]
    for feature, id_, weight in session.rows(
        f"SELECT feature, id, weight FROM feature WHERE weight IS NOT NULL AND id IN {INTEGERS} ORDER BY feature",
        wanted,
    ):
        columns.setdefault(write_name(feature, "w"), np.zeros(len(ids)))[place[id_]] = weight
    for name, id_, value in session.rows(
        f"SELECT name, id, number FROM hyperparameter WHERE kind = 'number' AND isfinite(number) AND id IN {INTEGERS}"
        " ORDER BY name",
        wanted,
    ):
        columns.setdefault(write_name(name, "hp"), np.full(len(ids), np.nan))[place[id_]] = value
    return list(columns), list(columns.values())


def _ranks(values: Floats) -> Floats:
    """Return the ranks of values, equal ones sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = ((ends - counts + 1 + ends) / 2)[inverse]
    return ranks


def _spearman(column: Floats, target: Floats) -> tuple[float | None, int]:
    """Return Spearman's rho over the experiments that have both, and how many these are."""
    known = ~np.isnan(column)
    n = int(known.sum())
    if n < FEWEST:
        return None, n
    one, two = _ranks(column[known]), _ranks(target[known])
    one, two = one - one.mean(), two - two.mean()
    scale = math.sqrt(float(one @ one) * float(two @ two))
    return (max(-1.0, min(1.0, float(one @ two) / scale)) if scale > 0 else None), n


def _p(rho: float, n: int) -> float:
    """Return the two-sided p-value that rho is 0, by Fisher's z with the variance of Fieller and others (1957)."""
    if n <= 3:
        return 1.0
    if abs(rho) >= 1:
        return 0.0
    z = math.atanh(rho) * math.sqrt((n - 3) / 1.06)
    return 2 * (1 - NormalDist().cdf(abs(z)))


def _forest(table: list[Floats], target: Floats, seed: int) -> tuple[list[float | None], str | None]:
    """Return each name's share of what a random forest explains by, or why there is none."""
    absent: list[float | None] = [None] * len(table)
    if len(target) < 4 * FEWEST or not table:
        return absent, f"a forest needs {4 * FEWEST} experiments with the metric"
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError:
        return absent, "for a forest beside the correlations: pip install 'experiment-registry[stats]'"
    matrix = np.column_stack(table)
    matrix = np.where(np.isnan(matrix), np.nanmin(matrix, axis=0) - 1, matrix)  # absent is a value of its own
    if len(target) > _MOST_IN_FOREST:
        taken = np.random.default_rng(seed).choice(len(target), _MOST_IN_FOREST, replace=False)
        matrix, target = matrix[taken], target[taken]
    forest = RandomForestRegressor(n_estimators=_TREES, min_samples_leaf=3, random_state=seed)
    forest.fit(matrix, target)
    return [float(share) for share in forest.feature_importances_], None
