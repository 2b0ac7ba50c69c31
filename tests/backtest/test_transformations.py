"""Transformations, date by date."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.backtest.groups import Groups, average_ranks, top_k
from registry.backtest.transformations import parse_transformation
from registry.errors import BacktestError

NAN = float("nan")


def apply(text: str, *dates: list[float]) -> list[list[float]]:
    groups = Groups(np.cumsum([0, *(len(values) for values in dates)]))
    made = parse_transformation(text, "f").apply(np.concatenate([np.array(v, dtype=float) for v in dates]), groups)
    return [part.tolist() for part in np.split(made, groups.offsets[1:-1])]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("none", [1, NAN, 3], [1, NAN, 3]),
        ("", [1, 2], [1, 2]),
        ("zscore", [1, 2, 3], [-1, 0, 1]),
        ("zscore", [1, NAN, 3], [-(0.5**0.5), NAN, 0.5**0.5]),
        ("zscore", [0.1, 0.1, 0.1], [0, 0, 0]),
        ("zscore", [5], [0]),
        ("rank", [10, 20, 20, 30], [0.125, 0.5, 0.5, 0.875]),
        ("rank", [7], [0.5]),
        ("rank", [3, NAN, 1], [0.75, NAN, 0.25]),
        ("minmax", [1, 2, 5], [0, 0.25, 1]),
        ("minmax", [4, 4], [0.5, 0.5]),
        ("log", [1, 0, -1], [0, NAN, NAN]),
        ("slog", [0, np.e - 1, 1 - np.e], [0, 1, -1]),
        ("invert", [1, -2], [-1, 2]),
        ("clip:0:2", [-1, 1, 9, NAN], [0, 1, 2, NAN]),
        ("winsorize:0.4", [1, 2], [1, 2]),
        ("clip:0:2|invert", [5, 1], [-2, -1]),
    ],
)
def test_values(text: str, values: list[float], expected: list[float]) -> None:
    assert apply(text, values)[0] == pytest.approx(expected, nan_ok=True)


def test_dates_do_not_see_each_other() -> None:
    assert apply("rank", [1, 2], [30, 20, 10]) == [[0.25, 0.75], [5 / 6, 0.5, 1 / 6]]
    assert apply("zscore", [1, 2, 3], [100, 200, 300])[1] == pytest.approx([-1, 0, 1])


def test_winsorize_is_linear_between_neighbours() -> None:
    made = apply("winsorize:0.01", [float(n) for n in range(101)])[0]
    assert (made[0], made[50], made[100]) == (1, 50, 99)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zscor", "did you mean zscore"),
        ("winsorize", "share of 0 up to 0.5"),
        ("winsorize:0.5", "share of 0 up to 0.5"),
        ("clip:2:1", "lower and an upper bound"),
        ("clip:a:b", "no number"),
        ("zscore:3", "zscore"),
    ],
)
def test_refusals(text: str, said: str) -> None:
    with pytest.raises(BacktestError, match=said):
        parse_transformation(text, "f")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zscore", 0), ("rank", 0.5), ("log|zscore", 0), ("rank|invert", -0.5), ("none", None), ("zscore|log", None),
        ("zscore|clip:-3:3", 0), ("zscore|clip:1:3", 1), ("rank|clip:0:0.25", 0.25), ("zscore|clip:1:3|invert", -1),
        ("clip:1:3|zscore", 0),
    ],
)  # fmt: skip
def test_the_neutral_value(text: str, value: float | None) -> None:
    assert parse_transformation(text, "f").neutral == value


tables = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 2.0, -1.5, NAN]), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


@given(tables)
def test_ranks_agree_with_counting(rows: list[list[float]]) -> None:
    ranks = average_ranks(np.array(rows))
    for row, ranked in zip(rows, ranks.tolist(), strict=True):
        known = [value for value in row if value == value]
        expected = [
            NAN if value != value else sum(v < value for v in known) + (sum(v == value for v in known) + 1) / 2
            for value in row
        ]
        assert ranked == pytest.approx(expected, nan_ok=True)


@given(tables, st.integers(1, 7))
def test_the_top_k_are_those_a_stable_sort_puts_first(rows: list[list[float]], k: int) -> None:
    table = np.nan_to_num(np.array(rows), nan=-np.inf)
    for row, taken in zip(table.tolist(), top_k(table, k).tolist(), strict=True):
        order = sorted((i for i, value in enumerate(row) if value > -np.inf), key=lambda i: -row[i])
        assert [i for i, each in enumerate(taken) if each] == sorted(order[:k])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_blocks_give_back_what_they_took(sizes: list[int], source: object) -> None:
    groups = Groups(np.cumsum([0, *sizes]))
    values = np.arange(groups.rows, dtype=float)
    back = np.empty_like(values)
    for block in groups.blocks:
        back[block.start : block.stop] = block.long(block.dense(values, -1.0))
    assert back.tolist() == values.tolist()
