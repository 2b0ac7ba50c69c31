"""Experiments side by side: a cursor over the cells of a comparison, in either direction.

With items as rows the reference stands pinned at the left and the rest scrolls sideways; transposed, the
reference is the first row and stays when the others scroll.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from tui import actions
from tui.widgets import bars
from tui.widgets.cells import fit
from tui.widgets.compare_cells import BETTER, OTHER, SAME, WORSE, level_gap, read_aloud
from tui.widgets.compare_grid import EMPTY, HEADINGS, Grid, View, build
from tui.widgets.compare_layout import NARROW, ROOMY, Layout, lay_out, squeeze
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from registry.comparison import Comparison, ComparisonRow
    from tui.widgets.compare_cells import Cell
    from tui.widgets.compare_grid import Line


class CompareTable(LineTable):
    """The table; it knows one comparison, how it is looked at, and which cell the cursor is on."""

    HEAD = 2
    BINDINGS = actions.bindings(actions.TABLE)
    DEFAULT_CSS = """
    CompareTable { overflow-x: auto; }
    """

    @dataclass
    class Moved(Message):
        """The cursor is on another cell, or the table shows something else."""

    column: var[int] = var(0, init=False)
    """Position of the cursor's column; of experiments, 0 is the reference."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.comparison: Comparison | None = None
        self.look = View()
        self.message = "Comparing …"
        self.grid: Grid = EMPTY
        self._layout = Layout(ROOMY, 0, [], [], 0)

    # what is shown

    @property
    def row_count(self) -> int:
        """How many lines there are below the head."""
        return len(self.grid.lines)

    @property
    def place(self) -> int | None:
        """Where the cursor's experiment stands in the comparison."""
        return self.grid.place(self.cursor, self.column)

    @property
    def item(self) -> ComparisonRow | None:
        """The feature or the like that the cursor is on."""
        return self.grid.item(self.cursor, self.column)

    @property
    def shown(self) -> Comparison | None:
        """The comparison as it is shown: the reference first, what is folded left out."""
        if self.comparison is None:
            return None
        return replace(self.comparison, rows=self.grid.items).seen_from(self.look.reference)

    def show(self, comparison: Comparison, reference: int) -> None:
        """Show a comparison; the cursor stays on what it is on, as far as that is still there."""
        self.comparison = comparison
        self._look(reference=reference)

    def _look(self, **changes: object) -> None:
        """Look at the comparison in another way."""
        self.look = replace(self.look, **changes)  # type: ignore[arg-type]
        if self.comparison is None:
            return
        old = self.grid
        line = old.lines[self.cursor].key if self.cursor < len(old.lines) else None
        column = old.columns[self.column].key if self.column < len(old.columns) else None
        if old.view.transposed != self.look.transposed:
            line, column = column, line
        self.look = replace(self.look, compact=self._room < NARROW)
        self.grid = build(self.comparison, self.look)
        at = self.grid.column_of(column)
        self.set_reactive(CompareTable.column, min(self.column, len(self.grid.columns) - 1) if at is None else at)
        self.set_reactive(CompareTable.column, max(0, self.column))
        self._lay_out()
        self.rows_changed()
        self.go(self.cursor if (at := self.grid.line_of(line)) is None else at)
        self.show_cursor()
        self._show_column()
        self.post_message(self.Moved())

    @property
    def _room(self) -> int:
        """Cells there are for the columns; the scroll bar's is kept free, so that its coming moves nothing."""
        return max(1, self.outer_size.width - 1)

    def _lay_out(self) -> None:
        if self.comparison is not None:
            self._layout = lay_out(self.grid, self.comparison, self._room)

    def virtual_width(self) -> int:
        """Return the width of everything."""
        return self._layout.total

    def on_resize(self) -> None:
        """Lay the columns out anew; a window that became narrow has shorter numbers too."""
        if (self._room < NARROW) != self.look.compact:
            self._look()
        else:
            self._lay_out()

    def can_stop(self, index: int) -> bool:
        """Return whether the cursor may rest on a line: not on a heading."""
        return self.grid.lines[index].kind in ("row", "fold")

    def cursor_moved(self) -> None:
        """Tell the screen, which names the cell."""
        self.post_message(self.Moved())

    # drawing: the head

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the columns' titles, and what there is to say of all of them."""
        ground = self.ground + self.part("head")
        if self.comparison is None:
            return [Segment(" " * width, ground)]
        spacing = self._layout.spacing
        name = self._counts(y)
        rule = Segment(spacing.rule, ground + self.part("faint") + Style(bold=False))
        pinned = [Segment(" " * spacing.signs, ground), Segment(fit(name, self._layout.name), ground), rule]
        if self.grid.view.transposed and y == 0:
            return self._join(pinned, self._sections(ground), width, ground)
        cells = []
        for at, cell_width in enumerate(self._layout.widths):
            style = ground
            title = y == (1 if self.grid.view.transposed else 0)
            if at == self.column and title:
                style = ground + self.part("head-column")
            elif not title:
                style = ground + Style(bold=False)
            shown = self._title(at, y, cell_width)
            words = shown.rstrip()
            cells.append([Segment(words, style), Segment(shown[len(words) :], ground), rule])
        return self._join(pinned, cells, width, ground)

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

    def _sections(self, ground: Style) -> list[list[Segment]]:
        """Return the headings of the sections over their columns."""
        cells: list[list[Segment]] = []
        rule = len(self._layout.spacing.rule)
        keys = [(column.key[0], column.differs) for column in self.grid.columns]
        for at, key in enumerate(keys):
            if at and keys[at - 1] == key:
                continue
            end = next((later for later in range(at, len(keys)) if keys[later] != key), len(keys))
            room = sum(width + rule for width in self._layout.widths[at:end])
            text = ("" if key[1] else "= ") + HEADINGS[key[0]]
            cells.append([Segment(fit(text, room - 1) + " ", ground)])
        return cells

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

    # drawing: the lines

    def render_line(self, y: int) -> Strip:
        """Draw one visible line; transposed, the reference stays under the head."""
        if y == self.HEAD and self._pins_row:
            style = self.ground + (self.part("cursor") if self.cursor == 0 else Style())
            segments = self.row_line(0, self.size.width, style, current=self.cursor == 0)
            return Strip(segments).adjust_cell_length(self.size.width, self.ground)
        return super().render_line(y)

    @property
    def _pins_row(self) -> bool:
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
        cells = [
            self._cell(line, at, style, current=current, here=current and at == self.column)
            for at in range(len(self._layout.widths))
        ]
        return self._join(pinned, cells, width, style)

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

    def _join(self, pinned: list[Segment], cells: list[list[Segment]], width: int, ground: Style) -> list[Segment]:
        """Return the pinned part and as much of the rest as is in view."""
        count = 0 if self.grid.view.transposed else 1
        fixed = pinned + [segment for cell in cells[:count] for segment in cell]
        rest = [segment for cell in cells[count:] for segment in cell]
        room = width - self._layout.pinned
        if room <= 0 or not rest:
            return [*fixed, Segment(" " * max(0, room), ground)]
        start = self.scroll_offset.x
        return [*fixed, *Strip(rest).crop_extend(start, start + room, ground)]

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line below the table; the first says what is going on while there is no table."""
        if self.comparison is None and y == 1:
            return [Segment(fit("  " + self.message, width), style + self.part("quiet"))]
        return super().blank_line(y, width, style)

    # the cursor

    def show_cursor(self) -> None:
        """Scroll as little as brings the cursor into view, out from under the reference's line."""
        super().show_cursor()
        if self.grid.view.transposed and 0 < self.cursor <= self.scroll_offset.y:
            self.scroll_to(y=self.cursor - 1, animate=False)

    def watch_column(self) -> None:
        """Bring the column into view."""
        self._show_column()
        self.refresh()
        self.post_message(self.Moved())

    def _show_column(self) -> None:
        if self.column < (0 if self.grid.view.transposed else 1) or self.column >= len(self._layout.widths):
            return
        before = self._layout.start(self.column) - self._layout.pinned
        own = self._layout.widths[self.column] + len(self._layout.spacing.rule)
        room = max(1, self._room - self._layout.pinned)
        x = self.scroll_offset.x
        if before < x or own > room:
            self.scroll_to(x=before, animate=False)
        elif before + own > x + room:
            self.scroll_to(x=before + own - room, animate=False)

    def action_column(self, step: int) -> None:
        """Go to the column beside this one."""
        if self.grid.columns:
            self.column = min(max(self.column + step, 0), len(self.grid.columns) - 1)

    def action_difference(self, direction: int) -> None:
        """Go to the next cell that differs from the reference; on the reference, to what differs anywhere."""
        if self.grid.view.transposed:
            for at in range(self.column + direction, len(self.grid.columns) if direction > 0 else -1, direction):
                if self._is_difference(self.cursor, at):
                    self.column = at
                    return
        else:
            for at in range(self.cursor + direction, self.row_count if direction > 0 else -1, direction):
                if self._is_difference(at, self.column):
                    self.go(at)
                    return
        self.app.bell()

    def _is_difference(self, line: int, column: int) -> bool:
        found = self.grid.lines[line]
        if found.kind != "row" or not (found.differs and self.grid.columns[column].differs):
            return False
        return self.grid.place(line, column) == self.look.reference or found.cells[column].change not in ("", SAME)

    def action_equal(self) -> None:
        """Show what is equal, or fold it."""
        self._look(equal_shown=not self.look.equal_shown)

    def action_order(self) -> None:
        """Order the items by name, or by spread."""
        self._look(by_name=not self.look.by_name)

    def action_transpose(self) -> None:
        """Turn rows into columns, and back; the cursor stays on its cell."""
        self._look(transposed=not self.look.transposed)

    def make_reference(self) -> None:
        """Make the cursor's experiment the reference."""
        if self.place is not None:
            self._look(reference=self.place)

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for help."""
        return [
            ("★", "the reference; every other value has its difference from it at the right"),
            ("+0.1 -0.1", "more or less than the reference's; an absent weight counts as 0, as it scores"),
            (f"{SAME} {OTHER}", "the same; another value where no number says how far, as zscore and rank"),
            ("absent", "has no such thing at all, which is not 0; no weight: named as a feature, but not weighted"),
            (
                f"{bars.RISING[2]} {bars.RISING[5]} {bars.RISING[8]}",
                "before a weight: how large it is beside the largest one in this table; a bar that hangs from the "
                f"top is one below zero; {bars.ZERO} is weight 0, {bars.ABSENT} no weight; in the colour of more or "
                "less than the reference",
            ),
            (f"{BETTER} {WORSE}", "behind a metric: better or worse than the reference's; no test was made of it"),
            ("=", "before a row, or over columns: the same in all experiments; they are folded until = is pressed"),
            *self._example(),
        ]

    def _example(self) -> list[tuple[str, str]]:
        """Return the cell under the cursor, read aloud."""
        row, place = self.item, self.place
        if row is None or place is None or self.comparison is None:
            return []
        return [("e.g.", read_aloud(row, place, self.look.reference, self.comparison))]

    # the mouse

    def row_at(self, y: int) -> int | None:
        """Return the row on a line of the widget."""
        return 0 if y == self.HEAD and self._pins_row else super().row_at(y)

    def row_clicked(self, x: int) -> None:
        """Go to the clicked column, or unfold."""
        if self.grid.lines[self.cursor].kind == "fold":
            self.action_equal()
        else:
            self.head_clicked(x, 0)

    def head_clicked(self, x: int, y: int) -> None:
        """Go to the clicked column."""
        if x >= self._layout.pinned:
            x += self.scroll_offset.x
        for at in range(len(self.grid.columns)):
            if self._layout.start(at) <= x < self._layout.start(at + 1):
                self.column = at

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Scroll sideways."""
        event.stop()
        self.scroll_to(x=self.scroll_offset.x + 8, animate=False)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Scroll sideways."""
        event.stop()
        self.scroll_to(x=self.scroll_offset.x - 8, animate=False)
