"""Made-up panels for benchmarks: the same one in every run, of any size."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np

FEATURES = [f"feature_{i}" for i in range(1, 9)]
WEIGHTS = (0.30, 0.20, 0.15, 0.10, 0.10, 0.05, 0.05, 0.05)
"""How much each feature has to do with the next day's return."""


def write_panel(
    file: Path, assets: int = 500, days: int = 2500, *, seed: int = 1, order: str = "date", signal: float = 0.0003
) -> Path:
    """Write a panel as zstd Parquet: a price that walks at random, eight features that know a little about it.

    Rows are in the order of date, then asset; with `order="asset"` of asset, then date. One value in a
    thousand of each feature is missing.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    calendar = np.datetime64("2010-01-01") + np.arange(days)
    features = {name: random.standard_normal((days, assets)) for name in FEATURES}
    known = sum(weight * features[name] for name, weight in zip(FEATURES, WEIGHTS, strict=True))
    returns = 0.0002 + 0.02 * random.standard_normal((days, assets))
    returns[1:] += signal * known[:-1]
    price = 100 * np.exp(np.cumsum(returns, axis=0))
    columns = {
        "date": np.repeat(calendar, assets).astype("datetime64[us]"),
        "asset": np.tile(np.array([f"A{i:04d}" for i in range(assets)], dtype=object), days),
        "price": price.ravel(),
    }
    for name, values in features.items():
        values[random.random((days, assets)) < 0.001] = np.nan
        columns[name] = values.ravel()
    with duckdb.connect() as connection:
        connection.register("made", columns)
        ordered = "ORDER BY asset, date" if order == "asset" else ""
        connection.execute(
            f"COPY (SELECT * REPLACE (date::DATE AS date) FROM made {ordered})"
            f" TO '{str(file).replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return file


if __name__ == "__main__":
    write_panel(Path(sys.argv[1]), order=sys.argv[2] if len(sys.argv) > 2 else "date")
