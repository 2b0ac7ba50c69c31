"""What could come next while a filter is typed. Works on unfinished text, so it reads it by itself, not by
the grammar, and never imports the parser library: it runs on every key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from registry.search.words import AGGREGATES, ATTRIBUTES, CAN_BE_ABSENT, KEYWORDS, PREFIXES, write_name, write_value

if TYPE_CHECKING:
    from registry.rows import Names

Kind = Literal["attribute", "name", "value", "operator"]

_SKIP = re.compile(r"\s*")
_SIGN = re.compile(r"==|!=|<=|>=|[=<>]")
_PIECE = r'"(?:[^"\\]|\\.)*(?:"|\Z)|(?<!\w)' + r"'(?:[^'\\]|\\.)*(?:'|\Z)"
_OVER = rf"(?:{'|'.join(AGGREGATES)})\(\s*m\.(?:{_PIECE}|[^\s()\",:=<>!])+\s*\)"
_WORD = re.compile(rf"(?:{_OVER}|{_PIECE}|[^\s()\",:=<>!])+", re.S)
_VALUE = re.compile(rf"{_PIECE}|[^\s()\",]+", re.S)

_COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=")
_TIMES: Final = {"-1d": "a day ago", "-7d": "a week ago", "-1m": "a month ago", "-1y": "a year ago"}
_MEANINGS: Final = {
    "tag": "has exactly this tag",
    "feature": "lists this feature",
    "desc": "description holds the text",
    "note": "a note holds the text",
    "hash": "hash begins so",
    "parent": "derived from this hash",
    "ancestor": "derived from it over any number of steps",
    "alias": "what the alias points to",
    "created": "when it was made",
    "registered": "when it came in",
    "features": "how many features",
    "runs": "how many runs",
    "panel": "has a run on this panel",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing that could be typed: put `text` in place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str
    kind: Kind
    detail: str = ""


def complete(text: str, cursor: int, names: Names, limit: int = 50) -> list[Completion]:
    """Return what could stand at `cursor`, the likeliest first: what begins as typed, then what holds it.

    >>> from registry.rows import Names
    >>> names = Names(features={"SentimentScore": 8}, hyperparameters={"k": 9}, tags={"baseline": 3})
    >>> [found.text for found in complete("Sent", 4, names)]
    ['SentimentScore']
    >>> [found.text for found in complete("tag:b", 5, names)]
    ['baseline']
    """
    cursor = max(0, min(cursor, len(text)))
    place = _read(text[:cursor])
    typed = text[place.start : cursor]
    found = _candidates(place, typed, names)
    return [Completion(place.start, cursor, *each) for each in _likeliest(found, typed)[:limit]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the end of a text asks for."""

    start: int
    """Where what is being typed begins."""
    operand: str
    """Where a value is typed: of what."""
    fields: frozenset[str]
    """The fields of `Names` that could say what comes next."""


def asked(text: str) -> Asked:
    """Return what would be needed to complete `text` at its end, so that nothing else need be looked up.

    >>> sorted(asked("tag:b").fields), sorted(asked("w.Sent").fields)
    (['tags'], ['features'])
    """
    place = _read(text)
    typed = text[place.start :]
    prefix, dot, _ = typed.partition(".")
    fields = {"features", "hyperparameters", "metrics"}
    if place.expected == "value":
        field = _FIELDS.get(place.operand, None if ATTRIBUTES.get(place.operand) else "values")
        fields = {field} if field else set()
        return Asked(place.start, place.operand, frozenset(fields))
    if place.expected == "state":
        fields = set()
    elif dot and prefix in PREFIXES:
        fields = {"m": {"metrics"}, "hp": {"hyperparameters"}}.get(prefix, {"features"})
    return Asked(place.start, "", frozenset(fields))


_FIELDS: Final = {
    "tag": "tags",
    "feature": "features",
    "panel": "panels",
    **dict.fromkeys(("alias", "hash", "parent", "ancestor"), "aliases"),
}
"""What a text attribute is asked about, by the field of `Names` that holds its values."""


@dataclass(slots=True)
class _Place:
    """What the text before the cursor leads to."""

    expected: Literal["term", "operator", "value", "state"]
    start: int
    operand: str = ""


def _read(text: str) -> _Place:
    """Walk through the terms before the cursor and return where it stands."""
    place = _Place("term", 0)
    in_list = False
    while True:
        at = _SKIP.match(text, place.start).end()  # type: ignore[union-attr]
        place.start = at
        if at == len(text):
            return place
        found = (_VALUE if place.expected == "value" else _WORD).match(text, at)
        if found and found.end() == len(text) and not _is_closed(found.group()):
            if place.expected == "term":
                place.start += len(text[at:]) - len(text[at:].lstrip("-"))
            return place
        word = found.group() if found else ""
        place.start = found.end() if found else at + 1
        if place.expected == "value":
            if word and not in_list:
                place.expected, place.operand = "operator", ""
            elif text[at] == ")":
                in_list, place.expected, place.operand = False, "operator", ""
            continue
        if word.lower() in ("and", "or", "not"):
            place.expected = "term"
        elif word.lower() == "is" and place.operand:
            place.expected = "state"
        elif word.lower() == "in" and place.operand:
            place.expected, in_list = "value", True
        elif word:
            ended = place.expected == "state"
            place.expected, place.operand = "operator", "" if ended else word.lstrip("-")
        elif text[at] == ":":
            place.expected = "value"
        elif sign := _SIGN.match(text, at):
            place.start, place.expected = sign.end(), "value"
        else:
            place.expected = "operator" if text[at] == ")" else "term"
            place.operand = ""


