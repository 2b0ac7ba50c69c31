"""GemScore: the eight feature weights of the scoring model the earlier system was built around."""

from __future__ import annotations

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
