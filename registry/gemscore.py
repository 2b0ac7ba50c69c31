"""GemScore: the scoring model the earlier system was built around, for one asset and as SQL for a panel.

    GemScore = 100 * clip(sum of weight * clip(feature, 0, 1), 0, 1)

A feature that is missing (absent, None, NaN, infinite) adds nothing, and is listed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import SupportsFloat

from registry.canonical import show
from registry.errors import PanelError
from registry.frozen import FrozenDict, frozen_dict

WEIGHTS: FrozenDict[str, float] = frozen_dict(
    {
        "SentimentScore": 0.15,
        "AccumulationScore": 0.20,
        "OnchainActivity": 0.15,
        "LiquidityDepth": 0.10,
        "TokenomicsRisk": 0.12,
        "ContractSafety": 0.12,
        "NarrativeMomentum": 0.08,
        "CommunityGrowth": 0.08,
    }
)
"""Feature name to weight; they sum to 1."""

_DIGITS = 12
"""Sums are rounded, so that equal features score alike whatever the last bits of the sum."""


@dataclass(frozen=True, slots=True)
class GemScore:
    """The score of one asset, and how it comes about."""

    score: float
    """0 to 100."""
    contributions: dict[str, float]
    """Points of the score by feature, for those that are there; they add up to it."""
    missing: list[str]
    """The features that are not there, each of which adds nothing."""


def gem_score(features: Mapping[str, float | None]) -> GemScore:
    """Return the GemScore of one asset; features it does not use are passed over.

    >>> gem_score({name: 0.5 for name in WEIGHTS}).score
    50.0
    >>> gem_score({"SentimentScore": 2.0}).contributions
    {'SentimentScore': 15.0}

    Raises:
        PanelError: a value is not a number.
    """
    total, contributions, missing = 0.0, {}, []
    for name, weight in WEIGHTS.items():
        value = _number(name, features.get(name))
        if value is None:
            missing.append(name)
            continue
        part = weight * min(max(value, 0.0), 1.0)
        total += part
        contributions[name] = 100.0 * part
    return GemScore(100.0 * min(round(total, _DIGITS), 1.0), contributions, missing)


def gem_score_sql(column_of: Mapping[str, str] | None = None) -> str:
    """Return an SQL expression for the GemScore of each row of a panel, never NULL.

    Args:
        column_of: the column of a feature, where it is not called like the feature.

    Raises:
        PanelError: `column_of` names a feature that GemScore does not have.
    """
    zero, one = "0::DOUBLE", "1::DOUBLE"
    parts = [  # greatest(NULL, 0) would be 0, and NaN above everything
        f"CASE WHEN isfinite({x}) THEN {weight!r}::DOUBLE * least(greatest({x}, {zero}), {one}) ELSE {zero} END"
        for weight, x in zip(WEIGHTS.values(), _columns(column_of), strict=True)
    ]
    return f"(100::DOUBLE * least(round({' + '.join(parts)}, {_DIGITS}), {one}))"


def gem_missing_sql(column_of: Mapping[str, str] | None = None) -> str:
    """Return an SQL expression for how many features of each row are missing; see `gem_score_sql`.

    Raises:
        PanelError: `column_of` names a feature that GemScore does not have.
    """
    return f"({' + '.join(f'CASE WHEN isfinite({x}) THEN 0 ELSE 1 END' for x in _columns(column_of))})"


def _columns(column_of: Mapping[str, str] | None) -> list[str]:
    from registry.store.tables import quote

    given = column_of or {}
    for name in given:
        if name not in WEIGHTS:
            raise PanelError(f"GemScore has no feature {show(name)}; it has {', '.join(WEIGHTS)}")
    return [f"CAST({quote(given.get(name, name))} AS DOUBLE)" for name in WEIGHTS]


def _number(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool | str | bytes) or not isinstance(value, SupportsFloat):
        raise PanelError(f"feature {name}: {show(value)} is not a number")
    number = float(value)
    return number if math.isfinite(number) else None
