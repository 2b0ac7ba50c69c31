"""The statements that bring registrations into the tables, any number at a time.

They run in a write transaction, and on temporary copies of the affected rows where the file can't be
written (see `overlay`), so a spooled registration reads the same before and after it is applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from registry.canonical import now_text
from registry.config import ExperimentConfig
from registry.frozen import leaves
from registry.store.session import INTEGERS, TEXTS, Session, WriteSession, as_list, unnest_columns

Metadata = Literal["register", "fill", "replace"]
"""What happens to the metadata of an experiment that is there already: `register`: tags unite and a
non-empty description replaces; `fill`: tags unite, a description is only filled when empty; `replace`:
tags and description become the new ones."""

Outcome = Literal["new", "updated", "unchanged", "restored"]


@dataclass(frozen=True, slots=True)
class Registration:
    """One configuration to bring in, with hashes other systems knew it by and when it was acknowledged."""

    config: ExperimentConfig
    old_hashes: tuple[str, ...] = ()
    at: str | None = None

    def all_old_hashes(self) -> tuple[str, ...]:
        """Return the old hashes, the configuration's own former hash among them."""
        former = self.config.former_hash
        return self.old_hashes if former is None or former in self.old_hashes else (*self.old_hashes, former)


@dataclass(slots=True)
class State:
    """An experiment as it is before and becomes while a batch is merged in Python."""

    id: int
    config: ExperimentConfig | None  # set for new ones only
    description: str
    tags: list[str]
    parent: str | None
    trashed: bool
    registered_at: str = ""
    old_hashes: list[str] = field(default_factory=list)
    outcome: Outcome = "unchanged"
    before: tuple[str, list[str], str | None] = ("", [], None)


