"""Hundreds of experiments on one panel: each its own run, one row each in one report.

The panel is loaded and prepared once. An experiment that fails is reported and the others go on; one that
has a run already is skipped; whatever was finished before an interrupt stays recorded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from registry.backtest.artifacts import as_json, write_folder
from registry.backtest.identity import meant
from registry.backtest.running import Bench, keep
from registry.config import ExperimentConfig
from registry.errors import RegistryError, StoreError
from registry.runs.record import ENGINE, Run
from registry.store.run_entries import options_key

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry

Outcome = Literal["evaluated", "there already", "failed"]

COLUMNS: Final = (
    "precision_at_k", "base_rate", "edge", "rank_ic", "net_return", "sharpe", "max_drawdown", "turnover", "dates",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one experiment."""

    config: ExperimentConfig
    outcome: Outcome
    run: Run | None = None
    reason: str = ""
    variant_of: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a row of the report."""
        metrics = {} if self.run is None else self.run.metrics
        return {
            "config_hash": self.config.config_hash,
            "outcome": self.outcome,
            "run": None if self.run is None else self.run.run_id,
            "variant_of": self.variant_of,
            "description": self.config.description,
            "tags": list(self.config.tags),
            **{name: metrics.get(name) for name in COLUMNS},
            "reason": self.reason or None,
        }


def backtest_many(
    registry: ExperimentRegistry,
    configs: Sequence[ExperimentConfig],
    bench: Bench,
    explicit: Mapping[str, Any],
    *,
    again: bool = False,
    record: bool = True,
) -> Iterator[Done]:
    """Yield what becomes of each experiment, in order; each run is durable when it is yielded."""
    there = {} if again else _known(registry, bench)
    for wanted in configs:
        try:
            this = meant(wanted, explicit)
            ref, _ = bench.panel_ref(this.config, this.options)
            key = str(this.config.config_hash), ref.fingerprint, options_key(bench.run_options(this.options))
            known = there.get(key)
            if known is not None:
                yield Done(this.config, "there already", known, variant_of=this.variant_of)
                continue
            done = bench.backtest(this.config, this.options, suggestion=False)
            keep(registry, done, record=record)
        except StoreError:
            raise
        except (RegistryError, ArithmeticError) as error:
            yield Done(wanted, "failed", reason=str(error))
            continue
        if not again:
            there[key] = done.run
        yield Done(done.config, "evaluated", done.run, variant_of=this.variant_of)


def _known(registry: ExperimentRegistry, bench: Bench) -> dict[tuple[str, str | None, str], Run]:
    """Return our runs on this panel and period, in one look: a look for each experiment costs more than its run."""
    runs = registry.runs(panel=bench.panel.name, period=f"{bench.start}..{bench.end}")
    ours = [run for run in reversed(runs) if run.engine == ENGINE]  # the newest comes last and stays
    return {(run.config_hash, run.panel.fingerprint, options_key(run.options)): run for run in ours}


def find_known(registry: ExperimentRegistry, bench: Bench, config: ExperimentConfig, options: Any) -> Run | None:
    """Return the recorded run of this experiment on this panel, period and options, or None.

    Raises:
        BacktestError: the experiment can't be evaluated on this panel and period.
    """
    ref, _ = bench.panel_ref(config, options)
    return registry.find_run(
        str(config.config_hash),
        panel=ref.name,
        fingerprint=ref.fingerprint,
        start=bench.start.isoformat(),
        end=bench.end.isoformat(),
        options=bench.run_options(options),
        engine=ENGINE,
    )


def write_report(output: Path, bench: Bench, done: Sequence[Done]) -> Path:
    """Write one folder for all: `experiments.csv` with a row an experiment, and `summary.json`.

    Raises:
        BacktestError: it can't be written.
    """
    rows = [each.to_dict() for each in done]
    outcomes = {kind: sum(each.outcome == kind for each in done) for kind in ("evaluated", "there already", "failed")}
    summary = {
        "config": {"start": bench.start.isoformat(), "end": bench.end.isoformat()},
        "panel": {"name": bench.panel.name, "source": bench.panel.source},
        "outcomes": outcomes,
        "experiments": rows,
    }
    return write_folder(output, {"summary.json": as_json(summary), "experiments.csv": _csv(rows)})


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return hashes and numbers; texts of users stay in the JSON, where no spreadsheet runs them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ["config_hash", "outcome", "run", "variant_of", *COLUMNS]
    writer.writerow(names)
    for row in rows:
        writer.writerow(["" if row[name] is None else row[name] for name in names])
    return text.getvalue()
