"""The tables of a registry file, the documented views over them, and the steps from older schemas.

Base tables live in the schema `store`; changing statements name them through `WriteSession.table`, because
the same statements also run on temporary copies (see `overlay`). The documented views live in `main`, where a plain
SQL shell finds them. No foreign keys (DuckDB has no cascade) and no index on the long tables (measured:
an index doubles the file; the whole configuration also lies in the experiment's row, found by its key).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from registry.store import move_schema, run_schema
from registry.store.connection import Connection

APPLICATION: Final = "experiment-registry"
"""Stands in `store.meta`; a DuckDB file without it is somebody else's."""

TABLES: Final[dict[str, str]] = {  # of schema 1; see `run_schema` and `move_schema` for what came later
    "experiment": """
        id BIGINT NOT NULL,                 -- order of registration
        config_hash VARCHAR PRIMARY KEY,
        created_at TIMESTAMP NOT NULL,      -- UTC
        registered_at TIMESTAMP NOT NULL,   -- UTC
        description VARCHAR NOT NULL,
        feature_names VARCHAR NOT NULL,     -- JSON, in the order given
        feature_weights VARCHAR NOT NULL,   -- JSON
        feature_transformations VARCHAR NOT NULL,  -- JSON
        hyperparameters VARCHAR NOT NULL,   -- JSON; text keeps integers of any size exact
        n_features INTEGER NOT NULL,
        parent VARCHAR,                     -- full hash, may name an experiment that is not here
        deleted_at TIMESTAMP                -- UTC; set while in the trash
    """,
    # one row for every name among the features, the weights and the transformations
    "feature": """
        id BIGINT NOT NULL,
        feature VARCHAR NOT NULL,
        listed BOOLEAN NOT NULL,            -- stands in feature_names
        weight DOUBLE,                      -- NULL: absent
        transformation VARCHAR              -- NULL: absent
    """,
    # one row for every key of the hyperparameters at every depth, mappings included
    "hyperparameter": """
        id BIGINT NOT NULL,
        name VARCHAR NOT NULL,              -- the keys joined by dots: walk.days
        path VARCHAR NOT NULL,              -- the keys as a JSON array: ["walk", "days"]
        kind VARCHAR NOT NULL,              -- number, string, bool, null, list, object
        number DOUBLE,                      -- of a number, nearest double (inf beyond its range)
        exact VARCHAR,                      -- of a number: its digits; 10 and 10.0 are both '10'
        value VARCHAR NOT NULL              -- text as it is; anything else as JSON
    """,
    "tag": "id BIGINT NOT NULL, tag VARCHAR NOT NULL, position INTEGER NOT NULL",
    "note": "id BIGINT NOT NULL, noted_at TIMESTAMP NOT NULL, note VARCHAR NOT NULL",
    "old_hash": "id BIGINT NOT NULL, old_hash VARCHAR NOT NULL",
    "event": """
        seq BIGINT NOT NULL,
        happened_at TIMESTAMP NOT NULL,     -- UTC
        kind VARCHAR NOT NULL,
        config_hash VARCHAR,
        detail VARCHAR NOT NULL             -- JSON object
    """,
    "applied": "name VARCHAR NOT NULL",  # spool entries whose file may still be there
    "meta": "key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL",
}

STAMP: Final = "strftime({0}, '%Y-%m-%dT%H:%M:%S.%f+00:00')"
"""A TIMESTAMP as ISO text in UTC."""

BY_ID: Final = ("feature", "hyperparameter", "tag", "note", "old_hash")
"""Tables that hold parts of an experiment, by its id."""


