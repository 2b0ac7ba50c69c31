"""The statements that bring registrations into the tables, any number at a time.

They run in a write transaction, and on temporary copies of the affected rows where the file can't be
written (see `overlay`), so a spooled registration reads the same before and after it is applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from registry.canonical import now_text
from registry.store.edges import ancestry, closing
from registry.store.inserting import Rows, insert_old_hashes, insert_tags
from registry.store.registration import NO_CONTENT, Conflict, Content, Metadata, Outcome, Registration
from registry.store.session import INTEGERS, TEXTS, Session, WriteSession, as_list, unnest_columns


@dataclass(slots=True)
class State:
    """An experiment as it is before and becomes while a batch is merged in Python."""

    id: int
    description: str
    tags: list[str]
    parent: str | None
    trashed: bool
    old_hashes: list[str] = field(default_factory=list)
    inferred: bool = False
    """The parent is a guess; one that is known takes its place."""
    outcome: Outcome = "unchanged"
    tags_before: list[str] = field(default_factory=list)
    config_hash: str = ""
    registered_at: str = ""
    deleted_at: str | None = None  # of new ones only, as the next
    content: Content = NO_CONTENT


class Events:
    """Collects lines for the log and appends them in one statement."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {"happened_at": [], "kind": [], "config_hash": [], "detail": []}

    def add(self, kind: str, config_hash: str | None, at: str | None = None, **detail: object) -> None:
        """Add one event; `at` is ISO text in UTC, now when not given."""
        self.add_all(kind, [config_hash], [at or now_text()], json.dumps(detail) if detail else "{}")

    def add_all(self, kind: str, hashes: Sequence[str | None], at: Iterable[str], detail: str) -> None:
        """Add an event of each, whose details are the same and JSON already."""
        columns = self._columns
        columns["happened_at"] += [moment[:26] for moment in at]
        columns["kind"] += [kind] * len(hashes)
        columns["config_hash"] += hashes
        columns["detail"] += [detail] * len(hashes)

    def flush(self, session: WriteSession) -> None:
        """Append what was collected."""
        count = len(self._columns["happened_at"])
        if not count:
            return
        first = session.value("SELECT coalesce(max(seq), 0) + 1 FROM event")
        session.insert(
            "event",
            {
                "seq": "BIGINT",
                "happened_at": "TIMESTAMP",
                "kind": "VARCHAR",
                "config_hash": "VARCHAR",
                "detail": "VARCHAR",
            },
            {"seq": list(range(first, first + count)), **self._columns},
        )
        self.__init__()  # type: ignore[misc]


# an id is never used twice, also after a purge: screens hold on to ids
_NEXT_ID = """
    SELECT 1 + greatest((SELECT coalesce(max(id), 0) FROM experiment),
                        (SELECT coalesce(max(CAST(value AS BIGINT)), 0) FROM meta WHERE key = 'last_id'))
"""


def take_in(
    session: WriteSession,
    registrations: Sequence[Registration],
    *,
    metadata: Metadata,
    kind: str,
    source: str | None = None,
    rows: Rows | None = None,
    conflicts: list[Conflict] | None = None,
) -> dict[str, Outcome]:
    """Bring `registrations` in, in order, and return what became of each hash.

    The same content is one experiment: `created_at` and the first parent stay, content in the trash comes
    back with its tags, unless it lies in the trash there too. `kind` names the event in the log, `source` where
    the records came from. `rows` are those of all the registrations, when somebody had the time to make them
    ready. What is said here and otherwise there is added to `conflicts`.
    """
    hashes = [registration.config_hash for registration in registrations]
    states = present(session, hashes)
    next_id = session.value(_NEXT_ID)
    events = Events()
    detail = {} if source is None else {"source": source}
    now, detail_text = now_text(), json.dumps(detail)
    trashed = [
        registration
        for registration in registrations
        if registration.deleted_at and not states.get(registration.config_hash)
    ]
    derived = [registration for registration in registrations if registration.parent is not None]
    if derived:
        refuse_cycles(ancestry(session, ends_of(derived)), registrations, states)
    refused = [registration for registration in registrations if registration.refused_parent is not None]
    if refused:
        rows = None  # made with the parent
        _tell_refused(session, refused, events, conflicts)
    if not states and len(set(hashes)) == len(hashes):  # nothing to merge: the usual case, and the one that is large
        registered_at = [registration.at or now for registration in registrations]
        (rows or Rows(registrations)).insert(session, next_id, registered_at)
        events.add_all(kind, hashes, registered_at, detail_text)
        _log_trashed(trashed, events, detail)
        events.flush(session)
        return dict.fromkeys(hashes, "new")
    new: list[State] = []
    for config_hash, registration in zip(hashes, registrations, strict=True):
        state = states.get(config_hash)
        if state is None:
            state = states[config_hash] = new_state(next_id + len(new), registration, now)
            new.append(state)
            events.add_all(kind, [config_hash], [state.registered_at], detail_text)
        else:
            merge(state, registration, config_hash, metadata, events, detail, conflicts)
    Rows(new).insert(session, next_id, [state.registered_at for state in new])
    _update(session, [state for state in states.values() if state.id < next_id])
    _log_trashed(trashed, events, detail)
    events.flush(session)
    return {config_hash: state.outcome for config_hash, state in states.items()}


