"""The ground that every table stands on: a cursor over any number of rows, drawn one line at a time.

Textual's DataTable measures every cell of every row before it paints (12 s at 100,000 rows). Here a row is
made into a strip when its line comes into view, and never before, so the number of rows costs nothing.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.reactive import Reactive, var
from textual.scroll_view import ScrollView
from textual.strip import Strip

WHEEL = 3
"""Rows a turn of the mouse wheel goes."""


class LineTable(ScrollView, can_focus=True):
    """Rows under a fixed head, one cursor; subclasses say how many rows there are and how a line looks."""

    HEAD = 1
    """Lines of the head, which stay when the rows scroll."""
    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--head-column",
        "table--cursor",
        "table--hover",
        "table--sign",
        "table--quiet",
        "table--faint",
        "table--mark",
        "table--bar",
        "table--more",
        "table--less",
        "table--strong",
    }

    DEFAULT_CSS = """
    LineTable {
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        overflow-x: hidden;

        & > .table--head { color: $quiet; background: $surface; text-style: bold; }
        & > .table--head-column { color: $foreground; text-style: bold underline; }
        & > .table--cursor { background: $cursor-line-blurred; }
        &:focus > .table--cursor { background: $cursor-line; text-style: bold; }
        & > .table--hover { background: $hover-line; }
        & > .table--sign { color: $primary; text-style: bold; }
        & > .table--quiet { color: $quiet; }
        & > .table--faint { color: $faint; }
        & > .table--mark { color: $mark; text-style: bold; }
        & > .table--bar { color: $bar; }
        & > .table--more { color: $more; }
        & > .table--less { color: $less; }
        & > .table--strong { text-style: bold; }
    }
    """

    ground: Style = Style()
    """The style of the widget itself, on which everything is drawn."""
    # Textual lays out the whole screen when it changes; the size of a table seldom depends on how many rows it has
    virtual_size = Reactive(Size(0, 0))
    cursor: var[int] = var(0, init=False)
    hover: var[int] = var(-1, init=False)

    # what a subclass gives

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return a line of the head."""
        raise NotImplementedError

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return the line of a row, whose ground is `style`."""
        raise NotImplementedError

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line below the last row; `y` counts from the head's end."""
        return [Segment(" " * width, style)]

    def cursor_moved(self) -> None:
        """Called after the cursor came to another row."""

    def can_stop(self, index: int) -> bool:
        """Return whether the cursor may rest on a row (not on headings)."""
        return True

    # drawing

    def part(self, name: str, *, current: bool = False) -> Style:
        """Return the style of one part, to lay over a row's ground; what is faint is less so under the cursor."""
        if current and name == "faint":
            name = "quiet"
        return self.get_component_rich_style(f"table--{name}", partial=True)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of a region; the ground they share is found out once, not for every line."""
        self.ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width = self.size.width
        base = self.ground
        if y < self.HEAD:
            segments = self.head_line(y, width)
        else:
            index = y - self.HEAD + self.scroll_offset.y
            if index < self.row_count:
                current = index == self.cursor
                style = base
                if current:
                    style = base + self.part("cursor")
                elif index == self.hover:
                    style = base + self.part("hover")
                segments = self.row_line(index, width, style, current=current)
            else:
                segments = self.blank_line(index, width, base)
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def row_room(self) -> int:
        """How many rows are in view."""
        return max(1, self.scrollable_content_region.height - self.HEAD)

    def rows_changed(self) -> None:
        """Measure and draw again after the rows became others."""
        size = Size(self.virtual_width(), self.HEAD + self.row_count)
        if size != self.virtual_size:
            self.virtual_size = size
            self._scroll_update(size)
            if self.styles.auto_dimensions:
                self.refresh(layout=True)
        last = max(0, self.row_count - 1)
        if self.cursor > last:
            self.set_reactive(LineTable.cursor, last)
        self.refresh()

    def virtual_width(self) -> int:
        """Return how wide the rows are; only a table that scrolls sideways says more than the view's width."""
        return 0

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + self.HEAD
        if self.HEAD <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.rows_changed()
        self.show_cursor()

    # the cursor

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw the two lines that changed, and bring the cursor into view."""
        self._refresh_row(old)
        self._refresh_row(new)
        self.show_cursor()
        self.cursor_moved()

    def watch_hover(self, old: int, new: int) -> None:
        """Draw the two lines that changed."""
        self._refresh_row(old)
        self._refresh_row(new)

    def show_cursor(self) -> None:
        """Scroll as little as brings the cursor into view."""
        top, room = self.scroll_offset.y, self.row_room
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False)

    def go(self, index: int, direction: int = 1) -> None:
        """Put the cursor on a row, or on the next one in `direction` where it may rest."""
        last = self.row_count - 1
        if last < 0:
            return
        wanted = min(max(index, 0), last)
        for step in (direction, -direction):
            place = wanted
            while 0 <= place <= last:
                if self.can_stop(place):
                    self.cursor = place
                    return
                place += step

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self.go(self.cursor + step, step)

    def action_page(self, direction: int) -> None:
        """Move the cursor by a page."""
        self.go(self.cursor + direction * max(1, self.row_room - 1), direction)

    def action_half(self, direction: int) -> None:
        """Move the cursor by half a page."""
        self.go(self.cursor + direction * max(1, self.row_room // 2), direction)

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.go(0 if direction < 0 else self.row_count - 1, -direction)
        if direction < 0:
            self.scroll_to(y=0, animate=False)

    # the mouse

    def row_at(self, y: int) -> int | None:
        """Return the row on a line of the widget."""
        index = y - self.HEAD + self.scroll_offset.y
        return index if y >= self.HEAD and 0 <= index < self.row_count else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show which row the mouse is on."""
        row = self.row_at(event.y)
        self.hover = -1 if row is None else row

    def on_leave(self) -> None:
        """The mouse went elsewhere."""
        self.hover = -1

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; twice opens."""
        row = self.row_at(event.y)
        if row is None:
            self.head_clicked(event.x, event.y)
            return
        self.go(row)
        self.row_clicked(event.x)
        if event.chain == 2:
            self.opened()

    def head_clicked(self, x: int, y: int) -> None:
        """Called for a click on the head."""

    def row_clicked(self, x: int) -> None:
        """Called for a click on a row, after the cursor went there."""

    def opened(self) -> None:
        """Called when the row under the cursor is to be opened."""

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the view, not the cursor."""
        event.stop()
        self.scroll_to(y=self.scroll_offset.y + WHEEL, animate=False)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the view, not the cursor."""
        event.stop()
        self.scroll_to(y=self.scroll_offset.y - WHEEL, animate=False)
