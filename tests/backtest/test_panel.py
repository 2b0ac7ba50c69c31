"""Reading panels from real files: what a user's file holds is what the arrays hold."""

from __future__ import annotations

import gzip
import random
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from registry.backtest.panel import Panel, load_panel
from registry.runs.panels import PanelDays
from tests.backtest.making import COLUMNS, DATA, ROWS, csv_text, write_csv, write_parquet

END = date(2030, 1, 1)


def same(one: Panel, other: Panel) -> bool:
    """Tell whether two panels have the same content, by comparing it all."""
    columns = ("dates", "offsets", "date_no", "asset_no", "price", "forward", "cap", "tradable")
    return (
        one.assets == other.assets
        and list(one.features) == list(other.features)
        and all(_equal(getattr(one, name), getattr(other, name)) for name in columns)
        and all(_equal(one.features[name], other.features[name]) for name in one.features)
        and one.fingerprint(one.features, END) == other.fingerprint(other.features, END)
    )


def _equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_a_panel_is_by_date_then_asset(tmp_path: Path) -> None:
    panel = load_panel(write_csv(tmp_path / "my panel.csv"))
    assert panel.name == "my panel"
    assert panel.source == str(tmp_path / "my panel.csv")
    assert panel.dates.tolist() == [date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 5)]
    assert panel.assets == ["Z", "a", "b"]  # bytewise, as picks are ordered
    assert panel.offsets.tolist() == [0, 2, 4, 6]
    assert panel.date_no.tolist() == [0, 0, 1, 1, 2, 2]
    assert panel.asset_no.tolist() == [1, 2, 1, 2, 0, 1]
    assert panel.price is not None
    assert panel.price.tolist() == [20.0, 10.0, 21.0, 11.5, 7.0, 22.0]
    assert panel.features["y"].tolist() == [2.0, 1.0, 3.0, 4.0, 5.0, 6.0]
    assert np.isnan(panel.features["x"][2])
    assert panel.features["x"][4] == 1e-300
    assert panel.nonfinite == {"price": 0, "x": 1, "y": 0}
    assert panel.columns == COLUMNS
    with pytest.raises(ValueError, match="read-only"):
        panel.price[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        panel.features["y"][0] = 0


def test_every_kind_of_file_holds_the_same_panel(tmp_path: Path) -> None:
    expected = load_panel(write_parquet(tmp_path / "p.parquet"))
    shuffled = ROWS.copy()
    random.Random(4).shuffle(shuffled)
    (tmp_path / "q.sql").write_text(
        "-- prices\nSELECT date, asset, price, x, y FROM 'p.parquet' ORDER BY y DESC; -- end\n"
    )
    (tmp_path / "semicolon.csv").write_text("\ufeff" + csv_text(ROWS, delimiter=";").replace("\n", "\r\n"))
    (tmp_path / "UPPER.CSV.GZ").write_bytes(gzip.compress(csv_text(ROWS, delimiter="|").encode()))
    files = [
        write_csv(tmp_path / "p.csv"),
        write_csv(tmp_path / "p.csv.gz", shuffled),
        write_csv(tmp_path / "p.tsv"),
        write_csv(tmp_path / "p.tsv.gz", shuffled),
        write_parquet(tmp_path / "small groups.parquet", shuffled, group=2),
        tmp_path / "q.sql",
        tmp_path / "semicolon.csv",
        tmp_path / "UPPER.CSV.GZ",
    ]
    for file in files:
        assert same(load_panel(file), expected), file.name
    assert {load_panel(file).name for file in files} == {"p", "small groups", "q", "semicolon", "UPPER"}


def test_columns_may_be_in_any_order_and_have_any_name(tmp_path: Path) -> None:
    rows = [(row[3], row[1], row[4], row[0], row[2]) for row in ROWS]
    panel = load_panel(
        write_csv(tmp_path / "p.csv", rows, ["x", "Ticker", "y", "Day", "close"]),
        date_column="Day", asset_column="Ticker", price_column="close", features=["y", "x"], name="mine",
    )  # fmt: skip
    assert list(panel.features) == ["y", "x"]
    assert panel.name == "mine"
    names = ["y", "x"]
    expected = load_panel(write_csv(tmp_path / "q.csv"))
    assert panel.fingerprint(names, END) == expected.fingerprint(names, END)


def test_the_real_panel() -> None:
    panel = load_panel(DATA / "sp500_20_panel.parquet", features=["mom_12_1", "rev_5"])
    assert (len(panel.dates), len(panel.assets), len(panel.date_no)) == (3270, 20, 65_400)
    assert str(panel.dates[0]) == "2010-01-04"
    assert str(panel.dates[-1]) == "2022-12-28"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT asset, price, mom_12_1, rev_5 FROM '{DATA / 'sp500_20_panel.parquet'}' ORDER BY date, asset"
        ).fetchall()
    assert [panel.assets[i] for i in panel.asset_no] == [row[0] for row in rows]
    assert panel.price is not None
    for ours, theirs in zip((panel.price, panel.features["mom_12_1"], panel.features["rev_5"]), (1, 2, 3), strict=True):
        assert ours.tolist() == [row[theirs] for row in rows]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_and_infinite_values_are_counted_whoever_wrote_the_file(library: str) -> None:
    panel = load_panel(DATA / "panels" / f"{library}.parquet")
    assert panel.price is not None
    np.testing.assert_array_equal(panel.price, [np.nan, 1.0, np.nan, np.nan, 3.0])
    np.testing.assert_array_equal(panel.features["x"], [np.nan, np.nan, np.nan, 0.5, 0.0])
    np.testing.assert_array_equal(panel.features["n"], [np.nan, 1.0, 3.0, 4.0, 5.0])
    assert panel.nonfinite == {"price": 1, "x": 3, "n": 1}
    assert panel.nonpositive == {"price": 2}


