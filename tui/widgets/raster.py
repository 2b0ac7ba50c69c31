"""Points on a raster of braille dots, two across and four down in a cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ACROSS: Final = 2
DOWN: Final = 4
_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of a dot by line and column (Unicode, block Braille Patterns)."""


@dataclass(frozen=True, slots=True)
class Span:
    """What one axis shows, from its first number to its last."""

    low: float
    high: float

    def place(self, value: float, steps: int) -> int:
        """Return the step, from 0, of `steps` that a value falls on."""
        return min(steps - 1, max(0, round((value - self.low) / (self.high - self.low) * (steps - 1))))

    def at(self, step: int, steps: int) -> float:
        """Return the value of a step."""
        return self.low + (self.high - self.low) * step / max(1, steps - 1)


def span_of(values: Sequence[float]) -> Span:
    """Return the span of values; of values that are all the same one with them in its middle."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Span(0.0, 1.0)
    low, high = min(finite), max(finite)
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return Span(low, high)
    beside = abs(low) / 2 or 0.5
    return Span(low - beside, high + beside)


@dataclass(frozen=True, slots=True)
class Raster:
    """Points drawn in a number of cells."""

    width: int
    height: int
    cells: list[tuple[int, int]]
    """Of each point, its column and its line."""
    dots: dict[tuple[int, int], int]
    """The bits of the cells that have any."""

    def character(self, cell: tuple[int, int]) -> str:
        """Return what a cell shows."""
        bits = self.dots.get(cell, 0)
        return chr(0x2800 + bits) if bits else " "


def draw(xs: Sequence[float], ys: Sequence[float], x_span: Span, y_span: Span, width: int, height: int) -> Raster:
    """Return points drawn in `width` by `height` cells, the largest y on top.

    >>> made = draw([0, 1], [0, 1], Span(0, 1), Span(0, 1), 1, 1)
    >>> made.cells, made.character((0, 0))
    ([(0, 0), (0, 0)], '⡈')
    """
    cells: list[tuple[int, int]] = []
    dots: dict[tuple[int, int], int] = {}
    for x, y in zip(xs, ys, strict=True):
        column = x_span.place(x, width * ACROSS)
        line = height * DOWN - 1 - y_span.place(y, height * DOWN)
        cell = column // ACROSS, line // DOWN
        cells.append(cell)
        dots[cell] = dots.get(cell, 0) | _BITS[line % DOWN][column % ACROSS]
    return Raster(width, height, cells, dots)
