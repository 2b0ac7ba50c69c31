"""The spool: a folder of small files that makes a registration durable without opening the engine.

Registering must neither fail nor wait because somebody else has the file. An entry is written to a
temporary name, fsynced and renamed; it is acknowledged then. Whoever next holds the lock applies the
entries in name order and removes them afterwards.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import ReadOnlyError, StoreError

_STALE_SECONDS = 3600
"""A temporary file this old was left by a process that died before it acknowledged anything."""

_counter = itertools.count(1)
_last_time = 0
_time_lock = threading.Lock()


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
        except PermissionError as error:
            raise ReadOnlyError(f"{self.folder} can't be written: {error.strerror}") from None
        except OSError as error:
            raise StoreError(
                f"{self.folder} can't take the registration: {error.strerror}; nothing was registered"
            ) from None

    def _write(self, data: bytes, label: str) -> str:
        while True:
            name = f"{_unique_time():020d}-{os.getpid()}-{next(_counter)}-{label}.json"
            temporary = self.folder / f".{name}.tmp"
            try:
                fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            except FileExistsError:
                continue
            break
        try:
            try:
                _write_all(fd, data)
                os.fsync(fd)
            finally:
                os.close(fd)
            final = self.folder / name
            # nobody else can make this name: it belongs to whoever made the temporary one
            if final.exists():
                raise OSError(f"{name} exists already")
            temporary.rename(final)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(self.folder)
        return name

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(exist_ok=True)
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

    def load(self, names: list[str]) -> list[Entry]:
        """Return the entries of these names that are still there."""
        loaded = []
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                loaded.append(Entry(name, (self.folder / name).read_bytes().decode(errors="surrogateescape")))
        return loaded

    def remove(self, names: list[str]) -> None:
        """Remove applied entries; one that is gone already is fine."""
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (self.folder / name).unlink()
        if names:
            sync_folder(self.folder)
        self._sweep()

    def refuse(self, name: str, reason: str) -> None:
        """Set an entry that can't be applied aside, with the reason beside it, so that it blocks nothing."""
        self.refused.mkdir(exist_ok=True)
        (self.refused / (name + ".reason")).write_text(reason + "\n", errors="replace")
        with contextlib.suppress(FileNotFoundError):
            (self.folder / name).rename(self.refused / name)

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

    def is_verified(self, path: Path) -> bool:
        """Tell whether the engine once saw that the very file at `path` is a registry."""
        try:
            status = path.stat()
            return self._marker.read_text() == _identity(status)
        except OSError:
            return False

    def mark_verified(self, path: Path) -> None:
        """Remember that the file at `path` is a registry, for writers that don't open the engine."""
        with contextlib.suppress(OSError):
            identity = _identity(path.stat())
            if not (self._marker.exists() and self._marker.read_text() == identity):
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
    """Make renames in `folder` durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}-{status.st_ino}"


def _unique_time() -> int:
    """Return the time in nanoseconds, never the same or smaller twice in a process: names order entries."""
    global _last_time
    with _time_lock:
        _last_time = max(time.time_ns(), _last_time + 1)
        return _last_time
