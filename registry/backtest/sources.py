"""Where a panel comes from: a file, a query in a file, or a data frame, as one thing to select from.

The columns of what `open_table` returns are called c0, c1 …, by position: DuckDB ignores case and renames what
meets, so the names are read from the file itself, and data never becomes part of a statement.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.backtest.frames import frame_columns
from registry.canonical import show
from registry.errors import PanelError
from registry.store.connection import engine_version
from registry.store.workbench import EngineRefusal, Workbench, literal, one_file, workbench

KINDS = ".parquet, .csv, .csv.gz, .tsv, .sql"
_GZIP = b"\x1f\x8b"
_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class Table:
    """Something to select from, on a workbench."""

    bench: Workbench
    label: str
    """What messages call it: the file as it was named."""
    name: str
    """What the panel is called when nobody says."""
    source: str | None
    names: list[str]
    types: list[str]
    """The engine's type of each column."""
    relation: str
    """For FROM: its columns are c0, c1 …, its rows in their order."""
    all_text: bool = False
    """A CSV file: types are what the texts read as."""

    def cell(self, column: int, row: int) -> str | None:
        """Return one value as text; rows count from 0."""
        sql = f"SELECT CAST(c{column} AS VARCHAR) FROM {self.relation} LIMIT 1 OFFSET {row}"
        found: str | None = self.bench.rows(sql)[0][0]
        return found


@contextlib.contextmanager
def open_table(source: Any, date_column: str) -> Iterator[Table]:
    """Open a panel's source for the length of a block.

    `date_column` tells a CSV file's delimiter: the one that makes it a column.

    Raises:
        PanelError: there is no such file, it can't be read, or it is none of the kinds.
    """
    if not isinstance(source, str | os.PathLike):
        if (found := frame_columns(source)) is None:
            raise PanelError(
                f"a panel is a file ({KINDS}) or a pandas, polars or Arrow table, not {type(source).__name__}"
            )
        with _explained("the data frame"), workbench() as bench:
            yield _frame(bench, *found)
        return
    given = os.fspath(source)
    if not isinstance(given, str):
        given = os.fsdecode(given)
    label = plain(given, 1000)
    path = _regular_file(given, label)
    with _explained(label):
        if path.name.lower().endswith(".sql"):
            with _folder(path.parent) as folder, workbench(folder) as bench:
                yield _query(bench, label, path, given)
            return
        with workbench() as bench:
            yield _file(bench, label, path, given, date_column)


def plain(text: str, limit: int = 80) -> str:
    """Return user text for a message without quotes: one line, escapes for what can't be seen, cut to `limit`."""
    text = show(text, 2 * limit + 2).strip('"')
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _regular_file(given: str, label: str) -> Path:
    trouble = None
    try:
        path = Path(given)
        path.resolve().as_posix().encode()  # the engine takes names in UTF-8 only
        if path.is_dir():
            trouble = f"{label} is a folder; name a panel's file ({KINDS})"
        elif not path.exists():
            trouble = f"there is no file {label} to read a panel from"
        elif not path.is_file():
            trouble = f"{label} is not a file that can be read twice; write the panel to one ({KINDS})"
        else:
            path.open("rb").close()
    except OSError as error:
        trouble = f"{label} can't be read: {error.strerror or error}"
    except UnicodeEncodeError:
        trouble = f"{label} can't be read: its name is not UTF-8; rename it"
    except ValueError as error:  # a NUL in the name
        trouble = f"{label} can't be read: {error}"
    if trouble is not None:
        raise PanelError(trouble)
    return path


@contextlib.contextmanager
def _explained(label: str) -> Iterator[None]:
    """Say what the engine, the system or the decoders make of the file."""
    try:
        yield
    except EngineRefusal as error:
        raise PanelError(f"{label} can't be read: {_sentence(str(error), error.line)}") from error
    except (OSError, EOFError) as error:
        raise PanelError(f"{label} can't be read: {getattr(error, 'strerror', None) or error}") from error
    except UnicodeError:
        raise PanelError(f"{label} can't be read: it is not UTF-8 text; save it as UTF-8") from None
    except csv.Error as error:
        raise PanelError(f"{label} can't be read: its first line is no header ({error})") from None


def _sentence(text: str, first: str) -> str:
    at = re.search(r"CSV Error on Line: (\d+)", text)
    if at is None:
        return plain(first, 200)
    if counts := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return f"line {at[1]} has {counts[2]} values where the header has {counts[1]}"
    if "nicode" in text:
        return f"line {at[1]} is not UTF-8 text; save the file as UTF-8"
    if "unterminated quote" in text:
        return f"line {at[1]} begins a quoted value that never ends"
    lines = text.strip().splitlines()
    return plain(f"line {at[1]}: {lines[2] if len(lines) > 2 else first}", 200)


