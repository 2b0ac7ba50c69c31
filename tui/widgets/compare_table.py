"""Experiments side by side: a cursor over the cells of a comparison, in either direction.

With items as rows the reference stands pinned at the left and the rest scrolls sideways; transposed, the
reference is the first row and stays when the others scroll.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from textual import events, on, work
from textual.message import Message

from tui import actions
from tui.widgets import bars
from tui.widgets.compare_cells import OTHER, SAME, UNWANTED, WANTED, read_aloud
from tui.widgets.compare_grid import Grid, View, build
from tui.widgets.compare_layout import NARROW, Layout, lay_out
from tui.widgets.compare_picture import ComparePicture

if TYPE_CHECKING:
    from registry.comparison import Comparison, ComparisonRow

BUILT_AT_ONCE: Final = 4_000
"""Cells up to which a table is built between two keys (20 ms); a larger one is built in a thread."""


class CompareTable(ComparePicture):
    """The table; it knows one comparison, how it is looked at, and which cell the cursor is on."""

    BINDINGS = actions.bindings(actions.TABLE)
    DEFAULT_CSS = """
    CompareTable { overflow-x: auto; }
    """

    @dataclass
    class Moved(Message):
        """The cursor is on another cell, or the table shows something else."""

    @dataclass
    class Built(Message):
        """A large table was built, for a way of looking at it."""

        comparison: Comparison
        look: View
        grid: Grid
        layout: Layout
        room: int

    # what is shown

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
        self.look = replace(self.look, compact=self._room < NARROW)
        cells = len(self.comparison.hashes) * len(self.comparison.rows)
        if cells > BUILT_AT_ONCE:
            self._build(self.comparison, self.look, self._room)
            return
        grid = build(self.comparison, self.look)
        self._take(grid, lay_out(grid, self.comparison, self._room))

    @work(thread=True, exclusive=True, group="build", exit_on_error=False, description="build")
    def _build(self, comparison: Comparison, look: View, room: int) -> None:
        grid = build(comparison, look)
        self.post_message(self.Built(comparison, look, grid, lay_out(grid, comparison, room), room))

    @on(Built)
    def _built(self, event: Built) -> None:
        event.stop()
        if event.look == self.look and event.comparison is self.comparison:
            self._take(event.grid, event.layout)
            if event.room != self._room:
                self._lay_out()

    def _take(self, grid: Grid, layout: Layout) -> None:
        """Show a table that was built; the cursor stays on what it is on, as far as that is still there."""
        old = self.grid
        line = old.lines[self.cursor].key if self.cursor < len(old.lines) else None
        column = old.columns[self.column].key if self.column < len(old.columns) else None
        if old.view.transposed != grid.view.transposed:
            line, column = column, line
        self.grid, self._layout = grid, layout
        at = grid.column_of(column)
        self.set_reactive(CompareTable.column, min(self.column, len(grid.columns) - 1) if at is None else at)
        self.set_reactive(CompareTable.column, max(0, self.column))
        self.rows_changed()
        self.go(self.cursor if (at := grid.line_of(line)) is None else at)
        self.show_cursor()
        self._show_column()
        self.post_message(self.Moved())

    @property
    def _room(self) -> int:
        """Cells there are for the columns; the scroll bar's is kept free, so that its coming moves nothing."""
        return max(1, self.outer_size.width - 1)

    def _lay_out(self) -> None:
        if self.comparison is not None and self.grid.order:
            self._layout = lay_out(self.grid, self.comparison, self._room)

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
        layout = self._layout
        before = layout.starts[self.column] - layout.pinned
        after = before + layout.widths[self.column]
        room = max(1, self._room - layout.pinned)
        x = self.scroll_offset.x
        if before < x or after - before > room:
            self.scroll_to(x=before, animate=False)
        elif after > x + room:
            # no further than needed, but so that a column begins at the edge
            edges = [start - layout.pinned for start in layout.starts]
            self.scroll_to(x=min(edge for edge in edges if edge >= after - room), animate=False)

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
        return self.grid.place(line, column) == self.grid.view.reference or found.cells[column].change not in ("", SAME)

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
            (
                f"{WANTED} {UNWANTED}",
                "behind a metric: it went the wanted way, or the other; no test was made of it",
            ),
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
        return 0 if y == self.HEAD and self.pins_row else super().row_at(y)

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
        if (column := self._layout.column_at(x)) is not None:
            self.column = column

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Scroll sideways."""
        event.stop()
        self.scroll_to(x=self.scroll_offset.x + 8, animate=False)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Scroll sideways."""
        event.stop()
        self.scroll_to(x=self.scroll_offset.x - 8, animate=False)
