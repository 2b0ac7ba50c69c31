"""The probability of backtest overfitting, by combinatorially symmetric cross-validation (CSCV).

Bailey, Borwein, Lopez de Prado & Zhu, The probability of backtest overfitting, Journal of Computational Finance 20
(2017). The dates are cut into S blocks in order. Each choice of S/2 of them is an in-sample half, the others are
its out-of-sample half. The configuration that is best in sample has the rank r of N out of sample;
logit = ln(w / (1 - w)) with w = r / (N + 1). The probability of overfitting is the share of choices whose logit is
0 or less: the best in sample is no better than the median out of sample.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Statistic = Literal["sharpe", "mean"]

BLOCKS: Final = 16
"""The paper's choice: 12,870 ways to halve."""

_AT_ONCE: Final = 2_000_000
"""Values held at a time: bounds the memory, does not change the result."""
_DIGITS: Final = 12
"""Performances are compared to so many decimals of the largest, so that rounding decides no rank."""


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What choosing the best in one half of the dates was worth in the other."""

    probability: float
    """Share of halvings in which the best in sample is no better than the median out of sample."""
    loss: float
    """Share of halvings in which the best in sample is below 0 out of sample."""
    rank: float
    """Median relative rank out of sample of the best in sample: 1 is the best, 0.5 what a blind choice gets."""
    splits: int
    blocks: int
    configurations: int
    dates: int
    """That were used: a whole number for each block; the first ones are left out."""


def overfitting(matrix: npt.ArrayLike, statistic: Statistic = "sharpe", blocks: int = BLOCKS) -> Overfitting:
    """Return how overfitted a choice of the best is, from values by date: a date a row, a configuration a column.

    Larger values are better. A configuration without variation in a half has the Sharpe ratio 0 there.

    Raises:
        ValueError: fewer than two configurations or than two dates a block, `blocks` is not even and 2 or more, or
            a value is not finite.
    """
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise ValueError("there is nothing to choose: overfitting needs two configurations or more")
    if blocks < 2 or blocks % 2:
        raise ValueError(f"blocks: {blocks} is not an even number of 2 or more")
    size = len(values) // blocks
    if size < 2:
        raise ValueError(f"{len(values)} dates are fewer than two for each of {blocks} blocks")
    if not np.isfinite(values).all():
        raise ValueError("the values are not all finite; leave out the dates without one")
    values = values[len(values) - size * blocks :]
    chosen = _halves(blocks)
    sums, squares, centre = _by_block(values, blocks)
    ranks, losses = np.empty(len(chosen)), 0
    step = max(1, _AT_ONCE // values.shape[1])
    for start in range(0, len(chosen), step):
        half = chosen[start : start + step]
        inside, outside = (
            _performance(side @ sums, side @ squares, centre, size * blocks // 2, statistic)
            for side in (half, 1 - half)
        )
        rows = np.arange(len(half))
        theirs = outside[rows, inside.argmax(axis=1)][:, None]
        ranks[start : start + len(half)] = (outside < theirs).sum(axis=1) + ((outside == theirs).sum(axis=1) + 1) / 2
        losses += int((theirs < 0).sum())
    count = values.shape[1]
    # w <= 1/2 is logit <= 0
    return Overfitting(
        float(np.mean(ranks * 2 <= count + 1)),
        losses / len(chosen),
        float(np.median(ranks) / (count + 1)),
        len(chosen),
        blocks,
        count,
        len(values),
    )


def _halves(blocks: int) -> Floats:
    """Return every choice of half of the blocks, a row each, 1 for a block that is in it."""
    chosen = np.array(list(itertools.combinations(range(blocks), blocks // 2)))
    made = np.zeros((len(chosen), blocks))
    made[np.arange(len(chosen))[:, None], chosen] = 1.0
    return made


def _by_block(values: Floats, blocks: int) -> tuple[Floats, Floats, Floats]:
    """Return each block's sums and sums of squares of what is left after the mean of a column, and these means."""
    centre = values.mean(axis=0)
    rest = (values - centre).reshape(blocks, -1, values.shape[1])
    return rest.sum(axis=1), np.square(rest).sum(axis=1), centre


def _performance(sums: Floats, squares: Floats, centre: Floats, n: int, statistic: Statistic) -> Floats:
    mean = sums / n
    found = centre + mean
    if statistic == "sharpe":
        variance = (squares - sums * mean) / (n - 1)
        # what rounding leaves of no variation at all is far below this share of the squares
        flat = variance <= 1e-12 * (squares / n + centre**2)
        found = np.where(flat, 0.0, found / np.sqrt(np.where(flat, 1.0, variance)))
    largest = np.abs(found).max()
    return np.round(found / largest, _DIGITS) if largest > 0 else found
