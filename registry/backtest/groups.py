"""Rows grouped by date: sums over each date, and dense blocks of dates for what needs sorting.

Everything runs in a fixed order on one thread, so results are the same to the last bit wherever they are
computed with the same numpy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Kind = TypeVar("Kind", bound=np.generic)

_CELLS = 1 << 16
"""Cells of a block: small enough to stay in the processor's cache with a few companions."""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of dates as a table: one row a date, as wide as its largest date."""

    first: int
    """The first group."""
    last: int
    start: int
    """The first row."""
    stop: int
    width: int
    cells: Ints | None
    """Where each row goes in the flat table; None when every date fills its row."""

    def dense(self, values: npt.NDArray[Kind], fill: float | bool) -> npt.NDArray[Kind]:
        """Return the block's values as a table; what no row fills is `fill`."""
        part = values[self.start : self.stop]
        if self.cells is None:
            return part.reshape(self.last - self.first, self.width)
        table = np.full((self.last - self.first) * self.width, fill, dtype=values.dtype)
        table[self.cells] = part
        return table.reshape(self.last - self.first, self.width)

    def long(self, table: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        """Return a table of this block as rows again."""
        return table.reshape(-1) if self.cells is None else table.reshape(-1)[self.cells]


class Groups:
    """Rows `offsets[g]:offsets[g + 1]` belong to group `g`; no group is empty."""

    def __init__(self, offsets: Ints) -> None:
        self.offsets = offsets
        self.sizes = np.diff(offsets)

    @classmethod
    def of(cls, numbers: npt.NDArray[np.integer]) -> tuple[Groups, Ints]:
        """Return the groups of sorted numbers, and the number of each."""
        if not len(numbers):
            return cls(np.zeros(1, dtype=np.int64)), np.zeros(0, dtype=np.int64)
        starts = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))
        return cls(np.append(starts, len(numbers)).astype(np.int64)), numbers[starts].astype(np.int64)

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.offsets[-1])

    def only(self, wanted: Ints) -> tuple[Ints, Groups]:
        """Return the rows of some groups, in order, and these rows as groups of their own."""
        sizes = self.sizes[wanted]
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        return np.arange(offsets[-1]) + np.repeat(self.offsets[wanted] - offsets[:-1], sizes), Groups(offsets)

    @cached_property
    def parts(self) -> list[tuple[slice, Groups]]:
        """The rows cut into runs of whole groups that stay in the processor's cache, each with its groups."""
        made, first = [], 0
        while first < len(self):
            last = int(np.searchsorted(self.offsets, self.offsets[first] + _CELLS, side="right")) - 1
            last = max(last, first + 1)
            start, stop = int(self.offsets[first]), int(self.offsets[last])
            made.append((slice(start, stop), Groups(self.offsets[first : last + 1] - start)))
            first = last
        return made

    def sum(self, values: npt.NDArray[np.generic]) -> Floats:
        """Return the sum over each group."""
        summed: Floats = np.add.reduceat(values, self.offsets[:-1], dtype=np.float64)
        return summed

    def least(self, values: Floats) -> Floats:
        """Return the smallest value of each group."""
        found: Floats = np.minimum.reduceat(values, self.offsets[:-1])
        return found

    def most(self, values: Floats) -> Floats:
        """Return the largest value of each group."""
        found: Floats = np.maximum.reduceat(values, self.offsets[:-1])
        return found

    def spread(self, values: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        """Return one value for each group as one for each row."""
        return np.repeat(values, self.sizes)

    @cached_property
    def blocks(self) -> list[Block]:
        """The rows as tables of a few dates each."""
        return list(self._make_blocks())

    def _make_blocks(self) -> Iterator[Block]:
        first, count = 0, len(self)
        while first < count:
            last, width = first, 0
            while last < count:
                wider = max(width, int(self.sizes[last]))
                if last > first and wider * (last + 1 - first) > _CELLS:
                    break
                last, width = last + 1, wider
            yield self._block(first, last, width)
            first = last

    def _block(self, first: int, last: int, width: int) -> Block:
        start, stop = int(self.offsets[first]), int(self.offsets[last])
        if stop - start == (last - first) * width:
            return Block(first, last, start, stop, width, None)
        sizes = self.sizes[first:last]
        # row r of group g goes to column r - offsets[g]
        shift = np.arange(last - first) * width - (self.offsets[first:last] - start)
        return Block(first, last, start, stop, width, np.arange(stop - start) + np.repeat(shift, sizes))


def average_ranks(table: Floats) -> Floats:
    """Return the rank of each value in its row, from 1; ties share the mean of theirs, NaN has none.

    Equals `scipy.stats.rankdata(row, "average")` on the values that are not NaN.
    """
    absent = np.isnan(table)
    filled = np.where(absent, np.inf, table)  # numpy sorts rows without NaN several times faster
    order = np.argsort(filled, axis=1)  # ties in any order: they share their ranks
    ordered = np.take_along_axis(filled, order, axis=1)
    columns = np.arange(table.shape[1], dtype=np.float64)
    begins = np.ones(table.shape, dtype=bool)
    begins[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]) | (ordered[:, 1:] == np.inf)
    ranks = np.empty(table.shape)
    if begins.all():  # no ties
        np.put_along_axis(ranks, order, columns + 1, axis=1)
        ranks[absent] = np.nan
        return ranks
    low = np.maximum.accumulate(np.where(begins, columns, 0.0), axis=1)
    ends = np.ones(table.shape, dtype=bool)
    ends[:, :-1] = begins[:, 1:]
    last = float(table.shape[1] - 1)
    high = np.minimum.accumulate(np.where(ends, columns, last)[:, ::-1], axis=1)[:, ::-1]
    np.put_along_axis(ranks, order, (low + high) / 2 + 1, axis=1)
    ranks[absent] = np.nan
    return ranks


def top_k(table: Floats, k: int) -> Bools:
    """Return which cells are the `k` largest of their row; of equal ones the first win. -inf is never taken."""
    taken = table > -np.inf
    width = table.shape[1]
    if width <= k:
        return taken
    bar = np.partition(table, width - k, axis=1)[:, width - k, None]
    above = table > bar
    level = (table == bar) & taken
    room = k - np.count_nonzero(above, axis=1)
    if np.array_equal(np.count_nonzero(level, axis=1), room):  # no ties at the bar
        exactly: Bools = above | level
        return exactly
    first: Bools = np.cumsum(level, axis=1) <= room[:, None]
    picked: Bools = above | (level & first)
    return picked
