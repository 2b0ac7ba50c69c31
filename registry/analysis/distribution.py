"""How the weights of each feature are spread over experiments: how many have one, quantiles, a histogram."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from registry.analysis.selection import chosen
from registry.profile import BINS
from registry.store.session import INTEGERS, as_list

if TYPE_CHECKING:
    from registry.store import Session


@dataclass(frozen=True, slots=True)
class Spread:
    """The weights of one feature."""

    feature: str
    count: int
    """Experiments that have a weight for it."""
    absent: int
    """Experiments that have none."""
    low: float
    q25: float
    median: float
    q75: float
    high: float
    mean: float
    histogram: list[int]
    """Experiments in each of `profile.BINS` equal parts from low to high."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


def distribution(session: Session, filter: str = "") -> list[Spread]:
    """Return the spread of every feature's weights among the experiments that match, the commonest first.

    Raises:
        FilterError: the filter can't be understood.
    """
    found = chosen(session, filter, None, None)
    rows = session.rows(
        f"""
        WITH w AS (SELECT feature, weight FROM feature WHERE weight IS NOT NULL AND id IN {INTEGERS}),
        s AS (
            SELECT feature, count(*) AS n, min(weight) AS low, max(weight) AS high,
                   quantile_cont(weight, [0.25, 0.5, 0.75]) AS q, avg(weight) AS mean
            FROM w GROUP BY feature
        ),
        b AS (
            SELECT feature, CASE WHEN high > low THEN least({BINS - 1}, CAST(floor(
                (weight / 2 - low / 2) / (high / 2 - low / 2) * {BINS}) AS INTEGER)) ELSE 0 END AS bin, count(*) AS n
            FROM w JOIN s USING (feature) GROUP BY ALL
        )
        SELECT s.feature, s.n, s.low, s.q, s.high, s.mean, list(b.bin), list(b.n)
        FROM s JOIN b USING (feature) GROUP BY ALL ORDER BY s.n DESC, s.feature
        """,
        [as_list(found)],
    )
    made = []
    for feature, count, low, quantiles, high, mean, bins, counts in rows:
        histogram = [0] * BINS
        for bin_, inside in zip(bins, counts, strict=True):
            histogram[bin_] = inside
        q25, median, q75 = quantiles
        made.append(Spread(feature, count, len(found) - count, low, q25, median, q75, high, mean, histogram))
    return made
