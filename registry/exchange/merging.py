"""Bringing two registries together: what another one holds comes into this one, by the rules of an import.

The other file is only read: it is copied with what waits beside it, and the copy, brought to the present schema, is
gone through at leisure, so that nobody who works with it has to wait. A dry run merges into a copy of this registry,
so that what it foresees is what then happens.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from registry import rows
from registry.aliases import Move, current
from registry.errors import ExchangeError, HashMismatchError, MissingRegistryError
from registry.exchange.importing import Progress, bring_in
from registry.exchange.report import Found, ImportReport, Record, Refusal, Remark
from registry.marks import CarriedAlias, Unmoved, newest
from registry.runs import reading
from registry.runs.panels import KnownPanel
from registry.store import Session, Store, WriteSession
from registry.store.apply import old_hashes
from registry.store.connection import explained
from registry.store.copies import copy_whole, is_same
from registry.store.edges import ancestry, closing
from registry.store.registration import Conflict
from registry.store.run_entries import RunItem, Trial, take_in_runs
from registry.store.session import INTEGERS, TEXTS, as_list

_BATCH = 1000
"""Experiments read at a time."""

_RUNS_OF = 25
"""Experiments whose runs are read at a time: with values by date they are large."""

_TELL_EVERY = 0.1
"""Seconds between two reports of progress."""

_LOOSE = 20_000
"""Trials, or experiments once purged, brought in in one transaction."""

CYCLE = "it would close a circle"


@dataclass(slots=True)
class MergeReport(ImportReport):
    """What a merge did, or would do: an import's report, with what the two registries say differently."""

    conflicts: list[Conflict] = field(default_factory=list)
    trials: int = 0
    """Configurations newly counted as tried on a panel and period, those that came with runs included."""
    trashed: int = 0
    """Of the new experiments, those that came into the trash, where they were."""
    moves: list[dict[str, Any]] = field(default_factory=list)
    """Aliases that were moved, or would be: alias, version, config_hash, from_hash."""
    unmoved: list[Unmoved] = field(default_factory=list)
    """Aliases that could not be moved."""

    @property
    def changed(self) -> bool:
        """Whether the registry was changed."""
        return not self.dry_run and (ImportReport.changed.fget(self) or bool(self.trials or self.moves))  # type: ignore[attr-defined]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            **ImportReport.to_dict(self),
            "conflicts": [conflict.to_dict() for conflict in self.conflicts],
            "trials": self.trials,
            "trashed": self.trashed,
            "moves": self.moves,
            "unmoved": [each.to_dict() for each in self.unmoved],
        }


