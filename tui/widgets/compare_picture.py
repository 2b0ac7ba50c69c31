"""How the table of compare is drawn: head, lines, cells, and of the columns only those in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.reactive import var
from textual.strip import Strip

from tui.widgets.cells import fit
from tui.widgets.compare_cells import level_gap
from tui.widgets.compare_grid import EMPTY, HEADINGS, Grid, View
from tui.widgets.compare_layout import ROOMY, Layout, squeeze
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry.comparison import Comparison
    from tui.widgets.compare_cells import Cell
    from tui.widgets.compare_grid import Line


class ComparePicture(LineTable):
    """The drawn table; a subclass says how it is looked at, and moves the cursor."""

    HEAD = 2

    column: var[int] = var(0, init=False)
    """Position of the cursor's column; of experiments, 0 is the reference."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.comparison: Comparison | None = None
        self.look = View()
        self.message = "Comparing …"
        self.grid: Grid = EMPTY
        self._layout = Layout(ROOMY, 0, [], [], 1)

    @property
    def row_count(self) -> int:
        """How many lines there are below the head."""
        return len(self.grid.lines)

    def virtual_width(self) -> int:
        """Return the width of everything."""
        return self._layout.total

    # the head

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the columns' titles, and what there is to say of all of them."""
        ground = self.ground + self.part("head")
        if self.comparison is None or not self.grid.order:
            return [Segment(" " * width, ground)]
        spacing = self._layout.spacing
        name = self._counts(y)
        rule = Segment(spacing.rule, ground + self.part("faint") + Style(bold=False))
        pinned = [Segment(" " * spacing.signs, ground), Segment(fit(name, self._layout.name), ground), rule]
        if self.grid.view.transposed and y == 0:
            return [*pinned, *self._sections(max(0, width - self._layout.pinned), ground, rule)]

        def title(at: int) -> list[Segment]:
            style = ground
            if y != (1 if self.grid.view.transposed else 0):
                style = ground + Style(bold=False)
            elif at == self.column:
                style = ground + self.part("head-column")
            shown = self._title(at, y, self._layout.widths[at])
            words = shown.rstrip()
            return [Segment(words, style), Segment(shown[len(words) :], ground), rule]

        return self._join(pinned, title, width, ground)

    def _title(self, at: int, y: int, width: int) -> str:
        column = self.grid.columns[at]
        if self.grid.view.transposed:
            return squeeze(column.key[1], width)
        assert self.comparison is not None
        if y == 0:
            return fit(
                column.key[1][: self._layout.spacing.hash] + (self._layout.spacing.star if at == 0 else ""), width
            )
        if len(self.grid.order) == 2:  # the lines above have their descriptions
            return fit("reference" if at == 0 and not self.look.compact else "", width)
        return fit(self.comparison.descriptions[self.grid.order[at]], width)

    def _sections(self, room: int, ground: Style, rule: Segment) -> list[Segment]:
        """Return the headings of the sections over what is in view of their columns, in `room` cells."""
        starts, pinned = self._layout.starts, self._layout.pinned
        keys = [(column.key[0], column.differs) for column in self.grid.columns]
        made: list[Segment] = []
        for at, key in enumerate(keys):
            if at and keys[at - 1] == key:
                continue
            end = next((later for later in range(at, len(keys)) if keys[later] != key), len(keys))
            first = max(starts[at] - pinned - self.scroll_offset.x, 0)
            last = min(starts[end] - len(rule.text) - pinned - self.scroll_offset.x, room)
            if first >= last:
                continue
            basis = self.comparison.metrics_from if self.comparison and key[0] == "metric" else None
            text = ("" if key[1] else "= ") + HEADINGS[key[0]] + (f" on {basis}" if basis else "")
            made += [Segment(fit(text, last - first), ground), rule]
        return made

    def _counts(self, y: int) -> str:
        """Return what stands over the names: how many rows differ and are equal, and their order."""
        assert self.comparison is not None
        differing, equal = len(self.comparison.differing), len(self.comparison.equal)
        order = "name" if self.grid.view.by_name else "spread"
        told = (
            (f"{differing:,} differ, {equal:,} equal", f"{differing:,} differ", f"{differing:,} ≠")
            if y == 0
            else (f"sorted by {order}", f"by {order}", order)
        )
        return next((text for text in told if len(text) <= self._layout.name), told[-1])

    # the lines

    def render_line(self, y: int) -> Strip:
        """Draw one visible line; transposed, the reference stays under the head."""
        if y == self.HEAD and self.pins_row:
            style = self.ground + (self.part("cursor") if self.cursor == 0 else Style())
            segments = self.row_line(0, self.size.width, style, current=self.cursor == 0)
            return Strip(segments).adjust_cell_length(self.size.width, self.ground)
        return super().render_line(y)

    @property
    def pins_row(self) -> bool:
        """Whether the reference's line stays under the head while the others are scrolled."""
        return self.grid.view.transposed and self.scroll_offset.y > 0 and self.row_count > 0

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return a line of the table."""
        line = self.grid.lines[index]
        spacing = self._layout.spacing
        sign = Segment("▌" if current else " ", style + self.part("sign"))
        if line.kind != "row":
            look = style + self.part("quiet") + (self.part("strong") if line.kind == "heading" else Style())
            text = fit(line.text, max(0, width - spacing.signs))
            before = ("=" if line.kind == "fold" else " ").ljust(spacing.signs - 1)
            return [sign, Segment(before, look), Segment(text, look)]
        pinned = [
            sign,
            *self._row_name(line, index, style),
            Segment(spacing.rule, style + self.part("faint", current=current)),
        ]

        def cell(at: int) -> list[Segment]:
            return self._cell(line, at, style, current=current, here=current and at == self.column)

        return self._join(pinned, cell, width, style)

    def _row_name(self, line: Line, index: int, style: Style) -> list[Segment]:
        """Return what a row is: the item's name, or the experiment's hash and description."""
        spacing = self._layout.spacing
        quiet = style + self.part("quiet")
        if not self.grid.view.transposed:
            before = Segment(("" if line.differs else "=").ljust(spacing.signs - 1), quiet)
            return [before, Segment(squeeze(line.text, self._layout.name), style if line.differs else quiet)]
        before = Segment(("★" if index == 0 else "").ljust(spacing.signs - 1), style)
        assert line.key is not None
        short = line.key[1][: spacing.hash]
        rest = self._layout.name - len(short) - len(spacing.gap)
        described = spacing.gap + fit(line.text, rest) if rest > 0 else " " * (self._layout.name - len(short))
        return [before, Segment(short, style), Segment(described, quiet)]

    def _cell(self, line: Line, at: int, style: Style, *, current: bool, here: bool) -> list[Segment]:
        cell, column, spacing = line.cells[at], self.grid.columns[at], self._layout.spacing
        differs = line.differs and column.differs
        look = style
        if cell.absent:
            look = style + self.part("quiet") + Style(italic=True)
        elif not differs:
            look = style + self.part("quiet")
        segments = self._level(cell, style, differs)
        room = self._layout.values[at] - sum(segment.cell_length for segment in segments)
        # what is too wide when its point is aligned may fit without
        shown = fit(cell.value.strip() if len(cell.value) > room else cell.value, room)
        words = shown.strip()
        if here and words:
            start = shown.index(words)
            segments += [
                Segment(shown[:start], look),
                Segment(words, look + self.part("head-column")),
                Segment(shown[start + len(words) :], look),
            ]
        else:
            segments.append(Segment(shown, look))
        if column.change_width:
            tone = style + self.part(cell.tone) if cell.tone else style
            segments.append(Segment(spacing.gap + fit(cell.change, column.change_width), tone))
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(" " * max(0, self._layout.widths[at] - used), style))
        segments.append(Segment(spacing.rule, style + self.part("faint", current=current)))
        return segments

    def _level(self, cell: Cell, style: Style, differs: bool) -> list[Segment]:
        """Return the level of a weight, coloured by which way it differs from the reference's."""
        if not cell.level:
            return []
        tone = cell.tone if differs else "quiet"
        look = style + self.part(tone) if tone else style
        return [
            Segment(cell.level, look + Style(reverse=True) if cell.below else look),
            Segment(level_gap(compact=self.look.compact), style),
        ]

    def _join(
        self, pinned: list[Segment], cell: Callable[[int], list[Segment]], width: int, ground: Style
    ) -> list[Segment]:
        """Return the pinned part, and of the columns as much as is in view; no others are drawn."""
        layout = self._layout
        stay = range(min(layout.stays, len(layout.widths)))
        fixed = pinned + [segment for at in stay for segment in cell(at)]
        seen = layout.in_view(self.scroll_offset.x, width)
        if not seen:
            return [*fixed, Segment(" " * max(0, width - layout.pinned), ground)]
        rest = [segment for at in seen for segment in cell(at)]
        return [*fixed, *self._cropped(rest, layout.starts[seen.start] - layout.pinned, width, ground)]

    def _cropped(self, rest: list[Segment], begins: int, width: int, ground: Style) -> Strip:
        """Return what is in view of columns that begin so many cells after the pinned part."""
        start = self.scroll_offset.x - begins
        return Strip(rest).crop_extend(start, start + max(0, width - self._layout.pinned), ground)

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line below the table; the first says what is going on while there is no table."""
        if not self.grid.order and y == 1:
            return [Segment(fit("  " + self.message, width), style + self.part("quiet"))]
        return super().blank_line(y, width, style)
