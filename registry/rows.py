"""Experiments as they come out of the tables: configurations, and the light rows that screens page through."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from registry.config import ExperimentConfig
from registry.errors import HashMismatchError

if TYPE_CHECKING:
    from registry.runs.record import Run
    from registry.search import Basis
    from registry.store import Session

RUNS_SHOWN = 20
"""Runs that come with an experiment's details."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a list shows of one experiment."""

    id: int
    """Order of registration; the key `page` takes. Not stable across files."""
    config_hash: str
    created_at: str
    description: str
    tags: list[str]
    n_features: int
    weights: dict[str, float]
    parent: str | None
    deleted_at: str | None
    metrics: dict[str, float] = field(default_factory=dict)
    """Those asked for that its latest run on the panel and period in force has, by the names they were asked by."""
    values: dict[str, Any] = field(default_factory=dict)
    """What it has in the further columns asked for, by their labels; what is absent is left out."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fold:
    """The experiments of one sweep among those that match, as one line of a list."""

    tag: str
    """The sweep's name."""
    parent: str
    """Full hash of the experiment they are variants of."""
    ids: array[int]
    """Its experiments, in the list's order."""
    metric: str | None = None
    """The metric they are judged by."""
    best: float | None = None
    """The best value, by the metric's direction; None when no member has one."""
    low: float | None = None
    high: float | None = None
    evaluated: int = 0
    """How many members have a value."""


@dataclass(frozen=True, slots=True)
class Browse:
    """The experiments that match, by id and in order, without their contents: small at any number."""

    ids: array[int]
    """Those of experiments; with folds, a negative number -n stands for the n-th fold."""
    total: int
    """How many experiments there are without a filter."""
    basis: Basis | None = None
    """The panel and period that metrics of the filter, order or columns were read on; `page` takes them."""
    columns: tuple[str, ...] = ()
    """The labels of those of the columns asked for that this registry knows."""
    folds: tuple[Fold, ...] = ()
    """The sweeps that stand for their experiments, when they were to be folded."""
    metrics_note: str | None = None
    """What keeps those metrics from being comparable, as in `Results`."""

    @property
    def matched(self) -> int:
        """How many match, those in folds included."""
        return len(self.ids) + sum(len(fold.ids) - 1 for fold in self.folds)

    @property
    def metrics_from(self) -> str | None:
        """That panel and period as one text, as in `Results`."""
        return None if self.basis is None else str(self.basis)


@dataclass(frozen=True, slots=True)
class Names:
    """The names in use with the number of experiments that use each: for completion and help."""

    features: dict[str, int] = field(default_factory=dict)
    hyperparameters: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)
    """With the number of runs that have each."""
    panels: dict[str, int] = field(default_factory=dict)
    """With the number of runs on each."""
    aliases: dict[str, int] = field(default_factory=dict)
    """With the version in force."""
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    """Values that hyperparameters and transformations take, where they were asked for; see `registry.profile`."""


@dataclass(frozen=True, slots=True)
class Note:
    """One dated line of the notes of an experiment."""

    at: str
    note: str


@dataclass(frozen=True, slots=True)
class Details:
    """Everything there is to show of one experiment."""

    config: ExperimentConfig
    registered_at: str
    notes: list[Note]
    old_hashes: list[str]
    children: list[str]
    """Full hashes of the experiments derived from this one, oldest first."""
    deleted_at: str | None
    runs: list[Run] = field(default_factory=list)
    """The newest runs, with their windows; `run_count` says how many there are."""
    run_count: int = 0
    aliases: list[str] = field(default_factory=list)
    """Aliases that point to it now."""
    parent_inferred: bool = False
    """The parent is a guess that somebody recorded."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists: the configuration's fields and what surrounds them."""
        return {
            **self.config.to_dict(),
            "registered_at": self.registered_at,
            "deleted_at": self.deleted_at,
            "notes": [asdict(note) for note in self.notes],
            "old_hashes": self.old_hashes,
            "children": self.children,
            "runs": [run.summary() for run in self.runs],
            "aliases": self.aliases,
            "parent_inferred": self.parent_inferred,
        }


