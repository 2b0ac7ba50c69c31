"""Spooled entries laid over the tables of a connection that can't write them.

Copies of the affected rows go into temporary tables, the very statements that apply entries run on those
copies, and temporary views of the tables' names put copies and untouched rows together. So a reader of a
read-only place, or one that must not wait, sees what everyone will see once the entries are applied.
"""

from __future__ import annotations

from collections.abc import Sequence

from registry.store import entries, schema
from registry.store.registration import Registration
from registry.store.session import TEXTS, Session, WriteSession, as_list

_BY_ID = ("feature", "hyperparameter", "tag", "note", "old_hash")


def lay_over(session: Session, parsed: Sequence[tuple[str, Registration]]) -> None:
    """Make `session` show the tables as they will be once `parsed` is applied."""
    connection = session.connection
    hashes = as_list(dict.fromkeys(registration.config_hash for _, registration in parsed))
    connection.execute(
        f"CREATE TEMP TABLE o_experiment AS SELECT * FROM store.experiment WHERE config_hash IN {TEXTS}", [hashes]
    )
    connection.execute("CREATE TEMP TABLE o_touched AS SELECT id FROM o_experiment")
    for name in _BY_ID:
        connection.execute(
            f"CREATE TEMP TABLE o_{name} AS SELECT * FROM store.{name} WHERE id IN (SELECT id FROM temp.o_touched)"
        )
    connection.execute("CREATE TEMP TABLE o_event AS SELECT * FROM store.event WHERE false")
    untouched = "id NOT IN (SELECT id FROM temp.o_touched)"
    for name in ("experiment", *_BY_ID):
        connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT * FROM store.{name} WHERE {untouched}"
            f" UNION ALL SELECT * FROM temp.o_{name}"
        )
    connection.execute("CREATE TEMP VIEW event AS SELECT * FROM store.event UNION ALL SELECT * FROM temp.o_event")
    for name in schema.VIEWS:
        connection.execute(f"CREATE TEMP VIEW {name} AS {schema.view_query(name, 'temp.')}")
    entries.apply(WriteSession(connection, session.path, prefix="temp.o_"), parsed)