_FIRST_VIEWS: Final[dict[str, str]] = {
    "experiments": f"""
        SELECT e.config_hash, {STAMP.format("e.created_at")} AS created_at, e.description,
               e.feature_names, e.feature_weights, e.feature_transformations, e.hyperparameters,
               coalesce(t.tags, '[]') AS tags,
               '{{"config_hash": ' || to_json(e.config_hash) || ', "created_at": "'
               || {STAMP.format("e.created_at")} || '", "description": ' || to_json(e.description)
               || ', "feature_names": ' || e.feature_names
               || ', "feature_transformations": ' || e.feature_transformations
               || ', "feature_weights": ' || e.feature_weights
               || ', "hyperparameters": ' || e.hyperparameters
               || CASE WHEN e.parent IS NULL THEN '' ELSE ', "parent": ' || to_json(e.parent) END
               || ', "tags": ' || coalesce(t.tags, '[]') || '}}' AS config_json,
               e.parent
        FROM @experiment e
        LEFT JOIN (SELECT id, CAST(to_json(list(tag ORDER BY position)) AS VARCHAR) AS tags
                   FROM @tag GROUP BY id) t ON t.id = e.id
        WHERE e.deleted_at IS NULL
    """,
    "experiment_tags": """
        SELECT e.config_hash, t.tag FROM @tag t JOIN @experiment e ON e.id = t.id WHERE e.deleted_at IS NULL
    """,
    "weights": """
        SELECT e.config_hash, f.feature, f.weight
        FROM @feature f JOIN @experiment e ON e.id = f.id
        WHERE e.deleted_at IS NULL AND f.weight IS NOT NULL
    """,
    "transformations": """
        SELECT e.config_hash, f.feature, f.transformation
        FROM @feature f JOIN @experiment e ON e.id = f.id
        WHERE e.deleted_at IS NULL AND f.transformation IS NOT NULL
    """,
    "hyperparameters": """
        SELECT e.config_hash, h.name, h.value, h.number
        FROM @hyperparameter h JOIN @experiment e ON e.id = h.id
        WHERE e.deleted_at IS NULL
    """,
    "notes": """
        SELECT e.config_hash, n.noted_at, n.note FROM @note n JOIN @experiment e ON e.id = n.id
        WHERE e.deleted_at IS NULL
    """,
    "events": "SELECT seq, happened_at, kind, config_hash, detail FROM @event",
}

VIEWS: Final = {**_FIRST_VIEWS, **run_schema.VIEWS, **move_schema.VIEWS}
"""Documented views by name; `@` stands for where the base tables are."""


def view_query(name: str, prefix: str) -> str:
    """Return the query of a documented view over base tables whose names start with `prefix`."""
    return VIEWS[name].replace("@", prefix)


Migration = Callable[[Connection], None]


def _create(connection: Connection) -> None:
    connection.execute("CREATE SCHEMA store")
    _add(connection, TABLES, _FIRST_VIEWS)


def _add_runs(connection: Connection) -> None:
    _add(connection, run_schema.TABLES, run_schema.VIEWS)


def _add_moves(connection: Connection) -> None:
    for table, column in move_schema.COLUMNS:
        connection.execute(f"ALTER TABLE store.{table} ADD COLUMN {column}")
    _add(connection, move_schema.TABLES, move_schema.VIEWS)


def _add(connection: Connection, tables: Mapping[str, str], views: Iterable[str]) -> None:
    for name, columns in tables.items():
        connection.execute(f"CREATE TABLE store.{name} ({columns})")
    for name in views:
        connection.execute(f"CREATE VIEW main.{name} AS {view_query(name, 'store.')}")


MIGRATIONS: Final[Sequence[Migration]] = (_create, _add_runs, _add_moves)
"""Step n takes a file from schema n to schema n + 1; a new file goes through all of them."""


def create(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Make an empty database a registry, in one transaction."""
    connection.execute("BEGIN")
    for migration in migrations:
        migration(connection)
    connection.execute(
        "INSERT INTO store.meta VALUES ('application', ?), ('schema_version', ?), ('registry_id', uuid()::VARCHAR)",
        [APPLICATION, str(len(migrations))],
    )
    connection.execute("COMMIT")


def version(connection: Connection) -> int | None:
    """Return the schema version of an open file, or None when it is not a registry."""
    try:
        meta = dict(connection.execute("SELECT key, value FROM store.meta").fetchall())
    except Exception as error:
        if type(error).__name__ in ("CatalogException", "BinderException"):
            return None
        raise
    if meta.get("application") != APPLICATION or not meta.get("schema_version", "").isdigit():
        return None
    return int(meta["schema_version"])


def migrate(connection: Connection, found: int, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Take an open file from schema `found` to the present one, in one transaction."""
    connection.execute("BEGIN")
    try:
        for migration in migrations[found:]:
            migration(connection)
        connection.execute("UPDATE store.meta SET value = ? WHERE key = 'schema_version'", [str(len(migrations))])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
