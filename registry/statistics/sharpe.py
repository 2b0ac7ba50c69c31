"""How much a Sharpe ratio is worth: given its length, its tails, and how many were tried before it was chosen.

All ratios are per period, never annualised; the kurtosis is the raw one, 3 for a normal distribution.

Bailey & Lopez de Prado, The Sharpe ratio efficient frontier, Journal of Risk 15 (2012): the probabilistic Sharpe
ratio and the minimum track record. Bailey & Lopez de Prado, The deflated Sharpe ratio, Journal of Portfolio
Management 40 (2014): the largest ratio to be expected of many trials without skill, and the ratio deflated by it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

EULER_GAMMA: Final = 0.5772156649015329

_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Track:
    """What a series of returns says of its Sharpe ratio."""

    sharpe: float
    """Mean over sample standard deviation, per period."""
    n: int
    skewness: float
    kurtosis: float
    """Raw: 3 for a normal distribution."""


def track_of(returns: npt.ArrayLike) -> Track | None:
    """Return ratio, length and shape of a series; None for fewer than 3 values, or values that do not vary.

    Raises:
        ValueError: a value is not finite.
    """
    values = np.asarray(returns, dtype=np.float64).ravel()
    if not np.isfinite(values).all():
        raise ValueError("the series is not all finite; leave out the dates without a value")
    if len(values) < 3 or values.max() <= values.min():
        return None
    rest = values - values.mean()
    square = float(np.mean(rest**2))
    if not square:
        return None
    sharpe = float(values.mean()) / math.sqrt(square * len(values) / (len(values) - 1))
    skewness, kurtosis = float(np.mean(rest**3)) / square**1.5, float(np.mean(rest**4)) / square**2
    return Track(sharpe, len(values), skewness, kurtosis)


def probabilistic_sharpe(track: Track, benchmark: float = 0.0) -> float:
    """Return the probability that the true ratio is above `benchmark`.

    PSR = Z[(SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1) / 4 SR^2)].

    >>> round(probabilistic_sharpe(Track(2.5 / 250**0.5, 1250, -3.0, 10.0), 0.113172), 4)
    0.9004
    """
    return _NORMAL.cdf((track.sharpe - benchmark) * math.sqrt(track.n - 1) / math.sqrt(_spread(track)))


def expected_maximum(trials: float, variance: float) -> float:
    """Return the largest ratio to be expected of so many independent trials without skill.

    SR0 = sqrt(V) ((1 - g) Z^-1[1 - 1/N] + g Z^-1[1 - 1/(N e)]), V the variance of the trials' ratios and g the
    Euler-Mascheroni constant. One trial was not chosen among others: 0.

    Raises:
        ValueError: fewer than one trial, or a negative variance.
    """
    if trials < 1 or variance < 0:
        raise ValueError(
            f"{trials} trials with the variance {variance}: there is at least one trial, and no less than 0"
        )
    if trials == 1:
        return 0.0
    # the normal distribution is symmetric, and 1/N is exact where 1 - 1/N is not
    low = -_NORMAL.inv_cdf(1 / trials), -_NORMAL.inv_cdf(1 / (trials * math.e))
    return max(0.0, math.sqrt(variance) * ((1 - EULER_GAMMA) * low[0] + EULER_GAMMA * low[1]))


def deflated_sharpe(track: Track, trials: float, variance: float) -> float:
    """Return the probability that the true ratio is above 0 after it was chosen as the best of so many trials.

    It is the probabilistic ratio against `expected_maximum`.

    >>> round(deflated_sharpe(Track(2.5 / 250**0.5, 1250, -3.0, 10.0), 100, 0.5 / 250), 4)
    0.9004
    """
    return probabilistic_sharpe(track, expected_maximum(trials, variance))


def effective_trials(trials: int, correlation: float) -> float:
    """Return how many independent trials do what so many with this mean correlation do; at least 1.

    N = r + (1 - r) M: Bailey & Lopez de Prado (2014), appendix 3. A negative mean correlation counts as 0.
    """
    together = min(1.0, max(0.0, correlation))
    return max(1.0, together + (1 - together) * trials)


def minimum_track(track: Track, benchmark: float = 0.0, confidence: float = 0.95) -> float | None:
    """Return how many values a series like this needs for a probability of `confidence`; None when none suffices.

    MinTRL = 1 + (1 - g3 SR + (g4 - 1) / 4 SR^2) (Z^-1[confidence] / (SR - SR*))^2.
    """
    if track.sharpe <= benchmark:
        return None
    return 1 + _spread(track) * (_NORMAL.inv_cdf(confidence) / (track.sharpe - benchmark)) ** 2


def _spread(track: Track) -> float:
    """Return the variance of the estimated ratio, times n - 1; no distribution makes it negative."""
    found = 1 - track.skewness * track.sharpe + (track.kurtosis - 1) / 4 * track.sharpe**2
    return max(found, 1e-12)
