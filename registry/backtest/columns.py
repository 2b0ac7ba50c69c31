"""Which columns of a source a panel takes, and the SQL that reads each of them.

What can't be read becomes a mark in the column itself (an impossible day, an infinite number), so that one pass
over the file reads and checks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from registry.backtest.sources import Table
from registry.canonical import show
from registry.errors import PanelError

NO_DAY: Final = -(2**31)
"""A missing date."""
NOT_A_DAY: Final = NO_DAY + 1
"""Something else where a date should be."""
NOT_MIDNIGHT: Final = NO_DAY + 2
"""A date with a time of day."""
LAST_MARK: Final = NOT_MIDNIGHT

NO_ASSET: Final = -1

NO_FLAG: Final = -1
NOT_A_FLAG: Final = -2

_INTEGERS = frozenset(
    ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"]
)
_DAY = 86_400_000_000
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Chosen:
    """The positions of a panel's columns in its source."""

    date: int
    asset: int
    price: int | None
    forward: int | None
    cap: int | None
    universe: int | None
    features: dict[str, int] = field(default_factory=dict)
    guessed: bool = False
    """Nobody named the features: a text column without numbers is none."""
    refused: dict[str, str] | None = None
    """Features that can't be used, with the reason: filled instead of refusing the panel. None refuses it."""

    def numbers(self) -> list[int]:
        """Return the positions of the columns that hold numbers, each once."""
        return list(dict.fromkeys([*self.roles(), *self.features.values()]))

    def roles(self) -> list[int]:
        """Return the positions of the columns that hold numbers and are more than features."""
        return [at for at in (self.price, self.forward, self.cap) if at is not None]


def choose(
    table: Table,
    *,
    features: Sequence[str] | None,
    among: Iterable[str] | None,
    date: str,
    asset: str,
    price: str | None,
    forward: str | None,
    cap: str | None,
    universe: str | None,
) -> Chosen:
    """Return which columns are meant.

    Raises:
        PanelError: a column is missing, there twice, named for two things, or of the wrong kind.
    """
    roles = {"dates": date, "assets": asset, "prices": price, "forward returns": forward}
    roles |= {"market capitalisations": cap, "the universe": universe}
    named: dict[str, str] = {}
    for what, name in roles.items():
        if name is not None and (other := named.setdefault(name, what)) != what:
            raise PanelError(f"column {show(name)} can't hold both {other} and {what}")
    at = {what: None if name is None else _find(table, name, what) for what, name in roles.items()}
    used = set(at.values())
    date_at, asset_at = at["dates"], at["assets"]
    assert date_at is not None and asset_at is not None
    refused: dict[str, str] | None = None
    if features is not None:
        chosen = _features(table, features)
    elif among is not None:
        there = set(table.names) - {date, asset}
        chosen, refused = _usable(table, [name for name in dict.fromkeys(among) if name in there])
    else:
        wanted = [
            i
            for i, kind in enumerate(table.types)
            if i not in used and table.names[i] and (table.all_text or numeric(kind))
        ]
        chosen = {table.names[i]: _find(table, table.names[i], "a feature") for i in wanted}
    for name, position in chosen.items():
        if position in (date_at, asset_at):
            raise PanelError(f"{table.label}: column {show(name)} holds the {named[name]}, so it can't be a feature")
    return Chosen(
        date_at, asset_at, at["prices"], at["forward returns"], at["market capitalisations"], at["the universe"],
        chosen, guessed=features is None and among is None, refused=refused,
    )  # fmt: skip


def _find(table: Table, name: str, what: str) -> int:
    if name not in table.names:
        option = {
            "dates": "date", "assets": "asset", "prices": "price", "forward returns": "forward",
            "market capitalisations": "cap", "the universe": "universe",
        }[what]  # fmt: skip
        raise PanelError(
            f"{table.label} has no column {show(name)} for {what}{_nearest(table.names, name)}; say which one"
            f" holds them with --{option}-column (in Python {option}_column=)"
        )
    if table.names.count(name) > 1:
        raise PanelError(f"{table.label} has {table.names.count(name)} columns {show(name)}; rename all but one")
    return table.names.index(name)


def _features(table: Table, names: Iterable[str]) -> dict[str, int]:
    from registry.search.names import nearest

    names = list(dict.fromkeys(names))
    lacking = [name for name in names if name not in table.names]
    if lacking:
        near = {name: nearest(name, table.names) for name in lacking[:_SHOWN]}
        shown = [show(name) + (f" (the nearest is {show(like)})" if like else "") for name, like in near.items()]
        more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
        more += "" if all(near.values()) else _columns(table.names)
        kind = "a column for the feature" if len(lacking) == 1 else f"columns for {len(lacking)} features:"
        raise PanelError(f"{table.label} lacks {kind} {', '.join(shown)}{more}")
    return {name: _find(table, name, "a feature") for name in names}


