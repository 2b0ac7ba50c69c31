"""Bringing experiments in: read, validated and hashed outside the lock, then taken in chunk by chunk.

Each chunk is a transaction of its own, small enough that the lock is given up at least every second; an
atomic import is one transaction instead, begun when all was read. An import that is interrupted between
chunks is finished by repeating it: what came in already is unchanged then.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import BinaryIO, Self

from registry.config import SHORT_HASH
from registry.exchange.foresight import Foresight
from registry.exchange.held import Held
from registry.exchange.mapped_reading import MappedReader, in_folder
from registry.exchange.mapping import Mapping
from registry.exchange.report import Found, Imported, ImportReport, Record, Refusal, Remark
from registry.exchange.sources import Source, expand, read_source
from registry.exchange.text import Meter
from registry.store import Session, Store, WriteSession
from registry.store.apply import CYCLE, take_in
from registry.store.inserting import Rows
from registry.store.notes import NewNote, take_in_notes
from registry.store.registration import Conflict, ImportMetadata, Outcome, Registration
from registry.store.run_entries import RunItem, items_of, take_in_runs

KIND = "imported"
"""The event an import leaves in the log."""

_FIRST_CHUNK, _SMALLEST_CHUNK, _LARGEST_CHUNK = 4_000, 2_000, 16_000
_TURN = 0.9
"""Seconds a chunk may hold the lock; the next one's size follows from how long the last one took."""

_MOST_VALUES = 300_000
"""Of runs, by date and by window: a chunk that has so many is full, however few its records are."""

_TELL_EVERY = 0.1
"""Seconds between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    records: int
    """Records read so far, refused ones included."""
    fraction: float | None
    """Of the bytes to read; None when that is not known (standard input)."""


def import_sources(
    store: Store,
    sources: Iterable[str | os.PathLike[str]],
    *,
    metadata: ImportMetadata = "fill",
    dry_run: bool = False,
    atomic: bool = False,
    stdin: BinaryIO | None = None,
    mapping: Mapping | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> ImportReport:
    """Import the experiments in files, folders, patterns and `-` (read from `stdin`, a stream of bytes).

    Where an experiment is there already its tags unite and its description is filled when it is empty
    (`fill`), or both become those of the record (`replace`). A record that can't be taken is refused in
    the report and loses none of the others, unless `atomic`: then one refusal keeps everything out.
    A `dry_run` reports the same and changes nothing. With a `mapping` the files are those of another system, and the
    report tells what became of the first record.

    Raises:
        MissingLibraryError: a file is YAML, and PyYAML is not installed; nothing was taken in.
        StoreError: the registry can't be used. Chunks taken in before stay; the import can be repeated.
        ExchangeError: `atomic`, and no room for what is held back until all is read.
    """
    report = ImportReport(dry_run=dry_run)
    reader = None if mapping is None else MappedReader(mapping)
    bring_in(store, _Reading(sources, stdin, progress, reader), report, metadata=metadata, atomic=atomic)
    if reader is not None:
        report.first = None if reader.first is None else reader.first.to_dict()
        report.remarks += reader.remarks()
    return report


def bring_in(
    store: Store,
    found: Iterable[tuple[str, Found]],
    report: ImportReport,
    *,
    metadata: ImportMetadata = "fill",
    atomic: bool = False,
    conflicts: list[Conflict] | None = None,
) -> None:
    """Bring what was found in, each with the name of its source, chunk by chunk, and write into `report` what became
    of it; see `import_sources`, whose errors it raises. With `report.dry_run` nothing is changed.
    """
    dry_run = report.dry_run
    chunk = _Chunk()
    with _no_collecting(), Held[_Chunk]() as held, _Taking(store, metadata, report, conflicts) as taking:
        for name, item in found:
            if type(item) is Record:
                chunk.add(name, item)
                report.aliases += item.aliases
                if len(chunk.registrations) >= taking.size or chunk.values >= _MOST_VALUES:
                    if not atomic:
                        taking.begin(chunk)
                    elif not report.refused:
                        held.add(chunk if dry_run else chunk.make_ready())
                    chunk = _Chunk()
            elif type(item) is Refusal:
                report.refused.append(item)
            else:
                report.remarks.append(item)  # type: ignore[arg-type]
        if atomic and report.refused:
            report.withheld = True
            report.aliases.clear()
        elif chunk.registrations or held:
            taking.begin(chunk, held)
        taking.finish()


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """Keep the cycle collector from walking through every record again and again: a tenth of the time.

    Records hold no cycles; whatever else makes some is collected afterwards.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@dataclass(slots=True)
class _Chunk:
    registrations: list[Registration] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    runs: list[RunItem] = field(default_factory=list)
    notes: list[NewNote] = field(default_factory=list)
    values: int = 0
    rows: Rows | None = None

    def add(self, name: str, record: Record) -> None:
        self.registrations.append(
            Registration(record.config, record.old_hashes, inferred=record.inferred, deleted_at=record.deleted_at)
        )
        self.places.append(record.source)
        self.runs += record.panels
        for run in record.runs:
            self.runs += items_of(run, record.config)
            self.values += sum(map(len, run.dates.values.values())) + sum(len(w.metrics) for w in run.windows)
        self.runs += record.trials
        self.notes += [(str(record.config.config_hash), note.at, note.note) for note in record.notes]
        self.names[name] = None

    def make_ready(self) -> Self:
        """Do all that can be done before the lock is taken."""
        self.rows = Rows(self.registrations)
        return self

    def source(self) -> str:
        """Return where the records came from, for the log."""
        first, others = next(iter(self.names)), len(self.names) - 1
        return first if not others else f"{first} and {others} more"


