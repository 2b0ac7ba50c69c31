"""Files of older and newer schemas."""

from __future__ import annotations

import gzip
import os
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.errors import NewerSchemaError, StoreError
from registry.store import Store
from registry.store.connection import Connection
from registry.store.schema import MIGRATIONS
from tests.prepared import prepared
from tests.store.conftest import Program, Start, as_others_may
from tests.store.programs import config

Hold = Callable[[str], AbstractContextManager[Program]]


def add_column(connection: Connection) -> None:
    connection.execute("ALTER TABLE store.experiment ADD COLUMN colour VARCHAR DEFAULT 'blue'")


def fail_late(connection: Connection) -> None:
    connection.execute("DELETE FROM store.experiment")
    connection.execute("SELECT * FROM store.nowhere")


def die(connection: Connection) -> None:
    connection.execute("DELETE FROM store.experiment")
    os.kill(os.getpid(), signal.SIGKILL)


NEXT = [*MIGRATIONS, add_column]


def make_five(registry: ExperimentRegistry) -> None:
    for n in range(5):
        registry.register(config(n))


@pytest.fixture
def older(path: Path) -> Path:
    """A registry that was written before the schema changed, with one registration still waiting."""
    prepared(path, make_five).register(config(5))
    return path


def copies(path: Path) -> list[Path]:
    found = path.parent.glob(path.name + ".schema-*")
    return sorted(file for file in found if file.suffix not in (".lock", ".gate"))


def read(store: Store) -> tuple[int, str | None] | None:
    with store.read() as session:
        assert session.value("SELECT value FROM meta WHERE key = 'schema_version'") == str(len(store.migrations))
        return session.value("SELECT count(*) FROM experiment"), session.value(
            "SELECT any_value(colour) FROM experiment"
        )


@pytest.mark.parametrize("how", ["read", "write", "sync", "register"])
def test_opening_an_older_file_brings_it_up_and_keeps_a_copy(older: Path, how: str) -> None:
    store = Store(older, migrations=NEXT)
    if how == "write":
        with store.write() as session:
            session.run("UPDATE store.experiment SET colour = 'red'")
    elif how == "sync":
        store.sync()
    elif how == "register":
        store.register(config(6))
    assert read(store) == (7 if how == "register" else 6, "red" if how == "write" else "blue")
    (kept,) = copies(older)
    with Store(kept).read() as session:
        assert session.value("SELECT count(*) FROM experiment") == 5
    read(store)
    assert copies(older) == [kept]


def test_reading_brings_it_up_also_when_nothing_waits(older: Path) -> None:
    Store(older).sync()
    assert read(Store(older, migrations=NEXT)) == (6, "blue")
    assert len(copies(older)) == 1


def test_a_file_of_the_first_schema_keeps_everything(path: Path) -> None:
    path.write_bytes(gzip.decompress((Path(__file__).parents[1] / "data" / "schema-1.duckdb.gz").read_bytes()))
    before = path.read_bytes()
    registry = ExperimentRegistry(path)
    first, variant, deleted = (
        "af9db563735aa08662b2b4a0dea72d3a4e153d92640b5b0e8c4fe5244b522bb8",
        "88fa4b8f30732f48041a2e68dbbbd42e57e58d9eacc21ce764cfd0cf1c619d3d",
        "31ab8f2026b03b46ae3ff56fa88eb2bf733b9069fe938a6aab76ec3d6f3c6343",
    )
    assert registry.info().schema_version == len(MIGRATIONS) == 3
    assert registry.verify().ok and registry.verify().checked == 3
    found = registry.details(first)
    assert found.config.to_dict() == {
        "config_hash": first,
        "feature_names": ["Sentiment", "mom 12-1", "ünï;code", "listed only"],
        "feature_weights": {"Sentiment": 0.15, "mom 12-1": -0.1, "ünï;code": 1e-12, "weighted only": 2.0},
        "feature_transformations": {"Sentiment": "zscore"},
        "hyperparameters": {
            "k": 10,
            "seed": 12345678901234567890,
            "model": {"depth": 3, "rate": 10.0, "on": True, "none": None, "list": [1, "x"]},
        },
        "description": 'The first, "quoted" — with ünïcode',
        "tags": ["production", "x y"],
        "created_at": "2024-05-06T07:08:09.123456+00:00",
    }
    assert [note.note for note in found.notes] == ["looks good\non two lines", "second"]
    assert found.children == [variant]
    child = registry.details(variant).config
    assert (child.description, sorted(child.tags), child.parent) == ("more sentiment", ["child", "production"], first)
    assert child.feature_weights["Sentiment"] == 0.2
    assert [note.note for note in registry.details(variant).notes] == ["of the variant"]
    assert registry.details(deleted, trashed=True).config.feature_weights == {"a": 1.0, "A": 0.0}
    assert registry.details(deleted, trashed=True).deleted_at is not None
    assert [event.kind for event in registry.log()] == [
        *["registered"] * 3,
        *["noted"] * 3,
        "tagged",
        "described",
        "deleted",
    ]
    assert registry.matching("hp.model.depth = 3 tag:production") == [variant, first]
    registry.record_run(first, metrics={"edge": 0.1}, panel="p", period="2020-01-01..2020-12-31")
    registry.sync()
    assert len(registry.runs(first)) == 1
    (kept,) = copies(path)
    assert kept.read_bytes() == before


