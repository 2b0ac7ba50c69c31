"""How wide the names and the columns of compare are in a window of a given width."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from registry.config import SHORT_HASH
from tui.safe import safe
from tui.widgets.cells import ELLIPSIS, fit

if TYPE_CHECKING:
    from registry.comparison import Comparison
    from tui.widgets.compare_grid import Grid

NARROW: Final = 70
"""Cells below which signs, hashes and gaps are as short as can be."""
_LONGEST_NAME = 40
_LONGEST_TITLE = 14
_LONGEST_DESCRIPTION = 36
_LEAST_NAME = 9
_COUNTS = 19
"""Cells that `26 differ, 10 equal` takes."""
_LEAST_VALUE = 7


@dataclass(frozen=True, slots=True)
class Spacing:
    """Widths that are the same in every table of one kind of window."""

    signs: int
    """Cells before the names: the cursor's sign, and the one for equal or reference."""
    rule: str
    """Stands behind the names and behind every column, so that the pinned part has an edge."""
    gap: str
    """Between a value and its difference."""
    hash: int
    """Characters of a hash."""
    star: str
    """The reference's sign behind its hash."""


ROOMY: Final = Spacing(3, " │ ", "  ", SHORT_HASH, " ★")
COMPACT: Final = Spacing(2, "│", " ", 7, "★")


@dataclass(frozen=True)
class Layout:
    """The widths of one table, in cells."""

    spacing: Spacing
    name: int
    values: list[int]
    widths: list[int]
    """Of the columns, without the rule behind them."""
    stays: int
    """How many columns do not scroll sideways, beside the names."""

    @cached_property
    def starts(self) -> list[int]:
        """Where each column begins if nothing is scrolled, and where the last one ends, its rule included."""
        rule = len(self.spacing.rule)
        return list(accumulate((width + rule for width in self.widths), initial=self.spacing.signs + self.name + rule))

    @property
    def pinned(self) -> int:
        """Cells that do not scroll sideways."""
        return self.starts[min(self.stays, len(self.widths))]

    @property
    def total(self) -> int:
        """The width of everything; the last rule need not be seen."""
        return self.starts[-1] - len(self.spacing.rule)

    def in_view(self, scrolled: int, room: int) -> range:
        """Return the columns that scroll and of which something is in view, in a window `room` cells wide."""
        first = max(self.stays, bisect_right(self.starts, self.pinned + scrolled) - 1)
        return range(first, min(len(self.widths), bisect_left(self.starts, scrolled + room)))

    def column_at(self, x: int) -> int | None:
        """Return the column at a cell if nothing is scrolled."""
        at = bisect_right(self.starts, x) - 1
        return at if 0 <= at < len(self.widths) else None


def lay_out(grid: Grid, comparison: Comparison, room: int) -> Layout:
    """Return the widths for a window that is `room` cells wide.

    Names give way first, then the values that must be in view: of two experiments both, of more the reference
    and the one that is looked at. A difference is never cut.
    """
    spacing = COMPACT if grid.view.compact else ROOMY
    values = [column.value_width for column in grid.columns]
    two = len(grid.order) == 2

    def widths() -> list[int]:
        return [_width(grid, at, value, spacing) for at, value in enumerate(values)]

    def must() -> list[int]:
        """Return the columns that have to be in view at the same time."""
        wide = widths()
        order = sorted(range(len(wide)), key=lambda at: -wide[at])
        if grid.view.transposed:
            return order[:1]
        return order if two else [0, *[at for at in order if at][:1]]

    def needed() -> int:
        wide = widths()
        return spacing.signs + sum(len(spacing.rule) + wide[at] for at in must())

    name = _name_width(grid, comparison, spacing)
    least = spacing.hash if grid.view.transposed else _LEAST_NAME
    if not (two and not grid.view.transposed):
        name = min(name, max(room // (3 if grid.view.transposed else 4), 10, least))
    name = min(name, max(room - needed(), least))
    while needed() + name > room:
        widest = max(must(), key=lambda at: values[at], default=None)
        if widest is None or values[widest] <= _LEAST_VALUE:
            break
        values[widest] -= 1
    wide = widths()
    if not grid.view.transposed and not two and spacing is ROOMY:
        wide = _stretched(wide, grid, comparison, room - _total(spacing, name, wide))
    return Layout(spacing, name, values, wide, 0 if grid.view.transposed else 1)


def _total(spacing: Spacing, name: int, widths: Sequence[int]) -> int:
    """Return the width of a table."""
    return spacing.signs + name + len(spacing.rule) + sum(width + len(spacing.rule) for width in widths)


def _width(grid: Grid, at: int, value: int, spacing: Spacing) -> int:
    column = grid.columns[at]
    own = value + (len(spacing.gap) + column.change_width if column.change_width else 0)
    if not grid.view.transposed:
        return max(spacing.hash + len(spacing.star), own)
    return max(own, min(cell_len(safe(column.key[1][:100])), _LONGEST_TITLE if spacing is ROOMY else own + 2))


def _name_width(grid: Grid, comparison: Comparison, spacing: Spacing) -> int:
    if not grid.view.transposed:
        names = [cell_len(safe(line.text[:100])) for line in grid.lines if line.kind == "row"]
        least = _COUNTS if spacing is ROOMY else _LEAST_NAME
        return min(max([least, *names]), _LONGEST_NAME)
    if len(grid.order) == 2:
        return spacing.hash
    described = max((cell_len(safe(text[:100])) for text in comparison.descriptions), default=0)
    return spacing.hash + (len(spacing.gap) + described if described else 0)


def _stretched(widths: list[int], grid: Grid, comparison: Comparison, free: int) -> list[int]:
    """Return the columns widened to show more of the descriptions, as far as there is room."""
    wanted = [min(cell_len(safe(comparison.descriptions[place][:100])), _LONGEST_DESCRIPTION) for place in grid.order]
    made = list(widths)
    while free > 0:
        short = [at for at, width in enumerate(made) if width < wanted[at]]
        if not short:
            break
        for at in short[:free]:
            made[at] += 1
        free -= len(short)
    return made


def squeeze(text: str, width: int) -> str:
    """Return a name in exactly `width` cells; what is lost is its middle, since beginnings repeat.

    >>> squeeze("objective.costs_bps", 12)
    'objecti…_bps'
    """
    shown = safe(text[:200])
    if cell_len(shown) <= width or not shown.isascii() or width < 7:
        return fit(text, width)
    tail = math.ceil((width - 1) / 3)
    return shown[: width - 1 - tail] + ELLIPSIS + shown[-tail:]
