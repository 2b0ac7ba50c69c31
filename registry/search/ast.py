"""What a filter says, as small immutable values: the parser makes them, the compiler and the faces read them.

`at` is the offset in the text a part came from; it takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from registry.search.words import Name


@dataclass(frozen=True, slots=True)
class Value:
    """What is compared with, as written; what it means depends on the name."""

    text: str
    quoted: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Everything:
    """The empty filter."""


@dataclass(frozen=True, slots=True)
class Text:
    """A bare word or a quoted text: found in tags, description, notes and hash."""

    text: str
    quoted: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """`name:value`."""

    name: Name
    value: Value


@dataclass(frozen=True, slots=True)
class Compare:
    """`name op value`; op is one of = != < <= > >=."""

    name: Name
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class Among:
    """`name in (value, …)`."""

    name: Name
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """`name is absent`."""

    name: Name


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement."""

    item: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    items: tuple[Node, ...]


Node: TypeAlias = Everything | Text | Match | Compare | Among | Absent | Not | And | Or


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly inside `node`."""
    if isinstance(node, (And, Or)):
        return node.items
    return (node.item,) if isinstance(node, Not) else ()


def terms(node: Node) -> list[Node]:
    """Return the terms of a filter in the order written, without `and`, `or` and `not`."""
    found: list[Node] = []
    waiting = [node]
    while waiting:
        here = waiting.pop()
        inside = children(here)
        waiting.extend(reversed(inside))
        if not inside:
            found.append(here)
    return found
