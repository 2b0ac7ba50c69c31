"""Syntax tree to SQL: a condition over the table `experiment e`, every value a bound parameter.

Questions about other tables are semi-joins, never correlated subqueries (measured: those are the slow ones).
Every term is true or false and never NULL, so that `not` is the exact complement; it is pushed down to the
terms, because the engine's planning time explodes with nested NOTs over semi-joins (50 deep: over a second).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from registry.errors import FilterError
from registry.search import family, values
from registry.search.ast import Absent, Among, And, Compare, Everything, Match, Node, Not, Or, Text, Value
from registry.search.basis import Metrics, panel_ids, unknown_panel
from registry.search.comparing import FALSE, SQL, TRUE, Condition, compare_double, compare_number, compare_span
from registry.search.names import KnownNames, Target, hyperparameter_is, nearest, resolve
from registry.search.parser import parse
from registry.search.words import (
    ATTRIBUTES,
    CAN_BE_ABSENT,
    NUMBER,
    Name,
    quote,
    short,
    shown,
    trouble,
    write_value,
)

if TYPE_CHECKING:
    from registry.store import Session

_HOLDS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_HEX_WORD = re.compile(r"[0-9a-fA-F]{4,64}")
_OF_FAMILY: Final = {
    "hash": family.hash_, "parent": family.parent, "ancestor": family.ancestor, "alias": family.alias,
}  # fmt: skip
_ALSO_CALLED: Final = {
    **dict.fromkeys(("tags", "label", "labels"), "tag"),
    **dict.fromkeys(("description", "name", "title"), "desc"),
    **dict.fromkeys(("notes", "comment", "comments"), "note"),
    **dict.fromkeys(("config_hash", "sha", "id"), "hash"),
}
"""What other programs call an attribute."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition over `experiment e`, true or false for every row, and its parameters in order."""

    where: str = "TRUE"
    params: list[Any] = field(default_factory=list)


def compile_filter(
    text: str,
    session: Session,
    *,
    now: datetime | None = None,
    metrics: Metrics | None = None,
    trashed: bool | None = False,
) -> Compiled:
    """Return the SQL condition for a filter, its names checked against the registry of `session`.

    `now` is the moment that `-7d` counts from; the present one when not given. `metrics` is where `m.NAME`
    is read; when not given, on the one panel and period of the latest runs of what may match. `trashed` says
    whose names are known: those of live experiments, of the ones in the trash, or (None) of both.

    Raises:
        FilterError: not a filter, or an unknown or ambiguous name, or a value that can't be compared.
        AmbiguousPanelError: metrics are asked for, and there are several panels or periods to read them on.
    """
    metrics = Metrics(session, text, now=now) if metrics is None else metrics
    where, params = _Compiler(text, session, now, metrics, trashed).node(parse(text), True)
    return Compiled(where, params)


def compile_candidates(
    node: Node, text: str, session: Session, now: datetime | None = None, *, trashed: bool | None = False
) -> Compiled:
    """Return the SQL condition for what the filter `text` may find, whatever the metrics of the runs are.

    Raises:
        FilterError: an unknown or ambiguous name, or a value that can't be compared.
    """
    where, params = _Compiler(text, session, now, None, trashed).node(node, True)
    return Compiled(where, params)


