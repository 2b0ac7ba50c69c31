"""Tables of experiments, wide and long, from CSV and Parquet; see `table_form` for what they look like."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from registry.canonical import show
from registry.config import HASH_LENGTH, ExperimentConfig, parse_json
from registry.errors import InvalidConfigError
from registry.exchange.report import Found, Record, Refusal, Remark
from registry.exchange.table_form import LONG, METRICS_FROM, OWN, OWN_KIND, Kind, from_cell, read_column
from registry.exchange.text import Meter

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII).fullmatch
_FIELDS: dict[Kind, str] = {
    "weight": "feature_weights",
    "transformation": "feature_transformations",
    "hyperparameter": "hyperparameters",
}
_LONGEST_CELL = 1 << 30
_METRICS = "metrics are not imported; runs travel in .ndjson files (export --runs)"

_Row = tuple[int, Sequence[Any]]
_Text = Callable[[Any], Any]


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
    text = io.TextIOWrapper(
        cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if packed else stream, "utf-8-sig", newline=""
    )
    csv.field_size_limit(_LONGEST_CELL)
    lines = _counted(text, meter)
    number = 0
    try:
        first = next(lines, "")
        reader = csv.reader(itertools.chain([first], lines), delimiter=_delimiter(first), strict=True)

        def numbered() -> Iterator[_Row]:
            nonlocal number
            for row in reader:
                number += 1
                if any(row):
                    yield number, [cell or None for cell in row]

        yield from _rows(numbered(), name, from_cell)
    except csv.Error as error:
        yield Refusal(f"{name}: row {number + 1}", f"not CSV: {error}; nothing after it could be read")
    except UnicodeDecodeError:
        yield Refusal(f"{name}: row {number + 1}", "not UTF-8 text; save the table as UTF-8")
    except (EOFError, gzip.BadGzipFile) as error:
        yield Refusal(f"{name}: row {number + 1}", f"can't be unpacked: {error}")
    finally:
        if not packed:
            with contextlib.suppress(ValueError):
                text.detach()  # closing it is the owner's affair


def _counted(lines: Iterable[str], meter: Meter) -> Iterator[str]:
    for line in lines:
        meter.done += len(line)
        yield line


def _delimiter(first: str) -> str:
    """Return what separates the cells: spreadsheets of some countries write semicolons, pasted cells have tabs."""
    return "," if "," in first else next((sign for sign in ";\t" if sign in first), ",")


def _parquet(name: str, path: Path | None) -> Iterator[Found]:
    from registry.store.workbench import EngineRefusal, workbench

    if path is None or not path.is_file():
        yield Refusal(name, "a Parquet file can't come through a pipe; name the file")
        return
    file = str(path.absolute())
    try:
        with workbench() as bench:
            # as the file has them: the engine renames columns that differ only in case
            schema = bench.rows("SELECT name, coalesce(num_children, 0) FROM parquet_schema(?)", [file])
            written = _top(schema)
            rows = itertools.chain.from_iterable(bench.batches("SELECT * FROM read_parquet(?)", [file]))
            yield from _rows(enumerate(itertools.chain([written], rows), 1), name, lambda value: value)
    except EngineRefusal as error:
        yield Refusal(name, f"can't be read as Parquet: {error.line}")


def _top(schema: Sequence[tuple[str, int]]) -> list[str]:
    """Return the columns' names from a schema in depth-first order, whose first line is the root."""
    names: list[str] = []
    below = 0
    for name, children in schema[1:]:
        if not below:
            names.append(name)
            below = 1
        below += children - 1
    return names


def _rows(rows: Iterator[_Row], name: str, text: _Text) -> Iterator[Found]:
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


def _wide(rows: Iterator[_Row], header: Sequence[str], name: str, text: _Text) -> Iterator[Found]:
    meant = [read_column(column) for column in header]
    kinds = {column[0] for column in meant if column}
    if not kinds & _FIELDS.keys() and not {"config_hash", "features"} & set(header):
        yield Refusal(
            name, "not a table of experiments: it has neither w.NAME columns nor config_hash, kind, name and value"
        )
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
        record = _Collected()
        try:
            for column, held, cell in zip(header, meant, row, strict=False):
                if held is not None and cell is not None:
                    record.add(*held, cell, f"column {column}", text)
            yield Record(place, record.config())
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


