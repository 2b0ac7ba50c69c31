"""Rows written as Parquet read back as they were, whatever their types and names."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import ExchangeError
from registry.results import Results
from registry.store import tables
from registry.store.tables import write_parquet

QUERY = """
SELECT 1::DECIMAL(9, 2) AS a, [1, NULL] AS b, {'x': 'y''z', 'n': [1.5]} AS c,
       TIMESTAMP '2024-01-01 01:02:03.000004' AS d,
       'ü"''\n' AS "A", uuid() AS f, NULL::DOUBLE AS g, 'nan'::DOUBLE AS h, true AS i, DATE '2024-02-29' AS j,
       -9223372036854775808 AS k, MAP {'p': 1} AS l, '\\x00\\xff'::BLOB AS m, 0.1::DOUBLE AS n
"""


def read(path: Path) -> tuple[list[str], list[tuple]]:
    import duckdb

    cursor = duckdb.connect().execute(f"SELECT * FROM read_parquet('{path}')")
    return [column[0] for column in cursor.description], cursor.fetchall()


def test_types_survive(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "r.duckdb")
    registry.register(ExperimentConfig(["a"], {"a": 1}))
    found = registry.sql(QUERY)
    write_parquet(found, tmp_path / "out.parquet")
    columns, rows = read(tmp_path / "out.parquet")
    assert columns == ["a", "b", "c", "d", "A_1", "f", "g", "h", "i", "j", "k", "l", "m", "n"]
    assert repr(rows) == repr(found.rows)


def test_no_rows_and_many(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "r.duckdb")
    registry.register(ExperimentConfig(["a"], {"a": 1}))
    write_parquet(registry.sql("SELECT * FROM weights WHERE false"), tmp_path / "none.parquet")
    assert read(tmp_path / "none.parquet") == (["config_hash", "feature", "weight"], [])
    many = registry.sql("SELECT i, i / 7 AS x FROM range(25000) t(i)")
    write_parquet(many, tmp_path / "many.parquet")
    assert read(tmp_path / "many.parquet")[1] == many.rows


def test_refusals_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="no columns"):
        write_parquet(Results([]), tmp_path / "x.parquet")
    with pytest.raises(ExchangeError, match="can't be written"):
        write_parquet(Results(["a"], [("x",)]), tmp_path / "missing" / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_the_engine_writes_is_one(tmp_path: Path) -> None:
    # seconds long and no more: at times the engine looks for an interrupt only when it is done
    sql = "SELECT count(*) FROM range(1000000000) t(a) WHERE a % 7 = 1"
    with pytest.raises(KeyboardInterrupt), tables._engine(str(tmp_path)) as connection:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        connection.execute(sql)
