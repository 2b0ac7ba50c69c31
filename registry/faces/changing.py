"""The trash, tags, descriptions and notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from registry.faces.base import Base

if TYPE_CHECKING:
    from registry.results import Results

_CHUNK = 20_000
"""Experiments changed in one transaction: between two of them others get their turn."""


class Changing(Base):
    """What changes experiments that are there."""

    def delete(self, reference: str) -> bool:
        """Move an experiment to the trash; False when there is none (a second delete is False)."""
        from registry import references

        if not self.exists():
            return False
        with self._store.read() as session:
            found = references.find(session, reference)
        return bool(found and self.delete_many([found[1]]))

    def restore(self, reference: str) -> bool:
        """Bring an experiment back from the trash; False when it is not there."""
        return self._from_trash(reference, self.restore_many)

    def purge(self, reference: str) -> bool:
        """Remove an experiment in the trash for good; False when it is not there."""
        return self._from_trash(reference, self.purge_many)

    def _from_trash(self, reference: str, act: Any) -> bool:
        from registry import references

        if not self.exists():
            return False
        with self._store.read() as session:
            found = references.find(session, reference, trashed=True)
        return bool(found and act([found[1]]))

    def delete_many(self, hashes: Iterable[str]) -> list[str]:
        """Move experiments (full hashes) to the trash; return those that were moved."""
        from registry import changes

        return self._in_chunks(hashes, changes.delete)

    def restore_many(self, hashes: Iterable[str]) -> list[str]:
        """Bring experiments (full hashes) back from the trash; return those that came back."""
        from registry import changes

        return self._in_chunks(hashes, changes.restore)

    def purge_many(self, hashes: Iterable[str]) -> list[str]:
        """Remove experiments (full hashes) in the trash for good; return those that went."""
        from registry import changes

        return self._in_chunks(hashes, changes.purge)

    def _in_chunks(self, hashes: Iterable[str], act: Any) -> list[str]:
        if not self.exists():
            return []
        wanted = list(hashes)
        changed: list[str] = []
        for start in range(0, len(wanted), _CHUNK):
            with self._store.write() as session:
                changed += act(session, wanted[start : start + _CHUNK])
        return changed

    def trash(self) -> Results:
        """Return what lies in the trash, last deleted first."""
        from registry import finding

        with self._store.read() as session:
            return finding.trash(session)

    def tag(self, references: str | Sequence[str], tags: str | Iterable[str]) -> int:
        """Add tags to experiments; return how many experiments changed.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: for the first that is not exactly one.
            InvalidConfigError: a tag is blank, or there is none.
        """
        from registry import changes

        return self._retag(references, tags, changes.tag)

    def untag(self, references: str | Sequence[str], tags: str | Iterable[str]) -> int:
        """Take tags off experiments; return how many experiments changed. Raises as `tag`."""
        from registry import changes

        return self._retag(references, tags, changes.untag)

    def _retag(self, references: str | Sequence[str], tags: str | Iterable[str], act: Any) -> int:
        from registry import changes
        from registry.references import as_references, resolve_all

        cleaned = changes.clean_tags(tags)
        self._require()
        with self._store.read() as session:
            targets = list(resolve_all(session, as_references(references)).items())
        changed = 0
        for start in range(0, len(targets), _CHUNK):
            with self._store.write() as session:
                changed += act(session, dict(targets[start : start + _CHUNK]), cleaned)
        return changed

    def rename_tag(self, old: str, new: str) -> int:
        """Rename a tag everywhere, the trash included; return how many experiments had it.

        Raises:
            NotFoundError: no experiment has it.
            InvalidConfigError: the new one is blank.
        """
        from registry import changes

        self._require()
        with self._store.write() as session:
            return changes.rename_tag(session, old, new)

    def tags(self) -> dict[str, int]:
        """Return the tags in use, each with how many experiments have it, most used first."""
        from registry import rows

        with self._store.read() as session:
            return rows.tag_counts(session)

    def describe(self, reference: str, text: str) -> bool:
        """Replace a description; the old one stays in the log. Return whether it changed.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: there is not exactly one.
        """
        from registry import changes
        from registry.references import resolve

        self._require()
        with self._store.write() as session:
            id_, config_hash = resolve(session, reference)
            return changes.describe(session, config_hash, id_, text)

    def note(self, reference: str, text: str) -> None:
        """Add a dated line to an experiment's notes.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: there is not exactly one.
            InvalidConfigError: the text is blank.
        """
        from registry import changes
        from registry.references import resolve

        self._require()
        with self._store.write() as session:
            id_, config_hash = resolve(session, reference)
            changes.note(session, config_hash, id_, text)
