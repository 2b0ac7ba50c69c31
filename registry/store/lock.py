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
from collections.abc import Iterator
from pathlib import Path

from registry.errors import LockedError, ReadOnlyError, StoreError, UnsupportedPlaceError
from registry.store import forks

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.005

_READ_ONLY = (errno.EACCES, errno.EROFS, errno.EPERM)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class Held:
    """An open lock file of this process, locked or not, until `release`; a forked child has no part in it."""

    _fd = -1
    _signed = False

    def __init__(self, path: Path, flags: int) -> None:
        self._pid = os.getpid()
        with _forks:
            self._fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
            _open_here.add(self._fd)

    def fileno(self) -> int:
        """Return the descriptor, as `fcntl.flock` wants it."""
        return self._fd

    def sign(self) -> None:
        """Write into the file who holds it, for those who wait in vain."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()} {_own_command()}".encode(errors="replace"), 0)
            self._signed = True

    def release(self) -> None:
        """Give the lock up; a second call does nothing, or what an interrupt kept the first from doing."""
        if self._fd < 0 or self._pid != os.getpid():
            return
        if self._signed:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, 0)
        with contextlib.suppress(OSError):
            # unlock explicitly: a child forked meanwhile may not have closed its copy yet
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        with _forks:
            fd, self._fd = self._fd, -1
            _open_here.discard(fd)
            os.close(fd)

    # an interrupt between taking the lock and entering the block that gives it up must not leave it held
    __del__ = release


_forks = forks.guard()
"""Held during a fork, and while a descriptor is opened and noted: the child must know them all."""

_open_here: set[int] = set()


def _forget_in_child() -> None:
    """Close the inherited descriptors: with its parent killed, a child would go on holding the lock."""
    for fd in _open_here:
        with contextlib.suppress(OSError):
            os.close(fd)
    _open_here.clear()


os.register_at_fork(after_in_child=_forget_in_child)


def acquire(path: Path, *, shared: bool, timeout: float) -> Held | None:
    """Take the lock of the registry at `path` (already resolved); wait `timeout` seconds at most.

    Where the lock files can't be made (a read-only place), readers take an existing one and get None for a
    missing one.

    Raises:
        LockedError: somebody else held it all that time; the message names the process where it is known.
        ReadOnlyError: the lock is wanted exclusively in a place that can't be written.
        StoreError: the lock files can't be made or locked.
    """
    deadline = time.monotonic() + timeout
    gate = _open(path.with_name(path.name + ".gate"), shared)
    try:
        main = _open(path.with_name(path.name + ".lock"), shared)
        if main is None:
            return None
        try:
            if gate is not None:
                _flock(gate, fcntl.LOCK_EX, deadline, path)
            _flock(main, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, deadline, path)
            if not shared:
                main.sign()
        except BaseException:
            main.release()
            raise
    finally:
        if gate is not None:
            gate.release()
    return main


@contextlib.contextmanager
def holding(path: Path, *, shared: bool, timeout: float, make: bool = True) -> Iterator[None]:
    """Hold the lock for a block, as `acquire`; without `make`, only if there is a lock file already."""
    held = None
    if make or path.with_name(path.name + ".lock").exists():
        held = acquire(path, shared=shared, timeout=timeout)
    try:
        yield
    finally:
        if held is not None:
            held.release()


def is_wanted(path: Path) -> bool:
    """Tell whether somebody waits for the lock of the registry at `path`, or is just taking it."""
    gate = _open(path.with_name(path.name + ".gate"), shared=True)
    if gate is None:
        return False
    try:
        fcntl.flock(gate, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        gate.release()
    return False


def _open(path: Path, shared: bool) -> Held | None:
    try:
        # without O_CREAT first: in a sticky folder such as /tmp, Linux refuses it on the files of others
        with contextlib.suppress(FileNotFoundError):
            return Held(path, os.O_RDWR)
        return Held(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        if not shared and error.errno in _READ_ONLY:
            raise ReadOnlyError(
                f"{path.parent} can't be written ({error.strerror}); the registry there is read-only"
            ) from None
        if not shared or error.errno not in (*_READ_ONLY, *_FULL):
            raise StoreError(f"the lock {path} can't be made: {error.strerror}") from None
    try:
        return Held(path, os.O_RDONLY)
    except OSError:
        return None


def _flock(held: Held, how: int, deadline: float, path: Path) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(held, how | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno in _NO_LOCKS:
                raise UnsupportedPlaceError(
                    f"{path} lies on a disk without locks ({error.strerror}); keep the registry on a local disk"
                ) from None
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                raise StoreError(f"{path} can't be locked: {error.strerror}") from None
        left = deadline - time.monotonic()
        if left <= 0:
            raise LockedError(
                f"{path} is in use by {holder(path)}; wait for it to finish, or wait longer (--wait SECONDS)"
            )
        time.sleep(min(pause * random.uniform(0.5, 1.5), left))
        pause = min(pause * 2, _LONGEST_PAUSE)


def holder(path: Path) -> str:
    """Return a few words on who holds the lock of `path` now, as far as can be known."""
    lock, gate = (path.with_name(path.name + suffix) for suffix in (".lock", ".gate"))
    signed = _signature(lock)
    # the system's own list is the truth where there is one: a killed process leaves its signature behind
    pids = sorted(_flock_pids(lock) or _flock_pids(gate)) or ([signed[0]] if signed and _lives(signed[0]) else [])
    named = [_name(pid, signed[1] if signed and signed[0] == pid else "") for pid in pids[:3]]
    more = f" and {len(pids) - 3} more" if len(pids) > 3 else ""
    return " and ".join(named) + more if named else "another process"


def users(path: Path) -> str:
    """Return a few words on the processes that hold the lock of `path` now; nothing where the system lists none."""
    pids = sorted(_flock_pids(path.with_name(path.name + ".lock")))
    return " and ".join(_name(pid, "") for pid in pids[:3]) + (f" and {len(pids) - 3} more" if len(pids) > 3 else "")


def _name(pid: int, command: str) -> str:
    if pid == os.getpid():
        return f"process {pid} (this one: another thread, or another session of this thread)"
    if not command:
        with contextlib.suppress(OSError):
            command = _short(Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0"))
    shown = "".join(c if c.isprintable() else "?" for c in command)
    return f"process {pid} ({shown})" if shown else f"process {pid}"


def _own_command() -> str:
    return _short(sys.argv) or "python"


def _short(arguments: list[str]) -> str:
    return " ".join([Path(arguments[0]).name, *arguments[1:]]).strip()[:200] if arguments else ""


def _signature(lock: Path) -> tuple[int, str] | None:
    with contextlib.suppress(OSError, ValueError):
        pid, _, command = lock.read_text(errors="replace").strip().partition(" ")
        return int(pid), command
    return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def _flock_pids(lock: Path) -> set[int]:
    """Return the processes that hold a flock on `lock` (Linux tells; elsewhere none)."""
    return set(_read_locks(lock))


def _read_locks(lock: Path) -> Iterator[int]:
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = lock.stat().st_ino
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if words[1] == "FLOCK" and int(words[5].rsplit(":", 1)[1]) == inode and int(words[4]) > 0:
                yield int(words[4])
