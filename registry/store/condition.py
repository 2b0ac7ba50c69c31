"""How a registry's files are: what can be told without the engine, without waiting and without touching anything."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from registry.errors import LockedError, StoreError
from registry.store import files, lock, peeking, place
from registry.store.spool import Spool


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a DuckDB file say of it."""

    storage: int
    """The number of its storage format."""
    written_by: str
    """The version of DuckDB that made it; empty where the file does not say."""


def header(path: Path) -> Header | None:
    """Return what the file's first bytes say, or None where they can't be read."""
    try:
        with path.open("rb") as file:
            head = file.read(84)
    except OSError:
        return None
    if len(head) < 84 or head[8:12] != b"DUCK":
        return None
    text = head[52:84].split(b"\0")[0].decode("ascii", "replace")
    return Header(struct.unpack_from("<Q", head, 12)[0], "".join(c for c in text if c.isprintable()))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the file lies and what may be done there."""

    exists: bool
    size: int = 0
    """Bytes."""
    mode: str = ""
    """As `ls` shows it."""
    readable: bool = False
    writable: bool = False
    """The file and its folder."""
    why_not: str = ""
    """Why it can't be written."""
    names: int = 1
    """Hard links: more than one, and others may open it by a name with another lock."""
    link_to: str | None = None
    """Where a symbolic link leads."""
    log: int | None = None
    """Bytes of the engine's log beside it, if there is one."""
    file_system: str = ""
    """The type of the file system, where it can be told."""
    unreachable: str = ""
    """Why it can't be told whether it is there."""
    unsuitable: str = ""
    """Why no registry can lie there: a network disk, a name that the engine can't open."""


def look_at(path: Path) -> Place:
    """Return where the file at `path` lies, which need not exist and may be a link."""
    resolved = Path(os.path.realpath(path))
    unsuitable = why_not = ""
    try:
        place.check_name(resolved)
        place.check_local(resolved)
    except StoreError as error:
        unsuitable = str(error)
    except OSError:
        pass  # told as unreachable
    try:
        place.check_writable(resolved)
    except (StoreError, OSError) as error:
        why_not = str(error)
    link_to = str(resolved) if os.path.islink(path) else None  # noqa: PTH114 - pathlib's raises where it may not look
    kind = ""
    log = None
    with contextlib.suppress(OSError):
        kind = place.file_system(resolved)
    with contextlib.suppress(OSError):
        log = files.log_of(resolved).stat().st_size
    try:
        status = resolved.stat()
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        return Place(
            False, writable=not why_not, why_not=why_not, link_to=link_to, log=log, file_system=kind,
            unreachable="" if missing else error.strerror or str(error), unsuitable=unsuitable,
        )  # fmt: skip
    return Place(
        True, status.st_size, stat.filemode(status.st_mode), os.access(resolved, os.R_OK), not why_not, why_not,
        status.st_nlink if stat.S_ISREG(status.st_mode) else 1, link_to, log, kind, "", unsuitable,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Locking:
    """Who uses the registry now, and whether its lock files are as they must be."""

    files: dict[str, str | None]
    """Name of each lock file with its mode; None: it is not there yet."""
    held_by: str = ""
    """Who holds the lock so that nobody else can look, in a few words; empty when it is free."""
    read_by: str = ""
    """Who reads at this moment, where the system tells."""
    wrong: tuple[str, ...] = ()
    """What is wrong with the lock files, a sentence each."""


def locking(path: Path) -> Locking:
    """Return how the lock of the registry at `path` (already resolved) is at this moment."""
    found: dict[str, str | None] = {}
    wrong: list[str] = []
    for suffix in (".lock", ".gate"):
        file = path.with_name(path.name + suffix)
        try:
            status = file.lstat()
        except OSError:
            found[file.name] = None
            continue
        found[file.name] = stat.filemode(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            wrong.append(f"{file} is a link: whoever opens the registry elsewhere may lock another file")
        elif not stat.S_ISREG(status.st_mode):
            wrong.append(f"{file} is no file, so nothing can be locked with it")
        elif not os.access(file, os.R_OK):
            wrong.append(f"{file} can't be read by this user, so reading can't keep out who writes")
        elif not os.access(file, os.W_OK) and place.is_writable(path):
            wrong.append(f"{file} can't be written by this user, so this user can't change the registry")
    reading = lock.users(path)
    held = ""
    try:
        with peeking.free(path):
            pass
    except LockedError:
        held, reading = lock.holder(path), ""
    except StoreError as error:
        wrong = wrong or [str(error)]
    return Locking(found, held, reading, tuple(wrong))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What lies in the spool."""

    entries: int = 0
    oldest: float = 0.0
    """Seconds that the oldest entry has waited."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(file, reason) of what could not be applied."""
    unreadable: int = 0
    """Entries of the present that this user can't read; their owner brings them in."""
    wrong: str = ""
    """Why the spool can't be used."""


def waiting(path: Path) -> Waiting:
    """Return what lies in the spool of the registry at `path` (already resolved)."""
    spool = Spool(path)
    if not os.path.lexists(spool.folder):
        return Waiting()
    if not spool.folder.is_dir():
        return Waiting(wrong=f"{spool.folder} is no folder, so nothing can be registered")
    try:
        names = spool.names()
    except StoreError as error:
        return Waiting(wrong=str(error))
    wrong = ""
    if not os.access(spool.folder, os.W_OK | os.X_OK) and place.is_writable(path):
        wrong = f"{spool.folder} can't be written by this user, so this user can't register anything"
    ages = [time.time() - int(name.partition("-")[0]) / 1e9 for name in names[:1] if name.partition("-")[0].isdigit()]
    unreadable = sum(not os.access(spool.folder / name, os.R_OK) for name in names[:1000])
    return Waiting(len(names), max([0.0, *ages]), spool.refusals(), unreadable, wrong)


def room(folder: Path) -> tuple[Path, int, bool] | None:
    """Return the nearest folder that exists, the bytes free for this user there, and whether files can be made.

    None where the system does not tell.
    """
    while not os.path.isdir(folder) and folder != folder.parent:  # noqa: PTH112 - as above
        folder = folder.parent
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return folder, found.f_bavail * found.f_frsize, not (found.f_files and not found.f_favail)
