"""Many p values at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def holm(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return p values adjusted so that the chance of any false finding is kept (Holm 1979).

    >>> holm([0.01, 0.02, 0.03, 0.04]).round(4).tolist()
    [0.04, 0.06, 0.06, 0.06]
    """
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    scaled = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def benjamini_hochberg(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return p values adjusted so that the share of false findings is kept (Benjamini & Hochberg 1995).

    >>> benjamini_hochberg([0.01, 0.02, 0.03, 0.04]).round(4).tolist()
    [0.04, 0.04, 0.04, 0.04]
    """
    given = np.asarray(p, dtype=np.float64)
    count = len(given)
    order = np.argsort(given, kind="stable")
    scaled = given[order] * count / np.arange(1, count + 1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
