"""Weights suggested by the past: how much each feature would have helped on training dates, and what follows.

Everything a method needs is in a few numbers a date (`moments`): the covariances of the features with the forward
return and with each other over that date's assets. They are computed once for a panel; a window averages those of
its training dates (`fit`), so hundreds of windows cost next to nothing. Which dates may be used to train, with the
purge before the test window, is for the caller to say.

Methods:

* `nnridge`: ridge regression with weights of 0 or more, min w'Sw - 2c'w + l w'w with S and c the mean covariances
  and l = 0.1 tr(S) / p (Hoerl & Kennard, Technometrics 12, 1970; Lawson & Hanson, Solving Least Squares Problems,
  1974, chapter 23), then scaled to sum to 1.
* `ic`, `icir`: in proportion to the mean of the daily information coefficient, or that mean over its standard
  deviation, where above 0 (Grinold & Kahn, Active Portfolio Management, 2000, chapters 6 and 11).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Method = Literal["nnridge", "ic", "icir"]

METHODS: Final = ("nnridge", "ic", "icir")

FEWEST_ASSETS: Final = 3
"""A date with fewer assets says nothing."""

FEWEST_DATES: Final = 20
"""Fewer training dates suggest nothing."""

RIDGE: Final = 0.1
"""The penalty, as a share of the mean variance of the features."""

_ROWS_AT_ONCE: Final = 1 << 16
"""Rows worked on at a time, so that they stay in the processor's cache; dates are never split."""

_DECIMALS: Final = 12


@dataclass(frozen=True, slots=True)
class Moments:
    """What each of T dates says about p features; NaN on dates with fewer than 3 complete assets."""

    z_fwd: Floats
    """(T, p): covariance of each feature with the forward return, n - 1 below."""
    z_z: Floats
    """(T, p, p): covariances of the features, n - 1 below."""
    ic: Floats
    """(T, p): Pearson correlation of each feature with the forward return; NaN also where one does not vary."""
    n: Integers
    """(T,): assets with a forward return and all features."""
    fwd_fwd: Floats
    """(T,): variance of the forward return, n - 1 below."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The weights one window's training dates suggest."""

    weights: dict[str, float] | None
    """None when there is nothing to go by, for the `reason`."""
    reason: str | None
    fallback: bool
    """No feature helped: the suggestion is equal weights."""
    dates: int
    """Training dates used."""
    in_sample_ic: float | None
    """Mean daily correlation of the suggested score with the forward return on the training dates themselves."""


def moments(z: npt.ArrayLike, forward: npt.ArrayLike, offsets: npt.ArrayLike) -> Moments:
    """Return each date's moments of p transformed features and the forward return.

    `z` (n, p) and `forward` (n,) hold the rows by date; those of date t are `offsets[t]:offsets[t + 1]`. Rows with
    anything that is not finite are left out.

    Raises:
        ValueError: the shapes do not belong together.
    """
    table, returns = np.asarray(z, dtype=np.float64), np.asarray(forward, dtype=np.float64)
    bounds = np.asarray(offsets, dtype=np.int64)
    if table.ndim != 2 or returns.shape != table.shape[:1] or not len(bounds) or bounds[-1] != len(table):
        raise ValueError(f"{table.shape} features, {returns.shape} returns and their offsets do not belong together")
    dates, p = len(bounds) - 1, table.shape[1]
    made = Moments(
        np.full((dates, p), np.nan),
        np.full((dates, p, p), np.nan),
        np.full((dates, p), np.nan),
        np.zeros(dates, dtype=np.int64),
        np.full(dates, np.nan),
    )
    for first, last in _blocks(bounds):
        rows = slice(int(bounds[first]), int(bounds[last]))
        columns = np.empty((p + 1, rows.stop - rows.start))
        columns[:p], columns[p] = table[rows].T, returns[rows]
        _block(made, first, columns, bounds[first : last + 1] - bounds[first])
    return made


