"""A registry whose experiments were evaluated: what screens that learn from many experiments are shown."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from registry import ExperimentConfig, ExperimentRegistry
from tests.prepared import prepared
from tests.tui.driving import config

COUNT = 206
"""Experiments, a few more than are shown side by side."""
PERIOD = "2020-01-01..2021-12-31"
OPTIONS = {"k": 5, "horizons": [5], "lag": 1, "hit": 0, "delist": "last"}
DAYS = [(date(2020, 1, 1) + timedelta(days=7 * n)).isoformat() for n in range(60)]
LEFT_OUT = 2
"""Experiments without a run, the newest ones."""


def experiment(number: int) -> ExperimentConfig:
    """Return one of the experiments; a higher number has more momentum and a better edge, and is newer."""
    weights = {"momentum": round(number / 200 - 0.5, 4), "quality": round(number * 37 % 101 / 100, 4), "value": 0.5}
    if number % 3 == 0:
        del weights["quality"]
    return config(number, feature_names=list(weights), feature_weights=weights, hyperparameters={"k": number % 5})


def edge(number: int) -> float:
    """Return the edge that experiment has."""
    return round(number / 1000 - 0.1, 6)


def evaluate(made: ExperimentRegistry) -> None:
    """Register all, and record a run of nearly all; the first three have values by date."""
    generator = np.random.default_rng(5)
    base = generator.normal(0, 1, len(DAYS))
    for number in range(COUNT):
        each = experiment(number)
        made.register(each)
        if number >= COUNT - LEFT_OUT:
            continue
        shift = {0: 0.0, 1: 1.5, 2: 0.02}.get(number)
        values = None if shift is None else base + shift + generator.normal(0, 0.3, len(DAYS))
        made.record_run(
            each, metrics={"edge": edge(number), "max_drawdown": -0.3 + number / 1000}, panel="stocks", period=PERIOD,
            options=OPTIONS,
            dates=None if values is None else {"edge": dict(zip(DAYS, map(float, values), strict=True))},
        )  # fmt: skip


def evaluated_registry(path: Path) -> ExperimentRegistry:
    """Return the registry; it is made once and copied from then on."""
    return prepared(path, evaluate)
