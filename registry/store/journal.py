"""A rollback journal for the only blocks of a registry file that the engine overwrites while they are in use.

duckdb writes new data into free blocks and then, in one small write, a header that leads to them: whoever is
killed before that leaves the file as it was. But what is free in its *metadata* blocks it fills, and writes the
block again in its place, 256 KiB under one checksum. A process that is killed (or a machine that stops) in the
middle of that leaves a block that fits no checksum, and a file that nobody can open any more.

So whoever opens a registry for changes first keeps those blocks beside it, durably, and takes them away once the
file is closed. Where they still lie there and the header is the one they were kept with, the last one to write
did not come to its end, and they are put back: that is the state the file had, and the engine's log, which is
emptied last, has what came after it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.errors import LockedError
from registry.store.spool import sync_folder

if TYPE_CHECKING:
    from registry.store.connection import Connection

SECTOR: Final = 4096
HEADERS: Final = 3 * SECTOR
"""A DuckDB file begins with three: one for good, and two that take turns at being the last written."""

_MAGIC: Final = b"experiment-registry journal 1\n"
_DIGEST: Final = 32
_NUMBERS: Final = struct.Struct("<QQ")


def database_header(head: bytes) -> tuple[int, int, int, int, int]:
    """Return the newer of the two headers: iteration, metadata root, free list, number of blocks, bytes of a block."""
    first, second = (struct.unpack_from("<5Q", head, start + 8) for start in (SECTOR, 2 * SECTOR))
    newer: tuple[int, int, int, int, int] = max(first, second)
    return newer


def path_of(path: Path) -> Path:
    """Return where the journal of the file at `path` is, while there is one."""
    return path.with_name(path.name + ".journal")


def is_left(path: Path) -> bool:
    """Tell whether somebody is writing, or, for who holds the lock: was killed while writing."""
    return os.path.lexists(path_of(path))


class Journal:
    """What is kept of the file at `path`, which is not open yet, until `end`.

    It has the file open itself: were that closed before the engine's, the system would drop the engine's lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pid = os.getpid()
        self._headers = b""
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def keep(self, connection: Connection) -> None:
        """Make durable what the file's next checkpoint may overwrite; call it again after each.

        Raises:
            OSError: that can't be done.
        """
        headers = os.pread(self._fd, HEADERS, 0)
        if headers == self._headers:
            return
        size = database_header(headers)[-1]
        blocks = [block for (block,) in connection.execute("SELECT block_id FROM pragma_metadata_info()").fetchall()]
        body = [headers, _NUMBERS.pack(size, len(blocks))]
        for block in blocks:
            at = HEADERS + block * size
            body += [at.to_bytes(8, "little"), os.pread(self._fd, size, at)]
        content = b"".join(body)
        self._write(_MAGIC + hashlib.sha256(content).digest() + content)
        self._headers = headers

    def _write(self, data: bytes) -> None:
        journal = path_of(self._path)
        journal.unlink(missing_ok=True)  # of the state before
        there = os.fstat(self._fd)
        with open(os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:  # noqa: PTH123
            # whoever may read and write the registry must be able to put it in order, and nobody else needs to
            with contextlib.suppress(OSError):
                os.fchown(file.fileno(), -1, there.st_gid)
            os.fchmod(file.fileno(), there.st_mode & 0o777)
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                sync_folder(journal.parent)
            except BaseException:
                journal.unlink(missing_ok=True)
                raise

    def end(self) -> None:
        """Let go of the file, which the engine has closed: a second call does nothing."""
        if self._fd < 0 or self._pid != os.getpid():
            return
        fd, self._fd = self._fd, -1
        os.close(fd)
        if self._headers:
            recover(self._path)


def recover(path: Path) -> None:
    """Put the file in order if who last wrote it did not come to an end; the caller holds the lock exclusively.

    Raises:
        LockedError: another program has the file open.
        OSError: it can't be done; nothing is lost by trying again.
    """
    journal = path_of(path)
    try:
        kept = _parse(journal.read_bytes())
    except FileNotFoundError:
        return
    if kept is not None and path.exists():
        _put_back(path, kept)
    journal.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Kept:
    headers: bytes
    blocks: dict[int, bytes]


def _parse(data: bytes) -> _Kept | None:
    """Return what a journal keeps; None for one whose writer was killed before it was whole, and wrote no more."""
    start = len(_MAGIC) + _DIGEST
    content = data[start:]
    if not data.startswith(_MAGIC) or hashlib.sha256(content).digest() != data[len(_MAGIC) : start]:
        return None
    size, count = _NUMBERS.unpack_from(content, HEADERS)
    return _Kept(content[:HEADERS], dict(_blocks(content, HEADERS + _NUMBERS.size, size, count)))


def _blocks(content: bytes, start: int, size: int, count: int) -> Iterator[tuple[int, bytes]]:
    for each in range(start, start + count * (8 + size), 8 + size):
        yield int.from_bytes(content[each : each + 8], "little"), content[each + 8 : each + 8 + size]


def _put_back(path: Path, kept: _Kept) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if os.pread(fd, HEADERS, 0) != kept.headers:
            return  # the checkpoint came to its end, or this is another file
        torn = {at: block for at, block in kept.blocks.items() if os.pread(fd, len(block), at) != block}
        if not torn:
            return
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as the engine does: others may be writing by hand
        except OSError:
            raise LockedError(f"{path} is held open by another program; close it there") from None
        for at, block in torn.items():
            written = 0
            while written < len(block):
                written += os.pwrite(fd, block[written:], at + written)
        os.fsync(fd)
    finally:
        os.close(fd)
