"""An order in which what is alike stands together: average linkage, its leaves turned so that neighbours are near.

Average linkage (UPGMA): Sokal & Michener, University of Kansas Science Bulletin 38 (1958), with the update of Lance &
Williams (Computer Journal 9, 1967). At each merge the two groups are turned so that the ends that meet are the
nearest of the four pairs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def cluster_order(table: npt.ArrayLike) -> list[int]:
    """Return an order of the rows of a table, by their Euclidean distances; ties go to the row that comes first.

    Takes time by the cube of their number at worst: a second for 1,000.

    Raises:
        ValueError: it is no table, or a value is not finite.
    """
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError("clusters are of a table of finite numbers")
    count = len(values)
    if count < 3:
        return list(range(count))
    squares = np.square(values).sum(axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * values @ values.T, 0.0))
    # what rounding leaves of equal rows decides no order
    apart = np.round(apart / max(float(apart.max()), 1e-300), 9)
    return _merged(apart)


def _merged(apart: Floats) -> list[int]:
    count = len(apart)
    between = apart.copy()
    np.fill_diagonal(between, np.inf)
    nearest, distance = between.argmin(axis=1), between.min(axis=1)
    members: list[list[int]] = [[row] for row in range(count)]
    for _ in range(count - 1):
        one = int(distance.argmin())
        two = int(nearest[one])
        one, two = min(one, two), max(one, two)
        sizes = len(members[one]), len(members[two])
        members[one] = _joined(members[one], members[two], apart)
        row = (sizes[0] * between[one] + sizes[1] * between[two]) / sum(sizes)
        row[[one, two]] = np.inf
        between[one], between[:, one] = row, row
        between[two], between[:, two] = np.inf, np.inf
        distance[two] = np.inf
        # whoever was nearest to one of the two looks again; others may have come nearer to what they became
        again = np.flatnonzero((nearest == one) | (nearest == two))
        again = np.union1d(again[np.isfinite(distance[again])], [one])
        nearest[again], distance[again] = between[again].argmin(axis=1), between[again].min(axis=1)
        closer = np.flatnonzero(row < distance)
        nearest[closer], distance[closer] = one, row[closer]
    return members[0]


def _joined(first: list[int], second: list[int], apart: Floats) -> list[int]:
    """Return both in a row, each turned so that the ends that meet are as near as can be."""
    ways = [
        (apart[first[-1], second[0]], 0),
        (apart[first[-1], second[-1]], 1),
        (apart[first[0], second[0]], 2),
        (apart[first[0], second[-1]], 3),
    ]
    _, way = min(ways)
    return [
        *(first if way in (0, 1) else first[::-1]),
        *(second if way in (0, 2) else second[::-1]),
    ]
