"""`Store`: the only door to a registry's file, its lock and its spool."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import itertools
import os
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

from registry.config import ExperimentConfig
from registry.errors import (
    LockedError,
    NewerSchemaError,
    NotARegistryError,
    ReadOnlyError,
    RegistryError,
    StoreError,
)
from registry.store import entries, lock, overlay, place, schema
from registry.store.apply import Registration
from registry.store.connection import Connection, explain, is_engine_error, open_memory, open_reader, open_writer
from registry.store.session import Session, WriteSession, as_list
from registry.store.spool import Spool, sync_folder

APPLY_EVERY = 500
"""Registrations of one process after which it tries, without waiting, to bring the spool in."""

_BATCH = 2000
"""Spool entries applied in one transaction; the lock is given up between transactions."""

_ENVIRONMENT = ("IOException", "OutOfMemoryException", "FatalException", "InternalException", "InterruptException")
"""Engine errors that say nothing about the entry being applied."""

_counter = itertools.count(1)


class Store:
    """A registry's file. Holds neither lock nor connection while idle; safe across threads and forks."""

    def __init__(
        self, path: str | os.PathLike[str], *, wait: float = 10.0, migrations: Sequence[schema.Migration] | None = None
    ) -> None:
        self.path = Path(os.path.realpath(path))
        self.wait = wait
        self.spool = Spool(self.path)
        self._migrations = schema.MIGRATIONS if migrations is None else migrations
        self._local = threading.local()
        self._checked: object = ()
        self._written = (0, 0)  # (process, registrations it has spooled since the spool was last brought in)

    # -- what is there -------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Tell whether there is a registry: its file exists (and is not empty) or its spool has entries.

        Raises:
            NotARegistryError: something else lies at the path.
        """
        return place.sniff(self.path) == "duckdb" or bool(self.spool.names())

    def stamp(self) -> tuple[object, ...]:
        """Return a value that changes whenever the registry may have changed; costs two system calls."""
        file = folder = None
        with contextlib.suppress(OSError):
            status = self.path.stat()
            file = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        with contextlib.suppress(OSError):
            folder = self.spool.folder.stat().st_mtime_ns
        return file, folder

    # -- registering -------------------------------------------------------------------------------

    def register(self, config: ExperimentConfig) -> str:
        """Make the registration of `config` durable without opening the engine; return its hash.

        Raises:
            StoreError: the place can't take it in (read-only, not a registry, disk full).
        """
        config_hash = config.compute_hash()
        self._check_place()
        entry = entries.register_entry(config)
        entry["record"]["config_hash"] = config_hash
        self.spool.write(entry, config_hash[:16])
        pid = os.getpid()
        written = self._written[1] + 1 if self._written[0] == pid else 1
        self._written = (pid, written)
        _apply_at_exit(self)
        if written % APPLY_EVERY == 0:
            self.try_sync()
        return config_hash

    def _check_place(self) -> None:
        """Refuse a place that can never take the spool in, before anything is acknowledged."""
        identity: object = None
        with contextlib.suppress(OSError):
            status = self.path.stat()
            identity = (status.st_dev, status.st_ino, status.st_size > 0)
        if identity == self._checked:
            return
        place.check_local(self.path)
        place.check_writable(self.path)
        if place.sniff(self.path) == "duckdb" and not self.spool.is_verified(self.path):
            with self.write():
                pass
        self._checked = identity

    # -- sessions ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Open the registry for reading, spooled registrations included; a missing one reads as empty.

        Within one thread a nested `read` or a `read` within a `write` uses the session that is open.

        Raises:
            StoreError: the registry can't be read; the subclasses tell why.
        """
        session = self._current()
        if session is not None:
            yield session
            return
        if self.spool.names():
            self.try_sync()
        pid = os.getpid()
        held = lock.acquire(self.path, shared=True, timeout=self.wait) if self.exists() else None
        try:
            with contextlib.ExitStack() as cleanup:
                connection = self._reader(cleanup)
                session = Session(connection, self.path)
                self._lay_over(session)
                self._local.open = (pid, session)
                try:
                    yield session
                finally:
                    self._local.open = None
        finally:
            if held is not None and os.getpid() == pid:
                held.release()

    @contextlib.contextmanager
    def write(self) -> Iterator[WriteSession]:
        """Open the registry for one change: the spool is brought in, then the body is one transaction.

        The transaction is committed when the body ends, and undone when it raises. The file is made when
        it is missing. Within one thread a nested `write` joins the outer transaction.

        Raises:
            LockedError: others held the file longer than `wait` seconds.
            StoreError: the registry can't be written; nothing was changed.
        """
        outer = self._current()
        if isinstance(outer, WriteSession):
            yield outer
            return
        if outer is not None:
            raise RuntimeError(
                "a registry that is open for reading in this thread can't be changed before it is closed"
            )
        pid = os.getpid()
        place.check_local(self.path)
        place.check_writable(self.path)
        deadline = time.monotonic() + self.wait
        while True:
            with self._exclusive(max(0.0, deadline - time.monotonic())) as connection:
                if not self._bring_in(connection):
                    continue  # more entries than one turn takes: let the others have the lock in between
                session = WriteSession(connection, self.path)
                self._local.open = (pid, session)
                connection.execute("BEGIN")
                try:
                    yield session
                except BaseException:
                    with contextlib.suppress(Exception):
                        connection.execute("ROLLBACK")
                    raise
                else:
                    if os.getpid() == pid:
                        self._commit(connection)
                finally:
                    self._local.open = None
                return

    def sync(self) -> int:
        """Bring the spool in now, waiting for the lock; return how many entries there were."""
        waiting = len(self.spool.names())
        if waiting:
            with self.write():
                pass
        return waiting

    def try_sync(self) -> bool:
        """Bring the spool in if that needs no waiting; never raises because of the place or the lock."""
        if not self.spool.names():
            return True
        if self._current() is not None or not place.is_writable(self.path):
            return False
        try:
            while True:
                with self._exclusive(0.0) as connection:
                    if self._bring_in(connection):
                        return True
        except (LockedError, ReadOnlyError):
            return False

    def close(self) -> None:
        """Bring in what this process registered, if that needs no waiting."""
        if self._written[0] == os.getpid() and self._written[1]:
            with contextlib.suppress(RegistryError, OSError):
                self.try_sync()

    def backup(self, target: Path, *, force: bool = False) -> Path:
        """Write one complete file to `target`, spool included, while others go on working.

        Raises:
            StoreError: nothing to back up, the target exists (without `force`) or can't be written.
        """
        target = Path(os.path.realpath(target))
        if target == self.path:
            raise StoreError(f"{target} is the registry itself; name another file for the backup")
        if target.exists() and not force:
            raise StoreError(f"{target} exists; name another file, or replace it with --force")
        if Spool(target).names():
            raise StoreError(
                f"{target} has registrations waiting beside it ({Spool(target).folder}); name another file"
            )
        if not self.exists():
            raise StoreError(f"{self.path} has nothing to back up yet")
        place.check_writable(target)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.{next(_counter)}.tmp")
        try:
            with self._unchanging() as source:
                shutil.copyfile(source, temporary)
            fd = os.open(temporary, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
            temporary.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            raise StoreError(f"{target} can't be written: {error.strerror}") from None
        finally:
            temporary.unlink(missing_ok=True)
        return target

    # -- inside ------------------------------------------------------------------------------------

    def _current(self) -> Session | None:
        opened = getattr(self._local, "open", None)
        # a forked child must not use what its parent has open
        return opened[1] if opened is not None and opened[0] == os.getpid() else None

    @contextlib.contextmanager
    def _exclusive(self, timeout: float) -> Iterator[Connection]:
        """Hold the lock exclusively with the file open for writing, made or migrated where needed."""
        pid = os.getpid()
        held = lock.acquire(self.path, shared=False, timeout=timeout)
        try:
            if place.sniff(self.path) != "duckdb":
                self._make()
            connection = open_writer(self.path)
            _connections.add(connection)
            try:
                found = self._version(connection)
                if found < len(self._migrations):
                    self._migrate(connection, found)
                self.spool.mark_verified(self.path)
                yield connection
            finally:
                _close(connection, pid)
        finally:
            if os.getpid() == pid:
                held.release()

    def _make(self) -> None:
        """Make the file beside its place and rename it: whoever looks sees all of it or nothing."""
        for left in self.path.parent.glob(self.path.name + ".new-*"):
            left.unlink(missing_ok=True)
        log = self.path.with_name(self.path.name + ".wal")
        if log.exists():  # of a file that was deleted; the engine would refuse the new one with it
            log.rename(log.with_name(f"{log.name}.orphan-{time.time_ns()}"))
        temporary = self.path.with_name(f"{self.path.name}.new-{os.getpid()}")
        try:
            connection = open_writer(temporary, create=True)
            try:
                schema.create(connection, self._migrations)
            finally:
                connection.close()
            fd = os.open(temporary, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
            temporary.replace(self.path)
            sync_folder(self.path.parent)
        except Exception as error:
            temporary.unlink(missing_ok=True)
            raise explain(error, self.path) if is_engine_error(error) else error from error

    def _version(self, connection: Connection) -> int:
        try:
            found = schema.version(connection)
        except Exception as error:
            raise explain(error, self.path) if is_engine_error(error) else error from error
        if found is None:
            raise NotARegistryError(f"{self.path} is a DuckDB database of something else, not a registry")
        if found > len(self._migrations):
            raise NewerSchemaError(
                f"{self.path} was written by a newer version of this program (schema {found}, this one knows"
                f" {len(self._migrations)}); upgrade experiment-registry"
            )
        return found

    def _migrate(self, connection: Connection, found: int) -> None:
        """Take the open file to the present schema in one transaction, after a copy."""
        connection.execute("CHECKPOINT")
        copy = self.path.with_name(f"{self.path.name}.schema-{found}-{time.strftime('%Y%m%d-%H%M%S')}")
        shutil.copyfile(self.path, copy)
        try:
            schema.migrate(connection, found, self._migrations)
        except Exception as error:
            raise explain(error, self.path) if is_engine_error(error) else error from error

    def _bring_in(self, connection: Connection) -> bool:
        """Apply one batch of spool entries; return whether that was all of them."""
        names = self.spool.names()
        applied = {row[0] for row in connection.execute("SELECT name FROM store.applied").fetchall()}
        if not names and not applied:
            return True
        fresh = [name for name in names if name not in applied][:_BATCH]
        refusals: list[tuple[str, str]] = []
        parsed = entries.parse(self.spool.load(fresh), lambda name, reason: refusals.append((name, reason)))
        session = WriteSession(connection, self.path)
        try:
            self._apply(session, parsed, names)
        except Exception as error:
            with contextlib.suppress(Exception):
                connection.execute("ROLLBACK")
            if not is_engine_error(error) and not isinstance(error, StoreError):
                raise
            if _is_environment(error):
                raise error if isinstance(error, StoreError) else explain(error, self.path) from error
            refusals += self._apply_singly(session, parsed, names)
        for name, reason in refusals:
            self.spool.refuse(name, reason)
        refused = {name for name, _ in refusals}
        gone = [name for name in names if name in applied or (name in fresh and name not in refused)]
        self.spool.remove(gone)
        if self._written[0] == os.getpid():
            self._written = (os.getpid(), 0)
        return len(gone) + len(refused) >= len(names)

    def _apply(self, session: WriteSession, parsed: Sequence[tuple[str, Registration]], present: Sequence[str]) -> None:
        """Apply `parsed` and record their names in one transaction; forget names whose file is gone."""
        session.connection.execute("BEGIN")
        session.run(
            "DELETE FROM store.applied WHERE name NOT IN (SELECT unnest(from_json(?, '[\"VARCHAR\"]')))",
            [as_list(present)],
        )
        entries.apply(session, parsed)
        session.insert("applied", {"name": "VARCHAR"}, {"name": [name for name, _ in parsed]})
        session.connection.execute("COMMIT")

    def _apply_singly(
        self, session: WriteSession, parsed: Sequence[tuple[str, Registration]], present: Sequence[str]
    ) -> list[tuple[str, str]]:
        """Apply entries one by one, so that one the engine can't take is told apart from the others."""
        refusals = []
        for name, registration in parsed:
            try:
                self._apply(session, [(name, registration)], present)
            except Exception as error:
                with contextlib.suppress(Exception):
                    session.connection.execute("ROLLBACK")
                if _is_environment(error):
                    raise
                refusals.append((name, f"the engine can't store it: {error}"))
        return refusals

    def _commit(self, connection: Connection) -> None:
        try:
            connection.execute("COMMIT")
        except Exception as error:
            with contextlib.suppress(Exception):
                connection.execute("ROLLBACK")
            raise explain(error, self.path) if is_engine_error(error) else error from error

    def _reader(self, cleanup: contextlib.ExitStack) -> Connection:
        """Open the file for reading inside the shared lock; an older schema in a migrated copy."""
        pid = os.getpid()
        if place.sniff(self.path) != "duckdb":
            connection = open_memory()
            cleanup.callback(_close, connection, pid)
            schema.create(connection, self._migrations)
        else:
            connection = open_reader(self.path)
            _connections.add(connection)
            cleanup.callback(_close, connection, pid)
            found = self._version(connection)
            if found < len(self._migrations):
                connection = self._migrated_copy(found, cleanup)
        return connection

    def _migrated_copy(self, found: int, cleanup: contextlib.ExitStack) -> Connection:
        folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="experiment-registry-"))
        copy = Path(folder) / self.path.name
        for suffix in ("", ".wal"):
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + suffix))
        writer = open_writer(copy)
        try:
            schema.migrate(writer, found, self._migrations)
        finally:
            writer.close()
        connection = open_reader(copy)
        cleanup.callback(_close, connection, os.getpid())
        return connection

    def _lay_over(self, session: Session) -> None:
        names = self.spool.names()
        if names:
            applied = {row[0] for row in session.rows("SELECT name FROM applied")}
            parsed = entries.parse(
                self.spool.load([name for name in names if name not in applied]), lambda name, reason: None
            )
            if parsed:
                overlay.lay_over(session, parsed)

    @contextlib.contextmanager
    def _unchanging(self) -> Iterator[Path]:
        """Yield a file that holds everything and that nobody changes meanwhile."""
        if place.is_writable(self.path):
            while True:
                with self._exclusive(self.wait) as connection:
                    complete = self._bring_in(connection)
                if complete:
                    break
        elif self.spool.names():
            raise ReadOnlyError(
                f"{self.path} can't be written, so the registrations waiting beside it can't be brought in;"
                f" copy the file together with {self.spool.folder}"
            )
        held = lock.acquire(self.path, shared=True, timeout=self.wait)
        try:
            log = self.path.with_name(self.path.name + ".wal")
            if log.exists() and log.stat().st_size:
                raise StoreError(f"{self.path} was left in the middle of a change; try the backup again")
            yield self.path
        finally:
            held.release()