def _log_trashed(arrived: Iterable[Registration], events: Events, detail: dict[str, Any]) -> None:
    for registration in arrived:
        events.add("deleted", registration.config_hash, because="it lay in the trash there", **detail)


CYCLE = "it comes from this experiment itself"
"""Why a parent is left out whose edge would close a cycle."""


def ends_of(derived: Iterable[Registration]) -> Iterable[str]:
    """Return the hashes at both ends of the edges of registrations that have a parent."""
    return (end for registration in derived for end in (registration.config_hash, str(registration.parent)))


def refuse_cycles(edges: Mapping[str, str], registrations: Sequence[Registration], states: Mapping[str, State]) -> None:
    """Take the parent from registrations whose edge would close a cycle.

    `edges` has hash to parent of what is there, at least of all that the new ones lead to.
    """
    derived = [registration for registration in registrations if registration.parent is not None]
    known = dict(edges)
    for registration in registrations:
        state = states.get(registration.config_hash)
        # as it was before it was purged, or a guess whose place is taken
        if state is None or (state.inferred and not registration.inferred):
            known.pop(registration.config_hash, None)
    for place in closing(known, [(each.config_hash, str(each.parent)) for each in derived]):
        refused = derived[place]
        refused.refused_parent, refused.parent, refused.inferred = refused.parent, None, False


def _tell_refused(
    session: WriteSession, refused: Sequence[Registration], events: Events, conflicts: list[Conflict] | None
) -> None:
    """Say in the log which parents were left out, unless it says so already: what is repeated changes nothing."""
    said = _refused_before(session, [registration.config_hash for registration in refused])
    for registration in refused:
        detail = {"parent": registration.refused_parent, "because": CYCLE}
        if (registration.config_hash, json.dumps(detail)) not in said:
            events.add("parent-refused", registration.config_hash, registration.at, **detail)
        if conflicts is not None:
            conflicts.append(Conflict("parent", registration.config_hash, None, registration.refused_parent, CYCLE))


def _refused_before(session: Session, hashes: Sequence[str]) -> set[tuple[Any, ...]]:
    if not hashes:
        return set()
    wanted = as_list(hashes)
    sql = f"SELECT config_hash, detail FROM event WHERE kind = 'parent-refused' AND config_hash IN {TEXTS}"
    return set(session.rows(sql, [wanted]))


def new_state(id_: int, registration: Registration, now: str) -> State:
    """Return what `registration` is at first, where there was nothing."""
    return State(
        id_, registration.description, registration.tags, registration.parent, registration.deleted_at is not None,
        list(registration.old_hashes), registration.inferred, "new", [], registration.config_hash,
        registration.at or now, registration.deleted_at, registration.content,
    )  # fmt: skip


def present(session: Session, hashes: Sequence[str]) -> dict[str, State]:
    """Return what is there already of `hashes`, the trash included."""
    found = session.rows(
        "SELECT config_hash, id, description, parent, deleted_at IS NOT NULL, coalesce(parent_inferred, FALSE)"
        " FROM experiment"
        f" WHERE config_hash IN {TEXTS}",
        [as_list(dict.fromkeys(hashes))],
    )
    if not found:
        return {}
    tags: dict[int, list[str]] = {}
    ids = as_list(row[1] for row in found)
    old = old_hashes(session, ids)
    for id_, tag in session.rows(f"SELECT id, tag FROM tag WHERE id IN {INTEGERS} ORDER BY id, position", [ids]):
        tags.setdefault(id_, []).append(tag)
    return {
        config_hash: State(
            id_, description, tags.get(id_, []), parent, trashed, old.get(id_, []), inferred,
            tags_before=list(tags.get(id_, [])),
        )
        for config_hash, id_, description, parent, trashed, inferred in found
    }  # fmt: skip


