"""Which weights and hyperparameters go with a metric: a rank correlation each, and a forest's view beside it.

The correlation is Spearman's rho between a weight and the metric, over the experiments that have the metric (an
absent weight scores as 0 and counts as 0; an absent hyperparameter is left out, and so is one that is text; true
counts as 1). Its two-sided p-value is of random permutations under 30 experiments, else of Fisher's z with the
variance 1.06 / (n - 3) of Fieller, Hartley and Pearson (1957, Biometrika 44); over all names it is adjusted by
Benjamini and Hochberg. Correlation is no cause: what was varied together can't be told apart.

The forest (scikit-learn) sees what goes together and what is not monotone. How much it explains is measured on
experiments it was not grown on; when that is nothing, its shares mean nothing either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from registry.analysis.selection import chosen, measured
from registry.results import Results
from registry.runs.trials import tried
from registry.search.words import write_name

if TYPE_CHECKING:
    from registry.store import Session

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST: Final = 5
"""With fewer experiments there is no correlation."""
PERMUTED_UNDER: Final = 30
"""With fewer experiments p-values are those of permutations."""
PERMUTATIONS: Final = 9_999

_TREES: Final = 100
_MOST_IN_FOREST: Final = 5_000
"""Experiments a forest is grown on at most: a sample of more tells the same."""
_NOT_ASKED: Final = "no forest was asked for"
_MOST_IN_TREE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """The numbers of one name: those there are, and what stands for the others."""

    name: str
    places: Ints
    """Where the experiments that have one stand among those that have the metric."""
    values: Floats
    absent: float | None
    """What an absent one counts as; None leaves it out."""


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
    explained: float | None = None
    """The forest's R² on experiments it was not grown on; 0 or less explains nothing."""
    tried: int = 0
    """Configurations ever tried on the panel and period."""

    def df(self) -> Any:
        """Return the names as a pandas DataFrame.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        return Results(
            [field.name for field in fields(Importance)], [tuple(each.to_dict().values()) for each in self.names]
        ).df()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "metric": self.metric,
            "metrics_from": self.metrics_from,
            "experiments": self.experiments,
            "tried": self.tried,
            "forest": self.forest,
            "explained": self.explained,
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
    forest: bool = True,
    hashes: Sequence[str] | None = None,
    step: Callable[[str], None] | None = None,
) -> Importances:
    """Return what goes with a metric among the experiments that match; without `forest` by correlation alone.

    With `hashes` (full ones) among these instead of what the filter finds. `step` is told what is being done, for
    people; what it raises ends the work.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`.
    """
    from registry.statistics.multiple import benjamini_hochberg

    tell = step or (lambda _: None)
    tell("reading the metric")
    found = measured(session, metric, chosen(session, filter, panel, period, hashes), panel, period, filter)
    tell(f"reading the weights of {len(found.values):,}")
    ids = np.array(sorted(found.values), dtype=np.int64)
    target = np.array([found.values[id_] for id_ in ids.tolist()], dtype=np.float64)
    columns = _columns(session, ids) if len(ids) else []
    order = _ranks(target)
    told = []
    for at, column in enumerate(columns, 1):
        tell(f"correlating {at:,} of {len(columns):,}")
        told.append(_spearman(column, target, order, seed))
    adjusted = benjamini_hochberg([math.nan if p is None else p for _, p, _ in told]) if told else np.zeros(0)
    tell(f"growing a forest on {min(len(target), _MOST_IN_FOREST):,}")
    shares, explained, why = _forest(columns, target, seed) if forest else ([None] * len(columns), None, _NOT_ASKED)
    made = [
        Importance(column.name, n, rho, p, None if p is None else float(q), share)
        for column, (rho, p, n), q, share in zip(columns, told, adjusted, shares, strict=True)
    ]
    made.sort(key=lambda each: (-abs(each.rho or 0.0), each.name))
    count = 0 if found.basis is None else tried(session, found.basis).configurations
    return Importances(found.name, found.metrics_from, len(target), made, why, explained, count)


SOURCES: Final = {
    "w": "SELECT feature AS name, id, weight AS value FROM feature WHERE weight IS NOT NULL",
    "hp": "SELECT name, id, CASE WHEN kind = 'bool' THEN CAST(value = 'true' AS INTEGER) ELSE number END AS value"
    " FROM hyperparameter WHERE kind = 'bool' OR (kind = 'number' AND isfinite(number))",
}
"""By prefix, the query for the name, id and value of every weight, and of every hyperparameter that is a number."""

ABSENT: Final[dict[str, float | None]] = {"w": 0.0, "hp": None}
"""By prefix, what an experiment without it counts as; None leaves it out."""


def _columns(session: Session, ids: Ints) -> list[Column]:
    """Return a column for each weight and each hyperparameter that is a number, in name order."""
    made: list[Column] = []
    for prefix, source in SOURCES.items():
        names = [row[0] for row in session.rows(f"SELECT DISTINCT name FROM ({source}) ORDER BY 1")]
        # names are numbered once each: a text a row is what takes time
        found = session.arrays(
            "SELECT n.at, t.id, CAST(t.value AS DOUBLE) AS value FROM"
            f" ({source}) t JOIN (SELECT name, row_number() OVER (ORDER BY name) - 1 AS at"
            f" FROM (SELECT DISTINCT name FROM ({source}))) n ON n.name = t.name"
        )
        numbers, owners, values = (np.asarray(found[key]) for key in ("at", "id", "value"))
        places = np.searchsorted(ids, owners)
        mine = ids[np.minimum(places, len(ids) - 1)] == owners
        numbers, places, values = (array[mine] for array in (numbers, places, values))
        order = np.lexsort((places, numbers))
        numbers, places, values = (array[order] for array in (numbers, places, values))
        ends = np.searchsorted(numbers, np.arange(len(names) + 1))
        for at, name in enumerate(names):
            inside = slice(ends[at], ends[at + 1])
            # an experiment may have a flat and a nested key of one dotted name; the first one counts
            distinct, first = np.unique(places[inside], return_index=True)
            if len(distinct):
                made.append(Column(write_name(name, prefix), distinct, values[inside][first], ABSENT[prefix]))
    return made


def _ranks(values: Floats) -> Floats:
    """Return the ranks of values, equal ones sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = ((ends - counts + 1 + ends) / 2)[inverse]
    return ranks


def _spearman(column: Column, target: Floats, order: Floats, seed: int) -> tuple[float | None, float | None, int]:
    """Return Spearman's rho, its p-value and over how many experiments; `order` are the ranks of the target."""
    n = len(target) if column.absent is not None else len(column.places)
    if n < FEWEST:
        return None, None, n
    if column.absent is not None:
        rho = _rho_with_absent(column, order)
    else:
        rho = _rho(_ranks(column.values), _ranks(target[column.places]))
    if rho is None:
        return None, None, n
    if n >= PERMUTED_UNDER:
        return rho, _p(rho, n), n
    values = _dense(column, len(target), column.absent) if column.absent is not None else column.values
    other = target if column.absent is not None else target[column.places]
    return rho, _permuted_p(_ranks(values), _ranks(other), seed), n


def correlation(column: Column, target: Floats, seed: int = 0) -> tuple[float | None, float | None]:
    """Return Spearman's rho of one name with the metric and its p-value; None with too few, or where nothing varies."""
    rho, p, _ = _spearman(column, target, _ranks(target), seed)
    return rho, p


def _rho(one: Floats, two: Floats) -> float | None:
    one, two = one - one.mean(), two - two.mean()
    scale = math.sqrt(float(one @ one) * float(two @ two))
    return max(-1.0, min(1.0, float(one @ two) / scale)) if scale > 0 else None


def _rho_with_absent(column: Column, order: Floats) -> float | None:
    """Return rho where what is absent has one value: only the others are sorted."""
    n, absent = len(order), len(order) - len(column.places)
    distinct, inverse, counts = np.unique(column.values, return_inverse=True, return_counts=True)
    at = int(np.searchsorted(distinct, column.absent or 0.0))
    if at == len(distinct) or distinct[at] != column.absent:
        counts = np.insert(counts, at, 0)
        inverse = inverse + (inverse >= at)
    counts[at] += absent
    ends = np.cumsum(counts)
    ranks = (ends - counts + 1 + ends) / 2 - (n + 1) / 2
    centred = order - (n + 1) / 2
    present = centred[column.places]
    together = float(ranks[inverse] @ present) + float(ranks[at]) * float(centred.sum() - present.sum())
    scale = math.sqrt(float(counts @ ranks**2) * float(centred @ centred))
    return max(-1.0, min(1.0, together / scale)) if scale > 0 else None


def _dense(column: Column, count: int, absent: float) -> Floats:
    made = np.full(count, absent)
    made[column.places] = column.values
    return made


def _p(rho: float, n: int) -> float:
    """Return the two-sided p-value that rho is 0, by Fisher's z with the variance of Fieller and others (1957)."""
    if abs(rho) >= 1:
        return 0.0
    return 2 * NormalDist().cdf(-abs(math.atanh(rho)) * math.sqrt((n - 3) / 1.06))


def _permuted_p(one: Floats, two: Floats, seed: int) -> float:
    """Return the share of random orders with a correlation as large, the observed order among them."""
    one, two = one - one.mean(), two - two.mean()
    keys = np.random.Generator(np.random.PCG64(seed)).random((PERMUTATIONS, len(one)))
    sums = np.abs(one[np.argsort(keys, axis=1)] @ two)
    return float((1 + (sums >= abs(float(one @ two)) * (1 - 1e-12)).sum()) / (PERMUTATIONS + 1))


def _forest(columns: list[Column], target: Floats, seed: int) -> tuple[list[float | None], float | None, str | None]:
    """Return each name's share of what a random forest explains by, how much that is, or why there is none."""
    without: list[float | None] = [None] * len(columns)
    if len(target) < 4 * FEWEST or not columns or target.max() <= target.min():
        return without, None, f"a forest needs {4 * FEWEST} experiments with the metric, and differences in it"
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError:
        return without, None, "for a forest beside the correlations: pip install 'experiment-registry[stats]'"
    taken = np.arange(len(target))
    if len(target) > _MOST_IN_FOREST:
        taken = np.random.default_rng(seed).choice(len(target), _MOST_IN_FOREST, replace=False)
    # an absent hyperparameter is a value of its own, below all others
    matrix = np.column_stack(
        [
            _dense(each, len(target), float(each.values.min()) - 1 if each.absent is None else each.absent)[taken]
            for each in columns
        ]
    )
    forest = RandomForestRegressor(
        n_estimators=_TREES,
        max_features=1 / 3,
        max_samples=min(len(taken), _MOST_IN_TREE),
        min_samples_leaf=5,
        oob_score=True,
        random_state=seed,
    )
    forest.fit(matrix, target[taken])
    return [float(share) for share in forest.feature_importances_], float(forest.oob_score_), None
