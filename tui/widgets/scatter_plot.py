"""A scatter: a point for each experiment, axes with numbers, a cursor that steps through the points."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from tui import actions
from tui.widgets.cells import fit
from tui.widgets.raster import Raster, Span, draw, span_of

if TYPE_CHECKING:
    from registry.analysis.scatter import Point

CURSOR: Final = "◆"
MARKED: Final = "●"
_LABEL: Final = 9
"""Cells of the numbers at the left."""
_LABEL_NARROW: Final = 7
_NARROW: Final = 60
_BELOW: Final = 2
"""Lines of the axis at the foot."""


class ScatterPlot(Widget, can_focus=True):
    """The picture; points come with the largest y first, which is how the cursor goes through them."""

    BINDINGS = actions.bindings(actions.POINTS, actions.SCATTER)
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--axis", "plot--zero", "plot--dot", "plot--mark", "plot--cursor"}
    DEFAULT_CSS = """
    ScatterPlot {
        background: $background;
        color: $foreground;
        & > .plot--axis { color: $quiet; }
        & > .plot--zero { color: $faint; }
        & > .plot--dot { color: $bar; }
        & > .plot--mark { color: $mark; text-style: bold; }
        & > .plot--cursor { color: $foreground; background: $cursor-line; text-style: bold reverse; }
    }
    """

    cursor: var[int] = var(0, init=False)

    @dataclass
    class Moved(Message):
        """The cursor is on another point."""

    @dataclass
    class Opened(Message):
        """A person wants to see an experiment."""

        config_hash: str

    def __init__(self) -> None:
        super().__init__()
        self.points: Sequence[Point] = ()
        self.marked: Collection[str] = ()
        self.message: Sequence[str] = ("Reading …",)
        self._xs = self._ys = np.zeros(0)
        self._spans = (Span(0.0, 1.0), Span(0.0, 1.0))
        self._raster: Raster | None = None
        self._signs: dict[tuple[int, int], str] = {}

    @property
    def current(self) -> Point | None:
        """The point under the cursor."""
        return self.points[self.cursor] if self.cursor < len(self.points) else None

    def show(self, points: Sequence[Point], marked: Collection[str]) -> None:
        """Show other points; the cursor stays on its experiment."""
        kept = None if self.current is None else self.current.config_hash
        self.points, self.marked = points, marked
        self._xs = np.fromiter((point.x for point in points), dtype=np.float64, count=len(points))
        self._ys = np.fromiter((point.y for point in points), dtype=np.float64, count=len(points))
        self._spans = span_of(self._xs), span_of(self._ys)
        place = next((at for at, point in enumerate(points) if point.config_hash == kept), 0)
        self.set_reactive(ScatterPlot.cursor, place)
        self._draw()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.size.width - self._label - 2, self.size.height - _BELOW
        if width < 1 or height < 1 or not self.points:
            self._raster = None
        else:
            self._raster = draw(self._xs, self._ys, *self._spans, width, height)
        self.mark(self.marked)

    def mark(self, marked: Collection[str]) -> None:
        """Have these experiments marked."""
        self.marked = marked
        raster, points = self._raster, self.points
        if raster is None or not marked:
            self._signs = {}
        else:
            self._signs = {raster.cell(at): MARKED for at, point in enumerate(points) if point.config_hash in marked}
        self.refresh()

    @property
    def _label(self) -> int:
        return _LABEL_NARROW if self.size.width < _NARROW else _LABEL

    # drawing

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        ground, width = self.rich_style, self.size.width
        if self._raster is None:
            said = self.message[y - 1] if not self.points and 1 <= y <= len(self.message) else ""
            return Strip([Segment(fit("  " + said, width), ground + self._part("axis"))])
        if y >= self._raster.height:
            text = self._axis() if y == self._raster.height else self._numbers_below()
            return Strip([Segment(fit(text, width), ground + self._part("axis"))])
        segments = [Segment(self._number_at(y), ground + self._part("axis"))]
        segments += [self._cell((x, y), ground) for x in range(self._raster.width)]
        return Strip(segments).adjust_cell_length(width, ground)

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"plot--{name}", partial=True)

    def _cell(self, cell: tuple[int, int], ground: Style) -> Segment:
        assert self._raster is not None
        if self._raster.cell(self.cursor) == cell:
            return Segment(CURSOR, ground + self._part("cursor"))
        if cell in self._signs:
            return Segment(self._signs[cell], ground + self._part("mark"))
        if (shown := self._raster.character(cell)) != " ":
            return Segment(shown, ground + self._part("dot"))
        return Segment(self._zero(cell), ground + self._part("zero"))

    def _zero(self, cell: tuple[int, int]) -> str:
        """Return the lines at zero, where there is nothing else."""
        assert self._raster is not None
        x_span, y_span = self._spans
        if x_span.low < 0 < x_span.high and cell[0] == x_span.place(0.0, self._raster.width):
            return "·"
        if y_span.low < 0 < y_span.high and cell[1] == self._raster.height - 1 - y_span.place(0.0, self._raster.height):
            return "·"
        return " "

    def _number_at(self, y: int) -> str:
        """Return the number at the left of a line, where there is one, and the axis."""
        assert self._raster is not None
        height = self._raster.height
        told = {0, height // 2, height - 1}
        number = show(self._spans[1].at(height - 1 - y, height)) if y in told else ""
        return f"{number:>{self._label}} {'┤' if y in told else '│'}"

    def _axis(self) -> str:
        assert self._raster is not None
        width = self._raster.width
        line = ["─"] * width
        for at in (0, width // 2, width - 1):
            line[at] = "┴"
        return " " * (self._label + 1) + "└" + "".join(line)

    def _numbers_below(self) -> str:
        assert self._raster is not None
        width, span = self._raster.width, self._spans[0]
        first, middle, last = (show(span.at(at, width)) for at in (0, width // 2, width - 1))
        line = first + " " * (width - len(first) - len(last)) + last
        start = width // 2 - len(middle) // 2
        if start > len(first) + 1 and start + len(middle) + 1 < width - len(last):
            line = line[:start] + middle + line[start + len(middle) :]
        return " " * (self._label + 2) + line

    # the cursor

    def watch_cursor(self) -> None:
        """Draw the cursor where it is now."""
        self.refresh()
        self.post_message(self.Moved())

    def action_step(self, step: int) -> None:
        """Go to another point, by the metric."""
        if self.points:
            self.cursor = min(max(self.cursor + step, 0), len(self.points) - 1)

    def action_edge(self, direction: int) -> None:
        """Go to the point with the highest or the lowest metric."""
        if self.points:
            self.cursor = 0 if direction < 0 else len(self.points) - 1

    def action_open(self) -> None:
        """Open the experiment under the cursor."""
        if self.current is not None:
            self.post_message(self.Opened(self.current.config_hash))

    def on_click(self, event: events.Click) -> None:
        """Go to the point nearest to the mouse; twice opens it."""
        if self._raster is None:
            return
        self.cursor = self._raster.nearest(event.x - self._label - 2, event.y)
        if event.chain == 2:
            self.action_open()


def show(value: float) -> str:
    """Return a number of an axis in at most seven cells."""
    forms = (f"{value:{digits}}" for digits in (".3g", ".2g", ".1e", ".0e"))
    return next((text for text in forms if len(text) <= 7), f"{value:.0e}")