def _usable(table: Table, names: list[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Return which of these columns can be features, and why the others can't."""
    found, refused = {}, {}
    for name in names:
        try:
            at = _find(table, name, "a feature")
            number_sql(table, at)
        except PanelError as error:
            refused[name] = str(error)
        else:
            found[name] = at
    return found, refused


def _nearest(names: Sequence[str], name: str) -> str:
    from registry.search.names import nearest

    near = nearest(name, names)
    return _columns(names) if near is None else f" (the nearest is {show(near)})"


def _columns(names: Sequence[str]) -> str:
    listed = ", ".join(show(each) for each in names[:_SHOWN])
    return f" (it has {listed}{' …' if len(names) > _SHOWN else ''})"


def numeric(kind: str) -> bool:
    """Tell whether a type of the engine is one of numbers."""
    return kind in _INTEGERS or kind in ("FLOAT", "DOUBLE", "BIGNUM", "VARINT", '"NULL"') or kind.startswith("DECIMAL")


def day_sql(table: Table, at: int) -> str:
    """Return SQL for the days since 1970-01-01, or one of the marks.

    Texts are dates in ISO 8601, perhaps with a midnight. Moments in a time zone count in UTC.

    Raises:
        PanelError: the column's type has no dates.
    """
    c, kind = f"c{at}", table.types[at]
    if kind == "DATE":
        day = f"CASE WHEN isfinite({c}) THEN {c} - DATE '1970-01-01' ELSE {NOT_A_DAY} END"
    elif kind.startswith("TIMESTAMP"):
        day = (
            f"CASE WHEN NOT isfinite({c}) THEN {NOT_A_DAY} WHEN epoch_us({c}) % {_DAY} <> 0 THEN {NOT_MIDNIGHT}"
            f" ELSE epoch_us({c}) // {_DAY} END"
        )
    elif _is_text(kind):
        text = f"trim(CAST({c} AS VARCHAR))"
        alone = f"{text}[5] = '-' AND {text}[8] = '-' AND length({text}) = 10"
        moment = r"'\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?'"
        midnight = r"'.{10}[T ]00:00(:00([.]0+)?)?(Z|[+-]00(:?00)?)?'"
        date = f"TRY_CAST(left({text}, 10) AS DATE) - DATE '1970-01-01'"
        day = (
            f"CASE WHEN {text} = '' THEN {NO_DAY} WHEN {alone} THEN COALESCE({date}, {NOT_A_DAY})"
            f" WHEN NOT regexp_full_match({text}, {moment}) THEN {NOT_A_DAY}"
            f" WHEN regexp_full_match({text}, {midnight}) THEN COALESCE({date}, {NOT_A_DAY}) ELSE {NOT_MIDNIGHT} END"
        )
    else:
        raise PanelError(
            f"{table.label}: column {show(table.names[at])} holds {_noun(kind)}, not dates; write dates as YYYY-MM-DD"
        )
    return f"CAST(CASE WHEN {c} IS NULL THEN {NO_DAY} ELSE {day} END AS INTEGER)"


def asset_sql(table: Table, at: int) -> str:
    """Return SQL for an asset's name, NULL where it is missing or blank.

    Raises:
        PanelError: the column's type has no names.
    """
    kind = table.types[at]
    if not (_is_text(kind) or kind in _INTEGERS or kind == "UUID"):
        raise PanelError(f"{table.label}: column {show(table.names[at])} holds {_noun(kind)}, not names of assets")
    text = f"CAST(c{at} AS VARCHAR)"
    return f"CASE WHEN trim({text}) <> '' THEN {text} END"


def number_sql(table: Table, at: int) -> str:
    """Return SQL for a number: NaN where there is none or an infinite one, infinity where there is something else.

    Raises:
        PanelError: the column's type has no numbers.
    """
    c, kind = f"c{at}", table.types[at]
    if kind in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN isfinite({c}) THEN CAST({c} AS DOUBLE) ELSE 'nan'::DOUBLE END"
    if numeric(kind):
        return f"COALESCE(CAST({c} AS DOUBLE), 'nan'::DOUBLE)"
    if _is_text(kind):
        text = f"CAST({c} AS VARCHAR)"
        number = f"TRY_CAST({text} AS DOUBLE)"
        return (
            f"CASE WHEN isfinite({number}) THEN {number} WHEN {number} IS NOT NULL OR {c} IS NULL OR trim({text}) = ''"
            " THEN 'nan'::DOUBLE ELSE 'inf'::DOUBLE END"
        )
    hint = "; write 1 and 0" if kind == "BOOLEAN" else ""
    raise PanelError(f"{table.label}: column {show(table.names[at])} holds {_noun(kind)}, not numbers{hint}")


def flag_sql(table: Table, at: int) -> str:
    """Return SQL for true (1), false (0), or one of the marks.

    Raises:
        PanelError: the column's type has neither.
    """
    c, kind = f"c{at}", table.types[at]
    if not (kind == "BOOLEAN" or numeric(kind) or _is_text(kind)):
        raise PanelError(f"{table.label}: column {show(table.names[at])} holds {_noun(kind)}, not true or false")
    text = f"lower(trim(CAST({c} AS VARCHAR)))"
    return (
        f"CAST(CASE WHEN {c} IS NULL OR {text} IN ('', 'nan') THEN {NO_FLAG}"
        f" WHEN {text} IN ('true', 't', '1', '1.0') THEN 1"
        f" WHEN {text} IN ('false', 'f', '0', '0.0') THEN 0 ELSE {NOT_A_FLAG} END AS TINYINT)"
    )


def _is_text(kind: str) -> bool:
    return kind == "VARCHAR" or kind.startswith("ENUM")


def _noun(kind: str) -> str:
    if kind == "BOOLEAN":
        return "true and false"
    if numeric(kind):
        return "numbers"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return "dates"
    if re.match(r"STRUCT|MAP|UNION", kind) or kind.endswith("]"):
        return "nested values"
    return {"BLOB": "bytes", "TIME": "times"}.get(kind, f"values of type {kind}")
