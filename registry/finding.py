"""Finding experiments: filter, order and columns become one query each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from registry.results import Results
from registry.rows import Browse, utc
from registry.search import DEFAULT_SORT, compile_listing

if TYPE_CHECKING:
    from registry.store import Session


def _where(session: Session, filter: str, trashed: bool) -> tuple[str, list[Any]]:
    """Return the condition over `experiment e`, and its parameters."""
    live = "e.deleted_at IS NOT NULL" if trashed else "e.deleted_at IS NULL"
    if not filter.strip():
        return live, []
    from registry.search import compile_filter

    compiled = compile_filter(filter, session)
    return f"{live} AND ({compiled.where})", list(compiled.params)


def ids(
    session: Session, filter: str = "", sort: str = DEFAULT_SORT, limit: int | None = None, *, trashed: bool = False
) -> list[int]:
    """Return the ids of the experiments that match, in order.

    Raises:
        FilterError: the filter or a sort key can't be understood, or names something unknown.
    """
    listing = compile_listing(session, sort)
    return [row[0] for row in session.rows(*listing.ids(*_where(session, filter, trashed), limit))]


def hashes(
    session: Session, filter: str = "", sort: str = DEFAULT_SORT, limit: int | None = None, *, trashed: bool = False
) -> list[str]:
    """Return the full hashes of the experiments that match, in order. Raises as `ids`."""
    listing = compile_listing(session, sort)
    statement, parameters = listing.ids(*_where(session, filter, trashed), limit, what="e.config_hash")
    return [row[0] for row in session.rows(statement, parameters)]


def count(session: Session, filter: str = "", *, trashed: bool = False) -> int:
    """Return how many experiments match. Raises as `ids`."""
    where, parameters = _where(session, filter, trashed)
    found: int = session.value(f"SELECT count(*) FROM experiment e WHERE {where}", parameters)
    return found


def browse(session: Session, filter: str, sort: str, *, trashed: bool = False) -> Browse:
    """Return the matching ids, in order, and how many experiments there are without the filter. Raises as `ids`."""
    found = array("q", ids(session, filter, sort, trashed=trashed))
    return Browse(found, count(session, trashed=trashed) if filter.strip() else len(found))


def search(
    session: Session,
    filter: str,
    sort: str,
    limit: int | None,
    offset: int,
    columns: str | Sequence[str] | None,
    *,
    trashed: bool = False,
) -> Results:
    """Return the matching experiments as rows with the columns asked for. Raises as `ids`."""
    listing = compile_listing(session, sort, columns)
    where, parameters = _where(session, filter, trashed)
    rows = listing.read(session.rows(*listing.rows(where, parameters, limit, offset)))
    complete = limit is None and not offset
    total = len(rows) if complete else session.value(f"SELECT count(*) FROM experiment e WHERE {where}", parameters)
    return Results(listing.labels, rows, total)


def trash(session: Session) -> Results:
    """Return what lies in the trash, last deleted first."""
    rows = session.rows(
        "SELECT config_hash, deleted_at, description, created_at FROM experiment WHERE deleted_at IS NOT NULL"
        " ORDER BY deleted_at DESC, id"
    )
    return Results(
        ["config_hash", "deleted_at", "description", "created_at"],
        [(row[0], utc(row[1]), row[2], utc(row[3])) for row in rows],
    )