def _blocks(bounds: Integers) -> Iterator[tuple[int, int]]:
    """Yield runs of dates, first and one past the last, of so many rows or of a single date."""
    first, dates = 0, len(bounds) - 1
    while first < dates:
        last = int(np.searchsorted(bounds, bounds[first] + _ROWS_AT_ONCE, side="right")) - 1
        last = min(max(last, first + 1), dates)
        yield first, last
        first = last


def _block(made: Moments, first: int, columns: Floats, bounds: Integers) -> None:
    """Fill in the moments of the dates from `first` on; `columns` (p + 1, rows) are theirs, the return last."""
    complete = np.isfinite(columns).all(axis=0)
    if not complete.all():
        bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(complete)])[bounds]
        columns = columns[:, complete]
    counts = np.diff(bounds)
    made.n[first : first + len(counts)] = counts
    enough = np.flatnonzero(counts >= FEWEST_ASSETS)
    if not len(enough):
        return
    # Only the dates with enough assets, so that no group is empty: reduceat has no sum for those.
    if len(enough) < len(counts):
        columns = columns[:, np.repeat(counts >= FEWEST_ASSETS, counts)]
        counts = counts[enough]
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)[:-1]])
    p, at = len(columns) - 1, first + enough
    varies = np.maximum.reduceat(columns, starts, axis=1) > np.minimum.reduceat(columns, starts, axis=1)
    centred = columns - np.repeat(np.add.reduceat(columns, starts, axis=1) / counts, counts, axis=1)
    covariance = np.empty((p + 1, p + 1, len(counts)))
    product = np.empty(columns.shape[1])
    for i, j in itertools.combinations_with_replacement(range(p + 1), 2):
        np.multiply(centred[i], centred[j], out=product)
        # A constant column is exactly 0, not the square of its rounding.
        each = np.where(varies[i] & varies[j], np.add.reduceat(product, starts) / (counts - 1), 0.0)
        covariance[i, j] = covariance[j, i] = each
    deviation = np.sqrt(covariance[np.arange(p + 1), np.arange(p + 1)])
    scale = deviation[:p] * deviation[p]
    made.z_fwd[at] = covariance[:p, p].T
    made.z_z[at] = covariance[:p, :p].transpose(2, 0, 1)
    made.fwd_fwd[at] = covariance[p, p]
    made.ic[at] = np.divide(covariance[:p, p], scale, out=np.full_like(scale, np.nan), where=scale > 0).T


def fit(
    moments: Moments,
    train: Bools,
    names: Sequence[str],
    *,
    method: Method = "nnridge",
    shrink: float = 0.0,
    present: Sequence[float] = (),
    min_dates: int = FEWEST_DATES,
) -> Suggestion:
    """Return the weights that the training dates suggest, by feature name, of 0 or more and with sum 1.

    `train` (T,) is true on the dates that may be used. `present` are the weights in use; `shrink` is how far the
    suggestion moves towards them, scaled to the same sum of sizes: 0 is all suggestion (and needs no `present`), 1
    the present weights. Too few training dates give no weights and the reason, never an error.

    Raises:
        ValueError: an argument does not fit the others, or there is no such method.
    """
    p = moments.z_fwd.shape[1]
    if method not in METHODS:
        raise ValueError(f"method: {method!r} is none of {', '.join(METHODS)}")
    if not p or len(names) != p or np.shape(train) != moments.n.shape:
        raise ValueError(f"{len(names)} names and {np.shape(train)} dates do not fit {p} features")
    if not 0 <= shrink <= 1 or len(present) not in ((p,) if shrink else (0, p)):
        raise ValueError(f"{len(present)} present weights and shrink {shrink} do not fit {p} features")
    used = np.asarray(train, dtype=np.bool_) & (moments.n >= FEWEST_ASSETS)
    dates = int(np.count_nonzero(used))
    if dates < min_dates:
        return Suggestion(None, _too_few(dates, int(np.count_nonzero(train)), min_dates), False, dates, None)
    z_fwd, z_z, ic = moments.z_fwd[used], moments.z_z[used], moments.ic[used]
    found = _nnridge(z_fwd.mean(axis=0), z_z.mean(axis=0)) if method == "nnridge" else _by_ic(ic, method)
    fallback = not found.sum() > 0
    weights = np.full(p, 1.0 / p) if fallback else found / found.sum()
    now = np.asarray(present, dtype=np.float64)
    size = float(np.abs(now).sum())
    if shrink and size:
        weights = (1.0 - shrink) * weights + shrink * now / size
    weights = np.round(weights, _DECIMALS) + 0.0
    return Suggestion(
        dict(zip(names, weights.tolist(), strict=True)), None, fallback, dates,
        _in_sample_ic(weights, z_fwd, z_z, moments.fwd_fwd[used]),
    )  # fmt: skip


