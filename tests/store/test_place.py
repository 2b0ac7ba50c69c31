"""What may lie where a registry should be, and what a registry may be called."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.errors import (
    CorruptRegistryError,
    NewerSchemaError,
    NotARegistryError,
    ReadOnlyError,
    StoreError,
    UnsupportedPlaceError,
)
from registry.store import Store
from tests.prepared import content
from tests.store.conftest import Start, as_others_may
from tests.store.programs import config


def make_forty(registry: ExperimentRegistry) -> None:
    for n in range(40):
        registry.register(config(n))


def make_one(registry: ExperimentRegistry) -> None:
    registry.register(config(1))


def a_registry(path: Path) -> None:
    """Make one that has something in it, without anything beside it."""
    path.write_bytes(content(make_forty))


def sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE experiments (config_hash TEXT)")
    connection.close()


def foreign(path: Path, *statements: str) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        for statement in statements or ("CREATE TABLE mine (i INTEGER)",):
            connection.execute(statement)


def foreign_meta(path: Path) -> None:
    foreign(
        path,
        "CREATE SCHEMA store",
        "CREATE TABLE store.meta (key VARCHAR, value VARCHAR)",
        "INSERT INTO store.meta VALUES ('application', 'a shop'), ('schema_version', '1')",
    )


def newer(path: Path) -> None:
    a_registry(path)
    foreign(path, "UPDATE store.meta SET value = '99' WHERE key = 'schema_version'")


def truncated(path: Path) -> None:
    a_registry(path)
    os.truncate(path, 20_000)


def header_flipped(path: Path) -> None:
    a_registry(path)
    for start in (4096, 8192):  # both of the engine's headers
        flip(path, start + 100)


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        old = file.read(1)
        file.seek(offset)
        file.write(bytes([old[0] ^ 0xFF]))


def log_of_another(path: Path) -> None:
    """A registry restored from a copy beside the log of another one."""
    other = path.with_name("other.duckdb")
    a_registry(path)
    other.write_bytes(content(make_one))
    log = path.with_name(path.name + ".wal")
    log.write_bytes(b"\x00" * 16)
    import duckdb

    connection = duckdb.connect(str(other))
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    connection.execute("CREATE TABLE experiments_of_mine (i INTEGER)")
    connection.execute("DROP VIEW main.weights")
    connection.execute("CREATE TABLE weights (i INTEGER)")
    connection.close()
    shutil.move(other.with_name("other.duckdb.wal"), log)
    other.unlink()


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


Case = tuple[Callable[[Path], object], type[StoreError], str]

CASES: dict[str, Case] = {
    "a SQLite file": (sqlite, NotARegistryError, "is a SQLite database.*experiments import"),
    "text": (lambda p: p.write_text("hello, world, this is not it"), NotARegistryError, "not a DuckDB database"),
    "a few bytes": (lambda p: p.write_bytes(b"\x00\x01"), NotARegistryError, "not a DuckDB database"),
    "a folder": (lambda p: p.mkdir(), NotARegistryError, "is a folder; name a file, such as"),
    "a pipe": (lambda p: os.mkfifo(p), NotARegistryError, "a pipe"),
    "a foreign DuckDB file": (foreign, NotARegistryError, "DuckDB database of something else"),
    "another application's": (foreign_meta, NotARegistryError, "DuckDB database of something else"),
    "a newer schema": (newer, NewerSchemaError, "schema 99.*upgrade"),
    "a truncated file": (truncated, CorruptRegistryError, "damaged.*backup"),
    "a damaged header": (header_flipped, CorruptRegistryError, "damaged.*backup"),
    "just the mark": (lambda p: p.write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 100), CorruptRegistryError, "damaged"),
}


def contents(folder: Path) -> dict[str, object]:
    """Return what is in a folder, lock files apart."""
    return {
        str(file.relative_to(folder)): file.read_bytes() if file.is_file() else file.stat().st_mode
        for file in folder.rglob("*")
        if not file.name.endswith((".lock", ".gate"))
    }


def look(store: Store) -> None:
    store.exists()
    with store.read() as session:
        session.value("SELECT 1")


ATTEMPTS: tuple[Callable[[Store], object], ...] = (
    lambda store: store.read().__enter__(),
    lambda store: store.write().__enter__(),
    lambda store: store.register(config(1)),
    lambda store: store.backup(store.path.with_name("copy.duckdb")),
    look,
)


@pytest.mark.parametrize("what", CASES)
def test_something_else_is_refused_with_its_own_error_and_left_as_it_was(path: Path, what: str) -> None:
    make, kind, sentence = CASES[what]
    make(path)
    before = contents(path.parent)
    for attempt in ATTEMPTS:
        with pytest.raises(kind, match=sentence) as caught:
            attempt(Store(path))
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert contents(path.parent) == before


def test_a_foreign_database_with_a_log_is_not_written_to(path: Path) -> None:
    foreign(path)
    import duckdb

    connection = duckdb.connect(str(path))
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    connection.execute("INSERT INTO mine VALUES (1)")
    connection.close()
    before = contents(path.parent)
    assert path.name + ".wal" in before
    for attempt in (Store(path).read, Store(path).write):
        with pytest.raises(NotARegistryError), attempt():
            pass
    assert contents(path.parent) == before


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the names of sockets are short
    a_socket(Path("s"))
    with pytest.raises(NotARegistryError, match="socket"):
        Store("s").register(config(1))


def test_a_device_is_refused() -> None:
    store = Store("/dev/null")
    for attempt in (store.read, store.write):
        with pytest.raises(NotARegistryError, match="device"), attempt():
            pass
    with pytest.raises(NotARegistryError, match="device"):
        store.register(config(1))
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("empty", [False, True])
def test_a_missing_path_and_an_empty_file_are_a_new_registry(path: Path, empty: bool) -> None:
    if empty:
        path.touch()
    before = contents(path.parent)
    store = Store(path)
    assert not store.exists()
    with store.read() as session:
        assert session.value("SELECT count(*) FROM experiments") == 0
    assert contents(path.parent) == before
    assert not list(path.parent.glob("*.lock"))
    store.register(config(1))
    assert store.exists()
    with store.write() as session:
        assert session.value("SELECT count(*) FROM experiment") == 1
    assert path.stat().st_size


def test_a_missing_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere" / "x.duckdb")
    with store.read() as session:
        assert session.value("SELECT count(*) FROM experiment") == 0
    for attempt in (lambda: store.register(config(1)), lambda: store.write().__enter__()):
        with pytest.raises(StoreError, match=r"the folder .*nowhere does not exist"):
            attempt()
    assert not (tmp_path / "nowhere").exists()


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "x.duckdb")
    for attempt in (lambda: store.register(config(1)), lambda: store.read().__enter__()):
        with pytest.raises(StoreError, match=r"file"):
            attempt()


def test_a_file_that_is_replaced_by_a_stranger_is_noticed(path: Path) -> None:
    """Also when the system gives the new file the number of the old one, as it likes to do."""
    store = Store(path)
    store.register(config(1))
    store.sync()
    number = path.stat().st_ino
    other = path.with_name("other.duckdb")
    foreign(other)
    path.write_bytes(other.read_bytes())
    assert path.stat().st_ino == number
    with pytest.raises(NotARegistryError):
        Store(path).register(config(2))
    assert store.spool.names() == []


def test_a_restored_copy_beside_the_log_of_another_file(path: Path) -> None:
    log_of_another(path)
    sentence = r"and the log beside it.*don't fit together.*move the log away"
    with pytest.raises(CorruptRegistryError, match=sentence), Store(path).read():
        pass
    path.with_name(path.name + ".wal").unlink()
    with Store(path).read() as session:
        assert session.value("SELECT count(*) FROM experiment") == 40


def test_damage_found_while_the_spool_is_brought_in_refuses_no_entry(path: Path) -> None:
    """What fails is the file, not the registration: it must go on waiting."""
    store = Store(path)
    store.register(config(1))
    with store.write() as session:
        session.run("CREATE TABLE store.filler AS SELECT range AS i, repeat('x', 200) || range AS t FROM range(20000)")
        session.run("DELETE FROM store.applied")
        session.run("INSERT INTO store.applied SELECT 'old' || range || repeat('y', 200) FROM range(5000)")
    for offset in range(3 * 4096 + 50, path.stat().st_size, 1024):
        flip(path, offset)
    store.register(config(2))
    with pytest.raises(CorruptRegistryError):
        store.sync()
    assert store.try_sync() is False
    assert len(store.spool.names()) == 1
    assert store.spool.refusals() == []


@pytest.mark.full
def test_no_flipped_byte_is_ever_read_as_something_else(path: Path, start: Start) -> None:
    a_registry(path)
    (fine,) = start("inspect", path).ended()
    assert fine.startswith("fine 40 ")
    good = path.read_bytes()
    said = {}
    for offset in range(1, len(good), len(good) // 40):
        path.write_bytes(good)
        flip(path, offset)
        (said[offset],) = start("inspect", path).ended()
    odd = {
        offset: line
        for offset, line in said.items()
        if line != fine and not line.startswith(("CorruptRegistryError", "NotARegistryError"))
    }
    assert not odd
    assert any(line.startswith("CorruptRegistryError") for line in said.values())


@pytest.mark.full
def test_a_file_cut_anywhere_is_damaged_or_whole(path: Path, start: Start) -> None:
    a_registry(path)
    (fine,) = start("inspect", path).ended()
    good = path.read_bytes()
    for size in range(1, len(good), len(good) // 12):
        path.write_bytes(good[:size])
        (said,) = start("inspect", path).ended()
        assert said == fine or said.startswith(("CorruptRegistryError", "NotARegistryError")), (size, said)


class TestReadOnly:
    def test_a_file_one_may_not_read(self, open_folder: Path, start: Start) -> None:
        store = Store(open_folder / "experiments.duckdb")
        store.register(config(1))
        store.sync()
        store.path.chmod(0o600)
        with as_others_may(open_folder):
            (said,) = start("as_nobody", store.path, "read").ended()
        assert said == f"StoreError {store.path} can't be read: Permission denied"

    def test_a_file_one_may_not_write_in_a_folder_one_may(self, open_folder: Path, start: Start) -> None:
        store = Store(open_folder / "experiments.duckdb")
        store.register(config(1))
        store.sync()
        open_folder.chmod(0o777)
        with as_others_may(open_folder):
            for what in ("register", "write"):
                (said,) = start("as_nobody", store.path, what).ended()
                assert said.startswith(f"{ReadOnlyError.__name__} {store.path} can't be written")
            reader = start("as_nobody", store.path, "read")
            assert reader.line() == "1"


ODD = [
    "with space 100% a:b.duckdb",
    "quote'and\"quote; semi--.duckdb",
    "line\nbreak and tab\t.duckdb",
    "ünïcödé 日本.duckdb",
    "a[1]*.duckdb",
    "no-extension",
    ".hidden",
    "two.dots.duckdb",
    "x" * 200,
]
TAKEN = [
    "main.duckdb",
    "temp.duckdb",
    "system.duckdb",
    "memory.duckdb",
    "experiment.duckdb",
    "experiments.duckdb",
    "tag.duckdb",
    "information_schema.duckdb",
    "select.duckdb",
]
"""Names that mean something else to the engine."""


@pytest.mark.parametrize("name", [*ODD, *TAKEN])
def test_a_registry_may_be_called_that(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    store = Store(folder / name)
    for n in (1, 2):
        store.register(config(n))
    with Store(store.path).read() as session:
        assert session.value("SELECT count(*) FROM experiments") == 2
    assert store.spool.names() == []
    if name in ODD:  # a copy is made by its name among files, which the engine does not see
        copy = store.backup(tmp_path / "copy.duckdb")
        with Store(copy).read() as session:
            assert session.value("SELECT count(*) FROM experiment_tags") == 4


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("what?.duckdb", r"with \? in it"),
        ("back\\slash.duckdb", r"with \\ in it"),
        ("store.duckdb", "can't be called store"),
        ("Store", "can't be called store"),
        (".STORE.db", "can't be called store"),
        ("x" * 201, "longer than 200 bytes"),
        (b"bad\xff.duckdb".decode(errors="surrogateescape"), "not UTF-8"),
    ],
)
def test_a_registry_may_not_be_called_that_and_nothing_is_acknowledged(tmp_path: Path, name: str, why: str) -> None:
    store = Store(tmp_path / name)
    for attempt in (
        lambda: store.register(config(1)),
        lambda: store.read().__enter__(),
        lambda: store.write().__enter__(),
    ):
        with pytest.raises(UnsupportedPlaceError, match=why) as caught:
            attempt()
        str(caught.value).encode()
    assert list(tmp_path.iterdir()) == []


def test_a_network_disk_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.store.place._filesystem", lambda folder: "nfs4")
    for attempt in (lambda: store.register(config(1)), lambda: store.write().__enter__()):
        with pytest.raises(UnsupportedPlaceError, match=r"network disk.*local disk"):
            attempt()


class TestTwoNamesOfOneRegistry:
    @pytest.mark.parametrize("link", ["file", "folder", "missing file"])
    def test_they_share_lock_and_spool(self, tmp_path: Path, link: str) -> None:
        real = tmp_path / "real" / "x.duckdb"
        real.parent.mkdir()
        if link == "folder":
            (tmp_path / "alias").symlink_to(real.parent)
            other = tmp_path / "alias" / "x.duckdb"
        else:
            other = tmp_path / "y.duckdb"
            other.symlink_to(real)
        if link == "file":
            a_registry(real)
        one, two = Store(real), Store(other)
        one.register(config(1000))
        two.register(config(1001))
        assert one.path == two.path
        assert len(one.spool.names()) == 2
        with two.read() as session:
            assert session.value("SELECT count(*) FROM experiment") == (42 if link == "file" else 2)
        assert real.is_file()
        assert not real.is_symlink()
        assert [file.name for file in tmp_path.iterdir() if ".lock" in file.name] == []

    def test_another_working_folder_changes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        store = Store("x.duckdb")
        store.register(config(1))
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        store.register(config(2))
        store.sync()
        assert [file.name for file in (tmp_path / "elsewhere").iterdir()] == []
        with store.read() as session:
            assert session.value("SELECT count(*) FROM experiment") == 2
