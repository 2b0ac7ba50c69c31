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
from registry.errors import FilterError
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
        FilterError, AmbiguousPanelError: as `registry.search`; or nothing matches.
    """
    picked, shown, values, matching, count_tried, where = _picked(session, filter, top, by, panel, period)
    if not picked and against is None:
        raise FilterError(f"nothing matches {filter}" if filter.strip() else "there is nothing to compare")
    hashes = hashes_of(session, picked)
    found = compare_many(session, [hashes[id_] for id_ in picked], against, panel=where[0], period=where[1])
    if normalise:
        found = normalised(found)
    if cluster:
        found = clustered(found)
    by_hash = {hashes[id_]: value for id_, value in values.items()}
    return Matrix(found, shown, [by_hash.get(full) for full in found.hashes], matching, count_tried, normalise, cluster)


def _picked(
    session: Session, filter: str, top: int | None, by: str | None, panel: str | None, period: str | None
) -> tuple[list[int], str | None, dict[int, float], int, int, tuple[str | None, str | None]]:
    """Return the ids, what they were chosen by, its values, how many match, how many were tried, and where."""
    if by is not None and _is_metric(by):
        among = chosen(session, filter, panel, period)
        found = measured(session, by, among, panel, period, filter)
        sign = -1 if found.direction == "lower" else 1
        best = sorted(found.values, key=lambda id_: (-sign * found.values[id_], id_))[:top]
        values = {id_: found.values[id_] for id_ in best}
        if found.basis is None:
            return best, found.name, values, 0, 0, (panel, period)
        count = tried(session, found.basis).configurations
        return best, found.name, values, len(found.values), count, (found.basis.panel, found.basis.period)
    sort = "-created" if by is None else by if by.startswith("-") else f"-{by}"
    matching = ids(session, filter, sort, scope=Scope(False, panel, period))
    return matching[:top], by, {}, len(matching), 0, (panel, period)


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