def _is_closed(word: str) -> bool:
    """Say whether a word ends with a finished quote: then nothing is being typed in it."""
    return re.fullmatch(r"""(?:[^"']|(?<=\w)')*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", word, re.S) is not None


_Candidate = tuple[str, Kind, str]


def _candidates(place: _Place, typed: str, names: Names) -> Iterator[_Candidate]:
    match place.expected:
        case "value":
            yield from _values(place.operand, names)
        case "state":
            yield from (("absent", "operator", ""), ("present", "operator", ""))
        case "operator":
            yield from _operators(place.operand, names)
            if typed:
                yield from _terms(typed, names)
        case "term":
            yield from _terms(typed, names)


def _values(operand: str, names: Names) -> Iterator[_Candidate]:
    if operand == "tag":
        yield from ((write_value(tag), "value", _times(count)) for tag, count in _by_count(names.tags))
    elif operand == "feature":
        yield from ((write_value(name), "value", _times(count)) for name, count in _by_count(names.features))
    elif operand == "panel":
        yield from ((write_value(name), "value", _runs(count)) for name, count in _by_count(names.panels))
    elif operand in ("alias", "hash", "parent", "ancestor"):
        yield from ((name, "value", f"alias, v{version}") for name, version in sorted(names.aliases.items()))
    elif ATTRIBUTES.get(operand) == "date":
        yield from ((text, "value", meaning) for text, meaning in _TIMES.items())
    else:
        wanted = {_plain(operand), _plain(f"hp.{operand}")}
        for name, values in names.values.items():
            if _plain(name) in wanted:
                yield from ((value, "value", _times(count)) for value, count in _by_count(values))


def _operators(operand: str, names: Names) -> Iterator[_Candidate]:
    kind = ATTRIBUTES.get(operand)
    is_name = (
        operand.partition(".")[0] in PREFIXES
        or operand.endswith(")")  # a metric over windows
        or operand in names.features
        or operand in names.hyperparameters
    )
    if kind in ("date", "count") or (kind is None and (is_name or operand[:1] in ('"', "'"))):
        yield from ((sign, "operator", "") for sign in _COMPARISONS)
        yield from (("in (", "operator", "one of"), ("not in (", "operator", "none of"))
    if operand in CAN_BE_ABSENT or (kind is None and is_name):
        yield from (("is absent", "operator", ""), ("is present", "operator", ""))
    if kind is None or operand == "":
        yield from (("and", "operator", ""), ("or", "operator", ""))


def _terms(typed: str, names: Names) -> Iterator[_Candidate]:
    prefix, dot, _ = typed.partition(".")
    if dot and prefix == "m":
        yield from ((write_name(name, "m"), "name", _runs(count)) for name, count in _by_count(names.metrics))
        return
    if dot and prefix in PREFIXES:
        of = names.hyperparameters if prefix == "hp" else names.features
        yield from ((write_name(name, prefix), "name", _times(count)) for name, count in _by_count(of))
        return
    for attribute, kind in ATTRIBUTES.items():
        yield attribute + (":" if kind == "text" else ""), "attribute", _MEANINGS[attribute]
    for name, count in _by_count(names.features):
        doubtful = name in names.hyperparameters or name in ATTRIBUTES
        yield write_name(name, "w" if doubtful else ""), "name", f"weight, {_times(count)}"
    for name, count in _by_count(names.hyperparameters):
        yield write_name(name, "hp"), "name", f"hyperparameter, {_times(count)}"
    for name, count in _by_count(names.metrics):
        yield write_name(name, "m"), "name", f"metric, {_runs(count)}"
    yield from ((f"{prefix}.", "attribute", meaning) for prefix, meaning in PREFIXES.items())
    if names.metrics:
        yield from ((f"{over}(m.", "attribute", f"{meaning} over windows") for over, meaning in AGGREGATES.items())
    yield "not", "operator", "everything else"


def _by_count(names: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(names.items(), key=lambda item: (-item[1], item[0]))


def _times(count: int) -> str:
    return "1 experiment" if count == 1 else f"{count:,} experiments"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


def _likeliest(candidates: Iterable[_Candidate], typed: str) -> list[_Candidate]:
    """Order by how well they fit: they begin as typed, their name does, or it holds that somewhere."""
    wanted = _plain(typed)
    wanted_name = _without_prefix(wanted)
    if wanted in KEYWORDS:
        return []
    ranks: list[tuple[int, _Candidate]] = []
    for candidate in candidates:
        text = _plain(candidate[0])
        name = _without_prefix(text)
        if text == wanted:
            continue
        rank = 0 if text.startswith(wanted) else 1 if name.startswith(wanted_name) else 2 if wanted_name in name else 3
        if rank < 3:
            ranks.append((rank, candidate))
    return [candidate for _, candidate in sorted(ranks, key=lambda ranked: ranked[0])]


def _plain(text: str) -> str:
    return re.sub(r"""["'\\]""", "", text).lower()


def _without_prefix(text: str) -> str:
    prefix, _, rest = text.partition(".")
    return rest if prefix in PREFIXES else text
