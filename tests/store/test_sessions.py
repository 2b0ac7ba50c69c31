"""Sessions: transactions, threads, forks, and other programs that have the file open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.errors import LockedError, ReadOnlyError, StoreError
from registry.store import Session, Store, lock
from registry.store.apply import take_in
from registry.store.registration import Registration
from tests.prepared import prepared
from tests.store.conftest import Program, Start
from tests.store.programs import config

Hold = Callable[[str], AbstractContextManager[Program]]


def count(session: Session) -> int:
    return int(session.value("SELECT count(*) FROM experiment"))


def bring_in(store: Store, *numbers: int) -> None:
    with store.write() as session:
        take_in(session, [Registration(config(n)) for n in numbers], metadata="register", kind="imported")


def make_twenty(registry: ExperimentRegistry) -> None:
    bring_in(registry.store, *range(20))


@pytest.fixture
def full(store: Store) -> Store:
    """A registry of twenty."""
    prepared(store.path, make_twenty)
    return store


class TestTransactions:
    def test_what_raises_undoes_the_change_and_only_that(self, store: Store) -> None:
        store.register(config(1))
        for kind in (ValueError, KeyboardInterrupt, SystemExit, GeneratorExit):
            with pytest.raises(kind), store.write() as session:
                session.run("DELETE FROM store.experiment")
                assert count(session) == 0
                raise kind
            with store.read() as session:
                assert count(session) == 1, kind
        bring_in(store, 2)
        with store.read() as session:
            assert count(session) == 2

    def test_a_statement_that_fails_undoes_the_change(self, full: Store) -> None:
        with pytest.raises(StoreError, match="can't be used"), full.write() as session:
            session.run("DELETE FROM store.tag")
            session.run("INSERT INTO store.nowhere VALUES (1)")
        with full.read() as session:
            assert session.value("SELECT count(*) FROM tag") == 40

    def test_a_write_in_a_write_is_one_change(self, full: Store) -> None:
        with pytest.raises(ValueError, match="late"), full.write():
            bring_in(full, 100)
            with full.read() as session:
                assert count(session) == 21
            raise ValueError("late")
        with full.read() as session:
            assert count(session) == 20

    def test_a_read_in_a_read_is_one_session(self, full: Store) -> None:
        with full.read() as outer, full.read() as inner:
            assert inner is outer

    def test_a_write_in_a_read_is_a_mistake_that_is_told(self, full: Store) -> None:
        with full.read(), pytest.raises(RuntimeError, match="open for reading"), full.write():
            pass

    @pytest.mark.parametrize("how", ["read", "write"])
    def test_one_can_register_within_a_session(self, full: Store, how: str) -> None:
        (full.spool.folder / "verified").unlink()  # so that the place is looked at again
        with getattr(full, how)():
            Store(full.path).register(config(100))
            full.register(config(101))
        with full.read() as session:
            assert count(session) == 22

    def test_a_reader_can_not_write(self, full: Store) -> None:
        with full.read() as session, pytest.raises(ReadOnlyError):
            session.run("DELETE FROM store.experiment")

    def test_nothing_is_open_between_sessions(self, full: Store, start: Start) -> None:
        with full.read() as session:
            count(session)
        stranger = start("open_plainly", full.path)
        assert stranger.line() == "open"


class TestStreams:
    def test_other_statements_may_run_meanwhile(self, full: Store) -> None:
        with full.read() as session:
            seen = []
            for (n,) in session.stream("SELECT id FROM experiment ORDER BY id", size=3):
                seen.append(n)
                assert session.one("SELECT config_hash FROM experiment WHERE id = ?", [n]) is not None
            assert seen == list(range(1, 21))

    def test_two_at_a_time(self, full: Store) -> None:
        with full.read() as session:
            one = session.stream("SELECT id FROM experiment ORDER BY id", size=3)
            two = session.stream("SELECT id FROM experiment ORDER BY id DESC", size=4)
            pairs = list(zip(one, two, strict=True))
        assert pairs == [((n,), (21 - n,)) for n in range(1, 21)]

    def test_one_that_is_left_does_not_keep_the_file_open(self, full: Store) -> None:
        with full.read() as session:
            stream = session.stream("SELECT id FROM experiment", size=2)
            next(stream)
        bring_in(full, 100)
        with full.read() as session:
            stream = session.stream("SELECT id FROM experiment", size=2)
            next(stream)
            del stream
            assert count(session) == 21


class TestStamp:
    def test_it_changes_with_every_change_and_only_then(self, store: Store, start: Start) -> None:
        stamps = [store.stamp()]
        for change in (
            lambda: store.register(config(1)),
            lambda: store.sync(),
            lambda: bring_in(store, 2),
            lambda: start("die_after_commit", store.path, 3).wait(60),
        ):
            change()
            stamps.append(store.stamp())
            with store.read() if stamps[-1][1] is None else lock.holding(store.path, shared=True, timeout=1):
                pass
            assert store.stamp() == stamps[-1] or not store.spool.names()
            time.sleep(0.02)
        assert len(set(stamps)) == len(stamps)


class TestThreads:
    def test_any_number_may_use_one_store(self, store: Store) -> None:
        errors: list[BaseException] = []

        def work(n: int) -> None:
            try:
                for i in range(4):
                    if n % 3 == 0:
                        store.register(config(i, f"t{n}"))
                    elif n % 3 == 1:
                        one = Registration(config(i, f"t{n}"))
                        with store.write() as session:
                            take_in(session, [one], metadata="register", kind="imported")
                    with store.read() as session:
                        assert count(session) >= i
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        with store.read() as session:
            assert count(session) == 16

    def test_two_readers_at_the_same_time(self, full: Store) -> None:
        meet = threading.Barrier(2, timeout=20)
        seen: list[int] = []

        def read() -> None:
            with full.read() as session:
                meet.wait()
                seen.append(count(session))
                meet.wait()

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [20, 20]


class TestForks:
    @pytest.mark.parametrize("how", ["read", "write"])
    def test_a_child_forked_in_a_session_can_not_write_old_data_over_new(
        self, full: Store, start: Start, how: str
    ) -> None:
        """The engine would answer it from inherited memory, and lose what others have committed since."""
        lines = start("fork_in_session", full.path, how).ended()
        *refusals, status, waiting = lines
        assert len(refusals) == 2
        assert all("forked" in line and "spawn" in line for line in refusals)
        assert (status, waiting) == ("0", "1")  # what the child registered waits for somebody who can
        with full.read() as session:
            assert count(session) == 22
            left = session.value("SELECT count(*) FROM tag WHERE tag = 'sweep'")
        assert left == (22 if how == "read" else 2)

    def test_forks_beside_the_sessions_of_other_threads(self, full: Store, start: Start) -> None:
        assert start("fork_beside_sessions", full.path, 5).ended() == ["failed 0"]
        with full.read() as session:
            assert count(session) == 25


class TestOtherPrograms:
    """A plain shell of the engine knows nothing of our lock."""

    def test_it_holds_the_file(self, full: Store, start: Start) -> None:
        stranger = start("open_plainly", full.path)
        assert stranger.line() == "open"
        for attempt in (full.read, full.write):
            sentence = rf"held open by .*\(process {stranger.pid}\); close it there"
            with pytest.raises(LockedError, match=sentence), attempt():
                pass
        full.register(config(100))  # never in the way of this
        assert full.try_sync() is False
        stranger.go_on()
        stranger.ended()
        with full.read() as session:
            assert count(session) == 21

    def test_it_is_kept_out_of_a_session_whatever_our_threads_look_at(self, full: Store, start: Start) -> None:
        """Opening and closing the file once more would make the system drop the lock of the engine."""

        def look() -> None:
            other = Store(full.path, wait=0.1)
            other.exists()
            other.stamp()
            other.register(config(100))
            for attempt in (other.read, other.write):
                with pytest.raises(LockedError), attempt():
                    pass

        with full.write() as session:
            session.run("DELETE FROM store.tag")
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
            assert full.exists()
            assert start("open_plainly", full.path).ended() == ["refused"]

    def test_it_is_kept_out_of_the_first_session_too(self, store: Store, start: Start) -> None:
        with store.write():
            assert start("open_plainly", store.path).ended() == ["refused"]


def test_an_interrupt_ends_a_long_query_at_once(full: Store, start: Start) -> None:
    assert start("interrupt_queries", full.path, 2).ended() == ["KeyboardInterrupt soon"] * 2


class TestBackup:
    def test_it_is_complete_and_independent(self, full: Store, tmp_path: Path) -> None:
        full.register(config(100))
        copy = full.backup(tmp_path / "copy.duckdb")
        bring_in(full, 101)
        with Store(copy).read() as session:
            assert count(session) == 21
        assert [file.name for file in tmp_path.iterdir() if "copy" in file.name] == [
            "copy.duckdb",
            "copy.duckdb.gate",
            "copy.duckdb.lock",
        ] or {"copy.duckdb"} <= {file.name for file in tmp_path.iterdir()}

    def test_while_a_reader_holds_the_file(self, full: Store, tmp_path: Path, hold: Hold) -> None:
        full.register(config(100))
        with hold("shared"):
            copy = full.backup(tmp_path / "copy.duckdb")
        assert len(full.spool.names()) == 1
        with Store(copy).read() as session:
            assert count(session) == 21

    def test_of_registrations_that_have_no_file_yet(self, store: Store, tmp_path: Path, hold: Hold) -> None:
        store.register(config(1))
        with hold("shared"):
            copy = store.backup(tmp_path / "copy.duckdb")
        with Store(copy).read() as session:
            assert count(session) == 1

    def test_with_a_change_that_is_only_in_the_log_of_the_engine(
        self, full: Store, tmp_path: Path, start: Start
    ) -> None:
        start("die_after_commit", full.path, 100).wait(60)
        copy = full.backup(tmp_path / "copy.duckdb")
        with Store(copy).read() as session:
            assert count(session) == 21
        assert not (tmp_path / "copy.duckdb.wal").exists()

    def test_put_back_in_place_it_applies_nothing_twice(self, full: Store, tmp_path: Path, hold: Hold) -> None:
        full.register(config(100))
        with hold("shared"):  # the entry goes into the copy and stays beside the original
            copy = full.backup(tmp_path / "copy.duckdb")
        copy.replace(full.path)
        with full.write() as session:
            session.run("DELETE FROM store.tag")
        with full.read() as session:
            assert count(session) == 21
            assert session.value("SELECT count(*) FROM tag") == 0

    def test_it_never_replaces_a_file_unasked(self, full: Store, tmp_path: Path) -> None:
        target = tmp_path / "copy.duckdb"
        target.write_text("mine")
        with pytest.raises(StoreError, match="exists"):
            full.backup(target)
        assert target.read_text() == "mine"
        full.backup(target, force=True)
        with Store(target).read() as session:
            assert count(session) == 20

    def test_over_a_registry_that_was_killed_with_changes_in_its_log(
        self, full: Store, tmp_path: Path, start: Start
    ) -> None:
        target = tmp_path / "target.duckdb"
        start("die_after_commit", target, 100).wait(60)
        full.backup(target, force=True)
        with Store(target).read() as session:
            assert count(session) == 20

    @pytest.mark.parametrize("which", ["itself", "nothing there", "no folder"])
    def test_what_can_not_be(self, full: Store, tmp_path: Path, which: str) -> None:
        with pytest.raises(StoreError):
            if which == "itself":
                full.backup(full.path)
            elif which == "nothing there":
                Store(tmp_path / "nothing.duckdb").backup(tmp_path / "copy.duckdb")
            else:
                full.backup(tmp_path / "nowhere" / "copy.duckdb")
        assert not (tmp_path / "copy.duckdb").exists()


def test_what_other_threads_ask_can_be_stopped(full: Store) -> None:
    began, failed = threading.Event(), list[StoreError]()

    def ask() -> None:
        with full.read() as session:
            began.set()
            try:
                session.value("SELECT count(*) FROM range(100000000000) t(a) WHERE a % 7 = 1")
            except StoreError as error:
                failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert began.wait(10)
    while full.interrupt():  # the statement may not have begun the first time
        time.sleep(0.01)
    asking.join(10)
    assert len(failed) == 1
    assert not full.interrupt()
    with full.read() as session:
        assert count(session) == 20


class TestSmallAnswers:
    """What every question needs to know is asked once, and again when the file has changed."""

    ALL = "SELECT count(*) FROM experiment"

    def test_it_is_asked_again_when_anybody_changed_the_file(self, full: Store) -> None:
        with full.read() as session:
            first = session.once(self.ALL)
        with full.read() as session:
            assert session.once(self.ALL) is first
        bring_in(Store(full.path), 50)
        with full.read() as session:
            assert session.once(self.ALL) == [(21,)]

    def test_what_waits_in_the_spool_is_seen_at_once_and_not_taken_for_the_files(self, full: Store, hold: Hold) -> None:
        with full.read() as session:
            assert session.once(self.ALL) == [(20,)]
        with hold("shared"):  # so nobody brings it in
            Store(full.path, wait=0).register(config(50))
            with full.read() as session:
                assert session.once(self.ALL) == [(21,)]
        (full.path.with_name(full.path.name + ".spool") / full.spool.names()[0]).unlink()
        with full.read() as session:
            assert session.once(self.ALL) == [(20,)]

    def test_a_change_sees_what_it_changes(self, full: Store) -> None:
        with full.write() as session:
            assert session.once(self.ALL) == [(20,)]
            take_in(session, [Registration(config(50))], metadata="register", kind="imported")
            assert session.once(self.ALL) == [(21,)]

    def test_another_file_in_its_place(self, full: Store, tmp_path: Path) -> None:
        other = Store(tmp_path / "other.duckdb")
        bring_in(other, 1, 2)
        with full.read() as session:
            assert session.once(self.ALL) == [(20,)]
        other.path.replace(full.path)
        with full.read() as session:
            assert session.once(self.ALL) == [(2,)]
