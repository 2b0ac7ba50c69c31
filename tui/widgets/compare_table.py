"""Experiments side by side: rows are names, the reference stands pinned at the left, the rest scrolls sideways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from registry.config import SHORT_HASH
from tui import actions
from tui.safe import safe
from tui.widgets.cells import fit
from tui.widgets.compare_lines import Line, Lines, build
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from registry.comparison import Comparison

_AFTER = " │ "
"""Stands behind the names and behind every experiment, so that the pinned part has an edge."""
_SIGNS = 3
_LEAST = 16
"""Cells a column has at least: a short hash and its sign."""
_MOST = 24


class CompareTable(LineTable):
    """The table; it knows one comparison, which column is the reference, and which one the cursor is on."""

    HEAD = 2
    BINDINGS = actions.bindings(actions.TABLE)
    DEFAULT_CSS = """
    CompareTable { overflow-x: auto; }
    """

    @dataclass
    class ColumnMoved(Message):
        """The cursor is on another column, or the table shows something else."""

    column: var[int] = var(0, init=False)
    """Position of the cursor's column; 0 is the reference."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.comparison: Comparison | None = None
        self.reference = 0
        self.by_name = False
        self.equal_shown = False
        self.message = "Comparing …"
        self._shown = Lines([], [], [], [])
        self._name_width = 0
        self._widths: list[int] = []

    # what is shown

    @property
    def row_count(self) -> int:
        """How many lines there are below the head."""
        return len(self._shown.lines)

    @property
    def place(self) -> int | None:
        """Where the cursor's experiment stands in the comparison."""
        return self._shown.order[self.column] if self._shown.order else None

    def show(self, comparison: Comparison, reference: int) -> None:
        """Show a comparison."""
        self.comparison = comparison
        self.reference = reference
        self._rebuild()

    def _rebuild(self) -> None:
        if self.comparison is None:
            return
        self._shown = build(self.comparison, self.reference, by_name=self.by_name, equal_shown=self.equal_shown)
        self.set_reactive(CompareTable.column, min(self.column, len(self._shown.order) - 1))
        self._lay_out()
        self.rows_changed()
        if self.row_count and not self.can_stop(self.cursor):
            self.go(self.cursor)
        self.post_message(self.ColumnMoved())

    def _lay_out(self) -> None:
        view = self.scrollable_content_region.width or self.size.width
        names = [cell_len(safe(line.text[:100])) for line in self._shown.lines if line.kind == "row"]
        self._name_width = min(max(names, default=8), max(10, view // 4), 40)
        self._widths = [
            max(_LEAST, min(value, _MOST) + (change + 2 if change else 0))
            for value, change in zip(self._shown.value_widths, self._shown.change_widths, strict=True)
        ]

    @property
    def _pinned(self) -> int:
        """Cells that do not scroll sideways: signs, names, the reference."""
        return _SIGNS + self._name_width + len(_AFTER) + sum(width + len(_AFTER) for width in self._widths[:1])

    def virtual_width(self) -> int:
        """Return the width of everything."""
        return self._pinned + sum(width + len(_AFTER) for width in self._widths[1:])

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._lay_out()

    def can_stop(self, index: int) -> bool:
        """Return whether the cursor may rest on a line: not on a heading."""
        return self._shown.lines[index].kind in ("row", "fold")

    # drawing

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the hashes, or the descriptions under them."""
        ground = self.ground + self.part("head")
        if self.comparison is None:
            return [Segment(" " * width, ground)]
        texts = []
        for at, place in enumerate(self._shown.order):
            full = self.comparison.hashes[place]
            if y == 0:
                texts.append(full[:SHORT_HASH] + (" ★" if at == 0 else ""))
            else:
                texts.append(self.comparison.descriptions[place] or ("reference" if at == 0 else ""))
        differing, equal = len(self.comparison.differing), len(self.comparison.equal)
        name = f"{differing:,} differ" if y == 0 else f"{equal:,} equal"
        rule = Segment(_AFTER, ground + self.part("faint") + Style(bold=False))
        pinned = [Segment(" " * _SIGNS, ground), Segment(fit(name, self._name_width), ground), rule]
        cells = []
        for at, (text, cell_width) in enumerate(zip(texts, self._widths, strict=True)):
            style = ground
            if at == self.column and y == 0:
                style = ground + self.part("head-column")
            elif y == 1:
                style = ground + Style(bold=False)
            shown = fit(text, cell_width)
            words = shown.rstrip()
            cells.append([Segment(words, style), Segment(shown[len(words) :], ground), rule])
        return self._join(pinned, cells, width, ground)

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return a line of the table."""
        line = self._shown.lines[index]
        sign = Segment("▌" if current else " ", style + self.part("sign"))
        if line.kind != "row":
            look = style + self.part("quiet") + (self.part("strong") if line.kind == "heading" else Style())
            text = fit(line.text, max(0, width - _SIGNS))
            return [sign, Segment("= " if line.kind == "fold" else "  ", look), Segment(text, look)]
        quiet = style + self.part("quiet")
        pinned = [
            sign,
            Segment("  " if line.differs else "= ", quiet),
            Segment(fit(line.text, self._name_width), style if line.differs else quiet),
            Segment(_AFTER, style + self.part("faint", current=current)),
        ]
        cells = [self._cell(line, at, style, current=current) for at in range(len(self._widths))]
        return self._join(pinned, cells, width, style)

    def _cell(self, line: Line, at: int, style: Style, *, current: bool) -> list[Segment]:
        cell = line.cells[at]
        change_width = self._shown.change_widths[at]
        value_width = self._widths[at] - (change_width + 2 if change_width else 0)
        look = style
        if cell.absent:
            look = style + self.part("quiet") + Style(italic=True)
        elif not line.differs:
            look = style + self.part("quiet")
        segments = [Segment(fit(cell.value, value_width), look)]
        if change_width:
            tone = style + self.part(cell.tone) if cell.tone else style
            segments.append(Segment("  " + fit(cell.change, change_width), tone))
        segments.append(Segment(_AFTER, style + self.part("faint", current=current)))
        return segments

    def _join(self, pinned: list[Segment], cells: list[list[Segment]], width: int, ground: Style) -> list[Segment]:
        """Return the pinned part and as much of the rest as is in view."""
        fixed = pinned + (cells[0] if cells else [])
        rest = [segment for cell in cells[1:] for segment in cell]
        room = width - self._pinned
        if room <= 0 or not rest:
            return [*fixed, Segment(" " * max(0, room), ground)]
        start = self.scroll_offset.x
        return [*fixed, *Strip(rest).crop_extend(start, start + room, ground)]

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line below the table; the first says what is going on while there is no table."""
        if self.comparison is None and y == 1:
            return [Segment(fit("  " + self.message, width), style + self.part("quiet"))]
        return super().blank_line(y, width, style)

    # keys

    def watch_column(self) -> None:
        """Bring the column into view."""
        if self.column > 0:
            before = sum(width + len(_AFTER) for width in self._widths[1 : self.column])
            own = self._widths[self.column] + len(_AFTER)
            room = max(1, (self.scrollable_content_region.width or self.size.width) - self._pinned)
            x = self.scroll_offset.x
            if before < x or own > room:
                self.scroll_to(x=before, animate=False)
            elif before + own > x + room:
                self.scroll_to(x=before + own - room, animate=False)
        self.refresh()
        self.post_message(self.ColumnMoved())

    def action_column(self, step: int) -> None:
        """Go to the experiment beside this one."""
        if self._shown.order:
            self.column = min(max(self.column + step, 0), len(self._shown.order) - 1)

    def action_difference(self, direction: int) -> None:
        """Go to the next row that differs."""
        place = self.cursor + direction
        while 0 <= place < self.row_count:
            if self._shown.lines[place].differs:
                self.go(place)
                return
            place += direction
        self.app.bell()

    def action_equal(self) -> None:
        """Show the equal rows, or fold them."""
        self.equal_shown = not self.equal_shown
        self._rebuild()

    def action_order(self) -> None:
        """Order the rows by name, or by spread."""
        self.by_name = not self.by_name
        self._rebuild()

    def make_reference(self) -> None:
        """Pin the cursor's column as the reference."""
        if self.place is not None:
            self.reference = self.place
            self.set_reactive(CompareTable.column, 0)
            self._rebuild()
            self.scroll_to(x=0, animate=False)

    def row_clicked(self, x: int) -> None:
        """Go to the clicked column, or unfold."""
        if self._shown.lines[self.cursor].kind == "fold":
            self.action_equal()
        else:
            self.head_clicked(x, 0)

    def head_clicked(self, x: int, y: int) -> None:
        """Go to the clicked column."""
        end = self._pinned
        if x < end:
            self.column = 0
            return
        x += self.scroll_offset.x
        for at, width in enumerate(self._widths[1:], start=1):
            end += width + len(_AFTER)
            if x < end:
                self.column = at
                return

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Scroll sideways."""
        event.stop()
        self.scroll_to(x=self.scroll_offset.x + 8, animate=False)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Scroll sideways."""
        event.stop()
        self.scroll_to(x=self.scroll_offset.x - 8, animate=False)
