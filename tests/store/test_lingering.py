"""A file that stays open for a moment after a question: quick for who asks again, in nobody's way."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.errors import RegistryError, StoreError
from registry.store import Store, forks
from tests.store.programs import config
from tests.tui.driving import registry_of

LONG = 60.0
"""Seconds that no test waits for: what is let go before was let go for a reason."""


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return registry_of(tmp_path / "experiments.duckdb", [config(n) for n in range(20)])


def lingering(registry: ExperimentRegistry) -> ExperimentRegistry:
    """Return the registry with its file open though nobody asks anything."""
    with registry.reading(linger=LONG):
        registry.count()
    assert forks.is_open(registry.path)
    return registry


def test_without_being_asked_to_nothing_stays_open(registry: ExperimentRegistry) -> None:
    registry.count()
    assert not forks.is_open(registry.path)


def test_it_ends_by_itself(registry: ExperimentRegistry) -> None:
    with registry.reading(linger=0.01):
        pass
    deadline = time.monotonic() + 5
    while forks.is_open(registry.path):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_another_writer_gets_the_file_at_once_and_what_it_wrote_is_seen(registry: ExperimentRegistry) -> None:
    lingering(registry)
    other = ExperimentRegistry(registry.path, wait=5.0)  # with a lock of its own, as another process
    other.tag(config(3).compute_hash(), "seen")
    assert [found.tags for found in registry.search_by_tag("seen")] == [[*config(3).tags, "seen"]]


def test_one_can_write_oneself(registry: ExperimentRegistry) -> None:
    lingering(registry).tag(config(3).compute_hash(), "seen")
    assert registry.count("tag:seen") == 1


def test_a_registration_is_seen_though_the_file_is_open(registry: ExperimentRegistry) -> None:
    lingering(registry).register(config(99))
    assert registry.count() == 21


def test_a_file_put_in_its_place_is_the_one_that_is_read(registry: ExperimentRegistry, tmp_path: Path) -> None:
    lingering(registry)
    other = registry_of(tmp_path / "other.duckdb", [config(n) for n in range(7)])
    other.path.replace(registry.path)
    assert registry.count() == 7


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the thread that watches for writers
def test_a_forked_child_reads_too(registry: ExperimentRegistry) -> None:
    lingering(registry)
    child = os.fork()
    if not child:
        os._exit(registry.count() != 20)
    assert os.waitpid(child, 0)[1] == 0


def test_closing_lets_it_go(registry: ExperimentRegistry) -> None:
    lingering(registry).close()
    assert not forks.is_open(registry.path)


def test_a_question_can_be_stopped_by_itself_and_the_next_is_answered(registry: ExperimentRegistry) -> None:
    began, failed = threading.Event(), list[RegistryError]()
    stop = []

    def ask() -> None:
        with pytest.raises(RegistryError) as error, registry.reading(linger=LONG) as interrupt:
            stop.append(interrupt)
            began.set()
            registry.sql("SELECT count(*) FROM range(100000000000) t(a) WHERE a % 7 = 1")
        failed.append(error.value)

    asking = threading.Thread(target=ask)
    asking.start()
    assert began.wait(10)
    while asking.is_alive():
        stop[0]()
        assert registry.count() == 20, "only the one that is meant is stopped"
        asking.join(0.01)
    assert len(failed) == 1
    assert registry.count() == 20


@pytest.mark.parametrize("count", [0, 1, 2048, 2049, 300_000])
def test_integers_come_out_as_they_went_in(store: Store, count: int) -> None:
    with store.read() as session:
        sql = "SELECT i * 7919 - 1000000 FROM range(CAST(? AS BIGINT)) t(i) ORDER BY i DESC"
        assert list(session.integers(sql, [count])) == [i * 7919 - 1_000_000 for i in reversed(range(count))]


def test_what_is_wrong_with_a_query_for_integers_is_said(store: Store) -> None:
    with store.read() as session:
        with pytest.raises(StoreError):
            session.integers("SELECT error('no') :: BIGINT FROM range(10) t(i)")
        with pytest.raises(TypeError):
            session.integers("SELECT 'text'")
        assert list(session.integers("SELECT 1::BIGINT")) == [1]


def test_where_no_thread_can_be_started_nothing_is_held(
    registry: ExperimentRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with registry.reading(linger=LONG):
        assert registry.count() == 20
    assert not forks.is_open(registry.path)
    with Store(registry.path, wait=0).write() as session:
        assert session.value("SELECT count(*) FROM experiment") == 20
