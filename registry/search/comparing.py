"""Comparisons of a column with numbers of any size and with stretches of time, exact at every edge."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from registry.search.values import Span

Condition: TypeAlias = tuple[str, list[Any]]
"""SQL that is true or false, and its parameters in order."""

FALSE: Final[Condition] = ("FALSE", [])
TRUE: Final[Condition] = ("TRUE", [])

SQL: Final = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
"""What the language's comparisons are in SQL."""

_EXACT_BELOW = 2**53
"""Whole numbers smaller than this have a double of their own."""


def compare_double(column: str, op: str, number: int | float) -> Condition:
    """Return the exact comparison of a column of doubles with a number of any size."""
    near = _nearest_double(number)
    if near != number:
        # a whole number that no double equals: the doubles beyond it begin at `near` or right behind it
        if op in ("=", "!="):
            return (f"{column} IS NOT NULL", []) if op == "!=" else FALSE
        low = near < number
        return f"{column} {('<=' if low else '<') if op[0] == '<' else ('>' if low else '>=')} ?", [near]
    return f"{column} {SQL[op]} ?", [near]


def compare_number(op: str, number: int | float) -> Condition:
    """Return the exact comparison of a hyperparameter that is a number with a number of any size.

    Whole numbers too large for a double of their own meet in one double; their digits decide then.
    """
    near = _nearest_double(number)
    if abs(near) < _EXACT_BELOW:
        return f"number {SQL[op]} ?", [near]
    digits = str(int(number))
    if op == "=":
        return "number = ? AND exact = ?", [near, digits]
    if op == "!=":
        return "(number <> ? OR exact <> ?)", [near, digits]
    strict, last = op[0], SQL[op]
    if number < 0:  # more digits, or larger ones, are less
        last = last.translate({ord("<"): ">", ord(">"): "<"})
    return (
        f"(number {strict} ? OR (number = ? AND"
        f" (length(exact) {last[0]} ? OR (length(exact) = ? AND exact {last} ?))))",
        [near, near, len(digits), len(digits), digits],
    )


def compare_span(column: str, op: str, span: Span) -> Condition:
    """Return the comparison of a time column with a stretch of time: exactly one of <, = and > holds."""
    start, end = span.start, span.end
    if op == "<":
        return f"{column} < ?", [start]
    if op == ">=":
        return f"{column} >= ?", [start]
    if end == start:
        return f"{column} {SQL[op]} ?", [start]
    if end is None:
        sql = {"=": f"{column} >= ?", "!=": f"{column} < ?"}.get(op)
        return (FALSE if op == ">" else TRUE) if sql is None else (sql, [start])
    if op == ">":
        return f"{column} >= ?", [end]
    if op == "<=":
        return f"{column} < ?", [end]
    inside = f"({column} >= ? AND {column} < ?)"
    return (inside if op == "=" else f"NOT {inside}"), [start, end]


def _nearest_double(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
