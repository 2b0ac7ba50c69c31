"""A family as a tree, a line an experiment: its metric, the branches, the edit that made it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from registry.config import SHORT_HASH
from tui import actions
from tui.family_tree import TreeLine, numbers, tree, words
from tui.safe import safe
from tui.widgets.cells import fit
from tui.widgets.result_table import ResultTable

if TYPE_CHECKING:
    from registry.lineage import Lineage, Node

NARROW: Final = 70
_SHORT: Final = 7
_DEEPEST: Final = 0.4
"""Of the width, at most so much is branches: of a deeper place the last ones are shown."""


class FamilyTree(ResultTable):
    """The family; branches fold."""

    HEAD = 0
    BINDINGS = actions.bindings(actions.RESULTS, actions.LINEAGE)

    @dataclass
    class MoreWanted(Message):
        """A person wants to see those that are not drawn."""

    def __init__(self, marks: Collection[str]) -> None:
        super().__init__()
        self._marks = marks
        self.lines: list[TreeLine] = []
        self._found: Lineage | None = None
        self._aliases: Mapping[str, str] = {}
        self._folded: set[str] = set()
        self._numbers: dict[str, tuple[str, str]] = {}
        self._widths = (0, 0)

    @property
    def row_count(self) -> int:
        """How many lines there are."""
        return len(self.lines)

    @property
    def current(self) -> Node | None:
        """The experiment under the cursor; None on a line that says how many more there are."""
        line = self.lines[self.cursor] if self.cursor < len(self.lines) else None
        return None if line is None or line.more else line.node

    def key_at(self, index: int) -> str | None:
        """Return the full hash of an experiment; None for a line that says how many more there are."""
        line = self.lines[index]
        return None if line.more else line.node.config_hash

    @property
    def parent_of_current(self) -> Node | None:
        """The experiment that the one under the cursor was made from, where that is drawn."""
        above = self._parent_of(self.cursor) if self.lines else 0
        return None if above == self.cursor else self.lines[above].node

    def show(self, found: Lineage | None, aliases: Mapping[str, str] | None = None) -> None:
        """Show another state of the family, or nothing; the cursor stays on its experiment.

        `aliases` has full hash to the names that point there. At first the cursor is on the experiment one came from.
        """
        kept = self.current
        self._found, self._aliases = found, aliases or {}
        self._numbers = {} if found is None else numbers(found)
        first, second = (max((cell_len(pair[n]) for pair in self._numbers.values()), default=0) for n in (0, 1))
        self._widths = (first, second)
        wanted = kept.config_hash if kept is not None else None if found is None else found.of
        self._lay_out(wanted)

    def _lay_out(self, wanted: str | None) -> None:
        """Make the lines anew, the cursor on the experiment `wanted`, else where it is."""
        self.lines = [] if self._found is None else list(tree(self._found.root, self._folded))
        self.lines_changed(wanted, self.cursor)

    # drawing

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return the line of an experiment, or of how many more there are."""
        line, narrow = self.lines[index], width < NARROW
        node = line.node
        parts = [Segment("▌" if current else " ", style + self.part("sign"))]
        parts += self._mark(line, style)
        parts += self._number(line, narrow, style)
        used = sum(part.cell_length for part in parts)
        lead = line.lead[-int((width - used) * _DEEPEST) :] if len(line.lead) > (width - used) * _DEEPEST else line.lead
        parts.append(Segment(lead, style + self.part("quiet")))
        if line.more:
            return [*parts, Segment(f"… {line.more:,} more", style + self.part("quiet")), Segment(" " * width, style)]
        here = self._found is not None and node.config_hash == self._found.of
        look = style + self.part("strong") if here else style
        parts.append(Segment(node.config_hash[: _SHORT if narrow else SHORT_HASH], look))
        if here:
            parts.append(Segment(" ◆", style + self.part("sign")))
        if alias := self._aliases.get(node.config_hash):
            parts.append(Segment(" " + safe(alias), style + self.part("mark")))
        if line.folded:
            below = sum(1 + child.hidden for child in node.walk()) - 1
            parts.append(Segment(f" + {below:,}", style + self.part("strong")))
        used = sum(part.cell_length for part in parts)
        text = fit(words(node), max(0, width - used - 2))
        return [*parts, Segment("  " + text, style + self.part("quiet")), Segment(" " * width, style)]

    def _mark(self, line: TreeLine, style: Style) -> list[Segment]:
        marked = not line.more and line.node.config_hash in self._marks
        return [Segment("● " if marked else "  ", style + self.part("mark"))]

    def _number(self, line: TreeLine, narrow: bool, style: Style) -> list[Segment]:
        """Return the metric and its change; where there is little room the change alone."""
        if not self._numbers:
            return []
        first, second = self._widths
        value, change = ("", "") if line.more else self._numbers.get(line.node.config_hash, ("", ""))
        better = None if line.more else line.node.better
        look = style if better is None else style + self.part("more" if better else "less")
        shown = [Segment(f"{change:>{second}}  ", look)]
        return shown if narrow else [Segment(f"{value:>{first}}  ", style), *shown]

    # doing

    def action_open(self) -> None:
        """Open the experiment under the cursor; on a line that says how many more there are, show more."""
        if self.cursor < len(self.lines) and self.lines[self.cursor].more:
            self.post_message(self.MoreWanted())
        else:
            super().action_open()

    def action_branch(self, direction: int) -> None:
        """Fold what comes from this experiment, or go to its parent; unfold it, or go to its first child."""
        if self.cursor >= len(self.lines):
            return
        line = self.lines[self.cursor]
        config_hash = line.node.config_hash
        below = bool(line.node.children or line.node.hidden) and not line.more
        if direction < 0 and below and not line.folded:
            self._folded.add(config_hash)
            self._lay_out(config_hash)
        elif direction < 0:
            self.go(self._parent_of(self.cursor))
        elif line.folded:
            self._folded.discard(config_hash)
            self._lay_out(config_hash)
        elif below:
            self.go(self.cursor + 1)

    def _parent_of(self, index: int) -> int:
        """Return the line of the experiment that a line hangs on."""
        deep = len(self.lines[index].lead)
        return next((n for n in range(index - 1, -1, -1) if len(self.lines[n].lead) < deep), index)

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for help."""
        return [
            ("◆", "the experiment whose family this is"),
            ("+ 12", "so many come from it, folded into this line; → unfolds them"),
            ("… 12 more", "so many are not drawn; enter draws more"),
            ("a 0.1 -> 0.2", "what was changed from the parent; without a parent its description stands there"),
        ]
