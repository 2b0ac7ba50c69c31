"""Experiments handed to trackers and brought in from there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from registry.faces.merging import Merging

if TYPE_CHECKING:
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
        """Push experiments into an MLflow experiment, a run for each; `tracking_uri` or `MLFLOW_TRACKING_URI` says where.

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

    def _hashes(self, references: Iterable[str]) -> list[str]:
        from registry.references import resolve_all

        with self._store.read() as session:
            return list(resolve_all(session, references))
