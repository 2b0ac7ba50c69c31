"""Sign-flip tests: is the mean of paired differences zero, for one pair of runs or for the best of many.

Under the null hypothesis a paired difference is as likely to have one sign as the other, so the observed mean is
compared with the means after flipping signs at random (Fisher, The Design of Experiments, 1935, section 21). The
p-value of a random sample of flips counts the observed one among them, (1 + hits) / (1 + draws), and so is never 0
(Phipson & Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010, article 39).

The best of many rows is judged by the distribution of the largest statistic, all rows flipped by the same signs, so
that what they have in common stays (single-step max-T: Westfall & Young, Resampling-Based Multiple Testing, 1993).
Each row is divided by its root sum of squares first. Flips leave that alone, and with it fixed the t statistic grows
with the size of the sum, so that the order of the sums is the order of the t statistics.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EXACT_UP_TO: Final = 13
"""So many differences have few enough sign patterns (8,192) to try them all."""

_AT_ONCE: Final = 2_000_000
"""Sums held at a time: bounds the memory, does not change the result."""


def sign_flip(differences: npt.ArrayLike, *, seed: int = 13, draws: int = 9999) -> float:
    """Return the two-sided p-value of the mean of paired differences under random flips of their signs.

    All 2^n patterns are tried when n is 13 or less, else `draws` random ones. Differences that are all zero, or
    none at all, give 1.

    Raises:
        ValueError: a difference is not finite, or there are no draws.
    """
    values = np.asarray(differences, dtype=np.float64).ravel()
    return float(max_t_sign_flip(values[None, :], seed=seed, draws=draws)[0])


def max_t_sign_flip(matrix: npt.ArrayLike, *, seed: int = 13, draws: int = 9999) -> Floats:
    """Return each row's two-sided p-value, adjusted for it being the best of all the rows.

    `matrix` (m, n) has one comparison a row and one date a column. A NaN is a date that the row lacks; it weighs
    nothing. One row gives the p-value of `sign_flip`.

    Raises:
        ValueError: the matrix has not two dimensions, holds an infinity, a single row holds a NaN, or there are
            no draws.
    """
    values = np.array(matrix, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"a matrix of differences has two dimensions, not {values.ndim}")
    if draws < 1:
        raise ValueError(f"draws: {draws} is not 1 or more")
    missing = np.isnan(values)
    if np.isinf(values).any() or (len(values) == 1 and missing.any()):
        raise ValueError("the differences are not all finite; leave out the dates without a value")
    values[missing] = 0.0
    rows, n = values.shape
    if not rows or not n:
        return np.ones(rows)
    whole = _whole_units(values)
    # Rounding to whole units moves each sum by at most n / 2 of them: within n, two sums are the same.
    observed = np.abs(whole.sum(axis=1)) - n
    exact = n <= EXACT_UP_TO
    largest = np.sort(_largest_sums(whole, _every_pattern(n) if exact else _random_patterns(n, draws, seed)))
    reached = len(largest) - np.searchsorted(largest, observed, side="left")
    p: Floats = reached / len(largest) if exact else (reached + 1.0) / (draws + 1.0)
    return p


def _whole_units(values: Floats) -> Floats:
    """Return rows of unit length in units so small that they lose nothing, and whole so that sums are exact.

    Sums of whole numbers below 2^53 have no rounding, whatever the order of the terms: the matrix product gives the
    same bytes on any number of threads and any processor.
    """
    largest = np.abs(values).max(axis=1, keepdims=True)
    scaled = np.divide(values, largest, out=np.zeros_like(values), where=largest > 0)
    length = np.sqrt(np.square(scaled).sum(axis=1, keepdims=True))
    scaled = np.divide(scaled, length, out=scaled, where=length > 0)
    bits = 51 - int(values.shape[1]).bit_length()
    whole: Floats = np.rint(np.ldexp(scaled, bits))
    return whole


def _every_pattern(n: int) -> npt.NDArray[np.uint8]:
    """Return the 2^(n-1) patterns (patterns, n) with the last sign kept: the others are their mirror images."""
    numbers = np.arange(1 << (n - 1), dtype=np.uint16)
    return (numbers[:, None] >> np.arange(n, dtype=np.uint16)[None, :] & 1).astype(np.uint8)


def _random_patterns(n: int, draws: int, seed: int) -> npt.NDArray[np.uint8]:
    """Return random bits (draws, n), straight from the generator: the raw stream of PCG64 is fixed forever."""
    words = -(-n // 64)
    raw = np.random.PCG64(seed).random_raw(draws * words)
    octets = raw.astype("<u8").view(np.uint8).reshape(draws, words * 8)
    return np.unpackbits(octets, axis=1, count=n, bitorder="little")


def _largest_sums(whole: Floats, patterns: npt.NDArray[np.uint8]) -> Floats:
    """Return the largest size of a row's sum under each pattern."""
    made = np.empty(len(patterns))
    step = max(1, min(512, _AT_ONCE // len(whole)))
    for start in range(0, len(patterns), step):
        signs = 1.0 - 2.0 * patterns[start : start + step]
        sums = whole @ signs.T
        made[start : start + step] = np.maximum(sums.max(axis=0), -sums.min(axis=0))
    return made
