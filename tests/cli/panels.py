"""Small panels on disk, for commands that evaluate."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tests.cli.conftest import Ran, Shell

START, END = "2020-01-01", "2020-06-28"
PERIOD = ("--start", START, "--end", END)
QUICK = (*PERIOD, "--walk", "30d", "--train", "60d", "--horizons", "3", "--no-bootstrap-ci")
WEIGHTS = {"alpha": 0.6, "beta": 0.4}


def write_panel(file: Path, dates: int = 180, assets: int = 8, seed: int = 1, changed: int | None = None) -> Path:
    """Write a panel with the features alpha, beta and gamma; `changed` is a day with another price."""
    dice = np.random.default_rng(seed)
    prices = 100 * np.exp(np.cumsum(dice.normal(0, 0.02, (dates, assets)), axis=0))
    features = np.round(np.random.default_rng(seed + 1).normal(size=(dates, assets, 3)), 6)
    if changed is not None:
        prices[changed, 0] *= 1.5
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["date", "asset", "price", "alpha", "beta", "gamma"])
        for n in range(dates):
            day = date(2020, 1, 1) + timedelta(days=n)
            writer.writerows([day, f"A{i}", repr(float(prices[n, i])), *features[n, i]] for i in range(assets))
    return file


def write_json(file: Path, value: Any) -> Path:
    """Write a value as JSON."""
    file.write_text(json.dumps(value))
    return file


def ready(shell: Shell) -> Shell:
    """Put a panel and a file of weights into the shell's folder."""
    write_panel(shell.folder / "panel.csv")
    write_json(shell.folder / "weights.json", WEIGHTS)
    return shell


def evaluate(shell: Shell, *args: str) -> Ran:
    """Backtest quickly on the small panel."""
    return shell("backtest", *args, "--data", "panel.csv", *QUICK)


def summarised(shell: Shell, *args: str) -> dict[str, Any]:
    """Backtest quickly on the small panel, and return the summary."""
    found: dict[str, Any] = json.loads(shell.ok("backtest", *args, "--data", "panel.csv", *QUICK, "--json"))
    return found


def rows_of(file: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def reports(shell: Shell) -> list[Path]:
    """Return the folders of reports."""
    folder = shell.folder / "reports/backtests"
    return sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns) if folder.exists() else []
