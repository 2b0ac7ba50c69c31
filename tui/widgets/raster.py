"""Points on a raster of braille dots, two across and four down in a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ACROSS: Final = 2
DOWN: Final = 4
_BITS: Final = np.array(((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)), dtype=np.uint8)
"""The bit of a dot by line and column (Unicode, block Braille Patterns)."""


@dataclass(frozen=True, slots=True)
class Span:
    """What one axis shows, from its first number to its last."""

    low: float
    high: float

    def place(self, value: float, steps: int) -> int:
        """Return the step, from 0, of `steps` that a value falls on."""
        return int(self.places(np.array([value]), steps)[0])

    def places(self, values: Floats, steps: int) -> Ints:
        """Return the step of each value."""
        # halves, since the whole width of what floats can hold is no float any more
        found = np.rint((values / 2 - self.low / 2) / (self.high / 2 - self.low / 2) * (steps - 1))
        return np.clip(found, 0, steps - 1).astype(np.int64)

    def at(self, step: int, steps: int) -> float:
        """Return the value of a step."""
        share = step / max(1, steps - 1)
        return self.low * (1 - share) + self.high * share


def span_of(values: Floats) -> Span:
    """Return the span of values; of values that are all the same one with them in its middle."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Span(0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    if high / 2 - low / 2 > 1e-12 * max(abs(low), abs(high)):
        return Span(low, high)
    beside = abs(low) / 2 or 0.5
    most = float(np.finfo(np.float64).max)
    return Span(max(low - beside, -most), min(high + beside, most))


@dataclass(frozen=True, slots=True)
class Raster:
    """Points drawn in a number of cells."""

    columns: Ints
    """Of each point, the column of its cell."""
    lines: Ints
    """And the line."""
    dots: npt.NDArray[np.uint8]
    """The bits of each cell, by line and column."""

    @property
    def width(self) -> int:
        """How many columns there are."""
        return int(self.dots.shape[1])

    @property
    def height(self) -> int:
        """How many lines there are."""
        return int(self.dots.shape[0])

    def cell(self, place: int) -> tuple[int, int]:
        """Return the column and the line of a point."""
        return int(self.columns[place]), int(self.lines[place])

    def nearest(self, column: int, line: int) -> int:
        """Return the point nearest to a cell, which is about twice as high as it is wide."""
        return int(((self.columns - column) ** 2 + 4 * (self.lines - line) ** 2).argmin())

    def character(self, cell: tuple[int, int]) -> str:
        """Return what a cell shows."""
        bits = int(self.dots[cell[1], cell[0]])
        return chr(0x2800 + bits) if bits else " "


def draw(xs: Floats, ys: Floats, x_span: Span, y_span: Span, width: int, height: int) -> Raster:
    """Return points drawn in `width` by `height` cells, the largest y on top.

    >>> ends = np.array([0.0, 1.0])
    >>> draw(ends, ends, Span(0, 1), Span(0, 1), 1, 1).character((0, 0))
    '⡈'
    """
    across = x_span.places(xs, width * ACROSS)
    down = height * DOWN - 1 - y_span.places(ys, height * DOWN)
    dots = np.zeros((height, width), dtype=np.uint8)
    np.bitwise_or.at(dots, (down // DOWN, across // ACROSS), _BITS[down % DOWN, across % ACROSS])
    return Raster(across // ACROSS, down // DOWN, dots)
