"""Putting a backup in a registry's place: looked through first, and nothing of what was there is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import CorruptRegistryError, ExchangeError, StoreError
from registry.maintenance import verify
from registry.store import place
from registry.store.connection import explained
from registry.store.copies import copy_whole, is_same, put_in_place

if TYPE_CHECKING:
    from registry.store import Store

_STALE_SECONDS = 86_400
"""Nobody thinks about a question for longer."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """A backup put in a registry's place, or about to be."""

    path: str
    """The registry."""
    file: str
    """The backup."""
    experiments: int
    """In the backup, those in its trash included."""
    runs: int
    replaces: int | None
    """Experiments that are in the registry's place now; None where that can't be told, or nothing is there."""
    kept: str | None = None
    """Where what was there is now; None where there was nothing, or nothing was done yet."""
    waiting: int = 0
    """Registrations that had not been brought in: they wait beside what is kept."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {name: getattr(self, name) for name in self.__slots__}


def restore(store: Store, file: Path, sure: Callable[[Restoration], bool] | None) -> Restoration | None:
    """Put the registry at `file` in the place of `store`'s; see `ExperimentRegistry.restore_backup`."""
    from registry.store import Store

    if is_same(store, file):
        raise ExchangeError(f"{file} is the registry itself; name a backup of it")
    store.check_may_change()
    backup = Store(file, wait=store.wait)
    place.check_name(store.path)
    place.check_writable(store.path)
    with explained(store.path):
        _sweep(store.path)
        # beside the registry, so that it can take its place in one step
        folder = tempfile.TemporaryDirectory(prefix=_prefix(store.path), dir=store.path.parent)
    with folder:
        whole = Path(folder.name, store.path.name)
        refused = copy_whole(backup, whole)
        if refused:
            raise CorruptRegistryError(
                f"{file} has {len(refused)} registrations waiting that can't be brought in ({refused[0][0]}:"
                f" {refused[0][1]}), and nothing was restored; see: experiments --db {file} verify"
            )
        found = verify(Store(whole))
        if found.problems:
            first, others = found.problems[0], len(found.problems) - 1
            raise CorruptRegistryError(
                f"{file} was altered: {first.config_hash[:12]} {first.what}{f', and {others} more' if others else ''};"
                f" nothing was restored; see: experiments --db {file} verify"
            )
        planned = Restoration(str(store.path), str(file), found.checked, found.runs, _count(store))
        if sure is not None and not sure(planned):
            return None
        kept = put_in_place(store, whole)
    if kept is None:
        return planned
    return replace(planned, kept=str(kept.path), waiting=kept.waiting)


def _prefix(path: Path) -> str:
    return f".{path.name}.restore-"


def _sweep(path: Path) -> None:
    """Remove what a restoration left that was killed."""
    for name in os.listdir(path.parent):  # noqa: PTH208 - Path.glob would take signs in the name for patterns
        left = path.with_name(name)
        with contextlib.suppress(OSError):  # another restoration has swept it
            if name.startswith(_prefix(path)) and time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _count(store: Store) -> int | None:
    """Return how many experiments the registry has, the trash included, where it can be read at all."""
    try:
        if not store.exists():
            return None
        with store.read() as session:
            count: int = session.value("SELECT count(*) FROM experiment")
    except StoreError:
        return None
    return count
