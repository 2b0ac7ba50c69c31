"""The lock between processes that every open of a registry file happens inside.

duckdb 2.0.0 reads the file's headers before it takes its own lock, so processes that open and close one
file can silently lose each other's committed rows. Holding this lock from before `connect()` until after
`close()` prevents that. Readers hold `<file>.lock` shared, writers exclusive; everyone takes `<file>.gate`
first and lets it go once the main lock is held, or else a few busy readers starve every writer.

flock belongs to an open file description, so two threads of one process exclude each other too. The lock
files are never deleted: a deleted one would be locked by some and recreated by others.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

from registry.errors import LockedError, ReadOnlyError

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.005


class Held:
    """A lock that is held until `release`; forgotten, not released, in a forked child."""

    def __init__(self, fd: int | None, *, shared: bool) -> None:
        self.fd = fd
        self.shared = shared
        if fd is not None:
            _held.add(self)

    def release(self) -> None:
        """Give the lock up; a second call does nothing."""
        fd, self.fd = self.fd, None
        if fd is None:
            return
        _held.discard(self)
        with contextlib.suppress(OSError):
            if not self.shared:
                os.ftruncate(fd, 0)
            # unlock explicitly: a child forked meanwhile may still hold a copy of the descriptor
            fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)


_held: weakref.WeakSet[Held] = weakref.WeakSet()


def _forget_in_child() -> None:
    for held in list(_held):
        if held.fd is not None:
            os.close(held.fd)
            held.fd = None
    _held.clear()


os.register_at_fork(after_in_child=_forget_in_child)


def acquire(path: Path, *, shared: bool, timeout: float) -> Held:
    """Take the lock of the registry at `path` (already resolved); wait `timeout` seconds at most.

    Where the lock files can't be made (a read-only place), an existing one is taken and a missing one is
    skipped for readers.

    Raises:
        LockedError: somebody else held it all that time; the message names the process where it is known.
        ReadOnlyError: the lock is wanted exclusively in a place that can't be written.
    """
    deadline = time.monotonic() + timeout
    gate = _open(path.with_name(path.name + ".gate"), shared)
    try:
        # on a read-only place everyone may hold the gate together: nobody there ever wants it exclusively
        main = _open(path.with_name(path.name + ".lock"), shared)
        if main is None:
            return Held(None, shared=shared)
        try:
            if gate is not None:
                _flock(gate, fcntl.LOCK_EX, deadline, path)
            _flock(main, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, deadline, path)
        except BaseException:
            os.close(main)
            raise
    finally:
        if gate is not None:
            os.close(gate)
    if not shared:
        with contextlib.suppress(OSError):
            os.truncate(main, 0)
            os.pwrite(main, f"{os.getpid()} {_command()}".encode(errors="replace"), 0)
    return Held(main, shared=shared)


def _open(path: Path, shared: bool) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOSPC):
            raise
        if not shared and error.errno != errno.ENOSPC:
            raise ReadOnlyError(
                f"{path.parent} can't be written ({error.strerror}); the registry there is read-only"
            ) from None
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if not shared:
            raise ReadOnlyError(f"{path} can't be made ({error.strerror}); the registry there is read-only") from None
        return None


def _flock(fd: int, how: int, deadline: float, path: Path) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                raise
        left = deadline - time.monotonic()
        if left <= 0:
            raise LockedError(
                f"{path} is in use by {holder(path)}; wait for it to finish, or wait longer (--wait SECONDS)"
            )
        time.sleep(min(pause * random.uniform(0.5, 1.5), left))
        pause = min(pause * 2, _LONGEST_PAUSE)


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name or "python", *sys.argv[1:]])[:200] if sys.argv else "python"


def holder(path: Path) -> str:
    """Return a few words on who holds the lock of `path` now, as far as can be known."""
    lock = path.with_name(path.name + ".lock")
    with contextlib.suppress(OSError):
        written = lock.read_text(errors="replace").strip()
        if written:
            pid, _, command = written.partition(" ")
            shown = "".join(c if c.isprintable() else "?" for c in command)
            return f"process {pid} ({shown})"
    pids = sorted(set(_flock_pids(lock)) - {os.getpid()})
    if pids:
        return ("process " if len(pids) == 1 else "processes ") + ", ".join(map(str, pids))
    return "another process"


def _flock_pids(lock: Path) -> Iterator[int]:
    """Yield the processes that hold a flock on `lock` (Linux tells; elsewhere nothing)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = lock.stat().st_ino
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if words[1] == "FLOCK" and int(words[5].rsplit(":", 1)[1]) == inode:
                yield int(words[4])