def test_missing_values_in_text(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text(
        'date,asset,price,x\n2020-01-01,a,1,\n2020-01-01,b,NaN,""\n2020-01-01,c,3,nan\n2020-01-01,d,4,inf\n'
        "2020-01-01,e,5,-Infinity\n2020-01-01,f,6, 1.5 \n2020-01-01,g,7,1e-3\n2020-01-01,h,8,1e999\n"
    )
    panel = load_panel(file)
    np.testing.assert_array_equal(panel.features["x"], [np.nan] * 5 + [1.5, 0.001, np.nan])
    assert panel.nonfinite == {"price": 1, "x": 6}


def test_all_numeric_columns_are_features_unless_they_are_named(tmp_path: Path) -> None:
    types = ["DATE", "VARCHAR", "DECIMAL(9,3)", "FLOAT", "UTINYINT", "HUGEINT", "BOOLEAN", "VARCHAR", "INTEGER[]"]
    columns = ["date", "asset", "price", "f", "u", "h", "flag", "sector", "list"]
    row = ("2020-01-01", "a", 1.5, 0.5, 200, 2**80, True, "12", [1])
    panel = load_panel(write_parquet(tmp_path / "p.parquet", [row], columns, types))
    assert {name: values.tolist() for name, values in panel.features.items()} == {
        "f": [0.5],
        "u": [200],
        "h": [2.0**80],
    }
    csv = write_csv(
        tmp_path / "p.csv", [("2020-01-01", "a", 1.5, "tech", "", 3)], ["date", "asset", "price", "s", "e", "n"]
    )
    assert load_panel(csv).features["n"].tolist() == [3.0]
    assert "s" not in load_panel(csv).features
    assert list(load_panel(csv, features=[]).features) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("DATE", "2020-02-29"),
        ("TIMESTAMP", "2020-02-29 00:00:00"),
        ("TIMESTAMP_S", "2020-02-29"),
        ("TIMESTAMP_MS", "2020-02-29"),
        ("TIMESTAMP_NS", "2020-02-29"),
        ("TIMESTAMPTZ", "2020-02-29 00:00:00+00"),
        ("VARCHAR", "2020-02-29"),
        ("VARCHAR", "2020-02-29T00:00:00"),
        ("VARCHAR", " 2020-02-29 00:00 "),
        ("VARCHAR", "2020-02-29T00:00:00.000000+00:00"),
        ("VARCHAR", "2020-02-29T00:00:00Z"),
    ],
)
def test_dates_of_every_kind(tmp_path: Path, kind: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    rows = [(value, "a", 1.0), ("1969-12-31 00:00:00+00" if kind == "TIMESTAMPTZ" else "1969-12-31", "a", 1.0)]
    panel = load_panel(
        write_parquet(tmp_path / "p.parquet", rows, ["date", "asset", "price"], [kind, "VARCHAR", "DOUBLE"])
    )
    assert panel.dates.tolist() == [date(1969, 12, 31), date(2020, 2, 29)]


def test_assets_are_names_to_the_letter(tmp_path: Path) -> None:
    names = ["007", "7", "a", "A", "é", "e\u0301", "NULL", "nan", "x'; DROP TABLE panel; --", "𝔸", "\uffee", "1.0"]
    rows = [("2020-01-01", name, 1.0) for name in names]
    panel = load_panel(write_csv(tmp_path / "p.csv", rows, ["date", "asset", "price"]))
    assert panel.assets == sorted(names, key=str.encode)
    numbers = [("2020-01-01", number, 1.0) for number in (7, 10, 9)]
    file = write_parquet(tmp_path / "p.parquet", numbers, ["date", "asset", "price"], ["DATE", "BIGINT", "DOUBLE"])
    assert load_panel(file).assets == ["10", "7", "9"]


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    parquet = load_panel(DATA / "panels" / "case_names.parquet")
    assert {name: values.tolist() for name, values in parquet.features.items()} == {
        "a": [20.0, 10.0, 30.0, 40.0, 50.0],
        "A": [0.2, 0.1, 0.3, 0.4, 0.5],
        "ä": [200.0, 100.0, 300.0, 400.0, 500.0],
    }
    rows = [("2020-01-01", "a", 1.0, 2.0, 3.0, 4.0)]
    columns = ["date", "asset", "price", "Price", "x", "X"]
    text = load_panel(write_csv(tmp_path / "p.csv", rows, columns))
    assert {name: values.tolist() for name, values in text.features.items()} == {"Price": [2.0], "x": [3.0], "X": [4.0]}
    assert load_panel(tmp_path / "p.csv", price_column="Price", features=["X"]).features["X"].tolist() == [4.0]
    (tmp_path / "q.sql").write_text(
        "SELECT DATE '2020-01-01' AS date, 'a' AS asset, 1 AS price, 2 AS x, 3 AS X, 4 AS x_1"
    )
    query = load_panel(tmp_path / "q.sql")
    assert {name: values.tolist() for name, values in query.features.items()} == {"x": [2.0], "X": [3.0], "x_1": [4.0]}


HOSTILE = [
    'a"b',
    "it's",
    "x); DROP TABLE t; --",
    "c0",
    "t",
    "[bold]",
    "new\nline",
    "comma, too",
    "",
    " ",
    "%s",
    "{x}",
    "\\",
]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_hostile_names_are_only_names(tmp_path: Path, ending: str) -> None:
    names = HOSTILE if ending != ".parquet" else [name for name in HOSTILE if name]
    rows = [("2020-01-01", "a", 1.0, *range(len(names)))]
    columns = ["date", "asset", "price", *names]
    folder = tmp_path / "year=2020, 'x' [1]*"
    folder.mkdir()
    file = folder / f"it's \"*?[a] $(x) {{b}}{ending}"
    (folder / f"it's \"zz?a $(x) {{b}}{ending}").write_text("another one that the pattern would match")
    (write_parquet if ending == ".parquet" else write_csv)(file, rows, columns)
    panel = load_panel(file, features=names)
    assert {name: values.tolist() for name, values in panel.features.items()} == {n: [i] for i, n in enumerate(names)}
    assert panel.columns == columns


def test_a_given_forward_return(tmp_path: Path) -> None:
    rows = [("2020-01-01", "a", 0.5, -1.0), ("2020-01-01", "b", None, 2.0), ("2020-01-02", "a", -0.25, 0.0)]
    file = write_csv(tmp_path / "p.csv", rows, ["date", "asset", "ret", "x"])
    panel = load_panel(file, forward_column="ret", forward_horizon=5)
    assert panel.price is None
    assert panel.forward is not None
    np.testing.assert_array_equal(panel.forward, [0.5, np.nan, -0.25])
    assert panel.forward_horizon == 5
    assert list(panel.features) == ["x"]
    other = load_panel(file, forward_column="ret", forward_horizon=6)
    assert panel.fingerprint(["x"], END) != other.fingerprint(["x"], END)


def test_the_universe_and_the_capitalisation(tmp_path: Path) -> None:
    columns = ["date", "asset", "price", "in", "cap"]
    values = [("true", 5), ("FALSE", 0), ("1", -1), ("0", None), ("", "NaN"), ("t", 7)]
    rows = [("2020-01-01", f"a{i}", 1.0, *value) for i, value in enumerate(values)]
    panel = load_panel(write_csv(tmp_path / "p.csv", rows, columns), universe_column="in", cap_column="cap")
    assert panel.tradable is not None
    assert panel.cap is not None
    assert panel.tradable.tolist() == [True, False, True, False, False, True]
    np.testing.assert_array_equal(panel.cap, [5, np.nan, np.nan, np.nan, np.nan, 7])
    assert panel.nonfinite == {"price": 0, "in": 1, "cap": 2}
    assert panel.nonpositive == {"price": 0, "cap": 2}
    assert panel.features == {}
    for kind, value in (("BOOLEAN", True), ("INTEGER", 1), ("DOUBLE", 1.0)):
        types = ["DATE", "VARCHAR", "DOUBLE", kind, "DOUBLE"]
        file = write_parquet(tmp_path / "p.parquet", [("2020-01-01", "a", 1.0, value, 1.0)], columns, types)
        found = load_panel(file, universe_column="in").tradable
        assert found is not None
        assert found.tolist() == [True]


def test_a_feature_may_be_the_price_too(tmp_path: Path) -> None:
    rows = [("2020-01-01", "a", -1.0), ("2020-01-01", "b", 2.0)]
    panel = load_panel(write_csv(tmp_path / "p.csv", rows, ["date", "asset", "price"]), features=["price"])
    assert panel.price is not None
    np.testing.assert_array_equal(panel.price, [np.nan, 2.0])
    assert panel.features["price"].tolist() == [-1.0, 2.0]
    assert panel.fingerprint(["price"], END) != panel.fingerprint([], END)


def test_relative_names_in_a_query_mean_files_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "with, comma" / "it's [1]"
    elsewhere.mkdir()
    folder.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    write_csv(folder / "p.csv")
    for query in ("FROM 'p.csv'", "WITH p AS (FROM read_csv('*.csv')) SELECT * FROM p;", 'SELECT * FROM "p.csv"'):
        (folder / "q.sql").write_text(query)
        assert len(load_panel(folder / "q.sql").date_no) == 6
    assert list(elsewhere.iterdir()) == []


def test_the_same_panel_whatever_the_number_of_row_groups_and_threads(tmp_path: Path) -> None:
    random_ = random.Random(3)
    rows = [
        (f"2020-01-{1 + i // 300:02d}", f"a{i % 300}", 1.0 + random_.random(), random_.gauss(0, 1)) for i in range(6000)
    ]
    columns = ["date", "asset", "price", "x"]
    text = "date,asset,price,x\n" + "".join(f"{a},{b},{c},{d}\n" for a, b, c, d in rows)
    (tmp_path / "p.csv").write_text(text)
    for group in (2048, 6000):
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * REPLACE (asset::VARCHAR AS asset) FROM '{tmp_path / 'p.csv'}' ORDER BY asset, date)"
                f" TO '{tmp_path / f'{group}.parquet'}' (ROW_GROUP_SIZE {group})"
            )
    expected = load_panel(tmp_path / "p.csv")
    assert expected.columns == columns
    assert same(load_panel(tmp_path / "2048.parquet"), expected)
    assert same(load_panel(tmp_path / "6000.parquet"), expected)


def test_the_days_that_a_registry_keeps(tmp_path: Path) -> None:
    panel = load_panel(write_csv(tmp_path / "p.csv"))
    days = panel.days(["y"])
    assert isinstance(days, PanelDays)
    assert (days.name, days.dates) == ("p", ["2020-01-01", "2020-01-02", "2020-01-05"])
    assert days.columns == {name: digests.tolist() for name, digests in panel.digests(["y"]).items()}
    assert list(days.columns) == ["price", "feature y"]
    assert days.key == load_panel(write_parquet(tmp_path / "p.parquet")).days(["y"]).key
    assert days.key != panel.days(["x"]).key
