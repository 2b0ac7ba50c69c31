"""How a registry's file is opened: locked, put in order where somebody was killed, of the present schema."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from registry.errors import LockedError, StoreError
from registry.store import files, forks, journal, lock, place, schema
from registry.store.connection import Connection, Engine, explained
from registry.store.session import WriteSession
from registry.store.spool import Spool, identity

PATIENCE: Final = 2.0
"""Seconds a reader waits for the lock when very many entries wait to be brought in, or the file is out of order."""


class Opening:
    """Opens one registry's file, for one reader or writer at a time; what is open is its caller's."""

    def __init__(
        self, path: Path, spool: Spool, migrations: Sequence[schema.Migration], *, wait: float, read_only: bool
    ) -> None:
        self._path = path
        self._spool = spool
        self._migrations = migrations
        self._wait = wait
        self._read_only = read_only

    def exists(self) -> bool:
        """Tell whether there is a file, or something that waits for one to be made.

        Raises:
            NotARegistryError: something else lies at the path.
        """
        return self.sniff() == "duckdb" or bool(self._spool.names())

    def sniff(self) -> str:
        """As `place.sniff`, but without opening a file that this process has open.

        Closing it again would drop the lock by which the engine keeps other programs out.
        """
        return "duckdb" if forks.is_open(self._path) else place.sniff(self._path)

    @contextlib.contextmanager
    def exclusive(self, timeout: float) -> Iterator[WriteSession]:
        """Hold the lock exclusively with the file open for writing, made or migrated where needed.

        Raises:
            LockedError: others held the file longer than `timeout` seconds.
            StoreError: it can't be made, migrated or written.
        """
        with lock.holding(self._path, shared=False, timeout=timeout):
            with explained(self._path):
                journal.recover(self._path)
            new = place.sniff(self._path) != "duckdb"
            if new:
                files.make(self._path, self._migrations)
            with explained(self._path):
                mark = identity(self._path)
            if self._spool.verified() != mark:
                if not new:
                    files.check(self._path, self._migrations)  # before it is opened for writing
                self._spool.mark_verified(mark)
            with Engine() as engine:
                connection = engine.writer(self._path)
                found = files.version(connection, self._path, self._migrations)
                if found == len(self._migrations):
                    yield WriteSession(connection, self._path, committed=engine.keep)
                    return
            files.migrate(self._path, found, self._migrations)
            with Engine() as engine:
                yield WriteSession(engine.writer(self._path), self._path, committed=engine.keep)

    def reader(self, cleanup: contextlib.ExitStack) -> Connection:
        """Open the registry for reading, inside the shared lock until `cleanup` closes; a missing one is empty.

        Raises:
            LockedError: others held the file for themselves longer than `wait` seconds.
            StoreError: it can't be read; the subclasses tell why.
        """
        newest = len(self._migrations)
        connection, found = self._open_reader(cleanup)
        if found < newest and not self._read_only and place.is_writable(self._path):
            cleanup.close()
            with contextlib.suppress(StoreError), self.exclusive(0.0):
                pass  # brings the schema up
            connection, found = self._open_reader(cleanup)
        return connection if found == newest else self._migrated_copy(found, cleanup)

    def _open_reader(self, cleanup: contextlib.ExitStack, *, order: bool = True) -> tuple[Connection, int]:
        # asked once, before the lock: where there is nothing, nothing is made, lock files neither
        if self.exists():
            cleanup.enter_context(lock.holding(self._path, shared=True, timeout=self._wait))
            left = journal.is_left(self._path)
            if left and order and not self._read_only and place.is_writable(self._path):
                cleanup.close()
                self._put_in_order()
                return self._open_reader(cleanup, order=False)
            if self.sniff() == "duckdb":
                path = self._copy(cleanup) if left else self._path  # a copy is put in order
                connection = cleanup.enter_context(Engine()).reader(path)
                return connection, files.version(connection, self._path, self._migrations)
        connection = cleanup.enter_context(Engine()).memory()
        with explained(self._path):
            schema.create(connection, self._migrations)
        return connection, len(self._migrations)

    def _put_in_order(self) -> None:
        """Undo what somebody was killed over while writing it, unless others keep the file for themselves."""
        with (
            contextlib.suppress(LockedError),
            lock.holding(self._path, shared=False, timeout=min(PATIENCE, self._wait)),
            explained(self._path),
        ):
            journal.recover(self._path)

    def _migrated_copy(self, found: int, cleanup: contextlib.ExitStack) -> Connection:
        copy = self._copy(cleanup)
        files.migrate(copy, found, self._migrations)
        return cleanup.enter_context(Engine()).reader(copy)

    def _copy(self, cleanup: contextlib.ExitStack) -> Path:
        with explained(self._path):
            folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="experiment-registry-"))
        copy = Path(folder) / self._path.name
        files.copy(self._path, copy)
        return copy
