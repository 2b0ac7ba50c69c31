"""Experiments handed to trackers and brought in from there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from registry.faces.merging import Merging

if TYPE_CHECKING:
    from registry.exchange.importing import Progress
    from registry.exchange.report import ImportReport
    from registry.store.registration import ImportMetadata
    from registry.trackers.mapping import NameMapping
    from registry.trackers.report import PushReport, Told


class Tracking(Merging):
    """What talks to MLflow and W&B; the libraries are extras."""

    def push_mlflow(
        self,
        references: Iterable[str],
        tracking_uri: str | None = None,
        experiment: str = "experiment-registry",
        *,
        panel: str | None = None,
        period: str | None = None,
        dry_run: bool = False,
        progress: Told | None = None,
    ) -> PushReport:
        """Push experiments into an MLflow experiment at `tracking_uri` (else `MLFLOW_TRACKING_URI`), a run for each.

        Metrics are those of each one's latest run on the panel and period chosen, or on those that their latest runs
        agree on; an experiment evaluated elsewhere, too, is another MLflow run. Pushing again updates description and
        tags, completes what was interrupted, brings back what was deleted there, and otherwise changes nothing.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: a reference is not exactly one experiment.
            AmbiguousPanelError, FilterError: the panel or period is not clear, or not there.
            ExchangeError: the tracking URI is none, or the MLflow experiment lies in MLflow's trash.
            MissingLibraryError: mlflow is not installed.
            TrackerError: MLflow can't be reached or stopped answering; pushing again goes on.
        """
        from registry.trackers.mlflow_push import push

        hashes = self._hashes(references)
        return push(
            self._store, hashes, tracking_uri, experiment, panel=panel, period=period, dry_run=dry_run,
            progress=progress,
        )  # fmt: skip

    def push_wandb(
        self,
        references: Iterable[str],
        project: str = "experiment-registry",
        entity: str | None = None,
        *,
        offline: bool = False,
        folder: str | os.PathLike[str] | None = None,
        panel: str | None = None,
        period: str | None = None,
        dry_run: bool = False,
        progress: Told | None = None,
    ) -> PushReport:
        """Push experiments into a W&B project, a run for each, with metrics as `push_mlflow` has them.

        W&B's files lie in `folder`, else beside the registry (`experiments.duckdb.wandb`). With `offline` nothing is
        sent: they stay there for `wandb sync`, and those that are there are left alone when nothing changed.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: a reference is not exactly one experiment.
            AmbiguousPanelError, FilterError: the panel or period is not clear, or not there.
            ExchangeError: the project's name can't be one, the folder can't be made, or a dry run is not offline.
            MissingLibraryError: wandb is not installed.
            TrackerError: W&B can't be reached, or there is no API key.
        """
        from registry.trackers.wandb_push import push

        hashes = self._hashes(references)
        return push(
            self._store, hashes, project, entity, offline=offline, folder=folder, panel=panel, period=period,
            dry_run=dry_run, progress=progress,
        )  # fmt: skip

    def pull_mlflow(
        self,
        tracking_uri: str | None = None,
        experiments: Sequence[str] = ("experiment-registry",),
        *,
        runs: str = "",
        mapping: NameMapping | None = None,
        metadata: ImportMetadata = "fill",
        dry_run: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> ImportReport:
        """Bring in the runs of MLflow experiments, those that match `runs`, which is MLflow's own filter.

        What a push attached, `experiment_config.json`, is read as an import reads it, and its run of a panel comes
        along. Runs that were never ours become experiments by a `mapping` of their params (see
        `registry.trackers.mapping`); without one they are passed over. Pulling again changes nothing.

        Raises:
            ExchangeError: the tracking URI is none, or there is no such store or MLflow experiment.
            MissingLibraryError: mlflow is not installed.
            TrackerError: MLflow can't be reached or stopped answering; what came in before stays.
            StoreError: this registry can't be used.
        """
        from registry.trackers.mlflow_pull import pull

        return pull(
            self._store, tracking_uri, experiments, runs=runs, mapping=mapping, metadata=metadata, dry_run=dry_run,
            progress=progress,
        )  # fmt: skip

    def _hashes(self, references: Iterable[str]) -> list[str]:
        from registry.references import resolve_all

        with self._store.read() as session:
            return list(resolve_all(session, references))
