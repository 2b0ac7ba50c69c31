"""The log: what happened when, as it is read. It is only ever added to."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from registry.canonical import utc_text
from registry.finding import at_most
from registry.rows import utc
from registry.store.apply import parse_time
from registry.store.session import INTEGERS, as_list

if TYPE_CHECKING:
    from registry.store import Session


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    id: int
    """Order of recording; the key `log_page` takes, and `seq` in SQL. Not stable across files."""
    at: str
    kind: str
    config_hash: str | None
    detail: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LogBrowse:
    """The events that match, by id and newest first, without their contents: small at any number."""

    ids: array[int]
    total: int
    """How many events there are in all."""


# every value by itself, so that a text never matches across two of them; what JSON escapes is read back
_RECORDED = (
    "concat_ws(chr(10), kind, config_hash, array_to_string(json_extract_string(detail, '$.*'), chr(10)),"
    " array_to_string(json_extract_string(detail, '$.tags[*]'), chr(10)))"
)
_FIELDS = "seq, happened_at, kind, config_hash, detail"


def log(
    session: Session,
    since: str | datetime | None = None,
    id_hash: str | None = None,
    limit: int | None = None,
    text: str = "",
) -> list[Event]:
    """Return what happened, oldest first; with `limit`, the newest that many.

    Raises:
        InvalidConfigError: `since` is no moment.
        FilterError: `limit` is negative, or no whole number.
    """
    where, parameters = _holding(text)
    if since is not None:
        where += " AND happened_at >= CAST(? AS TIMESTAMP)"
        parameters.append(parse_time(utc_text(since, "since")).isoformat())
    if id_hash is not None:
        where += " AND config_hash = ?"
        parameters.append(id_hash)
    limit = at_most(limit)
    newest = "" if limit is None else f" LIMIT {limit}"
    rows = session.rows(f"SELECT {_FIELDS} FROM event WHERE {where} ORDER BY seq DESC{newest}", parameters)
    return [_event(row) for row in rows[::-1]]


def browse(session: Session, text: str = "") -> LogBrowse:
    """Return the ids of the events that hold `text`, newest first, and how many there are in all."""
    where, parameters = _holding(text)
    found = session.integers(f"SELECT seq FROM event WHERE {where} ORDER BY seq DESC", parameters)
    return LogBrowse(found, session.value("SELECT count(*) FROM event") if parameters else len(found))


def page(session: Session, ids: Sequence[int]) -> list[Event]:
    """Return the events with these ids, in the order asked; ids that are not there are left out."""
    rows = session.rows(f"SELECT {_FIELDS} FROM event WHERE seq IN {INTEGERS}", [as_list(ids)])
    found = {row[0]: _event(row) for row in rows}
    return [found[id_] for id_ in ids if id_ in found]


def _holding(text: str) -> tuple[str, list[Any]]:
    """Return the condition that a text stands in the kind, the hash or what was recorded, in any case."""
    text = text.strip()
    return (f"contains(lower({_RECORDED}), lower(?))", [text]) if text else ("true", [])


def _event(row: Sequence[Any]) -> Event:
    id_, at, kind, config_hash, detail = row
    return Event(id_, utc(at) or "", kind, config_hash, json.loads(detail))