def old_hashes(session: Session, ids: str) -> dict[int, list[str]]:
    """Return the hashes other systems knew experiments by, by id; `ids` is the text `as_list` makes."""
    old: dict[int, list[str]] = {}
    for id_, old_hash in session.rows(f"SELECT id, old_hash FROM old_hash WHERE id IN {INTEGERS}", [ids]):
        old.setdefault(id_, []).append(old_hash)
    return old


def merge(
    state: State,
    registration: Registration,
    config_hash: str,
    metadata: Metadata,
    events: Events,
    detail: dict[str, Any],
    conflicts: list[Conflict] | None = None,
) -> None:
    """Let `registration` change `state`, the experiment that holds the same content already."""
    at = registration.at
    changed = False
    if state.trashed and registration.deleted_at is None:
        state.trashed = False
        state.outcome = "restored"
        events.add("restored", config_hash, at, because="the same content came again", **detail)
    description = registration.description
    replace = bool(description) if metadata == "register" else metadata == "replace" or not state.description
    if replace and description != state.description:
        events.add("described", config_hash, at, old=state.description, new=description, **detail)
        state.description = description
        changed = True
    elif description and description != state.description and conflicts is not None:
        conflicts.append(Conflict("description", config_hash, state.description, description))
    tags = list(registration.tags) if metadata == "replace" else [*dict.fromkeys([*state.tags, *registration.tags])]
    if tags != state.tags:
        added = [tag for tag in tags if tag not in state.tags]
        removed = [tag for tag in state.tags if tag not in tags]
        if added:
            events.add("tagged", config_hash, at, tags=added, **detail)
        if removed:
            events.add("untagged", config_hash, at, tags=removed, **detail)
        state.tags = tags
        changed = bool(added or removed) or changed
    known = not registration.inferred  # what is known takes the place of a guess, and a guess of nothing
    if registration.parent is not None and (state.parent is None or (state.inferred and known)):
        state.parent, state.inferred = registration.parent, registration.inferred
        changed = True
    elif (
        conflicts is not None
        and registration.parent not in (None, state.parent)
        and state.inferred == registration.inferred  # a guess is no conflict: it gives way to what is known
    ):
        conflicts.append(Conflict("parent", config_hash, state.parent, registration.parent))
    new_old = [old for old in registration.old_hashes if old not in state.old_hashes]
    if new_old:
        state.old_hashes += new_old
        changed = True
    if changed and state.outcome == "unchanged":
        state.outcome = "updated"


def _update(session: WriteSession, states: Sequence[State]) -> None:
    changed = [state for state in states if state.outcome != "unchanged"]
    if not changed:
        return
    types = dict.fromkeys(("description", "parent"), "VARCHAR")
    types |= {"id": "BIGINT", "inferred": "BOOLEAN", "trashed": "BOOLEAN"}
    session.run(
        f"UPDATE {session.table('experiment')} AS e SET description = c.description, parent = c.parent,"
        " parent_inferred = c.inferred, deleted_at = CASE WHEN c.trashed THEN e.deleted_at END"
        f" FROM {unnest_columns(types)} WHERE e.id = c.id",
        [
            json.dumps(
                {
                    "id": [s.id for s in changed],
                    "description": [s.description for s in changed],
                    "parent": [s.parent for s in changed],
                    "inferred": [s.inferred for s in changed],
                    "trashed": [s.trashed for s in changed],
                }
            )
        ],
    )
    retagged = [state for state in changed if state.tags != state.tags_before]
    if retagged:
        session.run(
            f"DELETE FROM {session.table('tag')} WHERE id IN {INTEGERS}", [as_list(state.id for state in retagged)]
        )
        insert_tags(session, ((state.id, state.tags) for state in retagged))
    known = {
        (row[0], row[1])
        for row in session.rows(
            f"SELECT id, old_hash FROM old_hash WHERE id IN {INTEGERS}", [as_list(s.id for s in changed)]
        )
    }
    insert_old_hashes(
        session, ((s.id, old) for s in changed for old in dict.fromkeys(s.old_hashes) if (s.id, old) not in known)
    )


def parse_time(text: str) -> datetime:
    """Return ISO text in UTC as a naive moment in UTC, as the TIMESTAMP columns hold it."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
