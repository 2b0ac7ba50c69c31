"""The model confidence set: who is in it when one is best, when all are alike, and when nothing can be computed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from registry.errors import MissingLibraryError
from registry.statistics.confidence_set import SIZE, confidence_set


def test_without_arch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arch", None)
    monkeypatch.setitem(sys.modules, "arch.bootstrap", None)
    with pytest.raises(MissingLibraryError, match="pip install"):
        confidence_set(np.random.default_rng(1).normal(size=(50, 3)))


def test_what_is_no_table_is_refused() -> None:
    for wrong in (np.zeros((50, 1)), np.zeros((1, 3)), np.zeros(5), np.full((50, 2), np.nan)):
        with pytest.raises(ValueError, match="two columns"):
            confidence_set(wrong)


@pytest.mark.full
def test_the_best_is_in_it_and_the_clearly_worse_are_not() -> None:
    values = np.random.default_rng(1).normal(size=(200, 4))
    values[:, 1] += 0.05
    values[:, 3] -= 1.0
    found = confidence_set(values)
    assert max(found) == 1.0
    assert found[3] < SIZE <= found[1]
    assert confidence_set(values) == found, "seeded"
    assert confidence_set(np.column_stack([values, values[:, 1]]))[4] == pytest.approx(found[1]), "equals stay together"
    assert confidence_set(np.zeros((50, 3))) == [1.0, 1.0, 1.0]


@pytest.mark.full
def test_it_holds_the_best_nine_times_in_ten() -> None:
    random = np.random.default_rng(2)
    held = 0
    for _ in range(60):
        values = random.normal(size=(100, 5))
        values[:, 2] += 0.1
        held += confidence_set(values, reps=300)[2] >= SIZE
    assert held >= 0.85 * 60


@pytest.mark.full
def test_columns_that_are_eliminated_together_have_their_values_too() -> None:
    ladder = np.tile(np.arange(10) / 100, (36, 1))
    ladder[0] *= -1
    found = confidence_set(ladder)
    assert len(found) == 10 and max(found) == 1.0 and min(found) < SIZE
