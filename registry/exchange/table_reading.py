"""Tables of experiments, wide and long, from CSV and Parquet; see `table_form` for what they look like."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from registry.canonical import show
from registry.errors import InvalidConfigError
from registry.exchange.report import Found, Record, Refusal, Remark
from registry.exchange.table_form import LONG, METRICS_FROM, NO_TABLE, OWN_KIND, Kind, from_cell, read_column
from registry.exchange.table_record import FIELDS, Collected, Text
from registry.exchange.text import Meter

_LONGEST_CELL = 1 << 30
_BLOCK = 1 << 20
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)
_METRICS = "metrics are not imported; runs travel in .ndjson files (export --runs)"

_Row = tuple[int, Sequence[Any]]


def read_table(stream: IO[bytes], name: str, path: Path | None, meter: Meter) -> Iterator[Found]:
    """Yield what a table holds: its rows as records or refusals, and remarks on columns that mean nothing."""
    head = cast("io.BufferedReader[Any]", stream).peek(4)[:4]
    if head == b"PAR1":
        yield from _parquet(name, path)
    elif name.lower().endswith(".parquet"):
        yield Refusal(name, "not a Parquet file")
    else:
        yield from _csv(stream, name, meter)


def _csv(stream: IO[bytes], name: str, meter: Meter) -> Iterator[Found]:
    packed = cast("io.BufferedReader[Any]", stream).peek(2)[:2] == b"\x1f\x8b"
    if packed and stream.seekable() and (fault := _damage(stream)) is not None:
        yield Refusal(name, f"can't be unpacked, so nothing of it was taken: {fault}")
        return
    text = io.TextIOWrapper(
        cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if packed else stream, "utf-8-sig", newline=""
    )
    number = 0
    try:

        def numbered() -> Iterator[_Row]:
            nonlocal number
            for number, row in _csv_rows(text, meter):
                yield number, [cell or None for cell in row]

        yield from _rows(numbered(), name, from_cell)
    except csv.Error as error:
        yield Refusal(f"{name}: row {number + 1}", f"not CSV: {error}; nothing after it could be read")
    except UnicodeDecodeError:
        yield Refusal(f"{name}: row {number + 1}", "not UTF-8 text; save the table as UTF-8")
    except _DAMAGED as error:
        yield Refusal(f"{name}: row {number + 1}", f"can't be unpacked: {error}")
    finally:
        if not packed:
            with contextlib.suppress(ValueError):
                text.detach()  # closing it is the owner's affair


def cells_of(stream: IO[bytes], meter: Meter) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of CSV that are not empty, with their numbers from 1.

    Raises:
        csv.Error, UnicodeDecodeError: it is none, or not in UTF-8.
    """
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
    try:
        yield from _csv_rows(text, meter)
    finally:
        with contextlib.suppress(ValueError):
            text.detach()  # closing it is the owner's affair


def _csv_rows(text: Iterable[str], meter: Meter) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST_CELL)
    lines = _counted(text, meter)
    first = next(lines, "")
    reader = csv.reader(itertools.chain([first], lines), delimiter=_delimiter(first), strict=True)
    for number, row in enumerate(reader, 1):
        if any(row):
            yield number, row


def _damage(stream: IO[bytes]) -> str | None:
    """Return what is wrong with a packed file, which its last bytes tell; it is read from its beginning again."""
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            while unpacked.read(_BLOCK):
                pass
    except _DAMAGED as error:
        return str(error)
    finally:
        stream.seek(0)
    return None


def _counted(lines: Iterable[str], meter: Meter) -> Iterator[str]:
    for line in lines:
        meter.done += len(line)
        yield line


def _delimiter(first: str) -> str:
    """Return what separates the cells: spreadsheets of some countries write semicolons, pasted cells have tabs."""
    return "," if "," in first else next((sign for sign in ";\t" if sign in first), ",")


def _parquet(name: str, path: Path | None) -> Iterator[Found]:
    from registry.store.workbench import EngineRefusal, one_file, workbench

    if path is None or not path.is_file():
        yield Refusal(name, "a Parquet file can't come through a pipe; name the file")
        return
    try:
        with workbench() as bench:
            columns = bench.parquet_columns(path)
            read = bench.batches("SELECT * FROM read_parquet(?, hive_partitioning = false)", [one_file(path)])
            rows = itertools.chain([columns], itertools.chain.from_iterable(read))
            yield from _rows(enumerate(rows, 1), name, lambda value: value)
    except EngineRefusal as error:
        yield Refusal(name, f"can't be read as Parquet: {error.line}")


def _rows(rows: Iterator[_Row], name: str, text: Text) -> Iterator[Found]:
    first = next(rows, None)
    if first is None:
        yield Refusal(name, "empty; nothing to import")
        return
    header = ["" if cell is None else str(text(cell)).strip() for cell in first[1]]
    named = [column for column in header if column]
    repeated = next((column for i, column in enumerate(named) if column in named[:i]), None)
    if repeated is not None:
        yield Refusal(name, f"the column {show(repeated)} stands there more than once; keep one")
    elif {"kind", "name", "value"} <= set(header):
        yield from _long(rows, header, name, text)
    else:
        yield from _wide(rows, header, name, text)


