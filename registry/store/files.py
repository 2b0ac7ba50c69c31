"""The registry's file as a whole: making it, telling its schema, taking an older one forward, copying it.

The caller holds the lock, and the file is not open yet: opening and closing it a second time would make the
system drop the lock by which the engine keeps other programs out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from registry.errors import NewerSchemaError, NotARegistryError
from registry.store import journal, schema
from registry.store.connection import Connection, Engine, explained
from registry.store.spool import sync_folder


def log_of(path: Path) -> Path:
    """Return where the engine keeps what it has not yet written into the file itself."""
    return path.with_name(path.name + ".wal")


def make(path: Path, migrations: Sequence[schema.Migration]) -> None:
    """Make the file beside its place and rename it: whoever looks sees all of it or nothing.

    Raises:
        StoreError: it can't be made there.
    """
    beside = path.name + ".new-"
    with explained(path):
        for left in os.listdir(path.parent):  # noqa: PTH208 - Path.glob would take signs in the name for patterns
            if left.startswith(beside):
                path.with_name(left).unlink(missing_ok=True)
        journal.path_of(path).unlink(missing_ok=True)  # of a file that was deleted
        if log_of(path).exists():  # of a file that was deleted; the engine would refuse the new one with it
            log_of(path).rename(path.with_name(f"{path.name}.wal.orphan-{time.time_ns()}"))
    temporary = path.with_name(f"{beside}{os.getpid()}")
    try:
        with explained(path):
            with Engine() as engine:
                schema.create(engine.maker(temporary), migrations)
            sync(temporary)
            temporary.replace(path)
            sync_folder(path.parent)
    except BaseException:
        for left_over in (temporary, log_of(temporary)):
            with contextlib.suppress(OSError):
                left_over.unlink()
        raise


def version(connection: Connection, path: Path, migrations: Sequence[schema.Migration]) -> int:
    """Return the schema version of an open file.

    Raises:
        NotARegistryError: a DuckDB database of something else.
        NewerSchemaError: written by a newer version of this program.
        StoreError: the file is damaged.
    """
    with explained(path):
        found = schema.version(connection)
    if found is None:
        raise NotARegistryError(f"{path} is a DuckDB database of something else, not a registry")
    if found > len(migrations):
        raise NewerSchemaError(
            f"{path} was written by a newer version of this program (schema {found}, this one knows"
            f" {len(migrations)}); upgrade experiment-registry"
        )
    return found


def size_needed(connection: Connection) -> int:
    """Return the bytes that the open file needs at least for what its tables say they have in it.

    A shorter one is a copy that was not finished, or was on a disk that was full. The number of blocks in the
    file's header does not tell: free ones at the end need not be there.
    """
    blocks = ["SELECT max(block_id) AS block FROM pragma_metadata_info()"]
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store'").fetchall()
    for (name,) in tables:
        of_table = f"pragma_storage_info('store.{name}')"
        blocks.append(f"SELECT max(greatest(block_id, list_max(additional_block_ids))) FROM {of_table}")
    sizes = "SELECT max(block_size) FROM pragma_database_size()"
    asked = f"SELECT (SELECT max(block) FROM ({' UNION ALL '.join(blocks)})), ({sizes})"
    last, size = connection.execute(asked).fetchall()[0]
    return journal.HEADERS + (last + 1) * size if last is not None else 0


def check(path: Path, migrations: Sequence[schema.Migration]) -> None:
    """Raise what `version` raises when the file is not a registry we can write, without touching it."""
    with Engine() as engine:
        version(engine.reader(path), path, migrations)


def migrate(path: Path, found: int, migrations: Sequence[schema.Migration]) -> Path:
    """Take the file from schema `found` to the present one in one transaction; return the copy kept of it.

    Raises:
        StoreError: it could not be done; the file is as it was.
    """
    kept = path.with_name(f"{path.name}.schema-{found}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
    copy(path, kept)
    try:
        with explained(path), Engine() as engine:
            schema.migrate(engine.maker(path), found, migrations)
    except BaseException:
        with contextlib.suppress(OSError):
            kept.unlink()
        raise
    return kept


def copy(source: Path, target: Path) -> None:
    """Copy a registry's file, with the engine's log where there is one, to a place nobody else uses.

    Whoever may read and write the file may so do with the copy, and nobody else, at no moment.

    Raises:
        StoreError: it can't be read, or not be written there; nothing is left there then.
    """
    with explained(target):
        try:
            for of in (lambda path: path, log_of, journal.path_of):
                mine, its = of(source), of(target)
                if mine == source or mine.exists():
                    os.close(os.open(its, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
                    shutil.copyfile(mine, its)
                    shutil.copymode(mine, its)
                    sync(its)
            journal.recover(target)
        except BaseException:
            for left_over in (target, log_of(target), journal.path_of(target)):
                left_over.unlink(missing_ok=True)
            raise


def sync(path: Path) -> None:
    """Make the content of a file durable."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
