"""Files of other systems, read by a mapping: JSON, NDJSON, CSV and YAML, also packed with gzip."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Table
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from registry.canonical import show
from registry.errors import InvalidConfigError
from registry.exchange.mapped import View, map_record
from registry.exchange.paths import MISSING, OF_FILE
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
        self._said: dict[str, tuple[str, int]] = {}
        self._passed: list[str] = []
        self.first: Mapped | None = None
        """The first record that became an experiment."""

    def check(self, sources: Iterable[Source]) -> None:
        """Look whether all that will be needed is installed.

        Raises:
            MissingLibraryError: a file is YAML, and PyYAML is not.
        """
        if any((self._mapping.format or form_of(source.name)) == "yaml" for source in sources):
            from registry.exchange.yaml_reading import check_library

            check_library()

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
        for said, (place, count) in self._said.items():
            yield Remark(place, said if count == 1 else f"{said}; so with {count:,} records")
        if self._passed:
            files = f"{len(self._passed):,} files, whose paths are" if len(self._passed) > 1 else "its path is"
            yield Remark(self._passed[0], f"passed over: {files} not as the mapping's file says")
        if self._undefined:
            names = ", ".join(sorted(self._undefined))
            yield Remark(
                "metrics",
                f"not taken, since nothing says what they mean: {names}; add [metrics.define.NAME] with unit,"
                " direction and definition to the mapping",
            )

    def _stream(self, stream: io.BufferedReader[Any], source: Source, meter: Meter) -> Iterator[Found]:
        file = self._of_file(source)
        if file is None and source.passing:
            self._passed.append(source.name)
            return
        if file is None:
            assert self._mapping.file is not None
            yield Refusal(source.name, f"its path is not as the mapping's file says: {self._mapping.file.pattern}")
            return
        form = self._mapping.format or form_of(source.name)
        beside = None if source.path is None else Beside(source.path.parent)
        for place, value in values_in(stream, source.name, form, meter):
            if type(value) is Fault:
                yield Refusal(place, str(value))
            else:
                yield from self._records(place, value, file, beside, cells=form == "csv")

    def _of_file(self, source: Source) -> Table[str, str] | None:
        """Return what the file's path says; None where it is not as the mapping wants it."""
        path = Path(source.name)
        said = dict(zip(OF_FILE, (path.name.partition(".")[0], path.name, path.parent.name), strict=True))
        if self._mapping.file is None:
            return said
        found = self._mapping.file.search(source.name.replace(os.sep, "/"))
        if found is None:
            return None
        return said | {name: text for name, text in found.groupdict().items() if text is not None}

    def _records(
        self, place: str, value: Any, file: Table[str, str], beside: Beside | None, *, cells: bool
    ) -> Iterator[Found]:
        inside = self._mapping.records
        if inside is None:
            yield from self._record(place, View(value, value, file, cells, beside))
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
            yield from self._record(where, View(item, value, file, cells, beside))

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
            first, count = self._said.get(said, (place, 0))
            self._said[said] = first, count + 1


class Beside:
    """What is in other files of a folder; each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, list[Any] | None] = {}

    def __call__(self, name: str) -> list[Any] | None:
        """Return the values in a file, None where there is no such file.

        Raises:
            InvalidConfigError: it can't be read.
        """
        if name not in self._read:
            self._read[name] = self._values(self._folder / name)
        return self._read[name]

    @staticmethod
    def _values(path: Path) -> list[Any] | None:
        try:
            if not path.is_file():
                return None
            with path.open("rb", buffering=_BUFFER) as file:
                stream = cast("io.BufferedReader[Any]", file)
                found = list(values_in(stream, str(path), form_of(str(path)), Meter()))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InvalidConfigError(f"{path} can't be unpacked: {error}") from None
        except (OSError, ValueError) as error:
            raise InvalidConfigError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
        for place, value in found:
            if type(value) is Fault:
                raise InvalidConfigError(f"{place} can't be read: {value}")
        return [value for _, value in found]


def form_of(name: str) -> str:
    """Return what the name of a file says of what is in it: csv, yaml, else json."""
    name = name.lower().removesuffix(".gz")
    return "csv" if name.endswith((".csv", ".tsv")) else "yaml" if name.endswith((".yaml", ".yml")) else "json"


def values_in(stream: io.BufferedReader[Any], name: str, form: str, meter: Meter) -> Iterator[Place]:
    """Yield the values in a file that may be packed with gzip, with their places; those of CSV are its rows.

    Raises:
        EOFError, gzip.BadGzipFile, zlib.error: it can't be unpacked.
        MissingLibraryError: it is YAML, and PyYAML is not installed.
    """
    if stream.peek(2)[:2] == b"\x1f\x8b":
        packed, before = stream, meter.done
        stream = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=cast("IO[bytes]", stream))), _BUFFER)
        for item in _of_text(stream, name, form, Meter()):
            if packed.seekable():
                meter.done = before + packed.tell()  # progress is told of the bytes that the file has
            yield item
    else:
        yield from _of_text(stream, name, form, meter)


def _of_text(stream: io.BufferedReader[Any], name: str, form: str, meter: Meter) -> Iterator[Place]:
    head = stream.peek(64)[:64]
    if b"\x00" in head or head.startswith(b"PAR1"):
        yield name, Fault("no text; a mapping is for JSON, NDJSON, CSV and YAML in UTF-8, also packed with gzip")
    elif form == "csv":
        yield from _rows(stream, name, meter)
    elif form == "yaml":
        from registry.exchange.yaml_reading import read_documents

        yield from read_documents(stream, name, meter)
    else:
        yield from read_values(stream, name, meter)


def in_folder(folder: Path) -> list[Path]:
    """Return the files below a folder that a mapping is for, in order; also folders in it that can't be read."""
    found: list[Path] = []

    def unreadable(error: OSError) -> None:
        found.append(Path(error.filename))  # opening it tells why

    for below, _, names in os.walk(folder, onerror=unreadable):
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
                    yield name, Fault(f"the column {show(repeated)} stands there more than once; keep one")
                    return
            elif len(row) > len(header) and any(row[len(header) :]):
                yield f"{name}: row {number}", Fault(f"it has {len(row)} cells, the first row only {len(header)}")
            else:
                yield f"{name}: row {number}", {key: cell for key, cell in zip(header, row, strict=False) if key}
    except csv.Error as error:
        yield f"{name}: row {number + 1}", Fault(f"not CSV: {error}; nothing after it could be read")
    except UnicodeDecodeError:
        yield f"{name}: row {number + 1}", Fault("not UTF-8 text; save the table as UTF-8")
    else:
        if header is None:
            yield name, Fault("empty; nothing to import")
