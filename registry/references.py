"""Which experiment is meant: a full hash, an old hash, an alias, a prefix of a hash, or `latest`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from registry.canonical import show
from registry.config import HASH_LENGTH, HEX, SHORT_HASH
from registry.errors import AmbiguousHashError, InvalidReferenceError, NotFoundError

if TYPE_CHECKING:
    from registry.store import Session

LATEST = "latest"
_SHOWN = 8
_MOST = 1000
"""So many candidates are looked up; of more it is only said that there are."""


def is_full_hash(text: str) -> bool:
    """Tell whether `text` is 64 lower-case hex digits."""
    return len(text) == HASH_LENGTH and HEX.issuperset(text)


def find(session: Session, reference: str, *, trashed: bool = False) -> tuple[int, str] | None:
    """Return (id, hash) of the experiment meant, or None when there is none.

    A full hash counts first, then an old hash, then an alias, then a prefix of a hash (any case). Only live
    experiments are looked at, or only those in the trash with `trashed`.

    Raises:
        InvalidReferenceError: the reference is empty or not text.
        AmbiguousHashError: several experiments share the prefix.
    """
    if not isinstance(reference, str):
        raise InvalidReferenceError(f"{show(reference)} is not a hash: give text")
    wanted = reference.strip().lower()
    if not wanted:
        raise InvalidReferenceError("an empty reference names no experiment; give a hash, or its first characters")
    where = "e.deleted_at IS NOT NULL" if trashed else "e.deleted_at IS NULL"
    if wanted == LATEST:
        row = session.one(
            f"SELECT e.id, e.config_hash FROM experiment e WHERE {where} ORDER BY created_at DESC, id LIMIT 1"
        )
        return (row[0], row[1]) if row else None
    if not HEX.issuperset(wanted):  # an alias never looks like a hash
        row = session.one(
            "SELECT e.id, e.config_hash FROM experiment e WHERE e.config_hash = (SELECT config_hash FROM alias_move"
            f" WHERE alias = ? ORDER BY version DESC LIMIT 1) AND {where}",
            [reference.strip()],
        )
        return (row[0], row[1]) if row else None
    if len(wanted) > HASH_LENGTH:
        return None
    if len(wanted) == HASH_LENGTH:
        found = session.rows(
            f"SELECT e.id, e.config_hash FROM experiment e WHERE e.config_hash = ? AND {where}", [wanted]
        )
        found = found or session.rows(
            "SELECT DISTINCT e.id, e.config_hash FROM old_hash o JOIN experiment e ON e.id = o.id"
            f" WHERE o.old_hash = ? AND {where}",
            [wanted],
        )
    else:
        found = session.rows(
            f"SELECT e.id, e.config_hash FROM experiment e WHERE starts_with(e.config_hash, ?) AND {where}"
            " UNION SELECT e.id, e.config_hash FROM old_hash o JOIN experiment e ON e.id = o.id"
            f" WHERE starts_with(o.old_hash, ?) AND {where} ORDER BY 2 LIMIT {_MOST + 1}",
            [wanted, wanted],
        )
    if len(found) > 1:
        beyond = len(found) > _MOST
        candidates = [row[1] for row in found[:_MOST]]
        shown = ", ".join(candidate[: max(SHORT_HASH, len(wanted) + 4)] for candidate in candidates[:_SHOWN])
        more = f" and {len(candidates) - _SHOWN} more" if len(candidates) > _SHOWN else ""
        count = f"{len(candidates)}"
        if beyond:
            more, count = " and others", f"more than {_MOST:,}"
        raise AmbiguousHashError(
            f"{show(reference)} is the beginning of {count} hashes: {shown}{more}; give more characters",
            candidates,
        )
    return (found[0][0], found[0][1]) if found else None


def resolve(session: Session, reference: str, *, trashed: bool = False) -> tuple[int, str]:
    """Return (id, hash) of the experiment meant.

    Raises:
        NotFoundError: there is none; the message says so when it lies in the trash.
        AmbiguousHashError, InvalidReferenceError: as `find`.
    """
    found = find(session, reference, trashed=trashed)
    if found is not None:
        return found
    other = None
    with contextlib.suppress(AmbiguousHashError):
        other = find(session, reference, trashed=not trashed)
    if other is not None and not trashed:
        raise NotFoundError(
            f"{show(reference)} is in the trash; bring it back with: experiments restore {other[1][:SHORT_HASH]}"
        )
    if other is not None:
        raise NotFoundError(
            f"{show(reference)} is live, not in the trash; only what was deleted can be restored or purged"
        )
    where = "in the trash" if trashed else "here"
    if not HEX.issuperset(reference.strip().lower()):
        from registry.aliases import nearest_alias

        near = nearest_alias(session, reference)
        if near is not None:
            raise NotFoundError(f"no hash or alias {where} is {show(reference)}; did you mean {near}?")
    look = "trash" if trashed else "list"
    raise NotFoundError(f"no experiment {where} has the hash {show(reference)}; look it up with: experiments {look}")


def resolve_all(session: Session, references: Iterable[str], *, trashed: bool = False) -> dict[str, int]:
    """Return hash to id of every experiment meant, each once, in the order given; full hashes in bulk.

    Raises:
        NotFoundError, AmbiguousHashError, InvalidReferenceError: as `resolve`, for the first that fails.
    """
    from registry.store.session import TEXTS, as_list

    wanted = as_references(references)
    full = [reference for reference in wanted if isinstance(reference, str) and is_full_hash(reference)]
    where = "deleted_at IS NOT NULL" if trashed else "deleted_at IS NULL"
    known: dict[str, int] = {}
    if len(full) > 1:
        known = dict(
            session.rows(
                f"SELECT config_hash, id FROM experiment WHERE config_hash IN {TEXTS} AND {where}", [as_list(full)]
            )
        )
    resolved: dict[str, int] = {}
    for reference in wanted:
        if reference in known:
            resolved[reference] = known[reference]
        else:
            id_, config_hash = resolve(session, reference, trashed=trashed)
            resolved[config_hash] = id_
    return resolved


def as_references(references: str | Iterable[str]) -> list[str]:
    """Return one reference or several as a list: a single text is one reference, not a list of letters."""
    return [references] if isinstance(references, str) else list(references)
