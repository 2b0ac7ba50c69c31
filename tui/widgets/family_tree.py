"""A family as a tree, a line an experiment: its metric, the branches, the edit that made it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui import actions
from tui.family_tree import TreeLine, above, numbers, tree, words
from tui.safe import safe
from tui.widgets.cells import fit
from tui.widgets.result_table import ResultTable

if TYPE_CHECKING:
    from registry.lineage import Lineage, Node

NARROW: Final = 70
_SHORT: Final = 7
_LEAD: Final = 120
"""Cells of branches that are kept of a line: more than the widest window shows."""
_DEEPEST: Final = 0.4
"""Of the width, at most so much is branches: of a deeper place the last ones are shown."""


def _first_new(root: Node, line: TreeLine) -> str | None:
    """Return the first experiment that was not drawn when `line` said how many more there are."""
    of = line.node.config_hash
    if line.depth < 0:
        return next((node.config_hash for node in root.walk() if any(c.config_hash == of for c in node.children)), None)
    known = {child.config_hash for child in line.node.children}
    now = next((node.children for node in root.walk() if node.config_hash == of), [])
    return next((child.config_hash for child in now if child.config_hash not in known), None)


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
        parent = self._parent_of(self.cursor) if self.lines else 0
        return None if parent == self.cursor or self.lines[parent].more else self.lines[parent].node

    def show(self, found: Lineage | None, aliases: Mapping[str, str] | None = None) -> None:
        """Show another state of the family, or nothing; the cursor stays on its experiment.

        `aliases` has full hash to the names that point there. At first the cursor is on the experiment one came from.
        """
        wanted = [found.of] if not self.lines and found is not None else self._wanted(found)
        self._found, self._aliases = found, aliases or {}
        self._numbers = {} if found is None else numbers(found)
        first, second = (max((cell_len(pair[n]) for pair in self._numbers.values()), default=0) for n in (0, 1))
        self._widths = (first, second)
        self._lay_out(*wanted)

    def _wanted(self, found: Lineage | None) -> list[Hashable]:
        """Return where the cursor goes in another state of the family, best first.

        From a line that says how many more there are it goes to the first that was not drawn.
        """
        if found is None or self.cursor >= len(self.lines):
            return []
        line = self.lines[self.cursor]
        return [_first_new(found.root, line) if line.more else None, self.place, line.node.config_hash]

    def place_of(self, index: int) -> Hashable:
        """Return the full hash of an experiment; of a line that says how many more, whose they are and where."""
        line = self.lines[index]
        return (line.node.config_hash, line.depth < 0) if line.more else line.node.config_hash

    def _lay_out(self, *wanted: Hashable) -> None:
        """Make the lines anew, the cursor at the first of the places `wanted`, else where it is."""
        found = self._found
        self.lines = [] if found is None else list(tree(found.root, self._folded, lead_width=_LEAD))
        if found is not None and found.above:
            self.lines.insert(0, above(found))
        self.lines_changed(*wanted, otherwise=self.cursor)

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
            text = f"… {of_them(line.more, 'earlier ancestor')}" if line.depth < 0 else f"… {line.more:,} more"
            return [*parts, Segment(text, style + self.part("quiet")), Segment(" " * width, style)]
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
        deep = self.lines[index].depth
        return next((n for n in range(index - 1, -1, -1) if self.lines[n].depth < deep), index)

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for help."""
        return [
            ("◆", "the experiment whose family this is"),
            ("+ 12", "so many come from it, folded into this line; → unfolds them"),
            ("… 12 more", "so many are not drawn; enter draws more"),
            ("a 0.1 -> 0.2", "what was changed from the parent; without a parent its description stands there"),
        ]
