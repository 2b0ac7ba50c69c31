"""Notes on their way in from another registry: the same note at the same time is one note."""

from __future__ import annotations

from collections.abc import Sequence

from registry.store.apply import Events
from registry.store.schema import STAMP
from registry.store.session import TEXTS, WriteSession, as_list

NewNote = tuple[str, str, str]
"""(config hash, when as ISO text in UTC, text)."""


def take_in_notes(session: WriteSession, notes: Sequence[NewNote], source: str) -> set[str]:
    """Add the notes that are not there yet to experiments that are; return the hashes that got any."""
    if not notes:
        return set()
    wanted = as_list(dict.fromkeys(note[0] for note in notes))
    ids = dict(session.rows(f"SELECT config_hash, id FROM experiment WHERE config_hash IN {TEXTS}", [wanted]))
    there = set(
        session.rows(
            f"SELECT e.config_hash, {STAMP.format('n.noted_at')}, n.note FROM note n JOIN experiment e ON e.id = n.id"
            f" WHERE e.config_hash IN {TEXTS}",
            [wanted],
        )
    )
    new = [note for note in dict.fromkeys(notes) if note not in there and note[0] in ids]
    session.insert(
        "note",
        {"id": "BIGINT", "noted_at": "TIMESTAMP", "note": "VARCHAR"},
        {
            "id": [ids[note[0]] for note in new],
            "noted_at": [note[1][:26] for note in new],
            "note": [note[2] for note in new],
        },
    )
    events = Events()
    for config_hash, noted_at, text in new:
        events.add("noted", config_hash, note=text, noted_at=noted_at, source=source)
    events.flush(session)
    return {note[0] for note in new}
