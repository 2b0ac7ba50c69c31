"""Tables: wide and long, CSV and Parquet, come back as the same experiments; hand-kept ones come in."""

from __future__ import annotations

import csv
import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import ExchangeError, FileExistsRefusal, FilterError
from registry.exchange import export_many, import_sources
from registry.exchange.table_form import from_cell, to_cell
from tests.exchange.conftest import config, read
from tests.strategies import configs, texts

FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def facts(made: ExperimentConfig) -> object:
    return {**made.to_dict(), "feature_names": sorted(made.feature_names)}


hostile = ExperimentConfig(
    ["a", "A", "x.y", 'q"q', "two\nlines", "nul\0", "=1+1", "", "ß", "SS", "unweighed"],
    {
        "a": 0.1,
        "A": 1e-320,
        "x.y": 1e308,
        'q"q': -0.5,
        "two\nlines": 1 / 3,
        "nul\0": 2,
        "=1+1": 3,
        "": 4,
        "ß": 5,
        "SS": 6,
    },
    {"k": 10, "K": 10.0, "t": "10", "": "", "n": None, "l": [1, {"=x": "'"}], "big": 10**40, "@f": "=1\r\n"},
    {"a": "", "A": "=cmd|' /C calc'!A0", "x.y": "'tis", "b": "''=1", "c": '""', "d": "\r\n\0"},
    "@SUM(1)",
    ["=tag", "a,b"],
    "2024-05-01T12:00:00",
    parent="0" * 64,
)


def round_trip(made: list[ExperimentConfig], name: str, *, long: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        assert export_many(iter(made), file, long=long).count == len(made)
        found = read(file)
        assert (found.refused, found.remarks) == ([], [])
        assert [facts(r.config) for r in found.records] == [facts(c) for c in made]
        if name.endswith(".csv"):
            with file.open(newline="", encoding="utf-8") as stream:
                for row in csv.reader(stream):
                    assert not [cell for cell in row if cell.startswith(FORMULA) and not _number(cell)]


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("long", [False, True], ids=["wide", "long"])
@settings(max_examples=40)
@given(made=st.lists(configs(), min_size=1, max_size=4, unique_by=lambda config: config.config_hash))
def test_csv_comes_back(long: bool, made: list[ExperimentConfig]) -> None:
    round_trip(made, "all.csv", long=long)


@pytest.mark.parametrize("long", [False, True], ids=["wide", "long"])
@settings(max_examples=8)
@given(made=st.lists(configs(), min_size=1, max_size=4, unique_by=lambda config: config.config_hash))
def test_parquet_comes_back(long: bool, made: list[ExperimentConfig]) -> None:
    round_trip(made, "all.parquet", long=long)


@pytest.mark.parametrize("long", [False, True], ids=["wide", "long"])
@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
def test_hostile_names_and_texts_come_back(name: str, long: bool) -> None:
    round_trip([config(1), hostile, config(2), ExperimentConfig([], {})], name, long=long)


@given(text=st.one_of(texts, st.text("'=\"-+@", max_size=5)))
def test_a_cell_is_never_a_formula_and_comes_back(text: str) -> None:
    assert from_cell(to_cell(text)) == text
    assert not to_cell(text).startswith(FORMULA)


def test_a_table_kept_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "weights.csv"
    file.write_text('description,w.a,w.mom 12-1,hp.k,tags,color\nfirst,0.5,,10,"x, y",red\nsecond,1,-2.5,,,\n\n')
    found = read(file)
    assert [r.config.to_dict()["feature_weights"] for r in found.records] == [{"a": 0.5}, {"a": 1.0, "mom 12-1": -2.5}]
    assert (found.records[0].config.tags, found.records[0].config.hyperparameters) == (["x", "y"], {"k": 10})
    assert found.remarks == [("weights.csv", 'columns that mean nothing here were passed over: "color"')]
    packed = tmp_path / "weights.csv.gz"
    packed.write_bytes(gzip.compress(file.read_bytes().replace(b",", b";").replace(b"x; y", b"x, y")))
    assert read(packed).refused == []


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("w.a,w.b\n1,abc\n", "t.csv: row 2", 'column w.b: "abc" is not a number'),
        ("w.a,w.b\n1,nan\n", "t.csv: row 2", 'column w.b: "nan" is not a number'),
        ("w.a,hp.k\n1,zscore\n", "t.csv: row 2", 'column hp.k: "zscore" is not JSON'),
        ("w.a,w.a\n1,2\n", "t.csv", "more than once"),
        ('w.a,"w.""a"""\n1,2\n', "t.csv", 'two columns are the weight "a"'),
        ("w.a\n1,2\n", "t.csv: row 2", "it has 2 cells"),
        ("date,asset,price\n1,2,3\n", "t.csv", "not a table of experiments"),
        ("", "t.csv", "empty"),
        ('w.a\n"1\n', "t.csv: row 2", "not CSV"),
        ("kind,name,value\nweight,a,1\n", "t.csv", "needs a column config_hash"),
        ("config_hash,kind,name,value\nx,weigth,a,1\n", "t.csv: row 2", '"weigth" is none of'),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, place: str, reason: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    [(where, why)] = read(tmp_path / "t.csv").refused
    assert where == place
    assert reason in why


def test_an_altered_row_is_refused_with_both_hashes(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    export_many([config(1), config(2)], file)
    file.write_text(file.read_text().replace(",0.25,", ",0.26,"))
    found = read(file)
    assert found.hashes == [config(1).config_hash]
    [(place, why)] = found.refused
    other = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.26}, {"k": 2})
    assert place == "t.csv: row 3"
    assert str(config(2).config_hash) in why
    assert str(other.config_hash) in why


