"""Where an experiment comes from and what came of it; a line can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from registry.config import SHORT_HASH
from tui.widgets.open_list import OpenList

if TYPE_CHECKING:
    from registry.rows import Details

_CHILDREN = 200
"""Children listed; of more it says how many."""


class Lineage(OpenList):
    """Parent and children, one a line; the option's id is the full hash."""

    DEFAULT_CSS = "Lineage { max-height: 12; }"

    def show(self, details: Details) -> None:
        """Show the family of another experiment."""
        self.clear_options()
        options: list[Option] = []
        parent = details.config.parent
        if parent is not None:
            options.append(Option(_line("parent", parent), id=parent))
        for child in details.children[:_CHILDREN]:
            if child != parent:
                options.append(Option(_line("child", child), id=child))
        hidden = len(details.children) - _CHILDREN
        if hidden > 0:
            options.append(Option(Content(f"and {hidden:,} more children"), disabled=True))
        if not options:
            options.append(Option(Content.assemble(("no parent, no children", "$quiet italic")), disabled=True))
        for old in details.old_hashes:
            options.append(Option(_line("old hash", old), disabled=True))
        self.add_options(options)
        self.highlighted = None if options[0].disabled else 0


def _line(what: str, full: str) -> Content:
    return Content.assemble((f"{what:<9}", "$quiet"), full[:SHORT_HASH])
