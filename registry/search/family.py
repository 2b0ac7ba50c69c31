"""Terms about which experiment: hashes, aliases, and who was derived from whom.

An edge leads from an experiment to its parent. Those of purged experiments count, too: their variants stay of
one family.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from registry.search.ast import Value
from registry.search.names import KnownNames, nearest
from registry.search.words import shown, trouble, write_value
from registry.store.edges import EDGES

if TYPE_CHECKING:
    from registry.search.comparing import Condition

_HASH_PREFIX = re.compile(r"[0-9a-fA-F]{1,64}")
_HEX = re.compile(r"[0-9a-fA-F]*")

ALIASED: Final = (
    "SELECT config_hash FROM alias_move QUALIFY row_number() OVER (PARTITION BY alias ORDER BY version DESC) = 1"
)
"""The hashes that aliases point to."""

_POINTS_TO = "(SELECT config_hash FROM alias_move WHERE alias = ? ORDER BY version DESC LIMIT 1)"

_Is: TypeAlias = Callable[[str], "Condition"]
"""The condition that a column holds the hash meant."""


def alias(value: Value, known: KnownNames, text: str) -> Condition:
    """Return the condition of `alias:NAME`.

    Raises:
        FilterError: no alias has that name, though there are others.
    """
    name = value.text.strip()
    if known.alias(name):
        return f"e.config_hash = {_POINTS_TO}", [name]
    if not known.aliases():
        return "FALSE", []
    near = nearest(name, known.aliases())
    suggestion = None if near is None else f"alias:{write_value(near)}"
    raise trouble(text, value.at, f"unknown alias {shown(value.text)}", "no alias is called so", suggestion=suggestion)


def hash_(value: Value, known: KnownNames, text: str) -> Condition:
    """Return the condition of `hash:VALUE`."""
    return _meant(value, known, text)("e.config_hash")


def parent(value: Value, known: KnownNames, text: str) -> Condition:
    """Return the condition of `parent:VALUE`."""
    sql, given = _meant(value, known, text)("e.parent")
    return f"coalesce({sql}, FALSE)", given


def ancestor(value: Value, known: KnownNames, text: str) -> Condition:
    """Return the condition of `ancestor:VALUE`: the parent, or the parent's parent, and so on."""
    sql, given = _meant(value, known, text)("parent")
    return (
        f"e.config_hash IN (WITH RECURSIVE edge AS MATERIALIZED ({EDGES}), derived(config_hash) AS ("
        f"SELECT config_hash FROM edge WHERE {sql} UNION SELECT edge.config_hash FROM edge JOIN derived"
        " ON edge.parent = derived.config_hash) SELECT config_hash FROM derived)",
        given,
    )


def _meant(value: Value, known: KnownNames, text: str) -> _Is:
    """Return what asks whether a column holds the hash meant: one that begins so or did once, or an alias's.

    Raises:
        FilterError: it is neither the beginning of a hash nor an alias.
    """
    written = value.text.strip()
    if _HASH_PREFIX.fullmatch(written):
        prefix = written.lower()

        def begins(column: str) -> Condition:
            old = "SELECT x.config_hash FROM experiment x JOIN old_hash o ON o.id = x.id WHERE starts_with(old_hash, ?)"
            return f"(starts_with({column}, ?) OR {column} IN ({old}))", [prefix, prefix]

        return begins
    if known.alias(written):

        def is_it(column: str) -> Condition:
            given: list[Any] = [written]
            return f"({column} = {_POINTS_TO})", given

        return is_it
    near = None if _HEX.fullmatch(written) else nearest(written, known.aliases())
    raise trouble(
        text, value.at, f"{shown(value.text)} is no part of a hash and no alias",
        f"did you mean {near}?" if near else "write its first hex digits",
    )  # fmt: skip
