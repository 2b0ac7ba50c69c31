"""Panels made in memory from tables: dates down, assets across, NaN where there is no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from registry import ExperimentConfig
from registry.backtest.evaluate import Evaluation, evaluate
from registry.backtest.options import Options
from registry.backtest.panel import Panel
from registry.backtest.prepared import Prepared
from registry.backtest.scoring import make_recipe

START = date(2020, 1, 1)


def make_panel(
    price: object,
    features: Mapping[str, object] | None = None,
    *,
    assets: Sequence[str] | None = None,
    cap: object = None,
    tradable: object = None,
    forward: object = None,
    horizon: int | None = None,
) -> Panel:
    """A row wherever there is a price (or a forward return); dates are days from 2020-01-01 on."""
    table = np.asarray(price if price is not None else forward, dtype=float)
    width = table.shape[1]
    names = list(assets) if assets is not None else [f"a{i:03}" for i in range(width)]
    there = ~np.isnan(table)
    date_no, asset_no = np.nonzero(there)
    days, date_no = np.unique(date_no, return_inverse=True)
    pick = lambda values: None if values is None else np.asarray(values, dtype=float)[there]  # noqa: E731
    return Panel(
        name="made",
        source=None,
        dates=np.array([np.datetime64(START, "D") + int(day) for day in days]),
        assets=names,
        offsets=np.searchsorted(date_no, np.arange(len(days) + 1)),
        date_no=date_no.astype(np.int32),
        asset_no=asset_no.astype(np.int32),
        price=pick(price),
        forward=pick(forward),
        forward_horizon=horizon,
        cap=pick(cap),
        tradable=None if tradable is None else np.asarray(tradable, dtype=bool)[there],
        features={name: pick(values) for name, values in (features or {}).items()},
        nonfinite={},
        columns=["date", "asset", "price", *(features or {})],
    )


def last_day(panel: Panel) -> date:
    return panel.dates[-1].astype(object)


def prepare(panel: Panel, options: Options) -> Prepared:
    return Prepared(panel, START, last_day(panel), options)


def run(panel: Panel, weights: Mapping[str, float], options: Options, **transformations: str) -> Evaluation:
    config = ExperimentConfig(list(weights), dict(weights), feature_transformations=transformations)
    return evaluate(prepare(panel, options), make_recipe(config), options)


def plain(**changes: object) -> Options:
    """Options under which everything after the first day is tested, without intervals."""
    given: dict[str, object] = {
        "k": 1, "horizons": (1,), "lag": 0, "train_days": 1, "walk_days": 2, "bootstrap": False, **changes,
    }  # fmt: skip
    return Options(**given)  # type: ignore[arg-type]


def walk(seed: int, dates: int, assets: int, spread: float = 0.02) -> np.ndarray:
    """Prices that wander."""
    source = np.random.default_rng(seed)
    return 100 * np.exp(np.cumsum(source.normal(0, spread, (dates, assets)), axis=0))


def day(number: int) -> str:
    return (START + timedelta(days=number)).isoformat()
