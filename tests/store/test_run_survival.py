"""Recorded runs under the same trials as registrations: many processes, kills, everybody dead."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from registry import ExperimentRegistry
from registry.store import Store
from tests.store.conftest import Start
from tests.store.killing import killed_at_random, nothing_is_lost

HALVES = """
    SELECT run_id FROM run r WHERE (SELECT count(*) FROM run_metric m WHERE m.run_id = r.run_id) <> 2
        OR (SELECT count(*) FROM run_window w WHERE w.run_id = r.run_id) <> 2
        OR (SELECT count(*) FROM window_metric w WHERE w.run_id = r.run_id) <> 2
        OR (SELECT count(*) FROM run_series s WHERE s.run_id = r.run_id) <> 1
        OR NOT EXISTS (SELECT 1 FROM experiment e WHERE e.id = r.id)
        OR NOT EXISTS (SELECT 1 FROM panel p WHERE p.panel_id = r.panel_id)
"""


def present(path: Path) -> set[str]:
    """Return the ids a reader sees, none of them by half."""
    with Store(path, wait=60).read() as session:
        assert session.rows(HALVES) == []
        return {row[0] for row in session.rows("SELECT run_id FROM run")}


def together(start: Start, path: Path, processes: int, count: int) -> None:
    writing = [start("record_runs", path, 0, count, f"process {n}") for n in range(processes)]
    seen: set[str] = set()
    while any(process.poll() is None for process in writing):
        now = present(path)
        assert seen <= now  # nothing that was seen vanishes
        seen = now
    acknowledged = {said for process in writing for said in process.ended(timeout=300)}
    assert len(acknowledged) == processes * count
    assert present(path) == acknowledged
    registry = ExperimentRegistry(path)
    assert {run.panel_id for run in registry.runs()} == {1}  # they all agree on what is known of the panel
    assert registry.trials("panel", "2020-01-01..2020-12-31") == processes * count


def test_processes_together_lose_nothing(start: Start, path: Path) -> None:
    together(start, path, processes=3, count=5)


@pytest.mark.full
def test_sixteen_processes_lose_nothing(start: Start, path: Path) -> None:
    together(start, path, processes=16, count=60)


def killing(start: Start, path: Path, kills: int, seed: int) -> None:
    acknowledged: set[str] = set()
    dice = random.Random(seed)
    for n in killed_at_random(start, path, "record_runs_for_ever", kills, dice, (0.1, 0.5), acknowledged):
        if n % 2:
            Store(path).try_sync()
    nothing_is_lost(path, acknowledged, present)


def test_kills_lose_nothing_acknowledged(start: Start, path: Path) -> None:
    killing(start, path, kills=4, seed=1)


@pytest.mark.full
def test_a_hundred_kills_lose_nothing_acknowledged(start: Start, path: Path) -> None:
    killing(start, path, kills=100, seed=2)


def test_waiting_runs_survive_the_death_of_everybody(start: Start, path: Path) -> None:
    acknowledged = set(start("record_runs_without_goodbye", path, 0, 6, "x").ended())
    assert len(Store(path).spool.names()) == 13  # six experiments, a panel, six runs
    assert present(path) == acknowledged  # laid over, or brought in
    Store(path).sync()
    assert present(path) == acknowledged


def test_a_kill_between_commit_and_removal_applies_nothing_twice(start: Start, path: Path) -> None:
    acknowledged = set(start("record_runs_without_goodbye", path, 0, 4, "x").ended())
    start("die_before_removing", path).communicate()
    assert len(Store(path).spool.names()) == 9
    registry = ExperimentRegistry(path)
    registry.delete_many([run.config_hash for run in registry.runs()][:1])
    assert len(registry.runs()) == 3
    registry.sync()
    assert len(registry.runs()) == 3  # what was deleted since stays deleted
    assert present(path) == acknowledged
