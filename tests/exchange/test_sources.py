"""Where records come from: files, folders, patterns, pipes and standard input."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import sqlite3
import tempfile
import threading
from pathlib import Path

import duckdb
import pytest

from registry.store import Store
from tests.exchange.conftest import DATA, config, legacy_record, legacy_registry, line, read


def backtest(folder: Path, number: int) -> Path:
    """Make the folder that a backtest of the earlier system leaves."""
    folder.mkdir(parents=True)
    (folder / "experiment_config.json").write_text(config(number).to_json())
    (folder / "summary.json").write_text('{"config": {"k": 10}, "experiment": {}, "metrics": {"precision": 0.9}}')
    (folder / "weights_suggestion.json").write_text('{"weights": {"a": 0.5}}')
    (folder / "windows.csv").write_text("window,precision\n1,0.5\n")
    return folder


def test_content_decides_not_the_ending(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(line(1))
    shutil.copy(DATA / "legacy.sqlite", tmp_path / "b.json")
    assert read(tmp_path / "a.txt").hashes == [config(1).config_hash]
    assert len(read(tmp_path / "b.json").records) == 49


def test_the_folder_of_a_backtest_is_its_experiment_and_nothing_else(tmp_path: Path) -> None:
    found = read(backtest(tmp_path / "20241008", 1))
    assert found.hashes == [config(1).config_hash]
    assert (found.refused, found.remarks) == ([], [])


def test_a_folder_of_backtests_is_all_of_them(tmp_path: Path) -> None:
    for number in (2, 1, 3):
        backtest(tmp_path / "reports" / "backtests" / f"2024100{number}", number)
    for folder in (tmp_path / "reports" / "backtests", tmp_path / "reports"):
        found = read(folder)
        assert found.hashes == [config(number).config_hash for number in (1, 2, 3)]
        assert (found.refused, found.remarks) == ([], [])


def test_a_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(line(1))
    (tmp_path / "two.NDJSON").write_text(f"{line(2)}\n{line(3)}")
    (tmp_path / "three.jsonl").write_text(line(4))
    legacy_registry(tmp_path / "old.sqlite", [legacy_record({"x": 0.5})]).close()
    (tmp_path / "notes.txt").write_text(line(5))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "six.json").write_text(line(6))
    backtest(tmp_path / "below" / "run", 7)
    found = read(tmp_path)
    assert sorted(r.source.rpartition("/")[2] for r in found.records) == [
        "experiment_config.json", "old.sqlite: row 1", "one.json", "three.jsonl", "two.NDJSON:1", "two.NDJSON:2",
    ]  # fmt: skip
    assert (found.refused, found.remarks) == ([], [])


def test_the_tables_of_a_folder_come_in_like_its_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.CSV").write_text("w.x,hp.k\n0.5,1\n0.25,2\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"w.x\n0.75\n"))
    (tmp_path / "c.csv").write_text("date,price\n2024-01-01,3\n")
    (tmp_path / "d.csv").write_text("w.x\nabc\n")
    with duckdb.connect() as engine:
        engine.execute('COPY (SELECT 0.125::DOUBLE AS "w.x") TO ? (FORMAT parquet)', [str(tmp_path / "e.parquet")])
        engine.execute("COPY (SELECT 1 AS price) TO ? (FORMAT parquet)", [str(tmp_path / "f.parquet")])
    found = read(tmp_path)
    assert [record.source.rpartition("/")[2] for record in found.records] == [
        "a.CSV: row 2", "a.CSV: row 3", "b.csv.gz: row 2", "e.parquet: row 2",
    ]  # fmt: skip
    assert found.refused == [("d.csv: row 2", 'column w.x: "abc" is not a number')]
    assert [place for place, _ in found.remarks] == ["c.csv", "f.parquet"]
    assert all(text.startswith("passed over: not a table of experiments") for _, text in found.remarks)
    assert read(tmp_path / "c.csv").refused


def test_something_else_is_passed_over_in_a_folder_and_refused_when_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(line(1))
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "list.json").write_text('[{"name": "x"}, 5]')
    sqlite3.connect(tmp_path / "other.sqlite").execute("CREATE TABLE t (a)").connection.close()
    found = read(tmp_path)
    assert found.hashes == [config(1).config_hash]
    assert found.refused == []
    assert [place for place, _ in found.remarks] == ["list.json", "other.sqlite", "package.json"]
    assert found.remarks[0][1].startswith("2 records passed over: not an experiment")
    assert all("passed over: " in text for _, text in found.remarks)
    for name in ("package.json", "list.json", "other.sqlite"):
        assert read(tmp_path / name).refused


def test_a_broken_file_in_a_folder_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(line(1))
    (tmp_path / "two.json").write_text(line(2)[:-9])
    found = read(tmp_path)
    assert found.hashes == [config(1).config_hash]
    assert [place for place, _ in found.refused] == ["two.json"]


def test_a_folder_with_nothing_to_import(tmp_path: Path) -> None:
    [(_, reason)] = read(tmp_path).refused
    assert reason.startswith("a folder with nothing to import: no experiment_config.json, and no .json")


def test_the_summary_of_a_backtest_says_what_to_import_instead(tmp_path: Path) -> None:
    found = read(backtest(tmp_path / "run", 1) / "summary.json")
    assert found.records == []
    assert "metrics are not imported; import the experiment_config.json beside it" in found.refused[0][1]


def test_patterns(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"{number}.json").write_text(line(number))
    (tmp_path / "[1].json").write_text(line(4))
    assert read(f"{tmp_path}/[12].json").hashes == [config(1).config_hash, config(2).config_hash]
    assert read(f"{tmp_path}/**/3.json").hashes == [config(3).config_hash]
    assert read(f"{tmp_path}/[1].json").hashes == [config(4).config_hash], "a file of that very name"
    assert read(f"{tmp_path}/*.ndjson").refused == [("*.ndjson", "no file matches this pattern")]


def test_a_pattern_may_match_folders(tmp_path: Path) -> None:
    backtest(tmp_path / "2024-01", 1)
    backtest(tmp_path / "2024-02", 2)
    assert read(f"{tmp_path}/2024-*").hashes == [config(1).config_hash, config(2).config_hash]


def test_names_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("missing")
    (tmp_path / "loop").symlink_to("loop")
    assert read(tmp_path / "gone.json").refused == [("gone.json", "there is no such file")]
    assert read(tmp_path / "link").refused[0][1].startswith("can't be read: No such file")
    assert read(tmp_path / "loop").refused[0][1].startswith("can't be read: ")
    assert "an empty name" in read("").refused[0][1]
    (tmp_path / "file").write_text("x")
    assert read(tmp_path / "file" / "inside.json").refused[0][1] == "can't be read: Not a directory"


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "one.json").write_text(line(1))
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").symlink_to("real/one.json")
    assert read(tmp_path / "link").hashes == read(tmp_path / "file").hashes == [config(1).config_hash]


def test_what_may_not_be_read() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder, file = Path(made), Path(made) / "a.json"
        folder.chmod(0o755)
        file.write_text(line(1))
        assert read(file).refused == []  # everything is imported before the rights are given up
        file.chmod(0)
        root = os.geteuid() == 0  # who may read everything
        if root:
            os.seteuid(65534)
        try:
            refused = read(file).refused
        finally:
            if root:
                os.seteuid(0)
        assert refused == [("a.json", "can't be read: Permission denied")]


def test_what_is_neither_file_nor_folder(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        assert read(tmp_path / "s").refused == [("s", "neither a file nor a folder")]
    assert read("/dev/null").refused == [("null", "neither a file nor a folder")]


@pytest.mark.parametrize("content", [f"{line(1)}\n{line(2)}\n".encode(), (DATA / "legacy.sqlite").read_bytes()])
def test_a_named_pipe(tmp_path: Path, content: bytes) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[content])
    writer.start()
    found = read(tmp_path / "pipe")
    writer.join()
    assert len(found.records) == (2 if content[:1] == b"{" else 49)
    assert found.records[0].source.rpartition("/")[2] in ("pipe:1", "pipe: row 2")


def test_standard_input() -> None:
    found = read("-", stdin=f"{line(1)}\n{line(2)}\nx".encode())
    assert [r.source for r in found.records] == ["stdin:1", "stdin:2"]
    assert found.refused[0][0] == "stdin:3"
    assert read("-", stdin=config(3).to_json().encode()).records[0].source == "stdin"
    assert len(read("-", stdin=(DATA / "legacy.sqlite").read_bytes()).records) == 49
    assert read("-", stdin=b"").refused == [("stdin", "empty; nothing to import")]
    assert read("-", "-", stdin=line(1).encode()).refused == [("stdin", "empty; nothing to import")]
    assert read("-").refused == [("stdin", "there is no standard input here")]


def test_a_registry_of_ours_is_not_importable(store: Store) -> None:
    store.register(config(1))
    store.sync()
    [(place, reason)] = read(store.path).refused
    assert place == "experiments.duckdb"
    assert "experiments merge FILE" in reason
