"""Intervals for means and medians of series that may be correlated over time."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STATISTICS: Final = ("mean", "median")

_AT_ONCE: Final = 4_000_000
"""Resampled values held at a time. It settles in which order random numbers are used: changing it changes results."""


def optimal_block_length(x: npt.ArrayLike) -> float:
    """Return the mean block length that suits the stationary bootstrap of the mean of a series; 1 or more.

    Politis & White, Automatic block-length selection for the dependent bootstrap, Econometric Reviews 23 (2004),
    with the correction by Patton, Politis & White, Econometric Reviews 28 (2009): (2 G^2 / D)^(1/3) n^(1/3), where
    G = sum |k| lambda(k) g(k), D = 2 (sum lambda(k) g(k))^2, g are autocovariances and lambda is the flat-top
    window up to twice the first lag from which autocorrelations are negligible (the lag itself, not the one before,
    as the authors' program and `arch` have it). Capped at min(3 sqrt(n), n / 3).

    Raises:
        ValueError: a value is not finite.
    """
    values = _checked(x)
    n = len(values)
    negligible = max(5, int(math.log10(n))) if n else 5  # so many in a row end the search
    last = math.ceil(math.sqrt(n)) + negligible
    if n < 3 or values.max() <= values.min():
        return 1.0
    rest = values - values.mean()
    last = min(last, n - 2)
    covariance = [float((rest[k:] * rest[: n - k]).sum()) / n for k in range(last + 1)]
    bound = 2.0 * math.sqrt(math.log10(n) / n)
    large = [abs(_correlation(rest, k)) >= bound for k in range(last + 1)]
    after = next((k for k in range(1, last + 1 - negligible) if not any(large[k : k + negligible])), None)
    width = last if after is None else min(2 * after, last)
    g, spectrum = 0.0, covariance[0]
    for k in range(1, width + 1):
        flat_top = min(1.0, 2.0 * (1.0 - k / width))
        g += 2.0 * flat_top * k * covariance[k]
        spectrum += 2.0 * flat_top * covariance[k]
    if not spectrum:
        return 1.0
    length = math.cbrt((g / spectrum) ** 2 * n)
    return max(1.0, min(length, float(math.ceil(min(3.0 * math.sqrt(n), n / 3.0)))))


def stationary_bootstrap(
    x: npt.ArrayLike,
    statistic: str = "mean",
    *,
    draws: int = 10_000,
    block: float | None = None,
    level: float = 0.95,
    seed: int = 13,
) -> tuple[float, float]:
    """Return the percentile interval of the mean or the median, in the unit of the series.

    The stationary bootstrap (Politis & Romano, Journal of the American Statistical Association 89, 1994) strings
    together blocks of the series, wrapped round at its end, each beginning anywhere and of geometric length with
    mean `block` (default: `optimal_block_length`). With block 1 it is the ordinary bootstrap.

    Raises:
        ValueError: the series is empty or not finite, or an argument is out of its range.
    """
    values = _checked(x)
    if not len(values):
        raise ValueError("an interval needs at least one value")
    if statistic not in STATISTICS:
        raise ValueError(f"statistic: {statistic!r} is none of {', '.join(STATISTICS)}")
    if draws < 1 or not 0 < level < 1 or (block is not None and not block >= 1):
        raise ValueError(f"draws {draws}, level {level} or block {block} is out of range")
    restart = 1.0 / (optimal_block_length(values) if block is None else block)
    random = np.random.Generator(np.random.PCG64(seed))
    at_once = max(1, min(draws, _AT_ONCE // len(values)))
    found = np.empty(draws)
    for start in range(0, draws, at_once):
        part = found[start : start + at_once]
        part[:] = _resampled(values, statistic, len(part), restart, random)
    low, high = np.quantile(found, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def _resampled(values: Floats, statistic: str, draws: int, restart: float, random: np.random.Generator) -> Floats:
    """Return the statistic of so many resampled series, all of them advanced by one value at a time."""
    n = len(values)
    total = np.zeros(draws)
    kept = np.empty((n, draws)) if statistic == "median" else None
    at = (random.random(draws) * n).astype(np.int64)
    for step in range(n):
        if step:
            # One number decides both: below `restart` a block begins, and its place in that range says where.
            number = random.random(draws)
            at += 1
            at[at == n] = 0
            begins = np.flatnonzero(number < restart)
            at[begins] = np.minimum((number[begins] / restart * n).astype(np.int64), n - 1)
        chosen = values[at]
        if kept is None:
            total += chosen
        else:
            kept[step] = chosen
    return total / n if kept is None else np.median(kept, axis=0)


def _correlation(rest: Floats, k: int) -> float:
    """Return the correlation of deviations k dates apart, each side by its own sum of squares.

    The sums leave out one value more than the overlap does, as the reference implementation has it.
    """
    n = len(rest)
    ahead, behind = rest[k + 1 :], rest[: n - k - 1]
    scale = math.sqrt(float(np.square(ahead).sum()) * float(np.square(behind).sum()))
    return float((rest[k:] * rest[: n - k]).sum()) / scale if scale else 0.0


def _checked(x: npt.ArrayLike) -> Floats:
    values = np.asarray(x, dtype=np.float64).ravel()
    if not np.isfinite(values).all():
        raise ValueError("the series is not all finite; leave out the dates without a value")
    return values
