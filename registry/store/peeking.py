"""A look into a registry that waits for nobody and leaves nothing behind: for a key press, and for `doctor`.

A usual reader waits for its turn, brings the spool in where it can, takes an older file forward, and makes the
lock files that are missing. Here the file is opened only when its lock is free at this moment, as it lies there.
Without lock files nobody ever opened it in this place; it is then opened without them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from registry.errors import LockedError, MissingRegistryError, StoreError
from registry.store import journal, lock, place
from registry.store.connection import Engine

if TYPE_CHECKING:
    from registry.store.connection import Connection

MOST_WAITING = 200
"""Of more spooled entries than this the look takes no notice: laying them over the tables takes a while."""


@contextlib.contextmanager
def peek(
    path: Path, sniff: Callable[[], str], memory: Callable[[Connection], None]
) -> Iterator[tuple[Connection, bool]]:
    """Open the registry at `path` (already resolved); yield what is open, and whether there is a file at all.

    Without a file what is yielded is an empty database in which `memory` has made the tables.

    Raises:
        LockedError: somebody changes it just now, or waits to.
        MissingRegistryError: there is neither a file nor anything for `memory` to show.
        StoreError: it can't be read; the subclasses tell why.
    """
    place.check_name(path)
    with contextlib.ExitStack() as cleanup:
        found = sniff()
        if found == "duckdb":
            cleanup.enter_context(free(path))
            found = sniff()  # it may have been put there, or taken away, meanwhile
            if journal.is_left(path):
                raise StoreError(
                    f"{path} was being changed by a program that was killed; the next command that opens it puts"
                    " it in order"
                )
        engine = cleanup.enter_context(Engine())
        if found == "duckdb":
            yield engine.reader(path), True
            return
        if not path.with_name(path.name + ".spool").is_dir():
            raise MissingRegistryError(f"there is no registry at {path} yet")
        connection = engine.memory()
        memory(connection)
        yield connection, False


@contextlib.contextmanager
def free(path: Path) -> Iterator[bool]:
    """Hold the lock of the registry at `path` shared if it is free now; yield whether there is one to hold.

    Raises:
        LockedError: it is not free; the message names the process where that is known.
        StoreError: the lock files can't be opened.
    """
    held: list[lock.Held] = []
    try:
        for suffix in (".gate", ".lock"):
            file = path.with_name(path.name + suffix)
            try:
                held.append(lock.Held(file, os.O_RDONLY | os.O_NONBLOCK))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(f"the lock {file} can't be opened: {error.strerror}") from None
            try:
                fcntl.flock(held[-1], fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise StoreError(f"{file} can't be locked: {error.strerror}") from None
                raise LockedError(f"{path} is in use by {lock.holder(path)}") from None
            if suffix == ".lock" and len(held) == 2:
                held.pop(0).release()  # the gate is for the moment of taking the lock
        yield bool(held)
    finally:
        for one in held:
            one.release()
