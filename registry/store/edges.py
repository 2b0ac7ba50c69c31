"""Edges from experiments to their parents: none is added that would close a cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from registry.store.session import TEXTS, Session, as_list

EDGES: Final = (
    "SELECT config_hash, parent FROM experiment WHERE parent IS NOT NULL"
    " UNION ALL SELECT config_hash, parent FROM purged WHERE parent IS NOT NULL"
    " AND config_hash NOT IN (SELECT config_hash FROM experiment)"
)
"""Every experiment with its parent, also purged ones: their variants stay of one family."""


def ancestry(session: Session, hashes: Iterable[str]) -> dict[str, str]:
    """Return hash to parent of these experiments and of all that they come from."""
    rows = session.rows(
        f"WITH RECURSIVE edge AS MATERIALIZED ({EDGES}), above(config_hash, parent) AS ("
        f"SELECT config_hash, parent FROM edge WHERE config_hash IN {TEXTS}"
        " UNION SELECT edge.config_hash, edge.parent FROM edge JOIN above ON edge.config_hash = above.parent)"
        " SELECT config_hash, parent FROM above",
        [as_list(dict.fromkeys(hashes))],
    )
    return dict(rows)


def closing(known: Mapping[str, str], added: Sequence[tuple[str, str]]) -> list[int]:
    """Return which of the edges `added`, by their place, would close a cycle with those before them.

    `known` has the edges that are there, at least of all that the new ones lead to.

    >>> closing({"b": "a"}, [("c", "b"), ("a", "c"), ("d", "c")])
    [1]
    """
    above = dict(known)
    top: dict[str, str] = {}

    def top_of(config_hash: str) -> str:
        path: list[str] = []
        while (upper := top.get(config_hash) or above.get(config_hash)) is not None and len(path) <= len(above):
            path.append(config_hash)
            config_hash = upper
        for passed in path:  # the next one jumps
            top[passed] = config_hash
        return config_hash

    refused = []
    for place, (config_hash, parent) in enumerate(added):
        if config_hash in above:
            continue  # the first parent stays
        if top_of(parent) == config_hash:
            refused.append(place)
        else:
            above[config_hash] = parent
    return refused


def descent(session: Session, hashes: Iterable[str]) -> dict[str, str]:
    """Return hash to parent of everything that comes from these experiments, oldest first."""
    rows = session.rows(
        f"WITH RECURSIVE edge AS MATERIALIZED ({EDGES}), derived(config_hash, parent) AS ("
        f"SELECT config_hash, parent FROM edge WHERE parent IN {TEXTS}"
        " UNION SELECT edge.config_hash, edge.parent FROM edge JOIN derived ON edge.parent = derived.config_hash)"
        " SELECT d.config_hash, d.parent FROM derived d LEFT JOIN experiment e ON e.config_hash = d.config_hash"
        " ORDER BY e.created_at NULLS FIRST, e.id, d.config_hash",
        [as_list(dict.fromkeys(hashes))],
    )
    return dict(rows)
