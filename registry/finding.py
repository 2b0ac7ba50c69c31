"""Finding experiments: filter, order and columns become one query each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from registry.results import Results
from registry.rows import Browse, utc

if TYPE_CHECKING:
    from registry.store import Session


def _where(session: Session, filter: str, trashed: bool) -> tuple[str, list[Any]]:
    live = "e.deleted_at IS NOT NULL" if trashed else "e.deleted_at IS NULL"
    if not filter.strip():
        return live, []
    from registry.search import compile_filter

    compiled = compile_filter(filter, session)
    return f"{live} AND ({compiled.where})", list(compiled.params)


_SORTS = {
    "created": "e.created_at",
    "hash": "e.config_hash",
    "features": "e.n_features",
    "description": "e.description",
}


def _order(sort: str) -> str:
    key = sort.lstrip("-")
    return f"{_SORTS[key]} {'DESC' if sort.startswith('-') else 'ASC'}, e.id"


def ids(
    session: Session, filter: str = "", sort: str = "-created", limit: int | None = None, *, trashed: bool = False
) -> list[int]:
    """Return the ids of the experiments that match, in order."""
    where, parameters = _where(session, filter, trashed)
    cut = "" if limit is None else f" LIMIT {int(limit)}"
    return [
        row[0]
        for row in session.rows(f"SELECT e.id FROM experiment e WHERE {where} ORDER BY {_order(sort)}{cut}", parameters)
    ]


def hashes(
    session: Session, filter: str = "", sort: str = "-created", limit: int | None = None, *, trashed: bool = False
) -> list[str]:
    """Return the full hashes of the experiments that match, in order."""
    where, parameters = _where(session, filter, trashed)
    cut = "" if limit is None else f" LIMIT {int(limit)}"
    return [
        row[0]
        for row in session.rows(
            f"SELECT e.config_hash FROM experiment e WHERE {where} ORDER BY {_order(sort)}{cut}", parameters
        )
    ]


def count(session: Session, filter: str = "", *, trashed: bool = False) -> int:
    """Return how many experiments match."""
    where, parameters = _where(session, filter, trashed)
    found: int = session.value(f"SELECT count(*) FROM experiment e WHERE {where}", parameters)
    return found


def browse(session: Session, filter: str, sort: str, *, trashed: bool = False) -> Browse:
    """Return the matching ids, in order, and how many experiments there are without the filter."""
    return Browse(array("q", ids(session, filter, sort, trashed=trashed)), count(session, trashed=trashed))


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
    """Return the matching experiments as rows with the columns asked for."""
    where, parameters = _where(session, filter, trashed)
    cut = f" LIMIT {int(limit)}" if limit is not None else ""
    cut += f" OFFSET {int(offset)}" if offset else ""
    rows = session.rows(
        "SELECT e.config_hash, e.created_at, e.description, (SELECT coalesce(list(t.tag ORDER BY t.position), [])"
        f" FROM tag t WHERE t.id = e.id), e.n_features FROM experiment e WHERE {where} ORDER BY {_order(sort)}{cut}",
        parameters,
    )
    return Results(
        ["config_hash", "created_at", "description", "tags", "features"],
        [(row[0], utc(row[1]), *row[2:]) for row in rows],
        count(session, filter, trashed=trashed),
    )


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
