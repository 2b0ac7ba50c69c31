"""What can't be evaluated is refused in one sentence: which column, which row, which value."""

from __future__ import annotations

import gzip
import os
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from registry.backtest.panel import load_panel
from registry.errors import PanelError, RegistryError
from tests.backtest.making import DATA, ROWS, csv_text, write_csv, write_parquet


def refusal(source: Any, **options: Any) -> str:
    with pytest.raises(PanelError) as caught:
        load_panel(source, **options)
    message = str(caught.value)
    assert isinstance(caught.value, RegistryError)
    assert isinstance(caught.value, ValueError)
    assert message.isprintable()
    assert len(message) < 700
    return message


HEAD = "date,asset,price,x\n"
FINE = "2020-01-01,a,1,2\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-13-01,a,1,2\n", 'column "date", row 1: "2020-13-01" is no date; write YYYY-MM-DD'),
        (FINE + "2020-02-30,a,1,2\n", 'column "date", row 2: "2020-02-30" is no date; write YYYY-MM-DD'),
        ("01/02/2020,a,1,2\n", 'column "date", row 1: "01/02/2020" is no date; write YYYY-MM-DD'),
        ("20200101,a,1,2\n", 'column "date", row 1: "20200101" is no date; write YYYY-MM-DD'),
        ("2020-1-001,a,1,2\n", 'column "date", row 1: "2020-1-001" is no date; write YYYY-MM-DD'),
        ("infinity,a,1,2\n", 'column "date", row 1: "infinity" is no date; write YYYY-MM-DD'),
        ("0000-01-01,a,1,2\n", 'column "date", row 1: "0000-01-01" is no date; write YYYY-MM-DD'),
        (
            FINE + "2020-01-02 16:00:00,a,1,2\n",
            'column "date", row 2: "2020-01-02 16:00:00" has a time of day; a panel has one row per date and asset',
        ),
        (
            "2020-01-02T00:00+02:00,a,1,2\n",
            'column "date", row 1: "2020-01-02T00:00+02:00" has a time of day; a panel has one row per date and asset',
        ),
        (FINE + ",a,1,2\n", 'column "date", row 2: no date'),
        (FINE + "2020-01-01,,1,2\n", 'column "asset", row 2: no asset'),
        (FINE + '2020-01-01,"  ",1,2\n', 'column "asset", row 2: no asset'),
        (
            FINE + "2020-01-02,a,1,2\n2020-01-01,b,1,2\n" + FINE,
            'columns "date" and "asset": rows 1 and 4 are both 2020-01-01, a; a panel has one row per date and asset',
        ),
        (
            FINE + "2020-01-01,b,free,2\n",
            'column "price", row 2 (2020-01-01, b): "free" is not a number; leave missing values empty',
        ),
        (
            "2020-01-02,a,1,2\n2020-01-01,b,1,3\n2020-01-01,c,1,4\n2020-01-01,a,1,n/a\n",
            'column "x", row 4 (2020-01-01, a): "n/a" is not a number; leave missing values empty',
        ),
        (
            FINE + '2020-01-01,b,1,3\n2020-01-01,c,"1,5",4\n',
            'column "price", row 3 (2020-01-01, c): "1,5" is not a number; leave missing values empty',
        ),
        ("2020-01-01,a,,2\n2020-01-02,a,-1,2\n", 'column "price" has no price above 0'),
        (FINE + "2020-01-02,a,1\n", "can't be read: line 3 has 3 values where the header has 4"),
        (FINE + "2020-01-02,a,1,2,3\n", "can't be read: line 3 has 5 values where the header has 4"),
        (FINE + '2020-01-02,"a,1,2\n', "can't be read: line 3 begins a quoted value that never ends"),
        ("", "has no rows"),
    ],
)
def test_values_in_a_csv_file(tmp_path: Path, text: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text(HEAD + text)
    message = refusal("p.csv")
    assert message.startswith("p.csv")
    assert message[5:].lstrip(" ,:") == expected


def test_a_named_feature_must_be_numeric(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "p.csv", [("2020-01-01", "a", 1.0, "tech", "true")], ["date", "asset", "price", "s", "f"]
    )
    assert refusal(file, features=["s"]).endswith(
        'column "s", row 1 (2020-01-01, a): "tech" is not a number; leave missing values empty'
    )
    assert '"true" is not a number' in refusal(file, features=["f"])
    assert refusal(file, features=["asset"]).endswith('column "asset" holds the assets, so it can\'t be a feature')


@pytest.mark.parametrize(
    ("kind", "value", "options", "expected"),
    [
        ("BOOLEAN", True, {"features": ["x"]}, 'column "x" holds true and false, not numbers; write 1 and 0'),
        ("DATE", "2020-01-01", {"features": ["x"]}, 'column "x" holds dates, not numbers'),
        ("INTEGER[]", [1], {"features": ["x"]}, 'column "x" holds nested values, not numbers'),
        ("BLOB", b"1", {"price_column": "x"}, 'column "x" holds bytes, not numbers'),
        ("INTEGER", 20200101, {"date_column": "x"}, 'column "x" holds numbers, not dates; write dates as YYYY-MM-DD'),
        ("DOUBLE", 1.0, {"asset_column": "x"}, 'column "x" holds numbers, not names of assets'),
        ("DATE", "2020-01-01", {"universe_column": "x"}, 'column "x" holds dates, not true or false'),
        ("DOUBLE", 0.5, {"universe_column": "x"}, 'column "x", row 1 (2020-01-01, a): "0.5" is neither true nor false'),
        ("VARCHAR", "maybe", {"universe_column": "x"}, '"maybe" is neither true nor false'),
        ("TIMESTAMP", "2020-01-01 00:00:01", {"date_column": "x"}, '"2020-01-01 00:00:01" has a time of day'),
        ("DATE", "infinity", {"date_column": "x"}, '"infinity" is no date'),
        ("TIMESTAMP", "infinity", {"date_column": "x"}, '"infinity" is no date'),
        ("DATE", None, {"date_column": "x"}, 'column "x", row 1: no date'),
        ("VARCHAR", None, {"asset_column": "x"}, 'column "x", row 1: no asset'),
    ],
)
def test_values_in_a_parquet_file(
    tmp_path: Path, kind: str, value: Any, options: dict[str, Any], expected: str
) -> None:
    rows = [("2020-01-01", "a", 1.0, value)]
    file = write_parquet(
        tmp_path / "p.parquet", rows, ["date", "asset", "price", "x"], ["DATE", "VARCHAR", "DOUBLE", kind]
    )
    assert expected in refusal(file, **options)


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "p.csv", ROWS, ["Date", "asset", "price", "SentimentScore", "y"])
    assert refusal(file).endswith(
        'has no column "date" for dates (the nearest is "Date"); say which one holds them with --date-column'
        " (in Python date_column=)"
    )
    assert '(the nearest is "SentimentScore")' in refusal(file, date_column="Date", features=["SentimentScor"])
    several = refusal(file, date_column="Date", features=["sentimentscore", "qqq", "y"])
    assert 'lacks columns for 2 features: "sentimentscore" (the nearest is "SentimentScore"), "qqq" (it has ' in several
    assert 'no column "close" for prices' in refusal(file, date_column="Date", price_column="close")
    assert 'no column "cap" for market' in refusal(file, date_column="Date", cap_column="cap")
    many = refusal(file, date_column="Date", features=[f"f{i}" for i in range(1000)])
    assert many.endswith(' and 992 more (it has "Date", "asset", "price", "SentimentScore", "y")')


