"""The spool: a folder of small files that makes a registration durable without opening the engine.

Registering must neither fail nor wait because somebody else has the file. An entry is written to a
temporary name, fsynced and renamed; it is acknowledged then. Whoever next holds the lock applies the
entries in name order and removes them afterwards.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import ReadOnlyError, StoreError
from registry.store import forks

_STALE_SECONDS = 3600
"""A temporary file this old was left by a process that died before it acknowledged anything."""

_counter = itertools.count(1)
_last_time = 0
_time_lock = forks.guard()


@dataclass(frozen=True, slots=True)
class Entry:
    """One spooled file: its name (which orders it) and its text."""

    name: str
    text: str

    def content(self) -> dict[str, Any]:
        """Return the decoded entry; raises `ValueError` when it is not a JSON object."""
        made = json.loads(self.text)
        if not isinstance(made, dict):
            raise ValueError("not a JSON object")
        return made


class Spool:
    """The spool folder beside a registry's file."""

    def __init__(self, path: Path) -> None:
        self.folder = path.with_name(path.name + ".spool")
        self.refused = self.folder / "refused"
        self._marker = self.folder / "verified"
        self._made_by = -1

    def write(self, content: dict[str, Any], label: str) -> str:
        """Write one entry durably and return its name.

        Raises:
            ReadOnlyError: the folder can't be written.
            StoreError: the disk is full or failing; nothing was acknowledged.
        """
        data = json.dumps(content).encode()
        try:
            if self._made_by != os.getpid():
                self._make_folder()
                self._made_by = os.getpid()
            try:
                return self._write(data, label)
            except FileNotFoundError:  # somebody removed the folder since
                self._make_folder()
                return self._write(data, label)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise ReadOnlyError(f"{self.folder} can't be written: {error.strerror}") from None
            raise StoreError(
                f"{self.folder} can't take the registration: {error.strerror or error}; nothing was registered"
            ) from None

    def _write(self, data: bytes, label: str) -> str:
        name = f"{_unique_time():020d}-{os.getpid()}-{next(_counter)}-{label}.json"
        temporary, final = self.folder / f".{name}.tmp", self.folder / name
        # nobody else can make these names; were they there all the same, nothing would be overwritten
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            try:
                _write_all(fd, data)
                os.fsync(fd)
            finally:
                os.close(fd)
            if final.exists():
                raise FileExistsError(errno.EEXIST, f"{name} exists already")
            temporary.rename(final)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        try:
            sync_folder(self.folder)
        except OSError:  # not durable, so not acknowledged: don't let it appear later
            with contextlib.suppress(OSError):
                final.unlink()
            raise
        return name

    def _make_folder(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir()
        # also when it was there: whoever made it may have died before this
        sync_folder(self.folder.parent)

    def names(self) -> list[str]:
        """Return the names of the entries waiting, in the order they are applied."""
        try:
            found = os.listdir(self.folder)  # noqa: PTH208 - names are all that is wanted, a hundred thousand at times
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError as error:
            raise StoreError(f"{self.folder} can't be read: {error.strerror}") from None
        return sorted(name for name in found if name[0].isdigit() and name.endswith(".json"))

    def load(self, names: Iterable[str], count: int | None = None, size: int | None = None) -> list[Entry]:
        """Return the entries of these names that are there and may be read, up to that many and that many bytes.

        What is no file comes without text, so that it can be refused.

        Raises:
            StoreError: the disk fails.
        """
        loaded: list[Entry] = []
        for name in names:
            if len(loaded) == count or (size is not None and size <= 0):
                break
            try:
                text = (self.folder / name).read_bytes().decode(errors="surrogateescape")
            except (FileNotFoundError, PermissionError):
                continue  # removed meanwhile; or somebody else's, who will bring it in
            except IsADirectoryError:
                text = ""
            except OSError as error:
                raise StoreError(f"{self.folder / name} can't be read: {error.strerror}") from None
            loaded.append(Entry(name, text))
            size = None if size is None else size - len(text)
        return loaded

    def remove(self, names: Iterable[str]) -> None:
        """Remove applied entries. One that can't be removed stays, recorded as applied."""
        for name in names:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()
        with contextlib.suppress(FileNotFoundError):
            sync_folder(self.folder)
        self._sweep()

    def refuse(self, name: str, reason: str) -> bool:
        """Set an entry that can't be applied aside, with the reason beside it; return whether that worked.

        On a full disk it may not; the entry stays where it is then, and blocks nothing there either.
        """
        try:
            self.refused.mkdir(exist_ok=True)
            (self.folder / name).rename(self.refused / name)
        except OSError:
            return False
        with contextlib.suppress(OSError):
            (self.refused / (name + ".reason")).write_text(reason + "\n", errors="replace")
        return True

    def refusals(self) -> list[tuple[str, str]]:
        """Return (name, reason) of every entry set aside."""
        try:
            found = sorted(path for path in self.refused.iterdir() if path.suffix == ".json")
        except OSError:
            return []
        listed = []
        for path in found:
            reason = "unknown"
            with contextlib.suppress(OSError):
                reason = (self.refused / (path.name + ".reason")).read_text(errors="replace").strip()
            listed.append((path.name, reason))
        return listed

    def verified(self) -> str | None:
        """Return the identity of the file that the engine once saw to be a registry."""
        try:
            return self._marker.read_text()
        except OSError:
            return None

    def mark_verified(self, identity: str) -> None:
        """Remember that the file of this identity is a registry, for writers that don't open the engine."""
        with contextlib.suppress(OSError):
            self._make_folder()
            temporary = self.folder / f".verified.{os.getpid()}.{next(_counter)}.tmp"
            temporary.write_text(identity)
            temporary.rename(self._marker)

    def _sweep(self) -> None:
        """Remove temporary files of processes that died in the middle of writing one."""
        with contextlib.suppress(OSError):
            for left in self.folder.glob(".*.tmp"):
                with contextlib.suppress(OSError):
                    if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                        left.unlink()


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable.

    Raises:
        OSError: they are not.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def identity(path: Path, *, opening: bool = True) -> str:
    """Return what stays the same while the file is the same one; without `opening`, only how that begins.

    Inode numbers are used again, so the engine's header, which has a random part, is in it too.
    """
    status = path.stat()
    known = f"{status.st_dev}-{status.st_ino}-"
    if not opening:
        return known
    with path.open("rb") as file:
        return known + hashlib.sha256(file.read(4096)).hexdigest()[:16]


def _unique_time() -> int:
    """Return the time in nanoseconds, never the same or smaller twice in a process: names order entries."""
    global _last_time
    with _time_lock:
        _last_time = max(time.time_ns(), _last_time + 1)
        return _last_time
