"""Orders in which what is alike stands together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.statistics.clustering import cluster_order


def test_groups_stand_together_and_a_line_stays_a_line() -> None:
    random = np.random.default_rng(1)
    groups = random.permutation(np.repeat([0, 1, 2], 10))
    table = np.array([[0, 0], [10, 0], [0, 30]])[groups] + random.normal(0, 0.1, (30, 2))
    found = groups[cluster_order(table)]
    assert np.count_nonzero(np.diff(found)) == 2
    line = random.permutation(40)
    steps = np.abs(np.diff(line[cluster_order(line[:, None])]))
    assert steps.mean() < 2


@given(st.lists(st.lists(st.integers(-3, 3), min_size=2, max_size=2), max_size=14))
def test_every_row_is_there_once_and_equal_rows_are_neighbours(rows: list[list[int]]) -> None:
    table = np.array(rows, dtype=float).reshape(len(rows), 2)
    order = cluster_order(table)
    assert sorted(order) == list(range(len(rows)))
    if len(rows) > 2:
        placed = [tuple(rows[at]) for at in order]
        changes = sum(one != two for one, two in pairwise(placed))
        assert changes == len(set(placed)) - 1


def test_what_is_no_table_is_refused() -> None:
    for wrong in ([1.0, 2.0], [[np.nan]], [[np.inf, 1.0]]):
        with pytest.raises(ValueError, match="table"):
            cluster_order(wrong)


@pytest.mark.full
def test_merges_are_those_of_scipy() -> None:
    """Rows that are one group in the dendrogram of an independent implementation stand together here."""
    from scipy.cluster.hierarchy import fcluster, linkage

    for seed in range(5):
        table = np.random.default_rng(seed).normal(size=(40, 3))
        order = cluster_order(table)
        merged = linkage(table, "average")
        for count in range(2, 40):
            groups = fcluster(merged, count, "maxclust")[order]
            assert np.count_nonzero(np.diff(groups)) == len(set(groups)) - 1
