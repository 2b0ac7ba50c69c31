"""The stationary bootstrap: intervals for a mean or a median of values that follow one another."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

_CELLS = 1 << 21
"""Drawn values held at a time."""


def optimal_block_length(values: npt.ArrayLike) -> float:
    """Return the mean block length that suits the stationary bootstrap of a mean, 1 or more.

    Politis & White (2004), corrected by Patton, Politis & White (2009); details as in arch's
    `optimal_block_length`.
    """
    x = np.asarray(values, dtype=np.float64)
    count = len(x)
    if count < 4 or x.max() <= x.min():
        return 1.0
    off = x - x.mean()
    around = max(5, int(math.log10(count)))
    most = min(math.ceil(math.sqrt(count)) + around, count - 2)
    longest = math.ceil(min(3 * math.sqrt(count), count / 3))
    threshold = 2 * math.sqrt(math.log10(count) / count)

    covariance, alike = np.empty(most + 1), np.empty(most + 1)
    for lag in range(most + 1):
        covariance[lag] = np.sum(off[lag:] * off[: count - lag]) / count
        head, tail = off[lag + 1 :], off[: count - lag - 1]
        size = math.sqrt(np.sum(head * head) * np.sum(tail * tail))
        alike[lag] = abs(covariance[lag]) * count / size if size > 0 else 0.0
    reach = most
    for first in range(1, most - around + 1):
        if (alike[first : first + around] < threshold).all():
            reach = min(2 * first, most)
            break
    lags = np.arange(1, reach + 1)
    taper = np.minimum(1.0, 2 * (1 - lags / reach))
    slope = 2 * np.sum(taper * lags * covariance[1 : reach + 1])
    spectrum = covariance[0] + 2 * np.sum(taper * covariance[1 : reach + 1])
    if spectrum == 0:
        return 1.0
    length = ((2 * slope**2) / (2 * spectrum**2)) ** (1 / 3) * count ** (1 / 3)
    return float(min(max(length, 1.0), longest))


def stationary_bootstrap(
    values: npt.ArrayLike,
    statistic: Literal["mean", "median"] | str = "mean",
    *,
    draws: int = 10_000,
    block: float | None = None,
    level: float = 0.95,
    seed: int = 13,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic (Politis & Romano 1994).

    Blocks begin anywhere, wrap round, and are geometrically long with mean `block` (the optimal length when
    not given). The same seed gives the same interval, on any machine.

    Raises:
        ValueError: there are no values.
    """
    x = np.asarray(values, dtype=np.float64)
    count = len(x)
    if not count:
        raise ValueError("there are no values to draw from")
    length = max(1.0, optimal_block_length(x) if block is None else block)
    source = np.random.Generator(np.random.PCG64(seed))
    found = np.empty(draws)
    step = max(1, _CELLS // count)
    for first in range(0, draws, step):
        size = min(step, draws - first)
        begins = source.random((size, count)) < 1 / length
        begins[:, 0] = True
        starts = source.integers(0, count, (size, count))
        position = np.arange(count)
        since = np.maximum.accumulate(np.where(begins, position, 0), axis=1)
        drawn = x[(np.take_along_axis(starts, since, axis=1) + position - since) % count]
        found[first : first + size] = drawn.mean(axis=1) if statistic == "mean" else np.median(drawn, axis=1)
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
