"""Parents guessed for experiments that came without one: the nearest earlier experiment.

How far apart two experiments are is the root of a sum of squares: the difference of each weight (absent is 0), for
each hyperparameter the difference of two numbers as a share of the larger, at most 1, and 1 for everything else
that differs: another text, another transformation, a thing that one of them lacks. Only an experiment that shares
at least half of all their features comes into question; of several equally near ones, it is the latest.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from registry.store.apply import Events
from registry.store.edges import ancestry, closing
from registry.store.session import INTEGERS, TEXTS, as_list, unnest_columns

if TYPE_CHECKING:
    from registry.store import Session, WriteSession

MOST_PAIRS: Final = 4_000_000
"""Experiments without a parent, times all: with more, parents are guessed upwards only (seconds, and memory)."""

MOST_UPWARDS: Final = 5
"""Ancestors guessed then."""

_BATCH: Final = 400_000
"""Pairs looked at in one statement."""

_SHARED: Final = 0.5

_NEAREST: Final = f"""
    WITH target AS (
        SELECT id, created_at FROM experiment WHERE id IN {INTEGERS}
    ), earlier AS (
        SELECT t.id AS target, e.id, e.created_at FROM target t JOIN experiment e
        ON (e.created_at, e.id) < (t.created_at, t.id) WHERE e.deleted_at IS NULL
    ), of_features AS (
        SELECT id, coalesce(sum(weight * weight), 0) AS squares, count(*) AS n, count(transformation) AS transformed
        FROM feature GROUP BY id
    ), of_parameters AS (
        SELECT id, count(*) AS n FROM hyperparameter WHERE kind <> 'object' GROUP BY id
    ), features AS (
        SELECT p.target, p.id, count(*) AS common, coalesce(sum(a.weight * b.weight), 0) AS product,
               count(*) FILTER (a.transformation IS NOT NULL AND b.transformation IS NOT NULL) AS both,
               count(*) FILTER (a.transformation <> b.transformation) AS changed
        FROM earlier p JOIN feature a ON a.id = p.target JOIN feature b ON b.id = p.id AND b.feature = a.feature
        GROUP BY p.target, p.id
    ), parameters AS (
        SELECT p.target, p.id, count(*) AS common,
               sum(CASE WHEN a.kind = b.kind AND a.value = b.value THEN 0
                        WHEN a.kind = 'number' AND b.kind = 'number' AND isfinite(a.number) AND isfinite(b.number)
                        THEN pow(least(1, abs(a.number - b.number) / greatest(abs(a.number), abs(b.number), 1e-300)), 2)
                        ELSE 1 END) AS squares
        FROM earlier p JOIN hyperparameter a ON a.id = p.target
        JOIN hyperparameter b ON b.id = p.id AND b.path = a.path
        WHERE a.kind <> 'object' AND b.kind <> 'object' GROUP BY p.target, p.id
    ), apart AS (
        SELECT f.target, f.id,
               greatest(0, x.squares + y.squares - 2 * f.product)
               + x.transformed + y.transformed - 2 * f.both + f.changed
               + coalesce(u.n, 0) + coalesce(v.n, 0) - 2 * coalesce(h.common, 0) + coalesce(h.squares, 0) AS distance
        FROM features f
        JOIN of_features x ON x.id = f.target JOIN of_features y ON y.id = f.id
        LEFT JOIN of_parameters u ON u.id = f.target LEFT JOIN of_parameters v ON v.id = f.id
        LEFT JOIN parameters h ON h.target = f.target AND h.id = f.id
        WHERE f.common >= {_SHARED} * (x.n + y.n - f.common)
    )
    SELECT t.config_hash, e.config_hash FROM apart a
    JOIN experiment t ON t.id = a.target JOIN experiment e ON e.id = a.id
    QUALIFY row_number() OVER (PARTITION BY a.target ORDER BY round(a.distance, 12), e.created_at DESC, e.id DESC) = 1
"""


def parentless(session: Session) -> list[int]:
    """Return the ids of the live experiments without a parent, oldest first."""
    rows = session.rows("SELECT id FROM experiment WHERE parent IS NULL AND deleted_at IS NULL ORDER BY created_at, id")
    return [row[0] for row in rows]


def affordable(session: Session, count: int) -> bool:
    """Tell whether the parents of so many experiments can be guessed in a few seconds."""
    everyone: int = session.value("SELECT count(*) FROM experiment")
    return count * everyone <= MOST_PAIRS


def nearest_earlier(session: Session, ids: Sequence[int]) -> dict[str, str]:
    """Return hash to the hash of the nearest earlier experiment, of those with these ids that have one."""
    everyone: int = session.value("SELECT count(*) FROM experiment")
    step = max(1, _BATCH // max(1, everyone))
    found: dict[str, str] = {}
    for start in range(0, len(ids), step):
        found |= dict(session.rows(_NEAREST, [as_list(ids[start : start + step])]))
    return found


def nearest_earlier_of(session: Session, config_hash: str) -> str | None:
    """Return the nearest earlier experiment of this one; None when it has a parent, is not here, or has none."""
    row = session.one("SELECT id FROM experiment WHERE config_hash = ? AND parent IS NULL", [config_hash])
    return nearest_earlier(session, [row[0]]).get(config_hash) if row else None


def save(session: WriteSession, edges: Collection[tuple[str, str]]) -> list[str]:
    """Record guessed parents, marked as such, of experiments that have none; return the hashes that got one."""
    free = {
        row[0]
        for row in session.rows(
            f"SELECT config_hash FROM experiment WHERE parent IS NULL AND config_hash IN {TEXTS}",
            [as_list(child for child, _ in edges)],
        )
    }
    wanted = [edge for edge in edges if edge[0] in free]
    refused = set(closing(ancestry(session, (end for edge in wanted for end in edge)), wanted))
    kept = [edge for place, edge in enumerate(wanted) if place not in refused]
    types = {"config_hash": "VARCHAR", "parent": "VARCHAR"}
    columns = {"config_hash": [child for child, _ in kept], "parent": [parent for _, parent in kept]}
    session.run(
        f"UPDATE {session.table('experiment')} AS e SET parent = c.parent, parent_inferred = TRUE"
        f" FROM {unnest_columns(types)} WHERE e.config_hash = c.config_hash",
        [json.dumps(columns)],
    )
    events = Events()
    for child, parent in kept:
        events.add("parent-inferred", child, parent=parent)
    events.flush(session)
    return [child for child, _ in kept]


def forget(session: WriteSession, hashes: Collection[str]) -> list[str]:
    """Take guessed parents off these experiments again; return the hashes that lost one."""
    given = [as_list(hashes)]
    where = f"parent_inferred AND config_hash IN {TEXTS}"
    found = session.rows(f"SELECT config_hash, parent FROM experiment WHERE {where} ORDER BY id", given)
    session.run(f"UPDATE {session.table('experiment')} SET parent = NULL, parent_inferred = NULL WHERE {where}", given)
    events = Events()
    for child, parent in found:
        events.add("parent-forgotten", child, parent=parent)
    events.flush(session)
    return [child for child, _ in found]
