"""The columns of the list: which there are, how wide at this width, and what stands in a cell.

A column goes by the label the filter language has for it: `created`, `m.edge`, `w.SentimentScore`, `hp.k`. The
glyph of the weights is the one that is no column of the registry's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len

from registry import numbers
from registry.config import SHORT_HASH
from registry.metrics import metric as defined
from registry.search.words import split_name
from tui.safe import safe
from tui.widgets.cells import fit, show_number, show_value, split_at_point

if TYPE_CHECKING:
    from registry.rows import Names, Row

GAP: Final = 2
"""Blank cells between columns."""
GUTTER: Final = 4
"""Cells at the left for the signs of cursor, mark and reference."""
RARE: Final = 10
"""A feature that stands in fewer than one in so many experiments (of the commonest) gets no bar of its own."""
NARROW: Final = 60
"""Below so many cells a list is one of a phone: short hashes, and only what tells experiments apart."""
WEIGHTS: Final = "weights"
"""The glyph's column."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, what it sorts by, how wide it is."""

    key: str
    title: str
    width: int
    sort: str | None
    """What the registry calls it when sorting; None where there is no order."""
    right: bool = False


_BUILT_IN: Final = {
    "hash": Column("hash", "HASH", SHORT_HASH, "hash"),
    "created": Column("created", "WHEN", 16, "created"),
    "features": Column("features", "FEAT", 4, "features", right=True),
    WEIGHTS: Column(WEIGHTS, "WEIGHTS", 0, None),
    "tags": Column("tags", "TAGS", 0, "tags"),
    "description": Column("description", "DESCRIPTION", 0, "description"),
}
_OTHERS: Final = {
    "runs": Column("runs", "RUNS", 4, "runs", right=True),
    "registered": Column("registered", "REGISTERED", 16, "registered"),
    "deleted": Column("deleted", "DELETED", 16, "deleted"),
    "parent": Column("parent", "PARENT", SHORT_HASH, "parent"),
    "notes": Column("notes", "NOTES", 24, "notes"),
}
_RECORDED: Final = {"config_hash": "hash", "created_at": "created", "registered_at": "registered"} | {
    "deleted_at": "deleted"
}
_READ: Final = frozenset({*_BUILT_IN, "parent", "deleted"})
"""Columns that every row has, without asking for them."""

_FLEXIBLE: Final = {"tags": 8, "description": 12}
"""Columns that share what is left, with the least each takes."""
_NUMBER: Final = 9
_NARROW_NUMBER: Final = 7
_LONGEST: Final = 14

_WEIGHTS: Final = ("WEIGHTS (see ?)", "WEIGHTS ?", "WEIGHTS")
"""Titles over the glyphs, the longest that fits is shown: it points to the help, which explains them."""


