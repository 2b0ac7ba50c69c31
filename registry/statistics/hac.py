"""The t statistic of a mean whose terms are correlated over time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def t_of_mean(x: npt.ArrayLike, lags: int) -> float | None:
    """Return mean over standard error, the error from autocovariances up to `lags` with Bartlett's weights.

    Newey & West (Econometrica 55, 1987): S = g(0) + 2 sum_k (1 - k / (lags + 1)) g(k), g(k) the mean over all n of
    e(t) e(t - k); t = mean / sqrt(S / n). For labels that span H dates, lags is H - 1. Values that are not finite
    are left out. None when fewer than 2 are left or they do not vary.

    Raises:
        ValueError: `lags` is negative.
    """
    if lags < 0:
        raise ValueError(f"lags: {lags} is negative")
    values = np.asarray(x, dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    n = len(values)
    if n < 2 or values.max() <= values.min():
        return None
    mean = values.mean()
    rest = values - mean
    variance = float(np.square(rest).sum())
    for k in range(1, min(lags, n - 1) + 1):
        variance += 2.0 * (1.0 - k / (lags + 1.0)) * float((rest[k:] * rest[:-k]).sum())
    return float(mean * n / np.sqrt(variance)) if variance > 0 else None
