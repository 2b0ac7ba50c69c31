"""Finding experiments: filter, order and columns become one query each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any, Final

from registry.canonical import show
from registry.errors import AmbiguousPanelError, FilterError
from registry.results import Results
from registry.rows import Browse, utc
from registry.search import DEFAULT_SORT, Basis, Listing, Metrics, compile_listing

if TYPE_CHECKING:
    from registry.store import Session


_MOST = 2**62
"""No registry holds as many experiments; the engine counts no further than twice that."""


def at_most(limit: object) -> int | None:
    """Return `limit` as the engine takes it: None is all, and so is a number beyond every count.

    Raises:
        FilterError: it is negative, or no whole number.
    """
    if limit is None:
        return None
    count = _number("limit", limit)
    return count if count < _MOST else None


def _number(what: str, value: object) -> int:
    try:
        count = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise FilterError(f"{what}: {show(value)} is no whole number") from None
    if count < 0:
        raise FilterError(f"{what}: {show(count)} is negative; give 0 or more")
    return count


@dataclass(frozen=True, slots=True)
class Scope:
    """Which experiments a question is asked of, and the panel and period it reads metrics on."""

    trashed: bool = False
    panel: str | None = None
    """Its name; None leaves the choice to the runs there are, as for `period`."""
    period: str | None = None


LIVE: Final = Scope()


class _Question:
    """A filter among the live experiments or those in the trash, and where it reads metrics."""

    def __init__(self, session: Session, filter: str, scope: Scope) -> None:
        self._session = session
        self._filter = filter
        self._trashed = scope.trashed
        self.metrics = Metrics(session, filter, panel=scope.panel, period=scope.period, trashed=scope.trashed)

    def where(self) -> tuple[str, list[Any]]:
        """Return the condition over `experiment e`, and its parameters."""
        live = "e.deleted_at IS NOT NULL" if self._trashed else "e.deleted_at IS NULL"
        if not self._filter.strip():
            return live, []
        from registry.search import compile_filter

        compiled = compile_filter(self._filter, self._session, metrics=self.metrics, trashed=self._trashed)
        return f"{live} AND ({compiled.where})", list(compiled.params)

    def listing(self, sort: str | Sequence[str], columns: str | Sequence[str] | None = None) -> Listing:
        """Return the listing, its metrics read where the filter reads them."""
        return compile_listing(self._session, sort, columns, self.metrics, trashed=self._trashed)


def _ordered(
    session: Session, question: _Question, sort: str, limit: int | None = None, what: str = "e.id"
) -> list[Any]:
    listing = question.listing(sort)
    return [row[0] for row in session.rows(*listing.ids(*question.where(), at_most(limit), what=what))]


def ids(
    session: Session,
    filter: str = "",
    sort: str = DEFAULT_SORT,
    limit: int | None = None,
    scope: Scope = LIVE,
) -> list[int]:
    """Return the ids of the experiments that match, in order.

    Metrics are read on the panel and period chosen; see `registry.search.basis`.

    Raises:
        FilterError: the filter or a sort key can't be understood, or names something unknown.
        AmbiguousPanelError: metrics are asked for, and there are several panels or periods to read them on.
    """
    return _ordered(session, _Question(session, filter, scope), sort, limit)


def hashes(
    session: Session,
    filter: str = "",
    sort: str = DEFAULT_SORT,
    limit: int | None = None,
    scope: Scope = LIVE,
) -> list[str]:
    """Return the full hashes of the experiments that match, in order. Raises as `ids`."""
    question = _Question(session, filter, scope)
    return _ordered(session, question, sort, limit, "e.config_hash")


def _count_all(session: Session, trashed: bool) -> int:
    there = "NOT NULL" if trashed else "NULL"
    found: int = session.once(f"SELECT count(*) FROM experiment WHERE deleted_at IS {there}")[0][0]
    return found


def _count(session: Session, question: _Question) -> int:
    where, parameters = question.where()
    found: int = session.value(f"SELECT count(*) FROM experiment e WHERE {where}", parameters)
    return found


def count(
    session: Session,
    filter: str = "",
    scope: Scope = LIVE,
) -> int:
    """Return how many experiments match. Raises as `ids`."""
    return _count(session, _Question(session, filter, scope))


def browse(
    session: Session,
    filter: str,
    sort: str,
    scope: Scope = LIVE,
    *,
    columns: Sequence[str] = (),
    folded: bool = False,
    unfolded: Collection[str] = (),
) -> Browse:
    """Return the matching ids, in order, and how many experiments there are without the filter.

    Of the columns those this registry knows come back by their labels. Raises as `ids`, but for unknown columns.
    """
    question = _Question(session, filter, scope)
    listing = question.listing(sort)
    where, parameters = question.where()
    found = session.integers(*listing.ids(where, parameters, None))
    total = _count_all(session, scope.trashed) if filter.strip() else len(found)
    known = _known_columns(question, columns)
    basis = question.metrics.in_force
    note = question.metrics.note(where, parameters)
    if not folded:
        return Browse(found, total, basis, known, metrics_note=note)
    from registry.folding import fold, metric_of

    judged_by = metric_of(sort, known)
    lines, folds = fold(session, found, judged_by, question.metrics, unfolded)
    return Browse(lines, total, basis, known, folds, note)


def _known_columns(question: _Question, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of the columns that can be shown: what was chosen for another registry may be unknown here."""
    try:
        return tuple(question.listing((), columns).labels) if columns else ()
    except AmbiguousPanelError:
        raise
    except FilterError:
        known = []
        for column in columns:
            with suppress(FilterError):
                known += question.listing((), [column]).labels
        return tuple(dict.fromkeys(known))


