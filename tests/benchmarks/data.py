"""Made-up but plausible experiments for benchmarks: the same ones in every run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry import ExperimentConfig

if TYPE_CHECKING:
    from registry.store.session import WriteSession

FEATURES = [f"feature_{i:02d}" for i in range(60)]


def records(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield `count` records of 20 weights, 4 hyperparameters and 2 tags, without hashes."""
    rnd = random.Random(seed)
    for i in range(count):
        names = rnd.sample(FEATURES, 20)
        yield {
            "feature_names": names,
            "feature_weights": {name: round(rnd.random(), 4) + 0.0001 for name in names},
            "feature_transformations": {names[0]: "zscore"},
            "hyperparameters": {"k": rnd.choice([5, 10, 20]), "seed": i, "walk": {"days": rnd.choice([7, 30])}},
            "description": f"experiment number {i}",
            "tags": [rnd.choice(["baseline", "variant", "production"]), f"sweep-{i % 50}"],
            "created_at": f"2026-{1 + i % 12:02d}-{1 + i % 28:02d}T{i % 24:02d}:00:00.000000+00:00",
        }


RUN_METRICS = [
    "precision_at_k", "base_rate", "edge", "overlap_at_k", "forward_return", "universe_return", "ic", "rank_ic", "icir",
    "rank_icir", "rank_ic_t", "hit_rate", "net_return", "total_return", "cagr", "volatility", "sharpe", "sortino",
    "max_drawdown", "turnover",
]  # fmt: skip


def put_runs(session: WriteSession, windows: int = 10, metrics: Sequence[str] = tuple(RUN_METRICS)) -> None:
    """Give every experiment one run of these metrics, two also over windows; the engine makes them up."""
    session.run("INSERT INTO store.panel (panel_id, name, first_seen) VALUES (1, 'made_up', TIMESTAMP '2026-01-01')")
    columns = {
        "run_id": "'r-' || substr(config_hash, 1, 16)", "seq": "id", "id": "id", "panel_id": "1", "panel": "'made_up'",
        "fingerprint": "''", "period_start": "DATE '2010-01-04'", "period_end": "DATE '2022-12-28'", "options": "'{}'",
        "options_key": "''", "engine": "'experiments'", "details": "'{}'", "environment": "'{}'",
        "recorded_at": "registered_at",
    }  # fmt: skip
    session.run(
        f"INSERT INTO store.run ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM store.experiment"
    )
    value = "(hash(id, metric{}) % 10007) / 100000 - 0.05"
    of_metric = "(SELECT unnest(from_json(?, '[\"VARCHAR\"]')) AS metric)"
    session.run(
        "INSERT INTO store.run_metric (run_id, id, metric, value)"
        f" SELECT run_id, id, metric, {value.format('')} FROM store.run, {of_metric}",
        [json.dumps(list(metrics))],
    )
    session.run(
        "INSERT INTO store.window_metric (run_id, id, number, metric, value)"
        f" SELECT run_id, id, number, metric, {value.format(', number')} FROM store.run, {of_metric},"
        " (SELECT unnest(range(?)) AS number)",
        [json.dumps(list(metrics[:3:2])), windows],
    )


def write_ndjson(file: Path, count: int) -> None:
    """Write exported experiments, hashes included, one a line."""
    with file.open("w") as out:
        for record in records(count):
            out.write(json.dumps(ExperimentConfig.from_dict(record).to_dict()) + "\n")
