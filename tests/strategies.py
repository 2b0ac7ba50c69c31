"""Hypothesis strategies for configurations: everything that has a canonical form, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st

from registry import ExperimentConfig


def examples(usual: int, full: int) -> settings:
    """Return how many examples to draw: `full` in `make test-all`, where drawing them costs more than checking."""
    return settings(max_examples=full if os.environ.get("EXPERIMENTS_FULL") else usual)


texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.one_of(st.sampled_from(["a", "A", "b", "mom 12-1", "x.y", "Sentiment", "naïve", "0"]), texts)
weights = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
tags = st.lists(texts.filter(lambda tag: bool(tag.strip())), max_size=3)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def configs(draw: st.DrawFn) -> ExperimentConfig:
    """Any configuration."""
    features = draw(st.lists(names, max_size=5, unique=True))
    weighted = draw(st.lists(st.one_of(st.sampled_from(features), names) if features else names, max_size=5))
    return ExperimentConfig(
        features,
        {name: draw(weights) for name in weighted},
        draw(st.dictionaries(names, values, max_size=4)),
        draw(st.dictionaries(names, texts, max_size=2)),
        draw(texts),
        draw(tags),
        draw(moments),
        parent=draw(st.none() | hashes),
    )
