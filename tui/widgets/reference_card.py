"""The filter language on a card: an example of each form and what it means, from the language itself."""

from __future__ import annotations

from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from registry.search.reference import REFERENCE

_LONGEST = 36
_NARROW = 72


class ReferenceCard(VerticalScroll, can_focus=False):
    """The card; it scrolls by wheel, and by pgup and pgdn from the input."""

    def compose(self) -> ComposeResult:
        """Lay the card out."""
        yield Static("", markup=False)

    def on_resize(self) -> None:
        """Write the card for the width there is: two columns, or the meaning under its example."""
        # a cell less than there is, for the scrollbar
        self.query_one(Static).update(card(self.content_size.width - 1))


def card(width: int) -> Content:
    """Return the card's text in `width` cells."""
    lines: list[Content] = []
    longest = min(_LONGEST, max(len(example) for example, _ in REFERENCE))
    for example, meaning in REFERENCE:
        if width < _NARROW:
            lines.append(Content.assemble((example, "bold $primary")))
            lines += [Content.assemble(("  " + line, "$quiet")) for line in wrap(meaning, max(20, width - 2))]
            continue
        told = wrap(meaning, max(20, width - longest - 2))
        lines.append(Content.assemble((f"{example:<{longest}}  ", "bold $primary"), (told[0], "$quiet")))
        lines += [Content.assemble((" " * (longest + 2) + line, "$quiet")) for line in told[1:]]
    return Content("\n").join(lines)
