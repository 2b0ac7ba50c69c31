"""What the screens that are one long page share: scrolling it by keys."""

from __future__ import annotations

from textual.containers import VerticalScroll


class Scrolling:
    """Mixed into a screen whose page is `scroller`."""

    scroller: VerticalScroll

    def action_scroll(self, step: int) -> None:
        """Scroll by lines."""
        self.scroller.scroll_relative(y=step, animate=False)

    def action_scroll_page(self, direction: int) -> None:
        """Scroll by a page."""
        self.scroller.scroll_relative(y=direction * max(1, self.scroller.size.height - 1), animate=False)

    def action_scroll_edge(self, direction: int) -> None:
        """Scroll to an end."""
        if direction < 0:
            self.scroller.scroll_home(animate=False)
        else:
            self.scroller.scroll_end(animate=False)
