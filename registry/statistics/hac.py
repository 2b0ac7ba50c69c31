"""The t of a mean when neighbouring values are alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def t_of_mean(values: npt.ArrayLike, lags: int) -> float | None:
    """Return mean over its Newey-West standard error with Bartlett weights (Newey & West 1987).

    `lags` is the horizon of overlapping returns less one; 0 is the ordinary t with n in the variance. None
    for fewer than two values, or values that are all alike.
    """
    x = np.asarray(values, dtype=np.float64)
    count = len(x)
    if count < 2 or x.max() <= x.min():
        return None
    off = x - x.mean()
    variance = float(np.sum(off * off)) / count
    for lag in range(1, min(lags, count - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(np.sum(off[lag:] * off[:-lag])) / count
    return float(x.mean() / np.sqrt(variance / count)) if variance > 0 else None
