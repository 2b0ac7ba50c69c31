"""Where an experiment comes from and what came of it: its family as a tree, the edit on each edge."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from registry import inference, rows
from registry.differences import Difference, differences
from registry.store.edges import ancestry, closing, descent
from registry.store.session import TEXTS, as_list

if TYPE_CHECKING:
    from registry.store import Session

LIMIT: Final = 200
"""Experiments drawn of a family; of more it is said how many they are."""

State = Literal["live", "trash", "purged", "unknown"]


@dataclass(slots=True)
class Node:
    """One experiment of a family, or what is known of one that is not here."""

    config_hash: str
    state: State
    """`unknown`: named as a parent, but it never was here."""
    description: str = ""
    created_at: str | None = None
    inferred: bool = False
    """Its parent is a guess."""
    saved: bool = False
    """The guess was recorded."""
    edit: list[Difference] | None = None
    """What was changed from its parent; None where there is no parent to compare with."""
    value: float | None = None
    """The metric, where one was asked for."""
    change: float | None = None
    """The metric minus that of the parent."""
    better: bool | None = None
    """Whether the change is for the better."""
    children: list[Node] = field(default_factory=list)
    hidden: int = 0
    """Experiments below it that are not drawn."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists, the children within."""
        return {
            "config_hash": self.config_hash,
            "state": self.state,
            "description": self.description,
            "created_at": self.created_at,
            "inferred": self.inferred,
            "saved": self.saved,
            "edit": None if self.edit is None else [each.to_dict() for each in self.edit],
            "value": self.value,
            "change": self.change,
            "better": self.better,
            "hidden": self.hidden,
            "children": [child.to_dict() for child in self.children],
        }

    def walk(self) -> Iterator[Node]:
        """Yield it and everything drawn below it."""
        waiting = [self]
        while waiting:
            here = waiting.pop()
            yield here
            waiting.extend(reversed(here.children))


@dataclass(frozen=True, slots=True)
class Lineage:
    """The family of an experiment."""

    of: str
    """Whose family it is, as a full hash."""
    root: Node
    """The oldest ancestor that is drawn."""
    above: int
    """Ancestors before that one that are not."""
    size: int
    """How many experiments the family has, stubs included."""
    metric: str | None
    """The metric that was asked for."""
    metrics_from: str | None
    """The one panel and period it is read on; None where no member has a run."""
    proposals: dict[str, str]
    """Guessed parents that are not recorded: hash to hash."""
    note: str | None = None
    """Why something that was asked for is not all there, or None."""

    @property
    def hidden(self) -> int:
        """How many of the family are not drawn."""
        return self.size - sum(1 for _ in self.root.walk())

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "of": self.of,
            "size": self.size,
            "above": self.above,
            "hidden": self.hidden,
            "metric": self.metric,
            "metrics_from": self.metrics_from,
            "proposals": self.proposals,
            "note": self.note,
            "root": self.root.to_dict(),
        }


def lineage(
    session: Session,
    config_hash: str,
    metric: str | None = None,
    *,
    panel: str | None = None,
    period: str | None = None,
    infer: bool = False,
    limit: int = LIMIT,
) -> Lineage:
    """Return the family of an experiment, from its oldest ancestor on.

    Of a family of more than `limit`, the ancestors and then what is nearest to the experiment is drawn.

    Raises:
        FilterError: `metric` is none, or the panel or period chosen is not there.
    """
    family = _family(session, config_hash, infer)
    kept = family.nearest(max(1, limit))
    nodes = _nodes(session, kept, family)
    for node in nodes.values():
        node.hidden = family.below[node.config_hash] - sum(
            1 + family.below[child] for child in family.children.get(node.config_hash, ()) if child in nodes
        )
        node.children = [nodes[child] for child in family.children.get(node.config_hash, ()) if child in nodes]
    top = next(hash_ for hash_ in reversed(family.path) if hash_ in nodes)
    above = len(family.path) - 1 - family.path.index(top)
    basis = _measure(session, nodes, family, metric, panel, period) if metric is not None else None
    proposed = {child: parent for child, parent in family.proposals.items() if child in family.parent}
    return Lineage(config_hash, nodes[top], above, len(family.below), metric, basis, proposed, family.note)


# -- the whole family, by hash ---------------------------------------------------------------------------