def merge(
    store: Store,
    other: str | os.PathLike[str],
    *,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> MergeReport:
    """Bring what the registry at `other` holds into this one; `other` is not written to. Aliases stay.

    Raises:
        ExchangeError: `other` is this registry.
        MissingRegistryError: there is none.
        StoreError: one of the two can't be used. Chunks taken in before stay; the merge can be repeated.
    """
    path = Path(other).expanduser()
    if is_same(store, path):
        raise ExchangeError(f"{other} is this very registry; name another one")
    report = MergeReport()
    theirs = Store(path, wait=store.wait)
    with explained(Path(tempfile.gettempdir())):
        folder = tempfile.TemporaryDirectory(prefix="experiment-registry-")
    with folder:
        copy = Path(folder.name, "other.duckdb")
        for name, reason in copy_whole(theirs, copy):
            report.remarks.append(Remark(os.fspath(other), f"{name} waits there and can't be brought in: {reason}"))
        target = _rehearsal(store, Path(folder.name, "ours.duckdb")) if dry_run else store
        _Merge(target, Store(copy), os.fspath(other), report).run(progress)
        if dry_run:
            report.dry_run = True  # only now: it was a real one, into a copy
            with target.read() as session:
                report.moves = _planned(session, report.aliases)
    return report


def _rehearsal(store: Store, copy: Path) -> Store:
    """Return a copy of this registry to try a merge on; an empty one where there is none."""
    with contextlib.suppress(MissingRegistryError):
        copy_whole(store, copy)
    return Store(copy)


def _planned(session: Session, carried: Sequence[CarriedAlias]) -> list[dict[str, Any]]:
    here = {move.alias: move for move in current(session)}
    planned = []
    for each in newest(carried):
        before = here.get(each.alias)
        if before is None:
            planned.append(_move(each.alias, 1, each.config_hash, None))
        elif before.config_hash != each.config_hash:
            planned.append(_move(each.alias, before.version + 1, each.config_hash, before.config_hash))
    return planned


def moved(moves: Sequence[Move]) -> list[dict[str, Any]]:
    """Return moves as a report has them."""
    return [_move(move.alias, move.version, move.config_hash, move.from_hash) for move in moves]


def _move(alias: str, version: int, config_hash: str, from_hash: str | None) -> dict[str, Any]:
    return {"alias": alias, "version": version, "config_hash": config_hash, "from_hash": from_hash}


class _Merge:
    """One merge of `theirs`, a copy of nobody else's, into `ours`."""

    def __init__(self, ours: Store, theirs: Store, name: str, report: MergeReport) -> None:
        self._ours = ours
        self._theirs = theirs
        self._name = name
        self._report = report

    def run(self, progress: Callable[[Progress], None] | None) -> None:
        with self._theirs.read() as session:  # open all the while: nobody waits for a copy
            panels = [row[0] for row in session.rows("SELECT panel_id FROM panel ORDER BY panel_id")]
            known = {number: reading.known_panel(session, number) for number in panels}
            self._loose([panel for panel in known.values() if panel.by_day])
            before = self._trials_here() if panels else 0
            for trials in self._trials(known):
                self._loose(trials)
            conflicts: list[Conflict] = []
            bring_in(self._ours, self._found(progress), self._report, conflicts=conflicts)
            self._report.conflicts += conflicts
            self._purged()
            self._metrics()
            if panels:
                self._report.trials = self._trials_here() - before
            self._about_the_trash()
            if self._report.aliases:
                self._about_aliases()

    def _loose(self, items: Sequence[RunItem]) -> None:
        if items:
            with self._ours.write() as session:
                take_in_runs(session, items, conflicts=self._report.conflicts)

    # -- reading theirs ------------------------------------------------------------------------------

    def _trials(self, known: Mapping[int, KnownPanel]) -> Iterator[list[Trial]]:
        refs = {number: reading.panel_by_keys(panel.name, panel.keys) for number, panel in known.items()}
        with self._theirs.read() as session:
            count = session.value("SELECT count(*) FROM trial")
        for start in range(0, count, _LOOSE):
            with self._theirs.read() as session:
                found = session.rows(
                    "SELECT config_hash, ranking, panel_id, period_start, period_end, tried_at FROM trial"
                    f" ORDER BY ALL LIMIT {_LOOSE} OFFSET ?",
                    [start],
                )
            yield [
                Trial(hash_, rank, refs[panel], first.isoformat(), last.isoformat(), rows.utc(at) or "")
                for hash_, rank, panel, first, last, at in found
                if panel in refs
            ]

    def _found(self, progress: Callable[[Progress], None] | None) -> Iterator[tuple[str, Found]]:
        with self._theirs.read() as session:
            ids = [row[0] for row in session.rows("SELECT id FROM experiment ORDER BY id")]
            with_runs = {row[0] for row in session.rows("SELECT DISTINCT id FROM run")}
            aliases: dict[str, list[CarriedAlias]] = {}
            for move in current(session):
                carried = CarriedAlias(move.alias, move.config_hash, move.moved_at, move.who, move.why, self._name)
                aliases.setdefault(move.config_hash, []).append(carried)
        told = 0.0
        for start in range(0, len(ids), _BATCH):
            with self._theirs.read() as session:
                found = self._experiments(session, ids[start : start + _BATCH], aliases)
            for at in range(0, len(found), _RUNS_OF):
                for item in self._with_runs(found[at : at + _RUNS_OF], with_runs):
                    yield self._name, item
            if progress is not None and ((now := time.monotonic()) - told > _TELL_EVERY or start + _BATCH >= len(ids)):
                told = now
                done = min(start + _BATCH, len(ids))
                progress(Progress(done, done / len(ids)))

    def _experiments(
        self, session: Session, ids: Sequence[int], aliases: dict[str, list[CarriedAlias]]
    ) -> list[tuple[int, Record | Refusal]]:
        wanted = as_list(ids)
        tags = rows.tags_of(session, wanted)
        notes: dict[int, list[rows.Note]] = {}
        for id_, at, text in session.rows(
            f"SELECT id, noted_at, note FROM note WHERE id IN {INTEGERS} ORDER BY noted_at", [wanted]
        ):
            notes.setdefault(id_, []).append(rows.Note(rows.utc(at) or "", text))
        old = old_hashes(session, wanted)
        made: list[tuple[int, Record | Refusal]] = []
        for row in session.rows(
            f"SELECT {rows.CONFIG}, e.deleted_at, coalesce(e.parent_inferred, FALSE) FROM experiment e"
            f" WHERE e.id IN {INTEGERS} ORDER BY e.id",
            [wanted],
        ):
            place = f"{self._name}: {row[1][:12]}"
            try:
                config = rows.make_config(row, tags.get(row[0], []))
            except HashMismatchError as error:
                made.append((row[0], Refusal(place, str(error))))
                continue
            record = Record(
                place, config, tuple(old.get(row[0], ())), inferred=row[10], aliases=tuple(aliases.get(row[1], ())),
                notes=tuple(notes.get(row[0], ())), deleted_at=rows.utc(row[9]),
            )  # fmt: skip
            made.append((row[0], record))
        return made

    def _with_runs(self, found: Sequence[tuple[int, Record | Refusal]], with_runs: set[int]) -> Iterator[Found]:
        """Yield experiments, and with them their runs: those whose content still gives their ids."""
        ids = [id_ for id_, _ in found if id_ in with_runs]
        runs: dict[str, list[Any]] = {}
        if ids:
            with self._theirs.read() as session:
                for run in reading.carried(session, ids):
                    runs.setdefault(run.config_hash, []).append(run)
        for _, item in found:
            if isinstance(item, Refusal):
                yield item
                continue
            its = runs.get(str(item.config.config_hash), [])
            whole = tuple(run for run in its if run.compute_id() == run.run_id)
            yield replace(item, runs=whole) if its else item
            for run in its:
                if run not in whole:
                    yield Remark(item.source, f"run {run.run_id} was altered there; left out")

    # -- bringing in what belongs to no experiment ---------------------------------------------------------

    def _purged(self) -> None:
        """Bring in the edges of experiments that were purged there, so that their variants stay of one family."""
        with self._theirs.read() as session:
            stubs: list[tuple[str, str | None]] = session.rows(
                "SELECT config_hash, max(parent) FROM purged"
                " WHERE config_hash NOT IN (SELECT config_hash FROM experiment) GROUP BY 1 ORDER BY 1"
            )
        for start in range(0, len(stubs), _LOOSE):
            with self._ours.write() as session:
                self._take_stubs(session, stubs[start : start + _LOOSE])

    def _take_stubs(self, session: WriteSession, stubs: Sequence[tuple[str, str | None]]) -> None:
        wanted = as_list(stub[0] for stub in stubs)
        there = {
            row[0] for row in session.rows(f"SELECT config_hash FROM experiment WHERE config_hash IN {TEXTS}", [wanted])
        }
        known = dict(
            session.rows(
                f"SELECT config_hash, max(parent) FROM purged WHERE config_hash IN {TEXTS} GROUP BY 1", [wanted]
            )
        )
        new = [stub for stub in stubs if stub[0] not in there and (stub[0] not in known or stub[1] != known[stub[0]])]
        taken = [stub for stub in new if stub[1] is None and stub[0] not in known]
        edges = [(config_hash, parent) for config_hash, parent in new if parent is not None]
        for config_hash, parent in edges:
            if known.get(config_hash):
                self._report.conflicts.append(Conflict("parent", config_hash, known[config_hash], parent))
        edges = [edge for edge in edges if not known.get(edge[0])]
        above = ancestry(session, (end for edge in edges for end in edge))
        refused = {edges[place] for place in closing(above, edges)}
        for config_hash, parent in sorted(refused):
            self._report.conflicts.append(Conflict("parent", config_hash, None, parent, CYCLE))
        taken += [edge for edge in edges if edge not in refused]
        columns: dict[str, list[Any]] = {
            "config_hash": [stub[0] for stub in taken],
            "parent": [stub[1] for stub in taken],
        }
        session.insert("purged", {"config_hash": "VARCHAR", "parent": "VARCHAR"}, columns)

    def _metrics(self) -> None:
        """Bring in what users there say of their own metrics; where it differs, what is said here stays."""
        sql = "SELECT name, unit, direction, definition FROM metric ORDER BY name"
        with self._theirs.read() as session:
            theirs = {row[0]: row[1:] for row in session.rows(sql)}
        if not theirs:
            return
        with self._ours.write() as session:
            ours = {row[0]: row[1:] for row in session.rows(sql)}
            new = [(name, *said) for name, said in theirs.items() if name not in ours]
            names = ("name", "unit", "direction", "definition")
            columns = {column: [row[place] for row in new] for place, column in enumerate(names)}
            session.insert("metric", dict.fromkeys(names, "VARCHAR"), columns)
        for name, said in theirs.items():
            if ours.get(name, said) != said:
                self._report.conflicts.append(Conflict("metric", name, "; ".join(ours[name]), "; ".join(said)))

    # -- the rest of the report ----------------------------------------------------------------------------

    def _trials_here(self) -> int:
        with self._ours.read() as session:
            count: int = session.value("SELECT count(*) FROM trial")
        return count

    def _about_the_trash(self) -> None:
        report = self._report
        with self._theirs.read() as session:
            found = session.rows("SELECT config_hash FROM experiment WHERE deleted_at IS NOT NULL")
        trashed = {row[0] for row in found}
        report.trashed = sum(record.outcome == "new" and record.config_hash in trashed for record in report.records)
        if not trashed:
            return
        with self._ours.read() as session:
            live: int = session.value(
                f"SELECT count(*) FROM experiment WHERE deleted_at IS NULL AND config_hash IN {TEXTS}",
                [as_list(trashed)],
            )
        if live:
            what = "1 experiment that is live here lies" if live == 1 else f"{live:,} that are live here lie"
            report.remarks.append(Remark(self._name, f"{what} in the trash there; nothing was deleted here"))

    def _about_aliases(self) -> None:
        with self._ours.read() as session:
            here = {move.alias: move.config_hash for move in current(session)}
        for each in newest(self._report.aliases):
            if here.get(each.alias, each.config_hash) != each.config_hash:
                self._report.conflicts.append(Conflict("alias", each.alias, here[each.alias], each.config_hash))
