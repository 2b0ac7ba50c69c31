"""Runs: recording them and reading them; panels, trials and metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from registry.faces.looking import Looking

if TYPE_CHECKING:
    from registry.config import ExperimentConfig
    from registry.metrics import Metric
    from registry.runs.panels import PanelDays, PanelRef
    from registry.runs.reading import PanelInfo
    from registry.runs.record import Run


class Evaluating(Looking):
    """What records results and finds them again."""

    def record_run(
        self,
        config: ExperimentConfig | str,
        *,
        metrics: Mapping[str, float | None],
        panel: str | Mapping[str, Any],
        period: str | tuple[str, str],
        windows: Iterable[Mapping[str, Any]] = (),
        dates: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        definitions: Mapping[str, Mapping[str, str]] | None = None,
        details: Mapping[str, Any] | None = None,
        engine: str = "custom",
        duration: float | None = None,
    ) -> Run:
        """Record what a program of your own found out about an experiment; the run is durable when this returns.

        `config` is registered first when it is a configuration; a text names a registered one. `panel` is a
        name, or a mapping with `name` and `fingerprint`. `period` is `"2010-01-04..2022-12-28"` or a pair.
        `windows` hold `test_start`, `test_end` and `metrics`; `dates` is metric to ISO day to value (the values
        by rebalance date that paired tests need). A metric that is not ours needs a definition once:
        `definitions={"name": {"unit": …, "direction": "higher", "definition": …}}`. The same content again is
        the same run.

        Raises:
            InvalidRunError: a field can't be recorded; the message names it and the value.
            NotFoundError, AmbiguousHashError, InvalidReferenceError: `config` names not exactly one experiment.
            StoreError: the place can't take it; nothing was recorded.
        """
        from registry.canonical import now_text
        from registry.config import ExperimentConfig
        from registry.errors import InvalidRunError
        from registry.runs.fields import period_of
        from registry.runs.record import Run

        first, last = period_of(period)
        wanted = self.config(config) if isinstance(config, str) else config
        if not isinstance(wanted, ExperimentConfig):
            from registry.errors import InvalidConfigError

            raise InvalidConfigError(f"record_run takes an ExperimentConfig or a hash, not {type(config).__name__}")
        run = Run.from_dict(
            {
                "config_hash": wanted.compute_hash(),
                "panel": panel,
                "start": first,
                "end": last,
                "options": {} if options is None else options,
                "metrics": metrics,
                "windows": windows,
                "dates": {} if dates is None else dates,
                "engine": engine,
                "details": {} if details is None else details,
                "duration": duration,
                "recorded_at": now_text(),
                "definitions": {} if definitions is None else definitions,
            }
        )
        if not run.metrics:
            raise InvalidRunError("metrics: there are none; a run has at least one")
        self._check_defined(run)  # before the experiment is registered: a refusal leaves nothing behind
        if not isinstance(config, str):
            self.register(wanted)
        self.record(run, config=wanted)
        return run

    def record(self, run: Run, panel_days: PanelDays | None = None, *, config: ExperimentConfig | None = None) -> str:
        """Record a run of a registered experiment; return its id. It is durable when this returns.

        Raises:
            InvalidRunError: a field can't be read back, or a metric in it is defined nowhere.
            StoreError: the place can't take it; nothing was recorded.
        """
        from registry.runs.record import Run
        from registry.store.run_entries import ranking_of

        Run.from_dict(run.to_dict())  # what is acknowledged must not be set aside when it is taken in
        self._check_defined(run)
        if config is None:
            config = self.config(run.config_hash)
        return self._store.record(run, ranking_of(config), panel_days)

    def _check_defined(self, run: Run) -> None:
        from registry.metrics import metric
        from registry.runs.reading import check_defined

        if any(metric(name) is None and name not in run.definitions for name in run.metric_names):
            with self._store.read() as session:
                check_defined(session, run)

    def record_trial(
        self, config: ExperimentConfig, panel: PanelRef, start: str, end: str, panel_days: PanelDays | None = None
    ) -> None:
        """Count that a configuration was evaluated, without registering it or its result.

        Raises:
            StoreError: the place can't take it.
        """
        from registry.canonical import now_text
        from registry.store.run_entries import Trial, ranking_of

        trial = Trial(config.compute_hash(), ranking_of(config), panel, start, end, now_text())
        self._store.record_trial(trial, panel_days)

    def runs(
        self,
        reference: str | None = None,
        *,
        panel: str | None = None,
        period: str | None = None,
        limit: int | None = None,
        full: bool = False,
    ) -> list[Run]:
        """Return runs, newest first: of everything, or of one experiment, panel (`NAME`, or `NAME#2`) or period.

        Without `full` they come without windows and values by date.

        Raises:
            InvalidRunError: `period` is no period.
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one experiment.
        """
        from registry import references
        from registry.runs import reading

        with self._store.read() as session:
            ids = None if reference is None else [references.resolve(session, reference)[0]]
            return reading.runs(session, ids, panel=panel, period=period, limit=limit, full=full)

    def runs_to_carry(self, reference: str) -> list[dict[str, Any]]:
        """Return the runs of an experiment as an export carries them to another registry, oldest first.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one experiment.
        """
        from registry import references
        from registry.runs import reading

        with self._store.read() as session:
            return reading.to_carry(session, [references.resolve(session, reference)[0]])

    def carrier(self) -> Callable[[ExperimentConfig], dict[str, list[dict[str, Any]]]]:
        """Return what gives, for one export, the runs of each experiment and what else was tried on their panels.

        The trials on a panel and period, and what is known of a panel day by day, go with the first experiment that
        has a run there.
        """
        from registry.runs import reading

        told: set[tuple[int, str, str]] = set()
        described: set[int] = set()

        def carried(config: ExperimentConfig) -> dict[str, list[dict[str, Any]]]:
            hash_ = str(config.config_hash)
            runs, trials = self.runs_to_carry(hash_), []
            places = {(run.panel_id, run.start, run.end) for run in self.runs(hash_) if run.panel_id is not None}
            with self._store.read() as session:
                for place in sorted(places - told):
                    trials += reading.trials_to_carry(session, *place, but=hash_)
                fresh = sorted({number for number, _, _ in places} - described)
                panels = [known for number in fresh if (known := reading.panel_to_carry(session, number)) is not None]
            told.update(places)
            described.update(fresh)
            return {"panels": panels, "runs": runs, "trials": trials}

        return carried

    def count_runs(self, hashes: Iterable[str]) -> int:
        """Return how many runs the experiments with these full hashes have."""
        from registry.runs import reading

        with self._store.read() as session:
            return reading.count_runs(session, hashes)

    def run(self, run_id: str) -> Run:
        """Return one run in full, by its id or the beginning of it.

        Raises:
            NotFoundError, AmbiguousHashError: there is not exactly one.
        """
        from registry.runs import reading

        with self._store.read() as session:
            return reading.one_run(session, run_id)

    def find_run(
        self,
        config_hash: str,
        *,
        panel: str,
        fingerprint: str | None,
        start: str,
        end: str,
        options: dict[str, Any],
        engine: str,
    ) -> Run | None:
        """Return the run of this experiment on this content of a panel, period and options, or None."""
        from registry.runs import reading

        with self._store.read() as session:
            return reading.find_run(
                session, config_hash, panel=panel, fingerprint=fingerprint, start=start, end=end, options=options,
                engine=engine,
            )  # fmt: skip

    def panels(self) -> list[PanelInfo]:
        """Return the panels that runs were made on, newest first."""
        from registry.runs import reading

        with self._store.read() as session:
            return reading.panels(session)

    def check_panel(self, panel: str) -> None:
        """Refuse the name of a panel (or `NAME#2`) that no run is on.

        Raises:
            FilterError: the message names the nearest panel.
        """
        from registry.runs import reading

        with self._store.read() as session:
            reading.check_panel(session, panel)

    def panel_number(self, panel: PanelRef) -> int | None:
        """Return which panel the registry takes this content to be; None for one it never saw."""
        from registry.runs import reading

        with self._store.read() as session:
            return reading.panel_number(session, panel)

    def panel_change(self, days: PanelDays) -> str | None:
        """Return a sentence on the first past value of a panel that changed since it was last used, or None."""
        from registry.runs import reading

        with self._store.read() as session:
            return reading.panel_change(session, days)

    def trials(self, panel: str, period: str) -> int:
        """Return how many configurations were ever evaluated on a panel and period, deleted and untracked ones too.

        Raises:
            InvalidRunError: `period` is no period.
        """
        from registry.runs import reading

        with self._store.read() as session:
            return reading.trials(session, panel, period)

    def metrics(self) -> list[Metric]:
        """Return what every metric means: our own, then those that were recorded with a definition."""
        from registry.runs import reading

        with self._store.read() as session:
            return reading.metrics(session)

    def metric(self, name: str) -> Metric | None:
        """Return what a metric means, ours also at another horizon (`edge_h14`); None for one that nobody defined."""
        from registry.runs import reading

        with self._store.read() as session:
            return reading.definition(session, name)