class _Compiler:
    def __init__(
        self, text: str, session: Session, now: datetime | None, metrics: Metrics | None, trashed: bool | None
    ) -> None:
        self.text = text
        self.session = session
        self.known = KnownNames(session, trashed)
        self.now = now
        self.metrics = metrics
        """Where metrics are read; None lets every term about one hold, and its opposite too."""

    def node(self, node: Node, wanted: bool) -> Condition:
        """Return the condition that `node` is `wanted` (true or false)."""
        match node:
            case Not(item):
                return self.node(item, not wanted)
            case And(items) | Or(items):
                parts = [self.node(item, wanted) for item in items]
                word = " AND " if isinstance(node, And) == wanted else " OR "
                return f"({word.join(sql for sql, _ in parts)})", [value for _, given in parts for value in given]
        if self.metrics is None and isinstance(node, (Compare, Among, Absent)) and node.name.prefix == "m":
            return TRUE
        sql, given = self.term(node)
        return (sql, given) if wanted else (f"NOT ({sql})", given)

    def term(self, node: Node) -> Condition:
        match node:
            case Everything():
                return TRUE
            case Text(text):
                return text_anywhere(text)
            case Match(name, value):
                return self.match(name, value)
            case Compare(name, op, value):
                target = self.target(self.not_turned(name, op, value))
                if target.name == "runs" and target.kind == "attribute":
                    return self.runs(op, [value])
                return self.on(target, [self.compare(target, op, value)])
            case Among(name, given):
                target = self.target(name)
                if target.name == "runs" and target.kind == "attribute":
                    return self.runs("=", given)
                return self.on(target, [self.compare(target, "=", value) for value in given])
            case Absent(name):
                return self.absent(name)
        raise AssertionError(node)  # And, Or and Not are no terms

    def target(self, name: Name) -> Target:
        """Return what is compared; an attribute that holds text is not."""
        target = resolve(name, self.known, self.text)
        if target.kind == "attribute" and ATTRIBUTES[target.name] == "text":
            raise trouble(
                self.text, name.at, f"{target.name} is not compared", f"it is asked with a colon: {target.name}:VALUE"
            )
        return target

    def not_turned(self, name: Name, op: str, value: Value) -> Name:
        """Return `name`, unless it is a number that nothing is called: then the comparison is the wrong way round."""
        if name.prefix or name.path is not None or not NUMBER.fullmatch(name.text):
            return name
        if not (self.known.feature(name.text) or self.known.hyperparameter(name.text, None)):
            written = quote(value.text) if value.quoted else "NAME" if value.text.endswith(".") else value.text
            turned = op.translate(str.maketrans("<>", "><"))
            advice = f"the name comes first: write {short(f'{written} {turned} {name.text}')}"
            raise trouble(self.text, name.at, f"{shown(name.text)} is no name", advice)
        return name

    # where a term looks

    def on(self, target: Target, conditions: Sequence[Condition]) -> Condition:
        """Return the condition that any of `conditions` holds for the target of an experiment."""
        source, params = self.values(target) if target.kind == "metric" else ("", [])
        kept = _gathered(condition for condition in conditions if condition != FALSE)
        if not kept:
            return FALSE
        either = " OR ".join(sql for sql, _ in kept)
        given = [value for _, part in kept for value in part]
        if target.kind == "attribute":
            return f"({either})", given
        if target.kind == "metric":
            return f"e.id IN (SELECT id FROM ({source}) WHERE {either})", [*params, *given]
        if target.kind == "hyperparameter":
            where, which = hyperparameter_is(target.name, target.path)
            return f"e.id IN (SELECT id FROM hyperparameter WHERE {where} AND ({either}))", [which, *given]
        return f"e.id IN (SELECT id FROM feature WHERE feature = ? AND ({either}))", [target.name, *given]

    def values(self, target: Target) -> Condition:
        """Return the query for `id` and `value` of a metric, and its parameters."""
        assert self.metrics is not None
        source, params = self.metrics.values(target)
        return source.replace("{0}", ""), list(params)

    def runs(self, op: str, given: Sequence[Value]) -> Condition:
        """Return the condition that the number of runs compares so with any of the values."""
        numbers = [self.count("runs", value) for value in given]
        either = [compare_double("count(*)", op, number) for number in numbers]
        having = " OR ".join(sql for sql, _ in either)
        params = [value for _, part in either for value in part]
        if any(_HOLDS[op](0, number) for number in numbers):  # those without a run are in no group
            return f"NOT (e.id IN (SELECT id FROM run GROUP BY id HAVING NOT ({having})))", params
        return f"e.id IN (SELECT id FROM run GROUP BY id HAVING {having})", params

    def count(self, name: str, value: Value) -> int | float:
        number = values.read_number(value, self.text)
        if number is None:
            raise trouble(self.text, value.at, f"{shown(value.text)} is no number", f"{name} counts them")
        return number

    def absent(self, name: Name) -> Condition:
        target = resolve(name, self.known, self.text)
        if target.kind == "hyperparameter":
            sql, given = self.on(target, [TRUE])
        elif target.kind == "metric":
            sql, given = self.on(target, [("value IS NOT NULL", [])])
        elif target.kind != "attribute":
            column = "weight" if target.kind == "weight" else "transformation"
            sql, given = self.on(target, [(f"{column} IS NOT NULL", [])])
        elif target.name in ("tag", "note"):
            sql, given = f"e.id IN (SELECT id FROM {target.name})", []
        elif target.name == "panel":
            sql, given = "e.id IN (SELECT id FROM run)", []
        elif target.name == "desc":
            return "(e.description = '')", []
        elif target.name == "alias":
            sql, given = f"e.config_hash IN ({family.ALIASED})", []
        elif target.name in ("parent", "ancestor"):
            return "(e.parent IS NULL)", []
        else:
            raise trouble(
                self.text, name.at, f"{target.name} is never absent", f"only {', '.join(CAN_BE_ABSENT)}, weights,"
                " hyperparameters, transformations and metrics can be",
            )  # fmt: skip
        return f"NOT ({sql})", given

    # name:value

    def match(self, name: Name, value: Value) -> Condition:
        field_name = name.text if not name.prefix else ""
        written = value.text
        match field_name:
            case "tag":
                return "e.id IN (SELECT id FROM tag WHERE tag = ?)", [written]
            case "desc":
                return "contains(lower(e.description), lower(?))", [written]
            case "note":
                return "e.id IN (SELECT id FROM note WHERE contains(lower(note), lower(?)))", [written]
            case "feature":
                return self.feature(value)
            case "panel":
                return self.panel(value)
            case "hash" | "parent" | "ancestor" | "alias":
                return _OF_FAMILY[field_name](value, self.known, self.text)
        raise self.no_field(name, value)

    def no_field(self, name: Name, value: Value) -> FilterError:
        """Return the error for a colon after something that is compared, or that is nothing."""
        written = self.text[name.at : value.at].rstrip().removesuffix(":").rstrip()
        example = short(f"{written} = {quote(value.text) if value.quoted else value.text}")
        if name.prefix or name.text in ATTRIBUTES:
            return trouble(self.text, name.at, f"{short(written)} is compared, not matched", f"write {example}")
        if self.known.feature(name.text) or self.known.hyperparameter(name.text, name.path):
            return trouble(self.text, name.at, f"unknown attribute {shown(name.text)}", f"write {example}")
        attributes = [key for key, kind in ATTRIBUTES.items() if kind == "text"]
        near = nearest(name.text, [*attributes, *_ALSO_CALLED])
        near = _ALSO_CALLED.get(near or "", near)
        if near is not None:
            return trouble(self.text, name.at, f"unknown attribute {shown(name.text)}", suggestion=f"{near}:")
        advice = f"quote the text to search for it, or use one of {', '.join(f'{key}:' for key in attributes)}"
        return trouble(self.text, name.at, f"unknown attribute {shown(name.text)}", advice)

    def feature(self, value: Value) -> Condition:
        listed = "e.id IN (SELECT id FROM feature WHERE listed AND {})"
        if "*" in value.text and not value.quoted:
            pattern = re.sub(r"([\\%_])", r"\\\1", value.text).replace("*", "%")
            there = self.known.matches(pattern)
            condition = listed.format(r"feature LIKE ? ESCAPE '\'"), [pattern]
        else:
            there = self.known.feature(value.text)
            condition = listed.format("feature = ?"), [value.text]
        if there or self.known.empty():
            return condition
        near = nearest(value.text.replace("*", ""), self.known.features())
        suggestion = None if near is None else f"feature:{write_value(near)}"
        what = f"unknown feature {shown(value.text)}"
        raise trouble(self.text, value.at, what, "no experiment has one of that name", suggestion=suggestion)

    def panel(self, value: Value) -> Condition:
        ids = panel_ids(value.text, self.session)
        if ids:
            return f"e.id IN (SELECT id FROM run WHERE panel_id IN ({', '.join('?' * len(ids))}))", list(ids)
        if not self.known.has_runs():
            return FALSE
        what, near = unknown_panel(value.text, self.known)
        suggestion = None if near is None else f"panel:{write_value(near)}"
        raise trouble(self.text, value.at, what, "no run is on one of that name", suggestion=suggestion)

    # name op value

    def compare(self, target: Target, op: str, value: Value) -> Condition:
        if target.kind == "attribute":
            if ATTRIBUTES[target.name] == "date":
                column = {"created": "e.created_at", "registered": "e.registered_at"}[target.name]
                return self.compare_time(column, op, value)
            return compare_double("e.n_features", op, self.count(target.name, value))
        if target.kind == "transformation":
            return f"transformation {SQL[op]} ?", [value.text]
        number = values.read_number(value, self.text)
        if target.kind == "metric":
            if number is None:
                advice = f"write {short(target.written)} is absent" if value.text.lower() == "null" else ""
                raise trouble(self.text, value.at, f"{shown(value.text)} is no number", advice or "metrics are numbers")
            return compare_double("value", op, number)
        if target.kind == "weight":
            return FALSE if number is None else compare_double("weight", op, number)
        if number is not None:
            sql, given = compare_number(op, number)
            return f"kind = 'number' AND {sql}", given
        if (constant := values.read_constant(value)) is not None:
            if op not in ("=", "!="):
                raise trouble(
                    self.text, value.at, f"{constant[1]} has no order", "compare it with = or !=, or quote it as text"
                )
            return f"kind = ? AND value {SQL[op]} ?", list(constant)
        return f"kind = 'string' AND value {SQL[op]} ?", [value.text]

    def compare_time(self, column: str, op: str, value: Value) -> Condition:
        span = values.read_span(value, self.text, self.now)
        if span.relative and op in ("=", "!="):
            raise trouble(self.text, value.at, f"{value.text} is a single moment", "compare it with < <= > or >=")
        return compare_span(column, op, span)