def _file(bench: Workbench, label: str, path: Path, given: str, date_column: str) -> Table:
    stem = re.sub(r"\.(gz|parquet|pq|csv|tsv)$", "", path.name, flags=re.IGNORECASE)
    stem = re.sub(r"\.(csv|tsv)$", "", stem, flags=re.IGNORECASE) if path.name.lower().endswith(".gz") else stem
    with path.open("rb") as file:
        mark = file.read(4)
    ending = re.sub(r"\.gz$", "", path.name.lower())
    ending = ending[ending.rfind(".") :] if "." in ending else ""
    if mark == b"PAR1":
        return _parquet(bench, label, path, stem, given)
    if ending in (".parquet", ".pq"):
        raise PanelError(f"{label} is empty" if not mark else f"{label} is not a Parquet file, whatever its name says")
    if ending not in _DELIMITERS:
        raise PanelError(f"{label} is of no known kind; a panel's file is one of {KINDS}")
    if not mark:
        raise PanelError(f"{label} is empty")
    if mark == b"\x28\xb5\x2f\xfd" or mark[:2] == b"PK":
        raise PanelError(f"{label} is compressed in another way than gzip; unpack it first")
    return _csv(bench, label, path, stem, given, date_column, _DELIMITERS[ending], mark[:2] == _GZIP)


def _parquet(bench: Workbench, label: str, path: Path, stem: str, given: str) -> Table:
    read = f"read_parquet({literal(one_file(path))}, hive_partitioning = false)"
    names = bench.parquet_columns(path)
    return Table(bench, label, stem, given, names, _types(bench, read), f"{read} AS t({_aliases(names)})")


def _csv(
    bench: Workbench, label: str, path: Path, stem: str, given: str, date_column: str, delimiters: str, packed: bool
) -> Table:
    names, delimiter = _header(path, date_column, delimiters, packed)
    if not names:
        raise PanelError(f"{label} has no header: its first line names the columns")
    if packed and engine_version().startswith("1."):
        _check_gzip(path)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
    relation = (
        f"read_csv({literal(one_file(path))}, auto_detect = false, header = true, columns = {{{columns}}},"
        f" delim = {literal(delimiter)}, quote = '\"', escape = '\"', compression = '{'gzip' if packed else 'none'}',"
        " hive_partitioning = false)"
    )
    return Table(bench, label, stem, given, names, ["VARCHAR"] * len(names), relation, all_text=True)


def _header(path: Path, date_column: str, delimiters: str, packed: bool) -> tuple[list[str], str]:
    """Return the names in a CSV file's first line, and the delimiter that makes one of them `date_column`."""
    read: list[tuple[list[str], str]] = []
    for delimiter in delimiters:
        with gzip.open(path) if packed else path.open("rb") as file:
            # it decodes more than the header: what is wrong further down is the engine's to find, with its line
            text = io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="")
            names = next(csv.reader(text, delimiter=delimiter), [])
        "".join(names).encode()
        read.append((names, delimiter))
        if date_column in read[-1][0]:
            return read[-1]
    return max(read, key=lambda found: len(found[0]))


def _check_gzip(path: Path) -> None:
    """Raise EOFError or OSError unless the file is whole: duckdb 1.5 takes the end of a torn one for its end."""
    with gzip.open(path) as file:
        while file.read(1 << 20):
            pass


def _query(bench: Workbench, label: str, path: Path, given: str) -> Table:
    """Run the query in a file; its result is kept on the workbench, so that rows have numbers."""
    text = path.read_text("utf-8-sig")
    if (query := bench.only_query(text)) is None:
        raise PanelError(f"{label} must hold one query (SELECT …) and nothing else")
    _refuse_strays(text, path.parent, label)
    # in brackets a statement that writes can't hide in a WITH
    query = f"(\n{query}\n)"
    described = bench.rows(f"DESCRIBE SELECT * FROM {query}")
    names = [row[0] for row in bench.rows(f"DESCRIBE {query}")]
    bench.rows(f"CREATE TEMP TABLE panel AS SELECT * FROM {query} AS t({_aliases(names)})")
    stem = re.sub(r"\.sql$", "", path.name, flags=re.IGNORECASE)
    return Table(bench, label, stem, given, names, [row[1] for row in described], "panel")


def _refuse_strays(text: str, folder: Path, label: str) -> None:
    """Refuse a relative name that the engine would find in the working folder rather than beside the query."""
    if folder.resolve() == Path.cwd():
        return
    for single, double in re.findall(r"'((?:[^']|'')+)'|\"((?:[^\"]|\"\")+)\"", text):
        name = single.replace("''", "'") or double.replace('""', '"')
        if Path(name).is_absolute() or "\0" in name:
            continue
        with contextlib.suppress(OSError):
            if Path(name).is_file() and not (Path(folder, name).exists() and Path(folder, name).samefile(name)):
                raise PanelError(
                    f"{label} reads {show(name)}, which means the one beside it, but there is another one in the"
                    " working folder; write the whole path in the query"
                )


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """Yield a name for a folder without commas: the engine takes what comes after one for another folder."""
    folder = folder.resolve()
    if "," not in str(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="experiments-") as temporary:
        link = Path(temporary, "folder")
        link.symlink_to(folder)
        yield link


def _frame(bench: Workbench, names: list[str], columns: list[Any]) -> Table:
    arrays = {f"c{i}": column() for i, column in enumerate(columns)}
    if not arrays:
        raise PanelError("the data frame has no columns")
    bench.register("panel", arrays)
    types = _types(bench, "panel")
    return Table(bench, "the data frame", "panel", None, names, types, "panel")


def _types(bench: Workbench, relation: str) -> list[str]:
    return [row[1] for row in bench.rows(f"DESCRIBE SELECT * FROM {relation}")]


def _aliases(names: list[str]) -> str:
    return ", ".join(f"c{i}" for i in range(len(names)))
