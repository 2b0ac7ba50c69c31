"""Read-only SQL of the user's over the documented views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.canonical import freeze_text
from registry.errors import QueryError
from registry.results import Results

if TYPE_CHECKING:
    from registry.store import Session


def run(session: Session, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Results:
    """Run one query and return its rows; it can neither change the registry nor touch any other file.

    Raises:
        QueryError: the query failed; the message is the engine's, with the views one may ask.
    """
    from registry.store.connection import is_engine_error

    query = freeze_text(query, "query")
    if not query.strip():
        raise QueryError("the query is empty")

    def ask() -> Results:
        if _count(session.connection.extract_statements(query)) > 1:
            raise QueryError("a query is one statement; ask one at a time")
        cursor = session.connection.execute(query, parameters or None)
        if cursor is None:  # nothing but comments or semicolons
            raise QueryError("the query is empty")
        described = cursor.description or ()
        columns = [column[0] for column in described]
        rows = cursor.fetchall() if columns else []
        return Results(columns, rows, types=[str(column[1]) for column in described])

    try:
        return session.interruptibly(ask)
    except Exception as error:
        if not is_engine_error(error):
            raise
        raise QueryError(_explain(str(error))) from None


def _count(statements: Sequence[Any]) -> int:
    """Return how many statements somebody wrote: duckdb 1.5 makes two of a PIVOT, the first without a text."""
    return sum(1 for statement in statements if statement.query.strip() or statement.type.name != "CREATE")


_CHANGING = ("read-only", "Cannot execute statement", "from base table", "update base table", "is not an table")
"""What the engine says of statements that change something; it calls a view no base table."""


def _explain(message: str) -> str:
    from registry.store.schema import VIEWS

    lines = [line for line in message.strip().splitlines() if line.strip()]
    first = lines[0] if lines else "unknown error"
    if any(words in first for words in _CHANGING):
        return "the registry can only be read by SQL; change it with the other commands"
    if "file system operations are disabled" in first or "external access" in first:
        return "a query can only read the registry itself, no other files"
    if "Table with name" in first and "does not exist" in first:
        return f"{first}; the views are {', '.join(VIEWS)}"
    return "\n".join(lines)