def _gathered(conditions: Iterable[Condition]) -> list[Condition]:
    """Make one `IN` of equal comparisons: thousands of ORs take the engine seconds."""
    kept: list[Condition] = []
    lists: dict[str, list[Any]] = {}
    for sql, given in conditions:
        if sql.endswith(" = ?") and len(given) == 1:
            lists.setdefault(sql.removesuffix(" = ?"), []).extend(given)
        else:
            kept.append((sql, given))
    for sql, given in lists.items():
        kept.append((f"{sql} = ?" if len(given) == 1 else f"{sql} IN ({', '.join('?' * len(given))})", given))
    return kept


def text_anywhere(text: str) -> Condition:
    """Return the condition that tags, description, notes or hash hold `text`."""
    here = "contains(lower(e.description), lower(?))"
    there = (
        "SELECT id FROM tag WHERE contains(lower(tag), lower(?))"
        " UNION ALL SELECT id FROM note WHERE contains(lower(note), lower(?))"
    )
    if not _HEX_WORD.fullmatch(text):
        return f"({here} OR e.id IN ({there}))", [text, text, text]
    prefix = text.lower()
    here += " OR starts_with(e.config_hash, ?)"
    there += " UNION ALL SELECT id FROM old_hash WHERE starts_with(old_hash, ?)"
    return f"({here} OR e.id IN ({there}))", [text, prefix, text, text, prefix]
