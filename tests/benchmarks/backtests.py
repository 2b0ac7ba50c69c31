"""Backtests against polars, alphalens and numpy, each in a process of its own: time, CPU and memory.

All rivals compute the same on the same panel: z-scores by date, the weighted score, the ten best assets of each
date, their hit rate and return five dates ahead, and the rank correlation of score and return.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.panels import FEATURES, WEIGHTS, write_panel

HORIZON, K = 5, 10


def ours_one(file: Path) -> float | None:
    from registry.backtest.panel import load_panel
    from registry.backtest.running import Bench

    panel = load_panel(file, features=FEATURES)
    bench = Bench(panel, *ends(panel))
    return bench.backtest(experiment(), options(), suggestion=False).run.metrics["rank_ic"]


def ends(panel: Any) -> tuple[Any, Any]:
    return panel.dates[0].astype(object), panel.dates[-1].astype(object)


def options() -> Any:
    from registry.backtest.options import Options

    return Options(k=K, horizons=(HORIZON,), lag=0, train_days=1, bootstrap=False)


def experiment(seed: int | None = None) -> Any:
    from registry import ExperimentConfig

    weights = WEIGHTS if seed is None else np.random.default_rng(seed).random(len(FEATURES)).tolist()
    return ExperimentConfig(
        FEATURES, dict(zip(FEATURES, weights, strict=True)),
        feature_transformations=dict.fromkeys(FEATURES, "zscore"),
    )  # fmt: skip


def polars_one(file: Path) -> float:
    import polars as pl

    score = sum(
        weight * (pl.col(name) - pl.col(name).mean().over("date")) / pl.col(name).std().over("date")
        for name, weight in zip(FEATURES, WEIGHTS, strict=True)
    )
    days = (
        pl.scan_parquet(file)
        .select("date")
        .unique()
        .sort("date")
        .with_row_index("day")
        .with_columns(pl.col("day").cast(pl.Int64))
    )
    rows = pl.scan_parquet(file).join(days, on="date").with_columns(score.alias("score"))
    later = rows.select("asset", (pl.col("day") - HORIZON).alias("day"), pl.col("price").alias("exit"))
    made = (
        rows.drop_nulls("score")
        .join(later, on=["day", "asset"])
        .with_columns((pl.col("exit") / pl.col("price") - 1).alias("forward"))
        .with_columns(
            pl.col("score").rank("ordinal", descending=True).over("date").alias("place"),
            pl.col("score").rank().over("date").alias("a"),
            pl.col("forward").rank().over("date").alias("b"),
        )
        .group_by("date")
        .agg(
            pl.corr("a", "b").alias("ic"),
            (pl.col("forward").filter(pl.col("place") <= K) > 0).mean().alias("precision"),
            pl.col("forward").filter(pl.col("place") <= K).mean().alias("earned"),
            (pl.col("forward") > 0).mean().alias("base"),
        )
        .collect()
    )
    return float(made["ic"].mean())  # type: ignore[arg-type]


def alphalens_one(file: Path) -> float:
    import warnings

    import pandas as pd

    warnings.simplefilter("ignore")
    from alphalens.performance import factor_information_coefficient
    from alphalens.utils import get_clean_factor_and_forward_returns

    frame = pd.read_parquet(file)
    frame["date"] = pd.to_datetime(frame["date"])
    by_date = frame.groupby("date")[FEATURES]
    z = (frame[FEATURES] - by_date.transform("mean")) / by_date.transform("std")
    frame["score"] = (z * WEIGHTS).sum(axis=1, skipna=False)
    factor = frame.set_index(["date", "asset"])["score"].dropna()
    prices = frame.pivot(index="date", columns="asset", values="price")
    clean = get_clean_factor_and_forward_returns(factor, prices, quantiles=5, periods=(HORIZON,), max_loss=1)
    return float(factor_information_coefficient(clean).mean().iloc[0])


def ours_many(file: Path, count: int) -> Callable[[], object]:
    from registry.backtest.panel import load_panel
    from registry.backtest.running import Bench

    panel = load_panel(file, features=FEATURES)
    bench = Bench(panel, *ends(panel))
    bench.backtest(experiment(), options(), suggestion=False)
    configs = [experiment(seed) for seed in range(count)]
    return lambda: [bench.backtest(config, options(), suggestion=False).run.run_id for config in configs]


def numpy_many(file: Path, count: int) -> Callable[[], object]:
    """The same metrics by hand, for a panel that is one full table: nothing missing, nothing checked."""
    import duckdb

    read = duckdb.connect().execute(
        f"SELECT {', '.join(['price', *FEATURES])} FROM read_parquet('{file}') ORDER BY date, asset"
    ).fetchnumpy()  # fmt: skip
    days = duckdb.connect().execute(f"SELECT count(DISTINCT date) FROM read_parquet('{file}')").fetchall()[0][0]
    tables = {name: np.nan_to_num(np.ma.filled(values, 0.0)).reshape(days, -1) for name, values in read.items()}
    price = tables.pop("price")
    forward = price[HORIZON:] / price[:-HORIZON] - 1
    z = np.stack(
        [(t - t.mean(axis=1, keepdims=True)) / t.std(axis=1, ddof=1, keepdims=True) for t in tables.values()], axis=2
    )[:-HORIZON]
    ranks = forward.argsort(axis=1).argsort(axis=1).astype(float)
    hit = forward > 0
    weights = [np.random.default_rng(seed).random(len(FEATURES)) for seed in range(count)]

    def correlate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        return (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))

    def one(weight: np.ndarray) -> tuple[float, ...]:
        made = []
        for start in range(0, len(forward), 50):  # dates at a time, so that they stay in the cache
            part = slice(start, start + 50)
            score = z[part] @ weight
            best = np.argpartition(score, -K, axis=1)[:, -K:]
            made.append(
                (
                    np.take_along_axis(hit[part], best, axis=1).mean(axis=1),
                    np.take_along_axis(forward[part], best, axis=1).mean(axis=1),
                    correlate(score, forward[part]),
                    correlate(score.argsort(axis=1).argsort(axis=1).astype(float), ranks[part]),
                )
            )
        return tuple(float(np.concatenate(values).mean()) for values in zip(*made, strict=True))

    return lambda: [one(weight) for weight in weights]


ONE: dict[str, Callable[[Path], object]] = {"ours": ours_one, "polars": polars_one, "alphalens": alphalens_one}
MANY: dict[str, Callable[[Path, int], Callable[[], object]]] = {"ours": ours_many, "numpy": numpy_many}


def measured(who: str, file: Path, count: int = 1, times: int = 3) -> dict[str, float]:
    """Return the best wall and CPU seconds and the peak memory in GB of one rival, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.backtests", who, str(file), str(count)]
    said = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(times)]
    found = [json.loads(text.splitlines()[-1]) for text in said]  # alphalens prints what it dropped before
    return {key: min(each[key] for each in found) for key in found[0]}