class Events:
    """Collects lines for the log and appends them in one statement."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {"happened_at": [], "kind": [], "config_hash": [], "detail": []}

    def add(self, kind: str, config_hash: str | None, at: str | None = None, **detail: object) -> None:
        """Add one event; `at` is ISO text in UTC, now when not given."""
        self.add_text(kind, config_hash, at or now_text(), json.dumps(detail) if detail else "{}")

    def add_text(self, kind: str, config_hash: str | None, at: str, detail: str) -> None:
        """Add one event whose detail is JSON already."""
        columns = self._columns
        columns["happened_at"].append(at[:26])
        columns["kind"].append(kind)
        columns["config_hash"].append(config_hash)
        columns["detail"].append(detail)

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
) -> dict[str, Outcome]:
    """Bring `registrations` in, in order, and return what became of each hash.

    The same content is one experiment: `created_at` and the first parent stay, content in the trash comes
    back with its tags. `kind` names the event in the log, `source` where the records came from.
    """
    states = present(session, [str(r.config.config_hash) for r in registrations])
    next_id = session.value(_NEXT_ID)
    events = Events()
    detail = {} if source is None else {"source": source}
    now, detail_text = now_text(), json.dumps(detail)
    for registration in registrations:
        config, config_hash = registration.config, str(registration.config.config_hash)
        state = states.get(config_hash)
        if state is None:
            state = State(
                next_id, config, config.description, list(config.tags), config.parent, False,
                registration.at or now, list(registration.all_old_hashes()), "new",
            )  # fmt: skip
            states[config_hash] = state
            next_id += 1
            events.add_text(kind, config_hash, registration.at or now, detail_text)
        else:
            merge(state, registration, config_hash, metadata, events, detail)
    _insert_new(session, [s for s in states.values() if s.config is not None])
    _update(session, [s for s in states.values() if s.config is None])
    events.flush(session)
    return {config_hash: state.outcome for config_hash, state in states.items()}


def present(session: Session, hashes: Sequence[str]) -> dict[str, State]:
    """Return what is there already of `hashes`, the trash included."""
    found = session.rows(
        "SELECT config_hash, id, description, parent, deleted_at IS NOT NULL FROM experiment"
        f" WHERE config_hash IN {TEXTS}",
        [as_list(dict.fromkeys(hashes))],
    )
    if not found:
        return {}
    tags: dict[int, list[str]] = {}
    ids = as_list(row[1] for row in found)
    for id_, tag in session.rows(f"SELECT id, tag FROM tag WHERE id IN {INTEGERS} ORDER BY id, position", [ids]):
        tags.setdefault(id_, []).append(tag)
    old: dict[int, list[str]] = {}
    for id_, old_hash in session.rows(f"SELECT id, old_hash FROM old_hash WHERE id IN {INTEGERS}", [ids]):
        old.setdefault(id_, []).append(old_hash)
    return {
        config_hash: State(
            id_, None, description, tags.get(id_, []), parent, trashed,
            old_hashes=old.get(id_, []),
            before=(description, list(tags.get(id_, [])), parent),
        )
        for config_hash, id_, description, parent, trashed in found
    }  # fmt: skip


def merge(
    state: State,
    registration: Registration,
    config_hash: str,
    metadata: Metadata,
    events: Events,
    detail: dict[str, Any],
) -> None:
    """Let `registration` change `state`, the experiment that holds the same content already."""
    config, at = registration.config, registration.at
    changed = False
    if state.trashed:
        state.trashed = False
        state.outcome = "restored"
        events.add("restored", config_hash, at, because="the same content came again", **detail)
    replace = bool(config.description) if metadata == "register" else metadata == "replace" or not state.description
    if replace and config.description != state.description:
        events.add("described", config_hash, at, old=state.description, new=config.description, **detail)
        state.description = config.description
        changed = True
    tags = list(config.tags) if metadata == "replace" else [*dict.fromkeys([*state.tags, *config.tags])]
    if tags != state.tags:
        added = [tag for tag in tags if tag not in state.tags]
        removed = [tag for tag in state.tags if tag not in tags]
        if added:
            events.add("tagged", config_hash, at, tags=added, **detail)
        if removed:
            events.add("untagged", config_hash, at, tags=removed, **detail)
        state.tags = tags
        changed = bool(added or removed) or changed
    if state.parent is None and config.parent not in (None, config_hash):
        state.parent = config.parent
        changed = True
    new_old = [old for old in registration.all_old_hashes() if old not in state.old_hashes]
    if new_old:
        state.old_hashes += new_old
        changed = True
    if changed and state.outcome == "unchanged":
        state.outcome = "updated"


def _insert_new(session: WriteSession, states: Sequence[State]) -> None:
    if not states:
        return
    configs = [state.config for state in states if state.config is not None]
    columns: dict[str, Sequence[Any]] = {
        "id": [state.id for state in states],
        "config_hash": [config.config_hash for config in configs],
        "created_at": [str(config.created_at)[:26] for config in configs],
        "registered_at": [state.registered_at[:26] for state in states],
        "description": [state.description for state in states],
        "feature_names": [_encode(config.feature_names) for config in configs],
        "feature_weights": [_encode(config.feature_weights) for config in configs],
        "feature_transformations": [_encode(config.feature_transformations) for config in configs],
        "hyperparameters": [_encode(config.hyperparameters) for config in configs],
        "n_features": [len(config.feature_names) for config in configs],
        "parent": [
            None if state.parent == config.config_hash else state.parent
            for state, config in zip(states, configs, strict=True)
        ],
    }
    session.insert("experiment", _EXPERIMENT, columns)
    _insert_features(session, states[0].id)
    _insert_hyperparameters(session, states)
    _insert_tags(session, states)
    _insert_old_hashes(session, ((s.id, old) for s in states for old in s.old_hashes))


# configurations are frozen, so they can't contain themselves
_encode = json.JSONEncoder(check_circular=False).encode

_EXPERIMENT = {
    "id": "BIGINT", "config_hash": "VARCHAR", "created_at": "TIMESTAMP", "registered_at": "TIMESTAMP",
    "description": "VARCHAR", "feature_names": "VARCHAR", "feature_weights": "VARCHAR",
    "feature_transformations": "VARCHAR", "hyperparameters": "VARCHAR", "n_features": "INTEGER", "parent": "VARCHAR",
}  # fmt: skip


def _insert_features(session: WriteSession, first: int) -> None:
    """Take the JSON texts of the experiments from id `first` on apart inside the engine.

    That is six times faster than handing the rows over.
    """
    session.run(
        f"""
        INSERT INTO {session.table("feature")} (id, feature, listed, weight, transformation)
        SELECT id, name, list_contains(n, name), w[name], t[name] FROM (
            SELECT id, n, w, t, unnest(list_distinct(list_concat(n, map_keys(w), map_keys(t)))) AS name FROM (
                SELECT id, from_json(feature_names, '["VARCHAR"]') AS n,
                       from_json(feature_weights, '"MAP(VARCHAR, DOUBLE)"') AS w,
                       from_json(feature_transformations, '"MAP(VARCHAR, VARCHAR)"') AS t
                FROM {session.table("experiment")} WHERE id >= ?))""",
        [first],
    )


def _insert_hyperparameters(session: WriteSession, states: Sequence[State]) -> None:
    types = {
        "id": "BIGINT",
        "name": "VARCHAR",
        "path": "VARCHAR",
        "kind": "VARCHAR",
        "number": "DOUBLE",
        "exact": "VARCHAR",
        "value": "VARCHAR",
    }
    columns: dict[str, list[Any]] = {name: [] for name in types}
    ids, names, paths, kinds, numbers, exacts, values = columns.values()
    known: dict[tuple[str, ...], tuple[str, str]] = {}  # a sweep repeats the same few keys in every experiment
    for state in states:
        assert state.config is not None
        for path, value in leaves(state.config.hyperparameters):
            if path not in known:
                known[path] = ".".join(path), json.dumps(path)
            kind, number, exact, text = describe_value(value)
            ids.append(state.id)
            names.append(known[path][0])
            paths.append(known[path][1])
            kinds.append(kind)
            numbers.append(number)
            exacts.append(exact)
            values.append(text)
    session.insert("hyperparameter", types, columns)


def describe_value(value: object) -> tuple[str, float | str | None, str | None, str]:
    """Return (kind, nearest double, exact digits, text) of a hyperparameter.

    The double and the digits are those of a number, else None; the text is JSON, but of text itself.
    """
    if value is None or isinstance(value, bool):
        return ("null", None, None, "null") if value is None else ("bool", None, None, "true" if value else "false")
    if isinstance(value, int):
        digits = str(value)
        try:
            return "number", float(value), digits, digits
        except OverflowError:
            return "number", "inf" if value > 0 else "-inf", digits, digits
    if isinstance(value, float):
        shown = repr(value)
        return "number", value, str(int(value)) if value.is_integer() else shown, shown
    if isinstance(value, str):
        return "string", None, None, value
    return "list" if isinstance(value, list) else "object", None, None, json.dumps(value, sort_keys=True)


def _insert_tags(session: WriteSession, states: Sequence[State]) -> None:
    columns: dict[str, list[Any]] = {"id": [], "tag": [], "position": []}
    for state in states:
        for position, tag in enumerate(state.tags):
            columns["id"].append(state.id)
            columns["tag"].append(tag)
            columns["position"].append(position)
    session.insert("tag", {"id": "BIGINT", "tag": "VARCHAR", "position": "INTEGER"}, columns)


def _insert_old_hashes(session: WriteSession, pairs: Iterable[tuple[int, str]]) -> None:
    rows = list(pairs)
    session.insert(
        "old_hash",
        {"id": "BIGINT", "old_hash": "VARCHAR"},
        {"id": [row[0] for row in rows], "old_hash": [row[1] for row in rows]},
    )


def _update(session: WriteSession, states: Sequence[State]) -> None:
    changed = [state for state in states if state.outcome != "unchanged"]
    if not changed:
        return
    types = {"id": "BIGINT", "description": "VARCHAR", "parent": "VARCHAR"}
    session.run(
        f"UPDATE {session.table('experiment')} AS e SET description = c.description, parent = c.parent,"
        f" deleted_at = NULL FROM {unnest_columns(types)} WHERE e.id = c.id",
        [
            json.dumps(
                {
                    "id": [s.id for s in changed],
                    "description": [s.description for s in changed],
                    "parent": [s.parent for s in changed],
                }
            )
        ],
    )
    retagged = [state for state in changed if state.tags != state.before[1]]
    if retagged:
        session.run(
            f"DELETE FROM {session.table('tag')} WHERE id IN {INTEGERS}", [as_list(state.id for state in retagged)]
        )
        _insert_tags(session, retagged)
    known = {
        (row[0], row[1])
        for row in session.rows(
            f"SELECT id, old_hash FROM old_hash WHERE id IN {INTEGERS}", [as_list(s.id for s in changed)]
        )
    }
    _insert_old_hashes(
        session, ((s.id, old) for s in changed for old in dict.fromkeys(s.old_hashes) if (s.id, old) not in known)
    )


def parse_time(text: str) -> datetime:
    """Return ISO text in UTC as a naive moment in UTC, as the TIMESTAMP columns hold it."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
