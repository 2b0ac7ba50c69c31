"""The experiments that no other one beats in every metric asked for: what there is to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.analysis.selection import chosen, hashes_of, measured

if TYPE_CHECKING:
    from registry.store import Session


@dataclass(frozen=True, slots=True)
class Front:
    """The experiments on the front, best in the first metric first."""

    metrics: list[str]
    hashes: list[str]
    values: list[list[float]]
    """One list for each experiment, in the order of `metrics`."""
    tried: int
    """Experiments that have all of the metrics: the front is the best of so many."""
    metrics_from: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "metrics": self.metrics,
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
    signs = [1 if each.direction == "higher" else -1 for each in found]
    common = [id_ for id_ in among if all(id_ in each.values for each in found)]
    points = {id_: tuple(s * m.values[id_] for s, m in zip(signs, found, strict=True)) for id_ in common}
    kept = _front(points)
    hashes = hashes_of(session, kept)
    return Front(
        [each.name for each in found],
        [hashes[id_] for id_ in kept],
        [[each.values[id_] for each in found] for id_ in kept],
        len(common),
        found[0].metrics_from,
    )


def _front(points: dict[int, tuple[float, ...]]) -> list[int]:
    """Return the ids that none dominates, from the best in the first metric on; equal points are all kept."""
    kept: list[int] = []
    for id_ in sorted(points, key=lambda each: tuple(-value for value in points[each])):
        mine = points[id_]
        # those before it are at least as good in the first metric, so only they can dominate it
        if not any(points[other] != mine and all(map(float.__ge__, points[other], mine)) for other in kept):
            kept.append(id_)
    return kept
