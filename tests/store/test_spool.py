"""Registrations that wait beside the file: durable at once, never lost, never applied twice, never in the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig
from registry.errors import ReadOnlyError
from registry.store import Store, lock, spool
from registry.store.schema import VIEWS
from tests import strategies
from tests.prepared import nothing, prepared
from tests.store.conftest import Program, Start, as_others_may
from tests.store.programs import config

Hold = Callable[[str], AbstractContextManager[Program]]


def hashes(store: Store) -> list[str]:
    with store.read() as session:
        return [row[0] for row in session.rows("SELECT config_hash FROM experiment ORDER BY id")]


def in_file(path: Path) -> int:
    """Count the experiments in the file itself, as a stranger sees it."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("SELECT count(*) FROM store.experiment").fetchone()
    assert found is not None
    return int(found[0])


class TestDurability:
    def test_what_was_acknowledged_survives_kill_9_right_after(self, store: Store, start: Start) -> None:
        programs = [start("register", store.path, 0, 10**6, f"w{n}") for n in range(3)]
        for program in programs:
            program.line()
        acknowledged = {line for program in programs for line in program.killed() if len(line) == 64}
        assert acknowledged <= set(hashes(store))

    def test_entry_and_folder_reach_the_disk_before_it_is_acknowledged(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.register(config(1))
        steps: list[str] = []
        fsync, rename = os.fsync, os.rename

        def noted_fsync(fd: int) -> None:
            name = Path(f"/proc/self/fd/{fd}").readlink().name
            steps.append("folder" if name.endswith(".spool") else "entry" if name.endswith(".json.tmp") else name)
            fsync(fd)

        def noted_rename(source: str, target: str) -> None:
            steps.append("rename")
            rename(source, target)

        if not Path("/proc/self/fd").exists():
            pytest.skip("what is synced can only be seen on Linux")
        monkeypatch.setattr(os, "fsync", noted_fsync)
        monkeypatch.setattr(os, "rename", noted_rename)
        store.register(config(2))
        assert steps == ["entry", "rename", "folder"]

    def test_pending_entries_survive_the_death_of_everybody(self, store: Store, start: Start) -> None:
        programs = [start("register_and_wait", store.path, n) for n in range(3)]
        said = {program.line() for program in programs}
        for program in programs:
            program.killed()
        assert not store.path.exists()
        assert store.exists()
        assert set(hashes(store)) == said

    def test_entries_are_never_overwritten(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(spool.time, "time_ns", lambda: 1_700_000_000_000_000_000)  # a clock that stands still
        threads = [
            threading.Thread(target=lambda n=n: [store.register(config(i, f"t{n}")) for i in range(30)])
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.spool.names()) == 120
        assert len(set(hashes(store))) == 120

    def test_half_written_entries_are_not_looked_at_and_go_away_in_time(self, store: Store) -> None:
        store.register(config(1))
        fresh, stale = store.spool.folder / ".1-2-3-a.json.tmp", store.spool.folder / ".1-2-3-b.json.tmp"
        for file in (fresh, stale):
            file.write_text('{"type": "reg')
        os.utime(stale, (1, 1))
        assert hashes(store) == [config(1).config_hash]
        assert fresh.exists()
        assert not stale.exists()
        assert store.spool.refusals() == []


class TestOrder:
    def test_entries_are_applied_in_the_order_they_came(self, store: Store) -> None:
        for text in ("first", "second", "third"):
            store.register(config(1, description=text))
        with store.read() as session:
            assert session.value("SELECT description FROM experiment") == "third"
            kinds = [row[0] for row in session.rows("SELECT kind FROM event ORDER BY seq")]
        assert kinds == ["registered", "described", "described"]

    def test_also_when_the_clock_goes_backwards(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter(range(1_700_000_000_000_000_000, 0, -(10**9)))
        monkeypatch.setattr(spool.time, "time_ns", lambda: next(clock))
        self.test_entries_are_applied_in_the_order_they_came(store)

    def test_experiments_are_numbered_in_the_order_they_came(self, store: Store, start: Start) -> None:
        said = [line for n in range(3) for line in start("register", store.path, 0, 12, f"w{n}").ended()]
        assert hashes(store) == said


def test_a_worker_that_registers_never_loads_the_engine(store: Store, start: Start) -> None:
    first = start("register_and_wait", store.path, 1)
    first.line()
    assert first.line() == "False"
    store.sync()  # now the file is there, and known to be a registry
    second = start("register_and_wait", store.path, 2)
    second.line()
    assert second.line() == "False"


class TestCrashes:
    def test_entries_left_by_a_kill_are_not_applied_again_over_a_later_change(self, store: Store, start: Start) -> None:
        store.register(config(1))
        program = start("die_before_removing", store.path)
        assert program.wait(60) == -signal.SIGKILL
        assert len(store.spool.names()) == 1  # applied, and still there
        assert in_file(store.path) == 1
        with store.write() as session:
            session.run("DELETE FROM store.tag WHERE tag = 'sweep'")
        assert store.spool.names() == []
        store.register(config(2))
        store.sync()
        with store.read() as session:
            assert session.rows("SELECT tag FROM tag ORDER BY id, position") == [("by p",), ("sweep",), ("by p",)]

    def test_nor_when_they_can_not_be_removed(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        store.register(config(1))
        with monkeypatch.context() as patch:
            patch.setattr(spool.Spool, "remove", lambda self, names: None)
            for _ in range(3):
                with store.write() as session:
                    session.run("DELETE FROM store.tag WHERE tag = 'sweep'")
                with store.read() as session:
                    assert session.value("SELECT count(*) FROM tag WHERE tag = 'sweep'") == 0
            assert len(store.spool.names()) == 1
        store.sync()
        assert store.spool.names() == []
        with store.read() as session:
            assert session.value("SELECT count(*) FROM tag WHERE tag = 'sweep'") == 0

    def test_nor_do_they_happen_twice_for_readers_or_in_the_log(self, store: Store, start: Start, hold: Hold) -> None:
        store.register(config(1, description="first"))
        store.register(config(1, description="second"))
        start("die_before_removing", store.path).wait(60)
        assert len(store.spool.names()) == 2
        with hold("shared"), store.read() as session:
            assert session.value("SELECT count(*) FROM event") == 2
        store.sync()
        with store.read() as session:
            assert session.rows("SELECT kind FROM event ORDER BY seq") == [("registered",), ("described",)]
            assert session.value("SELECT description FROM experiment") == "second"

    def test_what_is_recorded_as_applied_does_not_grow(self, store: Store) -> None:
        for n in range(3):
            store.register(config(n))
            store.sync()
        with store.read() as session:
            assert session.value("SELECT count(*) FROM applied") <= 1

    def test_a_commit_that_is_only_in_the_log_of_the_engine_is_kept(self, store: Store, start: Start) -> None:
        store.register(config(0))
        store.sync()
        start("die_after_commit", store.path, 1).wait(60)
        assert store.path.with_name(store.path.name + ".wal").exists()
        assert len(hashes(store)) == 2
        with store.write():
            pass
        assert in_file(store.path) == 2

    def test_a_log_left_by_a_file_that_was_deleted_is_set_aside(self, store: Store, start: Start) -> None:
        start("die_after_commit", store.path, 1).wait(60)
        log = store.path.with_name(store.path.name + ".wal")
        old = log.read_bytes()
        store.path.unlink()
        store.register(config(2))
        assert hashes(store) == [config(2).config_hash]
        (aside,) = store.path.parent.glob("*.orphan-*")
        assert aside.read_bytes() == old

    def test_a_kill_in_the_middle_of_making_the_file(self, store: Store) -> None:
        for name in (".new-12345", ".new-12345.wal"):
            store.path.with_name(store.path.name + name).write_bytes(b"half")
        store.register(config(1))
        assert hashes(store) == [config(1).config_hash]
        assert not list(store.path.parent.glob("*.new-*"))


GOOD = {"type": "register", "version": 1, "at": "2026-01-01T00:00:00.000000+00:00", "record": config(1).to_dict()}
BAD = {
    "garbage": (b"\x00\xff not json", "not a spool entry"),
    "cut": (json.dumps(GOOD).encode()[:-40], "not a spool entry"),
    "empty": (b"", "not a spool entry"),
    "not an object": (b"[1, 2]", "not a JSON object"),
    "nested too deep": (b"[" * 100_000, "not a spool entry"),
    "newer": (json.dumps({**GOOD, "version": 2}).encode(), "newer program"),
    "another type": (json.dumps({**GOOD, "type": "wish"}).encode(), "newer program"),
    "no record": (json.dumps({"type": "register", "version": 1, "at": GOOD["at"]}).encode(), "not a spool entry"),
    "no time": (json.dumps({**GOOD, "at": None}).encode(), "at:"),
    "hash altered": (json.dumps({**GOOD, "record": {**config(1).to_dict(), "config_hash": "0" * 64}}).encode(), "hash"),
    "weight altered": (json.dumps(GOOD).replace('"value": 1.0', '"value": 2.0').encode(), "does not match"),
    "odd record": (json.dumps({**GOOD, "record": [1]}).encode(), "mapping"),
    "lone surrogate": (json.dumps({**GOOD, "old_hashes": ["\ud800"]}).encode(), "old_hashes"),
}


contents = st.recursive(
    strategies.scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, *config(1).to_dict()]) | strategies.texts, inner, max_size=6)
    ),
    max_leaves=8,
)


