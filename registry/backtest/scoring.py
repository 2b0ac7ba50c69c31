"""Scores: the weighted sum of an experiment's transformed features, and what is done where one is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from registry.backtest.groups import Floats, Groups
from registry.backtest.options import Missing
from registry.backtest.transformations import Transformation, parse_transformation
from registry.canonical import show
from registry.config import ExperimentConfig
from registry.errors import BacktestError

_ROWS = 1 << 15
"""Rows scored at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an experiment's scores are made of: the features with a weight that counts, in name order."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    transformations: tuple[Transformation, ...]

    def with_weights(self, weights: Mapping[str, float]) -> Recipe:
        """Return the recipe with other weights for its features; one that is not named weighs 0."""
        return Recipe(self.names, tuple(weights.get(name, 0.0) for name in self.names), self.transformations)


def named_features(config: ExperimentConfig) -> list[str]:
    """Return every feature an experiment names, listed or only weighted, in name order."""
    return sorted({*config.feature_names, *config.feature_weights})


def make_recipe(config: ExperimentConfig, *, everything: bool = False) -> Recipe:
    """Return the recipe of an experiment; with `everything`, features without a weight are in it with 0.

    Raises:
        BacktestError: no feature has a weight other than 0, or a transformation is unknown.
    """
    weights = config.feature_weights
    if not any(weights.values()):
        raise BacktestError(
            f"experiment {show(str(config.config_hash)[:12])} gives no feature a weight other than 0: there is nothing"
            " to score with"
        )
    parsed = {
        name: parse_transformation(config.feature_transformations.get(name, ""), name)
        for name in named_features(config)
    }
    names = tuple(name for name in parsed if everything or weights.get(name))
    return Recipe(names, tuple(float(weights.get(name, 0.0)) for name in names), tuple(parsed[n] for n in names))


def score(recipe: Recipe, values: Sequence[Floats], groups: Groups, missing: Missing) -> Floats:
    """Return the score of each row, NaN for what can't be scored.

    `values` are the transformed features in the order of the recipe; NaN is missing. `drop` gives a row
    without one of them no score; `neutral` takes the value that says nothing either way (0 after zscore,
    0.5 after rank and minmax, else the mean of the date); `renorm` scores by the features that are there,
    divided by the sum of their absolute weights.
    """
    if missing == "neutral":
        values = [
            _filled(column, transformation, groups)
            for column, transformation in zip(values, recipe.transformations, strict=True)
        ]
    weighed = [(weight, column) for weight, column in zip(recipe.weights, values, strict=True) if weight]
    total = np.zeros(groups.rows)
    for first in range(0, groups.rows, _ROWS):
        rows = slice(first, first + _ROWS)
        if missing == "renorm":
            total[rows] = _renormed([(weight, column[rows]) for weight, column in weighed], len(total[rows]))
        else:
            for weight, column in weighed:
                total[rows] += weight * column[rows]
    return total


def _renormed(weighed: Sequence[tuple[float, Floats]], rows: int) -> Floats:
    """Return the sum of what is there, divided by the sizes of its weights; NaN where nothing is."""
    total, size = np.zeros(rows), np.zeros(rows)
    for weight, column in weighed:
        there = ~np.isnan(column)
        total += np.where(there, weight * column, 0.0)
        size += abs(weight) * there
    with np.errstate(invalid="ignore"):
        made: Floats = np.where(size > 0, total / size, np.nan)
    return made


def _filled(column: Floats, transformation: Transformation, groups: Groups) -> Floats:
    absent = np.isnan(column)
    if not absent.any():
        return column
    if transformation.neutral is not None:
        return np.where(absent, transformation.neutral, column)
    with np.errstate(invalid="ignore"):
        mean = groups.sum(np.where(absent, 0.0, column)) / groups.sum(~absent)
    filled: Floats = np.where(absent, groups.spread(mean), column)
    return filled
