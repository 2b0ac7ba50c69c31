"""Opening the engine: the one place that imports duckdb, and that turns its errors into ours.

Importing duckdb costs more than everything else a small command does, so it happens on first use.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from registry.errors import CorruptRegistryError, LockedError, NotARegistryError, ReadOnlyError, StoreError
from registry.store import forks, journal

if TYPE_CHECKING:
    import duckdb

    Connection = duckdb.DuckDBPyConnection
else:
    Connection = Any

STORAGE_VERSION = "v1.5.0"
"""Files are created in the oldest format we support, so that colleagues on duckdb 1.5 can read them."""

ROW_GROUP_SIZE = 16_384
"""Rows the engine writes together; not remembered by the file, so said at every opening for changes."""

_COMMON = {"autoload_known_extensions": "false", "autoinstall_known_extensions": "false"}
_READER = {**_COMMON, "enable_external_access": "false", "lock_configuration": "true"}


_importing = forks.guard()
"""A child forked in the middle of an import would wait for ever for the other half of it."""


class Engine:
    """One connection, opened in a block and closed at its end, whatever happens between.

        with Engine() as engine:
            connection = engine.reader(path)

    The block begins before anything is open: an interrupt (Ctrl-C) at any moment leaves nothing behind.
    """

    _opened: forks.Opened | None = None
    _journal: journal.Journal | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        self._close(at_once=kind is not None)

    def __del__(self) -> None:
        self._close(at_once=True)  # an interrupt may come even before the first line of __exit__

    def _close(self, *, at_once: bool) -> None:
        if self._opened is not None:
            self._opened.close(at_once=at_once)
            self._opened = None
        if self._journal is not None:
            with contextlib.suppress(StoreError, OSError):  # whoever opens the file next tries again
                self._journal.end()
            self._journal = None

    def writer(self, path: Path) -> Connection:
        """Open the file for changes; the caller holds the lock exclusively.

        Attached to an empty database in memory, because only so can the size of row groups be said: with
        the usual one, adding a single experiment to 100,000 rewrote the JSON of all of the last group at
        close and took 0.45 s; now it takes 8 ms.
        """
        quoted = str(path).replace("'", "''")
        # what does not fit into memory goes beside the file, not into the working folder
        config = {**_COMMON, "temp_directory": f"{path}.tmp"}
        with explained(path):
            self._journal = journal.Journal(path)
        connection = self._open(None, at=path, read_only=False, config=config)
        with explained(path):
            connection.execute(f"ATTACH '{quoted}' AS registry (ROW_GROUP_SIZE {ROW_GROUP_SIZE})")
            connection.execute("USE registry")
        self.keep()
        return connection

    def keep(self) -> None:
        """Keep of a file that is open for changes what a checkpoint overwrites: after each that there may have been."""
        if self._journal is not None and self._opened is not None and self._opened.connection is not None:
            with explained(self._opened.path or Path(":memory:")):
                self._journal.keep(self._opened.connection)

    def maker(self, path: Path) -> Connection:
        """Open the file, or make it, to change its tables and views; the caller holds the lock exclusively.

        Not attached: a view made there would remember the name it was attached by.
        """
        config = {**_COMMON, "storage_compatibility_version": STORAGE_VERSION}
        if path.exists():
            with explained(path):
                self._journal = journal.Journal(path)
        connection = self._open(path, at=path, read_only=False, config=config)
        self.keep()
        return connection

    def reader(self, path: Path) -> Connection:
        """Open the file for reading: no file can be written, and no other can be read.

        All readers of a process share this one configuration; DuckDB refuses to mix them. The caller holds
        the lock at least shared.
        """
        return self._open(path, at=path, read_only=True, config=_READER)

    def hold(self, path: Path) -> None:
        """Open the file as `reader` does, for no thread in particular: any may close it."""
        self.reader(path)
        assert self._opened is not None
        self._opened.of_no_thread()

    def memory(self) -> Connection:
        """Open an empty in-memory database, as locked up as a reader."""
        return self._open(None, at=None, read_only=False, config=_READER)

    def workbench(self, folder: Path | None = None, *, limits: Mapping[str, str] | None = None) -> Connection:
        """Open an empty in-memory database that may read files; relative names are also looked for in `folder`.

        `limits` are more of the engine's settings: how much memory, how many threads.
        """
        import tempfile

        # by default it would be the working folder; the engine makes and removes it only when memory runs out
        temporary = str(Path(tempfile.gettempdir(), f"experiments-{os.getpid()}.tmp"))
        config = {**_COMMON, "temp_directory": temporary, **(limits or {})}
        if folder is not None:
            config["file_search_path"] = str(folder)
        connection = self._open(None, at=None, read_only=False, config=config)
        with explained(Path(":memory:")):
            connection.execute("SET lock_configuration = true")
        return connection

    def _open(self, path: Path | None, *, at: Path | None, read_only: bool, config: dict[str, str]) -> Connection:
        """Open `path`, or memory; `at` is the file that will be open in the end."""
        with _importing:
            import duckdb

        opened = self._opened = forks.Opened(at)
        opened.begin()
        with explained(at or Path(":memory:")):
            opened.connection = duckdb.connect(str(path or ":memory:"), read_only=read_only, config=dict(config))
        return opened.connection


def engine_version() -> str:
    """Return the version of the engine in use."""
    import duckdb

    return duckdb.__version__


def is_engine_error(error: BaseException) -> bool:
    """Tell whether `error` comes from the engine, without importing it when it was never used."""
    return type(error).__module__ in ("duckdb", "_duckdb") or any(
        kind.__name__ == "Error" and kind.__module__ in ("duckdb", "_duckdb") for kind in type(error).__mro__
    )


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of the engine and of the system inside the block into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(path) from error
        raise StoreError(f"{error.filename or path}: {error.strerror or error}") from error
    except RuntimeError as error:
        raise_interrupt(error)
        raise
    except Exception as error:
        if not is_engine_error(error):
            raise
        raise explain(error, path) from error


def raise_interrupt(error: RuntimeError) -> None:
    """Raise the interrupt (Ctrl-C) again that the engine met while it ran a statement and reports as `error`."""
    if str(error) == "Query interrupted":
        cause = error.__cause__
        raise KeyboardInterrupt if cause is None else type(cause)(*cause.args)


def explain(error: BaseException, path: Path) -> StoreError:
    """Return the engine's error as one of ours, in a sentence for a person."""
    text = str(error)
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    text = text.replace(str(path), "")  # what the file is called says nothing about the trouble
    if "Could not set lock on file" in text:
        holder = re.search(r"held in (.+?) \(PID (\d+)\)", text)
        who = f"{holder[1]} (process {holder[2]})" if holder else "another program"
        return LockedError(f"{path} is held open by {who}; close it there, or give that program a backup instead")
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return _full(path)
    if "not a valid DuckDB database file" in text:
        return NotARegistryError(f"{path} is not a registry: it is not a DuckDB database")
    if "newer version" in text or "storage version" in text.lower():
        return NotARegistryError(
            f"{path} was written by a newer DuckDB than {engine_version()}; upgrade duckdb ({first})"
        )
    if "replaying WAL" in text:
        return CorruptRegistryError(
            f"{path} and the log beside it, {path.name}.wal, don't fit together ({first}); if the file was put there"
            " from a copy, move the log away, else restore a backup"
        )
    if any(sign in text for sign in ("Corrupt", "corrupt", "WAL file", "Could not read enough bytes", "checksum")):
        return CorruptRegistryError(
            f"{path} is damaged ({first}); restore a backup, or copy it before trying to repair"
        )
    if "Permission denied" in text or "read-only" in text:
        return ReadOnlyError(f"{path} can't be written: permission denied")
    return StoreError(f"{path} can't be used: {first}")


def _full(path: Path) -> StoreError:
    return StoreError(
        f"{path}: the disk is full, so this was not done; what was registered before is safe; free some space and"
        " try again"
    )
