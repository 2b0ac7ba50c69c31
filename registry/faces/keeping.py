"""Looking after the registry: its log, its health, copies of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from registry.faces.base import Base

if TYPE_CHECKING:
    from registry.checkup import Checkup
    from registry.events import Event, LogBrowse
    from registry.maintenance import Info, Verification
    from registry.restoring import Restoration


class Keeping(Base):
    """What looks after the file and tells what happened to it."""

    def log(
        self,
        since: str | datetime | None = None,
        reference: str | None = None,
        limit: int | None = None,
        *,
        text: str = "",
    ) -> list[Event]:
        """Return what happened, oldest first: to everything or to one experiment, trashed or purged ones too.

        `since` is a moment (ISO text or datetime, UTC when it names no zone); `limit` keeps the newest. With
        `text`, only events that have it, in any case, in their kind, their hash or what was recorded.

        Raises:
            InvalidConfigError: `since` is no moment.
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one.
        """
        from registry import events, references

        with self._store.read() as session:
            config_hash = None
            if reference is not None:
                found = references.find(session, reference) or references.find(session, reference, trashed=True)
                full = reference.strip().lower()
                if found is None and not references.is_full_hash(full):
                    references.resolve(session, reference)
                config_hash = found[1] if found else full
            return events.log(session, since, config_hash, limit, text)

    def browse_log(self, text: str = "") -> LogBrowse:
        """Return the ids of the events that `log` finds for `text`, newest first; see `log_page`."""
        from registry import events

        with self._store.read() as session:
            return events.browse(session, text)

    def log_page(self, ids: Sequence[int]) -> list[Event]:
        """Return the events with these ids, in the order asked; those that are not there are left out."""
        from registry import events

        with self._store.read() as session:
            return events.page(session, ids)

    def verify(self) -> Verification:
        """Recompute every hash and run id, and compare what searches use with the configurations themselves."""
        from registry import maintenance

        return maintenance.verify(self._store)

    def info(self) -> Info:
        """Return where the registry is, what is in it and what waits to be brought in."""
        from registry import maintenance

        with self._store.read() as session:
            return maintenance.info(session, self._store)

    def doctor(self) -> Checkup:
        """Look at the file, its lock and its surroundings without waiting, changing or opening what is in use.

        Never raises because of what it finds.
        """
        from registry import checkup

        return checkup.doctor(self.path)

    def backup(self, file: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write one complete file, waiting registrations included, while others go on working.

        Raises:
            StoreError: nothing to back up, or the file exists (without `force`) or can't be written.
        """
        return self._store.backup(Path(file).expanduser(), force=force)

    def restore_backup(
        self, file: str | os.PathLike[str], *, sure: Callable[[Restoration], bool] | None = None
    ) -> Restoration | None:
        """Put a backup in this registry's place, once it is known to be a whole registry with nothing altered.

        The backup stays as it is. What was in its place is kept beside it as a registry of its own, together with
        registrations that wait; those never come into the restored one. Whoever looks sees one or the other.
        `sure` is asked when all was looked at; where it says no, None is returned and nothing was changed.

        Raises:
            ExchangeError: the backup is this registry.
            MissingRegistryError: there is no such backup.
            CorruptRegistryError: something in it was altered.
            LockedError: others held the registry longer than `wait` seconds.
            StoreError: the backup can't be read, or this registry not be replaced; it is as it was.
        """
        from registry import restoring

        return restoring.restore(self._store, Path(file).expanduser(), sure)
