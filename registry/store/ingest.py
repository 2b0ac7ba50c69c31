"""Bringing spool entries into the tables, a batch in one transaction, and telling the ones apart that can't be.

The transaction also records the name of every entry it applied: one whose file is still there after a crash
is not applied again over a later change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from registry.store import entries
from registry.store.connection import explained, is_engine_error
from registry.store.entries import Parsed
from registry.store.session import TEXTS, Session, WriteSession, as_list

BATCH = 1000
"""Entries applied in one transaction; the lock is given up between transactions."""

BATCH_BYTES = 6_000_000
"""Of their text, so that large configurations don't keep the lock longer than small ones."""

_ABOUT_THE_ENTRY = frozenset(
    [
        "ConversionException",
        "InvalidInputException",
        "OutOfRangeException",
        "ConstraintException",
        "InvalidTypeException",
    ]
)
"""Engine errors that come from values; all others come from the file, the disk or the machine."""


def recorded(session: Session) -> set[str]:
    """Return the names of applied entries whose files may still be there."""
    return {row[0] for row in session.rows("SELECT name FROM applied")}


def apply(session: WriteSession, parsed: Parsed, forget: Collection[str] = ()) -> list[tuple[str, str]]:
    """Apply entries and record their names; drop the records in `forget`. Return (name, reason) of those refused.

    Raises:
        StoreError: the file, the disk or the machine failed: that says nothing about the entries, all stay.
    """
    if not parsed and not forget:
        return []
    try:
        with explained(session.path):
            _in_one_transaction(session, parsed, forget)
        return []
    except Exception as error:
        with contextlib.suppress(Exception):
            session.connection.execute("ROLLBACK")
        reason = _reason(error)
        if reason is None or not parsed:
            raise
    if len(parsed) == 1:
        return [(parsed[0][0], f"it can't be stored: {reason}")]
    middle = len(parsed) // 2
    return apply(session, parsed[:middle], forget) + apply(session, parsed[middle:])


def _in_one_transaction(session: WriteSession, parsed: Parsed, forget: Collection[str]) -> None:
    session.connection.execute("BEGIN")
    session.run(f"DELETE FROM {session.table('applied')} WHERE name IN {TEXTS}", [as_list(forget)])
    entries.apply(session, parsed)
    session.insert("applied", {"name": "VARCHAR"}, {"name": [name for name, _ in parsed]})
    session.commit()


def _reason(error: Exception) -> str | None:
    """Return what is wrong with an entry that led to `error`; None when it is not the entry's fault."""
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    if is_engine_error(cause):
        return str(cause).strip().splitlines()[0] if type(cause).__name__ in _ABOUT_THE_ENTRY else None
    return str(cause) if isinstance(cause, (ValueError, TypeError, LookupError, RecursionError)) else None
