"""What schema 3 added: how far a rollback went, which parents were inferred, and the lineage of what was purged."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = (
    ("alias_move", "to_version INTEGER"),  # of a rollback: the promotion it went back to
    ("experiment", "parent_inferred BOOLEAN"),  # true: the parent is a guess that somebody accepted
)
"""(table, column) added to older tables; NULL in the rows that were there."""

TABLES: Final[dict[str, str]] = {
    # an experiment that was purged, so that its variants stay of one family
    "purged": "config_hash VARCHAR NOT NULL, parent VARCHAR",
}

VIEWS: Final[dict[str, str]] = {
    "alias_moves": """
        SELECT alias, version, kind, config_hash, from_hash, to_version, moved_at, who, why FROM @alias_move
    """,
}
"""Documented views; `@` stands for where the base tables are."""
