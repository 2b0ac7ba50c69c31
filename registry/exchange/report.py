"""What reading and importing hand back: records, refusals, remarks, and the report of an import.

A refusal is a value, not an exception: one bad record must never lose the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from registry.config import ExperimentConfig

if TYPE_CHECKING:
    from registry.marks import CarriedAlias
    from registry.rows import Note
    from registry.runs.panels import KnownPanel
    from registry.runs.record import Run
    from registry.store.run_entries import Trial

Outcome = Literal["new", "updated", "unchanged", "restored"]
OUTCOMES: tuple[Outcome, ...] = ("new", "updated", "unchanged", "restored")


@dataclass(frozen=True, slots=True)
class Record:
    """One experiment that was read: valid, hashed, with the place it came from."""

    source: str
    config: ExperimentConfig
    old_hashes: tuple[str, ...] = ()
    """Hashes the earlier system knew it by, other than its own."""
    runs: tuple[Run, ...] = ()
    """Runs that an export carried along."""
    trials: tuple[Trial, ...] = ()
    """What else was tried on the panels of those runs."""
    panels: tuple[KnownPanel, ...] = ()
    """What is known of the panels of those runs."""
    inferred: bool = False
    """The parent is a guess."""
    aliases: tuple[CarriedAlias, ...] = ()
    """Aliases that pointed to it where it was exported."""
    notes: tuple[Note, ...] = ()
    """Its notes, which come along from one registry to another only."""
    deleted_at: str | None = None
    """Since when it lies in the trash of the registry it comes from."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record or a file that was not taken, and why, in one sentence."""

    source: str
    """Where: `file.ndjson:12`, `old.sqlite: row 3`, or the file."""
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return a plain dict."""
        return {"source": self.source, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth knowing about what was read, though nothing was refused for it."""

    source: str
    text: str

    def to_dict(self) -> dict[str, str]:
        """Return a plain dict."""
        return {"source": self.source, "text": self.text}


Found = Record | Refusal | Remark
"""What a reader yields."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one record."""

    source: str
    config_hash: str
    outcome: Outcome

    def to_dict(self) -> dict[str, str]:
        """Return a plain dict."""
        return {"source": self.source, "config_hash": self.config_hash, "outcome": self.outcome}


@dataclass(slots=True)
class ImportReport:
    """What an import did, or what it would do when it was a dry run."""

    records: list[Imported] = field(default_factory=list)
    """Every record that was taken, in the order of the sources."""
    refused: list[Refusal] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    runs: int = 0
    """Runs that came with the records and were not here yet; those of a dry run are not counted."""
    aliases: list[CarriedAlias] = field(default_factory=list)
    """Aliases that the records carry; an import alone moves none."""
    first: dict[str, Any] | None = None
    """Of an import by a mapping: what the first record became, and which of its keys were not used."""
    dry_run: bool = False
    withheld: bool = False
    """An atomic import met refusals, so nothing came in: `records` is empty, `refused` says why."""

    @property
    def counts(self) -> dict[str, int]:
        """How many records were new, updated, unchanged, restored and refused."""
        found = dict.fromkeys((*OUTCOMES, "refused"), 0)
        for record in self.records:
            found[record.outcome] += 1
        found["refused"] = len(self.refused)
        return found

    @property
    def changed(self) -> bool:
        """Whether the registry was changed."""
        return (
            not self.dry_run
            and not self.withheld
            and (self.runs > 0 or any(r.outcome != "unchanged" for r in self.records))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "counts": self.counts,
            "runs": self.runs,
            "aliases": [alias.to_dict() for alias in self.aliases],
            "dry_run": self.dry_run,
            "withheld": self.withheld,
            "records": [record.to_dict() for record in self.records],
            "refused": [refusal.to_dict() for refusal in self.refused],
            "remarks": [remark.to_dict() for remark in self.remarks],
            **({} if self.first is None else {"first": self.first}),
        }