def test_columns_that_are_there_twice_or_mean_two_things(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "p.csv", [("2020-01-01", "a", 1, 2, 3)], ["date", "asset", "price", "x", "x"])
    assert refusal(file, features=["x"]).endswith('has 2 columns "x"; rename all but one')
    assert refusal(file).endswith('has 2 columns "x"; rename all but one')
    assert 'column "price" can\'t hold both prices and market' in refusal(file, cap_column="price")
    assert load_panel(file, features=[]).features == {}


def test_files_that_are_no_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal("none.parquet") == "there is no file none.parquet to read a panel from"
    assert refusal("s3://bucket/p.parquet").startswith("there is no file s3://")
    assert "is a folder" in refusal(tmp_path)
    Path("p.xlsx").write_bytes(b"PK\x03\x04")
    assert refusal("p.xlsx").startswith("p.xlsx is of no known kind; a panel's file is one of .parquet")
    for name in ("p.parquet", "p.csv", "p.tsv"):
        Path(name).touch()
        assert refusal(name) == f"{name} is empty"
    Path("p.parquet").write_text(csv_text(ROWS))
    assert "is not a Parquet file" in refusal("p.parquet")
    whole = (DATA / "panels" / "polars.parquet").read_bytes()
    Path("p.parquet").write_bytes(whole[:-30])
    assert refusal("p.parquet").startswith("p.parquet can't be read: ")
    Path("p.csv").write_bytes(whole)
    assert load_panel("p.csv").name == "p"  # what is in it counts
    Path("p.csv").write_bytes(b"\xff\xfed\0a\0")
    assert "not UTF-8" in refusal("p.csv")
    Path("p.csv").write_bytes(HEAD.encode() + b"2020-01-01,\xff,1,2\n")
    assert refusal("p.csv") == "p.csv can't be read: line 2 is not UTF-8 text; save the file as UTF-8"
    Path("p.csv").write_bytes(b"\x28\xb5\x2f\xfd")
    assert "compressed in another way" in refusal("p.csv")
    packed = gzip.compress(csv_text(ROWS * 500).encode())
    for torn in (1, 8, 12, 40):
        Path("p.csv.gz").write_bytes(packed[:-torn])
        assert refusal("p.csv.gz").startswith("p.csv.gz can't be read: ")
    os.mkfifo("pipe.csv")
    assert "not a file that can be read twice" in refusal("pipe.csv")
    if os.geteuid():
        Path("p.csv").chmod(0)
        assert refusal("p.csv") == "p.csv can't be read: Permission denied"
    assert "a panel is a file" in refusal(42)
    assert "NUL" in refusal("a\0b.csv") or "null" in refusal("a\0b.csv")


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO 'out.csv'",
        "SELECT 1; COPY (SELECT 1) TO 'out.csv'",
        "WITH a AS (COPY (SELECT 1) TO 'out.csv') SELECT * FROM a",
        "SELECT 1) ; COPY (SELECT 1) TO 'out.csv'; SELECT (1",
        "ATTACH 'out.csv' AS x",
        "EXPORT DATABASE 'out.csv'",
        "INSTALL httpfs",
        "SET threads = 1",
        "CREATE TABLE t AS SELECT 1",
        "",
        "-- nothing",
        "SELEC date FROM 'p.csv'",
        "SELECT 1 AS date FROM 'none.csv'",
        "SELECT error('told ' || chr(10) || 'off')",
        "SELECT * FROM 'https://example.org/p.parquet'",
    ],
)
def test_a_query_file_only_asks(tmp_path: Path, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("q.sql").write_text(query)
    assert refusal("q.sql").startswith("q.sql ")
    assert list(tmp_path.iterdir()) == [tmp_path / "q.sql"]


def test_a_query_that_could_mean_a_file_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "p.csv")
    (folder / "q.sql").write_text("SELECT * FROM 'p.csv'")
    assert 'reads "p.csv", which means the one beside it' in refusal("folder/q.sql")
    write_csv(folder / "p.csv")
    assert "there is another one in the working folder" in refusal("folder/q.sql")
    (folder / "q.sql").write_text(f"SELECT * FROM '{folder / 'p.csv'}'")
    assert len(load_panel("folder/q.sql").date_no) == 6


