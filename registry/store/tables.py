"""Writing rows as Parquet, by an engine in memory that never sees the registry's file."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from registry.errors import ExchangeError, full_temporary_folder
from registry.store.connection import Connection, Engine, is_engine_error, raise_interrupt
from registry.store.session import unnest_columns

if TYPE_CHECKING:
    from registry.results import Results

_BATCH = 10_000
_MEMORY: Final = 512
"""Megabytes the engine may take to write a table, beside its longest row."""
_CELLS: Final = 2_000_000
"""So many cells of a Parquet file are kept in memory, at least."""
_ROW: Final = 1 << 20
"""Bytes that are kept free for a row; more when one is longer."""


def quote(name: str) -> str:
    """Return an identifier in quotes, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal, where a parameter can't be bound."""
    return "'" + text.replace("'", "''") + "'"


def write_parquet(found: Results, path: Path) -> None:
    """Write rows to a Parquet file, which appears whole or not at all and replaces one that is there.

    Raises:
        ExchangeError: the folder can't be written, or a column's values have no Parquet type.
    """
    if not found.columns:
        raise ExchangeError("the query returned no columns, so there is nothing to write")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    types = found.types or ["VARCHAR"] * len(found.columns)
    try:
        with _engine(str(path)) as connection:
            columns = [quote(name) for name in _apart(found.columns)]
            shape = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
            connection.execute(f"CREATE TABLE t ({shape})")
            handed = {f"c{i}": "VARCHAR" for i in range(len(types))}
            values = ", ".join(_value(name, kind) for name, kind in zip(handed, types, strict=True))
            for start in range(0, len(found.rows), _BATCH):
                batch = [_texts(row, types) for row in found.rows[start : start + _BATCH]]
                lists = dict(zip(handed, zip(*batch, strict=True), strict=True))
                connection.execute(f"INSERT INTO t SELECT {values} FROM {unnest_columns(handed)}", [json.dumps(lists)])
            connection.execute(f"COPY t TO {literal(str(temporary))} (FORMAT parquet)")
        temporary.replace(path)
    except OSError as error:
        raise ExchangeError(f"{path} can't be written: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet_rows(
    columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]], path: Path, name: str
) -> None:
    """Write rows as they come to a Parquet file of columns that differ in more than case.

    Rows go through a file in the system's temporary folder, so that their number does not matter; what is absent takes
    no room there, so that thousands of columns of which each row has a few are no burden.

    Raises:
        ExchangeError: `name`, as the user calls the file, can't be written.
    """
    held = [f"c{i}" for i in range(len(columns))]
    shape = json.dumps(dict(zip(held, types, strict=True)))
    named = ", ".join(f"{each} AS {quote(column)}" for each, column in zip(held, columns, strict=True))
    group = min(100_000, max(2_048, _CELLS // len(types)))  # one is kept in memory until it is full
    with _waiting_file() as waiting:
        longest = _ROW
        for row in rows:
            there = {each: value for each, value in zip(held, row, strict=True) if value is not None}
            longest = max(longest, _put(waiting, json.dumps(there) + "\n"))  # ASCII: a byte each
        _put(waiting, "")
        # one thread: rows stay in their order, and what writes them is slower than the engine
        limits = {"memory_limit": f"{_MEMORY + longest * 4 // 10**6}MB", "threads": "1"}
        with _engine(name, limits) as connection:
            connection.execute(
                f"COPY (SELECT {named} FROM read_json(?, format = 'newline_delimited', columns = {shape},"
                f" maximum_object_size = {longest})) TO {literal(str(path))}"
                f" (FORMAT parquet, ROW_GROUP_SIZE {group})",
                [waiting.name],
            )


@contextlib.contextmanager
def _engine(name: str, limits: dict[str, str] | None = None) -> Iterator[Connection]:
    """Yield an engine whose errors say that `name` can't be written; an interrupt stays one."""
    try:
        with Engine() as engine:
            yield engine.workbench(limits=limits)
    except RuntimeError as error:
        raise_interrupt(error)
        raise
    except Exception as error:
        if not is_engine_error(error):
            raise
        raise ExchangeError(f"{name} can't be written: {str(error).strip().splitlines()[0]}") from None


@contextlib.contextmanager
def _waiting_file() -> Iterator[IO[str]]:
    with contextlib.ExitStack() as stack:
        try:
            file = tempfile.NamedTemporaryFile("w", prefix="experiment-registry-", suffix=".ndjson")  # noqa: SIM115
        except OSError as error:
            raise full_temporary_folder(error) from None
        stack.callback(_drop, file)
        yield file


def _drop(file: IO[str]) -> None:
    with contextlib.suppress(OSError):  # what a full disk did not take
        file.close()


def _put(file: IO[str], text: str) -> int:
    """Write to the file, or all that waits when there is nothing more; return the number of characters."""
    try:
        if not text:
            file.flush()
        return file.write(text)
    except OSError as error:
        raise full_temporary_folder(error) from None


def _apart(names: Sequence[str]) -> list[str]:
    """Return names that the engine, which ignores case, tells apart."""
    taken: set[str] = set()
    made = []
    for name in names:
        candidate, number = name, 1
        while candidate.lower() in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate.lower())
        made.append(candidate)
    return made


def _nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def _value(name: str, kind: str) -> str:
    if kind == "BLOB":
        return f"unhex({name})"
    return f"CAST(CAST({name} AS JSON) AS {kind})" if _nested(kind) else f"CAST({name} AS {kind})"


def _texts(row: Sequence[Any], types: Sequence[str]) -> list[str | None]:
    return [None if value is None else _text(value, kind) for value, kind in zip(row, types, strict=True)]


def _text(value: Any, kind: str) -> str:
    if _nested(kind) or isinstance(value, (list, dict, tuple)):
        return json.dumps(value, default=str)
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return repr(value) if isinstance(value, float) else str(value)