def test_metrics_are_left_with_a_remark(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("w.a,m.edge,metrics_from\n1,0.5,p\n")
    found = read(tmp_path / "t.csv")
    assert len(found.records) == 1
    assert [text for _, text in found.remarks] == [
        "metrics are not imported; runs travel in .ndjson files (export --runs)"
    ]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_metrics_go_along_with_where_they_were_read(tmp_path: Path, name: str) -> None:
    registry = ExperimentRegistry(tmp_path / "e.duckdb")
    made = [config(1), config(2), config(3)]
    for number, each in enumerate(made):
        registry.register(each)
        if number:
            unit = {"unit": "1", "direction": "higher", "definition": "one"}
            registry.record_run(
                each,
                metrics={"edge": number / 10, "=odd, name": None if number == 1 else 2.0},
                definitions={"=odd, name": unit},
                panel="=panel",
                period="2020-01-01..2020-12-31",
            )
    measured = registry.metrics_of([str(each.config_hash) for each in made])
    assert measured.metrics_from == "=panel 2020-01-01..2020-12-31"
    file, long = tmp_path / name, tmp_path / f"long-{name}"
    export_many(made, file, metrics=measured)
    export_many(made, long, metrics=measured, long=True)
    where = to_cell("=panel 2020-01-01..2020-12-31") if name == "t.csv" else measured.metrics_from
    with duckdb.connect() as engine:
        read_file = "read_csv(?, all_varchar=false)" if name == "t.csv" else "read_parquet(?)"
        rows = engine.execute(
            f'SELECT "m.edge", "m.""=odd, name""", metrics_from FROM {read_file}', [str(file)]
        ).fetchall()
        odd = to_cell("=odd, name") if name == "t.csv" else "=odd, name"
        assert rows == [(None, None, None), (0.1, None, where), (0.2, 2.0, where)]
        told = engine.execute(
            f"SELECT name, value FROM {read_file} WHERE kind = 'metric' OR name = 'metrics_from' ORDER BY ALL",
            [str(long)],
        ).fetchall()
        assert told == sorted(
            [("edge", "0.1"), ("edge", "0.2"), (odd, "2.0"), ("metrics_from", where), ("metrics_from", where)]
        )
    for written in (file, long):
        found = read(written)
        assert found.refused == []
        assert found.hashes == [each.config_hash for each in made]
        assert [text for _, text in found.remarks] == [
            "metrics are not imported; runs travel in .ndjson files (export --runs)"
        ]


def test_metrics_that_cannot_be_columns_are_refused(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "e.duckdb")
    registry.record_run(config(1), metrics={"edge": 0.1}, panel="p", period="2020-01-01..2020-12-31")
    hashes = [str(config(1).config_hash)]
    with pytest.raises(FilterError, match="no metric"):
        registry.metrics_of(hashes, ["w.a"])
    over = registry.metrics_of(hashes, ["min(m.edge)"])
    with pytest.raises(ExchangeError, match=r"min\(m\.edge\) can't be a column"):
        export_many([config(1)], tmp_path / "t.csv", metrics=over)
    with pytest.raises(ExchangeError, match=r"end its name in \.csv"):
        export_many([config(1)], tmp_path / "t.ndjson", metrics=over)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("t.")) == []


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_file_is_never_replaced_unasked(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("mine")
    with pytest.raises(FileExistsRefusal):
        export_many([config()], file)
    assert file.read_text() == "mine"
    export_many([config()], file, force=True)
    assert len(read(file).records) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(ExchangeError, match="long table"):
        export_many([config()], tmp_path / "x.json", long=True)
    with pytest.raises(ExchangeError, match="holds no runs"):
        export_many([config()], tmp_path / "x.csv", runs=lambda _: {})


@pytest.mark.parametrize("name", ["wide.csv", "long.csv", "wide.parquet", "long.parquet"])
def test_a_guessed_parent_stays_a_guess(tmp_path: Path, name: str) -> None:
    registry = ExperimentRegistry(tmp_path / "here.duckdb")
    registry.register(config(1))
    registry.register(config(2))
    registry.save_inferred(registry.lineage(str(config(2).config_hash), infer=True))
    [guessed] = [e.config_hash for e in registry.list_all() if registry.details(str(e.config_hash)).parent_inferred]
    file = tmp_path / name
    marks = registry.marks_to_carry([config(1).config_hash, config(2).config_hash])
    export_many(registry.list_all(), file, long=name.startswith("long"), marks=marks)
    assert import_sources(registry.store, [file]).counts["unchanged"] == 2
    other = ExperimentRegistry(tmp_path / "other.duckdb")
    assert import_sources(other.store, [file]).counts["new"] == 2
    for each in (registry, other):
        assert each.details(str(guessed)).parent_inferred
        assert each.config(str(guessed)).parent is not None
    file = tmp_path / "plain.csv"
    export_many([config(1)], file, marks={})
    assert "parent_inferred" not in file.read_text()


@pytest.mark.parametrize("by", ["kind", "name"])
def test_a_long_table_may_be_sorted(tmp_path: Path, by: str) -> None:
    file, made = tmp_path / "t.csv", [config(1), hostile, config(2)]
    export_many(made, file, long=True)
    with file.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    rows.sort(key=lambda row: row[header.index(by)])
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    found = read(file)
    assert found.refused == []
    assert {r.config.config_hash: facts(r.config) for r in found.records} == {c.config_hash: facts(c) for c in made}


def test_rows_that_come_after_a_whole_experiment_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    export_many([config(1), config(2)], file, long=True)
    late = f"{config(1).config_hash},experiment,description,late\r\n"
    file.write_bytes(file.read_bytes() + late.encode())
    found = read(file)
    assert len(found.records) == 2
    [(place, why)] = found.refused
    assert place.startswith("t.csv: row ")
    assert "sort the table by config_hash" in why


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-4] + b"oops", lambda b: b[:-9], lambda b: b[:40] + b"\xff" * 9 + b[49:]]
)
def test_nothing_of_a_damaged_packed_table_is_taken(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "t.csv"
    export_many([config(number) for number in range(1, 200)], file)
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(damage(gzip.compress(file.read_bytes())))
    found = read(packed)
    assert found.records == []
    [(place, why)] = found.refused
    assert place == "t.csv.gz"
    assert "can't be unpacked, so nothing of it was taken" in why


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ("'a' config_hash, ['weight'] kind, 'a' AS \"name\", 1 AS \"value\"", "column kind"),
        ("'a' config_hash, 'weight' kind, [1] AS \"name\", 1 AS \"value\"", "column name"),
        ("[1] config_hash, 'weight' kind, 'a' AS \"name\", 1 AS \"value\"", "column config_hash"),
        ('[1] AS "w.a"', "a"),
        ("0.5 AS \"w.a\", 'maybe' AS parent_inferred", "neither true nor false"),
    ],
)
def test_what_no_cell_may_hold_is_refused(tmp_path: Path, columns: str, reason: str) -> None:
    file = tmp_path / "t.parquet"
    duckdb.sql(f"COPY (SELECT {columns}) TO '{file}' (FORMAT parquet)")
    [(place, why)] = read(file).refused
    assert place == "t.parquet: row 2"
    assert reason in why


def test_a_parquet_file_is_the_one_that_was_named(tmp_path: Path) -> None:
    folder = tmp_path / "day=2024-01-01"
    folder.mkdir()
    for number, name in enumerate(["x?.parquet", "x1.parquet", "[x]*.parquet", "x.parquet"], 1):
        export_many([config(number)], tmp_path / "made.parquet", force=True)
        (tmp_path / "made.parquet").rename(folder / name)
        assert read(folder / name).hashes == [config(number).config_hash]


def test_a_full_temporary_folder_is_what_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    for long in (False, True):
        with pytest.raises(ExchangeError, match="set TMPDIR"):
            export_many([config(1)], tmp_path / "t.parquet", long=long)
    assert list(tmp_path.iterdir()) == []