class _Reading:
    """Goes through the sources and tells how far it is."""

    def __init__(
        self,
        names: Iterable[str | os.PathLike[str]],
        stdin: BinaryIO | None,
        progress: Callable[[Progress], None] | None,
        mapped: MappedReader | None,
    ) -> None:
        self._found = list(expand(names, in_folder=None if mapped is None else in_folder))
        self._read = read_source if mapped is None else mapped.read
        self._stdin = stdin
        self._progress = progress
        self._meter = Meter()
        self._records = 0
        sources = [source for source in self._found if isinstance(source, Source)]
        if mapped is not None:
            mapped.check(sources)
        # what comes through a pipe has no size
        self._total = sum(s.size for s in sources) if all(s.size for s in sources) else 0

    def __iter__(self) -> Iterator[tuple[str, Found]]:
        told = time.monotonic()
        for source in self._found:
            if isinstance(source, Refusal):
                yield source.source, source
                continue
            for item in self._read(source, self._meter, self._stdin):
                yield source.name, item
                self._records += 1
                if self._progress is not None and (now := time.monotonic()) - told > _TELL_EVERY:
                    told = now
                    self._tell(self._progress)
        if self._progress is not None:
            self._tell(self._progress)

    def _tell(self, progress: Callable[[Progress], None]) -> None:
        progress(Progress(self._records, min(1.0, self._meter.done / self._total) if self._total else None))


class _Taking:
    """Takes chunks in, or foresees what would become of them, while the next one is being read.

    The engine works without Python's lock, so a thread of its own for it halves the time of a long import.
    There is never more than one chunk under way.
    """

    def __init__(
        self, store: Store, metadata: ImportMetadata, report: ImportReport, conflicts: list[Conflict] | None
    ) -> None:
        self.size = _FIRST_CHUNK
        """How many records the next chunk should have."""
        self._store = store
        self._metadata = metadata
        self._foresight = Foresight(metadata) if report.dry_run else None
        self._report = report
        self._conflicts = conflicts
        self._thread = ThreadPoolExecutor(1, "import")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> _Taking:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def begin(self, chunk: _Chunk, held: Iterable[_Chunk] = ()) -> None:
        """Begin to take a chunk in, in one transaction with what was held back, once the one before is done."""
        self.finish()
        self._under_way = self._thread.submit(self._take, chunk, held)

    def finish(self) -> None:
        """Wait for the chunk under way.

        Raises:
            StoreError: it could not be taken in.
        """
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def _take(self, last: _Chunk, held: Iterable[_Chunk]) -> None:
        taken: list[Imported] = []
        refused: list[Remark] = []
        runs = 0
        if self._foresight is None:
            last.make_ready()
        with self._store.write() if self._foresight is None else self._store.read() as session:
            began = time.monotonic()
            for chunk in itertools.chain(held, [last]):
                outcomes = self._outcomes(session, chunk)
                if chunk.runs and isinstance(session, WriteSession):
                    diverged: list[Conflict] = []
                    runs += len(take_in_runs(session, chunk.runs, conflicts=diverged))
                    refused += [Remark(chunk.source(), f"panel {each.name}: {each.because}") for each in diverged]
                refused += [
                    Remark(place, f"parent {registration.refused_parent[:SHORT_HASH]} left out: {CYCLE}")
                    for place, registration in zip(chunk.places, chunk.registrations, strict=True)
                    if registration.refused_parent is not None and self._conflicts is None
                ]  # fmt: skip
                taken += [
                    Imported(place, registration.config_hash, outcome)
                    for place, registration, outcome in zip(chunk.places, chunk.registrations, outcomes, strict=True)
                ]
            worked = time.monotonic()
        self._report.records += taken
        self._report.runs += runs
        self._report.remarks += refused
        self.size = _next_size(len(taken), worked - began, time.monotonic() - worked)

    def _outcomes(self, session: Session, chunk: _Chunk) -> list[Outcome]:
        registrations = chunk.registrations
        if self._foresight is not None:
            return self._foresight.outcomes(session, registrations)
        assert isinstance(session, WriteSession)
        hashes = [registration.config_hash for registration in registrations]
        times = Counter(hashes)
        repeated = [i for i, config_hash in enumerate(hashes) if times[config_hash] > 1]
        foreseen = Foresight(self._metadata).outcomes(session, registrations) if repeated else []
        became = take_in(
            session, registrations, metadata=self._metadata, kind=KIND, source=chunk.source(), rows=chunk.rows,
            conflicts=self._conflicts,
        )  # fmt: skip
        for config_hash in take_in_notes(session, chunk.notes, chunk.source()):
            if became[config_hash] == "unchanged":
                became[config_hash] = "updated"
        outcomes = [became[config_hash] for config_hash in hashes]
        for i in repeated:
            outcomes[i] = foreseen[i]
        return outcomes


def _next_size(size: int, working: float, ending: float) -> int:
    """Return the size of the chunk after one of `size` records.

    `working` seconds went into its records; `ending` its transaction took much the same whatever its size, so
    that ever smaller chunks would not help anybody.
    """
    fitting = int(size * (_TURN - ending) / max(working, 0.001))
    return max(_SMALLEST_CHUNK, min(_LARGEST_CHUNK, fitting))
