"""Opening the engine: the one place that imports duckdb, and that turns its errors into ours.

Importing duckdb costs more than everything else a small command does, so it happens on first use.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import CorruptRegistryError, LockedError, NotARegistryError, ReadOnlyError, StoreError

if TYPE_CHECKING:
    import duckdb

    Connection = duckdb.DuckDBPyConnection
else:
    Connection = Any

STORAGE_VERSION = "v1.5.0"
"""Files are created in the oldest format we support, so that colleagues on duckdb 1.5 can read them."""

_COMMON = {"autoload_known_extensions": "false", "autoinstall_known_extensions": "false"}
_READER = {**_COMMON, "enable_external_access": "false", "lock_configuration": "true"}


def open_writer(path: Path, *, create: bool = False) -> Connection:
    """Open the file for writing; the caller holds the lock exclusively."""
    config = {**_COMMON, "storage_compatibility_version": STORAGE_VERSION} if create else _COMMON
    return _connect(path, read_only=False, config=config)


def open_reader(path: Path) -> Connection:
    """Open the file for reading: neither it nor any other file can be written, no other can be read.

    All readers of a process share this one configuration; DuckDB refuses to mix them. The caller holds the
    lock at least shared.
    """
    return _connect(path, read_only=True, config=_READER)


def open_memory() -> Connection:
    """Open an empty in-memory database, as locked up as a reader."""
    import duckdb

    return duckdb.connect(config=dict(_READER))


def engine_version() -> str:
    """Return the version of the engine in use."""
    import duckdb

    return duckdb.__version__


def is_engine_error(error: BaseException) -> bool:
    """Tell whether `error` comes from the engine, without importing it when it was never used."""
    return type(error).__module__ in ("duckdb", "_duckdb") or any(
        kind.__name__ == "Error" and kind.__module__ in ("duckdb", "_duckdb") for kind in type(error).__mro__
    )


def explain(error: BaseException, path: Path) -> StoreError:
    """Return the engine's error as one of ours, in a sentence for a person."""
    text = str(error)
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    if "Could not set lock on file" in text:
        holder = re.search(r"held in (.+?) \(PID (\d+)\)", text)
        who = f"{holder[1]} (process {holder[2]})" if holder else "another program"
        return LockedError(f"{path} is held open by {who}; close it there, or give that program a backup instead")
    if "No space left on device" in text:
        return StoreError(f"{path}: the disk is full; nothing of this change was kept, free some space and try again")
    if "not a valid DuckDB database file" in text:
        return NotARegistryError(f"{path} is not a registry: it is not a DuckDB database")
    if "newer version" in text or "storage version" in text.lower():
        return NotARegistryError(
            f"{path} was written by a newer DuckDB than {engine_version()}; upgrade duckdb ({first})"
        )
    if any(sign in text for sign in ("Corrupt", "corrupt", "WAL file", "Could not read enough bytes", "checksum")):
        return CorruptRegistryError(
            f"{path} is damaged ({first}); restore a backup, or copy it before trying to repair"
        )
    if "Permission denied" in text or "read-only" in text:
        return ReadOnlyError(f"{path} can't be written: permission denied")
    return StoreError(f"{path} can't be used: {first}")


def _connect(path: Path, *, read_only: bool, config: dict[str, str]) -> Connection:
    import duckdb

    try:
        return duckdb.connect(str(path), read_only=read_only, config=dict(config))
    except duckdb.Error as error:
        raise explain(error, path) from error
