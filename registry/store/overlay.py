"""Spooled entries laid over the tables of a connection that can't write them.

Copies of the affected rows go into temporary tables, the very statements that apply entries run on those
copies, and temporary views of the tables' names put copies and untouched rows together. So a reader of a
read-only place, or one that must not wait, sees what everyone will see once the entries are applied.
"""

from __future__ import annotations

from registry.runs.record import Run
from registry.store import entries, run_schema, schema
from registry.store.entries import Parsed
from registry.store.registration import Registration
from registry.store.session import TEXTS, Session, WriteSession, as_list

_ONLY_ADDED = (*(name for name in run_schema.OF_EXPERIMENTS if name != "run"), "trial")
_COPIED = ("panel", "panel_key", "panel_column", "metric")


def lay_over(session: Session, parsed: Parsed) -> None:
    """Make `session` show the tables as they will be once `parsed` is applied."""
    connection = session.connection
    registrations = [item for _, items in parsed for item in items if isinstance(item, Registration)]
    hashes = as_list(dict.fromkeys(registration.config_hash for registration in registrations))
    connection.execute(
        f"CREATE TEMP TABLE o_experiment AS SELECT * FROM store.experiment WHERE config_hash IN {TEXTS}", [hashes]
    )
    connection.execute("CREATE TEMP TABLE o_touched AS SELECT id FROM o_experiment")
    for name in schema.BY_ID:
        connection.execute(
            f"CREATE TEMP TABLE o_{name} AS SELECT * FROM store.{name} WHERE id IN (SELECT id FROM temp.o_touched)"
        )
    for name in ("event", *_ONLY_ADDED):
        connection.execute(f"CREATE TEMP TABLE o_{name} AS SELECT * FROM store.{name} WHERE false")
    runs = as_list(dict.fromkeys(item.run_id for _, items in parsed for item in items if isinstance(item, Run)))
    connection.execute(f"CREATE TEMP TABLE o_run AS SELECT * FROM store.run WHERE run_id IN {TEXTS}", [runs])
    untouched = "id NOT IN (SELECT id FROM temp.o_touched)"
    for name in ("experiment", *schema.BY_ID):
        connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT * FROM store.{name} WHERE {untouched}"
            f" UNION ALL SELECT * FROM temp.o_{name}"
        )
    for name in ("event", *_ONLY_ADDED):
        connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT * FROM store.{name} UNION ALL SELECT * FROM temp.o_{name}"
        )
    connection.execute(
        "CREATE TEMP VIEW run AS SELECT * FROM store.run WHERE run_id NOT IN (SELECT run_id FROM temp.o_run)"
        " UNION ALL SELECT * FROM temp.o_run"
    )
    for name in _COPIED:
        connection.execute(f"CREATE TEMP TABLE o_{name} AS SELECT * FROM store.{name}")
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM temp.o_{name}")
    connection.execute("CREATE TEMP VIEW alias_move AS SELECT * FROM store.alias_move")
    for name in schema.VIEWS:
        connection.execute(f"CREATE TEMP VIEW {name} AS {schema.view_query(name, 'temp.')}")
    entries.apply(WriteSession(connection, session.path, prefix="temp.o_"), parsed, strict=False)
