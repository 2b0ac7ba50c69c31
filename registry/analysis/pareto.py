"""The experiments that no other one beats in every metric asked for: what there is to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from registry.analysis.selection import chosen, hashes_of, measured
from registry.results import Results
from registry.runs.trials import tried

if TYPE_CHECKING:
    from registry.store import Session


@dataclass(frozen=True, slots=True)
class Front:
    """The experiments on the front, best in the first metric first."""

    metrics: list[str]
    hashes: list[str]
    values: list[list[float]]
    """One list for each experiment, in the order of `metrics`."""
    evaluated: int
    """Experiments of those that match that have all of the metrics: the front is the best of so many."""
    metrics_from: str | None
    tried: int = 0
    """Configurations ever tried on the panel and period, whatever was deleted or untracked."""

    def df(self) -> Any:
        """Return the front as a pandas DataFrame.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        rows = [(full, *values) for full, values in zip(self.hashes, self.values, strict=True)]
        return Results(["config_hash", *self.metrics], rows).df()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "metrics": self.metrics,
            "evaluated": self.evaluated,
            "tried": self.tried,
            "metrics_from": self.metrics_from,
            "experiments": [
                {"config_hash": full, **dict(zip(self.metrics, values, strict=True))}
                for full, values in zip(self.hashes, self.values, strict=True)
            ],
        }


def pareto(
    session: Session,
    metrics: Sequence[str],
    *,
    filter: str = "",
    panel: str | None = None,
    period: str | None = None,
) -> Front:
    """Return the experiments of those that match which none dominates: as good in all metrics and better in one.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`; or a metric has no better direction, or fewer
            than two are given.
    """
    from registry.errors import FilterError

    if len(metrics) < 2:
        raise FilterError("a front is of two metrics or more; one alone is sorted by: list --sort -m.edge")
    among = chosen(session, filter, panel, period)
    found = [measured(session, name, among, panel, period, filter) for name in metrics]
    for each in found:
        if each.direction == "none":
            raise FilterError(f"{each.name} is neither better high nor low")
    common = sorted(set(found[0].values).intersection(*(each.values for each in found[1:])))
    table = np.array([[each.values[id_] for id_ in common] for each in found], dtype=np.float64).T
    signs = np.array([1.0 if each.direction == "higher" else -1.0 for each in found])
    kept = front_of(table.reshape(len(common), len(found)) * signs)
    hashes = hashes_of(session, [common[at] for at in kept])
    basis = found[0].basis
    return Front(
        [each.name for each in found],
        [hashes[common[at]] for at in kept],
        [[each.values[common[at]] for each in found] for at in kept],
        len(common),
        found[0].metrics_from,
        0 if basis is None else tried(session, basis).configurations,
    )


def front_of(points: npt.NDArray[np.float64]) -> list[int]:
    """Return the rows that no row dominates, larger values better, from the best in the first column on.

    Rows that are equal are all kept, in the order they have.
    """
    if not len(points):
        return []
    order = np.lexsort([np.arange(len(points)), *(-points.T[::-1])])
    sorted_points = points[order]
    kept = _front_of_two(sorted_points) if points.shape[1] == 2 else _front_of_more(sorted_points)
    found: list[int] = order[kept].tolist()
    return found


def _front_of_two(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the rows of a sorted table on the front: better in the second column than all that are so in the first."""
    first, second = points.T
    begins = np.searchsorted(-first, -first)
    before = np.maximum.accumulate(second)
    best = np.where(begins > 0, before[begins - 1], -np.inf)
    return np.flatnonzero((second > best) & (second == second[begins]))


def _front_of_more(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the rows of a sorted table on the front: the first that is left is on it, and what it dominates goes."""
    left, kept = np.arange(len(points)), []
    while len(left):
        mine = points[left[0]]
        same = (points[left] == mine).all(axis=1)
        kept.append(left[same])
        left = left[~same & (points[left] > mine).any(axis=1)]
    return np.concatenate(kept)