def _too_few(dates: int, offered: int, wanted: int) -> str:
    if offered < wanted:
        return f"the training window has {offered} dates after the purge, {wanted} are needed"
    return f"{dates} training dates have {FEWEST_ASSETS} assets with all features, {wanted} are needed"


def _nnridge(c: Floats, s: Floats) -> Floats:
    p = len(c)
    variance, size = float(np.trace(s)) / p, float(np.abs(c).max())
    if not (variance > 0 and size > 0):
        return np.zeros(p)
    # In units of the mean variance and the largest covariance: only proportions matter, and returns may be tiny.
    return non_negative_minimum(s / variance + RIDGE * np.eye(p), c / size)


def non_negative_minimum(s: Floats, c: Floats) -> Floats:
    """Return the w >= 0 that minimises w'Sw - 2c'w for a positive definite S.

    The active-set method of Lawson & Hanson on the normal equations (Bro & de Jong, Journal of Chemometrics 11,
    1997): free the weight with the steepest descent, solve for the free ones, and on the way to that solution stop
    and fix again what would turn negative.
    """
    p = len(c)
    w, free = np.zeros(p), np.zeros(p, dtype=np.bool_)
    negligible = 1e-12 * max(1.0, float(np.abs(c).max()))
    for _ in range(10 * p):  # each step lowers the minimum, so it ends; a bound for rounding's sake
        descent = np.where(free, -np.inf, c - (s * w).sum(axis=1))
        steepest = int(descent.argmax())
        if descent[steepest] <= negligible:
            break
        free[steepest] = True
        while True:
            aim = np.zeros(p)
            aim[free] = np.linalg.solve(s[np.ix_(free, free)], c[free])
            crossing = free & (aim <= 0)
            if not crossing.any():
                break
            share = np.min(w[crossing] / (w[crossing] - aim[crossing]))
            w = np.where(free, np.maximum(w + share * (aim - w), 0.0), 0.0)
            free &= ~(crossing & (w <= negligible))
            w[~free] = 0.0
        w = aim
    return w


def _by_ic(ic: Floats, method: str) -> Floats:
    """Return the mean IC of each feature, or that over its standard deviation, 0 where negative or unknown."""
    made = np.zeros(ic.shape[1])
    for j, column in enumerate(ic.T):
        known = column[~np.isnan(column)]
        if not len(known):
            continue
        value = float(known.mean())
        if method == "icir":
            value = value / float(known.std(ddof=1)) if len(known) > 1 and known.max() > known.min() else 0.0
        made[j] = max(value, 0.0)
    return made


def _in_sample_ic(weights: Floats, z_fwd: Floats, z_z: Floats, forward: Floats) -> float | None:
    """Return the mean daily correlation of the weighted score with the forward return, from the covariances."""
    covariance = (z_fwd * weights).sum(axis=1)
    variance = (z_z * np.multiply.outer(weights, weights)).sum(axis=(1, 2)) * forward
    known = variance > 0
    return float((covariance[known] / np.sqrt(variance[known])).mean()) if known.any() else None
