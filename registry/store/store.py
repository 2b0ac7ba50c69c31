"""`Store`: the only door to a registry's file, its lock and its spool."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from registry.config import ExperimentConfig
from registry.errors import ReadOnlyError, StoreError
from registry.runs.panels import PanelDays
from registry.runs.record import Run
from registry.store import (
    copies,
    entries,
    files,
    forks,
    ingest,
    leaving,
    overlay,
    peeking,
    place,
    run_entries,
    schema,
)
from registry.store.connection import Connection, explained
from registry.store.lingering import Lingering
from registry.store.opening import PATIENCE, Opening
from registry.store.run_entries import Trial
from registry.store.session import Session, WriteSession
from registry.store.spool import Spool, identity

APPLY_EVERY = 500
"""Registrations of one process after which it tries, without waiting, to bring the spool in."""

_MOST_KEPT = 1000
"""Small answers that are kept while the file stays as it is."""


class Store:
    """A registry's file. Safe across threads and forks; held open while idle only for a moment, where asked to."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        wait: float = 10.0,
        read_only: bool = False,
        migrations: Sequence[schema.Migration] | None = None,
    ) -> None:
        """Name the file; with `read_only` every change is refused, and what waits beside the file stays there."""
        self.read_only = read_only
        self.path = Path(os.path.realpath(path))
        if not wait >= 0:
            raise ValueError(f"wait: {wait} is not a number of seconds, 0 or more")
        self.wait = wait
        self.spool = Spool(self.path)
        self.migrations = schema.MIGRATIONS if migrations is None else migrations
        self._opening = Opening(self.path, self.spool, self.migrations, wait=wait, read_only=read_only)
        self._local = threading.local()
        self._reading: set[Session] = set()
        self._lingering = Lingering(self.path)
        self._checked: object = ()
        self._kept: tuple[object, dict[tuple[Any, ...], list[tuple[Any, ...]]]] = (None, {})
        self._registrations = itertools.count(1)
        self._registered_in = 0  # the process
        self._panels: set[tuple[int, str]] = set()  # those this process made known

    # -- what is there -------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Tell whether there is a registry: its file exists (and is not empty) or its spool has entries.

        Raises:
            NotARegistryError: something else lies at the path.
        """
        return self._opening.exists()

    def stamp(self) -> tuple[object, ...]:
        """Return a value that changes whenever the registry may have changed; costs three system calls."""
        return (*self._file(), _state(self.spool.folder))

    # -- registering -------------------------------------------------------------------------------

    def register(self, config: ExperimentConfig) -> str:
        """Make the registration of `config` durable without opening the engine; return its hash.

        Raises:
            StoreError: the place can't take it in (read-only, not a registry, disk full).
        """
        config_hash = config.compute_hash()
        entry = entries.register_entry(config)
        entry["record"]["config_hash"] = config_hash
        self._spool(entry, config_hash[:16])
        return config_hash

    def record(self, run: Run, ranking: str, days: PanelDays | None = None) -> str:
        """Make a run durable without opening the engine; return its id. Its experiment must be registered before.

        Raises:
            StoreError: the place can't take it in (read-only, not a registry, disk full).
        """
        self._spool_panel(days)
        self._spool(run_entries.run_entry(run, ranking), run.run_id)
        return run.run_id

    def record_trial(self, trial: Trial, days: PanelDays | None = None) -> None:
        """Count, durably, that a configuration was evaluated. Raises as `record`."""
        self._spool_panel(days)
        self._spool(run_entries.trial_entry(trial), "trial")

    def _spool_panel(self, days: PanelDays | None) -> None:
        if days is not None and (os.getpid(), days.key) not in self._panels:
            self._spool(run_entries.panel_entry(days), days.key)
            self._panels.add((os.getpid(), days.key))

    def _spool(self, entry: dict[str, Any], label: str) -> None:
        self._check_place()
        self.spool.write(entry, label)
        self._registered_in = os.getpid()
        leaving.at_exit(self.path, self.close)
        if next(self._registrations) % APPLY_EVERY == 0:
            self.try_sync()

    def _check_place(self) -> None:
        """Refuse a place that can never take the spool in, before anything is acknowledged."""
        found: object = None
        with contextlib.suppress(OSError):
            status = self.path.stat()
            found = (status.st_dev, status.st_ino, status.st_size > 0)
        self.check_may_change()
        if found == self._checked:
            return
        place.check_name(self.path)
        place.check_local(self.path)
        place.check_writable(self.path)
        if self.sniff() == "duckdb":
            with explained(self.path):
                mark = identity(self.path, opening=not forks.is_open(self.path))
            if not (self.spool.verified() or "").startswith(mark):
                with self.read():  # finds out what it is
                    pass
                self.spool.mark_verified(mark)
        self._checked = found

    def check_may_change(self) -> None:
        """Refuse a change where only looking was asked for.

        Raises:
            ReadOnlyError: it was.
        """
        if self.read_only:
            raise ReadOnlyError(f"{self.path} was opened for looking only (read only); nothing can be changed here")

    # -- sessions ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def read(self, linger: float = 0.0) -> Iterator[Session]:
        """Open the registry for reading, spooled registrations included; a missing one reads as empty.

        With `linger` the next one opens in no time: the file stays open for that many seconds, unless somebody
        waits for it. Within one thread a nested `read` or a `read` within a `write` uses the session that is open.

        Raises:
            StoreError: the registry can't be read; the subclasses tell why.
        """
        session = self.current()
        if session is not None:
            yield session
            return
        place.check_name(self.path)
        self._lingering.drop(unless=self._file())
        # laying a great many entries over the tables takes seconds, in which nobody else could bring them in
        self._sync_within(0.0 if len(self.spool.names()) <= ingest.BATCH else min(PATIENCE, self.wait))
        with contextlib.ExitStack() as cleanup:
            session = Session(self._opening.reader(cleanup), self.path)
            cleanup.callback(self._reading.discard, session)
            self._reading.add(session)
            if not self._lay_over(session):
                session.kept = self._kept_of_file()
            cleanup.callback(setattr, self._local, "open", None)
            self._local.open = session
            yield session
            if linger and forks.is_open(self.path):
                self._lingering.hold(linger, self._file())

    @contextlib.contextmanager
    def peek(self) -> Iterator[Session]:
        """Look into the registry as it is now: wait for nobody, change and make nothing.

        Spooled registrations are seen unless they are very many. An older schema is not taken forward: what it
        has no table for can't be asked.

        Raises:
            LockedError: somebody changes it just now, or waits to.
            MissingRegistryError: there is none.
            StoreError: the registry can't be read; the subclasses tell why.
        """

        def memory(connection: Connection) -> None:
            with explained(self.path):
                schema.create(connection, self.migrations)

        with peeking.peek(self.path, self.sniff, memory) as (connection, there):
            found = files.version(connection, self.path, self.migrations) if there else len(self.migrations)
            session = Session(connection, self.path)
            if found == len(self.migrations) and len(self.spool.names()) <= peeking.MOST_WAITING:
                self._lay_over(session)
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[WriteSession]:
        """Open the registry for one change: the spool is brought in, then the body is one transaction.

        The transaction is committed when the body ends, and undone when it raises. The file is made when
        it is missing. Within one thread a nested `write` joins the outer transaction.

        Raises:
            LockedError: others held the file longer than `wait` seconds.
            StoreError: the registry can't be written; nothing was changed.
        """
        outer = self.current()
        if isinstance(outer, WriteSession):
            yield outer
            return
        if outer is not None:
            raise RuntimeError(
                "a registry that is open for reading in this thread can't be changed before it is closed"
            )
        self.check_may_change()
        pid = os.getpid()
        place.check_name(self.path)
        place.check_local(self.path)
        place.check_writable(self.path)
        self.sniff()
        while True:
            with self._exclusive(self.wait) as session:
                if not self._bring_in(session):
                    continue  # more entries than one turn takes: let the others have the lock in between
                with explained(self.path):
                    session.connection.execute("BEGIN")
                try:
                    self._local.open = session
                    yield session  # what it raises closes the connection, which undoes the change
                finally:
                    self._local.open = None
                if os.getpid() == pid:
                    with explained(self.path):
                        session.commit()
                return

    def interrupt(self) -> bool:
        """Stop what other threads are asking, each with an error; return whether anybody was. Changes go on."""
        asking = tuple(self._reading)
        for session in asking:
            with contextlib.suppress(Exception):  # it has just been closed
                session.interrupt()
        return bool(asking)

    def sync(self) -> int:
        """Bring the spool in now, waiting for the lock; return how many entries there were."""
        waiting = len(self.spool.names())
        if waiting:
            with self.write():
                pass
        return waiting

    def try_sync(self) -> bool:
        """Bring the spool in if that needs no waiting; return whether it is done.

        Never raises because of the place, the lock or the disk: the entries stay where they are, safe.
        """
        return self._sync_within(0.0)

    def _sync_within(self, seconds: float) -> bool:
        with contextlib.suppress(StoreError, OSError):
            if not self.spool.names():
                return True
            if self.read_only or self.current() is not None or not place.is_writable(self.path):
                return False
            while True:
                with self._exclusive(seconds) as session:
                    if self._bring_in(session):
                        return True
        return False

    def close(self) -> None:
        """Let the file go, and bring in what this process registered, if that needs no waiting."""
        self._lingering.drop()
        # once more: whoever registered while the first were brought in found the lock taken
        if self._registered_in == os.getpid() and self.try_sync():
            self.try_sync()

    def backup(self, target: Path, *, force: bool = False) -> Path:
        """Write one complete file to `target`, spool included, while others go on working.

        Raises:
            StoreError: nothing to back up, the target exists (without `force`) or can't be written.
        """
        return copies.backup(self, target, force=force)

    def current(self) -> Session | None:
        """Return what this thread has open: not what an interrupt left behind, nor what a fork inherited."""
        session: Session | None = getattr(self._local, "open", None)
        return session if session is not None and forks.has(session.connection) else None

    def let_go(self) -> None:
        """Close the file where it is kept open for the next question."""
        self._lingering.drop()

    # -- inside ------------------------------------------------------------------------------------

    def _file(self) -> tuple[object, ...]:
        """Return what `stamp` tells of the file and its log."""
        return _state(self.path), _state(files.log_of(self.path))

    def sniff(self) -> str:
        """Return what lies at the path, as `place.sniff` does."""
        return self._opening.sniff()

    @contextlib.contextmanager
    def _exclusive(self, timeout: float) -> Iterator[WriteSession]:
        self._lingering.drop()
        with self._opening.exclusive(timeout) as session:
            yield session

    def _bring_in(self, session: WriteSession) -> bool:
        """Apply one batch of spool entries; return whether there is nothing more to do."""
        names = self.spool.names()
        recorded = ingest.recorded(session)
        if not names and not recorded:
            return True
        waiting = [name for name in names if name not in recorded]
        loaded = self.spool.load(waiting, ingest.BATCH, ingest.BATCH_BYTES)
        refusals: list[tuple[str, str]] = []
        parsed = entries.parse(loaded, lambda name, reason: refusals.append((name, reason)))
        refusals += ingest.apply(session, parsed, recorded.difference(names))
        refused = {name for name, _ in refusals}
        with explained(self.path):
            self.spool.remove([*recorded.intersection(names), *(e.name for e in loaded if e.name not in refused)])
        moved = [self.spool.refuse(name, reason) for name, reason in refusals]
        progress = len(loaded) > len(refused) or any(moved)
        return not progress or loaded[-1].name == waiting[-1]

    def _kept_of_file(self) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
        """Return what was kept of earlier answers, if the file is still as it was; the caller holds the lock."""
        now = self._file()
        state, kept = self._kept
        if state != now or len(kept) > _MOST_KEPT:
            self._kept = now, kept = now, {}
        return kept

    def _lay_over(self, session: Session) -> bool:
        """Show what waits in the spool as if it were in the tables; return whether there was any of it."""
        names = self.spool.names()
        if names:
            recorded = ingest.recorded(session)
            loaded = self.spool.load(name for name in names if name not in recorded)
            parsed = entries.parse(loaded, lambda name, reason: None)
            if parsed:
                with explained(self.path):
                    overlay.lay_over(session, parsed)
                return True
        return False


def _state(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