def test_a_new_file_goes_through_all_steps(path: Path) -> None:
    store = Store(path, migrations=NEXT)
    assert read(store) == (0, None)
    store.register(config(1))
    assert read(store) == (1, "blue")
    assert copies(path) == []


def test_while_others_read_it_is_read_from_a_copy(older: Path, hold: Hold) -> None:
    with hold("shared"):
        assert read(Store(older, migrations=NEXT)) == (6, "blue")
        assert copies(older) == []
        with Store(older).read() as session:
            assert session.value("SELECT count(*) FROM experiment") == 6


def test_a_read_only_place_is_read_from_a_copy(open_folder: Path, start: Start) -> None:
    store = Store(open_folder / "experiments.duckdb")
    store.register(config(1))
    store.sync()
    store.register(config(2))
    before = {file: file.stat().st_mtime_ns for file in open_folder.rglob("*") if file.suffix not in (".lock", ".gate")}
    with as_others_may(open_folder):
        reader = start("older_as_nobody", store.path)
        assert reader.line() == "2"
        reader.go_on()
        reader.ended()
    after = {file: file.stat().st_mtime_ns for file in open_folder.rglob("*") if file.suffix not in (".lock", ".gate")}
    assert after == before


@pytest.mark.parametrize("how", ["read", "write", "sync"])
def test_a_migration_that_fails_changes_nothing(older: Path, how: str) -> None:
    store = Store(older, migrations=[*NEXT, fail_late])
    for _ in range(2):
        with pytest.raises(StoreError, match=r"can't be used.*nowhere"):
            if how == "read":
                read(store)
            elif how == "write":
                with store.write():
                    pass
            else:
                store.sync()
    assert copies(older) == []
    assert len(store.spool.names()) == 1
    with Store(older).read() as session:
        assert session.value("SELECT count(*) FROM experiment") == 6
        assert session.value("SELECT value FROM meta WHERE key = 'schema_version'") == str(len(MIGRATIONS))


def test_a_kill_in_the_middle_of_a_migration_changes_nothing(older: Path) -> None:
    child = os.fork()
    if child == 0:
        Store(older, migrations=[*NEXT, die]).sync()
        os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with Store(older).read() as session:
        assert session.value("SELECT count(*) FROM experiment") == 6
    assert read(Store(older, migrations=NEXT)) == (6, "blue")


@pytest.mark.parametrize("how", ["read", "write", "register", "backup"])
def test_a_newer_file_is_refused(older: Path, how: str, tmp_path: Path) -> None:
    Store(older, migrations=NEXT).sync()
    store = Store(older)
    with pytest.raises(NewerSchemaError, match=rf"schema {len(NEXT)}, this one knows {len(MIGRATIONS)}\); upgrade"):
        if how == "read":
            with store.read():
                pass
        elif how == "write":
            with store.write():
                pass
        elif how == "register":
            (store.spool.folder / "verified").unlink()
            store.register(config(9))
        else:
            store.backup(tmp_path / "copy.duckdb")
    assert store.spool.names() == []
    assert read(Store(older, migrations=NEXT)) == (6, "blue")


def test_what_an_older_program_registers_meanwhile_is_brought_in_by_a_newer_one(older: Path) -> None:
    store = Store(older)
    store.register(config(6))
    Store(older, migrations=NEXT).sync()
    store.register(config(7))  # acknowledged without a look at the file: it is the same one still
    time.sleep(0.01)
    assert read(Store(older, migrations=NEXT)) == (8, "blue")


def test_a_backup_of_an_older_file_is_of_the_present_schema(older: Path, tmp_path: Path, hold: Hold) -> None:
    with hold("shared"):
        copy = Store(older, migrations=NEXT).backup(tmp_path / "copy.duckdb")
    assert read(Store(copy, migrations=NEXT)) == (6, "blue")
    assert copies(copy) == []
