"""Finding experiments: filter, order and columns become one query each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import index
from typing import TYPE_CHECKING, Any

from registry.canonical import show
from registry.errors import FilterError
from registry.results import Results
from registry.rows import Browse, utc
from registry.search import DEFAULT_SORT, compile_listing

if TYPE_CHECKING:
    from registry.store import Session


_MOST = 2**62
"""No registry holds as many experiments; the engine counts no further than twice that."""


def at_most(limit: object) -> int | None:
    """Return `limit` as the engine takes it: None is all, and so is a number beyond every count.

    Raises:
        FilterError: it is negative, or no whole number.
    """
    if limit is None:
        return None
    count = _count("limit", limit)
    return count if count < _MOST else None


def _count(what: str, value: object) -> int:
    try:
        count = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise FilterError(f"{what}: {show(value)} is no whole number") from None
    if count < 0:
        raise FilterError(f"{what}: {show(count)} is negative; give 0 or more")
    return count


def _where(session: Session, filter: str, trashed: bool) -> tuple[str, list[Any]]:
    """Return the condition over `experiment e`, and its parameters."""
    live = "e.deleted_at IS NOT NULL" if trashed else "e.deleted_at IS NULL"
    if not filter.strip():
        return live, []
    from registry.search import compile_filter

    compiled = compile_filter(filter, session, trashed=trashed)
    return f"{live} AND ({compiled.where})", list(compiled.params)


def ids(
    session: Session, filter: str = "", sort: str = DEFAULT_SORT, limit: int | None = None, *, trashed: bool = False
) -> list[int]:
    """Return the ids of the experiments that match, in order.

    Raises:
        FilterError: the filter or a sort key can't be understood, or names something unknown.
    """
    listing = compile_listing(session, sort, trashed=trashed)
    return [row[0] for row in session.rows(*listing.ids(*_where(session, filter, trashed), at_most(limit)))]


def hashes(
    session: Session, filter: str = "", sort: str = DEFAULT_SORT, limit: int | None = None, *, trashed: bool = False
) -> list[str]:
    """Return the full hashes of the experiments that match, in order. Raises as `ids`."""
    listing = compile_listing(session, sort, trashed=trashed)
    statement, parameters = listing.ids(*_where(session, filter, trashed), at_most(limit), what="e.config_hash")
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
    limit, offset = at_most(limit), min(_count("offset", offset), _MOST)
    listing = compile_listing(session, sort, columns, trashed=trashed)
    where, parameters = _where(session, filter, trashed)
    rows = listing.read(session.rows(*listing.rows(where, parameters, limit, offset)))
    complete = limit is None and not offset
    total = len(rows) if complete else session.value(f"SELECT count(*) FROM experiment e WHERE {where}", parameters)
    return Results(listing.labels, rows, total)


def rows_of(session: Session, hashes: Sequence[str], columns: str | Sequence[str] | None) -> Results:
    """Return what `search` shows of the experiments with these full hashes, live or in the trash, as ordered.

    Raises:
        FilterError: a column can't be understood, or names something unknown.
    """
    from registry.store.session import TEXTS, as_list

    listing = compile_listing(session, DEFAULT_SORT, columns, trashed=None)
    which = f"e.config_hash IN {TEXTS}", [as_list(hashes)]
    keys = session.rows(*listing.ids(*which, what="e.config_hash"))
    rows = listing.read(session.rows(*listing.rows(*which)))  # in the same order
    by_hash = {key[0]: row for key, row in zip(keys, rows, strict=True)}
    return Results(listing.labels, [by_hash[full] for full in hashes if full in by_hash])


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
