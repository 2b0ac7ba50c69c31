"""From an experiment and a panel to a run: `run_backtest`, the Python twin of `experiments backtest`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from registry.backtest.environment import environment
from registry.backtest.evaluate import Evaluation, count_steps, evaluate, significant_one
from registry.backtest.identity import check_features, meant, supplied
from registry.backtest.options import NAMES, Options, read_date
from registry.backtest.prepared import Prepared, check_given
from registry.backtest.scoring import make_recipe, named_features
from registry.backtest.steps import Steps, Watch
from registry.backtest.suggesting import Suggested, suggest, tested_beside
from registry.canonical import now_text
from registry.config import ExperimentConfig
from registry.gemscore import WEIGHTS
from registry.runs.panels import PanelDays, PanelRef
from registry.runs.record import ENGINE, Run

if TYPE_CHECKING:
    from registry.backtest.panel import Panel
    from registry.experiments import ExperimentRegistry


_OF_TIME: Final = (
    "walk_days", "horizons", "train_days", "expanding", "lag", "embargo", "delist", "min_test_dates",
    "periods_per_year",
)  # fmt: skip
"""Options that decide how a panel is prepared; experiments that agree in them share one preparation."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """A run, with what the artifacts and the printed table need beside it."""

    config: ExperimentConfig
    options: Options
    run: Run
    days: PanelDays
    evaluation: Evaluation = field(repr=False)
    suggested: Suggested | None = field(repr=False)
    beside: dict[str, Any] | None
    """How the suggestions did on dates they were not fitted on, beside the present weights."""
    prepared: Prepared = field(repr=False)


class Bench:
    """A panel over one period, on which any number of experiments are evaluated."""

    def __init__(
        self,
        panel: Panel,
        start: str | date,
        end: str | date,
        argv: Sequence[str] | None = None,
        columns: Mapping[str, Any] | None = None,
    ) -> None:
        self.panel = panel
        self.columns = {name: value for name, value in (columns or {}).items() if value is not None}
        self.start, self.end = read_date(start, "start"), read_date(end, "end")
        self.environment = environment(argv)
        self._prepared: dict[tuple[Any, ...], Prepared] = {}
        self._days: dict[tuple[str, ...], tuple[PanelDays, str]] = {}

    def prepared(self, options: Options) -> Prepared:
        """Return the panel prepared for the options that concern time; kept for the next experiment.

        Raises:
            BacktestError: the period can't be evaluated on this panel.
        """
        key = tuple(getattr(options, name) for name in _OF_TIME)
        if key not in self._prepared:
            self._prepared[key] = Prepared(self.panel, self.start, self.end, options)
        return self._prepared[key]

    def panel_ref(self, config: ExperimentConfig, options: Options) -> tuple[PanelRef, PanelDays]:
        """Return the panel as a run of this experiment names it, with the digests of its days.

        Raises:
            BacktestError: the panel lacks a feature, or the period can't be evaluated on it.
        """
        names = named_features(config)
        check_features(config, names, self.panel)
        check_given(self.panel, {name: getattr(options, name) for name in supplied(config)})
        prepared = self.prepared(options)
        if tuple(names) not in self._days:
            days = self.panel.days(names)
            self._days[tuple(names)] = days, days.key
        days, key = self._days[tuple(names)]
        fingerprint = self.panel.fingerprint(names, prepared.last_used)
        suspect = prepared.survivorship_suspect()
        return PanelRef(self.panel.name, fingerprint, key, self.panel.source, suspect), days

    def run_options(self, options: Options) -> dict[str, Any]:
        """Return the options as a run records them: those of time as they fit the panel, the others as given."""
        fitted = self.prepared(options).options
        given = {name: getattr(options, name) for name in NAMES if name not in _OF_TIME}
        return fitted.with_(**given).measured()

    def backtest(
        self, config: ExperimentConfig, options: Options, *, suggestion: bool = True, watch: Watch | None = None
    ) -> Backtest:
        """Evaluate one experiment; `watch` is told how many steps of how many are done.

        Raises:
            BacktestError: the experiment can't be scored on this panel and period.
        """
        began = time.perf_counter()
        ref, days = self.panel_ref(config, options)
        prepared = self.prepared(options)
        recipe = make_recipe(config)
        steps = Steps(count_steps(prepared, recipe, options) + 2 * suggestion, watch)
        evaluation = evaluate(prepared, recipe, options, steps)
        suggested, beside = None, None
        if suggestion:
            suggested = suggest(prepared, make_recipe(config, everything=True), options)
            steps.one()
            beside = tested_beside(prepared, evaluation.scored, suggested, options)
            steps.one()
        run = Run(
            config_hash=str(config.config_hash),
            panel=ref,
            start=self.start.isoformat(),
            end=self.end.isoformat(),
            options=self.run_options(options),
            metrics=evaluation.metrics,
            windows=evaluation.windows,
            dates=evaluation.series,
            engine=ENGINE,
            details=_details(prepared, evaluation, _unclipped(prepared, config)),
            environment={
                **self.environment,
                "panel_features": named_features(config),
                "panel_last": prepared.last_used.isoformat(),
                "panel_columns": self.columns,
            },
            duration=round(time.perf_counter() - began, 3),
            recorded_at=now_text(),
        )
        return Backtest(config, options, run, days, evaluation, suggested, beside, prepared)


def _unclipped(prepared: Prepared, config: ExperimentConfig) -> list[str]:
    """Say which features of the GemScore weights go beyond what `gem_score` keeps of them.

    It clips them to 0..1. The weights are evaluated on the features as they are, since a transformation is part
    of an experiment's identity and registries already hold these weights without one.
    """
    if dict(config.feature_weights) != WEIGHTS:
        return []
    rows = prepared.rows[prepared.test_rows]
    beyond = []
    for name in WEIGHTS:
        values = prepared.panel.features[name][rows]
        with np.errstate(invalid="ignore"):
            outside = not config.feature_transformations.get(name) and ((values < 0) | (values > 1)).any()
        if outside:
            beyond.append(name)
    if not beyond:
        return []
    return [
        f"{', '.join(beyond)} go beyond 0..1, to which a GemScore clips its features; here they count as they are"
        " (the transformation clip:0:1 clips them)"
    ]


def _details(prepared: Prepared, evaluation: Evaluation, warnings: list[str]) -> dict[str, Any]:
    """Return what a run tells beyond its metrics."""
    panel = prepared.panel
    return {
        "counts": evaluation.counts,
        "intervals": {name: list(bounds) for name, bounds in evaluation.intervals.items()},
        "net_return_median": evaluation.median_return,
        "baselines": {
            baseline.name: {"reason": baseline.reason}
            if baseline.reason is not None
            else {"metrics": baseline.metrics, "band": {name: list(b) for name, b in baseline.band.items()}}
            for baseline in evaluation.baselines
        },
        "warnings": [*evaluation.warnings, *warnings],
        "remarks": evaluation.remarks,
        "train_days": prepared.calendar.train_days,
        "periods_per_year": significant_one(prepared.periods_per_year()),
        "panel": {
            "dates": len(panel.dates),
            "assets": len(panel.assets),
            "first_date": str(panel.dates[0]),
            "last_date": str(panel.dates[-1]),
            "nonfinite": {name: count for name, count in panel.nonfinite.items() if count},
        },
    }


def run_backtest(
    registry: ExperimentRegistry,
    config: ExperimentConfig | str,
    panel: Any,
    *,
    start: str | date,
    end: str | date,
    record: bool = True,
    panel_name: str | None = None,
    columns: dict[str, Any] | None = None,
    **options: Any,
) -> Run:
    """Evaluate an experiment on a panel, register both it and the run, and return the run.

    `config` is a configuration or names a registered one; `panel` is a `Panel`, a path to a Parquet, CSV or
    SQL file, or a pandas, polars or Arrow table, and `panel_name` what it is called, by default the file's name;
    `columns` are the column names of `load_panel`. `options` are the fields of `Options`; what they leave out, the
    experiment's hyperparameters supply. An option that contradicts a hyperparameter evaluates (and registers) a
    variant. With `record=False` only the fact that this configuration was tried on this panel and period is kept.

    Raises:
        BacktestError: an option, the period or the experiment does not allow it.
        PanelError: the panel can't be read as one.
        NotFoundError, AmbiguousHashError, InvalidReferenceError: `config` names not exactly one experiment.
    """
    from registry.backtest.panel import Panel, load_panel

    wanted = registry.config(config) if isinstance(config, str) else config
    this = meant(wanted, options)
    if panel_name is not None:
        columns = {**(columns or {}), "name": panel_name}
    if isinstance(panel, Panel):
        panel = panel if panel_name is None else replace(panel, name=panel_name)
    else:
        panel = load_panel(panel, **{"features": named_features(wanted), **(columns or {})})
    done = Bench(panel, start, end, columns=columns).backtest(this.config, this.options, suggestion=False)
    keep(registry, done, record=record)
    return done.run


def keep(registry: ExperimentRegistry, done: Backtest, *, record: bool = True) -> None:
    """Register the experiment and its run; or only that it was tried."""
    if record:
        registry.register(done.config)
        registry.record(done.run, done.days, config=done.config)
    else:
        registry.record_trial(done.config, done.run.panel, done.run.start, done.run.end, panel_days=done.days)
