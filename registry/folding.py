"""Folding: the experiments of one sweep as one line of a list, with how many they are and how good the best is.

A sweep is known by what it leaves behind: a tag whose experiments are all variants of one parent (which may have
the tag too), and that either begins with `sweep` or stands on experiments that are all described alike.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from registry.rows import Fold
from registry.search import Metrics
from registry.search.words import split_name

if TYPE_CHECKING:
    from registry.store import Session

FEWEST: Final = 3
"""Variants with one tag from which on they count as a sweep."""


def metric_of(sort: str, columns: Sequence[str]) -> str | None:
    """Return the metric a fold is judged by: the one the list is sorted by, else the first one it shows.

    >>> metric_of("-m.edge,hash", ["m.sharpe"]), metric_of("-created", ["w.a", "m.sharpe"]), metric_of("hash", [])
    ('m.edge', 'm.sharpe', None)
    """
    first = sort.split(",")[0].strip().removeprefix("-")
    return next((name for name in (first, *columns) if name and split_name(name).prefix == "m"), None)


def fold(
    session: Session, ids: Sequence[int], metric: str | None, metrics: Metrics, unfolded: Collection[str] = ()
) -> tuple[array[int], tuple[Fold, ...]]:
    """Return the lines of a folded list (an id, or -n for the n-th fold) and the folds.

    An experiment with the tags of several sweeps is in the largest of them. A sweep of which only one
    experiment is listed is not folded, and neither are those named by `unfolded`.
    """
    sweep_of, parents = _sweeps(session)
    members: dict[str, list[int]] = {}
    for id_ in ids:
        if (tag := sweep_of.get(id_)) is not None:
            members.setdefault(tag, []).append(id_)
    folded = {tag: found for tag, found in members.items() if len(found) > 1 and tag not in unfolded}
    values, upwards = _values(session, metric, metrics)
    lines, folds, placed = array("q"), list[Fold](), set[str]()
    for id_ in ids:
        tag = sweep_of.get(id_)
        if tag is None or tag not in folded:
            lines.append(id_)
        elif tag not in placed:
            placed.add(tag)
            found = [values[member] for member in folded[tag] if member in values]
            low, high = (min(found), max(found)) if found else (None, None)
            best = high if upwards else low
            folds.append(Fold(tag, parents[tag], array("q", folded[tag]), metric, best, low, high, len(found)))
            lines.append(-len(folds))
    return lines, tuple(folds)


def _sweeps(session: Session) -> tuple[dict[int, str], dict[str, str]]:
    """Return the sweep of each experiment that is in one, and the parent of each sweep."""
    rows = session.rows(
        "WITH tagged AS (SELECT t.tag, e.id, e.config_hash, e.parent, e.description"
        " FROM tag t JOIN experiment e ON e.id = t.id WHERE e.deleted_at IS NULL),"
        " usual AS (SELECT tag, mode(parent) AS parent FROM tagged GROUP BY tag),"
        " sweep AS (SELECT tag, usual.parent, count(*) AS size FROM tagged JOIN usual USING (tag) GROUP BY ALL"
        " HAVING count(*) >= ? AND bool_and(coalesce(tagged.parent, '') = usual.parent OR config_hash = usual.parent)"
        " AND (starts_with(lower(tag), 'sweep') OR min(description) = max(description)))"
        " SELECT id, arg_max(s.tag, (s.size, s.tag)), arg_max(s.parent, (s.size, s.tag))"
        " FROM tagged JOIN sweep s ON s.tag = tagged.tag GROUP BY id",
        [FEWEST],
    )
    return {row[0]: row[1] for row in rows}, {row[1]: row[2] for row in rows}


def _values(session: Session, metric: str | None, metrics: Metrics) -> tuple[dict[int, float], bool]:
    """Return the metric's values by id, and whether more is better."""
    if metric is None:
        return {}, True
    from registry.runs.reading import direction_of
    from registry.search.columns import COLUMNS
    from registry.search.names import KnownNames, resolve

    target = resolve(split_name(metric), KnownNames(session), metric, COLUMNS)
    source, params = metrics.values(target)
    found = session.rows(f"SELECT id, value FROM ({source.replace('{0}', '')}) WHERE value IS NOT NULL", params)
    return dict(found), direction_of(session, target.name) != "lower"
