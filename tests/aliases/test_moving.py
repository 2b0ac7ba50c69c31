"""Promoting and rolling back: versions that are never rewritten, and a way back that never leads forth."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentRegistry, InvalidReferenceError, NotFoundError
from registry.aliases import Move
from registry.errors import AliasedError, AliasMovedError
from tests.aliases.conftest import CONFIGS, HASHES
from tests.strategies import examples


def promoted(registry: ExperimentRegistry, *which: int) -> None:
    for n in which:
        registry.promote(HASHES[n], "production", f"idea {n}")


def in_force(registry: ExperimentRegistry) -> int:
    return HASHES.index(registry.resolve("production"))


def test_they_work_wherever_a_hash_does(registry: ExperimentRegistry) -> None:
    assert registry.promote(HASHES[0][:8], "production", "first").version == 1
    assert registry.get("production") == CONFIGS[0]
    assert registry.resolve(" production ") == HASHES[0]
    assert registry.promote(HASHES[1], "production").version == 2
    assert registry.promote("production", "production").version == 2  # it is there already
    assert registry.get("production") == CONFIGS[1]
    assert [(each.alias, each.version) for each in registry.aliases()] == [("production", 2)]
    assert registry.log()[-1].detail["before"] == HASHES[0]


def test_what_an_alias_points_to_is_kept(registry: ExperimentRegistry) -> None:
    promoted(registry, 0)
    with pytest.raises(AliasedError, match="is production"):
        registry.delete_many([HASHES[1], HASHES[0]])
    assert registry.count() == len(CONFIGS)


@pytest.mark.parametrize(
    "name", ["cafe", "0", "LATEST", "r-1", "-x", "", " ", "a b", 'a"', "a,b", "x:y", "a=b", "a\x1b", "a\u200bb"]
)
def test_names_that_could_be_something_else(registry: ExperimentRegistry, name: str) -> None:
    with pytest.raises(InvalidReferenceError, match="alias"):
        registry.promote(HASHES[0], name)


def test_back_and_further_back_and_no_further(registry: ExperimentRegistry) -> None:
    promoted(registry, 0, 1, 2)
    moves = [registry.rollback("production", why="worse"), registry.rollback("production")]
    assert [(move.version, move.kind, move.to_version, move.config_hash) for move in moves] == [
        (4, "rollback", 2, HASHES[1]),
        (5, "rollback", 1, HASHES[0]),
    ]
    assert moves[0].from_hash == HASHES[2] and moves[0].why == "worse"
    with pytest.raises(NotFoundError, match="at v1, its first"):
        registry.rollback("production")
    assert [event.kind for event in registry.log()][-2:] == ["rolled-back"] * 2


def test_what_was_rolled_back_from_is_not_met_again(registry: ExperimentRegistry) -> None:
    promoted(registry, 0, 1)
    registry.rollback("production")
    promoted(registry, 2)  # v4, made while v1 was in force
    assert registry.rollback("production").to_version == 1


def test_back_to_a_version_or_a_hash(registry: ExperimentRegistry) -> None:
    promoted(registry, 0, 1, 0, 2)
    assert registry.plan_rollback("production", "v2").to.config_hash == HASHES[1]
    assert registry.plan_rollback("production", HASHES[0][:6]).to.version == 3  # the last time it was
    assert registry.rollback("production", "V2").in_force == 2
    assert registry.rollback("production", HASHES[0]).in_force == 1  # before v2
    for to, said in [("v4", "never goes forth"), (HASHES[2], "never goes forth"), ("v5", "never goes forth"),
                     ("v1", "at v1 already"), ("v6", "at v1 already")]:  # fmt: skip
        with pytest.raises(InvalidReferenceError, match=said):
            registry.rollback("production", to)
    for to, said in [("v7", "v1 to v6"), (HASHES[3], "never was"), ("nowhere", "nowhere")]:
        with pytest.raises(NotFoundError, match=said):
            registry.rollback("production", to)


def test_a_plan_says_what_would_change_and_is_void_once_somebody_moved_it(registry: ExperimentRegistry) -> None:
    promoted(registry, 0, 1)
    plan = registry.plan_rollback("production")
    assert [str(change) for change in plan.changes] == ["a 0.1 -> 0.5"]
    assert json.loads(json.dumps(plan.to_dict()))["to"]["version"] == 1
    promoted(registry, 2)
    with pytest.raises(AliasMovedError, match="moved meanwhile: v3"):
        registry.rollback("production", plan=plan)
    assert in_force(registry) == 2


def test_there_is_no_way_back_to_what_is_gone(registry: ExperimentRegistry) -> None:
    promoted(registry, 0, 1)
    registry.delete(HASHES[0])
    with pytest.raises(NotFoundError, match=r"can't go back to v1.*experiments restore"):
        registry.rollback("production")
    registry.purge(HASHES[0])
    with pytest.raises(NotFoundError, match="can't go back to v1"):
        registry.rollback("production")
    assert [move.version for move in registry.history("production")] == [1, 2]


def test_an_unknown_alias_is_answered_with_the_nearest(registry: ExperimentRegistry) -> None:
    with pytest.raises(NotFoundError, match="experiments promote HASH ALIAS"):
        registry.history("production")
    promoted(registry, 0)
    for asked in (registry.rollback, registry.resolve):
        with pytest.raises(NotFoundError, match="did you mean production"):
            asked("prodution")


def test_in_sql(registry: ExperimentRegistry) -> None:
    promoted(registry, 0, 1)
    registry.rollback("production")
    found = registry.sql("SELECT version, kind, to_version FROM alias_moves ORDER BY version").rows
    assert found == [(1, "promote", None), (2, "promote", None), (3, "rollback", 1)]
    assert registry.sql("SELECT config_hash FROM aliases").rows == [(HASHES[0],)]


steps = st.lists(st.integers(0, 4) | st.just("back"), min_size=1, max_size=12)


@examples(6, full=60)
@given(steps)
def test_any_history(registry: ExperimentRegistry, wanted: list[int | str]) -> None:
    """Against a stack: a promotion puts one on it, a rollback takes one off."""
    alias = f"x{hash(tuple(wanted)) & 0xFFFFFFFF}-{len(registry.aliases())}"
    stack: list[str] = []
    before: list[Move] = []
    with registry.store.write():  # one opening for all of them
        for step in wanted:
            if step != "back":
                if stack[-1:] != [HASHES[int(step)]]:
                    stack.append(HASHES[int(step)])
                registry.promote(HASHES[int(step)], alias)
            elif len(stack) > 1:
                stack.pop()
                registry.rollback(alias)
            elif stack:
                with pytest.raises(NotFoundError):
                    registry.rollback(alias)
            else:
                continue
            assert registry.resolve(alias) == stack[-1]
            moves = registry.history(alias)
            assert moves[: len(before)] == before  # never rewritten
            assert [move.version for move in moves] == list(range(1, len(moves) + 1))
            before = moves