def _is_environment(error: BaseException) -> bool:
    if isinstance(error, StoreError):
        cause = error.__cause__
        return cause is None or type(cause).__name__ in _ENVIRONMENT or "space left" in str(cause)
    return type(error).__name__ in _ENVIRONMENT or "space left" in str(error)


_connections: set[Connection] = set()


def _close(connection: Connection, pid: int) -> None:
    if os.getpid() == pid:
        _connections.discard(connection)
        connection.close()


def _forget_in_child() -> None:
    """Keep connections inherited by fork from ever being closed here: closing one would write the file."""
    for connection in _connections:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
    _connections.clear()


os.register_at_fork(after_in_child=_forget_in_child)

_to_apply: weakref.WeakSet[Store] = weakref.WeakSet()
_exit_registered_in = 0


def _apply_at_exit(store: Store) -> None:
    """Have the spool brought in at normal exit, also of multiprocessing children (where atexit does not run)."""
    global _exit_registered_in
    _to_apply.add(store)
    if _exit_registered_in == os.getpid():
        return
    _exit_registered_in = os.getpid()
    atexit.register(_close_all)
    if "multiprocessing.process" in sys.modules:
        from multiprocessing.util import Finalize

        Finalize(None, _close_all, exitpriority=10)


def _close_all() -> None:
    for store in list(_to_apply):
        with contextlib.suppress(Exception):  # the next command brings the spool in
            store.close()
