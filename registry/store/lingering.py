"""Keeping the file open for a moment after a question, for somebody who is about to ask the next one.

Opening the engine on a file and closing it costs more than most questions, and what it has read is forgotten.
While one connection of a process is open, its others share what that one has opened and read. So one that nobody
uses is held under the shared lock for a moment, and closed at once when anybody waits for the lock.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
import weakref
from pathlib import Path
from typing import Final

from registry.errors import StoreError
from registry.store import lock
from registry.store.connection import Engine

PAUSE: Final = 0.02
"""Seconds between two looks whether somebody waits: the longest that a writer waits because of this."""


class Lingering:
    """A connection to the registry at `path` (already resolved) that is held for others to share, or none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._open: contextlib.ExitStack | None = None
        self._seen: object = None
        self._until = 0.0
        _all.add(self)

    def hold(self, seconds: float, seen: object) -> None:
        """Keep the file, which this thread has open, open for `seconds` from now on; `seen` is its state."""
        with self._guard:
            self._until = time.monotonic() + seconds
            if self._open is None:
                # whoever already waits for the lock goes first; then this is not worth an error
                with contextlib.suppress(StoreError, OSError), contextlib.ExitStack() as cleanup:
                    cleanup.enter_context(lock.holding(self._path, shared=True, timeout=0.0))
                    cleanup.enter_context(Engine()).hold(self._path)
                    try:
                        # it waits for the guard, so it sees what is set here
                        threading.Thread(target=self._watch, name="lingering", daemon=True).start()
                    except RuntimeError:  # the system has no room for another one
                        return
                    self._open, self._seen = cleanup.pop_all(), seen

    def drop(self, unless: object = None) -> None:
        """Let the file go, except one in the state `unless`: then what is open is the file that lies there."""
        with self._guard:
            if unless is None or unless != self._seen:
                self._close()

    def forget(self) -> None:
        """Be as new in a forked child, which has no part in what its parent holds."""
        self._guard = threading.Lock()
        self._open = None

    def _watch(self) -> None:
        """Let the file go when its time is over, or somebody else wants it."""
        while True:
            time.sleep(PAUSE)
            with self._guard:
                if self._open is None:
                    return
                if time.monotonic() >= self._until or lock.is_wanted(self._path):
                    self._close()
                    return

    def _close(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            opened.close()


_all: weakref.WeakSet[Lingering] = weakref.WeakSet()


def _drop_all() -> None:
    for lingering in list(_all):
        with contextlib.suppress(Exception):
            lingering.drop()


def _forget_in_child() -> None:
    for lingering in list(_all):
        lingering.forget()


# a thread that is in the engine when the interpreter ends takes the process down with it
atexit.register(_drop_all)
# runs before the fork waits for what is open
os.register_at_fork(before=_drop_all, after_in_child=_forget_in_child)