def _wide(rows: Iterator[_Row], header: Sequence[str], name: str, text: Text) -> Iterator[Found]:
    meant = [read_column(column) for column in header]
    kinds = {column[0] for column in meant if column}
    if not kinds & FIELDS.keys() and not {"config_hash", "features"} & set(header):
        yield Refusal(name, f"{NO_TABLE}: it has neither w.NAME columns nor config_hash, kind, name and value")
        return
    known = [column for column in meant if column]
    repeated = next((column for i, column in enumerate(known) if column in known[:i]), None)
    if repeated is not None:
        yield Refusal(name, f"two columns are the {repeated[0]} {show(repeated[1])}; keep one")
        return
    yield from _unknown(header, meant, name)
    for number, row in rows:
        place = f"{name}: row {number}"
        if len(row) > len(header) and any(cell is not None for cell in row[len(header) :]):
            yield Refusal(place, f"it has {len(row)} cells, the first row only {len(header)}")
            continue
        record = Collected()
        try:
            for column, held, cell in zip(header, meant, row, strict=False):
                if held is not None and cell is not None:
                    record.add(*held, cell, f"column {column}", text)
            yield record.record(place)
        except InvalidConfigError as error:
            yield Refusal(place, str(error))


def _unknown(header: Sequence[str], meant: Sequence[tuple[Kind, str] | None], name: str) -> Iterator[Remark]:
    unknown = [column for column, held in zip(header, meant, strict=True) if held is None and column]
    metrics = any(held is not None and held[0] == "metric" for held in meant)
    if metrics:
        yield Remark(name, _METRICS)
        unknown = [column for column in unknown if column != METRICS_FROM]
    if unknown:
        yield Remark(name, f"columns that mean nothing here were passed over: {', '.join(map(show, unknown))}")


def _long(rows: Iterator[_Row], header: Sequence[str], name: str, text: Text) -> Iterator[Found]:
    if "config_hash" not in header:
        yield Refusal(name, "a long table needs a column config_hash, which tells whose each row is")
        return
    unknown = [column for column in header if column and column not in LONG]
    if unknown:
        yield Remark(name, f"columns that mean nothing here were passed over: {', '.join(map(show, unknown))}")
    at = [header.index(column) for column in LONG]
    metrics = False
    cells = ((number, [row[i] if i < len(row) else None for i in at]) for number, row in rows)
    waiting: dict[str, _Group] = {}  # those whose rows so far are no whole experiment: others may come further down
    ended: set[str] = set()
    for config_hash, rows_of_one in itertools.groupby(cells, key=lambda row: row[1][0]):
        if not isinstance(config_hash, str):
            number = next(rows_of_one)[0]
            said = "is missing" if config_hash is None else f"{show(config_hash)} is no text"
            yield Refusal(f"{name}: row {number}", f"column config_hash: {said}")
            continue
        group = waiting.get(config_hash) or _Group()
        for number, (_, kind, called, value) in rows_of_one:
            about_metrics = kind == "metric" or (kind == OWN_KIND and called == METRICS_FROM)
            metrics = metrics or about_metrics
            group.first = group.first or number
            if not about_metrics:
                group.add(number, kind, called, value, text)
        if config_hash in ended:
            if group.told:
                yield Refusal(
                    f"{name}: row {group.first}",
                    f"more of {show(config_hash)}, whose rows ended before; sort the table by config_hash",
                )
            continue
        found = group.found(name, config_hash)
        if isinstance(found, Record):
            waiting.pop(config_hash, None)
            ended.add(config_hash)
            yield found
        else:
            waiting[config_hash] = group
    refused = [group.found(name, config_hash) for config_hash, group in waiting.items()]
    yield from refused
    if metrics:
        yield Remark(name, _METRICS)


class _Group:
    """The rows of one experiment in a long table."""

    def __init__(self) -> None:
        self.first = 0
        """The number of its first row."""
        self.told = False
        """Whether any of them tells something of it but metrics."""
        self._collected = Collected()
        self._fault: tuple[int, str] | None = None

    def add(self, number: int, kind: Any, called: Any, value: Any, text: Text) -> None:
        self.told = True
        if self._fault is None:
            try:
                self._collected.add_long(kind, called, value, text)
            except InvalidConfigError as error:
                self._fault = number, str(error)

    def found(self, name: str, config_hash: str) -> Record | Refusal:
        """Return the experiment, or what is wrong with it."""
        if self._fault is not None:
            return Refusal(f"{name}: row {self._fault[0]}", self._fault[1])
        try:
            self._collected.own["config_hash"] = config_hash
            return self._collected.record(f"{name}: row {self.first}")
        except InvalidConfigError as error:
            return Refusal(f"{name}: row {self.first}", str(error))
