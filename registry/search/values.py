"""What a written value means: a number, a constant, or a stretch of time.

Whole numbers are kept as integers of any size, everything else as the nearest double, which is how
hyperparameters are kept too. A date stands for its whole day (a month and a year for all of theirs), a time
of day for its whole hour, minute or second, whichever it is given to; -7d for the moment a week ago.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from registry.errors import FilterError
from registry.search.ast import Value
from registry.search.words import CONSTANTS, NUMBER, shown, trouble

_WHOLE = re.compile(r"[+-]?[0-9]+")
_PERIOD = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}(?P<minute>:[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>[.,][0-9]+)?)?)?"
    r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_AGO = re.compile(r"-([0-9]{1,9})([hdwmy])")

MAX_DIGITS: Final = 4_300
"""Python reads no longer integers, and no hyperparameter holds one."""

DATE_FORMS: Final = "2024, 2024-06, 2024-06-01, 2024-06-01T12:30, or -7d (h, d, w, m for months, y)"


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from `start` up to but without `end`, in UTC without zone; None is the end of time.

    A single moment has `end == start`. `relative` marks one that moves with the clock.
    """

    start: datetime
    end: datetime | None
    relative: bool = False


def read_number(value: Value, text: str) -> int | float | None:
    """Return the number written, or None when it is something else.

    Raises:
        FilterError: a number too long or too large to be one.
    """
    written = value.text
    if value.quoted or not NUMBER.fullmatch(written):
        return None
    if _WHOLE.fullmatch(written):
        if len(written) > MAX_DIGITS:
            raise trouble(text, value.at, f"a number of more than {MAX_DIGITS:,} digits")
        return int(written)
    number = float(written)
    if number in (float("inf"), float("-inf")):
        raise trouble(text, value.at, f"{shown(written)} is too large", "write its digits")
    return number


def read_constant(value: Value) -> tuple[str, str] | None:
    """Return (kind, JSON) of `true`, `false` and `null` in any case, else None."""
    word = value.text.lower()
    kind = None if value.quoted else CONSTANTS.get(word)
    return None if kind is None else (kind, word)


def read_span(value: Value, text: str, now: datetime | None = None) -> Span:
    """Return the stretch of time a date, a time or a time ago stands for.

    Raises:
        FilterError: it is none of them, or outside the years 1 to 9999.
    """
    written = value.text.strip()
    try:
        if ago := _AGO.fullmatch(written):
            present = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
            moment = _back(present, int(ago[1]), ago[2])
            return Span(moment, moment, relative=True)
        if period := _PERIOD.fullmatch(written):
            return _period(*(int(part) if part else None for part in period.groups()))
        if time := _MOMENT.fullmatch(written):
            moment = datetime.fromisoformat(written)
            if moment.tzinfo is not None:
                moment = moment.astimezone(UTC).replace(tzinfo=None)
            return Span(moment, _end(moment, time))
    except (ValueError, OverflowError):
        raise _no_date(value, text) from None
    raise _no_date(value, text)


def _no_date(value: Value, text: str) -> FilterError:
    return trouble(text, value.at, f"{shown(value.text)} is no date", f"write {DATE_FORMS}")


def _end(moment: datetime, time: re.Match[str]) -> datetime | None:
    """Return where the hour, minute or second ends that a time of day is given to; a fraction is that moment."""
    if time["fraction"]:
        return moment
    unit = timedelta(seconds=1) if time["second"] else timedelta(minutes=1) if time["minute"] else timedelta(hours=1)
    try:
        return moment + unit
    except OverflowError:  # the end of the year 9999
        return None


def _period(year: int | None, month: int | None = None, day: int | None = None) -> Span:
    assert year is not None
    start = datetime(year, month or 1, day or 1)
    try:
        if day:
            return Span(start, start + timedelta(days=1))
        return Span(start, start.replace(year=year + 1) if month is None else _next_month(start))
    except (OverflowError, ValueError):  # the end of the year 9999
        return Span(start, None)


def _next_month(first: datetime) -> datetime:
    return (first + timedelta(days=31)).replace(day=1)


def _back(moment: datetime, count: int, unit: str) -> datetime:
    if unit in "hdw":
        return moment - count * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[unit]
    months = moment.year * 12 + moment.month - 1 - count * (12 if unit == "y" else 1)
    first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
    last = (_next_month(first) - timedelta(days=1)).day
    return first.replace(day=min(moment.day, last))
