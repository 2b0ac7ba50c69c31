"""Dotted paths into records of other systems: `model.weights`, `runs[0].name`, `layers.*.size`, `"a.b".c`.

A segment is a key of an object, a number in brackets a place in a list (from its end when it is negative), `*` every
item of a list. A key with dots is written in quotes, but is also found as it is, since tables and flat records are
full of them. `@file.NAME` is what the file's own path says, `@file.stem`, `@file.name` and `@file.folder` always, and
`@root` the whole value of a file whose records are inside it, and `@beside."metrics.json".auc` what is in another file
of its folder: where that holds several values (lines, rows, items), they are a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.canonical import show
from registry.errors import ExchangeError

FILE: Final = "@file"
OF_FILE: Final = ("stem", "name", "folder")
"""What every file's path says."""
ROOT: Final = "@root"
BESIDE: Final = "@beside"
ALL: Final = "*"


class Missing:
    """What a path leads to where nothing is."""


MISSING: Final = Missing()

Segment = str | int
Trail = tuple[Segment, ...]
"""The keys and places that were gone through to a value."""

_SEGMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^".\[\]]+))|\[(-?\d+|\*)\]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Path:
    """A path, as it was written and taken apart."""

    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def read(cls, text: object, where: str) -> Path:
        """Return the path in a text; the empty one is the record itself.

        Raises:
            ExchangeError: it is none; the sentence begins with `where`.
        """
        if not isinstance(text, str):
            raise ExchangeError(f'{where}: {show(text)} is no path; write it as text, such as "model.weights"')
        made: list[Segment] = []
        at = 0
        while at < len(text):
            if made and text[at] == ".":
                at += 1
            found = _SEGMENT.match(text, at)
            if found is None or (made and text[at] != "[" and text[at - 1] != "."):
                raise ExchangeError(
                    f'{where}: {show(text)} is no path; write dots between keys, and a key with dots as "a.b"'
                )
            quoted, plain, place = found.groups()
            if place is not None:
                made.append(ALL if place == ALL else int(place))
            elif quoted is not None:
                made.append(_unescaped(quoted, text, where))
            else:
                made.append(plain.strip())
            at = found.end()
        if text.endswith(".") or "" in made:
            raise ExchangeError(f"{where}: {show(text)} is no path; a key is missing in it")
        if made and made[0] == BESIDE and (len(made) < 2 or not isinstance(made[1], str)):
            raise ExchangeError(f'{where}: {show(text)} names no file; write it as {BESIDE}."metrics.json".auc')
        return cls(text, tuple(made))

    def find(self, value: Any) -> tuple[Any, Trail]:
        """Return what the path leads to in a value, and the way there; `MISSING` where nothing is."""
        return _find(value, self.segments, ())


def _unescaped(quoted: str, text: str, where: str) -> str:
    try:
        made = json.loads(f'"{quoted}"', strict=False)
    except ValueError as error:
        raise ExchangeError(f"{where}: {show(text)} is no path: {error}") from None
    return str(made)


def _find(value: Any, rest: Sequence[Segment], trail: Trail) -> tuple[Any, Trail]:
    if not rest:
        return value, trail
    segment = rest[0]
    if segment == ALL and isinstance(value, list):
        found = [_find(item, rest[1:], ())[0] for item in value]
        there = [item for item in found if item is not MISSING]
        return (there if there or not found else MISSING), trail
    if isinstance(segment, int):
        if isinstance(value, list) and -len(value) <= segment < len(value):
            return _find(value[segment], rest[1:], (*trail, segment))
        return MISSING, trail
    if isinstance(value, Mapping):
        # a key with dots in it, the longest first
        for end in range(len(rest), 0, -1):
            part = rest[:end]
            if all(isinstance(each, str) for each in part):
                key = ".".join(part)  # type: ignore[arg-type]
                if key in value:
                    found_value, way = _find(value[key], rest[end:], (*trail, key))
                    if found_value is not MISSING:
                        return found_value, way
    return MISSING, trail


def leaves(value: Any, used: set[Trail], trail: Trail = ()) -> Iterator[str]:
    """Yield the paths in a value that none of the trails `used` goes to or comes from."""
    if trail in used:
        return
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, used, (*trail, str(key)))
    elif isinstance(value, list) and any(way[: len(trail)] == trail for way in used):
        for place, item in enumerate(value):
            yield from leaves(item, used, (*trail, place))
    else:
        yield written(trail)


def left_of(value: Any, used: set[Trail], inner: set[Trail], trail: Trail) -> Any:
    """Return what is left of a value once all that `used` goes to is taken out; `MISSING` where nothing is.

    `inner` are the beginnings of those trails. Of a list all or nothing is left.
    """
    if trail in used or (trail in inner and not isinstance(value, Mapping)):
        return MISSING
    if trail not in inner:
        return value
    left = {key: left_of(item, used, inner, (*trail, key)) for key, item in value.items()}
    return {key: item for key, item in left.items() if item is not MISSING} or MISSING


def written(trail: Trail) -> str:
    """Return a trail as a path is written."""
    text = ""
    for segment in trail:
        if isinstance(segment, int):
            text += f"[{segment}]"
        else:
            plain = segment and not re.search(r'[".\[\]\s]', segment) and segment.isprintable()
            text += ("." if text else "") + (segment if plain else json.dumps(segment, ensure_ascii=False))
    return text
