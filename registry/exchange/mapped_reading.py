"""Files of other systems, read by a mapping: JSON, NDJSON, CSV and YAML, also packed with gzip."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from collections.abc import Mapping as Table
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from registry.errors import InvalidConfigError
from registry.exchange.mapped import View, map_record
from registry.exchange.paths import MISSING
from registry.exchange.record import Fault
from registry.exchange.report import Found, Refusal, Remark
from registry.exchange.table_reading import cells_of
from registry.exchange.text import Meter, Place, read_values

if TYPE_CHECKING:
    from registry.exchange.mapped import Mapped
    from registry.exchange.mapping import Mapping
    from registry.exchange.sources import Source

SUFFIXES = (".json", ".ndjson", ".jsonl", ".csv", ".tsv", ".yaml", ".yml")
"""Endings, also with .gz after them, of the files that are looked at in a folder and below it."""

_BUFFER = 1 << 20


class MappedReader:
    """Reads sources by a mapping, and remembers what is worth saying once for all of them."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._undefined: set[str] = set()
        self.first: Mapped | None = None
        """The first record that became an experiment."""

    def read(self, source: Source, meter: Meter, stdin: BinaryIO | None = None) -> Iterator[Found]:
        """Yield what is in a source: records, refusals, remarks. Never raises because of what it finds there."""
        try:
            if source.path is not None:
                with source.path.open("rb", buffering=_BUFFER) as file:
                    yield from self._stream(cast("io.BufferedReader[Any]", file), source, meter)
            elif stdin is None:
                yield Refusal(source.name, "there is no standard input here")
            else:
                stream = io.BufferedReader(cast(io.RawIOBase, stdin), _BUFFER)
                try:
                    yield from self._stream(stream, source, meter)
                finally:
                    stream.detach()  # closing it is the owner's affair
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield Refusal(source.name, f"can't be unpacked: {error}")
        except OSError as error:
            yield Refusal(source.name, f"can't be read: {error.strerror or error}")

    def remarks(self) -> Iterator[Remark]:
        """Yield what is to be said once, at the end."""
        if self._undefined:
            names = ", ".join(sorted(self._undefined))
            yield Remark(
                "metrics",
                f"not taken, since nothing says what they mean: {names}; add [metrics.define.NAME] with unit,"
                " direction and definition to the mapping",
            )

    def _stream(self, stream: io.BufferedReader[Any], source: Source, meter: Meter) -> Iterator[Found]:
        lines: IO[bytes] = cast("IO[bytes]", stream)
        if stream.peek(2)[:2] == b"\x1f\x8b":
            lines = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=lines)), _BUFFER)
        file = self._of_file(source)
        if file is None:
            yield Refusal(source.name, f"its path is not as the mapping's file says: {self._mapping.file.pattern}")  # type: ignore[union-attr]
            return
        name = source.name.lower().removesuffix(".gz")
        cells = name.endswith((".csv", ".tsv"))
        if cells:
            found: Iterator[Place] = _rows(lines, source.name, meter)
        elif name.endswith((".yaml", ".yml")):
            from registry.exchange.yaml_reading import read_documents

            found = read_documents(lines, source.name, meter)
        else:
            found = read_values(lines, source.name, meter)
        for place, value in found:
            if type(value) is Fault:
                yield Refusal(place, str(value))
            else:
                yield from self._records(place, value, file, cells=cells)

    def _of_file(self, source: Source) -> Table[str, str] | None:
        """Return what the file's path says; None where it is not as the mapping wants it."""
        path = Path(source.name)
        said = {"name": path.name, "stem": path.name.partition(".")[0], "folder": path.parent.name}
        if self._mapping.file is None:
            return said
        found = self._mapping.file.search(source.name.replace(os.sep, "/"))
        if found is None:
            return None
        return said | {name: text for name, text in found.groupdict().items() if text is not None}

    def _records(self, place: str, value: Any, file: Table[str, str], *, cells: bool) -> Iterator[Found]:
        inside = self._mapping.records
        if inside is None:
            yield from self._record(place, View(value, value, file, cells))
            return
        found, _ = inside.find(value)
        if isinstance(found, dict):
            items = [(f"{place}: {key}", item) for key, item in found.items()]
        elif isinstance(found, list):
            items = [(f"{place}: {inside.text}[{number}]", item) for number, item in enumerate(found)]
        else:
            what = "nothing" if found is MISSING else "no list and no object"
            yield Refusal(place, f"records: {what} at {inside.text}")
            return
        for where, item in items:
            yield from self._record(where, View(item, value, file, cells))

    def _record(self, place: str, view: View) -> Iterator[Found]:
        try:
            mapped = map_record(self._mapping, view, place)
        except InvalidConfigError as error:
            yield Refusal(place, str(error))
            return
        if self.first is None:
            self.first = mapped
        self._undefined |= mapped.undefined
        yield mapped.record
        for said in mapped.remarks:
            yield Remark(place, said)


def in_folder(folder: Path) -> list[Path]:
    """Return the files below a folder that a mapping is for, in order."""
    found = []
    for below, _, names in os.walk(folder):
        found += [Path(below, name) for name in names if name.lower().removesuffix(".gz").endswith(SUFFIXES)]
    return sorted(found)


def _rows(stream: IO[bytes], name: str, meter: Meter) -> Iterator[Place]:
    header: list[str] | None = None
    number = 1
    try:
        for number, row in cells_of(stream, meter):
            if header is None:
                header = [cell.strip() for cell in row]
                repeated = next((each for i, each in enumerate(header) if each and each in header[:i]), None)
                if repeated is not None:
                    yield name, Fault(f'the column "{repeated}" stands there more than once; keep one')
                    return
            elif len(row) > len(header) and any(row[len(header) :]):
                yield f"{name}: row {number}", Fault(f"it has {len(row)} cells, the first row only {len(header)}")
            else:
                yield f"{name}: row {number}", {key: cell for key, cell in zip(header, row, strict=False) if key}
    except csv.Error as error:
        yield f"{name}: row {number + 1}", Fault(f"not CSV: {error}; nothing after it could be read")
    except UnicodeDecodeError:
        yield f"{name}: row {number + 1}", Fault("not UTF-8 text; save the table as UTF-8")
    if header is None:
        yield name, Fault("empty; nothing to import")
