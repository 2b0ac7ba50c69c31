"""Every change to what is known about experiments that are there: trash, tags, descriptions, notes.

Each function runs in one write transaction and leaves its line in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from registry.aliases import of_experiments
from registry.canonical import check_tag, freeze_text, now_text, show
from registry.errors import AliasedError, InvalidConfigError, NotFoundError
from registry.store.apply import Events
from registry.store.run_schema import OF_EXPERIMENTS
from registry.store.schema import BY_ID
from registry.store.session import INTEGERS, TEXTS, as_list

if TYPE_CHECKING:
    from registry.store import WriteSession


def delete(session: WriteSession, hashes: Iterable[str]) -> list[str]:
    """Move live experiments to the trash; return the hashes that were moved.

    Raises:
        AliasedError: an alias points to one of them; none was moved.
    """
    hashes = list(hashes)
    _check_free_of_aliases(session, hashes, "deleted")
    return _move(session, hashes, "deleted", "deleted_at IS NULL", now_text()[:26])


def _check_free_of_aliases(session: WriteSession, hashes: Iterable[str], what: str) -> None:
    held = of_experiments(session, hashes)
    if held:
        config_hash, names = next(iter(held.items()))
        raise AliasedError(
            f"{config_hash[:12]} is {names[0]}: an experiment with an alias can't be {what}; move the alias first"
        )


def restore(session: WriteSession, hashes: Iterable[str]) -> list[str]:
    """Bring experiments back from the trash; return the hashes that came back."""
    return _move(session, hashes, "restored", "deleted_at IS NOT NULL", None)


def _move(session: WriteSession, hashes: Iterable[str], kind: str, where: str, deleted_at: str | None) -> list[str]:
    moved = session.rows(
        f"SELECT id, config_hash FROM experiment WHERE config_hash IN {TEXTS} AND {where} ORDER BY id",
        [as_list(hashes)],
    )
    session.run(
        f"UPDATE {session.table('experiment')} SET deleted_at = CAST(? AS TIMESTAMP) WHERE id IN {INTEGERS}",
        [deleted_at, as_list(row[0] for row in moved)],
    )
    return _log_each(session, kind, [row[1] for row in moved])


def purge(session: WriteSession, hashes: Iterable[str]) -> list[str]:
    """Remove experiments in the trash for good; return the hashes that went.

    Raises:
        AliasedError: an alias points to one of them; none was removed.
    """
    hashes = list(hashes)
    _check_free_of_aliases(session, hashes, "purged")
    gone = session.rows(
        f"SELECT id, config_hash FROM experiment WHERE config_hash IN {TEXTS} AND deleted_at IS NOT NULL ORDER BY id",
        [as_list(hashes)],
    )
    ids = as_list(row[0] for row in gone)
    session.run(
        f"INSERT INTO {session.table('meta')} SELECT 'last_id', CAST(max(id) AS VARCHAR) FROM experiment"
        " HAVING max(id) IS NOT NULL ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    )
    session.run(
        f"INSERT INTO {session.table('purged')} SELECT config_hash, parent FROM experiment WHERE id IN {INTEGERS}",
        [ids],
    )
    for table in (*BY_ID, *OF_EXPERIMENTS, "experiment"):
        session.run(f"DELETE FROM {session.table(table)} WHERE id IN {INTEGERS}", [ids])
    return _log_each(session, "purged", [row[1] for row in gone])


def _log_each(session: WriteSession, kind: str, hashes: Sequence[str]) -> list[str]:
    events = Events()
    for config_hash in hashes:
        events.add(kind, config_hash)
    events.flush(session)
    return list(hashes)


def clean_tags(tags: str | Iterable[str]) -> list[str]:
    """Return tags, each once; a single text is one tag.

    Raises:
        InvalidConfigError: a tag is blank or not text, or there is none.
    """
    given = [tags] if isinstance(tags, str) else list(tags)
    cleaned = list(dict.fromkeys(check_tag(freeze_text(tag, "tag")) for tag in given))
    if not cleaned:
        raise InvalidConfigError("no tag was given")
    return cleaned


def tag(session: WriteSession, targets: Mapping[str, int], tags: Sequence[str]) -> int:
    """Add tags to experiments (hash to id); return how many experiments changed."""
    targets = _still_live(session, targets)
    have = _tags_by_id(session, targets.values())
    events = Events()
    columns: dict[str, list[object]] = {"id": [], "tag": [], "position": []}
    for config_hash, id_ in targets.items():
        present = have.get(id_, {})
        added = [name for name in tags if name not in present]
        first = max(present.values(), default=-1) + 1
        for position, name in enumerate(added, first):
            columns["id"].append(id_)
            columns["tag"].append(name)
            columns["position"].append(position)
        if added:
            events.add("tagged", config_hash, tags=added)
    session.insert("tag", {"id": "BIGINT", "tag": "VARCHAR", "position": "INTEGER"}, columns)
    changed = len(set(columns["id"]))
    events.flush(session)
    return changed


def untag(session: WriteSession, targets: Mapping[str, int], tags: Sequence[str]) -> int:
    """Take tags off experiments (hash to id); return how many experiments changed."""
    targets = _still_live(session, targets)
    have = _tags_by_id(session, targets.values())
    events = Events()
    changed = []
    for config_hash, id_ in targets.items():
        removed = [name for name in tags if name in have.get(id_, {})]
        if removed:
            events.add("untagged", config_hash, tags=removed)
            changed.append(id_)
    session.run(
        f"DELETE FROM {session.table('tag')} WHERE id IN {INTEGERS} AND tag IN {TEXTS}",
        [as_list(changed), as_list(tags)],
    )
    events.flush(session)
    return len(changed)


def _still_live(session: WriteSession, targets: Mapping[str, int]) -> dict[str, int]:
    """Return those that nobody deleted or purged since they were looked up."""
    live = {
        row[0]
        for row in session.rows(
            f"SELECT id FROM experiment WHERE id IN {INTEGERS} AND deleted_at IS NULL", [as_list(targets.values())]
        )
    }
    return {config_hash: id_ for config_hash, id_ in targets.items() if id_ in live}


def _tags_by_id(session: WriteSession, ids: Iterable[int]) -> dict[int, dict[str, int]]:
    have: dict[int, dict[str, int]] = {}
    for id_, name, position in session.rows(
        f"SELECT id, tag, position FROM tag WHERE id IN {INTEGERS}", [as_list(ids)]
    ):
        have.setdefault(id_, {})[name] = position
    return have


def rename_tag(session: WriteSession, old: str, new: str) -> int:
    """Rename a tag on every experiment, those in the trash included; return how many had it.

    An experiment that has both keeps one.

    Raises:
        NotFoundError: no experiment has the old tag.
        InvalidConfigError: the new one is blank.
    """
    old = freeze_text(old, "tag")
    check_tag(freeze_text(new, "tag"))
    had = [row[0] for row in session.rows("SELECT DISTINCT id FROM tag WHERE tag = ?", [old])]
    if not had:
        raise NotFoundError(f"no experiment has the tag {show(old)}; see them all with: experiments tags")
    if old != new:
        table = session.table("tag")
        both = "tag = ? AND id IN (SELECT id FROM tag WHERE tag = ?)"
        session.run(f"DELETE FROM {table} WHERE {both}", [old, new])
        session.run(f"UPDATE {table} SET tag = ? WHERE tag = ?", [new, old])
        events = Events()
        events.add("renamed-tag", None, old=old, new=new, experiments=len(had))
        events.flush(session)
    return len(had)


def describe(session: WriteSession, config_hash: str, id_: int, text: str) -> bool:
    """Replace a description (the old one stays in the log); return whether it changed."""
    text = freeze_text(text, "description")
    old = session.value("SELECT description FROM experiment WHERE id = ?", [id_])
    if old == text:
        return False
    session.run(f"UPDATE {session.table('experiment')} SET description = ? WHERE id = ?", [text, id_])
    events = Events()
    events.add("described", config_hash, old=old, new=text)
    events.flush(session)
    return True


def note(session: WriteSession, config_hash: str, id_: int, text: str) -> None:
    """Add a dated line to the notes.

    Raises:
        InvalidConfigError: the text is blank.
    """
    text = freeze_text(text, "note")
    if not text.strip():
        raise InvalidConfigError("a note needs at least one visible character")
    at = now_text()
    session.insert(
        "note",
        {"id": "BIGINT", "noted_at": "TIMESTAMP", "note": "VARCHAR"},
        {"id": [id_], "noted_at": [at[:26]], "note": [text]},
    )
    events = Events()
    events.add("noted", config_hash, at, note=text)
    events.flush(session)
