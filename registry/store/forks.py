"""What keeps a fork from corrupting a registry file, and a child from inheriting a lock nobody will open.

A forked child inherits the engine's memory but neither its threads nor its lock on the file. duckdb answers
a later connect to the same file from that memory: the child would read what was there when it was forked,
and write it over what others have committed since. Closing an inherited connection is no way out: it would
write to the file, too. So a fork waits a moment for the sessions of other threads to end, and a child that
has inherited an open file all the same may not open it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import StoreError

if TYPE_CHECKING:
    from registry.store.connection import Connection

PATIENCE = 2.0
"""Seconds a fork waits for the sessions of other threads."""


class Opened:
    """One connection of this process: open, or opening while `connection` is None."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.connection: Connection | None = None
        self._pid = os.getpid()
        self._thread = threading.get_ident()

    def begin(self) -> None:
        """Note that the connection is about to be opened; a fork under way goes first.

        Raises:
            StoreError: this process inherited the file open from its parent.
        """
        with _changed:
            if self.path in _inherited:
                raise StoreError(
                    f"{self.path} was open in the process this one was forked from, so it can't be opened here; start"
                    " worker processes while no query runs, or with the spawn or forkserver method"
                )
            # a thread that has one open already must be able to go on, or the fork would wait for it in vain
            _changed.wait_for(lambda: not _forking or any(o.of(self._thread) for o in _opened), PATIENCE)
            _opened.add(self)

    def of_no_thread(self) -> None:
        """Note that it is left open for others: a fork waits for it to be closed, in whatever thread it happens."""
        self._thread = 0

    def of(self, thread: int) -> bool:
        """Tell whether it belongs to this thread."""
        return self._thread == thread

    def close(self, *, at_once: bool = False) -> None:
        """Close the connection, `at_once`: whatever it is doing. One inherited by a fork is left alone."""
        if self._pid != os.getpid():
            return
        connection, self.connection = self.connection, None
        try:
            if connection is not None:
                if at_once:
                    # duckdb 1.5 would wait for the rest of a query that was interrupted, and after an
                    # interrupted COMMIT never let this process open the file again
                    connection.interrupt()
                    with contextlib.suppress(Exception):
                        connection.execute("ROLLBACK")
                connection.close()
        finally:
            with _changed:
                _opened.discard(self)
                _changed.notify_all()


_changed = threading.Condition()
_opened: set[Opened] = set()
_forking = False
_inherited: set[Path] = set()
_guards: list[AbstractContextManager[bool]] = []


def guard() -> AbstractContextManager[bool]:
    """Return a lock between threads that is never inherited in the hands of a thread the child does not have."""
    made = threading.RLock()
    _guards.append(made)
    return made


def has(connection: Connection) -> bool:
    """Tell whether this process itself opened the connection and has not closed it."""
    with _changed:
        return any(opened.connection is connection for opened in _opened)


def is_open(path: Path) -> bool:
    """Tell whether this process has the file open now."""
    with _changed:
        return any(opened.path == path for opened in _opened)


def _before() -> None:
    global _forking
    _changed.acquire()
    _forking = True
    me = threading.get_ident()
    try:
        _changed.wait_for(lambda: all(opened.of(me) for opened in _opened), PATIENCE)
    finally:
        for held in _guards:
            held.__enter__()


def _in_parent() -> None:
    global _forking
    _release_guards()
    _forking = False
    _changed.notify_all()
    _changed.release()


def _in_child() -> None:
    global _forking, _changed
    _release_guards()
    for opened in _opened:
        if opened.path is not None:
            _inherited.add(opened.path)
        if opened.connection is not None:
            _keep_for_ever(opened.connection)
    _opened.clear()
    _forking = False
    _changed = threading.Condition()


def _release_guards() -> None:
    for held in _guards:
        held.__exit__(None, None, None)


def _keep_for_ever(thing: Any) -> None:
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
