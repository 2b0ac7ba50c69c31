"""Nothing that was acknowledged is lost: many processes at once, kill -9 at random moments, a full disk."""

from __future__ import annotations

import contextlib
import random
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.errors import StoreError
from registry.store import Store
from registry.store.apply import take_in
from registry.store.registration import Registration
from registry.store.session import TEXTS, as_list
from tests.store.conftest import Start
from tests.store.programs import config, halves


def present(path: Path) -> set[str]:
    """Return the hashes a reader sees."""
    with Store(path, wait=60).read() as session:
        assert halves(session) == []
        return {row[0] for row in session.rows("SELECT config_hash FROM experiment")}


def together(start: Start, path: Path, program: str, processes: int, count: int, readers: int) -> None:
    """Have processes register or write, with readers beside them; every acknowledged hash must be there."""
    stop = path.with_name("stop")
    reading = [start("read", path, stop) for _ in range(readers)]
    writing = [start(program, path, 0, count, f"process {n}") for n in range(processes)]
    acknowledged = {said for process in writing for said in process.ended(timeout=300)}
    stop.touch()
    for process in reading:
        looks, _ = process.ended()[-1].split()
        assert int(looks) > 0
    assert len(acknowledged) == processes * count
    assert present(path) == acknowledged


@pytest.mark.parametrize("program", ["register", "write"])
def test_processes_together_lose_nothing(start: Start, path: Path, program: str) -> None:
    together(start, path, program, processes=3, count=7, readers=1)


@pytest.mark.full
def test_processes_lose_nothing_beside_an_open_app(start: Start, path: Path) -> None:
    from tests.cli.test_opening import on_a_terminal

    with ThreadPoolExecutor(1) as beside:
        # quits once it shows them all
        app = beside.submit(on_a_terminal, path.parent, path.parent, keys="q", after=b"960 experiments")
        together(start, path, "register", processes=16, count=60, readers=2)
        code, _ = app.result(90)
    assert code == 0


@pytest.mark.full
@pytest.mark.parametrize("program", ["register", "write"])
def test_sixteen_processes_lose_nothing(start: Start, path: Path, program: str) -> None:
    together(start, path, program, processes=16, count=60, readers=3)


def untag_some(path: Path, hashes: list[str]) -> list[str]:
    """Take the tag `sweep` off experiments, whether they are in the file yet or not."""
    with Store(path, wait=60).write() as session:
        session.run(
            "DELETE FROM store.tag WHERE tag = 'sweep' AND id IN"
            f" (SELECT id FROM store.experiment WHERE config_hash IN {TEXTS})",
            [as_list(hashes)],
        )
    return hashes


def tagged(path: Path) -> set[str]:
    with Store(path, wait=60).read() as session:
        found = session.rows("SELECT config_hash FROM experiment_tags WHERE tag = 'sweep'")
    return {row[0] for row in found}


def killing(start: Start, path: Path, kills: int, seed: int) -> None:
    """Kill processes that register, write, bring in and read, at random moments."""
    dice = random.Random(seed)
    acknowledged: set[str] = set()
    untagged: set[str] = set()
    going = {n: start("anything", path, f"{seed} {n}") for n in range(3)}
    for n in range(kills):
        time.sleep(dice.uniform(0.0, 0.25))
        process = going.pop(min(going))
        acknowledged.update(process.killed())
        going[n + 3] = start("anything", path, f"{seed} {n + 3}")
        if n % 3 == 0 and acknowledged:
            untagged.update(untag_some(path, dice.sample(sorted(acknowledged), k=min(5, len(acknowledged)))))
    for process in going.values():
        acknowledged.update(process.killed())
    assert acknowledged
    assert untagged
    assert not untagged & tagged(path)
    assert acknowledged <= present(path)
    Store(path).sync()
    assert Store(path).spool.names() == []
    assert Store(path).spool.refusals() == []
    assert acknowledged <= present(path)
    assert ExperimentRegistry(path).verify().ok


def test_kills_lose_nothing_acknowledged(start: Start, path: Path) -> None:
    killing(start, path, kills=6, seed=1)


@pytest.mark.full
def test_a_hundred_kills_lose_nothing_acknowledged(start: Start, path: Path) -> None:
    killing(start, path, kills=100, seed=2)


def test_an_applied_entry_that_a_kill_left_behind_never_brings_an_old_tag_back(start: Start, path: Path) -> None:
    store = Store(path)
    one = store.register(config(1))
    start("die_before_removing", path).communicate()
    assert len(store.spool.names()) == 1  # the entry is still there, though it was applied
    registry = ExperimentRegistry(path)
    assert registry.untag(one, "sweep") == 1
    for _ in range(3):
        store.sync()
        assert "sweep" not in registry.config(one).tags
    assert store.spool.names() == []


def test_a_change_committed_before_a_kill_is_there(start: Start, path: Path) -> None:
    Store(path).register(config(1))
    start("die_after_commit", path, 2).communicate()
    assert present(path) == {config(1).config_hash, config(2).config_hash}


def test_waiting_entries_survive_the_death_of_everybody(start: Start, path: Path) -> None:
    said = start("register_without_goodbye", path, 0, 20, "gone").ended()
    assert not path.exists()
    assert Store(path).exists()
    assert present(path) == set(said)
    assert path.exists()


