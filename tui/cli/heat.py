"""Many weight vectors at a glance: a heat map in the terminal, features by experiments.

Readable without colour: a block as high as the weight is large beside the largest of all, a minus before a negative
one, a dot for an absent one, a 0 for 0. Colours say the sign once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from registry.config import SHORT_HASH
from registry.numbers import best_of, of_them, shown
from tui.cli import output
from tui.cli.table import Column, layout, number, text
from tui.safe import safe
from tui.widgets.bars import ABSENT as NO_WEIGHT
from tui.widgets.bars import level
from tui.widths import crop, width

if TYPE_CHECKING:
    from registry.analysis.matrix import Matrix
    from registry.comparison import ComparisonRow

_CELL = 3
_LONGEST = 28
"""Cells of a feature's name."""
_VALUES = 4
"""Values of a hyperparameter that are named."""
_OTHERS = {"transformation": "transform", "hyperparameter": "hp"}


def print_matrix(found: Matrix, *, everything: bool = False) -> None:
    """Write who is compared, the heat map of their weights, and what else differs."""
    comparison = found.comparison
    output.lines(_legend(found))
    rows = [row for row in found.features if everything or row.differs]
    if rows:
        output.line()
        output.lines(_map(rows, len(comparison.hashes)))
    others = [row for row in comparison.rows if row.section in _OTHERS and (everything or row.differs)]
    if others:
        output.line()
        told = (f"{_OTHERS[row.section]}.{safe(row.name)}: {_counted(row)}" for row in others)
        output.lines(crop(line, output.terminal_width()) if output.is_terminal() else line for line in told)
    if not rows and not others:
        output.line()
        output.line("No difference that counts: weights within 1e-9 of each other, everything else the same.")
    _tell(found, hidden=len(found.features) - len(rows))


def _legend(found: Matrix) -> list[str]:
    comparison = found.comparison
    rows = list(zip(range(1, len(comparison.hashes) + 1), comparison.hashes, found.values, comparison.descriptions,
                    strict=True))  # fmt: skip
    metric = found.by is not None and any(value is not None for value in found.values)
    columns = [
        Column("#", str, right=True),
        Column("HASH", output.short_hash, style=output.style("cyan")),
        *([Column(safe(found.by or "").upper(), _shower(found.by), right=True)] if metric else []),
        Column("DESCRIPTION", text, shrinks=True),
    ]
    kept = [tuple(value for at, value in enumerate(row) if at != 2 or metric) for row in rows]
    limit = output.terminal_width() if output.is_terminal() else None
    return layout(columns, kept, limit, output.style("bold"))


def _shower(by: str | None) -> Any:
    from registry.search.words import split_name

    name = split_name(by or "").text
    return lambda value: shown(name, value)


def _map(rows: Sequence[ComparisonRow], count: int) -> Iterator[str]:
    """Yield the map, in as many blocks as a terminal's width asks for."""
    from registry.comparison import ABSENT

    largest = max((abs(value) for row in rows for value in row.values if value is not ABSENT), default=0.0)
    names = [crop(safe(row.name), _LONGEST) for row in rows]
    left = max(map(width, [*names, "WEIGHTS"]))
    spreads = ["-" if row.spread is None else number(row.spread) for row in rows]
    right = max(map(len, [*spreads, "SPREAD"]))
    at_once = count
    if output.is_terminal():
        at_once = max(1, (output.terminal_width() - left - right - 4) // _CELL)
    for start in range(0, count, at_once):
        places = range(start, min(count, start + at_once))
        if start:
            yield ""
        head = "WEIGHTS" + " " * (left - 7) + "  " + "".join(f"{place + 1:>{_CELL}}" for place in places)
        bold = output.style("bold")
        head += "  " + "SPREAD".rjust(right)
        yield bold(head) if bold else head
        for row, name, spread in zip(rows, names, spreads, strict=True):
            cells = "".join(_cell(row.values[place], largest) for place in places)
            yield name + " " * (left - width(name)) + "  " + cells + "  " + spread.rjust(right)
    yield f"a full block is {number(largest)}, - before a negative one, {NO_WEIGHT} absent"


def _cell(value: Any, largest: float) -> str:
    from registry.comparison import ABSENT

    if value is ABSENT:
        return output.paint(NO_WEIGHT.rjust(_CELL), "dim")
    block, _ = level(abs(value), largest)
    made = f"{'-' if value < 0 else ''}{block}".rjust(_CELL)
    return made if not value else output.paint(made, "red" if value < 0 else "cyan")


def _counted(row: ComparisonRow) -> str:
    """Return the values of a hyperparameter or a transformation, the commonest first, with how many have each."""
    from registry.comparison import ABSENT, exact

    counts = Counter("absent" if value is ABSENT else safe(exact(value)) for value in row.values)
    told = [f"{value} ({count:,})" for value, count in counts.most_common(_VALUES)]
    more = len(counts) - _VALUES
    return ", ".join(told) + (f" and {more:,} more" if more > 0 else "")


def _tell(found: Matrix, *, hidden: int) -> None:
    comparison = found.comparison
    parts = [f"{len(comparison.hashes):,} of {of_them(found.matching)}"]
    if found.normalised:
        parts.append("weights divided by their absolute sum")
    if found.clustered:
        parts.append("neighbours are alike")
    if hidden > 0:
        parts.append(f"{of_them(hidden, 'feature')} the same everywhere not shown (--all shows all)")
    output.note("; ".join(parts))
    if found.by is not None and comparison.metrics_from is not None and found.tried:
        output.note(f"metrics on {comparison.metrics_from}{best_of(found.tried)}")
    if comparison.metrics_note is not None:
        output.note(comparison.metrics_note)
    if comparison.against is not None:
        output.note(f"1 is the reference, {comparison.against[:SHORT_HASH]}")
