"""The lock between processes: who excludes whom, for how long, and what a fork or a kill does to it."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from registry.errors import LockedError, ReadOnlyError
from registry.store import Store, lock
from tests.store.conftest import Program, Start, as_others_may
from tests.store.programs import config, count_up

Hold = Callable[[str], AbstractContextManager[Program]]


def is_free(path: Path, *, shared: bool = False, within: float = 0) -> bool:
    try:
        with lock.holding(path, shared=shared, timeout=within):
            return True
    except LockedError:
        return False


def test_processes_and_their_readers_exclude_each_other(path: Path, start: Start) -> None:
    path.with_name("number").write_text("0")
    readers = [start("look", path, 1.0, 0.001) for _ in range(2)]
    for reader in readers:
        reader.line()
    for writer in [start("count_up", path, 30) for _ in range(4)]:
        writer.ended()
    for reader in readers:
        reader.ended()
    assert path.with_name("number").read_text() == "120"


def test_threads_of_one_process_exclude_each_other(path: Path) -> None:
    path.with_name("number").write_text("0")
    threads = [threading.Thread(target=count_up, args=(path, 40)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.with_name("number").read_text() == "160"


def test_readers_read_together_and_a_writer_is_alone(path: Path, hold: Hold) -> None:
    with hold("shared"):
        assert is_free(path, shared=True)
        assert not is_free(path)
    with hold("exclusive"):
        assert not is_free(path, shared=True)
        assert not is_free(path)
    assert is_free(path)


def test_looping_readers_do_not_starve_a_writer(path: Path, start: Start) -> None:
    path.with_name("number").write_text("0")
    readers = [start("look", path, 30.0, 0.012) for _ in range(4)]
    for reader in readers:
        reader.line()
    waits = []
    for _ in range(15):
        began = time.monotonic()
        with lock.holding(path, shared=False, timeout=20):
            waits.append(time.monotonic() - began)
        time.sleep(0.005)
    assert statistics.median(waits) < 0.25, waits
    assert max(waits) < 2, waits


def test_waiting_is_bounded_and_the_error_names_the_holder(path: Path, hold: Hold) -> None:
    with hold("exclusive") as holder:
        for shared in (True, False):
            began = time.monotonic()
            with pytest.raises(LockedError, match=rf"in use by process {holder.pid} \(programs\.py hold .*--wait"):
                lock.acquire(path, shared=shared, timeout=0.3)
            assert 0.25 < time.monotonic() - began < 3
        store = Store(path, wait=0.2)
        store.register(config(1))
        with pytest.raises(LockedError, match=f"process {holder.pid} "), store.write():
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock shared")
def test_the_error_names_readers_too_and_nobody_who_is_dead(path: Path, start: Start, hold: Hold) -> None:
    dead = start("hold", path, "exclusive")
    dead.line()
    dead.killed()  # leaves its name in the lock file
    with hold("shared") as one, hold("shared") as two:
        with pytest.raises(LockedError) as caught:
            lock.acquire(path, shared=False, timeout=0)
        assert str(one.pid) in str(caught.value)
        assert str(two.pid) in str(caught.value)
        assert str(dead.pid) not in str(caught.value)


def test_the_error_says_when_the_holder_is_this_process(path: Path) -> None:
    with (
        lock.holding(path, shared=False, timeout=0),
        pytest.raises(LockedError, match=rf"process {os.getpid()} \(this one"),
    ):
        lock.acquire(path, shared=False, timeout=0)


def test_what_the_holder_is_called_cannot_write_to_the_terminal(path: Path) -> None:
    with lock.holding(path, shared=False, timeout=0):
        path.with_name(path.name + ".lock").write_text("1 \x1b[2Jevil\nline")
        with pytest.raises(LockedError) as caught:
            lock.acquire(path, shared=False, timeout=0)
    assert str(caught.value).isprintable()


def test_the_death_of_the_holder_frees_the_lock(path: Path, start: Start) -> None:
    program = start("hold", path, "exclusive")
    program.line()
    program.killed()
    assert is_free(path)


class TestFork:
    def test_the_parent_gives_the_lock_up_although_a_forked_child_lives_on(self, path: Path, start: Start) -> None:
        parent = start("fork_holding", path, "fork")
        child = int(parent.line())
        try:
            assert not is_free(path)
            parent.go_on()
            assert parent.line() == "released"
            assert is_free(path)
        finally:
            os.kill(child, signal.SIGKILL)

    @pytest.mark.parametrize("how", ["fork", "exec"])
    def test_a_child_does_not_keep_the_lock_of_a_killed_parent(self, path: Path, start: Start, how: str) -> None:
        parent = start("fork_holding", path, how)
        child = int(parent.line())
        try:
            parent.kill()
            parent.wait()
            assert is_free(path, within=5)  # as soon as the child has had a moment to let go
        finally:
            os.kill(child, signal.SIGKILL)

    def test_a_child_that_ends_does_not_release_the_lock_of_its_parent(self, path: Path, start: Start) -> None:
        parent = start("fork_holding", path, "fork-exit")
        parent.line()
        assert not is_free(path)
        parent.go_on()
        assert parent.line() == "released"
        assert is_free(path)

    def test_a_child_forked_while_a_thread_waits_does_not_keep_the_gate(
        self, path: Path, start: Start, hold: Hold
    ) -> None:
        with hold("exclusive"):
            parent = start("fork_waiting", path)
            child = int(parent.line())
            parent.kill()
            parent.wait()
        try:
            assert is_free(path, within=5)
        finally:
            os.kill(child, signal.SIGKILL)


def test_the_lock_files_are_never_deleted(store: Store) -> None:
    files = [store.path.with_name(store.path.name + suffix) for suffix in (".lock", ".gate")]
    store.register(config(1))
    store.sync()
    before = [file.stat().st_ino for file in files]
    for n in range(3):
        store.register(config(n))
        with store.write() as session:
            session.run("DELETE FROM store.tag")
        with store.read():
            pass
    store.close()
    assert [file.stat().st_ino for file in files] == before


def test_interrupts_at_any_moment_leave_no_lock_behind(path: Path, start: Start) -> None:
    program = start("interrupted", path, 45)
    finished, experiments = map(int, program.line().split())
    assert 0 < finished < 45
    assert experiments > 0
    assert is_free(path)  # the process lives on, but idle


class TestReadOnlyFolder:
    """Seen by a user who may read there, and not write."""

    @pytest.fixture
    def made(self, open_folder: Path) -> Store:
        store = Store(open_folder / "experiments.duckdb")
        store.register(config(1))
        store.sync()
        return store

    def test_an_existing_lock_is_taken_shared(self, made: Store, start: Start) -> None:
        with as_others_may(made.path.parent):
            reader = start("as_nobody", made.path, "read")
            assert reader.line() == "1"
        assert is_free(made.path, shared=True)
        assert not is_free(made.path)
        reader.go_on()
        reader.ended()
        assert is_free(made.path)

    def test_a_writer_keeps_such_a_reader_out(self, made: Store, start: Start) -> None:
        with contextlib.ExitStack() as rights:
            with lock.holding(made.path, shared=False, timeout=0):
                rights.enter_context(as_others_may(made.path.parent))
                reader = start("as_nobody", made.path, "read")
                time.sleep(1.5)
                assert reader.poll() is None
            assert reader.line() == "1"

    def test_a_missing_lock_is_skipped_and_nothing_is_made(self, made: Store, start: Start) -> None:
        for suffix in (".lock", ".gate"):
            made.path.with_name(made.path.name + suffix).unlink()
        before = sorted(made.path.parent.rglob("*"))
        with as_others_may(made.path.parent):
            reader = start("as_nobody", made.path, "read")
            assert reader.line() == "1"
            reader.go_on()
            reader.ended()
        assert sorted(made.path.parent.rglob("*")) == before

    @pytest.mark.parametrize("what", ["register", "write"])
    def test_changing_anything_there_is_an_error_and_leaves_nothing(self, made: Store, start: Start, what: str) -> None:
        before = sorted(made.path.parent.rglob("*"))
        with as_others_may(made.path.parent):
            (said,) = start("as_nobody", made.path, what).ended()
        assert said.startswith(f"{ReadOnlyError.__name__} {made.path.parent} can't be written")
        assert sorted(made.path.parent.rglob("*")) == before