def usual(width: int, metrics: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of a list nobody chose columns for; `metrics` are those that runs here have."""
    shown = [f"m.{name}" for name in ("edge", "sharpe") if name in set(metrics)][: 1 if width < 140 else 2]
    if width < NARROW:
        return ("hash", WEIGHTS, *shown, "description")
    features = ("features",) if width >= (100 if shown else 70) else ()
    tags = ("tags",) if width >= (76 if shown else NARROW) else ()
    made = ("created",) if not shown or width >= 68 else ()
    return ("hash", *made, *features, WEIGHTS, *shown, *tags, "description")


def label_of(column: str) -> str:
    """Return the label a column goes by here: records call some by longer names."""
    return _RECORDED.get(column, column)


def asked(labels: Iterable[str]) -> list[str]:
    """Return the columns among these whose values have to be asked for."""
    return [label for label in labels if label not in _READ]


def column(label: str) -> Column:
    """Return the column with this label."""
    known = _BUILT_IN.get(label) or _OTHERS.get(label)
    if known is not None:
        return known
    name = split_name(label)
    if name.prefix == "m" and not name.over:
        title = safe(name.text).upper()
        return Column(label, title, max(_NUMBER, min(len(title) + 2, _LONGEST)), label, right=True)
    title = safe(label)
    wide = min(cell_len(title) + 2, _LONGEST)
    return Column(label, title, max(8, wide), label, right=name.prefix in ("w", "m") or bool(name.over))


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns in view."""

    columns: tuple[Column, ...]
    before: int = 0
    """How many are hidden at the left, after the first, which always stays."""
    after: int = 0
    """How many are hidden at the right."""


def fit_columns(labels: Sequence[str], width: int, features: int, focus: str | None = None) -> Layout:
    """Return the columns for a list of `width` cells whose glyph shows up to `features` features.

    What has no room is hidden; `focus` is a column that has to be in view.
    """
    if not labels:
        return Layout(())
    glyph = min(features, 8 if width < 100 else 16 if width < 150 else 24)
    # one cell more than bars: the sign that there are weights it does not show
    least = {WEIGHTS: max(len(_WEIGHTS[-1]), glyph + 1), **_FLEXIBLE}
    if width < 90:
        least |= {"created": 10, "deleted": 10}
    if width < NARROW:
        least |= {"hash": 7, "description": 6} | {label: _NARROW_NUMBER for label in labels if label.startswith("m.")}
    made = [replace(each, width=least.get(each.key, each.width)) for each in map(column, labels)]
    start, end = _in_view(made, width, focus)
    shown = made[:1] + made[start:end]
    spare = width - GUTTER - sum(each.width + GAP for each in shown) - 1
    given = _share(spare, [each.key for each in shown if each.key in _FLEXIBLE])
    columns = tuple(
        replace(
            each,
            width=each.width + given.get(each.key, 0),
            title=next(title for title in _WEIGHTS if len(title) <= each.width) if each.key == WEIGHTS else each.title,
        )
        for each in shown
    )
    return Layout(columns, start - 1, len(made) - end)


def _in_view(columns: Sequence[Column], width: int, focus: str | None) -> tuple[int, int]:
    """Return from where to where columns have room behind the first one, so that `focus` is among them."""
    place = next((at for at, each in enumerate(columns) if each.key == focus), 0)
    room = width - GUTTER - sum(each.width + GAP for each in columns[:1])
    for start in range(1, max(2, len(columns) + 1)):
        end, used = start, 0
        while end < len(columns) and used + columns[end].width <= room:
            used += columns[end].width + GAP
            end += 1
        if place < end or start >= place:
            return start, max(end, min(start + 1, len(columns)))
    return 1, len(columns)


def _share(spare: int, keys: Sequence[str]) -> dict[str, int]:
    """Return what each flexible column gets of the spare cells: tags two fifths and no more than needed."""
    if spare <= 0 or not keys:
        return {}
    if len(keys) == 1:
        return {keys[0]: spare if keys[0] == "description" else min(spare, 22)}
    tags = min(spare * 2 // 5, 22)
    return {"tags": tags, "description": spare - tags}


def value_text(column: Column, row: Row) -> str:
    """Return what stands in a cell of a column that was asked for, not yet fitted."""
    if column.key == "parent":
        return row.parent[:SHORT_HASH] if row.parent else ""
    if column.key == "deleted":
        return when(row.deleted_at)[: column.width] if row.deleted_at else ""
    value = row.values.get(column.key, row.values.get(_LONG.get(column.key, "")))
    if value is None:
        return ""
    return _value(column, value)


_LONG: Final = {short: long for long, short in _RECORDED.items()}


def _value(column: Column, value: Any) -> str:
    if column.key == "registered":
        return when(value)
    if column.key == "notes":
        return " / ".join(value)
    if column.key.startswith("m.") and isinstance(value, (int, float)):
        name = split_name(column.key).text
        return numbers.shown(name, value) if defined(name) else show_number(value)
    if column.right and isinstance(value, float):
        return _aligned(show_number(value), column.width)
    return show_value(value)


def _aligned(number: str, width: int) -> str:
    """Return a number with its point where every number of the column has it, when it fits."""
    head, tail = split_at_point(number)
    after = min(5, width - 3)
    return head + tail.ljust(after) if len(tail) <= after and len(head) + after <= width else number


def cell_text(column: Column, text: str) -> str:
    """Return a cell's text fitted to its column."""
    return fit(text, column.width, right=column.right)


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
