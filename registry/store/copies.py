"""Whole copies of a registry: a backup, a private copy to read at leisure, and a copy put in the registry's place."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.errors import FileExistsRefusal, LockedError, MissingRegistryError, StoreError
from registry.store import entries, files, ingest, journal, lock, place
from registry.store.connection import Engine, explained
from registry.store.publishing import publish
from registry.store.session import WriteSession
from registry.store.spool import Spool, sync_folder

if TYPE_CHECKING:
    from registry.store.store import Store

_counter = itertools.count(1)

_EXISTS: Final = "{target} exists; name another file, or replace it with --force"
_WAITS: Final = "{target} has registrations waiting beside it ({folder}); name another file"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was in the registry's place before a copy was put there."""

    path: Path
    """Where it is now, a registry of its own."""
    file: bool
    """Whether there was a file, not only registrations waiting for one."""
    waiting: int
    """Registrations that wait beside it."""


def backup(store: Store, target: Path, *, force: bool) -> Path:
    """Write one complete file to `target`; see `Store.backup`."""
    target = Path(os.path.realpath(target))
    if target == store.path:
        raise StoreError(f"{target} is the registry itself; name another file for the backup")
    if target.exists() and not force:
        raise StoreError(_EXISTS.format(target=target))
    if Spool(target).names():
        raise StoreError(_WAITS.format(target=target, folder=Spool(target).folder))
    if not store.exists():
        raise StoreError(f"{store.path} has nothing to back up yet")
    place.check_name(target)
    place.check_writable(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{next(_counter)}.tmp")
    store.try_sync()
    try:
        copy_whole(store, temporary)
        with lock.holding(target, shared=False, timeout=store.wait, make=False), explained(target):
            if Spool(target).names():
                raise StoreError(_WAITS.format(target=target, folder=Spool(target).folder))
            if target.exists() and not force:
                raise StoreError(_EXISTS.format(target=target))
            if target.exists():
                shutil.copymode(target, temporary)
            for left in (files.log_of(target), journal.path_of(target)):  # of the file that is replaced, or was
                left.unlink(missing_ok=True)
            publish(temporary, target, str(target), force=force)
            sync_folder(target.parent)
    except FileExistsRefusal:
        raise StoreError(_EXISTS.format(target=target)) from None
    finally:
        for left in (temporary, files.log_of(temporary)):
            with contextlib.suppress(OSError):
                left.unlink()
    return target


def copy_whole(store: Store, target: Path) -> list[tuple[str, str]]:
    """Copy the file, and bring into the copy what still waits beside the original, which is not written to.

    The copy has the present schema. Return (name, reason) of waiting entries that can't be brought in.

    Raises:
        MissingRegistryError: there is nothing to copy.
        StoreError: it can't be read, or the copy not be written.
    """
    place.check_name(store.path)
    if not store.exists():
        raise MissingRegistryError(f"there is no registry at {store.path}; check the name")
    store.let_go()  # reading a file that this process has open would drop the engine's lock on it
    with lock.holding(store.path, shared=True, timeout=store.wait):
        there = store.sniff() == "duckdb"
        if there:
            if not journal.is_left(store.path):  # else the copy is put in order
                files.check(store.path, store.migrations)  # so that an error names this file, not the copy
            files.copy(store.path, target)
        loaded = store.spool.load(store.spool.names())
    if not there:
        files.make(target, store.migrations)
    with Engine() as engine:
        found = files.version(engine.writer(target), target, store.migrations)
    if found < len(store.migrations):
        files.migrate(target, found, store.migrations).unlink()
    refused = store.spool.refusals()
    with Engine() as engine:
        session = WriteSession(engine.writer(target), target)
        recorded = ingest.recorded(session)
        waiting = [entry for entry in loaded if entry.name not in recorded]
        parsed = entries.parse(waiting, lambda name, reason: refused.append((name, reason)))
        refused += ingest.apply(session, parsed)
    files.sync(target)
    return refused


def is_same(store: Store, other: Path) -> bool:
    """Tell whether `other` is the registry's own file, by whatever name: a link of either kind, another spelling."""
    if Path(os.path.realpath(other)) == store.path:
        return True
    try:
        return store.path.samefile(other)
    except OSError:
        return False


def put_in_place(store: Store, whole: Path) -> Kept | None:
    """Put a whole file, alone in a folder beside the registry, where the registry's is; keep what was there.

    Whoever looks sees one or the other, also when this is killed. Registrations that wait beside the registry are
    those of the file that is replaced: they go with it, and are recorded as applied in the new one before they are
    taken away, so that no moment loses them or brings them into it.

    Raises:
        NotARegistryError: something else lies there.
        LockedError: others held the file longer than the store waits.
        StoreError: it can't be done; the registry is as it was.
    """
    if store.current() is not None:
        raise RuntimeError("a registry that is open in this thread can't be replaced before it is closed")
    store.check_may_change()
    path, spool = store.path, store.spool
    place.check_name(path)
    place.check_local(path)
    place.check_writable(path)
    store.let_go()
    store.sniff()
    store.try_sync()
    with lock.holding(path, shared=False, timeout=store.wait), explained(path):
        with contextlib.suppress(StoreError, OSError):  # too damaged for that, which is why it is replaced
            journal.recover(path)
        names = spool.names()
        there = place.sniff(path) == "duckdb"
        kept, log = _free(path), whole.with_name("log")
        try:
            if there:
                _keep(path, kept, whole.with_name("kept"))
            if names:
                _copy_entries(spool, Spool(kept), names)
                _record_applied(whole, names)
            if there:
                _close_log(path)
            files.sync(whole)
            if there:
                shutil.copymode(path, whole)
            if files.log_of(path).exists():  # of a file too damaged to be opened; the kept one has it
                files.log_of(path).replace(log)
            whole.replace(path)
            journal.path_of(path).unlink(missing_ok=True)
        except BaseException:
            if whole.exists():
                if log.exists():
                    log.replace(files.log_of(path))
                _forget(kept)
            raise
        sync_folder(path.parent)
        spool.remove(names)
        if spool.refusals():
            Spool(kept).folder.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):
                spool.refused.rename(Spool(kept).refused)
    return Kept(kept, there, len(names)) if there or names else None


