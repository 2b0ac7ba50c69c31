"""Files of older and newer schemas."""

from __future__ import annotations

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
from tests.store.conftest import Program, Start
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
        assert session.value("SELECT value FROM meta WHERE key = 'schema_version'") == str(len(store._migrations))
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
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    store = Store(open_folder / "experiments.duckdb")
    store.register(config(1))
    store.sync()
    store.register(config(2))
    before = {file: file.stat().st_mtime_ns for file in open_folder.rglob("*") if file.suffix not in (".lock", ".gate")}
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
    with pytest.raises(NewerSchemaError, match=r"schema 3, this one knows 2\); upgrade"):
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
