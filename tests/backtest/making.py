"""Panels written to real files, as users have them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

DATA = Path(__file__).parents[1] / "data"
COLUMNS = ["date", "asset", "price", "x", "y"]
ROWS: list[tuple[Any, ...]] = [
    ("2020-01-01", "b", 10.0, 0.5, 1.0),
    ("2020-01-01", "a", 20.0, -0.25, 2.0),
    ("2020-01-02", "a", 21.0, None, 3.0),
    ("2020-01-02", "b", 11.5, 0.125, 4.0),
    ("2020-01-05", "Z", 7.0, 1e-300, 5.0),
    ("2020-01-05", "a", 22.0, 0.1, 6.0),
]


def csv_text(rows: Sequence[Sequence[Any]], columns: Sequence[str] = COLUMNS, delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue()


def write_csv(file: Path, rows: Sequence[Sequence[Any]] = ROWS, columns: Sequence[str] = COLUMNS) -> Path:
    """Write CSV; the ending decides on gzip and the delimiter."""
    content = csv_text(rows, columns, "\t" if ".tsv" in file.name else ",").encode()
    file.write_bytes(gzip.compress(content) if file.name.endswith(".gz") else content)
    return file


def write_parquet(
    file: Path,
    rows: Sequence[Sequence[Any]] = ROWS,
    columns: Sequence[str] = COLUMNS,
    types: Sequence[str] | None = None,
    group: int = 2048,
) -> Path:
    """Write Parquet; without types: a date, a text, numbers."""
    types = types or [{"date": "DATE", "asset": "VARCHAR"}.get(name, "DOUBLE") for name in columns]
    names = ['"' + name.replace('"', '""') + '"' for name in columns]
    with duckdb.connect() as connection:
        shape = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
        connection.execute(f"CREATE TABLE t ({shape})")
        values = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
        connection.execute(f"INSERT INTO t VALUES {values}", [cell for row in rows for cell in row])
        target = str(file).replace("'", "''")
        connection.execute(f"COPY t TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE {group})")
    return file
