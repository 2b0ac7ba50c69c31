"""The fields of a run's record as users write them, each checked: what is wrong is named, with the value.

`where` is what the sentence calls the field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from registry.canonical import freeze_text, show
from registry.errors import InvalidRunError

Values = dict[str, float | None]
"""Metric to number; None for one that could not be computed."""


def check_period(start: object, end: object) -> tuple[str, str]:
    """Return both ends of a period as ISO days.

    Raises:
        InvalidRunError: one is no day, or they are turned round.
    """
    first, last = day(start, "start"), day(end, "end")
    if last < first:
        raise InvalidRunError(f"end: {last} is before the start, {first}")
    return first, last


def read_period(text: str) -> tuple[str, str]:
    """Return both ends of `2010-01-04..2022-12-28`.

    Raises:
        InvalidRunError: it is no period.
    """
    first, dots, last = text.partition("..")
    if not dots:
        raise InvalidRunError(f"period: {show(text)} is no period; write it as 2010-01-04..2022-12-28")
    return check_period(first.strip(), last.strip())


def period_of(value: object) -> tuple[str, str]:
    """Return both ends of a period given as text or as a pair.

    Raises:
        InvalidRunError: it is neither.
    """
    if isinstance(value, str):
        return read_period(value)
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise InvalidRunError(f"period: {show(value)} is no period; write it as 2010-01-04..2022-12-28")
    return check_period(*value)


def values(value: object, where: str) -> Values:
    """Return metric to number, None for one that could not be computed.

    Raises:
        InvalidRunError: a value is no number.
    """
    return {metric_name(name, where): number(item, f"{where}: {name}") for name, item in mapping(value, where).items()}


def why_no_panel_name(name: object) -> str | None:
    """Return why a panel can't be called so, as one sentence; None when it can."""
    if isinstance(name, str) and name.strip() and name.isprintable():
        return None
    return f"a panel can't be called {show(name)}; give it a name of visible characters"


def panel_name(value: object) -> str:
    """Return what a panel is called.

    Raises:
        InvalidRunError: it is no text, or has no visible characters, or others.
    """
    name = text(value, "panel: name")
    if why := why_no_panel_name(name):
        raise InvalidRunError(why)
    return name


def definitions(value: object) -> dict[str, dict[str, str]]:
    """Return the definitions of a user's metrics.

    Raises:
        InvalidRunError: one lacks its unit, direction or definition.
    """
    from registry.metrics import DIRECTIONS

    made: dict[str, dict[str, str]] = {}
    for name, said in mapping(value, "definitions").items():
        where = f"definitions: {name}"
        record = mapping(said, where)
        only_keys(record, ("unit", "direction", "definition"), where)
        one = {each: text(record.get(each), f"{where}: {each}") for each in ("unit", "direction", "definition")}
        if one["direction"] not in DIRECTIONS:
            raise InvalidRunError(f"{where}: direction: {show(one['direction'])} is none of {', '.join(DIRECTIONS)}")
        made[text(name, "definitions")] = one
    return made


def plain(value: object, where: str) -> dict[str, Any]:
    """Return a mapping of JSON values.

    Raises:
        InvalidRunError: something in it is not JSON.
    """
    record = mapping(value, where)
    try:
        made: dict[str, Any] = json.loads(json.dumps(record, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRunError(f"{where}: not JSON values ({error})") from None
    return made


def mapping(value: object, where: str) -> Mapping[Any, Any]:
    """Return a mapping.

    Raises:
        InvalidRunError: it is none.
    """
    if not isinstance(value, Mapping):
        raise InvalidRunError(f"{where}: {show(value)} is no mapping")
    return value


def items(value: object, where: str) -> Sequence[Any]:
    """Return the items of anything that is a list or comes as one.

    Raises:
        InvalidRunError: it is neither.
    """
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidRunError(f"{where}: {show(value)} is no list")
    return list(value)


def only_keys(record: Mapping[Any, Any], known: Sequence[str], where: str) -> None:
    """Refuse keys that mean nothing.

    Raises:
        InvalidRunError: there is one.
    """
    unknown = [key for key in record if key not in known]
    if unknown:
        raise InvalidRunError(f"{where}: unknown key {show(unknown[0])}; there are {', '.join(known)}")


def text(value: object, where: str) -> str:
    """Return text that can be stored.

    Raises:
        InvalidRunError: it is none.
    """
    try:
        return freeze_text(value, where)
    except ValueError as error:
        raise InvalidRunError(str(error)) from None


def metric_name(value: object, where: str) -> str:
    """Return the name of a metric.

    Raises:
        InvalidRunError: it is blank, or no text.
    """
    name = text(value, where)
    if not name.strip():
        raise InvalidRunError(f"{where}: a metric without a name")
    return name


def day(value: object, where: str) -> str:
    """Return a day as ISO text.

    Raises:
        InvalidRunError: it is none.
    """
    if isinstance(value, date):
        return value.isoformat()[:10]
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise InvalidRunError(f"{where}: {show(value)} is no day; write it as 2024-01-31") from None


def number(value: object, where: str) -> float | None:
    """Return a number; None stands for one that could not be computed, and for one that is not finite.

    Raises:
        InvalidRunError: it is none.
    """
    if value is None:
        return None
    if not isinstance(value, bool) and hasattr(value, "__float__"):
        try:
            made = float(value)
        except OverflowError:
            raise InvalidRunError(f"{where}: a whole number beyond any that can be kept") from None
        return made if math.isfinite(made) else None
    raise InvalidRunError(f"{where}: {show(value)} is no number")


def integer(value: object, where: str, low: int, high: int) -> int:
    """Return a whole number of a range.

    Raises:
        InvalidRunError: it is none, or outside.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRunError(f"{where}: {show(value)} is no whole number from {low} to {high}")
    return value