class TestRefusals:
    def test_entries_that_cannot_be_applied_are_set_aside_and_block_nothing(self, store: Store) -> None:
        store.register(config(7))
        names = {kind: f"{n:020}-1-1-bad.json" for n, kind in enumerate(BAD, start=1)}
        for kind, name in names.items():
            (store.spool.folder / name).write_bytes(BAD[kind][0])
        with lock.holding(store.path, shared=True, timeout=0):  # so that they can't be brought in
            assert hashes(store) == [config(7).config_hash]
            assert store.spool.refusals() == []
        assert hashes(store) == [config(7).config_hash]
        refusals = dict(store.spool.refusals())
        assert set(refusals) == set(names.values())
        for kind, (content, reason) in BAD.items():
            assert reason in refusals[names[kind]], kind
            assert (store.spool.refused / names[kind]).read_bytes() == content, kind
        assert store.spool.names() == []

    def test_a_folder_among_the_entries_is_set_aside(self, store: Store) -> None:
        store.register(config(7))
        (store.spool.folder / "1.json").mkdir()
        assert hashes(store) == [config(7).config_hash]
        assert [name for name, _ in store.spool.refusals()] == ["1.json"]

    def test_other_files_are_left_alone(self, store: Store) -> None:
        store.register(config(7))
        for name in ("notes.txt", ".DS_Store", "1.json.bak"):
            (store.spool.folder / name).write_text("mine")
        store.sync()
        assert {"notes.txt", ".DS_Store", "1.json.bak"} <= {file.name for file in store.spool.folder.iterdir()}

    def test_an_entry_of_a_newer_program_can_be_moved_back(self, store: Store) -> None:
        store.register(config(1))
        (name,) = store.spool.names()
        store.spool.refuse(name, "for a test")
        assert hashes(store) == []
        (store.spool.refused / name).rename(store.spool.folder / name)
        assert hashes(store) == [config(1).config_hash]

    def test_more_bad_entries_than_one_turn_takes(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("registry.store.ingest.BATCH", 5)
        store.register(config(7))
        for n in range(23):
            (store.spool.folder / f"{n}.json").write_text("bad")
        store.sync()
        assert hashes(store) == [config(7).config_hash]
        assert len(store.spool.refusals()) == 23

    @strategies.examples(12, 100)
    @given(contents)
    def test_no_content_at_all_gets_in_the_way(self, tmp_path_factory: pytest.TempPathFactory, found: object) -> None:
        store = prepared(tmp_path_factory.mktemp("fuzz") / "x.duckdb", nothing).store
        store.register(config(7))
        records = [found, {**GOOD, "record": found}, {**GOOD, "at": found}, {**GOOD, "old_hashes": found}]
        if isinstance(found, dict):
            records += [{**GOOD, **found}, {**GOOD, "record": {**config(1).to_dict(), **found}}]
        for n, record in enumerate(records):
            (store.spool.folder / f"{n}.json").write_text(json.dumps(record))
        store.sync()
        assert config(7).config_hash in hashes(store)
        assert store.spool.names() == []

    def test_an_entry_that_only_the_engine_refuses_is_found_among_the_others(self, store: Store) -> None:
        store.register(config(1))
        with store.write() as session:
            session.run("CREATE UNIQUE INDEX odd ON store.tag (tag)")  # something wrong with the file, say
        plain = [ExperimentConfig(["a"], {"a": n}) for n in range(9)]
        for one in plain[:5]:
            store.register(one)
        store.register(config(2))
        for one in plain[5:]:
            store.register(one)
        store.sync()
        assert hashes(store) == [one.config_hash for one in (config(1), *plain)]
        ((_, reason),) = store.spool.refusals()
        assert "can't be stored" in reason
        assert "uplicate key" in reason


class TestOtherUsers:
    def test_an_entry_one_may_not_read_waits_for_who_may(self, open_folder: Path, start: Start) -> None:
        store = Store(open_folder / "experiments.duckdb")
        store.register(config(1))
        store.sync()
        store.register(config(2))
        (name,) = store.spool.names()
        (store.spool.folder / name).chmod(0o600)
        with as_others_may(open_folder):
            reader = start("as_nobody", store.path, "read")
            assert reader.line() == "1"
            reader.killed()
        assert len(hashes(store)) == 2

    def test_a_read_only_place_shows_what_waits_beside_it(self, open_folder: Path, start: Start) -> None:
        store = Store(open_folder / "experiments.duckdb")
        store.register(config(1))
        for there in (False, True):  # the file itself
            with as_others_may(open_folder):
                reader = start("as_nobody", store.path, "read")
                assert reader.line() == ("2" if there else "1")
                reader.go_on()
                reader.ended()
            assert store.path.exists() == there
            store.sync()
            store.register(config(2))
        assert len(store.spool.names()) == 1

    def test_a_backup_from_a_read_only_place_is_complete(self, open_folder: Path, start: Start) -> None:
        store = Store(open_folder / "experiments.duckdb")
        store.register(config(1))
        store.sync()
        store.register(config(2))
        with as_others_may(open_folder):
            (copy,) = start("as_nobody", store.path, "backup").ended()
        try:
            assert len(hashes(Store(copy))) == 2
        finally:
            shutil.rmtree(Path(copy).parent)
        assert len(store.spool.names()) == 1


class TestOverlay:
    def test_readers_see_what_waits_while_others_hold_the_file(self, store: Store, hold: Hold) -> None:
        store.register(config(1))
        store.sync()
        store.register(config(1, description="said later"))
        store.register(config(2))
        with hold("shared"):
            with store.read() as session:
                assert session.rows("SELECT description FROM experiment ORDER BY id") == [("said later",), ("",)]
                assert session.value("SELECT count(*) FROM experiment_tags") == 4
            assert len(store.spool.names()) == 2

    def test_also_when_there_is_no_file_yet(self, store: Store, hold: Hold) -> None:
        store.register(config(1))
        with hold("shared"):
            assert hashes(store) == [config(1).config_hash]
            assert not store.path.exists()

    def test_a_reader_with_an_overlay_still_can_not_write(self, store: Store, hold: Hold) -> None:
        store.register(config(1))
        store.sync()
        store.register(config(2))
        with hold("shared"), store.read() as session, pytest.raises(ReadOnlyError):
            session.run("DELETE FROM store.experiment")

    @strategies.examples(12, 70)
    @given(st.data())
    def test_it_equals_applying(self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
        store = prepared(tmp_path_factory.mktemp("overlay") / "x.duckdb", nothing).store
        pool = data.draw(st.lists(strategies.configs(), min_size=1, max_size=4))

        def register_some() -> None:
            for chosen in data.draw(st.lists(st.sampled_from(pool), max_size=5)):
                store.register(
                    ExperimentConfig(
                        chosen.feature_names,
                        chosen.feature_weights,
                        chosen.hyperparameters,
                        chosen.feature_transformations,
                        data.draw(strategies.texts),
                        data.draw(strategies.tags),
                        parent=data.draw(st.none() | strategies.hashes),
                    )
                )

        register_some()
        store.sync()
        if data.draw(st.booleans()):
            with store.write() as session:
                session.run("UPDATE store.experiment SET deleted_at = now()::TIMESTAMP WHERE id % 2 = 1")
        register_some()
        with lock.holding(store.path, shared=True, timeout=0):  # so that it can't be brought in
            laid_over = everything(store)
        waiting = len(store.spool.names())
        assert store.sync() == waiting
        assert everything(store) == laid_over


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all views and tables that readers see."""
    tables = ("experiment", "feature", "hyperparameter", "tag", "note", "old_hash", "event")
    with store.read() as session:
        return {name: sorted(session.rows(f"SELECT * FROM {name}"), key=repr) for name in (*tables, *VIEWS)}


class TestLeaving:
    def test_a_process_that_ends_normally_brings_the_spool_in(self, store: Store, start: Start) -> None:
        start("register", store.path, 0, 3, "a").ended()
        assert store.spool.names() == []
        assert in_file(store.path) == 3

    def test_but_not_when_that_would_mean_waiting(self, store: Store, start: Start, hold: Hold) -> None:
        with hold("shared"):
            began = time.monotonic()
            start("register", store.path, 0, 3, "a").ended()
            assert time.monotonic() - began < 8  # `wait` would be ten
            assert len(store.spool.names()) == 3
        assert len(hashes(store)) == 3

    @pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
    def test_children_of_multiprocessing_do_it_too(self, store: Store, start: Start, method: str) -> None:
        (said,) = start("children", store.path, method).ended()
        assert said == "0 0"  # exit code, entries waiting
        assert in_file(store.path) == 1

    def test_close_and_every_so_many_registrations_do_it(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("registry.store.store.APPLY_EVERY", 4)
        waiting = []
        for n in range(5):
            store.register(config(n))
            waiting.append(len(store.spool.names()))
        assert waiting == [1, 2, 3, 0, 1]
        store.close()
        assert store.spool.names() == []

    def test_sync_says_how_many_there_were(self, store: Store) -> None:
        assert store.sync() == 0
        assert not store.path.exists()
        for n in range(3):
            store.register(config(n))
        assert store.sync() == 3
        assert store.sync() == 0


class TestTurns:
    def test_a_long_spool_is_brought_in_by_turns(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("registry.store.ingest.BATCH", 10)
        for n in range(35):
            store.register(config(n))
        assert len(hashes(store)) == 35

    def test_a_reader_waits_a_moment_to_bring_very_many_in(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, start: Start
    ) -> None:
        """Laying them over the tables takes every reader seconds, in which nobody could bring them in."""
        monkeypatch.setattr("registry.store.ingest.BATCH", 5)
        for n in range(12):
            store.register(config(n))
        holder = start("hold", store.path, "shared")
        holder.line()
        threading.Timer(0.3, holder.go_on).start()
        assert len(hashes(store)) == 12
        assert store.spool.names() == []

    def test_waiting_for_the_lock_is_counted_turn_by_turn(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("registry.store.ingest.BATCH", 1)
        store = Store(path, wait=0.05)
        for n in range(8):
            store.register(config(n))
        began = time.monotonic()
        store.sync()  # takes longer altogether than anybody would wait for the lock
        assert time.monotonic() - began > 0.05
        assert in_file(path) == 8

    @pytest.mark.full
    def test_twenty_thousand_entries_keep_nobody_waiting(self, store: Store, start: Start, hold: Hold) -> None:
        with hold("shared"):  # so that they gather
            for worker in [start("register_without_goodbye", store.path, 0, 10_000, f"w{n}") for n in range(2)]:
                worker.ended()
        assert len(store.spool.names()) == 20_000
        syncing = threading.Thread(target=store.sync)
        syncing.start()
        waits = []
        while syncing.is_alive():
            began = time.monotonic()
            with lock.holding(store.path, shared=False, timeout=30):
                waits.append(time.monotonic() - began)
            time.sleep(0.01)
        syncing.join()
        assert in_file(store.path) == 20_000
        print(f"\nlongest wait beside 20,000 entries: {max(waits):.2f} s", file=sys.stderr)
        assert max(waits) < 2, waits
