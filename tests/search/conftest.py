"""A small registry that holds one experiment for every rule of the filter language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.search import compile_filter
from registry.store import Session
from registry.store.apply import take_in
from registry.store.registration import Registration
from registry.store.session import WriteSession
from tests.search.runs import MadeRun, put_runs

OLD_HASH = "abcdef" + "0" * 58


def experiment(
    name: str, weights: dict[str, float], hyperparameters: dict[str, Any] | None = None, **more: Any
) -> ExperimentConfig:
    """An experiment whose first tag tells tests which one it is."""
    tags = [f"is-{name}", *more.pop("tags", [])]
    features = more.pop("features", list(weights))
    return ExperimentConfig(features, weights, hyperparameters or {}, tags=tags, **more)


BASE = experiment(
    "base",
    {"SentimentScore": 0.15, "Momentum": 0.2, "mom 12-1": 0.1},
    {"k": 10, "mode": "fast", "walk": {"days": 30}, "flag": True, "nothing": None},
    feature_transformations={"SentimentScore": "zscore"},
    description="Baseline of the sentiment weight",
    tags=["baseline", "q4-2024"],
    created_at="2024-06-01T10:00:00+00:00",
)
HIGH = experiment(
    "high",
    {"SentimentScore": 0.25},
    {"k": 10.0, "mode": "10", "walk.days": 7},
    features=["SentimentScore", "Momentum"],
    feature_transformations={"SentimentScore": "log"},
    description="More SENTIMENT",
    tags=["production"],
    created_at="2024-06-02T00:00:00+00:00",
    parent=BASE.config_hash,
)
TEXTUAL = experiment(
    "text", {"Liquidity": 0.5, "both": 1}, {"k": "10", "seed": 42}, created_at="2024-05-31T23:59:59.999999+00:00"
)
BIG = experiment("big", {"huge": 2.0**53}, {"seed": 2**53 + 1, "a.b": 1}, created_at="2023-01-01T00:00:00+00:00")
BARE = experiment("bare", {}, {"seed": 2**53, "both": 3}, created_at="2022-01-01T00:00:00+00:00")

EVERYONE = {"base", "high", "text", "big", "bare"}


PANELS = {1: "sp500_20", 2: "crypto 1", 3: "eu#2", 4: "again", 5: "again"}


def put_library_runs(session: WriteSession) -> None:
    """Runs on one panel and period, but for the first of base and the only one of bare, which lies on no other."""
    by_hash = dict(session.rows("SELECT config_hash, id FROM experiment"))
    base, high, big = (by_hash[str(config.config_hash)] for config in (BASE, HIGH, BIG))
    put_runs(
        session,
        [
            MadeRun(base, {"edge": 0.9, "only_there": 1.0}, panel_id=2),
            MadeRun(base, {"edge": 0.5}),
            MadeRun(
                base,
                {"edge": 0.017, "precision_at_k": 0.553, "base_rate": 0.536, "turnover": 0.25},
                [{"edge": 0.5, "precision_at_k": 0.5}, {"edge": -0.25}, {"edge": 0.25, "precision_at_k": 0.625}],
            ),
            MadeRun(
                high,
                {"edge": -0.01, "precision_at_k": 0.526, "base_rate": 0.536, "turnover": 0.125, "precision@14": 1.0},
                [{"edge": 1.0, "precision_at_k": 0.5, "in windows": 2.0}],
            ),
            MadeRun(big, {"sharpe": 1.5, "turnover": 1e300}, [{"turnover": 1e300}, {"turnover": -1e300}]),
        ],
        PANELS,
    )
    session.insert(
        "metric",
        {"name": "VARCHAR", "unit": "VARCHAR", "direction": "VARCHAR", "definition": "VARCHAR"},
        {"name": ["my loss"], "unit": ["ratio"], "direction": ["lower"], "definition": ["mine"]},
    )


class Library:
    """The registry with a session held open, asked by filter."""

    def __init__(self, registry: ExperimentRegistry, session: Session) -> None:
        self.registry = registry
        self.session = session

    def find(self, text: str, **more: Any) -> set[str]:
        """Return the names of the experiments a filter finds."""
        compiled = compile_filter(text, self.session, **more)
        rows = self.session.rows(
            "SELECT substr(t.tag, 4) FROM experiment e JOIN tag t ON t.id = e.id AND t.position = 0"
            f" WHERE {compiled.where}",
            compiled.params,
        )
        assert len({row[0] for row in rows}) == len(rows)
        return {row[0] for row in rows}


@pytest.fixture(scope="package")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path: Path = tmp_path_factory.mktemp("search") / "experiments.duckdb"
    registry = ExperimentRegistry(path)
    with registry.store.write() as session:
        moment = "2025-01-01T00:00:00.000000+00:00"
        configs = [BASE, HIGH, TEXTUAL, BIG]
        rows = [Registration(config, at=moment) for config in configs]
        rows.append(Registration(BARE, (OLD_HASH,), at="2025-02-01T00:00:00.000000+00:00"))
        take_in(session, rows, metadata="register", kind="registered")
        put_library_runs(session)
    registry.note(str(HIGH.config_hash), "Looks promising, 100% of it")
    registry.note(str(HIGH.config_hash), "Not any more")
    with registry.store.read() as session:
        yield Library(registry, session)


@pytest.fixture(scope="package")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    registry = ExperimentRegistry(tmp_path_factory.mktemp("search") / "empty.duckdb")
    with registry.store.read() as session:
        yield Library(registry, session)
