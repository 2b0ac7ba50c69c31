"""Corrections of p-values for having made many comparisons.

Holm (Scandinavian Journal of Statistics 6, 1979) bounds the chance of a single false find; use it for several
experiments against one reference. Benjamini & Hochberg (Journal of the Royal Statistical Society B 57, 1995) bound
the expected share of false finds among the finds; use it for screening.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def holm(p: Sequence[float] | Floats) -> Floats:
    """Return p-values adjusted by Holm's step-down method, in the order given.

    A NaN (a comparison that could not be made) stays one and does not count.

    Raises:
        ValueError: a p-value is not between 0 and 1.
    """
    values, known = _checked(p)
    order = np.argsort(values[known], kind="stable")
    count = len(order)
    stepped = np.maximum.accumulate(values[known][order] * np.arange(count, 0, -1))
    return _back(values, known, order, stepped)


def benjamini_hochberg(p: Sequence[float] | Floats) -> Floats:
    """Return p-values adjusted by Benjamini and Hochberg's step-up method, in the order given.

    A NaN (a comparison that could not be made) stays one and does not count.

    Raises:
        ValueError: a p-value is not between 0 and 1.
    """
    values, known = _checked(p)
    order = np.argsort(values[known], kind="stable")
    count = len(order)
    scaled = values[known][order] * count / np.arange(1, count + 1)
    return _back(values, known, order, np.minimum.accumulate(scaled[::-1])[::-1])


def _checked(p: Sequence[float] | Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    values = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(values)
    if values.ndim != 1 or not ((values[known] >= 0) & (values[known] <= 1)).all():
        raise ValueError("p-values are a list of numbers between 0 and 1")
    return values, known


def _back(values: Floats, known: npt.NDArray[np.bool_], order: npt.NDArray[np.intp], adjusted: Floats) -> Floats:
    made = np.full(len(values), np.nan)
    made[np.flatnonzero(known)[order]] = np.minimum(adjusted, 1.0)
    return made