def utc(moment: datetime | None) -> str | None:
    """Return a moment of a TIMESTAMP column as ISO text in UTC with microseconds."""
    return None if moment is None else moment.replace(tzinfo=UTC).isoformat(timespec="microseconds")


CONFIG = (
    "e.id, e.config_hash, e.created_at, e.description, e.feature_names, e.feature_weights,"
    " e.feature_transformations, e.hyperparameters, e.parent"
)


def configs(session: Session, ids: Sequence[int]) -> list[ExperimentConfig]:
    """Return the configurations with these ids, in the order asked; each is checked against its hash.

    Raises:
        HashMismatchError: a stored configuration was altered.
    """
    from registry.store.session import INTEGERS, as_list

    wanted = as_list(ids)
    tags = tags_of(session, wanted)
    made = {}
    for row in session.rows(f"SELECT {CONFIG} FROM experiment e WHERE e.id IN {INTEGERS}", [wanted]):
        made[row[0]] = make_config(row, tags.get(row[0], []))
    return [made[id_] for id_ in ids if id_ in made]


def make_config(row: Sequence[Any], tags: Iterable[str]) -> ExperimentConfig:
    """Return the configuration in a row of the experiment table, checked against its hash."""
    _, config_hash, created_at, description, names, weights, transformations, hyperparameters, parent = row[:9]
    try:
        return ExperimentConfig(
            json.loads(names), json.loads(weights), json.loads(hyperparameters), json.loads(transformations),
            description, list(tags), utc(created_at), config_hash, parent=parent,
        )  # fmt: skip
    except ValueError as error:
        raise HashMismatchError(
            f"the stored experiment {config_hash[:12]} was altered ({error}); see all such with: experiments verify"
        ) from None


def tags_of(session: Session, ids: str) -> dict[int, list[str]]:
    """Return the tags by id; `ids` is the text `as_list` makes."""
    from registry.store.session import INTEGERS

    tags: dict[int, list[str]] = {}
    for id_, tag in session.rows(f"SELECT id, tag FROM tag WHERE id IN {INTEGERS} ORDER BY id, position", [ids]):
        tags.setdefault(id_, []).append(tag)
    return tags


def page(
    session: Session,
    ids: Sequence[int],
    metrics: Sequence[str] = (),
    *,
    columns: Sequence[str] = (),
    panel: str | None = None,
    period: str | None = None,
) -> list[Row]:
    """Return the rows with these ids, in the order asked; ids that are gone are left out.

    `metrics` are names as columns have them, `m.edge` or `min(m.edge)`, read on the panel and period chosen;
    `columns` are any columns, as `search` takes them.

    Raises:
        FilterError: not a metric, or an unknown metric, column, panel or period.
        AmbiguousPanelError: none was chosen, and the latest runs of these experiments differ in it.
    """
    from registry.store.session import INTEGERS, as_list

    wanted = as_list(ids)
    tags = tags_of(session, wanted)
    if metrics:
        from registry.search import only_metrics

        only_metrics(metrics)
    measured = _values_of(session, ids, metrics, panel, period)
    values = _values_of(session, ids, columns, panel, period)
    found = {
        row[0]: Row(
            row[0],
            row[1],
            utc(row[2]) or "",
            row[3],
            tags.get(row[0], []),
            row[4],
            json.loads(row[5]),
            row[6],
            utc(row[7]),
            measured.get(row[1], {}),
            values.get(row[1], {}),
        )
        for row in session.rows(
            "SELECT id, config_hash, created_at, description, n_features, feature_weights, parent, deleted_at"
            f" FROM experiment WHERE id IN {INTEGERS}",
            [wanted],
        )
    }
    return [found[id_] for id_ in ids if id_ in found]