def search(
    session: Session,
    filter: str,
    sort: str,
    limit: int | None,
    offset: int,
    columns: str | Sequence[str] | None,
    scope: Scope = LIVE,
) -> Results:
    """Return the matching experiments as rows with the columns asked for. Raises as `ids`."""
    limit, offset = at_most(limit), min(_number("offset", offset), _MOST)
    question = _Question(session, filter, scope)
    listing = question.listing(sort, columns)
    where, parameters = question.where()
    rows = listing.read(session.rows(*listing.rows(where, parameters, limit, offset)))
    complete = limit is None and not offset
    total = len(rows) if complete else session.value(f"SELECT count(*) FROM experiment e WHERE {where}", parameters)
    metrics = question.metrics
    note = metrics.note(where, parameters)
    return Results(
        listing.labels, rows, total, metrics_from=metrics.read_from, metrics_note=note, tried=_tried(session, metrics)
    )


def bases(
    session: Session,
    filter: str = "",
    scope: Scope = LIVE,
) -> list[Basis]:
    """Return the panels and periods that metrics of the matching experiments may be read on.

    Those of their latest runs, the most common first. Raises as `ids`.
    """
    return _Question(session, filter, scope).metrics.choices()


def rows_of(
    session: Session,
    hashes: Sequence[str],
    columns: str | Sequence[str] | None,
    *,
    panel: str | None = None,
    period: str | None = None,
) -> Results:
    """Return what `search` shows of the experiments with these full hashes, live or in the trash, as ordered.

    Raises:
        FilterError: a column can't be understood, or names something unknown.
    """
    return _rows_of(session, hashes, columns, Metrics(session, panel=panel, period=period))


def metrics_of(
    session: Session,
    hashes: Sequence[str],
    names: Sequence[str] | None = None,
    *,
    panel: str | None = None,
    period: str | None = None,
) -> Results:
    """Return `hash` and metrics, such as `m.edge`, of experiments, live or in the trash, as ordered.

    Without `names` they are all that a run of these experiments has. They are read from each experiment's latest run
    on the panel and period chosen, or on those that the latest runs of these experiments agree on.

    Raises:
        FilterError: a name is no metric, or one that no run has; or the panel or period is not there.
        AmbiguousPanelError: none was chosen, and their latest runs differ in it.
    """
    from registry.search import only_metrics
    from registry.search.words import write_name
    from registry.store.session import INTEGERS, TEXTS, as_list

    ids = [id_ for (id_,) in session.rows(f"SELECT id FROM experiment WHERE config_hash IN {TEXTS}", [as_list(hashes)])]
    if names is None:
        theirs = f"SELECT DISTINCT metric FROM run_metric WHERE id IN {INTEGERS} ORDER BY metric"
        names = [write_name(name, "m") for (name,) in session.rows(theirs, [as_list(ids)])]
    only_metrics(names)
    return _rows_of(session, hashes, ["hash", *names], Metrics(session, panel=panel, period=period, among=ids))


def _rows_of(session: Session, hashes: Sequence[str], columns: str | Sequence[str] | None, metrics: Metrics) -> Results:
    from registry.store.session import TEXTS, as_list

    listing = compile_listing(session, DEFAULT_SORT, columns, metrics, trashed=None)
    which = f"e.config_hash IN {TEXTS}", [as_list(hashes)]
    keys = session.rows(*listing.ids(*which, what="e.config_hash"))
    rows = listing.read(session.rows(*listing.rows(*which)))  # in the same order
    by_hash = {key[0]: row for key, row in zip(keys, rows, strict=True)}
    made = [by_hash[full] for full in hashes if full in by_hash]
    return Results(
        listing.labels,
        made,
        metrics_from=metrics.read_from,
        metrics_note=metrics.note(*which),
        tried=_tried(session, metrics),
    )


def _tried(session: Session, metrics: Metrics) -> int:
    """Return how many were tried where metrics were read; 0 where none were."""
    if metrics.in_force is None:
        return 0
    from registry.runs.trials import tried

    return tried(session, metrics.in_force).configurations


def tagged(session: Session, tag: str) -> list[int]:
    """Return the ids of the live experiments with exactly this tag, newest first."""
    found = session.rows(
        "SELECT id FROM experiment WHERE deleted_at IS NULL AND id IN (SELECT id FROM tag WHERE tag = ?)"
        " ORDER BY created_at DESC, id",
        [tag],
    )
    return [row[0] for row in found]


def trash(session: Session) -> Results:
    """Return what lies in the trash, last deleted first."""
    rows = session.rows(
        "SELECT config_hash, deleted_at, description, created_at FROM experiment WHERE deleted_at IS NOT NULL"
        " ORDER BY deleted_at DESC, id"
    )
    return Results(
        ["config_hash", "deleted_at", "description", "created_at"],
        [(row[0], utc(row[1]), row[2], utc(row[3])) for row in rows],
    )