class _Family:
    """Who comes from whom: all hashes from the oldest ancestor down."""

    def __init__(self, of: str, path: list[str], parent: dict[str, str], proposals: dict[str, str]) -> None:
        self.path = path
        """The experiment, its parent, and so on up to the oldest ancestor."""
        self.parent = parent
        self.proposals = proposals
        self.note: str | None = None
        self.children: dict[str, list[str]] = {}
        for child, above in parent.items():
            self.children.setdefault(above, []).append(child)
        order = [path[-1]]
        for hash_ in order:  # grows as it goes
            order += self.children.get(hash_, ())
        self.below = dict.fromkeys(order, 0)
        """How many come from each."""
        for hash_ in reversed(order[1:]):
            self.below[parent[hash_]] += 1 + self.below[hash_]

    def nearest(self, limit: int) -> list[str]:
        """Return at most `limit` hashes: half of them ancestors at most, the others by their distance."""
        kept = dict.fromkeys(self.path[: max(1, (limit + 1) // 2)])
        waiting = deque(kept)
        while waiting and len(kept) < limit:
            for child in self.children.get(waiting.popleft(), ()):
                if child not in kept and len(kept) < limit:
                    kept[child] = None
                    waiting.append(child)
        return list(kept)


def _family(session: Session, config_hash: str, infer: bool) -> _Family:
    proposals: dict[str, str] = {}
    everyone = False
    if infer:
        without = inference.parentless(session)
        everyone = inference.affordable(session, len(without))
        if everyone:
            proposals = inference.nearest_earlier(session, without)
    known = ancestry(session, [config_hash, *proposals, *proposals.values()])
    refused = closing(known, list(proposals.items()))
    for child in [list(proposals)[place] for place in refused]:
        del proposals[child]
    path = [config_hash]
    while True:
        here = path[-1]
        above = known.get(here) or proposals.get(here)
        if above is None and infer and not everyone and len(proposals) < inference.MOST_UPWARDS:
            above = inference.nearest_earlier_of(session, here)
            if above is not None:
                known |= ancestry(session, [above])
                proposals[here] = above
        if above is None or above in path:
            break
        path.append(above)
    parent = _descendants(session, path[-1], proposals)
    family = _Family(config_hash, path, parent, proposals)
    if infer and not everyone:
        family.note = (
            f"there are so many experiments that only ancestors were inferred, {inference.MOST_UPWARDS} at most"
        )
    return family


def _descendants(session: Session, root: str, proposals: Mapping[str, str]) -> dict[str, str]:
    """Return hash to parent of all that comes from `root`, over recorded and guessed edges."""
    guessed: dict[str, list[str]] = {}
    for child, above in proposals.items():
        guessed.setdefault(above, []).append(child)
    parent: dict[str, str] = {}
    frontier = [root]
    seen = {root}
    while frontier:
        parent |= {child: above for child, above in descent(session, frontier).items() if child not in seen}
        reached = [*frontier, *(child for child in parent if child not in seen)]
        seen.update(reached)
        frontier = [child for above in reached for child in guessed.get(above, ()) if child not in seen]
        parent |= {child: proposals[child] for child in frontier}
        seen.update(frontier)
    return parent


# -- what is drawn of it ---------------------------------------------------------------------------------


def _nodes(session: Session, kept: Iterable[str], family: _Family) -> dict[str, Node]:
    wanted = as_list(kept)
    nodes = {hash_: Node(hash_, "unknown") for hash_ in kept}
    for (hash_,) in session.rows(f"SELECT config_hash FROM purged WHERE config_hash IN {TEXTS}", [wanted]):
        nodes[hash_].state = "purged"
    found = session.rows(
        "SELECT config_hash, id, description, created_at, deleted_at IS NOT NULL, coalesce(parent_inferred, FALSE)"
        f" FROM experiment WHERE config_hash IN {TEXTS}",
        [wanted],
    )
    for hash_, _, description, created_at, trashed, saved in found:
        node = nodes[hash_]
        node.state = "trash" if trashed else "live"
        node.description, node.created_at, node.saved = description, rows.utc(created_at), saved
        node.inferred = saved or hash_ in family.proposals
    configs = {str(config.config_hash): config for config in rows.configs(session, [row[1] for row in found])}
    for node in nodes.values():
        above = configs.get(family.parent.get(node.config_hash, ""))
        own = configs.get(node.config_hash)
        node.edit = differences(above, own) if above is not None and own is not None else None
    return nodes


def _measure(
    session: Session, nodes: Mapping[str, Node], family: _Family, metric: str, panel: str | None, period: str | None
) -> str | None:
    """Put the metric on the nodes, from their latest runs on one panel and period; return which."""
    from registry.runs.reading import direction_of
    from registry.search import Metrics, only_metrics
    from registry.search.words import split_name

    only_metrics([metric])
    direction = direction_of(session, split_name(metric).text)
    ids = dict(session.rows(f"SELECT id, config_hash FROM experiment WHERE config_hash IN {TEXTS}", [as_list(nodes)]))
    shared = Metrics(session, panel=panel, period=period, among=list(ids)).shared()
    if not shared:
        return None
    basis = shared[0]
    for row in rows.page(session, list(ids), [metric], panel=basis.panel, period=basis.period):
        nodes[row.config_hash].value = row.metrics.get(metric)
    for node in nodes.values():
        above = nodes.get(family.parent.get(node.config_hash, ""))
        if above is not None and node.value is not None and above.value is not None:
            node.change = node.value - above.value
            if node.change and direction != "none":
                node.better = (node.change > 0) == (direction == "higher")
    return str(basis)
