"""What the table of compare shows, as plain lines of text: built once, drawn by the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.cells import cell_len

from registry.comparison import ABSENT
from tui.safe import safe
from tui.widgets.cells import align_at_point, fit, show_difference, show_number, show_value

if TYPE_CHECKING:
    from registry.comparison import Comparison, ComparisonRow

HEADINGS: Final = {
    "feature": "FEATURES",
    "transformation": "TRANSFORMATIONS",
    "hyperparameter": "HYPERPARAMETERS",
    "metric": "METRICS",
}
SAME: Final = "="
OTHER: Final = "≠"
"""Stands for a difference that is not one of numbers."""
_LONGEST = 24
"""Cells after which a value is cut."""

Tone = Literal["", "more", "less", "quiet"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and how it differs from the reference."""

    value: str
    absent: bool
    change: str
    tone: Tone


@dataclass(slots=True)
class Line:
    """One line of the table."""

    kind: Literal["heading", "row", "fold", "text"]
    text: str
    differs: bool = False
    cells: list[Cell] = field(default_factory=list)


@dataclass(slots=True)
class Lines:
    """All lines, and how wide their columns are."""

    lines: list[Line]
    order: list[int]
    """Places of the experiments, the reference first."""
    value_widths: list[int]
    """By position in `order`."""
    change_widths: list[int]


def build(comparison: Comparison, reference: int, *, by_name: bool, equal_shown: bool) -> Lines:
    """Return the lines for a reference: rows that differ by section, then the equal ones folded or not."""
    order = [reference, *(place for place in range(len(comparison.hashes)) if place != reference)]
    lines: list[Line] = []
    _add(lines, comparison.differing, order, by_name=by_name)
    if not comparison.rows:
        lines.append(Line("text", "These experiments have neither features nor hyperparameters."))
    elif not comparison.differing:
        lines.append(Line("text", "No difference: every feature, transformation and hyperparameter is the same."))
    if comparison.equal:
        count = len(comparison.equal)
        verb, them = ("row is", "it") if count == 1 else ("rows are", "them")
        lines.append(Line("fold", f"{count:,} {verb} equal; = {'folds' if equal_shown else 'shows'} {them}"))
        if equal_shown:
            _add(lines, comparison.equal, order, by_name=by_name)
    shown = [line for line in lines if line.cells]
    return Lines(
        lines,
        order,
        [max((cell_len(line.cells[at].value) for line in shown), default=0) for at in range(len(order))],
        [max((cell_len(line.cells[at].change) for line in shown), default=0) for at in range(len(order))],
    )


def _add(lines: list[Line], rows: Sequence[ComparisonRow], order: Sequence[int], *, by_name: bool) -> None:
    for section, heading in HEADINGS.items():
        of_section = [row for row in rows if row.section == section]
        if not of_section:
            continue
        if by_name:
            of_section.sort(key=lambda row: row.name.casefold())
        lines.append(Line("heading", heading))
        columns = [_column(of_section, place, order[0]) for place in order]
        for at, row in enumerate(of_section):
            lines.append(Line("row", row.name, row.differs, [column[at] for column in columns]))


def _column(rows: Sequence[ComparisonRow], place: int, reference: int) -> list[Cell]:
    numbers = align_at_point([_number(row.values[place]) for row in rows])
    changes = [_change(row, place, reference) for row in rows]
    aligned = align_at_point([text if text and text not in (SAME, OTHER) else None for text, _ in changes])
    cells = []
    for row, number, (change, tone), aligned_change in zip(rows, numbers, changes, aligned, strict=True):
        value = row.values[place]
        if value is ABSENT:
            text = "no weight" if row.listed and row.listed[place] else "absent"
        elif _number(value) is not None:
            text = number
        else:
            text = safe(show_value(value)[: _LONGEST * 4])
            text = text if cell_len(text) <= _LONGEST else fit(text, _LONGEST)
        shown = aligned_change if aligned_change.strip() else change
        cells.append(Cell(text, value is ABSENT, shown, tone))
    return cells


def _number(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        text = str(value)
        return text if len(text) <= _LONGEST else None
    return show_number(value) if isinstance(value, float) else None


def _change(row: ComparisonRow, place: int, reference: int) -> tuple[str, Tone]:
    """Return how a value differs from the reference's: a signed number, `=`, or that it is another one."""
    if place == reference:
        return "", ""
    here, there = row.values[place], row.values[reference]
    if here is ABSENT and there is ABSENT:
        same = not row.listed or row.listed[place] == row.listed[reference]
        return (SAME, "quiet") if same else (OTHER, "")
    if here is ABSENT or there is ABSENT:
        return OTHER, ""
    change = row.change(place, reference)
    if change is None:
        return (SAME, "quiet") if type(here) is type(there) and here == there else (OTHER, "")
    if not row.differs or (change == 0 and type(here) is type(there)):
        return SAME, "quiet"
    if change == 0:
        return OTHER, ""  # 10 and 10.0 are two experiments
    return show_difference(change), "more" if change > 0 else "less"
