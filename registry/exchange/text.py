"""JSON as text in three shapes: one object, objects one after another (NDJSON), an array of objects.

Objects one after another may each fill one line, or span lines as long as each starts at the beginning of
a line: so a file of one indented object, an NDJSON file and several exports strung together read alike.
Lines are read as they are needed; only an array is held as a whole, once.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from registry.canonical import show
from registry.exchange.record import Fault

_NOT_JSON = "not JSON: "
_BOM = b"\xef\xbb\xbf"
_blank = re.compile(r"[ \t\r\n]*").match

Place = tuple[str, object]
"""(where, value); the value is a `Fault` where there was none to read."""


class Meter:
    """How many bytes were read; shared with whoever shows progress."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = 0


def read_values(lines: Iterable[bytes], name: str, meter: Meter) -> Iterator[Place]:
    """Yield the JSON values in `lines` (of bytes), each with its place."""
    counted = _counted(lines, meter)
    for number, line in counted:
        start = line.removeprefix(_BOM).lstrip()
        if start.startswith(b"["):
            yield from _array(b"".join((line, *(rest for _, rest in counted))), name, number)
            return
        if start:
            yield from _labelled(_records(itertools.chain([(number, line)], counted)), name)
            return
    yield name, Fault("empty; nothing to import")


def _counted(lines: Iterable[bytes], meter: Meter) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, 1):
        meter.done += len(line)
        yield number, line


def _labelled(found: Iterator[tuple[int, object]], name: str) -> Iterator[Place]:
    """Turn line numbers into places; a file that is no JSON at all becomes one fault, not one a line."""
    faults: list[tuple[int, Fault]] = []
    for number, value in found:
        if type(value) is Fault:
            faults.append((number, value))
            continue
        following = next(found, None)
        if following is None and not faults:
            yield name, value
            return
        for line, fault in faults:
            yield f"{name}:{line}", fault
        yield f"{name}:{number}", value
        if following is not None:
            yield f"{name}:{following[0]}", following[1]
        for line, value in found:
            yield f"{name}:{line}", value
        return
    if len(faults) == 1:
        yield name, faults[0][1]
    elif all(fault.startswith(_NOT_JSON) for _, fault in faults):
        yaml = PurePath(name).suffix.lower() in (".yaml", ".yml")
        advice = (
            "YAML is read by a mapping, with --map; see: experiments import --map-help" if yaml else "no line of it is"
        )
        yield name, Fault(f"{faults[0][1]}; {advice}")
    else:
        yield from ((f"{name}:{line}", fault) for line, fault in faults)


def _records(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, object]]:
    reader = _Reader()
    block: list[bytes] = []
    start = 0
    for number, line in lines:
        if line.startswith(_BOM):
            line = line[3:]
        if block:
            if not line.startswith(b"{"):
                block.append(line)
                continue
            yield start, reader.whole(b"".join(block), start)
            block = []
        stripped = line.strip()
        if not stripped:
            continue
        value = reader.whole(stripped, number)
        if value is _UNFINISHED:
            block, start = [line], number
        else:
            yield number, value
    if block:
        yield start, reader.whole(b"".join(block), start, last=True)


def _array(data: bytes, name: str, line: int) -> Iterator[Place]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield name, _not_utf8(error, line)
        return
    del data
    first = line
    reader = _Reader()
    at = text.index("[") + 1
    counted = 0
    for item in itertools.count(1):
        at = _blank(text, at).end()  # type: ignore[union-attr]
        if item == 1 and text.startswith("]", at):
            break
        line += text.count("\n", counted, at)
        counted = at
        where = f"{name}:{line} (item {item})"
        value, at = reader.value(text, at)
        if at < 0:
            yield where, Fault(f"{reader.fault(value, first)}; nothing after it could be read")
            return
        yield where, value
        at = _blank(text, at).end()  # type: ignore[union-attr]
        if text.startswith("]", at):
            break
        if not text.startswith(",", at):
            what = show(text[at : at + 20]) if at < len(text) else "the end of the file"
            yield where, Fault(f"{_NOT_JSON}after this item a comma or ] was expected, not {what}")
            return
        at += 1
    if text[at + 1 :].strip(" \t\r\n"):
        yield name, Fault(f"{_NOT_JSON}something follows the end of the array; it was not read")


_UNFINISHED = Fault("unfinished")


class _Reader:
    """Decodes JSON values; a repeated key spoils its own record only, so it is noted, not raised."""

    def __init__(self) -> None:
        self._spoilt: list[str] = []
        self._scan = json.JSONDecoder(object_pairs_hook=self._once).raw_decode
        self._scan_carefully = json.JSONDecoder(object_pairs_hook=self._once, parse_int=self._integer).raw_decode

    def whole(self, data: bytes, line: int, *, last: bool = False) -> object:
        """Return the one value in `data`, a `Fault`, or `_UNFINISHED` when `data` is one line that goes on."""
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            return _not_utf8(error, line)
        single = "\n" not in text
        if single and not last and text[0] == "{" and text[-1] != "}":
            return _UNFINISHED
        text = text.strip(" \t\r\n")
        value, end = self.value(text, 0)
        if end < 0:
            if single and not last and isinstance(value, json.JSONDecodeError) and value.pos >= len(text):
                return _UNFINISHED
            return self.fault(value, line, single)
        if end != len(text):
            rest = text[end:].lstrip()
            return Fault(f"{_NOT_JSON}more follows the first object ({show(rest, 30)}); write one object a line")
        return value

    def value(self, text: str, at: int) -> tuple[Any, int]:
        """Return the value that starts at `at` and where it ends, or the error and -1."""
        try:
            value, end = self._scan(text, at)
        except json.JSONDecodeError as error:
            return error, -1
        except RecursionError:
            return Fault("not readable: the JSON is nested too deep"), -1
        except ValueError:  # an integer of more digits than Python reads
            try:
                value, end = self._scan_carefully(text, at)
            except (ValueError, RecursionError) as error:
                return error, -1
        if self._spoilt:
            value = Fault(self._spoilt[0])
            self._spoilt.clear()
        return value, end

    @staticmethod
    def fault(error: object, line: int, single: bool = False) -> Fault:
        """Return the sentence for what `value` returned with -1; `line` is where its text starts."""
        if isinstance(error, Fault):
            return error
        if isinstance(error, json.JSONDecodeError):
            return Fault(f"{_NOT_JSON}{error.msg} at line {line + error.lineno - 1}, column {error.colno}")
        return Fault(f"not readable: {error}")

    def _once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            names = [key for key, _ in pairs]
            repeated = next(key for i, key in enumerate(names) if key in names[:i])
            self._spoilt.append(f"the key {show(repeated)} stands more than once in one JSON object")
        return made

    def _integer(self, digits: str) -> int:
        try:
            return int(digits)
        except ValueError:
            self._spoilt.append(f"an integer of {len(digits.lstrip('-')):,} digits is too long to be read")
            return 0


def _not_utf8(error: UnicodeDecodeError, line: int) -> Fault:
    before = error.object[: error.start]
    line += before.count(b"\n")
    column = len(before) - (before.rfind(b"\n") + 1)
    return Fault(f"not UTF-8 text: byte 0x{error.object[error.start]:02x} at line {line}, byte {column + 1}")
