"""The rows a list has read, by id: what is in view is drawn from here and never waits for the file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar


class Identified(Protocol):
    """What is read by id."""

    @property
    def id(self) -> int:
        """What it is asked for by."""
        ...


R = TypeVar("R", bound=Identified)

PAGE = 200
"""Rows read at a time: a page by id is about 2 ms, one row hardly less."""
PAGES_KEPT = 20
"""Pages kept; at 200 rows each that is some megabytes however large the registry."""


class RowCache(Generic[R]):
    """Rows by id, the least recently used thrown out; a row may be old and still be shown until it is read again."""

    def __init__(self) -> None:
        self._rows: OrderedDict[int, tuple[int, R | None]] = OrderedDict()
        self._age = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, identity: int) -> bool:
        return identity in self._rows

    def get(self, identity: int) -> R | None:
        """Return a row if it has been read, also when it may be out of date."""
        found = self._rows.get(identity)
        if found is None:
            return None
        self._rows.move_to_end(identity)
        return found[1]

    def put(self, asked: Iterable[int], rows: Iterable[R]) -> None:
        """Keep rows that have just been read; what was asked and is not among them is gone, and not asked again."""
        found: dict[int, R | None] = dict.fromkeys(asked)
        found.update((row.id, row) for row in rows)
        for identity, row in found.items():
            self._rows[identity] = (self._age, row)
            self._rows.move_to_end(identity)
        while len(self._rows) > PAGE * PAGES_KEPT:
            self._rows.popitem(last=False)

    def outdate(self) -> None:
        """The registry changed: every row is to be read again before it counts as fresh."""
        self._age += 1

    def clear(self) -> None:
        """Forget every row: ids may mean other experiments now."""
        self._rows.clear()

    def wants(self, identity: int) -> bool:
        """Return whether a row has to be read."""
        found = self._rows.get(identity)
        return found is None or found[0] != self._age

    def page_to_read(self, ids: Sequence[int], first: int, last: int) -> Sequence[int]:
        """Return the page of ids to read so that rows `first` to `last` can be drawn; empty when all are there."""
        for index in range(max(0, first), min(last + 1, len(ids))):
            if ids[index] >= 0 and self.wants(ids[index]):
                start = max(0, index - PAGE // 4)
                return real(ids[start : start + PAGE])
        return ids[:0]


def real(lines: Sequence[int]) -> Sequence[int]:
    """Return the ids of experiments among the lines of a list: what is below zero is a fold."""
    return lines if all(line >= 0 for line in lines) else [line for line in lines if line >= 0]
