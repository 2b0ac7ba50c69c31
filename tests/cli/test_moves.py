"""A rollback in words: whatever changes, it fits a dozen lines of forty columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig
from registry.aliases import Move, Rollback
from registry.comparison import ABSENT
from registry.differences import Difference, differences
from tests.strategies import examples
from tui.moves import rollback_lines
from tui.safe import safe
from tui.widths import width

texts = st.text(st.characters(codec="utf-8"), max_size=60)
values = st.floats(allow_nan=False) | texts | st.just(ABSENT) | st.lists(st.integers(), max_size=3)
changes = st.builds(Difference, st.sampled_from(["weight", "transformation", "hyperparameter"]), texts, values, values)


@examples(30, full=300)
@given(st.lists(changes, max_size=20), texts, texts, st.none() | texts)
def test_it_fits(changed: list[Difference], who: str, why: str, file: str | None) -> None:
    moves = [
        Move("production" * 6, n, "promote", "ab" * 32, None, None, "2026-01-02T03:04:05+00:00", who, why)
        for n in (1, 2)
    ]
    lines = rollback_lines(Rollback(moves[1], moves[1], moves[0], changed), file)
    assert len(lines) <= 11  # and the question
    assert all(width(line) <= 40 and line == safe(line) for line in lines)
    if len(changed) > len(lines):
        assert lines[-1].startswith("and ") and lines[-1].endswith(" more changes")


def test_differences_say_what_came_and_went() -> None:
    one = ExperimentConfig(["a", "b", "c"], {"a": 0.5, "b": 0.1}, {"k": 10, "walk": {"days": 30}})
    two = ExperimentConfig(
        ["a", "d"], {"a": 0.25, "d": 0.0}, {"k": 5, "walk": {"days": 30}, "on": None},
        feature_transformations={"a": "rank"},
    )  # fmt: skip
    assert [str(each) for each in differences(one, two)] == [
        "a 0.5 -> 0.25", "b 0.1 -> absent", "d absent -> 0", "c listed -> absent",
        "transform.a absent -> rank", "k 10 -> 5", "on absent -> null",
    ]  # fmt: skip
    assert differences(one, one) == []
    assert differences(one, two)[1].to_dict() == {"kind": "weight", "name": "b", "before": 0.1}
