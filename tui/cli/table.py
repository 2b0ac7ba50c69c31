"""Aligned text: columns and values in, lines out. Knows nothing of files, terminals or the registry.

Own, because a table of a command must cost little to start (rich is 35 ms), never read user text as markup,
and come out plain and uncut in a pipe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tui.safe import safe
from tui.widths import crop, width

ABSENT: Final = "-"
"""Stands in a table where there is nothing."""

GAP: Final = "  "
MIN_WIDTH: Final = 8

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?=(\.[0-9]+)?( |$))")

Style = Callable[[str], str]


@dataclass(slots=True)
class Column:
    """How one column looks; values are shown by `show`."""

    header: str
    show: Callable[[Any], str] | None = None
    right: bool = False
    shrinks: bool = False
    style: Style | None = None


def number(value: Any) -> str:
    """Return a number for people: four decimals where they say it all, else six; all digits of an integer."""
    if not isinstance(value, float):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e15:
        # 0.15 - 0.2 is not quite -0.05
        return f"{value:.4f}" if abs(round(value, 4) - value) <= 1e-9 else f"{value:.6f}"
    return f"{value:.6g}"


def listed(items: Sequence[str], separator: str) -> str:
    """Return texts in one line; one with a comma or quote in it stands in quotes as in CSV, so that it can be told.

    >>> listed(["a,b", "c"], ", ")
    '"a,b", c'
    """
    return separator.join(
        '"' + item.replace('"', '""') + '"' if "," in item or '"' in item or item != item.strip() else item
        for item in items
    )


def text(value: Any) -> str:
    """Return any value as one safe line; nothing is `-`."""
    if value is None or value == "" or value == []:
        return ABSENT
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return safe(listed(value, ", "))
    if isinstance(value, (list, dict)):
        from json import dumps

        return safe(dumps(value, ensure_ascii=False, default=str))
    return safe(str(value))


def layout(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    limit: int | None = None,
    head: Style | None = None,
) -> list[str]:
    """Return header and rows as aligned lines, cut to `limit` cells where that is given.

    Numbers of a column are aligned on the decimal point. Columns that shrink give way first.
    """
    cells = [_cells(column, [row[index] for row in rows]) for index, column in enumerate(columns)]
    widths = [max([width(column.header), *map(width, shown)]) for column, shown in zip(columns, cells, strict=True)]
    if limit is not None:
        _shrink(columns, widths, limit)
    titles = [_place(c.header, w, c.right) for c, w in zip(columns, widths, strict=True)]
    lines = [_join(titles, widths, limit, [head] * len(columns))]
    styles = [column.style for column in columns]
    for row in zip(*cells, strict=True):
        placed = [_place(value, w, c.right) for value, c, w in zip(row, columns, widths, strict=True)]
        lines.append(_join(placed, widths, limit, styles))
    return lines


def _cells(column: Column, values: list[Any]) -> list[str]:
    show = column.show or text
    shown = [show(value) for value in values]
    if not column.right:
        return shown
    tails = [_tail(made) for made in shown]
    longest = max(tails, default=0)
    return [made if tail < 0 else made + " " * (longest - tail) for made, tail in zip(shown, tails, strict=True)]


def _tail(made: str) -> int:
    """Return how many cells stand right of a number's last digit before the point; -1 of what is no number."""
    found = _NUMBER.match(made)
    return len(made) - found.end() if found else -1


def _shrink(columns: Sequence[Column], widths: list[int], limit: int) -> None:
    over = sum(widths) + len(GAP) * (len(widths) - 1) - limit
    while over > 0:
        candidates = [i for i, c in enumerate(columns) if c.shrinks and widths[i] > MIN_WIDTH]
        if not candidates:
            return
        widest = max(candidates, key=lambda i: widths[i])
        next_one = max((widths[i] for i in candidates if i != widest), default=MIN_WIDTH)
        step = min(over, max(1, widths[widest] - max(next_one, MIN_WIDTH)))
        widths[widest] -= step
        over -= step


def _place(value: str, cells: int, right: bool) -> str:
    value = crop(value, cells)
    pad = " " * (cells - width(value))
    return pad + value if right else value + pad


def _join(placed: list[str], widths: list[int], limit: int | None, styles: Sequence[Style | None]) -> str:
    parts, used = [], 0
    for index, (value, cells, style) in enumerate(zip(placed, widths, styles, strict=True)):
        if index:
            used += len(GAP)
        if limit is not None and used + cells > limit:
            value = crop(value, limit - used) if limit - used > 1 else ""
            if value:
                parts.append(style(value) if style else value)
            break
        if index == len(placed) - 1:
            value = value.rstrip()
        parts.append(style(value) if style and value.strip() else value)
        used += cells
    return GAP.join(parts).rstrip()