def _long(rows: Iterator[_Row], header: Sequence[str], name: str, text: _Text) -> Iterator[Found]:
    if "config_hash" not in header:
        yield Refusal(name, "a long table needs a column config_hash, which tells whose each row is")
        return
    unknown = [column for column in header if column and column not in LONG]
    if unknown:
        yield Remark(name, f"columns that mean nothing here were passed over: {', '.join(map(show, unknown))}")
    at = [header.index(column) for column in LONG]
    metrics = False
    cells = ((number, [row[i] if i < len(row) else None for i in at]) for number, row in rows)
    for config_hash, group in itertools.groupby(cells, key=lambda row: row[1][0]):
        record, fault = _Collected(), None
        first = number = 0
        for number, (_, kind, called, value) in group:
            first = first or number
            if fault is not None:
                continue
            try:
                if config_hash is None:
                    raise InvalidConfigError("config_hash is missing")
                about_metrics = kind == "metric" or (kind == OWN_KIND and called == METRICS_FROM)
                metrics = metrics or about_metrics
                if not about_metrics:
                    record.add_long(kind, called, value, text)
            except InvalidConfigError as error:
                fault = Refusal(f"{name}: row {number}", str(error))
        if fault is None:
            place = f"{name}: row {first}"
            try:
                record.own["config_hash"] = config_hash
                yield Record(place, record.config())
            except InvalidConfigError as error:
                yield Refusal(place, str(error))
        else:
            yield fault
    if metrics:
        yield Remark(name, _METRICS)


class _Collected:
    """One experiment, as its cells come."""

    def __init__(self) -> None:
        self.own: dict[str, Any] = {}
        self._values: dict[str, dict[str, Any]] = {field: {} for field in _FIELDS.values()}

    def add(self, kind: Kind, name: str, cell: Any, where: str, text: _Text) -> None:
        """Take in one cell that is not empty.

        Raises:
            InvalidConfigError: it can't be read; the message begins with `where`.
        """
        if kind == "metric":
            return
        try:
            value = _value(kind, name, cell, text)
        except InvalidConfigError as error:
            raise InvalidConfigError(f"{where}: {error}") from None
        if kind == "own":
            self.own[name] = value
            return
        values = self._values[_FIELDS[kind]]
        if name in values:
            raise InvalidConfigError(f"{where}: the {kind} {show(name)} stands there a second time; keep one")
        values[name] = value

    def add_long(self, kind: Any, called: Any, value: Any, text: _Text) -> None:
        """Take in one row of a long table.

        Raises:
            InvalidConfigError: it can't be read.
        """
        if kind == OWN_KIND:
            if called not in OWN or called == "config_hash":
                raise InvalidConfigError(f"column name: {show(called)} is no field of an experiment ({', '.join(OWN)})")
            kind, name = "own", called
            if name in self.own:
                raise InvalidConfigError(f"column name: {name} stands there a second time; keep one")
        elif kind in _FIELDS:
            if called is None:
                raise InvalidConfigError('column name: empty; an empty name is written ""')
            name = text(called)
        else:
            raise InvalidConfigError(f"column kind: {show(kind)} is none of {', '.join((OWN_KIND, *_FIELDS))}, metric")
        if value is not None:
            self.add(kind, name, value, "column value", text)

    def config(self) -> ExperimentConfig:
        """Return the experiment.

        Raises:
            InvalidConfigError: its content has no canonical form, there is none, or its hash is another one.
        """
        own = dict(self.own)
        weights = self._values["feature_weights"]
        names = own.pop("features", None)
        given = own.pop("config_hash", None)
        if given is None and names is None and not weights:
            raise InvalidConfigError("it has no weights; fill in a w. column")
        config = ExperimentConfig.from_dict(
            {"feature_names": list(weights) if names is None else names, **self._values, **own}
        )
        if given is None or given == config.config_hash:
            return config
        if len(str(given)) == HASH_LENGTH:
            raise InvalidConfigError(
                f"column config_hash: {given} does not match the content, whose hash is {config.config_hash}; the row"
                " was altered, or empty that cell to take the content as it is"
            )
        raise InvalidConfigError(f"column config_hash: {show(given)} is not a hash (64 lower-case hex digits)")


def _value(kind: Kind, name: str, cell: Any, text: _Text) -> Any:
    if not isinstance(cell, str):
        return cell
    if kind == "weight":
        if not _NUMBER(cell.strip()):
            raise InvalidConfigError(f"{show(cell)} is not a number")
        return float(cell)
    if kind == "hyperparameter":
        try:
            return parse_json(cell)
        except InvalidConfigError as error:
            raise InvalidConfigError(f'{show(cell)} is {error}; a text is written in quotes, as "zscore"') from None
    if name in ("tags", "features") and kind == "own":
        return parse_json(cell) if cell.lstrip().startswith("[") else [each.strip() for each in cell.split(",")]
    return text(cell) if kind == "transformation" or name == "description" else cell
