"""Looking after the registry: its log, its health, copies of it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from registry.faces.base import Base

if TYPE_CHECKING:
    from registry.maintenance import Event, Info, Verification


class Keeping(Base):
    """What looks after the file and tells what happened to it."""

    def log(
        self, since: str | datetime | None = None, reference: str | None = None, limit: int | None = None
    ) -> list[Event]:
        """Return what happened, oldest first: to everything or to one experiment, trashed or purged ones too.

        `since` is a moment (ISO text or datetime, UTC when it names no zone); `limit` keeps the newest.

        Raises:
            InvalidConfigError: `since` is no moment.
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one.
        """
        from registry import maintenance, references

        with self._store.read() as session:
            config_hash = None
            if reference is not None:
                found = references.find(session, reference) or references.find(session, reference, trashed=True)
                full = reference.strip().lower()
                if found is None and not references.is_full_hash(full):
                    references.resolve(session, reference)
                config_hash = found[1] if found else full
            return maintenance.log(session, since, config_hash, limit)

    def verify(self) -> Verification:
        """Recompute every hash and run id, and compare what searches use with the configurations themselves."""
        from registry import maintenance

        return maintenance.verify(self._store)

    def info(self) -> Info:
        """Return where the registry is, what is in it and what waits to be brought in."""
        from registry import maintenance

        with self._store.read() as session:
            return maintenance.info(session, self._store)

    def backup(self, file: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write one complete file, waiting registrations included, while others go on working.

        Raises:
            StoreError: nothing to back up, or the file exists (without `force`) or can't be written.
        """
        return self._store.backup(Path(file).expanduser(), force=force)
