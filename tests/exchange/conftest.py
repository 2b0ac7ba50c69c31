"""Helpers: read sources into three lists, and registries of the earlier system made to order."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig
from registry.exchange.report import Record, Refusal, Remark
from registry.exchange.sources import expand, read_source
from registry.exchange.text import Meter
from registry.store import Store

DATA = Path(__file__).parent.parent / "data"


@dataclass
class Read:
    """What reading sources yielded."""

    records: list[Record] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def hashes(self) -> list[str | None]:
        return [record.config.config_hash for record in self.records]


def read(*names: str | Path, stdin: bytes | None = None) -> Read:
    """Read sources; places lose the folder, so that tests can spell them out."""
    found = Read()
    stream = None if stdin is None else io.BytesIO(stdin)
    for source in expand(names):
        for item in [source] if isinstance(source, Refusal) else read_source(source, Meter(), stream):
            place = item.source.rpartition("/")[2]
            if isinstance(item, Record):
                found.records.append(item)
            elif isinstance(item, Refusal):
                found.refused.append((place, item.reason))
            else:
                assert isinstance(item, Remark)
                found.remarks.append((place, item.text))
    return found


def config(number: int = 1, **more: Any) -> ExperimentConfig:
    """Return the experiment of that number."""
    return ExperimentConfig(
        ["a", "b"], {"a": 0.5, "b": number / 8}, {"k": number}, **{"created_at": "2024-05-01T12:00:00", **more}
    )


def line(number: int = 1, **more: Any) -> str:
    return json.dumps(config(number, **more).to_dict())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "registry").mkdir()
    return Store(tmp_path / "registry" / "experiments.duckdb")


def stored(store: Store) -> dict[str, dict[str, Any]]:
    """Return what the registry holds, by hash, straight from its tables."""
    with store.read() as session:
        rows = session.rows(
            "SELECT e.config_hash, e.description, e.parent, e.deleted_at IS NOT NULL,"
            " strftime(e.created_at, '%Y-%m-%dT%H:%M:%S.%f+00:00'),"
            " (SELECT list(tag ORDER BY position) FROM tag WHERE tag.id = e.id),"
            " (SELECT list(old_hash ORDER BY old_hash) FROM old_hash o WHERE o.id = e.id) FROM experiment e"
        )
    names = ("description", "parent", "trashed", "created_at", "tags", "old_hashes")
    return {row[0]: dict(zip(names, (*row[1:5], row[5] or [], row[6] or []), strict=True)) for row in rows}


EXPERIMENTS = """
    CREATE TABLE experiments (config_hash TEXT PRIMARY KEY, created_at TEXT NOT NULL, description TEXT,
        feature_names TEXT NOT NULL, feature_weights TEXT NOT NULL, feature_transformations TEXT,
        hyperparameters TEXT, tags TEXT, config_json TEXT NOT NULL)
"""
TAGS = """
    CREATE TABLE experiment_tags (config_hash TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (config_hash, tag),
        FOREIGN KEY (config_hash) REFERENCES experiments(config_hash))
"""


def legacy_hash(record: dict[str, Any]) -> str:
    """Hash a record as the earlier system did: numbers as they were written."""
    import hashlib

    content = {
        "feature_names": sorted(record["feature_names"]),
        **{k: record.get(k, {}) for k in ("feature_weights", "feature_transformations", "hyperparameters")},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def legacy_record(weights: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what `config_json` of the earlier system holds."""
    record = {
        "feature_names": list(weights),
        "feature_weights": weights,
        "feature_transformations": {},
        "hyperparameters": {"k": 10},
        "description": "",
        "tags": [],
        "created_at": "2024-03-01T08:00:00.000001+00:00",
        **more,
    }
    return {**record, "config_hash": legacy_hash(record), **{k: more[k] for k in more if k == "config_hash"}}


def legacy_registry(
    path: Path,
    records: Iterable[dict[str, Any]] = (),
    *,
    columns: dict[str, Any] | None = None,
    tables: tuple[str, ...] = (EXPERIMENTS, TAGS),
    journal: str = "delete",
) -> sqlite3.Connection:
    """Make a registry of the earlier system; `columns` overrides what its columns repeat."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA journal_mode = {journal}")
    for table in tables:
        db.execute(table)
    for record in records:
        row: dict[str, Any] = {
            name: json.dumps(value) if isinstance(value, (list, dict)) else value for name, value in record.items()
        }
        row["config_json"] = json.dumps(record, indent=2, sort_keys=True)
        row.pop("parent", None)
        row |= columns or {}
        names = ", ".join(row)
        db.execute(f"INSERT INTO experiments ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
        if TAGS in tables:
            db.executemany(
                "INSERT INTO experiment_tags VALUES (?, ?)", [(row["config_hash"], tag) for tag in record["tags"]]
            )
    return db
