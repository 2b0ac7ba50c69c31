"""The first line of every screen: where one is, which file this is, how much of it one sees."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.safe import safe
from tui.widgets.cells import fit, fit_path

_LEAST_PATH = 16
"""Cells below which a path says nothing."""


class TopBar(Widget):
    """Crumbs at the left, the registry's path in the middle, the count at the right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TopBar { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    crumbs: reactive[tuple[str, ...]] = reactive(())
    """Where one is, outermost first."""
    path: reactive[str] = reactive("")
    """The registry's file."""
    count: reactive[str] = reactive("")
    """What the screen says about how much it shows."""

    def on_click(self) -> None:
        """Offer every action by name: the way of the mouse to those that have no room in the footer."""
        self.app.action_command_palette()

    def render(self) -> Content:
        """Draw the line; when there is little room the path loses its beginning, then everything."""
        width = self.size.width
        right = safe(self.count)
        room = max(8, width - cell_len(right) - 1)
        left = " › ".join(("Experiments", *map(safe, self.crumbs)))
        if cell_len(left) > room:
            left = fit(left, room)
        space = width - cell_len(left) - cell_len(right)
        path = fit_path(self.path, space - 4) if space - 4 >= _LEAST_PATH else ""
        gap = space - cell_len(path)
        before = min(3, gap) if path else 0
        return Content.assemble(
            (left, "bold"),
            " " * before,
            (path, "$quiet"),
            " " * max(0, gap - before),
            right,
        )
