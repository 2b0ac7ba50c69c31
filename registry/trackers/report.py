"""What a push did, run by run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from registry.exchange.report import Refusal

PushOutcome = Literal["new", "completed", "updated", "restored", "unchanged"]
PUSH_OUTCOMES: tuple[PushOutcome, ...] = ("new", "completed", "updated", "restored", "unchanged")

Told = Callable[[int, int], None]
"""Takes how many experiments are done, of how many."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of one experiment at the tracker."""

    config_hash: str
    outcome: PushOutcome
    tracker_run: str | None = None
    """The id of the tracker's run; None where a dry run would make one."""
    run_id: str | None = None
    """The registry's run whose metrics went along."""
    left_out: tuple[str, ...] = ()
    """What the tracker can't hold under a name of its own; the attached file has it."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {
            "config_hash": self.config_hash,
            "outcome": self.outcome,
            "tracker_run": self.tracker_run,
            "run_id": self.run_id,
            "left_out": list(self.left_out),
        }


@dataclass(slots=True)
class PushReport:
    """What a push did, or would do when it was a dry run."""

    tracker: str
    """`mlflow` or `wandb`."""
    place: str
    """Where it went: the tracking URI without credentials, or a folder."""
    project: str
    """The tracker's experiment or project."""
    experiments: list[Pushed] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    """What the tracker did not take, by hash."""
    remarks: list[str] = field(default_factory=list)
    metrics_from: str | None = None
    """The panel and period whose metrics went along."""
    dry_run: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many experiments were new, completed, updated, restored, unchanged and refused."""
        found: dict[str, int] = dict.fromkeys((*PUSH_OUTCOMES, "refused"), 0)
        for each in self.experiments:
            found[each.outcome] += 1
        found["refused"] = len(self.refused)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "tracker": self.tracker,
            "place": self.place,
            "project": self.project,
            "counts": self.counts,
            "metrics_from": self.metrics_from,
            "dry_run": self.dry_run,
            "experiments": [each.to_dict() for each in self.experiments],
            "refused": [each.to_dict() for each in self.refused],
            "remarks": list(self.remarks),
        }
