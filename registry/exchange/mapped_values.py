"""Single values of foreign records as what they stand for in an experiment."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from registry.canonical import show
from registry.config import parse_json
from registry.errors import InvalidConfigError
from registry.exchange.paths import MISSING

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII).fullmatch
_TRUTH = {"True": True, "False": False}
"""As Python and what writes tables with it spell them."""


def weight(value: Any, where: str) -> Any:
    """Return the number of a weight; `MISSING` for null and an empty text, which are none.

    Raises:
        InvalidConfigError: it is no number; the sentence begins with `where`.
    """
    if value is None or value == "":
        return MISSING
    if isinstance(value, str):
        if not NUMBER(value):
            raise InvalidConfigError(f"{where}: {show(value)} is not a number")
        return float(value)
    return value


def transformation(value: Any, where: str) -> Any:
    """Return the text of a transformation; `MISSING` for null and an empty one.

    Raises:
        InvalidConfigError: it is no text; the sentence begins with `where`.
    """
    return MISSING if value is None or value == "" else text(value, where)


def plain(value: Any, where: str) -> Any:
    """Return the value itself, whatever it is."""
    return value


def cell(value: Any) -> Any:
    """Return what a cell of a foreign table stands for: JSON where it is some, else the text itself."""
    if not isinstance(value, str):
        return value
    if value == "":
        return MISSING
    if value in _TRUTH:
        return _TRUTH[value]
    try:
        return parse_json(value)
    except InvalidConfigError:
        return value


def text(value: Any, where: str) -> str:
    """Return a value as text: also a number and a date.

    Raises:
        InvalidConfigError: it is something else; the sentence begins with `where`.
    """
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return str(value)
        except ValueError:
            raise InvalidConfigError(f"{where}: {show(value)}, where text was expected") from None
    if not isinstance(value, str):
        raise InvalidConfigError(f"{where}: {kind(value)}, where text was expected")
    return value


def names_in(value: Any, separator: str) -> Any:
    """Return the names of features in a list or in a text."""
    return [each.strip() for each in value.split(separator)] if isinstance(value, str) else value


def tags_in(value: Any, separator: str) -> list[str]:
    """Return the tags in a list, in a text that holds a JSON list, or in one with a separator.

    Raises:
        InvalidConfigError: it is none of these; the sentence begins with `tags`.
    """
    if value is MISSING or value is None:
        return []
    if isinstance(value, str):
        value = from_json(value, "tags") if value.lstrip().startswith("[") else value.split(separator)
    if not isinstance(value, list):
        raise InvalidConfigError(f"tags: {kind(value)}, where a list or text was expected")
    return [tag for each in value if (tag := text(each, "tags").strip())]


def from_json(text: str, where: str) -> Any:
    """Return the JSON value in a text.

    Raises:
        InvalidConfigError: it holds none; the sentence begins with `where`.
    """
    try:
        return parse_json(text)
    except InvalidConfigError as error:
        raise InvalidConfigError(f"{where}: {show(text)} is {error}") from None


def time_of(value: Any, form: str) -> Any:
    """Return a time written in a form: iso, epoch (seconds), epoch_ms, or one of strptime; it is UTC unless it says.

    Raises:
        InvalidConfigError: it is not written so; the sentence begins with `time`.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return value.isoformat()
    try:
        if form in ("epoch", "epoch_ms"):
            seconds = float(value) / (1000 if form == "epoch_ms" else 1)
            return datetime.fromtimestamp(seconds, UTC)
        if form != "iso":
            return datetime.strptime(str(value), form)
    except (ValueError, TypeError, OverflowError, OSError):
        raise InvalidConfigError(f"time: {show(value)} is not as time.format says, {form}") from None
    if not isinstance(value, str):
        raise InvalidConfigError(f"time: {show(value)} is no ISO date and time; say time.format, such as epoch")
    return value


def kind(value: object) -> str:
    """Return what a value is, for a sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {show(value)}"
    return f"the number {show(value)}" if isinstance(value, (int, float)) else show(value)