def test_a_value_in_a_query_has_its_row(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text(
        "SELECT DATE '2020-01-01' + i::INT AS date, 'a' AS asset, 1 AS price,"
        " CASE i WHEN 3 THEN 'bad' ELSE '1' END AS x FROM range(5) t(i)"
    )
    assert 'column "x", row 4 (2020-01-04, a): "bad"' in refusal(tmp_path / "q.sql", features=["x"])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_are_counted_in_the_order_of_a_large_file(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"p.{ending}"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT DATE '2020-01-01' + (i % 97)::INT AS date, 'a' || i AS asset, 1.5 AS price,"
            " CASE i WHEN 150000 THEN 'bad' ELSE '1' END AS x FROM range(200000) t(i))"
            f" TO '{file}' {'(ROW_GROUP_SIZE 2048)' if ending == 'parquet' else ''}"
        )
    assert f'row 150001 (2020-02-0{150_000 % 97 - 30}, a150000): "bad"' in refusal(file, features=["x"])


def test_options_that_make_no_sense(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "p.csv")
    assert "forward_horizon is not given" in refusal(file, forward_column="x")
    assert "forward_column is not given" in refusal(file, forward_horizon=5)
    for wrong in (0, -1, 1.5, True, "5"):
        assert "must be a whole number of dates" in refusal(file, forward_column="x", forward_horizon=wrong)
    assert "needs a column of prices or one of forward returns" in refusal(file, price_column=None)
    for wrong in ("", "  ", "a\nb"):
        assert "can't be called" in refusal(file, name=wrong)
    with pytest.raises(PanelError, match='without the feature "nope"'):
        load_panel(file).fingerprint(["nope"], date(2020, 1, 1))


def test_text_of_a_value_is_shown_without_its_escapes(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "p.csv",
        [("2020-01-01", "\x1b[2Ja", "\x1b[31mred\nblue" + "x" * 500, 1)],
        ["date", "asset", "price", "x"],
    )
    message = refusal(file)
    assert "\\u001b[31mred\\nblue" in message
    assert "\\u001b[2Ja" in message
