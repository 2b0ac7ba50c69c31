"""The demo's evaluated part: an equal weighting of price features and variants of it, backtested for real.

The prices beside this file are those of 20 large stocks that all survived, so results on them flatter.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.config import ExperimentConfig

if TYPE_CHECKING:
    from registry.backtest.comparing import Against
    from registry.experiments import ExperimentRegistry

START: Final = "2010-01-04"
END: Final = "2022-12-28"
PANEL: Final = "stocks_20"

FEATURES: Final = ("high_52w", "lowvol_252", "lowvol_60", "maxret_21", "mom_12_1", "mom_6_1", "rev_21", "rev_5")


def equal_weights() -> ExperimentConfig:
    """Return the experiment that the others are variants of: every feature as a z-score, weighted alike."""
    return ExperimentConfig(
        list(FEATURES), dict.fromkeys(FEATURES, 1 / len(FEATURES)), {"k": 5, "seed": 13, "walk_days": 30},
        dict.fromkeys(FEATURES, "zscore"), "Eight price features, all weighted alike", ["prices", "equal-weight"],
        "2024-06-01T09:00:00.000000+00:00",
    )  # fmt: skip


def variants(parent: ExperimentConfig) -> list[ExperimentConfig]:
    """Return the variants, each with what it tries in its description."""
    calm = dict.fromkeys(("lowvol_60", "lowvol_252", "maxret_21"), 0.25)
    ranked = dict.fromkeys(FEATURES, "rank")
    edits: list[tuple[str, dict[str, float], dict[str, object], dict[str, str]]] = [
        ("Twice the weight on twelve-month momentum", {"mom_12_1": 0.25}, {}, {}),
        ("Twice the weight on short reversal", {"rev_5": 0.25}, {}, {}),
        ("More of the calm stocks", calm, {}, {}),
        ("Without momentum", {"mom_12_1": 0.0, "mom_6_1": 0.0}, {}, {}),
        ("Without reversal", {"rev_5": 0.0, "rev_21": 0.0}, {}, {}),
        ("Ranks instead of z-scores", {}, {}, ranked),
        ("Only the three best", {}, {"k": 3}, {}),
    ]
    made = []
    for minute, (description, weights, hyperparameters, transformations) in enumerate(edits, 1):
        variant = parent.variant(
            weights=weights, hyperparameters=hyperparameters, transformations=transformations,
            description=description, tags=["prices"],
        )  # fmt: skip
        made.append(replace(variant, created_at=f"2024-06-01T09:{minute:02}:00.000000+00:00"))
    return made


def write_panel(target: Path) -> None:
    """Write the demo's panel as a Parquet file, to try things on real prices.

    Raises:
        FileExistsRefusal: there is something of that name, or was before the panel was finished.
        ExchangeError: it can't be written.
    """
    from registry.errors import ExchangeError
    from registry.exchange.files import writing_path
    from registry.store.workbench import EngineRefusal, literal, workbench

    with as_file(files("registry.demo")) as folder, workbench() as bench, writing_path(target) as making:
        query = (folder / "panel.sql").read_text(encoding="utf-8")
        query = query.replace("'prices.parquet'", literal(str(folder / "prices.parquet")))
        try:
            bench.rows(f"COPY ({query}) TO {literal(str(making))} (FORMAT parquet)")
        except EngineRefusal as error:
            raise ExchangeError(f"{target} can't be written: {error.line}") from None


def evaluate(registry: ExperimentRegistry) -> Against:
    """Backtest them all and record it; return the best variant set against its parent.

    Raises:
        StoreError: the place can't be written.
    """
    from registry.backtest.comparing import DECIDES, compare_runs
    from registry.backtest.identity import meant
    from registry.backtest.panel import load_panel
    from registry.backtest.running import Bench, keep

    parent = equal_weights()
    with as_file(files("registry.demo")) as folder:
        panel = load_panel(folder / "panel.sql", name=PANEL, features=FEATURES)
    bench = Bench(replace(panel, source=None), START, END)
    done = []
    for config in [parent, *variants(parent)]:
        this = meant(config, {"baselines": config is parent, "bootstrap": config is parent})
        done.append(bench.backtest(this.config, this.options, suggestion=False))
        keep(registry, done[-1])
    registry.sync()
    registry.promote(str(parent.config_hash), "production", "what the others have to beat")
    best = max(done[1:], key=lambda each: each.run.metrics[DECIDES] or 0.0)
    return compare_runs(registry, best.config, best.run, done[0].run, "parent")
