"""Registries of the earlier system: the real one, and made ones with everything that can be odd in them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig
from tests.exchange.conftest import (
    DATA,
    EXPERIMENTS,
    TAGS,
    legacy_hash,
    legacy_record,
    legacy_registry,
    read,
)

EARLY, LATE = "2024-01-01T00:00:00.000000+00:00", "2024-02-01T00:00:00.000000+00:00"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_real_registry(tmp_path: Path) -> None:
    shutil.copy(DATA / "legacy.sqlite", tmp_path / "experiments.sqlite")
    before = contents(tmp_path)
    found = read(tmp_path / "experiments.sqlite")
    assert contents(tmp_path) == before, "nothing was written into it or beside it"
    assert (found.refused, found.remarks) == ([], [])
    db = sqlite3.connect(DATA / "legacy.sqlite")
    rows = db.execute("SELECT config_hash, created_at, description, tags FROM experiments ORDER BY rowid").fetchall()
    db.close()
    assert [
        (c.config_hash, c.created_at, c.description, c.tags) for c in (record.config for record in found.records)
    ] == [(h, at, text, json.loads(tags)) for h, at, text, tags in rows]
    assert len(rows) == 49
    assert all(record.old_hashes == () for record in found.records)
    golden = {entry["sha256"] for entry in json.loads((DATA / "hashes.json").read_text())}
    assert golden <= set(found.hashes)
    assert found.records[0].source.endswith("experiments.sqlite: row 2")


def test_weights_hashed_as_they_were_written_keep_that_hash_as_an_old_one(tmp_path: Path) -> None:
    written: list[dict[str, Any]] = [{"a": 1, "b": 0.5}, {"a": -0.0, "b": 2}, {"a": 0}]
    records = [legacy_record(weights) for weights in written]
    legacy_registry(tmp_path / "old.sqlite", records).close()
    found = read(tmp_path / "old.sqlite")
    assert (found.refused, found.remarks) == ([], [])
    for record, weights, kept in zip(records, written, found.records, strict=True):
        assert kept.config.config_hash == ExperimentConfig(list(weights), weights, {"k": 10}).config_hash
        assert kept.config.config_hash != record["config_hash"]
        assert kept.old_hashes == (record["config_hash"],)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_rows_that_become_one_experiment(tmp_path: Path, order: tuple[int, ...]) -> None:
    rows = [
        legacy_record({"a": 1, "b": 0.0}, created_at=LATE, tags=["x", "y"], description="late"),
        legacy_record({"a": 1.0, "b": 0.0}, created_at="2024-03-01T00:00:00.000000+00:00", tags=["z"]),
        legacy_record({"a": 1.0, "b": -0.0}, created_at=EARLY, tags=["y", "w"]),
    ]
    other = legacy_record({"a": 3.0})
    legacy_registry(tmp_path / "old.sqlite", [rows[order[0]], other, *(rows[i] for i in order[1:])]).close()
    found = read(tmp_path / "old.sqlite")
    assert found.refused == []
    one, two = sorted(found.records, key=lambda record: len(record.config.tags), reverse=True)
    assert two.config.config_hash == other["config_hash"]
    assert one.config.config_hash == rows[1]["config_hash"]
    assert one.config.created_at == EARLY
    assert one.config.tags == ["y", "w", "x", "z"]
    assert one.config.description == "late"
    assert set(one.old_hashes) == {rows[0]["config_hash"], rows[2]["config_hash"]}
    assert one.source.endswith("row 1")
    [(place, text)] = found.remarks
    assert place == "old.sqlite: row 1"
    assert text.startswith("one experiment with row 3, 4: ")


def test_a_twin_that_is_refused_takes_nobody_with_it(tmp_path: Path) -> None:
    good = legacy_record({"a": 1})
    bad = legacy_record({"a": 1.0}, tags=["ok", " "])
    legacy_registry(tmp_path / "old.sqlite", [good, bad]).close()
    found = read(tmp_path / "old.sqlite")
    assert [record.old_hashes for record in found.records] == [(good["config_hash"],)]
    assert [place for place, _ in found.refused] == ["old.sqlite: row 2"]


def test_columns_that_disagree_are_remarked_on_and_config_json_counts(tmp_path: Path) -> None:
    record = legacy_record({"a": 0.5}, tags=["t"], description="right")
    for column, value in {
        "created_at": "2020-01-01T00:00:00+00:00",
        "description": "wrong",
        "feature_names": '["b"]',
        "feature_weights": '{"a": 0.75}',
        "feature_transformations": '{"a": "log"}',
        "hyperparameters": '{"k": 11}',
        "tags": '["u"]',
    }.items():
        path = tmp_path / f"{column}.sqlite"
        legacy_registry(path, [record], columns={column: value}).close()
        found = read(path)
        assert found.remarks == [
            (f"{column}.sqlite: row 1", f"the column {column} disagrees with config_json, which was taken")
        ]
        assert found.refused == []
        assert found.records[0].config.to_dict() == ExperimentConfig.from_dict(record).to_dict()


def test_a_column_that_is_no_json_disagrees(tmp_path: Path) -> None:
    legacy_registry(tmp_path / "a.sqlite", [legacy_record({"a": 0.5})], columns={"tags": "a,b"}).close()
    found = read(tmp_path / "a.sqlite")
    assert len(found.records) == 1
    assert "tags disagrees" in found.remarks[0][1]


def test_another_spelling_is_no_disagreement(tmp_path: Path) -> None:
    record = legacy_record({"a": 0.5, "b": 1.0}, tags=["t", "u"])
    columns = {
        "feature_names": '["b","a"]', "feature_weights": '{"b": 1, "a": 5e-1}', "tags": '["u", "t"]',
        "created_at": "2024-03-01T09:00:00.000001+01:00", "description": None, "feature_transformations": None,
    }  # fmt: skip
    legacy_registry(tmp_path / "a.sqlite", [record], columns=columns).close()
    found = read(tmp_path / "a.sqlite")
    assert (len(found.records), found.refused, found.remarks) == (1, [], [])


def test_columns_that_are_null(tmp_path: Path) -> None:
    empty = {"description": None, "feature_transformations": None, "hyperparameters": None, "tags": None}
    legacy_registry(tmp_path / "a.sqlite", [legacy_record({"a": 0.5}, hyperparameters={})], columns=empty).close()
    found = read(tmp_path / "a.sqlite")
    assert (len(found.records), found.refused, found.remarks) == (1, [], [])
    legacy_registry(tmp_path / "b.sqlite", [legacy_record({"a": 0.5}, tags=["t"])], columns=empty).close()
    found = read(tmp_path / "b.sqlite")
    assert found.records[0].config.tags == ["t"]
    assert ["hyperparameters" in text or "tags" in text for _, text in found.remarks] == [True, True]


def test_stale_tag_rows(tmp_path: Path) -> None:
    record = legacy_record({"a": 0.5}, tags=["t", "u"])
    db = legacy_registry(tmp_path / "a.sqlite", [record])
    db.execute("DELETE FROM experiment_tags WHERE tag = 'u'")
    db.executemany(
        "INSERT INTO experiment_tags VALUES (?, ?)",
        [(record["config_hash"], "old"), ("0" * 64, "gone"), ("0" * 64, "lost"), ("1" * 64, "gone")],
    )
    db.close()
    found = read(tmp_path / "a.sqlite")
    assert found.records[0].config.tags == ["t", "u"]
    assert found.remarks == [
        ("a.sqlite: row 1", 'experiment_tags has "old", which config_json does not: not taken over'),
        ("a.sqlite: row 1", 'experiment_tags lacks "u", which config_json has: taken over'),
        ("a.sqlite", "3 rows of experiment_tags for 2 hashes that no experiment has: not taken over"),
    ]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"config_json": "{"}, "not JSON"),
        ({"config_json": "[]"}, "config_json is no configuration"),
        ({"config_json": b"{\xff}"}, "config_json is not UTF-8 text: byte 0xff at byte 2"),
        ({"config_json": 5}, "config_json is no configuration: 5"),
        ({"config_json": json.dumps(legacy_record({"a": 0.25}, config_hash="0" * 64))}, "does not match the content"),
        ({"config_json": json.dumps({**legacy_record({"a": 0.25}), "colour": 1})}, '"colour" is not a field'),
        ({"config_json": json.dumps({"feature_names": []})}, "feature_weights: missing"),
    ],
)
def test_a_bad_row_loses_none_of_the_others(tmp_path: Path, columns: dict[str, Any], reason: str) -> None:
    good = [legacy_record({"a": weight}) for weight in (0.5, 0.75)]
    db = legacy_registry(tmp_path / "a.sqlite", [good[0], legacy_record({"a": 0.25}), good[1]])
    db.execute("UPDATE experiments SET config_json = CAST(? AS TEXT) WHERE rowid = 2", [columns["config_json"]])
    db.close()
    found = read(tmp_path / "a.sqlite")
    assert found.hashes == [record["config_hash"] for record in good]
    [(place, said)] = found.refused
    assert place == "a.sqlite: row 2"
    assert reason in said


def test_the_hash_may_stand_in_the_column_alone(tmp_path: Path) -> None:
    record = legacy_record({"a": 1})
    bare = {key: value for key, value in record.items() if key not in ("config_hash", "created_at")}
    db = legacy_registry(tmp_path / "a.sqlite", [record])
    db.execute("UPDATE experiments SET config_json = ?", [json.dumps(bare)])
    db.close()
    [kept] = read(tmp_path / "a.sqlite").records
    assert kept.old_hashes == (record["config_hash"],)
    assert kept.config.created_at == record["created_at"]


def test_another_hash_in_the_column_is_remarked_on(tmp_path: Path) -> None:
    record = legacy_record({"a": 0.5})
    legacy_registry(tmp_path / "a.sqlite", [record], columns={"config_hash": "f" * 64}).close()
    found = read(tmp_path / "a.sqlite")
    assert found.hashes == [record["config_hash"]]
    assert 'the column config_hash is "ffffffffffff", config_json has' in found.remarks[0][1]


def test_empty_config_json(tmp_path: Path) -> None:
    table = EXPERIMENTS.replace("config_json TEXT NOT NULL", "config_json TEXT")
    legacy_registry(
        tmp_path / "a.sqlite", [legacy_record({"a": 0.5})], columns={"config_json": None}, tables=(table, TAGS)
    ).close()
    assert read(tmp_path / "a.sqlite").refused == [("a.sqlite: row 1", "config_json is empty")]


def test_a_registry_without_the_table_of_tags_or_the_columns_beside(tmp_path: Path) -> None:
    record = legacy_record({"a": 0.5}, tags=["t"])
    legacy_registry(tmp_path / "a.sqlite", [record], tables=(EXPERIMENTS,)).close()
    assert read(tmp_path / "a.sqlite").records[0].config.tags == ["t"]
    db = sqlite3.connect(tmp_path / "b.sqlite")
    db.execute("CREATE TABLE experiments (config_hash TEXT, config_json TEXT)")
    db.execute("INSERT INTO experiments VALUES (?, ?)", [record["config_hash"], json.dumps(record)])
    db.commit()
    db.close()
    found = read(tmp_path / "b.sqlite")
    assert (found.hashes, found.remarks) == ([record["config_hash"]], [])


def test_an_empty_registry_is_nothing_to_complain_about(tmp_path: Path) -> None:
    legacy_registry(tmp_path / "a.sqlite").close()
    found = read(tmp_path / "a.sqlite")
    assert (found.records, found.refused, found.remarks) == ([], [], [])


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE t (a)", "it has no table experiments"),
        ("CREATE TABLE experiments (config_hash TEXT)", "experiments has no config_json"),
        ("CREATE TABLE experiments (id)", "experiments has no config_hash and no config_json"),
    ],
)
def test_another_sqlite_database(tmp_path: Path, sql: str, reason: str) -> None:
    sqlite3.connect(tmp_path / "a.sqlite").execute(sql).connection.close()
    [(_, said)] = read(tmp_path / "a.sqlite").refused
    assert said == f"an SQLite database, but no registry of the earlier system: {reason}"


def test_a_damaged_file_keeps_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    legacy_registry(path, [legacy_record({"a": n / 1000}, description="x" * 500) for n in range(200)]).close()
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\x00" * 4000)
    [(place, reason)] = read(path).refused
    assert place == "a.sqlite"
    assert reason.startswith("the SQLite file can't be read: ")
    path.write_bytes(data[: len(data) // 2])
    found = read(path)
    assert any(reason.startswith("the SQLite file can't be read: ") for _, reason in found.refused)


def test_a_file_with_a_log_is_read_without_a_trace(tmp_path: Path) -> None:
    legacy_registry(tmp_path / "a.sqlite", [legacy_record({"a": 0.5})], journal="wal").close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.sqlite"]
    assert len(read(tmp_path / "a.sqlite").records) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.sqlite"]


def test_what_still_lies_in_the_log_is_read_too(tmp_path: Path) -> None:
    db = legacy_registry(tmp_path / "a.sqlite", [legacy_record({"a": 0.5})], journal="wal")
    assert (tmp_path / "a.sqlite-wal").stat().st_size > 0
    before = contents(tmp_path)
    assert len(read(tmp_path / "a.sqlite").records) == 1, "while its writer has it open"
    assert contents(tmp_path) == before
    (tmp_path / "crashed").mkdir()
    for path in tmp_path.glob("a.sqlite*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, tmp_path / "crashed")
    db.close()
    before = contents(tmp_path / "crashed")
    assert len(read(tmp_path / "crashed" / "a.sqlite").records) == 1, "after its writer was killed"
    assert contents(tmp_path / "crashed") == before


def test_an_interrupted_change_is_undone_in_a_copy(tmp_path: Path) -> None:
    (tmp_path / "crashed").mkdir()
    db = legacy_registry(
        tmp_path / "a.sqlite", [legacy_record({"a": n / 1000}, description="x" * 500) for n in range(100)]
    )
    db.execute("PRAGMA cache_size = 2")  # so that pages go into the file before the end of the change
    db.execute("BEGIN")
    db.execute("UPDATE experiments SET config_json = 'half done'")
    for path in tmp_path.glob("a.sqlite*"):
        shutil.copy(path, tmp_path / "crashed")
    db.execute("ROLLBACK")
    db.close()
    assert b"half done" in (tmp_path / "crashed" / "a.sqlite").read_bytes()
    before = contents(tmp_path / "crashed")
    found = read(tmp_path / "crashed" / "a.sqlite")
    assert (len(found.records), found.refused) == (100, [])
    assert contents(tmp_path / "crashed") == before


def test_odd_names_of_files(tmp_path: Path) -> None:
    for name in ("a b?c#d%41.sqlite", "é\n.sqlite"):
        shutil.copy(DATA / "legacy.sqlite", tmp_path / name)
        assert len(read(tmp_path / name).records) == 49
    raw = os.fsencode(tmp_path) + b"/\xff.sqlite"
    shutil.copy(DATA / "legacy.sqlite", raw)
    assert len(read(os.fsdecode(raw)).records) == 49


def test_the_hash_helper_of_these_tests_is_the_earlier_systems() -> None:
    for entry in json.loads((DATA / "hashes.json").read_text()):
        assert legacy_hash(entry["config"]) == entry["sha256"]