def backtesting(folder: Path, line: Callable[..., None], quick: bool) -> None:
    """Print the rows of the table."""
    file = write_panel(folder / "panel.parquet", *((100, 500) if quick else ()))
    rows = "50k" if quick else "1.25M"
    one = {who: measured(who, file) for who in ONE}
    line(
        f"backtest from Parquet, {rows} rows x 8", one["ours"]["wall"], one["polars"]["wall"], "polars", "within 1.5 x"
    )
    line(f"backtest from Parquet, {rows} rows x 8", one["ours"]["wall"], one["alphalens"]["wall"],
         "alphalens, IC only", "at most 0.2 x")  # fmt: skip
    line(f"memory of that, GB, {rows} rows x 8", one["ours"]["memory"], 1.0, "the limit, 1 GB", "under 1 x")
    said = {who: round(found["result"], 6) for who, found in one.items()}
    print(f"{'':<44} rank IC: {', '.join(f'{who} {value}' for who, value in said.items())}")
    for count in (10,) if quick else (100, 1000):
        many = {who: measured(who, file, count, 2 if count < 1000 else 1) for who in MANY}
        what = f"{count} experiments on a prepared panel, CPU"
        line(what, many["ours"]["cpu"], many["numpy"]["cpu"], "numpy by hand, full table", "within 2 x")
        line(f"memory of {count} experiments, GB", many["ours"]["memory"], 1.0, "the limit, 1 GB", "under 1 x")


def peak() -> int:
    """Return the most kilobytes this program ever held; what it was started from had counts in `ru_maxrss` as well."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    who, file, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    work: Callable[[], object]
    if count == 1:
        import registry.backtest.running  # noqa: F401 - imports are not what is measured

        if who != "ours":
            __import__({"polars": "polars", "alphalens": "alphalens.performance"}[who])
        work = lambda: ONE[who](file)  # noqa: E731
    else:
        work = MANY[who](file, count)
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    said = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    said["memory"] = peak() / 1e6
    if isinstance(result, float):
        said["result"] = result
    print(json.dumps(said))


if __name__ == "__main__":
    main()
