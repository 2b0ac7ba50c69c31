"""The files a backtest leaves: a folder for each, written whole or not at all.

`summary.json`, `windows.csv`, `weights_suggestion.json` and `experiment_config.json` keep the keys and
columns that users of the earlier harness read, and add what makes them honest: the base rate and the edge
beside every precision, how many dates each number is from, and what was left out.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.backtest.evaluate import significant_one
from registry.canonical import show
from registry.errors import BacktestError
from registry.runs.record import Run, Window

if TYPE_CHECKING:
    from registry.backtest.comparing import Against
    from registry.backtest.running import Backtest

_WINDOW_METRICS = (
    "precision_at_k", "forward_return", "max_drawdown", "sharpe", "base_rate", "edge", "rank_ic", "turnover",
    "net_return", "total_return", "dates", "rebalances",
)  # fmt: skip


def write_artifacts(output: Path, done: Backtest, against: Against | None, *, today: date | None = None) -> Path:
    """Write the folder `<output>/<YYYYMMDD>` (the second of a day `<YYYYMMDD>-2`) and return it.

    Raises:
        BacktestError: it can't be written; nothing is left behind then.
    """
    return write_folder(output, files_of(done, against), today=today)


def files_of(done: Backtest, against: Against | None) -> dict[str, str]:
    """Return the text of every file by its name."""
    return {
        "summary.json": as_json(summary(done, against)),
        "windows.csv": windows_csv(done),
        "weights_suggestion.json": as_json(suggestion(done)),
        "experiment_config.json": done.config.to_json() + "\n",
    }


def check_output(output: Path) -> None:
    """Refuse, before anything is evaluated or recorded, a place where no report can be written.

    Raises:
        BacktestError: it is a file, lies in one, or may not be written.
    """
    place = output.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise BacktestError(f"the report can't be written to {show(str(output))}: {show(str(place))} is no folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise BacktestError(f"the report can't be written to {show(str(output))}: {show(str(place))} is read-only")


def write_folder(output: Path, files: Mapping[str, str], *, today: date | None = None) -> Path:
    """Write files into a new folder named after the day, all of them or none, and return it."""
    name = f"{today or date.today():%Y%m%d}"
    making = output / f".{name}.{os.getpid()}.part"
    try:
        output.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        for file, text in files.items():
            with (making / file).open("w", encoding="utf-8", newline="") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
        return _take_name(making, output, name)
    except OSError as error:
        raise BacktestError(f"the report can't be written to {show(str(output))}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _take_name(making: Path, output: Path, name: str) -> Path:
    for number in range(1, 10_000):
        target = output / (name if number == 1 else f"{name}-{number}")
        try:
            target.mkdir()  # nobody else gets this name
        except FileExistsError:
            continue
        making.rename(target)  # over the empty folder, at once
        return target
    raise BacktestError(f"{output} holds 9,999 reports of {name}; name another folder with --output")


def as_json(content: Any) -> str:
    """Return JSON text as these files have it."""
    return json.dumps(content, indent=2, sort_keys=False, allow_nan=False) + "\n"


def summary(done: Backtest, against: Against | None) -> dict[str, Any]:
    """Return the content of `summary.json`."""
    run, config = done.run, done.config
    return {
        "config": {
            "start": run.start,
            "end": run.end,
            "walk_days": done.options.walk_days,
            "k": done.options.k,
            "seed": done.options.seed,
            "windows": len(run.windows),
            "compare_baselines": done.options.baselines,
            "experiment_hash": run.config_hash,
            "train_days": run.details["train_days"],
            "options": run.options,
        },
        "experiment": {
            "config_hash": run.config_hash,
            "description": config.description,
            "tags": list(config.tags),
            "feature_weights": dict(config.feature_weights),
            "feature_transformations": dict(config.feature_transformations),
            "hyperparameters": config.to_dict()["hyperparameters"],
            "parent": config.parent,
        },
        "panel": {
            "name": run.panel.name,
            "fingerprint": run.panel.fingerprint,
            "survivorship_suspect": run.panel.survivorship_suspect,
            **run.details["panel"],
        },
        "metrics": {"gem_score": _gem_score(run)},
        "baselines": {name: _baseline(run, each) for name, each in run.details["baselines"].items()},
        "counts": run.details["counts"],
        "warnings": run.details["warnings"],
        "remarks": run.details["remarks"],
        "comparison": None if against is None else against.to_dict(),
        "run": {
            "id": run.run_id,
            "recorded_at": run.recorded_at,
            "duration_seconds": run.duration,
            "environment": run.environment,
        },
    }


def _of_windows(windows: list[Window], metric: str) -> list[float]:
    return [value for window in windows if (value := window.metrics.get(metric)) is not None]


def _mean(run: Run, metric: str) -> float | None:
    """Return the mean over the rebalance dates, which the intervals are of."""
    known = list(run.dates.of(metric).values())
    return significant_one(sum(known) / len(known)) if known else None


def _gem_score(run: Run) -> dict[str, Any]:
    metrics, details = run.metrics, run.details
    intervals, counts = details["intervals"], details["counts"]
    precisions = _of_windows(run.windows, "precision_at_k")
    return {
        "precision_at_k": {
            "mean": metrics["precision_at_k"],
            "base_rate": metrics["base_rate"],
            "edge": metrics["edge"],
            "best": max(precisions, default=None),
            "worst": min(precisions, default=None),
            "bootstrap_ci": intervals.get("precision_at_k"),
            "rebalance_mean": _mean(run, "precision_at_k"),
            "edge_rebalance_mean": _mean(run, "edge"),
            "edge_bootstrap_ci": intervals.get("edge"),
            "n": counts["evaluated_dates"],
            "n_rebalances": counts["rebalance_dates"],
        },
        "forward_return": {
            "mean": metrics["forward_return"],
            "universe": metrics["universe_return"],
            "median": details["net_return_median"],
            "bootstrap_ci": intervals.get("forward_return_median"),
            "n": counts["rebalance_dates"],
        },
        "information_coefficient": {
            "mean": metrics["ic"],
            "icir": metrics["icir"],
            "rank_mean": metrics["rank_ic"],
            "rank_icir": metrics["rank_icir"],
            "rank_t": metrics["rank_ic_t"],
            "hit_rate": metrics["hit_rate"],
            "bootstrap_ci": intervals.get("rank_ic"),
            "n": counts["ic_dates"],
        },
        "risk_adjusted": {
            name: metrics[name]
            for name in (
                "sharpe",
                "sortino",
                "calmar",
                "cagr",
                "volatility",
                "max_drawdown",
                "total_return",
                "turnover",
            )
        },
        "multi_horizon": {
            str(horizon): {
                name: metrics.get(name if number == 0 else f"{name}_h{horizon}")
                for name in ("precision_at_k", "base_rate", "edge", "forward_return", "rank_ic")
            }
            for number, horizon in enumerate(run.options["horizons"])
        },
    }


def _baseline(run: Run, found: Mapping[str, Any]) -> dict[str, Any]:
    if found.get("reason") is not None:
        return {"reason": found["reason"]}
    metrics = found["metrics"]
    mine, theirs = run.metrics["precision_at_k"], metrics.get("precision_at_k")
    better = None if mine is None or theirs is None else significant_one(mine - theirs)
    return {
        "precision_at_k": {
            "mean": theirs,
            "base_rate": metrics.get("base_rate"),
            "edge": metrics.get("edge"),
            "improvement_over_baseline": better,
            "band": found["band"].get("precision_at_k"),
        },
        "forward_return": {
            "mean": metrics.get("forward_return"),
            "median": metrics.get("net_return_median"),
            "band": found["band"].get("forward_return"),
        },
        "risk_adjusted": {name: metrics.get(name) for name in ("sharpe", "max_drawdown", "turnover", "total_return")},
        "outperforms": None if better is None else better > 0,
    }


def windows_csv(done: Backtest) -> str:
    """Return the content of `windows.csv`: a line for each window; both ends of a span are inside."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    baselines = [baseline for baseline in done.evaluation.baselines if baseline.reason is None]
    writer.writerow(
        ["train_start", "train_end", "test_start", "test_end", *_WINDOW_METRICS, "partial"]
        + [f"{baseline.name}_{what}" for baseline in baselines for what in ("precision", "return")]
    )
    for number, window in enumerate(done.run.windows):
        writer.writerow(
            [window.train_start, window.train_end, window.test_start, window.test_end]
            + [_cell(window.metrics.get(name)) for name in _WINDOW_METRICS]
            + [str(window.partial).lower()]
            + [
                _cell(baseline.windows[number][metric])
                for baseline in baselines
                for metric in ("precision_at_k", "forward_return")
            ]
        )
    return text.getvalue()


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def suggestion(done: Backtest) -> dict[str, Any]:
    """Return the content of `weights_suggestion.json`."""
    suggested = done.suggested
    present = dict(done.config.feature_weights)
    if suggested is None:
        return {"weights": None, "reason": "no suggestion was asked for", "present": present}
    return {
        "weights": _rounded(suggested.weights),
        "reason": suggested.reason,
        "method": done.options.method,
        "shrink": done.options.shrink,
        "present": present,
        "spread": suggested.spread,
        "windows": [
            {
                "train_start": window.train_start,
                "train_end": window.train_end,
                "test_start": window.test_start,
                "test_end": window.test_end,
                "weights": _rounded(each.weights),
                "reason": each.reason,
                "fallback": each.fallback,
                "train_dates": each.dates,
                "in_sample_ic": significant_one(each.in_sample_ic),
            }
            for window, each in zip(done.run.windows, suggested.windows, strict=True)
        ],
        "out_of_sample": done.beside,
    }


def _rounded(weights: Mapping[str, float] | None) -> dict[str, float | None] | None:
    return None if weights is None else {name: significant_one(value) for name, value in weights.items()}
