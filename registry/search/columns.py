"""The columns a list can show and be sorted by, as SQL.

    hash, created, registered, description, tags, features, parent, notes, runs,
    w.NAME, hp.NAME, transform.NAME, m.NAME, min(m.NAME)

A page is picked and ordered first, the other tables are only read for its experiments (measured at 100,000
experiments: 15 ms instead of 113). Absent values come last whichever way a list is sorted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from registry.errors import FilterError
from registry.search.basis import Metrics
from registry.search.names import KnownNames, Target, hyperparameter_is, resolve
from registry.search.words import check_characters, quote, shown, split_name, trouble, write_name
from registry.store.schema import STAMP

if TYPE_CHECKING:
    from registry.store import Session

DEFAULT_COLUMNS: Final = ("config_hash", "created_at", "description", "tags", "features")
DEFAULT_SORT: Final = "-created"

_ITEM = re.compile(
    r"""\s*(?P<sign>-?)\s*(?P<name>(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,"'])*)\s*(?P<end>,|$)""", re.S
)
_CARRIED = ("id", "config_hash", "created_at", "registered_at", "description", "n_features", "parent", "deleted_at")


@dataclass(frozen=True, slots=True)
class Column:
    """One thing a list can show and sort by. In its SQL `{t}` is the table `source` joined by id."""

    value: str
    """What is shown."""
    keys: tuple[str, ...] = ()
    """What it is sorted by, in this order; what is shown, when there are none."""
    source: str = ""
    """A query with an `id` and at most one row for each; `{0}` takes a further condition on id."""
    params: tuple[Any, ...] = ()
    read: Callable[[Any], Any] | None = None
    """Turns what the engine hands over into the value; None is never handed to it."""


def _read_parameter(text: str) -> Any:
    return text[1:] if text[0] == "s" else json.loads(text[1:])


_FIXED: Final[dict[str, Column]] = {
    "hash": Column("e.config_hash"),
    "created": Column(STAMP.format("e.created_at"), ("e.created_at",)),
    "registered": Column(STAMP.format("e.registered_at"), ("e.registered_at",)),
    "description": Column("e.description", ("nullif(lower(e.description), '')", "e.description")),
    "tags": Column(
        "coalesce({t}.tags, []::VARCHAR[])",
        ("array_to_string({t}.tags, ', ')",),
        "SELECT id, list(tag ORDER BY position) AS tags FROM tag WHERE TRUE{0} GROUP BY id",
    ),
    "features": Column("e.n_features"),
    "deleted": Column(STAMP.format("e.deleted_at"), ("e.deleted_at",)),  # when it went into the trash
    "parent": Column("e.parent"),
    # sorted by the latest note: what was looked at last
    "notes": Column(
        "coalesce({t}.notes, []::VARCHAR[])",
        ("{t}.latest",),
        "SELECT id, list(note ORDER BY noted_at) AS notes, max(noted_at) AS latest FROM note WHERE TRUE{0} GROUP BY id",
    ),
    "runs": Column("coalesce({t}.runs, 0)", (), "SELECT id, count(*) AS runs FROM run WHERE TRUE{0} GROUP BY id"),
}
_ALSO: Final = {"config_hash": "hash", "created_at": "created", "registered_at": "registered", "deleted_at": "deleted"}

COLUMNS: Final[dict[str, str]] = {**{name: name for name in _FIXED}, **_ALSO}
"""Every fixed name of a column; what records call it is accepted too."""


def _weight(name: str) -> Column:
    return Column("{t}.weight", (), "SELECT id, weight FROM feature WHERE feature = ?{0}", (name,))


def _transformation(name: str) -> Column:
    return Column("{t}.transformation", (), "SELECT id, transformation FROM feature WHERE feature = ?{0}", (name,))


def _hyperparameter(name: str, path: Sequence[str] | None) -> Column:
    where, which = hyperparameter_is(name, path)
    source = f"FROM hyperparameter WHERE {where}{{0}}"
    fields = "id, kind, number, exact, value"
    if path is None and "." in name:  # one experiment may have the flat key and a nested one; the flat one shows
        source = f"SELECT DISTINCT ON (id) {fields} {source} ORDER BY id, length(path)"
    else:
        source = f"SELECT {fields} {source}"
    return Column(
        "CASE WHEN {t}.kind = 'string' THEN 's' ELSE 'j' END || {t}.value",
        (
            "CASE WHEN {t}.kind = 'number' THEN 1 WHEN {t}.kind = 'string' THEN 2 WHEN {t}.kind IS NOT NULL THEN 3 END",
            "{t}.number",
            "TRY_CAST({t}.exact AS HUGEINT)",  # tells whole numbers apart that share a double
            "CASE WHEN {t}.kind <> 'number' THEN {t}.value END",
        ),
        source,
        (which,),
        _read_parameter,
    )


def _column(target: Target, metrics: Metrics) -> Column:
    match target.kind:
        case "attribute":
            return _FIXED[COLUMNS[target.name]]
        case "weight":
            return _weight(target.name)
        case "transformation":
            return _transformation(target.name)
        case "hyperparameter":
            return _hyperparameter(target.name, target.path)
        case "metric":
            source, params = metrics.values(target)
            return Column("{t}.value", (), source, params)


def _metrics_at_once(targets: Mapping[str, Target], metrics: Metrics) -> dict[str, Column]:
    """Return the columns of metrics, where there are several, as columns of one table."""
    names = {label: target.name for label, target in targets.items() if target.kind == "metric" and not target.over}
    if len(names) < 2:
        return {}
    source, params = metrics.side_by_side(list(names.values()))
    return {label: Column(f"{{t}}.v{i}", (), source, params) for i, label in enumerate(names)}


_RECORDED: Final = {short: name for name, short in _ALSO.items()}


def _label(target: Target) -> str:
    """Return what a column is called: one name for one thing, however it was asked for."""
    if target.kind == "attribute":
        name = COLUMNS[target.name]
        return _RECORDED.get(name, name)
    if target.kind == "metric":
        return target.written
    if target.kind == "hyperparameter" and target.path is not None and "." in target.name:
        return ".".join(["hp", *map(quote, target.path)])  # hp."a.b" is not hp.a.b
    prefix = {"weight": "w", "hyperparameter": "hp", "transformation": "transform"}[target.kind]
    return write_name(target.name, prefix)


class _Sources:
    """The tables that columns need, each joined once, with their parameters in order."""

    def __init__(self, alias: str, condition: str = "") -> None:
        self._alias = alias
        self._condition = condition
        self._aliases: dict[tuple[str, tuple[Any, ...]], str] = {}
        self.params: list[Any] = []

    def place(self, sql: str, column: Column) -> str:
        """Return `sql` of `column` with its table's alias in it; the table is joined from now on."""
        if not column.source:
            return sql
        key = (column.source, column.params)
        if key not in self._aliases:
            self._aliases[key] = f"{self._alias}{len(self._aliases)}"
            self.params += column.params
        return sql.replace("{t}", self._aliases[key])

    @property
    def joins(self) -> str:
        """The LEFT JOINs, to follow `FROM experiment e`."""
        return "".join(
            f" LEFT JOIN ({source.replace('{0}', self._condition)}) {alias} ON {alias}.id = e.id"
            for (source, _), alias in self._aliases.items()
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """Columns and an order, ready to be put around a condition over `experiment e`."""

    labels: list[str]
    """The names of the columns as records have them, however they were asked for: config_hash, w.NAME."""
    columns: list[Column]
    sort: list[tuple[Column, bool]]
    """What the list is sorted by, and whether downwards."""

    def ids(
        self, where: str, params: Sequence[Any], limit: int | None = None, offset: int = 0, what: str = "e.id"
    ) -> tuple[str, list[Any]]:
        """Return the statement, with its parameters, for the ids (or `what`) that match, in order."""
        sources = _Sources("s")
        order = "".join(f"{key} {way}, " for key, way in self._keys(sources))
        sql = f"SELECT {what} FROM experiment e{sources.joins} WHERE {where} ORDER BY {order}e.id{_cut(limit, offset)}"
        return sql, [*sources.params, *params]

    def rows(
        self, where: str, params: Sequence[Any], limit: int | None = None, offset: int = 0
    ) -> tuple[str, list[Any]]:
        """Return the statement, with its parameters, for the rows that match, in order; see `read`."""
        sorting, showing = _Sources("s"), _Sources("c", " AND id IN (SELECT id FROM page)")
        keys = self._keys(sorting)
        carried = [*(f"e.{name}" for name in _CARRIED), *(f"{key} AS key{i}" for i, (key, _) in enumerate(keys))]
        shown_columns = [showing.place(column.value, column) for column in self.columns]
        order = "".join(f"{{0}}key{i} {way}, " for i, (_, way) in enumerate(keys))
        sql = (
            f"WITH page AS MATERIALIZED (SELECT {', '.join(carried)} FROM experiment e{sorting.joins}"
            f" WHERE {where} ORDER BY {order.replace('{0}', '')}e.id{_cut(limit, offset)})"
            f" SELECT {', '.join(shown_columns)} FROM page e{showing.joins} ORDER BY {order.replace('{0}', 'e.')}e.id"
        )
        return sql, [*sorting.params, *params, *showing.params]

    def read(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Return rows of that statement with every value as Python has it."""
        readers = [(i, column.read) for i, column in enumerate(self.columns) if column.read is not None]
        if not readers:
            return [tuple(row) for row in rows]
        read = []
        for row in rows:
            values = list(row)
            for i, reader in readers:
                if values[i] is not None:
                    values[i] = reader(values[i])
            read.append(tuple(values))
        return read

    def _keys(self, sources: _Sources) -> list[tuple[str, str]]:
        return [
            (sources.place(key, column), "DESC NULLS LAST" if downwards else "ASC NULLS LAST")
            for column, downwards in self.sort
            for key in (column.keys or (column.value,))
        ]


def _cut(limit: int | None, offset: int) -> str:
    return (f" LIMIT {int(limit)}" if limit is not None else "") + (f" OFFSET {int(offset)}" if offset else "")


def compile_listing(
    session: Session,
    sort: str | Sequence[str] = DEFAULT_SORT,
    columns: str | Sequence[str] | None = None,
    metrics: Metrics | None = None,
    *,
    trashed: bool | None = False,
) -> Listing:
    """Return the listing for sort keys and columns, their names checked against the registry of `session`.

    Both are texts with commas, `-created,w."mom 12-1"`, or sequences with one name in each item. `metrics` is
    where `m.NAME` is read; when not given, on the one panel and period of the latest runs of all experiments.
    `trashed` says whose names are known: those of live experiments, of the ones in the trash, or (None) of both.

    Raises:
        FilterError: not a list of names, or an unknown or ambiguous one.
        AmbiguousPanelError: metrics are asked for, and there are several panels or periods to read them on.
    """
    known = KnownNames(session, trashed)
    metrics = Metrics(session) if metrics is None else metrics
    targets: dict[str, Target] = {}
    for item in _items(DEFAULT_COLUMNS if columns is None else columns, signs=False):
        target = item.target(known)
        targets.setdefault(_label(target), target)
    if not targets:
        raise FilterError("no columns were named; leave them out for the usual ones")
    made = {label: _column(target, metrics) for label, target in targets.items()} | _metrics_at_once(targets, metrics)
    keys = [(_column(item.target(known), metrics), item.downwards) for item in _items(sort, signs=True)]
    return Listing(list(made), list(made.values()), keys)


def only_metrics(names: Sequence[str]) -> None:
    """Check that every one of these names asks for a metric.

    Raises:
        FilterError: one of them does not.
    """
    for name in names:
        if split_name(name).prefix != "m":
            raise trouble(name, 0, f"{shown(name)} is no metric", "write m.NAME, such as m.edge")


@dataclass(frozen=True, slots=True)
class _Item:
    """A name in a list, and where it stands."""

    label: str
    downwards: bool
    text: str
    at: int

    def target(self, known: KnownNames) -> Target:
        return resolve(split_name(self.label, self.at), known, self.text, COLUMNS)


def _items(given: str | Sequence[str], *, signs: bool) -> list[_Item]:
    """Take lists of names apart: commas separate, quotes keep commas and spaces together."""
    items: list[_Item] = []
    for text in [given] if isinstance(given, str) else given:
        check_characters(text)
        position, end = 0, len(text.rstrip())
        while position < end:
            found = _ITEM.match(text, position)
            if found is None:
                at = position + len(text[position:]) - len(text[position:].lstrip())
                raise trouble(
                    text, at, f"{shown(text[at:])} names no column", "separate names with commas, quote odd ones"
                )
            if not found["name"] or (found["sign"] and not signs):
                raise trouble(text, found.start("sign"), "a name is missing", "write a column, such as created")
            items.append(_Item(found["name"], bool(found["sign"]), text, found.start("name")))
            position = found.end()
    return items
