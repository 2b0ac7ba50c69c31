"""Suggested weights from training dates alone: non-negative ridge, or by information coefficients.

Everything rests on each date's covariances of features and forward return, so that any number of windows
are fitted without touching a row again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from registry.backtest.groups import Floats, Groups

RIDGE = 0.1
"""Penalty on the squared weights, as a share of the features' mean variance."""

FEWEST_DATES = 20


@dataclass(frozen=True, slots=True)
class Moments:
    """Second moments of each date over the assets that have every feature and a return; NaN below three."""

    z_fwd: Floats
    """(T, p): covariance of each feature with the forward return."""
    z_z: Floats
    """(T, p, p): covariances of the features."""
    ic: Floats
    """(T, p): correlation of each feature with the forward return; NaN where a side is constant."""
    fwd_fwd: Floats
    """(T,): variance of the forward return."""
    n: npt.NDArray[np.int64]
    """(T,): assets."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Weights for one window, or why there are none."""

    weights: dict[str, float] | None
    reason: str | None
    fallback: bool
    """No feature earned a weight: all are equal."""
    dates: int
    """Training dates used."""
    in_sample_ic: float | None
    """Mean over the training dates of the correlation that these weights have with the return."""


def moments(z: Floats, forward: Floats, offsets: npt.NDArray[np.int64]) -> Moments:
    """Return the moments of each date: `z` is (n, p), rows of date t are `offsets[t]:offsets[t + 1]`."""
    groups = Groups(offsets)
    dates, features = len(groups), z.shape[1]
    there = ~np.isnan(forward) & ~np.isnan(z).any(axis=1)
    count = groups.sum(there)
    few = count < 3
    divisor = np.where(few, np.nan, count)
    y = np.where(there, forward, 0.0)
    y = np.where(there, y - groups.spread(groups.sum(y) / np.where(few, 1, count)), 0.0)
    centred = []
    for j in range(features):
        x = np.where(there, z[:, j], 0.0)
        centred.append(np.where(there, x - groups.spread(groups.sum(x) / np.where(few, 1, count)), 0.0))
    z_fwd, z_z = np.empty((dates, features)), np.empty((dates, features, features))
    for i in range(features):
        z_fwd[:, i] = groups.sum(centred[i] * y) / (divisor - 1)
        for j in range(i, features):
            z_z[:, i, j] = z_z[:, j, i] = groups.sum(centred[i] * centred[j]) / (divisor - 1)
    fwd_fwd = groups.sum(y * y) / (divisor - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.einsum("tii->ti", z_z) * fwd_fwd[:, None])
        ic = np.where(spread > 1e-300, z_fwd / spread, np.nan)
    return Moments(z_fwd, z_z, ic, fwd_fwd, count.astype(np.int64))


def fit(
    daily: Moments,
    train: npt.NDArray[np.bool_],
    names: Sequence[str],
    *,
    method: str = "nnridge",
    shrink: float = 0.0,
    present: Sequence[float] = (),
    min_dates: int = FEWEST_DATES,
) -> Suggestion:
    """Return the weights that the training dates suggest; they sum to 1.

    `nnridge` minimises w'Sw - 2c'w + λw'w over w >= 0, with S and c the mean covariances and λ a tenth of
    the mean variance (solved by Lawson & Hanson's non-negative least squares on the augmented system); `ic`
    and `icir` weigh by the mean correlation, or its mean over deviation, where that is above 0. `shrink` is
    the share of the present weights (scaled to an absolute sum of 1) in the result.
    """
    used = train & ~np.isnan(daily.z_fwd).any(axis=1)
    count = int(np.count_nonzero(used))
    if count < min_dates:
        reason = f"{count} training dates are left after the purge; {min_dates} are needed"
        return Suggestion(None, reason, False, count, None)
    covariance, second = daily.z_fwd[used].mean(axis=0), daily.z_z[used].mean(axis=0)
    raw = _ridge(covariance, second) if method == "nnridge" else _by_ic(daily.ic[used], method)
    fallback = not raw.sum() > 0
    weights = np.full(len(names), 1 / len(names)) if fallback else raw / raw.sum()
    if shrink and len(present) == len(names):
        size = float(np.abs(present).sum())
        mine = np.asarray(present, dtype=np.float64) / size if size else weights
        weights = shrink * mine + (1 - shrink) * weights
    return Suggestion(
        dict(zip(names, weights.tolist(), strict=True)), None, fallback, count, _in_sample(daily, used, weights)
    )


def _ridge(covariance: Floats, second: Floats) -> Floats:
    from scipy.optimize import nnls

    features = len(covariance)
    penalty = RIDGE * np.trace(second) / features
    if penalty <= 0:
        return np.zeros(features)
    root = np.linalg.cholesky(second + penalty * np.eye(features))
    found: Floats = nnls(root.T, np.linalg.solve(root, covariance))[0]
    return found


def _by_ic(ic: Floats, method: str) -> Floats:
    known = ~np.isnan(ic)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, ic, 0.0).sum(axis=0) / count
    if method == "ic":
        positive: Floats = np.maximum(mean, 0.0)
        return positive
    off = np.where(known, ic - mean, 0.0)
    deviation = np.sqrt((off * off).sum(axis=0) / np.maximum(count - 1, 1))
    found: Floats = np.where(deviation > 0, np.maximum(mean, 0.0) / np.where(deviation > 0, deviation, 1.0), 0.0)
    return found


def _in_sample(daily: Moments, used: npt.NDArray[np.bool_], weights: Floats) -> float | None:
    """Return the mean over dates of corr(w'z, forward), from the moments alone."""
    variance = np.einsum("i,tij,j->t", weights, daily.z_z[used], weights) * daily.fwd_fwd[used]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (daily.z_fwd[used] * weights).sum(axis=1) / np.sqrt(variance)
    known = found[np.isfinite(found)]
    return float(known.mean()) if len(known) else None