def _values_of(
    session: Session, ids: Sequence[int], names: Sequence[str], panel: str | None, period: str | None
) -> dict[str, dict[str, Any]]:
    """Return the values of columns by hash and label; what is absent is left out."""
    if not names:
        return {}
    from registry.search import Metrics, compile_listing
    from registry.store.session import INTEGERS, as_list

    where = Metrics(session, panel=panel, period=period, among=ids)
    listing = compile_listing(session, (), ["hash", *names], where, trashed=None)
    rows = listing.read(session.rows(*listing.rows(f"e.id IN {INTEGERS}", [as_list(ids)])))
    return {
        row[0]: {name: value for name, value in zip(listing.labels[1:], row[1:], strict=True) if value is not None}
        for row in rows
    }


def details(session: Session, id_: int) -> Details:
    """Return everything about the experiment with this id."""
    from registry import aliases
    from registry.runs import reading

    row = session.one(
        f"SELECT {CONFIG}, e.registered_at, e.deleted_at, coalesce(e.parent_inferred, FALSE) FROM experiment e"
        " WHERE e.id = ?",
        [id_],
    )
    assert row is not None
    tags = [tag for (tag,) in session.rows("SELECT tag FROM tag WHERE id = ? ORDER BY position", [id_])]
    count: int = session.value("SELECT count(*) FROM run WHERE id = ?", [id_])
    notes = session.rows("SELECT noted_at, note FROM note WHERE id = ? ORDER BY noted_at", [id_])
    return Details(
        make_config(row, tags),
        utc(row[9]) or "",
        [Note(utc(at) or "", note) for at, note in notes],
        [old for (old,) in session.rows("SELECT old_hash FROM old_hash WHERE id = ?", [id_])],
        [
            child
            for (child,) in session.rows(
                "SELECT config_hash FROM experiment WHERE parent = ? AND deleted_at IS NULL ORDER BY created_at, id",
                [row[1]],
            )
        ],
        utc(row[10]),
        reading.runs(session, [id_], limit=RUNS_SHOWN, full=True) if count else [],
        count,
        aliases.of_experiments(session, [row[1]]).get(row[1], []),
        row[11],
    )


def _theirs(trashed: bool) -> str:
    """Return the condition on `id` that keeps what belongs to live experiments, or to those in the trash."""
    return f"id IN (SELECT id FROM experiment WHERE deleted_at IS {'NOT ' if trashed else ''}NULL)"


def tag_counts(session: Session, *, trashed: bool = False) -> dict[str, int]:
    """Return the tags of live or trashed experiments, each with how many have it, most used first."""
    return dict(session.rows(f"SELECT tag, count(*) FROM tag WHERE {_theirs(trashed)} GROUP BY 1 ORDER BY 2 DESC, 1"))


def names(session: Session, *, trashed: bool = False, only: Iterable[str] | None = None) -> Names:
    """Return the names in use by live experiments, or by those in the trash, most used first.

    With `only`, nothing but these fields of `Names`; the others are empty.
    """
    from registry import aliases

    theirs = _theirs(trashed)
    order = "GROUP BY 1 ORDER BY 2 DESC, 1"
    asked: dict[str, Callable[[], dict[str, int]]] = {
        "features": lambda: dict(session.rows(f"SELECT feature, count(*) FROM feature WHERE {theirs} {order}")),
        # a dotted name may be a flat key and a nested one in the same experiment
        "hyperparameters": lambda: dict(
            session.rows(
                "SELECT name, max(used) FROM"
                f" (SELECT name, path, count(*) AS used FROM hyperparameter WHERE {theirs} GROUP BY 1, 2) {order}"
            )
        ),
        "tags": lambda: tag_counts(session, trashed=trashed),
        "metrics": lambda: dict(session.rows(f"SELECT metric, count(*) FROM run_metric WHERE {theirs} {order}")),
        "panels": lambda: dict(session.rows(f"SELECT panel, count(*) FROM run WHERE {theirs} {order}")),
        "aliases": lambda: {move.alias: move.in_force for move in aliases.current(session)},
    }
    made = Names()
    for which in asked if only is None else only:
        getattr(made, which).update(asked[which]())
    return made
