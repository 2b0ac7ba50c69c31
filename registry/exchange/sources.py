"""Where records come from: files, folders, patterns and standard input, each told by its content.

A folder that holds `experiment_config.json` is that of a backtest: that file is read and nothing else in it.
Of any other folder the JSON, NDJSON and SQLite files and the tables directly in it are read, and the
`experiment_config.json` of every backtest below it. What turns out to be something else there is passed over with a
remark; in a file that was named it is a refusal.
"""

from __future__ import annotations

import glob
import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from registry.exchange.record import NotAnExperimentError, interpret
from registry.exchange.report import Found, Refusal, Remark
from registry.exchange.table_form import NO_TABLE, TABLES, table_suffix
from registry.exchange.text import Meter, read_values

BACKTEST_FILE = "experiment_config.json"
SUFFIXES = (".json", ".ndjson", ".jsonl", ".sqlite", ".sqlite3")
"""Endings of the files that are looked at in a folder; a file that is named may end in anything."""

STDIN = "-"

_MARKS = (
    (b"\x1f\x8b", "compressed (gzip); unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd); unpack it first"),
    (b"BZh", "compressed (bzip2); unpack it first"),
    (b"\xfd7zXZ\x00", "compressed (xz); unpack it first"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"\xff\xfe", "UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as UTF-8"),
)
_SQLITE = b"SQLite format 3\x00"
_DUCKDB = (
    "a DuckDB file, such as this program's own registries are; bring a registry together with this one by: "
    "experiments merge FILE"
)
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, or standard input when `path` is None."""

    name: str
    path: Path | None
    size: int = 0
    passing: bool = False
    """Found in a folder, not named: what is no experiment is passed over."""


def expand(
    names: Iterable[str | os.PathLike[str]], in_folder: Callable[[Path], Iterable[Path]] | None = None
) -> Iterator[Source | Refusal]:
    """Yield the files that `names` stand for; a name that stands for none yields a refusal.

    `in_folder` returns those that a folder stands for, where they are others than those told above.
    """
    for given in names:
        name = os.fspath(given)
        if name == STDIN:
            yield Source("stdin", None)
        elif not name:
            yield Refusal('""', "an empty name; name a file, a folder, or - for standard input")
        elif os.path.lexists(name) or not glob.has_magic(name):
            yield from _named(Path(name), in_folder)
        else:
            matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (a Path takes no absolute pattern)
            if not matches:
                yield Refusal(name, "no file matches this pattern")
            for match in matches:
                yield from _named(Path(match), in_folder)


def read_source(source: Source, meter: Meter, stdin: BinaryIO | None = None) -> Iterator[Found]:
    """Yield what is in `source`: records, refusals, remarks. Never raises because of what it finds there."""
    try:
        if source.path is not None:
            with source.path.open("rb", buffering=_BUFFER) as file:
                yield from _read_stream(cast("io.BufferedReader[Any]", file), source, meter)
        elif stdin is None:
            yield Refusal(source.name, "there is no standard input here")
        else:
            stream = io.BufferedReader(cast(io.RawIOBase, stdin), _BUFFER)
            try:
                yield from _read_stream(stream, source, meter)
            finally:
                stream.detach()  # closing it is the owner's affair
    except OSError as error:
        yield Refusal(source.name, f"can't be read: {error.strerror or error}")


def _named(path: Path, in_folder: Callable[[Path], Iterable[Path]] | None) -> Iterator[Source | Refusal]:
    name = str(path)
    try:
        status = path.stat()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and not path.is_symlink()
        yield Refusal(name, "there is no such file" if missing else f"can't be read: {error.strerror}")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _folder(path, in_folder or _in_folder)
    elif stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode):
        yield Source(name, path, status.st_size)
    else:
        yield Refusal(name, "neither a file nor a folder")


def _folder(folder: Path, in_folder: Callable[[Path], Iterable[Path]]) -> Iterator[Source | Refusal]:
    try:
        found = sorted(in_folder(folder))
    except OSError as error:
        yield Refusal(str(folder), f"can't be read: {error.strerror}")
        return
    for path in found:
        try:
            yield Source(str(path), path, path.stat().st_size, passing=path.name != BACKTEST_FILE)
        except OSError as error:
            yield Refusal(str(path), f"can't be read: {error.strerror}")
    if not found:
        kinds = f"{', '.join((*SUFFIXES, *TABLES))} file"
        wanted = f"no {BACKTEST_FILE}, and no {kinds}" if in_folder is _in_folder else "no file of a kind that is read"
        yield Refusal(str(folder), f"a folder with nothing to import: {wanted}")


def _in_folder(folder: Path) -> set[Path]:
    inside = list(folder.iterdir())
    backtest = folder / BACKTEST_FILE
    if backtest in inside:
        return {backtest}
    known = (*SUFFIXES, *TABLES)
    files = {path for path in inside if path.name.lower().endswith(known) and not path.is_dir()}
    for below, _, names in os.walk(folder):
        if BACKTEST_FILE in names:
            files.add(Path(below, BACKTEST_FILE))
    return files


def _read_stream(stream: io.BufferedReader[Any], source: Source, meter: Meter) -> Iterator[Found]:
    head = stream.peek(64)[:64]
    if head.startswith(_SQLITE):
        yield from _read_sqlite(stream, source, meter)
        return
    if head[8:12] == b"DUCK":
        yield Refusal(source.name, _DUCKDB)
        return
    if head.startswith(b"PAR1") or table_suffix(source.name):
        from registry.exchange.table_reading import read_table

        for item in read_table(stream, source.name, source.path, meter):
            if source.passing and isinstance(item, Refusal) and item.reason.startswith(NO_TABLE):
                yield Remark(source.name, f"passed over: {item.reason}")
            else:
                yield item
        return
    for mark, what in _MARKS:
        if head.startswith(mark):
            yield Refusal(source.name, what)
            return
    if b"\x00" in head:
        yield Refusal(source.name, "a binary file of a kind that can't be imported")
        return
    passed: list[Remark] = []
    for place, value in read_values(stream, source.name, meter):
        try:
            yield from interpret(place, value)
        except NotAnExperimentError as error:
            if source.passing:
                passed.append(Remark(place, f"passed over: {error}"))
            else:
                yield Refusal(place, str(error))
    if len(passed) > 1:
        yield Remark(source.name, f"{len(passed)} records {passed[0].text}")
    else:
        yield from passed


def _read_sqlite(stream: io.BufferedReader[Any], source: Source, meter: Meter) -> Iterator[Found]:
    from registry.exchange.legacy import read_registry

    if source.path is not None and source.path.is_file():
        yield from read_registry(source.path, source.name, meter, passing=source.passing)
        return
    # a pipe: the engine needs a file
    with tempfile.TemporaryDirectory(prefix="experiment-registry-") as folder:
        path = Path(folder, "registry.sqlite")
        with path.open("wb") as copy:
            while block := stream.read(_BUFFER):
                copy.write(block)
        yield from read_registry(path, source.name, meter)
