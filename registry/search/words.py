"""The words of the filter language: attributes, names, quoting, and how trouble in a text is told.

Kept apart from the syntax tree and its parser, because columns and completion need them without that cost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from registry.canonical import show
from registry.errors import FilterError

ATTRIBUTES: Final[dict[str, str]] = {
    "tag": "text",
    "feature": "text",
    "desc": "text",
    "note": "text",
    "hash": "text",
    "parent": "text",
    "ancestor": "text",
    "alias": "text",
    "created": "date",
    "registered": "date",
    "features": "count",
    "runs": "count",
    "panel": "text",
}
"""The documented attributes, each with its kind: `text` is asked with a colon, the others are compared."""

CAN_BE_ABSENT: Final = ("tag", "desc", "note", "parent", "alias", "panel")
"""The attributes an experiment may be without."""

PREFIXES: Final[dict[str, str]] = {
    "w": "weight",
    "hp": "hyperparameter",
    "transform": "transformation",
    "m": "metric",
}
"""Prefix to what it names."""

AGGREGATES: Final[dict[str, str]] = {
    "min": "smallest",
    "max": "largest",
    "mean": "mean",
    "std": "standard deviation",
}
"""What can be asked of a metric over the windows of a run, as in `min(m.edge)`; std divides by n - 1."""

KEYWORDS: Final = frozenset({"and", "or", "not", "in", "is"})

CONSTANTS: Final[dict[str, str]] = {"true": "bool", "false": "bool", "null": "null"}
"""Unquoted values, in any case, that are no text."""

NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""Unquoted values that are numbers."""

QUOTED: Final = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'"
"""A text in quotes, as a regular expression."""

_OVER_WINDOWS = re.compile(r"(?P<over>\w+)\(\s*(?P<name>m\..*?)\s*\)", re.S)
_PART = re.compile(rf"(?P<quoted>{QUOTED})|[^.]+", re.S)
_HAS_QUOTED_PART = re.compile(r"""(?:^|\.)["']""")
_PLAIN = re.compile(r"""[^\s()"',:=<>!-][^\s()"',:=<>!]*""")
_PLAIN_REST = re.compile(r"""[^\s()"',:=<>!]+""")


@dataclass(frozen=True, slots=True)
class Name:
    """What is asked about: an attribute, a weight, a hyperparameter, a transformation or a metric."""

    prefix: str
    """`w`, `hp`, `transform`, `m`, or nothing for a bare name."""
    text: str
    """The name without prefix and quotes, its parts joined by dots."""
    path: tuple[str, ...] | None = None
    """The parts, when any of them was quoted: then they are meant exactly so."""
    at: int = field(default=0, compare=False)
    over: str = ""
    """Of a metric: one of `AGGREGATES`, when it is asked of the run's windows."""


def unquote(written: str) -> str:
    """Return what a quoted text says: a backslash makes the next character mean itself."""
    return re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.S)


def quote(text: str) -> str:
    """Return `text` in quotes, so that it means itself."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_name(written: str, at: int = 0) -> Name:
    """Return the name that `written` stands for.

    Raises:
        FilterError: nothing stands behind the prefix, or what is asked of windows is none of `AGGREGATES`.
    """
    if written[:1] in ('"', "'"):
        text = unquote(written)
        return Name("", text, (text,), at)
    if found := _OVER_WINDOWS.fullmatch(written):
        if found["over"] not in AGGREGATES:
            raise trouble(
                written, at, f"{shown(found['over'])} is not asked of windows", f"there are {', '.join(AGGREGATES)}"
            )
        return replace(split_name(found["name"], at), over=found["over"])
    prefix, dot, rest = written.partition(".")
    if not dot or prefix not in PREFIXES:
        prefix, rest = "", written
    if not rest:
        raise trouble(written, at, f'"{prefix}." names no {PREFIXES[prefix]}', "write the name after the dot")
    if not _HAS_QUOTED_PART.search(rest):
        return Name(prefix, rest, None, at)
    path = tuple(
        unquote(part.group()) if part.group("quoted") is not None else part.group() for part in _PART.finditer(rest)
    )
    return Name(prefix, ".".join(path), path, at)


def write_name(text: str, prefix: str = "") -> str:
    """Return a name as one would type it: quoted only where it must be.

    >>> write_name("mom 12-1", "w")
    'w."mom 12-1"'
    """
    if prefix:
        return f"{prefix}.{text if _PLAIN_REST.fullmatch(text) else quote(text)}"
    plain = _PLAIN.fullmatch(text) and text.lower() not in KEYWORDS and text.partition(".")[0] not in PREFIXES
    return text if plain else quote(text)


def write_value(value: object) -> str:
    """Return a value as one would type it to be compared: text is quoted only where it must be.

    >>> [write_value(value) for value in ("zscore", "two words", "10", 10, True, None)]
    ['zscore', '"two words"', '"10"', '10', 'true', 'null']
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if not isinstance(value, str):
        return repr(value)
    means_itself = _PLAIN.fullmatch(value) and "*" not in value and not NUMBER.fullmatch(value)
    return value if means_itself and value.lower() not in KEYWORDS | CONSTANTS.keys() else quote(value)


def trouble(
    text: str, position: int, what: str, advice: str = "", *, tail: str = "", suggestion: str | None = None
) -> FilterError:
    """Return the error for trouble at `position` of `text`: what it is, the place counted from 1, advice."""
    if suggestion is not None:
        advice = f"did you mean {short(suggestion)}?"
    message = f"{what} at character {position + 1}{tail}" + (f"; {advice}" if advice else "")
    return FilterError(printable(message), text, position, suggestion)


def check_characters(text: str) -> None:
    """Refuse text with what is no character, such as a byte of the command line that was not UTF-8.

    Raises:
        FilterError: with its place.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise trouble(text, error.start, "a lone surrogate", "it is no character; remove it") from None


def shown(text: str) -> str:
    """Return user text for a message: in quotes, on one line, cut, with control characters made visible."""
    return show(text, 40)


def short(text: str) -> str:
    """Return user text for a message as it is, but cut."""
    return text if len(text) <= 60 else text[:59] + "…"


def printable(text: str) -> str:
    """Return a message without control characters, whatever the names in it hold."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def caret(text: str, position: int, width: int = 78) -> str:
    """Return two lines that point at `position` of `text`, for a fixed-width face.

    Long texts are cut to `width` around the place; line ends and control characters are made visible.

    >>> print(caret("SentimentScor > 0.2", 0))
    SentimentScor > 0.2
    ^
    """
    position = max(0, min(position, len(text)))
    first = max(0, min(position - width // 2, len(text) - width + 2))
    last = min(len(text), first + width - 2)
    before = _visible(text[first:position])
    line = ("…" if first else "") + before + _visible(text[position:last]) + ("…" if last < len(text) else "")
    return f"{line}\n{' ' * (_cells(before) + bool(first))}^"


def _visible(text: str) -> str:
    return "".join(" " if char in "\n\r\t" else char if char.isprintable() else "�" for char in text)


def _cells(text: str) -> int:
    import unicodedata

    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