def _free(path: Path) -> Path:
    """Return a name for what is kept: the registry's own, with the time in it."""
    stamp = f"{path.stem}.before-restore-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in itertools.count():
        kept = path.with_name(f"{stamp}{f'-{number}' if number else ''}{path.suffix}")
        if not kept.exists() and not Spool(kept).folder.exists():
            return kept
    raise AssertionError


def _keep(path: Path, kept: Path, temporary: Path) -> None:
    """Copy the file to the name it is kept by, whole or not at all.

    A copy, since a second name of the same file would be a registry with two locks for as long as both are there.
    """
    files.copy(path, temporary)
    if files.log_of(temporary).exists():
        files.log_of(temporary).replace(files.log_of(kept))
    temporary.replace(kept)
    sync_folder(kept.parent)


def _copy_entries(spool: Spool, beside: Spool, names: list[str]) -> None:
    beside.folder.mkdir(exist_ok=True)
    shutil.copymode(spool.folder, beside.folder)
    for name in names:
        copy = beside.folder / name
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            shutil.copy(spool.folder / name, copy)
            files.sync(copy)
    sync_folder(beside.folder)
    sync_folder(beside.folder.parent)


def _record_applied(whole: Path, names: list[str]) -> None:
    with Engine() as engine:
        WriteSession(engine.writer(whole), whole).insert("applied", {"name": "VARCHAR"}, {"name": names})


def _close_log(path: Path) -> None:
    """Bring the engine's log into the file, and find out whether another program has it open.

    Raises:
        LockedError: it has.
    """
    try:
        with Engine() as engine:
            engine.writer(path).execute("CHECKPOINT registry")
    except LockedError:
        raise
    except StoreError:
        pass  # damaged, which is why it is replaced
    except Exception as error:
        with contextlib.suppress(StoreError), explained(path):
            raise error


def _forget(kept: Path) -> None:
    """Remove what was kept of a registry that stays."""
    shutil.rmtree(Spool(kept).folder, ignore_errors=True)
    for left in (kept, files.log_of(kept)):
        with contextlib.suppress(OSError):
            left.unlink()