def test_a_copy_made_under_load_is_complete(start: Start, path: Path, tmp_path: Path) -> None:
    before = [Store(path).register(config(n, "before")) for n in range(20)]
    busy = [start("register", path, 0, 200, f"busy {n}") for n in range(2)]
    for n in range(2):
        copy = Store(path, wait=60).backup(tmp_path / f"copy {n}.duckdb")
        assert present(copy) >= set(before)
        assert ExperimentRegistry(copy).verify().ok
    said = {line for process in busy for line in process.ended()}
    assert present(path) == said | set(before)


def test_a_full_disk_loses_nothing(small_disk: Callable[[str], Path]) -> None:
    path = small_disk("6m") / "experiments.duckdb"
    store = Store(path)
    acknowledged = set()
    with pytest.raises(StoreError, match=r"full|No space left"):
        for n in range(4000):
            acknowledged.add(store.register(config(n, "x" * 2000)))
            if n % 100 == 99:
                store.sync()
    assert acknowledged
    with contextlib.suppress(StoreError):  # there may be no room to bring the last entries in
        store.sync()
    small_disk("64m")
    assert present(path) == acknowledged
    store.sync()
    assert store.register(config(0, "afterwards"))
    assert len(present(path)) == len(acknowledged) + 1


def fill(place: Path) -> Path:
    """Leave no room at all."""
    ballast = place / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return ballast


class TestFullDisk:
    def test_what_waits_is_read_and_kept_and_nothing_new_is_acknowledged(
        self, small_disk: Callable[[str], Path]
    ) -> None:
        path = small_disk("16m") / "experiments.duckdb"
        store = Store(path)
        store.register(config(1))
        store.sync()
        store.register(config(2))
        ballast = fill(path.parent)
        both = {config(1).config_hash, config(2).config_hash}
        assert present(path) == both
        for change in (lambda: store.register(config(3)), lambda: untag_some(path, [str(config(1).config_hash)])):
            with pytest.raises(StoreError, match=r"disk is full|No space left"):
                change()
        with pytest.raises(StoreError, match=r"disk is full|No space left"):
            store.backup(path.with_name("copy.duckdb"))
        assert store.try_sync() is False
        assert present(path) == both
        assert tagged(path) == both
        assert store.spool.refusals() == []
        assert len(store.spool.names()) == 1
        assert not list(path.parent.glob("*copy*"))
        ballast.unlink()
        assert present(path) == both
        assert store.spool.names() == []
        store.register(config(3))
        assert len(present(path)) == 3

    def test_without_room_to_make_the_file(self, small_disk: Callable[[str], Path]) -> None:
        path = small_disk("2m") / "experiments.duckdb"
        store = Store(path)
        store.register(config(1))
        ballast = fill(path.parent)
        for _ in range(2):
            assert present(path) == {config(1).config_hash}
            with pytest.raises(StoreError, match=r"disk is full|No space left"):
                store.sync()
        assert not path.exists()
        assert not [file for file in path.parent.iterdir() if ".new-" in file.name]
        ballast.unlink()
        store.sync()
        assert present(path) == {config(1).config_hash}
        assert store.spool.names() == []

    def test_changes_that_were_committed_stay(self, small_disk: Callable[[str], Path]) -> None:
        path = small_disk("3m") / "experiments.duckdb"
        store = Store(path)
        committed: set[str] = set()
        with pytest.raises(StoreError, match=r"disk is full|No space left"):
            for n in range(10_000):
                several = [Registration(config(100 * n + i, "y" * 500)) for i in range(50)]
                with store.write() as session:
                    take_in(session, several, metadata="register", kind="imported")
                committed.update(one.config_hash for one in several)
        assert committed
        assert present(path) == committed
        small_disk("64m")
        store.register(config(1))
        assert present(path) == {*committed, str(config(1).config_hash)}


def making(start: Start, tmp_path: Path, kills: int) -> None:
    """Kill processes that are making the file."""
    dice = random.Random(kills)
    for n in range(kills):
        path = tmp_path / f"{n}.duckdb"
        process = start("make", path)
        acknowledged = process.line()
        time.sleep(dice.uniform(0, 0.25))
        process.killed()
        assert present(path) == {acknowledged}
        assert Store(path).spool.names() == []
        assert not [file for file in tmp_path.iterdir() if ".new-" in file.name]


def test_kills_while_the_file_is_made(start: Start, tmp_path: Path) -> None:
    making(start, tmp_path, kills=4)


@pytest.mark.full
def test_many_kills_while_the_file_is_made(start: Start, tmp_path: Path) -> None:
    making(start, tmp_path, kills=25)


def test_a_deleted_file_is_a_new_registry_with_what_still_waits(path: Path) -> None:
    store = Store(path)
    store.register(config(1))
    store.sync()
    store.register(config(2))
    path.unlink()
    assert present(path) == {config(2).config_hash}


def test_a_restored_copy_is_taken_as_it_is(path: Path, tmp_path: Path) -> None:
    store = Store(path)
    one = store.register(config(1))
    copy = store.backup(tmp_path / "copy.duckdb")
    store.register(config(2))
    store.sync()
    shutil.copyfile(copy, path)
    assert present(path) == {one}
    three = store.register(config(3))
    with Store(path).read() as session:
        found = session.value(f"SELECT count(*) FROM experiment WHERE config_hash IN {TEXTS}", [as_list([one, three])])
    assert found == 2
