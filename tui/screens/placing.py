"""Where cursor and scroll stand in a result that replaces the one a person looks at."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class Read(Protocol):
    """A row that was read: its id, and which experiment it is about."""

    @property
    def id(self) -> int:
        """Its id in this file."""
        ...

    @property
    def config_hash(self) -> str | None:
        """The same in every file."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """What a person looks at, so that a new result can be placed under it."""

    identity: int | None
    config_hash: str | None
    """Whose row `identity` is, once that is read."""
    cursor: int
    scroll: int
    room: int
    still: bool

    def contradicted_by(self, rows: Iterable[Read]) -> bool:
        """Return whether rows just read show that ids mean other experiments now: the file is another one."""
        return self.config_hash is not None and any(
            row.id == self.identity and row.config_hash != self.config_hash for row in rows
        )

    def place_in(self, ids: array[int]) -> tuple[int, int]:
        """Return (cursor, scroll) for a new result.

        The experiment under the cursor keeps the cursor, and its line on the screen; when the list stands
        at its top it stays there, so that what is new can be seen. Without it a new question starts at the
        top, and a mere refresh stays at the same place.
        """
        if self.identity is None or not ids:
            return 0, 0
        try:
            if self.identity < 0:  # a fold of several; its number may be another one's by now
                raise ValueError
            cursor = ids.index(self.identity)
        except ValueError:
            if not self.still:
                return 0, 0
            return min(self.cursor, len(ids) - 1), self.scroll
        if self.still and self.scroll == 0 and cursor < self.room:
            return cursor, 0
        return cursor, max(0, cursor - (self.cursor - self.scroll))
