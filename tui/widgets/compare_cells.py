"""What the table of compare says about one value: the value, how large a weight is, how it differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.cells import cell_len

from registry import numbers
from registry.comparison import ABSENT
from registry.config import SHORT_HASH
from registry.metrics import metric as defined
from tui.safe import safe
from tui.widgets import bars
from tui.widgets.cells import align_at_point, fit, show_difference, show_number, show_value

if TYPE_CHECKING:
    from registry.comparison import Comparison, ComparisonRow

SAME: Final = "="
OTHER: Final = "≠"
"""Stands for a difference that is not one of numbers."""
WANTED, UNWANTED = "✓", "✗"
"""Which way a metric went, where more is not always better."""
_LONGEST = 24
"""Cells after which a value is cut."""
_DIGITS = 4
"""Significant digits of a long number where there is little room."""

Tone = Literal["", "more", "less", "quiet"]


@dataclass(slots=True)
class Cell:
    """A value and how it differs from the reference."""

    value: str
    absent: bool = False
    number: bool = False
    """Whether the value is a number, to be aligned with others."""
    change: str = ""
    """A signed number, `=`, `≠`, or nothing for the reference."""
    tone: Tone = ""
    verdict: str = ""
    """Of a metric: `✓` or `✗`, where one way is wanted."""
    level: str = ""
    """Of a weight: one character as high as it is large."""
    below: bool = False
    """Whether the weight is below zero; its level is drawn in reverse video then."""


def cells_of(
    row: ComparisonRow, order: Sequence[int], largest: float, *, compact: bool, longest: int = _LONGEST
) -> list[Cell]:
    """Return the cells of a row for the experiments at the places in `order`, whose first is the reference.

    `largest` is the largest magnitude of a weight in the table, to which the levels are scaled.
    """
    return [_cell(row, place, order[0], largest, compact, longest) for place in order]


def _cell(row: ComparisonRow, place: int, reference: int, largest: float, compact: bool, longest: int) -> Cell:
    value = row.values[place]
    if value is ABSENT:
        text = "no weight" if row.listed and row.listed[place] else "absent"
        cell = Cell(text, absent=True)
    elif (number := _number(row, value)) is not None:
        cell = Cell(_short(number) if compact else number, number=True)
    else:
        text = safe(show_value(value)[: longest * 4])
        cell = Cell(text if cell_len(text) <= longest else fit(text, longest))
    if row.section == "feature":
        cell.level, cell.below = bars.level(None if value is ABSENT else value, largest)
        if compact and cell.level == bars.ZERO:
            cell.level = " "  # it would stand right before 0.0
    if place != reference:
        cell.change, cell.tone = _change(row, place, reference)
        if compact and cell.change not in (SAME, OTHER):
            cell.change = _short(cell.change)
        wanted = row.wanted(place, reference)
        cell.verdict = "" if wanted is None else WANTED if wanted else UNWANTED
    return cell


def _short(text: str) -> str:
    """Return a number's text for where there is little room: fewer digits, and no space before a percent sign."""
    if text.endswith(" %"):
        return text[:-2] + "%"
    sign = "+" if text.startswith("+") else ""
    long = len(text) > _DIGITS + 3 and "." in text and "," not in text
    return f"{float(text):{sign}.{_DIGITS}g}" if long else text


def _number(row: ComparisonRow, value: Any) -> str | None:
    """Return a number as this table writes it, or None of what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if row.section == "metric" and (metric := defined(row.name.removeprefix("m."))) is not None:
        return numbers.shown(metric, value)
    if isinstance(value, int):
        text = str(value)
        return text if len(text) <= _LONGEST else None
    return show_number(value)


def _change(row: ComparisonRow, place: int, reference: int) -> tuple[str, Tone]:
    """Return how a value differs from the reference's: a signed number, `=`, or that it is another one."""
    here, there = row.values[place], row.values[reference]
    change = row.change(place, reference)
    if here is ABSENT and there is ABSENT:
        same = not row.listed or row.listed[place] == row.listed[reference]
        return (SAME, "quiet") if same else (OTHER, "")
    if here is ABSENT or there is ABSENT:
        # an absent weight scores as 0, so there is a number; absent beside 0 is still another one
        return (_signed(row, change), _tone(change)) if change else (OTHER, "")
    if change is None:
        return (SAME, "quiet") if type(here) is type(there) and here == there else (OTHER, "")
    if not row.differs or (change == 0 and type(here) is type(there)):
        return SAME, "quiet"
    if change == 0:
        return OTHER, ""  # 10 and 10.0 are two experiments
    return _signed(row, change), _tone(change)


def _tone(change: float | None) -> Tone:
    return "" if not change else "more" if change > 0 else "less"


def _signed(row: ComparisonRow, change: float) -> str:
    """Return a difference with its sign, of a metric in the form of its values."""
    metric = defined(row.name.removeprefix("m.")) if row.section == "metric" else None
    if metric is None:
        return show_difference(change)
    text = numbers.percent(change, signed=True) if metric.unit == "return" else numbers.shown(metric, change)
    text = text if text.startswith(("+", "-")) else f"+{text}"
    if any(digit in text for digit in "123456789"):
        return text
    # what is lost in rounding is still a difference
    return f"{change * 100:+.1g} %" if metric.unit == "return" else f"{change:+.1g}"


def align(cells: Sequence[Cell], *, compact: bool = False) -> None:
    """Pad the numbers of cells that stand under each other, so that their points do, too.

    Where there is little room, differences are left as short as they are.
    """
    values = align_at_point([cell.value if cell.number else None for cell in cells])
    signed = [cell.change if cell.change not in ("", SAME, OTHER) else None for cell in cells]
    changes = [text or "" for text in signed] if compact else align_at_point(signed)
    gap = "" if compact else " "
    judged = any(cell.verdict for cell in cells)
    for cell, value, change, is_signed in zip(cells, values, changes, signed, strict=True):
        if cell.number:
            cell.value = value
        if is_signed is not None:
            cell.change = change + (f"{gap}{cell.verdict or ' '}" if judged else "")


def level_gap(*, compact: bool) -> str:
    """Return what stands between the level of a weight and the weight."""
    return "" if compact else " "


def width_of(texts: Sequence[str]) -> int:
    """Return how many cells the widest of the texts takes."""
    return max(map(cell_len, texts), default=0)


def read_aloud(row: ComparisonRow, place: int, reference: int, comparison: Comparison) -> str:
    """Return what one cell of the table says, as a sentence."""
    kind = {"feature": "the weight of ", "transformation": "the transformation of "}.get(row.section, "")
    here, there = (_said(row, at) for at in (place, reference))
    name = f"{kind}{safe(row.name[:80])}"
    if place == reference:
        return f"{name} is {there} in the reference {comparison.hashes[reference][:SHORT_HASH]}"
    change, tone = _change(row, place, reference)
    how = {"more": f", {change.lstrip('+')} more", "less": f", {change.lstrip('-')} less", "quiet": ", the same"}.get(
        tone, ", another value"
    )
    wanted = row.wanted(place, reference)
    verdict = "" if wanted is None else ", the wanted way" if wanted else ", the other way"
    return f"{name} is {here} in {comparison.hashes[place][:SHORT_HASH]} and {there} in the reference{how}{verdict}"


def _said(row: ComparisonRow, place: int) -> str:
    value = row.values[place]
    if value is ABSENT:
        return "absent"
    return _number(row, value) or fit(show_value(value), 40).rstrip()
