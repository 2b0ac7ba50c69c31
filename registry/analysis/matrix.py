"""The weights of any selection of experiments side by side: the best of a filter, normalised, clustered.

It is a comparison (`registry.comparison`) of the experiments that a filter finds, the best by a metric or another
column first. Normalised weights are divided by the absolute sum of their experiment's, so that weightings that rank
alike look alike. Clustered, experiments and features stand beside those most like them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from registry.analysis.selection import chosen, hashes_of, measured
from registry.comparison import ABSENT, TOLERANCE, Comparison, ComparisonRow, compare_many
from registry.errors import NoMatchError
from registry.finding import Scope, ids
from registry.runs.trials import tried

if TYPE_CHECKING:
    from registry.store import Session

TOP: Final = 20
"""So many experiments when no number is given."""


@dataclass(frozen=True)
class Matrix:
    """Experiments side by side, and what they were chosen by."""

    comparison: Comparison
    """Experiments in the order shown; weights as they are, or normalised."""
    by: str | None
    """What the best were chosen by, as the filter language writes it; None: the newest."""
    values: list[float | None]
    """Of a metric in `by`: the value of each experiment."""
    matching: int
    """Experiments that match and have the metric."""
    tried: int
    """Where a metric was read: configurations ever tried on that panel and period."""
    normalised: bool
    clustered: bool

    @property
    def features(self) -> list[ComparisonRow]:
        """The rows of weights."""
        return [row for row in self.comparison.rows if row.section == "feature"]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts."""
        return {
            "by": self.by,
            "by_values": self.values,
            "matching": self.matching,
            "tried": self.tried,
            "normalised": self.normalised,
            "clustered": self.clustered,
            **self.comparison.to_dict(),
        }

    def df(self) -> Any:
        """Return the matrix as a pandas DataFrame; see `Comparison.df`.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        return self.comparison.df()


def matrix(
    session: Session,
    filter: str = "",
    *,
    top: int | None = TOP,
    by: str | None = None,
    normalise: bool = False,
    cluster: bool = False,
    against: str | None = None,
    panel: str | None = None,
    period: str | None = None,
) -> Matrix:
    """Return the `top` experiments that match, side by side; without a number all of them.

    `by` is a metric (the best first, those without it left out) or another column as `registry.search` sorts by
    (the largest first). `against` (a full hash) is the reference, and comes first.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`.
        NoMatchError: nothing matches, or nothing of it has the metric.
    """
    best = pick(session, filter, top, by, panel, period)
    if best.nothing and against is None:
        raise NoMatchError(best.nothing)
    found = compare_many(session, best.hashes, against, panel=best.panel, period=best.period)
    if normalise:
        found = normalised(found)
    if cluster:
        found = clustered(found)
    values = [best.values.get(full) for full in found.hashes]
    return Matrix(found, best.by, values, best.matching, best.tried, normalise, cluster)


@dataclass(frozen=True, slots=True)
class Picked:
    """The first experiments of a selection, and what they were chosen by."""

    hashes: list[str]
    by: str | None
    """As `Matrix.by`."""
    values: dict[str, float]
    """Of a metric in `by`: hash to value."""
    matching: int
    """As `Matrix.matching`."""
    tried: int
    """As `Matrix.tried`."""
    panel: str | None
    period: str | None
    """Where metrics are read: as asked for, or where the one in `by` was read."""
    nothing: str
    """Why there is none, in a sentence; empty where there are some."""


def pick(
    session: Session, filter: str, top: int | None, by: str | None, panel: str | None = None, period: str | None = None
) -> Picked:
    """Return the `top` experiments that match, by a metric or a column; see `matrix`, which raises the same.

    That nothing matches is no error here.
    """
    none = f"nothing matches {filter}" if filter.strip() else "there is nothing to compare"
    if by is not None and _is_metric(by):
        among = chosen(session, filter, panel, period)
        found = measured(session, by, among, panel, period, filter)
        sign = -1 if found.direction == "lower" else 1
        best = sorted(found.values, key=lambda id_: (-sign * found.values[id_], id_))[:top]
        hashes = hashes_of(session, best)
        values = {hashes[id_]: found.values[id_] for id_ in best}
        if found.basis is not None:
            panel, period = found.basis.panel, found.basis.period
        if not best and len(among):
            where = "" if found.basis is None else f" on {found.basis}"
            count = "the one that matches" if len(among) == 1 else f"the {len(among):,} that match"
            none = f"none of {count} has {found.name}{where}"
        count_tried = 0 if found.basis is None else tried(session, found.basis).configurations
        matching = len(found.values)
        return Picked(list(values), found.name, values, matching, count_tried, panel, period, "" if best else none)
    sort = "-created" if by is None else by if by.startswith("-") else f"-{by}"
    found_ids = ids(session, filter, sort, scope=Scope(False, panel, period))
    wanted = found_ids[:top]
    hashes = hashes_of(session, wanted)
    return Picked(
        [hashes[id_] for id_ in wanted], by, {}, len(found_ids), 0, panel, period, "" if len(wanted) else none
    )


def _is_metric(written: str) -> bool:
    from registry.search.words import split_name

    name = split_name(written)
    return name.prefix == "m" or bool(name.over)


def normalised(found: Comparison) -> Comparison:
    """Return a comparison whose weights are divided by the absolute sum of each experiment's."""
    sums = [0.0] * len(found.hashes)
    for row in found.rows:
        if row.section == "feature":
            for at, value in enumerate(row.values):
                sums[at] += 0.0 if value is ABSENT else abs(value)
    rows = [_divided(row, sums) if row.section == "feature" else row for row in found.rows]
    # differing ones first, features first among them, the widest spread on top; other rows stay in their order
    features = sorted(
        (row for row in rows if row.section == "feature"), key=lambda row: (-(row.spread or 0.0), row.name)
    )
    rows = [*features, *(row for row in rows if row.section != "feature")]
    return replace(found, rows=sorted(rows, key=lambda row: not row.differs))


def _divided(row: ComparisonRow, sums: Sequence[float]) -> ComparisonRow:
    values = [
        value if value is ABSENT or not total or not math.isfinite(total) else value / total
        for value, total in zip(row.values, sums, strict=True)
    ]
    numbers = [0.0 if value is ABSENT else value for value in values]
    spread = max(numbers) - min(numbers)
    uneven = len({value is ABSENT for value in values}) > 1 or len(set(row.listed)) > 1
    return replace(row, values=values, spread=spread, differs=uneven or spread >= TOLERANCE)


def clustered(found: Comparison) -> Comparison:
    """Return a comparison whose experiments and features stand beside those most like them; a reference stays first."""
    import numpy as np

    from registry.statistics.clustering import cluster_order

    features = [row for row in found.rows if row.section == "feature"]
    if not features:
        return found
    table = np.array([[0.0 if value is ABSENT else value for value in row.values] for row in features])
    order = cluster_order(table.T)
    if found.against is not None:
        order.remove(found.reference)
        order.insert(0, found.reference)
    rows = [features[at] for at in cluster_order(table)]
    others = [row for row in found.rows if row.section != "feature"]
    return replace(found, rows=[*rows, *others]).in_order(order)
