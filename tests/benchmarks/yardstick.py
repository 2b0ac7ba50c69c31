"""The yardstick: the same work on `sqlite3` holding JSON text, with `json.loads` in Python.

This is how the earlier system kept experiments, written as well as that design allows: WAL, one
transaction for an import, an index on `created_at`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any


class Yardstick:
    """A registry in SQLite with the earlier system's tables."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, timeout=60)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(
            """
            CREATE TABLE IF NOT EXISTS experiments (
                config_hash TEXT PRIMARY KEY, created_at TEXT NOT NULL, description TEXT, feature_names TEXT NOT NULL,
                feature_weights TEXT NOT NULL, feature_transformations TEXT, hyperparameters TEXT, tags TEXT,
                config_json TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS experiment_tags (
                config_hash TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (config_hash, tag));
            CREATE INDEX IF NOT EXISTS idx_created_at ON experiments(created_at);
            """
        )

    @staticmethod
    def row(record: dict[str, Any]) -> tuple[Any, ...]:
        names, weights = record["feature_names"], record["feature_weights"]
        transformations, hyperparameters = record["feature_transformations"], record["hyperparameters"]
        content = {
            "feature_names": sorted(names),
            "feature_weights": weights,
            "feature_transformations": transformations,
            "hyperparameters": hyperparameters,
        }
        config_hash = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return (
            config_hash, record["created_at"], record["description"], json.dumps(names), json.dumps(weights),
            json.dumps(transformations), json.dumps(hyperparameters), json.dumps(record["tags"]),
            json.dumps({**record, "config_hash": config_hash}, sort_keys=True),
        )  # fmt: skip

    def register(self, record: dict[str, Any]) -> None:
        row = self.row(record)
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT OR REPLACE INTO experiments VALUES (?,?,?,?,?,?,?,?,?)", row)
        self.db.executemany(
            "INSERT OR IGNORE INTO experiment_tags VALUES (?,?)", [(row[0], tag) for tag in record["tags"]]
        )
        self.db.execute("COMMIT")

    def import_ndjson(self, file: Path) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        with file.open() as lines:
            while batch := [json.loads(line) for _, line in zip(range(1000), lines, strict=False)]:
                rows = [self.row(record) for record in batch]
                self.db.executemany("INSERT OR REPLACE INTO experiments VALUES (?,?,?,?,?,?,?,?,?)", rows)
                self.db.executemany(
                    "INSERT OR IGNORE INTO experiment_tags VALUES (?,?)",
                    [(row[0], tag) for row, record in zip(rows, batch, strict=True) for tag in record["tags"]],
                )
        self.db.execute("COMMIT")

    def newest(self, limit: int) -> list[tuple[Any, ...]]:
        rows = self.db.execute("SELECT * FROM experiments ORDER BY created_at DESC LIMIT ?", (limit,)).fetchall()
        return [(row[0], row[1], row[2], json.loads(row[7]), len(json.loads(row[3]))) for row in rows]

    def weight_above(self, feature: str, least: float) -> list[str]:
        found = self.db.execute("SELECT config_hash, feature_weights FROM experiments")
        return [config_hash for config_hash, text in found if json.loads(text).get(feature, 0.0) > least]

    def mean_weights(self) -> dict[str, float]:
        total: dict[str, list[float]] = {}
        for (text,) in self.db.execute("SELECT feature_weights FROM experiments"):
            for feature, weight in json.loads(text).items():
                total.setdefault(feature, []).append(weight)
        return {feature: sum(weights) / len(weights) for feature, weights in total.items()}

    def quantiles(self) -> dict[str, tuple[float, float, float]]:
        total: dict[str, list[float]] = {}
        for (text,) in self.db.execute("SELECT feature_weights FROM experiments"):
            for feature, weight in json.loads(text).items():
                total.setdefault(feature, []).append(weight)
        made = {}
        for feature, weights in total.items():
            weights.sort()
            made[feature] = tuple(weights[int(share * (len(weights) - 1))] for share in (0.25, 0.5, 0.75))
        return made

    def compare(self, first: str, second: str) -> dict[str, float]:
        a, b = (
            json.loads(
                self.db.execute("SELECT feature_weights FROM experiments WHERE config_hash = ?", (h,)).fetchone()[0]
            )
            for h in (first, second)
        )
        return {feature: b.get(feature, 0.0) - a.get(feature, 0.0) for feature in a.keys() | b.keys()}
