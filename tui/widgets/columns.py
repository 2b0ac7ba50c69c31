"""The columns of the list: which there are, how wide at this width, and what stands in a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from registry.config import SHORT_HASH

if TYPE_CHECKING:
    from registry.rows import Names, Row

GAP: Final = 2
"""Blank cells between columns."""
GUTTER: Final = 4
"""Cells at the left for the signs of cursor, mark and reference."""
RARE: Final = 10
"""A feature that stands in fewer than one in so many experiments (of the commonest) gets no bar of its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, what it sorts by, how wide it is."""

    key: str
    title: str
    width: int
    sort: str | None
    """What the registry calls it when sorting; None where there is no order."""
    right: bool = False


_COLUMNS: Final = (
    Column("hash", "HASH", SHORT_HASH, "hash"),
    Column("created", "WHEN", 16, "created"),
    Column("features", "FEAT", 4, "features", right=True),
    Column("weights", "WEIGHTS", 0, None),
    Column("tags", "TAGS", 0, "tags"),
    Column("description", "DESCRIPTION", 0, "description"),
)

_WEIGHTS: Final = ("WEIGHTS (see ?)", "WEIGHTS ?", "WEIGHTS")
"""Titles over the glyphs, the longest that fits is shown: it points to the help, which explains them."""

SORTED_COLUMNS: Final = frozenset(column.sort for column in _COLUMNS if column.sort)
"""Orders that the head shows by an arrow; any other has to be said."""


def fit_columns(width: int, features: int) -> tuple[Column, ...]:
    """Return the columns for a list of `width` cells whose glyph shows up to `features` features."""
    glyph = min(features, 8 if width < 100 else 16 if width < 150 else 24)
    day_only = 6 if width < 90 else 0
    fixed = sum(column.width + GAP for column in _COLUMNS[:3]) - day_only + GUTTER
    # one cell more than bars: the sign that there are weights it does not show
    glyph_width = max(len(_WEIGHTS[-1]), glyph + 1)
    rest = max(0, width - fixed - glyph_width - GAP - 1)
    tags = min(30, max(8, (rest - GAP) * 2 // 5)) if rest > 20 else max(0, rest - GAP) // 2
    description = max(0, rest - GAP - tags)
    widths = {"created": 16 - day_only, "weights": glyph_width, "tags": tags, "description": description}
    title = next(title for title in _WEIGHTS if len(title) <= glyph_width)
    return tuple(
        replace(
            column,
            width=widths.get(column.key, column.width),
            title=title if column.key == "weights" else column.title,
        )
        for column in _COLUMNS
    )


def feature_order(counts: Iterable[tuple[str, int]], room: int) -> tuple[str, ...]:
    """Return the features that get a bar: the commonest ones that have room, in the order of their names.

    Ordering the chosen ones by name and not by count keeps the glyphs still while experiments come in.
    """
    ranked = sorted(counts, key=lambda item: (-item[1], item[0]))
    if not ranked:
        return ()
    enough = ranked[0][1] / RARE
    chosen = [name for name, count in ranked[:room] if count >= enough]
    return tuple(sorted(chosen, key=lambda name: (name.casefold(), name)))


def counts_of_rows(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Return the features of some rows with how often they occur: stands in until the registry's names are read."""
    return list(Counter(name for row in rows for name in row.weights).items())


def counts_of_names(names: Names) -> Sequence[tuple[str, int]]:
    """Return the features of the registry with how many experiments have them."""
    return list(names.features.items())


def when(created_at: str) -> str:
    """Return a time as the list shows it, to the minute, in UTC.

    >>> when("2024-10-28T08:00:00.841235+00:00")
    '2024-10-28 08:00'
    """
    return created_at[:16].replace("T", " ")
