"""Made-up but plausible experiments for benchmarks: the same ones in every run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from registry import ExperimentConfig

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


def write_ndjson(file: Path, count: int) -> None:
    """Write exported experiments, hashes included, one a line."""
    with file.open("w") as out:
        for record in records(count):
            out.write(json.dumps(ExperimentConfig.from_dict(record).to_dict()) + "\n")
