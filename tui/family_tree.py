"""The lines of a family's tree, for the command and for the screen: who stands under whom, and what is said of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from registry.numbers import shown, signed
from registry.search.words import split_name
from tui.safe import safe

if TYPE_CHECKING:
    from registry.lineage import Lineage, Node

STUBS: Final = {"live": "", "trash": "(in the trash)", "purged": "(purged)", "unknown": "(not here)"}
"""What is said of one that is not live."""


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line: an experiment, or how many more there are that are not drawn."""

    node: Node
    """The experiment; of a line that says how many more, the one they come from."""
    lead: str
    """The branches before it."""
    more: int = 0
    """How many are not drawn under `node`; 0 for the line of the experiment itself."""
    folded: bool = False
    """Whether what comes from it is folded into this line."""
    depth: int = 0
    """Branches from the root."""


def above(found: Lineage) -> TreeLine:
    """Return the line over the tree that says how many ancestors are not drawn."""
    return TreeLine(found.root, "", more=found.above, depth=-1)


def tree(root: Node, folded: Collection[str] = (), *, lead_width: int | None = None) -> Iterator[TreeLine]:
    """Yield the lines from the root down; what comes from those in `folded`, by full hash, is left out.

    Of the branches before a line the last `lead_width` cells are kept: whole ones take memory by the square of
    the depth.
    """
    kept = slice(None if lead_width is None else -lead_width, None)
    waiting: list[tuple[Node, bool, str, str, int]] = [(root, False, "", "", 0)]
    while waiting:
        node, is_more, lead, indent, depth = waiting.pop()
        if is_more:
            yield TreeLine(node, lead, more=node.hidden, depth=depth)
            continue
        closed = node.config_hash in folded and bool(node.children or node.hidden)
        yield TreeLine(node, lead, folded=closed, depth=depth)
        if closed:
            continue
        below = [(child, False) for child in node.children] + ([(node, True)] if node.hidden else [])
        last = len(below) - 1
        for place, (child, more) in reversed(list(enumerate(below))):
            branch, under = ("└─ ", "   ") if place == last else ("├─ ", "│  ")
            waiting.append((child, more, (indent + branch)[kept], (indent + under)[kept], depth + 1))


def words(node: Node) -> str:
    """Return what is said of an experiment, safe to show: whether it is here, and its edit or description."""
    parts = [STUBS[node.state]]
    if node.inferred:
        parts.append("(inferred)" if node.saved else "(inferred, not recorded)")
    if node.edit is not None:
        parts.append(", ".join(map(str, node.edit)) or "the same")
    else:
        parts.append(node.description)
    return " ".join(safe(part) for part in parts if part)


def numbers(found: Lineage) -> dict[str, tuple[str, str]]:
    """Return the metric and its change for each experiment by full hash; nothing where no metric was read."""
    if found.metrics_from is None or found.metric is None:
        return {}
    name = split_name(found.metric).text
    return {
        node.config_hash: ("" if node.value is None else shown(name, node.value), signed(name, node.change))
        for node in found.root.walk()
    }
