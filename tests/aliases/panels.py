"""A panel on which alpha is the next return but for noise, and experiments that read it well or badly."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from registry import ExperimentConfig

OPTIONS = {"k": 2, "horizons": [1]}
GOOD = ExperimentConfig(["alpha"], {"alpha": 1.0}, OPTIONS, description="good")
ALIKE = ExperimentConfig(["alpha"], {"alpha": 2.0}, OPTIONS, description="ranks as good does")
BAD = ExperimentConfig(["alpha"], {"alpha": -1.0}, OPTIONS, description="bad")
BLIND = ExperimentConfig(["noise"], {"noise": 1.0}, OPTIONS, description="reads nothing")
TURNED = ExperimentConfig(["noise"], {"noise": -1.0}, OPTIONS, description="reads nothing, the other way")


def write_panel(file: Path, first: date, dates: int = 60, assets: int = 8) -> Path:
    """Write the panel: entered a date later, held for one, the return is alpha in percent, plus noise."""
    dice = np.random.default_rng(5)
    alpha, noise = dice.normal(size=(2, dates, assets))
    returns = np.zeros((dates, assets))
    returns[2:] = 0.01 * alpha[:-2] + dice.normal(0, 0.004, (dates - 2, assets))
    prices = 100 * np.cumprod(1 + returns, axis=0)
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["date", "asset", "price", "alpha", "noise"])
        for n in range(dates):
            day = first + timedelta(days=n)
            writer.writerows(
                [day, f"A{i}", repr(float(prices[n, i])), repr(float(alpha[n, i])), repr(float(noise[n, i]))]
                for i in range(assets)
            )
    return file
