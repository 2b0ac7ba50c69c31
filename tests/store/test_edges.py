"""Edges from experiments to their parents: whatever comes in, in whatever order, they never go round."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.exchange.importing import import_sources
from registry.store.edges import closing

A, B, C = (ExperimentConfig(["a"], {"a": n / 4}) for n in (1, 2, 3))
HASH_OF = {config: str(config.config_hash) for config in (A, B, C)}


def of(config: ExperimentConfig, parent: ExperimentConfig) -> ExperimentConfig:
    return replace(config, parent=HASH_OF[parent])


def parents(registry: ExperimentRegistry) -> dict[str, str | None]:
    return {str(config.config_hash): config.parent for config in registry.list_all()}


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return ExperimentRegistry(tmp_path / "e.duckdb")


@pytest.mark.parametrize("synced", [True, False])
def test_one_that_would_close_a_cycle_is_not_added_and_the_log_says_so(
    registry: ExperimentRegistry, synced: bool
) -> None:
    for config in (of(B, A), of(C, B), of(A, C)):
        registry.register(config)
        if synced:
            registry.sync()
    assert parents(registry) == {HASH_OF[A]: None, HASH_OF[B]: HASH_OF[A], HASH_OF[C]: HASH_OF[B]}
    (event,) = [event for event in registry.log() if event.kind == "parent-refused"]
    assert (event.config_hash, event.detail["parent"]) == (HASH_OF[A], HASH_OF[C])


def test_one_that_comes_later_for_an_experiment_that_is_there(registry: ExperimentRegistry) -> None:
    registry.register(A)
    registry.register(of(B, A))
    registry.sync()
    registry.register(of(A, B))
    assert parents(registry)[HASH_OF[A]] is None
    registry.register(of(C, B))
    registry.register(of(C, A))  # the first parent stays
    assert parents(registry)[HASH_OF[C]] == HASH_OF[B]


def test_through_what_was_purged(registry: ExperimentRegistry) -> None:
    for config in (of(B, A), of(C, B)):
        registry.register(config)
    registry.delete(HASH_OF[B])
    registry.purge(HASH_OF[B])
    registry.register(of(A, C))
    assert parents(registry) == {HASH_OF[C]: HASH_OF[B], HASH_OF[A]: None}
    registry.register(B)  # comes back without a parent: nothing goes round any more
    registry.register(of(A, C))
    assert parents(registry)[HASH_OF[A]] == HASH_OF[C]


def test_an_import_drops_the_edge_alone(registry: ExperimentRegistry, tmp_path: Path) -> None:
    file = tmp_path / "x.ndjson"
    file.write_text("".join(json.dumps(each.to_dict()) + "\n" for each in (of(B, A), of(A, B), of(C, A))))
    foreseen = import_sources(registry.store, [file], dry_run=True)
    report = import_sources(registry.store, [file])
    assert report.counts["new"] == 3 and not report.refused
    assert [remark.text for remark in report.remarks] == [
        f"parent {HASH_OF[B][:12]} left out: it comes from this experiment itself"
    ]
    assert foreseen.remarks == report.remarks and foreseen.records == report.records
    assert parents(registry) == {HASH_OF[B]: HASH_OF[A], HASH_OF[A]: None, HASH_OF[C]: HASH_OF[A]}
    assert import_sources(registry.store, [file]).counts["unchanged"] == 3


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda e: e[0] != e[1]), max_size=20))
def test_against_walking(edges: list[tuple[int, int]]) -> None:
    above: dict[int, int] = {}
    expected = []
    for place, (child, parent) in enumerate(edges):
        if child in above:
            continue
        walked = parent
        while walked in above:
            walked = above[walked]
        if walked == child:
            expected.append(place)
        else:
            above[child] = parent
    assert closing({}, [(str(child), str(parent)) for child, parent in edges]) == expected
