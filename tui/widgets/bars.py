"""Weights as pictures: the glyph of a row in the list, and bars with a zero line for the detail.

A negative weight is drawn in reverse video: a bar that hangs from the top of the cell, or that grows to the
left of the zero line. So the sign is seen without colour. Absent is a dot, zero the digit: they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RISING = " ▁▂▃▄▅▆▇█"
GROWING = " ▏▎▍▌▋▊▉█"
ABSENT = "·"
ZERO = "0"
MORE = "+"
"""Stands behind a glyph that does not show every weight of its row."""


def glyph(weights: Mapping[str, float], order: Sequence[str]) -> list[tuple[str, bool]]:
    """Return one (character, is negative) for each feature of `order`, scaled to the row's largest weight.

    The same order in every row is what makes similar experiments look alike.
    """
    largest = max((abs(weight) for weight in weights.values()), default=0.0)
    return [level(weights.get(name), largest) for name in order]


def level(weight: float | None, largest: float) -> tuple[str, bool]:
    """Return one weight as (character, is negative), as high as it is large beside the `largest` magnitude."""
    if weight is None:
        return ABSENT, False
    if weight == 0 or largest == 0:
        return ZERO, False
    eighths = max(1, min(8, round(abs(weight) / largest * 8)))
    if weight < 0:
        return RISING[8 - eighths], True
    return RISING[eighths], False


def bar(weight: float, left: float, right: float, width: int) -> list[tuple[str, bool]]:
    """Return a horizontal bar as pieces of (text, is reversed), `width` cells in all.

    `left` and `right` are the largest magnitudes below and above zero; they share the width, so that the
    zero line stands in the same place in every row.
    """
    whole = left + right
    if whole <= 0 or width <= 0:
        return [(" " * max(0, width), False)]
    below = round(width * left / whole) if left else 0
    if left and right:
        below = min(max(below, 1), width - 1)
    above = width - below
    if weight < 0:
        # drawn from the zero line to the left: the free part of the first cell is the reversed piece
        eighths = max(1, round(-weight / left * below * 8)) if below else 0
        full, part = divmod(eighths, 8)
        pieces = [(" " * (below - full - bool(part)), False)]
        if part:
            pieces.append((GROWING[8 - part], True))
        return [*pieces, ("█" * full, False), (" " * above, False)]
    eighths = max(1, round(weight / right * above * 8)) if weight > 0 else 0
    full, part = divmod(eighths, 8)
    text = "█" * full + (GROWING[part] if part else "")
    return [(" " * below, False), (text + " " * (above - len(text)), False)]
