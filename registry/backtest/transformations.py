"""Transformations: what is done to a feature on each date, over its assets, before it is weighted.

A chain reads from left to right: `log|winsorize:0.01|zscore`. Values that are not finite are absent from the
start, and stay absent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from registry.backtest.groups import Floats, Groups, average_ranks
from registry.canonical import show
from registry.errors import BacktestError


def _none(values: Floats, groups: Groups) -> Floats:
    return values


def _invert(values: Floats, groups: Groups) -> Floats:
    return -values


def _log(values: Floats, groups: Groups) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        made: Floats = np.where(values > 0, np.log(values), np.nan)
    return made


def _slog(values: Floats, groups: Groups) -> Floats:
    made: Floats = np.sign(values) * np.log1p(np.abs(values))
    return made


def _bounds(values: Floats, groups: Groups) -> tuple[Floats, Floats]:
    """Return the smallest and the largest value of each date; inf and -inf where there is none."""
    absent = np.isnan(values)
    return groups.least(np.where(absent, np.inf, values)), groups.most(np.where(absent, -np.inf, values))


def _zscore(values: Floats, groups: Groups) -> Floats:
    there = ~np.isnan(values)
    count = groups.sum(there)
    low, high = _bounds(values, groups)
    flat = (high <= low) | (count < 2)  # not sd = 0: rounding leaves a trace of equal values
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = groups.sum(np.where(there, values, 0.0)) / count
        off = values - groups.spread(mean)
        deviation = np.sqrt(groups.sum(np.where(there, off * off, 0.0)) / (count - 1))
        made: Floats = off / groups.spread(np.where(flat, 1.0, deviation))
    made[groups.spread(flat) & there] = 0.0
    return made


def _rank(values: Floats, groups: Groups) -> Floats:
    made = np.empty_like(values)
    for block in groups.blocks:
        table = block.dense(values, np.nan)
        made[block.start : block.stop] = block.long(average_ranks(table))
    count = groups.sum(~np.isnan(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        ranked: Floats = (made - 0.5) / groups.spread(count)
    return ranked


def _minmax(values: Floats, groups: Groups) -> Floats:
    low, high = _bounds(values, groups)
    flat = high <= low
    with np.errstate(invalid="ignore"):
        made: Floats = (values - groups.spread(low)) / groups.spread(np.where(flat, 1.0, high - low))
    made[groups.spread(flat) & ~np.isnan(values)] = 0.5
    return made


def _winsorize(share: float) -> Step:
    def clamp(values: Floats, groups: Groups) -> Floats:
        made = values.copy()
        for block in groups.blocks:
            table = block.dense(values, np.nan)
            ordered = np.sort(table, axis=1)  # NaN last
            count = np.count_nonzero(~np.isnan(table), axis=1)
            low, high = _quantile(ordered, count, share), _quantile(ordered, count, 1 - share)
            few = count < 3
            low[few], high[few] = -np.inf, np.inf
            made[block.start : block.stop] = block.long(np.clip(table, low[:, None], high[:, None]))
        return made

    return clamp


def _quantile(ordered: Floats, count: np.ndarray, share: float) -> Floats:
    """Return the quantile of each sorted row's first `count` values, linear between neighbours as in numpy."""
    place = np.maximum(count - 1, 0) * share
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, above]
    found: Floats = low + (high - low) * (place - below)
    return found


def _clip(low: float, high: float) -> Step:
    def clamp(values: Floats, groups: Groups) -> Floats:
        made: Floats = np.clip(values, low, high)
        return made

    return clamp


Step = Callable[[Floats, Groups], Floats]

_PLAIN: Final[dict[str, Step]] = {
    "none": _none,
    "zscore": _zscore,
    "rank": _rank,
    "minmax": _minmax,
    "log": _log,
    "slog": _slog,
    "invert": _invert,
}
_CENTRE: Final[dict[str, float]] = {"zscore": 0.0, "rank": 0.5, "minmax": 0.5}


FORMS: Final = (*_PLAIN, "winsorize:0.01", "clip:-3:3")
"""How each transformation is written."""


@dataclass(frozen=True, slots=True)
class Transformation:
    """A chain of steps, ready to be applied."""

    text: str
    steps: tuple[tuple[str, tuple[float, ...], Step], ...]
    """Each with its name and the numbers behind it."""

    @property
    def neutral(self) -> float | None:
        """The value that says nothing either way; None when that is the mean of each date."""
        centre: float | None = None
        for name, numbers, _ in self.steps:
            if name in _CENTRE:
                centre = _CENTRE[name]
            elif name == "invert" and centre is not None:
                centre = -centre
            elif name == "slog" and centre == 0.0:
                centre = 0.0
            elif name == "clip" and centre is not None:
                centre = min(max(centre, numbers[0]), numbers[1])
            elif name == "winsorize" and centre is not None:
                continue  # the centre lies inside what is kept, or nothing does
            elif name != "none":
                centre = None
        return centre

    def apply(self, values: Floats, groups: Groups) -> Floats:
        """Return the transformed values of one feature; NaN is absent."""
        made = np.empty_like(values)
        for rows, part in groups.parts:  # a step goes over its rows again and again: faster in the cache
            piece = values[rows]
            for _, _, step in self.steps:
                piece = step(piece, part)
            made[rows] = piece
        return made


def parse_transformation(text: str, feature: str) -> Transformation:
    """Return the chain that `text` names; no text is `none`.

    Raises:
        BacktestError: a step is unknown or its numbers are not allowed.
    """
    steps = []
    for part in (text or "none").split("|"):
        name, *numbers = (piece.strip() for piece in part.strip().split(":"))
        step = _step(name.lower(), numbers, part.strip(), feature)
        steps.append((name.lower(), tuple(map(float, numbers)), step))
    return Transformation(text or "none", tuple(steps))


def _step(name: str, written: list[str], part: str, feature: str) -> Step:
    where = f"the transformation of {show(feature)}"
    try:
        numbers = [float(number) for number in written]
    except ValueError:
        raise BacktestError(f"{where}: {show(part)} has something that is no number in it") from None
    if name in _PLAIN and not numbers:
        return _PLAIN[name]
    if name == "winsorize" and len(numbers) == 1 and 0 <= numbers[0] < 0.5:
        return _winsorize(numbers[0])
    if name == "clip" and len(numbers) == 2 and numbers[0] <= numbers[1]:
        return _clip(*numbers)
    if name == "winsorize":
        raise BacktestError(f"{where}: {show(part)} is not a share of 0 up to 0.5, such as winsorize:0.01")
    if name == "clip":
        raise BacktestError(f"{where}: {show(part)} is not a lower and an upper bound, such as clip:-3:3")
    from difflib import get_close_matches

    near = get_close_matches(name, [*_PLAIN, "winsorize", "clip"], 1)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(FORMS)}"
    raise BacktestError(f"{where}: {show(part)} is unknown; {advice}")
