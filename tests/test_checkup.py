"""`doctor`: every kind of trouble with real files, and with real processes that hold the lock."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import registry as package
from registry import ExperimentRegistry
from registry.checkup import Checkup, Finding, doctor
from registry.store import Store, schema
from registry.store.spool import Spool
from tests.prepared import prepared, put
from tests.store.conftest import hold, path, small_disk, start  # noqa: F401 - fixtures
from tests.store.programs import config

ROOT = Path(__file__).parents[1]


def three(registry: ExperimentRegistry) -> None:
    for n in range(3):
        registry.register(config(n))


@pytest.fixture
def there(path: Path) -> Path:  # noqa: F811
    """A registry of three that was used before."""
    prepared(path, three).info()
    return path


def listing(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = [folder, *folder.rglob("*")]
    return {str(each): (s.st_mtime_ns, s.st_size, s.st_mode) for each in found if (s := each.lstat())}


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    before = listing(folder)
    yield
    assert listing(folder) == before


def look(at: Path) -> Checkup:
    """Look, and see to it that looking changes nothing and is quick."""
    began = time.monotonic()
    with untouched(at.parent if at.parent.is_dir() else at.parent.parent):
        found = doctor(at)
    assert time.monotonic() - began < 5
    found.to_dict()
    return found


def finding(found: Checkup, name: str) -> Finding:
    (one,) = [each for each in found.findings if each.name == name]
    return one


def states(found: Checkup) -> dict[str, str]:
    return {each.name: each.state for each in found.findings if each.state != "ok"}


def test_a_registry_in_order(there: Path) -> None:
    found = look(there)
    assert states(found) == {}
    assert found.ok
    assert found.state == "ok"
    assert finding(found, "content").facts["experiments"] == 3
    assert finding(found, "content").facts["schema_version"] == len(schema.MIGRATIONS)
    assert finding(found, "content").facts["storage_version"].startswith("v1.5.0")
    assert finding(found, "registry").facts["size"] == there.stat().st_size
    assert "experiments verify" in finding(found, "content").advice
    again = ExperimentRegistry(there).doctor()
    assert [(each.name, each.state) for each in again.findings] == [(e.name, e.state) for e in found.findings]


def test_where_it_came_from(there: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXPERIMENTS_DB", str(there))
    assert "named by EXPERIMENTS_DB" in finding(doctor(), "registry").what
    monkeypatch.delenv("EXPERIMENTS_DB")
    (tmp_path / ".git").mkdir()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert "found in a folder above" in finding(doctor(), "registry").what
    monkeypatch.chdir(tmp_path)
    assert "found in the working folder" in finding(doctor(), "registry").what


def test_a_missing_one(tmp_path: Path) -> None:
    found = look(tmp_path / "none.duckdb")
    assert states(found) == {"registry": "warning"}
    assert "first import" in finding(found, "registry").advice
    found = look(tmp_path / "no folder" / "none.duckdb")
    assert states(found)["rights"] == "problem"
    assert "does not exist" in finding(found, "rights").what


def test_only_registrations_that_wait(path: Path) -> None:  # noqa: F811
    store = Store(path)
    store.register(config(1))
    found = look(path)
    assert found.ok
    assert "1 registration waiting" in finding(found, "registry").what
    assert finding(found, "spool").facts["waiting"] == 1
    assert not path.exists()
    store.sync()


def test_a_working_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = "import os, sys; os.rmdir(os.getcwd()); from registry.checkup import doctor; print(doctor().state)"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=gone, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.stdout == "problem\n", ran.stderr


def test_a_home_of_nobody() -> None:
    found = doctor("~nobody-of-that-name/x.duckdb")
    assert states(found)["registry"] == "problem"
    assert "--db" in finding(found, "registry").advice


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"SQLite format 3\0" + b"\1" * 200, "SQLite"),
        (b"hello\n" * 100, "not a DuckDB database"),
        (b"\0" * 8 + b"DUCK" + b"\xff" * 20_000, ""),
        (b"\0" * 8 + b"DUCK", ""),
    ],
)
def test_a_foreign_or_broken_file(path: Path, content: bytes, said: str) -> None:  # noqa: F811
    path.write_bytes(content)
    found = look(path)
    assert states(found) == {"content": "problem"}
    assert said in finding(found, "content").what
    assert finding(found, "content").advice


def test_a_real_sqlite_database(path: Path) -> None:  # noqa: F811
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    assert "SQLite" in finding(look(path), "content").what


def test_a_cut_off_file(there: Path) -> None:
    whole = there.read_bytes()
    there.write_bytes(whole[: len(whole) // 3])
    found = look(there)
    assert states(found) == {"content": "problem"}
    assert "backup --restore" in finding(found, "content").advice


def test_an_empty_file(path: Path) -> None:  # noqa: F811
    path.touch()
    found = look(path)
    assert found.ok
    assert "empty" in finding(found, "content").what


def test_a_database_of_something_else(path: Path) -> None:  # noqa: F811
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); c.execute('CREATE TABLE x (y INT)'); c.close()"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    found = look(path)
    assert states(found) == {"content": "problem"}
    assert "something else" in finding(found, "content").what


def test_a_newer_schema(path: Path) -> None:  # noqa: F811
    newer = Store(path, migrations=[*schema.MIGRATIONS, lambda connection: None])
    newer.register(config(1))
    newer.sync()
    found = look(path)
    assert states(found) == {"content": "problem"}
    assert "newer version of this program" in finding(found, "content").what
    assert "upgrade" in finding(found, "content").advice


def test_an_older_schema_is_told_and_left(path: Path) -> None:  # noqa: F811
    import gzip

    path.write_bytes(gzip.decompress((ROOT / "tests" / "data" / "schema-1.duckdb.gz").read_bytes()))
    found = look(path)
    assert found.ok
    assert finding(found, "content").facts["schema_version"] == 1
    assert "takes it forward" in finding(found, "content").advice


def test_a_folder_a_pipe_and_links(there: Path, tmp_path: Path) -> None:
    assert "is a folder" in finding(look(tmp_path), "content").what
    os.mkfifo(tmp_path / "pipe.duckdb")
    assert "a pipe" in finding(look(tmp_path / "pipe.duckdb"), "content").what
    (tmp_path / "link.duckdb").symlink_to(there)
    assert "a link leads to" in finding(look(tmp_path / "link.duckdb"), "place").what
    (tmp_path / "loop.duckdb").symlink_to("loop.duckdb")
    assert states(look(tmp_path / "loop.duckdb"))["registry"] == "problem"
    os.link(there, tmp_path / "second.duckdb")
    found = look(there)
    assert states(found) == {"place": "warning"}
    assert "2 names" in finding(found, "place").what


def test_a_name_that_the_engine_cant_open(tmp_path: Path) -> None:
    assert states(look(tmp_path / "what?.duckdb"))["place"] == "problem"


def test_a_log_without_its_file(path: Path) -> None:  # noqa: F811
    path.with_name(path.name + ".wal").write_bytes(b"x" * 100)
    assert states(look(path))["place"] == "warning"


def test_another_process_changes_it(there: Path, hold) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    with hold("exclusive") as holder:
        found = look(there)
        assert states(found) == {"lock": "warning", "content": "warning"}
        assert str(holder.pid) in finding(found, "lock").what
        assert "tests.store.programs" in finding(found, "lock").what or "programs.py" in finding(found, "lock").what
        assert found.ok
    assert states(look(there)) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists who holds a lock shared")
def test_another_process_reads_it(there: Path, hold) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    with hold("shared") as holder:
        found = look(there)
        assert states(found) == {}
        assert str(holder.pid) in finding(found, "lock").what


def test_another_program_has_it_open(there: Path) -> None:
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(there)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "open\n"
        found = look(there)
        assert states(found) == {"content": "warning"}
        assert str(other.pid) in finding(found, "content").what
        other.stdin.close()


def test_what_a_killed_process_left(there: Path, hold) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    lock = there.with_name(there.name + ".lock")
    lock.write_text("1 experiments sweep")
    assert states(look(there)) == {}


def test_lock_files_that_are_none(there: Path) -> None:
    lock = there.with_name(there.name + ".lock")
    lock.unlink()
    lock.mkdir()
    assert states(look(there))["lock"] == "problem"
    lock.rmdir()
    elsewhere = there.with_name("elsewhere")
    elsewhere.touch()
    lock.symlink_to(elsewhere)
    assert states(look(there))["lock"] == "problem"


def test_entries_that_wait_long_and_entries_that_were_refused(there: Path) -> None:
    spool = Spool(there)
    old = f"{time.time_ns() - 10**9 * 86_400 * 3:020d}-1-1-x.json"
    (spool.folder / old).write_text("not JSON")
    found = look(there)
    assert states(found) == {"spool": "warning"}
    assert "72 h" in finding(found, "spool").what
    ExperimentRegistry(there).sync()
    found = look(there)
    assert states(found) == {"spool": "problem"}
    assert old in finding(found, "spool").what
    assert finding(found, "spool").facts["refused"][0]["entry"] == old


def test_a_spool_that_is_no_folder(there: Path) -> None:
    folder = Spool(there).folder
    shutil.rmtree(folder)
    folder.write_text("")
    assert states(look(there))["spool"] == "problem"


def test_no_room(there: Path, small_disk) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    folder = small_disk("4m")
    put(folder / "x.duckdb", there.read_bytes()[:])
    found = look(folder / "x.duckdb")
    assert states(found)["disk"] == "problem"
    assert "free some space" in finding(found, "disk").advice


def test_temporary_files(tmp_path: Path, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    assert "TMPDIR" in finding(look(there), "temporary files").advice
    assert states(look(there)) == {"temporary files": "warning"}


AS_NOBODY = """
import json, os, sys
from registry.checkup import doctor
import duckdb, sqlite3
from registry.store import Store
doctor(sys.argv[2])  # everything is imported while this user may
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps(doctor(sys.argv[1]).to_dict()))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ({"x.duckdb": 0o600}, {"rights": "problem"}),
        ({"": 0o700}, {"registry": "problem"}),
        ({"": 0o755, "x.duckdb": 0o644}, {"rights": "warning"}),
        ({"": 0o777, "x.duckdb": 0o666, "x.duckdb.lock": 0o644}, {"lock": "problem"}),
        ({"": 0o777, "x.duckdb": 0o666, "x.duckdb.spool": 0o755}, {"spool": "problem"}),
    ],
)
def test_rights_of_another_user(modes: dict[str, int], expected: dict[str, str], there: Path) -> None:
    import json
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="registry-test-"))
    try:
        at = folder / "x.duckdb"
        put(at, there.read_bytes())
        ExperimentRegistry(at).info()
        for name in ("x.duckdb.lock", "x.duckdb.gate"):
            (folder / name).chmod(0o666)
        folder.chmod(0o755)
        (folder / "x.duckdb.spool").chmod(0o777)
        for name, mode in modes.items():
            (folder / name).chmod(mode)
        ran = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(at), str(there)], capture_output=True, text=True, check=False,
            cwd="/", env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "/"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        found = {each["name"]: each["state"] for each in json.loads(ran.stdout)["findings"] if each["state"] != "ok"}
        assert found == expected, ran.stdout
    finally:
        shutil.rmtree(folder)


def test_ranges_of_versions() -> None:
    from registry.checkup_versions import _fits

    assert _fits("1.5.2", ">=1.5,<3")
    assert _fits("2.0.0rc1", ">=1.5,<3")
    assert not _fits("1.4.9", ">=1.5,<3")
    assert not _fits("3.0", ">=1.5,<3")
    assert _fits("8.10", ">=8.2")
    assert _fits("anything", "")


def test_the_versions_that_run() -> None:
    said = finding(doctor("/none/x.duckdb"), "versions")
    assert said.state == "ok"
    assert said.facts["experiment-registry"] == package.__version__
    assert {"Python", "duckdb", "textual", "sqlite"} <= said.facts.keys()


def test_extras_say_what_they_are_for_and_how_to_get_them() -> None:
    said = finding(doctor("/none/x.duckdb"), "extra stats")
    libraries = {each["name"]: each["for"] for each in said.facts["libraries"]}
    assert libraries.keys() == {"arch", "scikit-learn"}
    assert all(libraries.values())
    assert said.facts["installed"] or "pip install 'experiment-registry[stats]'" in said.advice


def test_the_function_is_one_of_the_packages() -> None:
    assert package.doctor is doctor
