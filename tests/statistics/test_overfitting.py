"""Cross-validation of a choice: against the definition taken literally, on noise, and on a true winner."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.statistics.overfitting import overfitting


def literally(matrix: np.ndarray, statistic: str, blocks: int) -> tuple[float, float]:
    """The probability and the share of losses as the paper defines them, one halving after the other."""
    size = len(matrix) // blocks
    parts = np.split(matrix[len(matrix) - size * blocks :], blocks)

    def performance(chosen: tuple[int, ...]) -> np.ndarray:
        values = np.concatenate([parts[at] for at in chosen])
        if statistic == "mean":
            return values.mean(axis=0)
        return values.mean(axis=0) / values.std(axis=0, ddof=1)

    logits, losses = [], 0
    for inside in itertools.combinations(range(blocks), blocks // 2):
        outside = performance(tuple(at for at in range(blocks) if at not in inside))
        best = int(np.argmax(performance(inside)))
        rank = float((outside < outside[best]).sum() + ((outside == outside[best]).sum() + 1) / 2)
        relative = rank / (matrix.shape[1] + 1)
        logits.append(math.log(relative / (1 - relative)))
        losses += outside[best] < 0
    return float(np.mean(np.array(logits) <= 1e-12)), losses / len(logits)


@given(st.integers(0, 10**6), st.sampled_from(["sharpe", "mean"]), st.sampled_from([2, 4, 6]), st.integers(2, 7))
@settings(max_examples=40)
def test_it_is_the_definition(seed: int, statistic: str, blocks: int, configurations: int) -> None:
    random = np.random.default_rng(seed)
    matrix = random.normal(
        0.1, 1.0, (int(random.integers(2, 6)) * blocks + int(random.integers(blocks)), configurations)
    )
    found = overfitting(matrix, statistic, blocks)  # type: ignore[arg-type]
    assert (found.probability, found.loss) == pytest.approx(literally(matrix, statistic, blocks))
    assert found.splits == math.comb(blocks, blocks // 2)
    assert found.dates == len(matrix) // blocks * blocks


def test_a_choice_among_noise_is_blind() -> None:
    random = np.random.default_rng(1)
    found = [overfitting(random.standard_normal((500, 50)), blocks=10).probability for _ in range(20)]
    assert 0.4 < np.mean(found) < 0.6


def test_a_true_winner_is_found_again() -> None:
    matrix = np.random.default_rng(1).normal(0, 0.01, (500, 50))
    matrix[:, 7] += 0.005
    found = overfitting(matrix, blocks=10)
    assert (found.probability, found.loss, found.splits) == (0.0, 0.0, 252)
    assert found.rank == pytest.approx(50 / 51)


def test_what_wins_in_one_half_and_loses_in_the_other_is_wholly_overfitted() -> None:
    """Each of these earns what it earns in one block and pays for it in the others."""
    matrix = np.full((40, 10), -0.1)
    matrix += np.random.default_rng(2).normal(0, 1e-6, matrix.shape)
    for block in range(10):
        matrix[block * 4 : block * 4 + 4, block] = 1.0
    assert overfitting(matrix, "mean", 10).probability == 1.0


def test_units_do_not_matter_and_equal_ones_share_their_rank() -> None:
    matrix = np.random.default_rng(4).normal(0, 1, (64, 5))
    assert overfitting(matrix).probability == overfitting(matrix * 1e-7).probability
    alike = np.repeat(matrix[:, :1], 5, axis=1)
    assert overfitting(alike).rank == 0.5
    assert overfitting(alike).probability == 1.0, "the best of equals is no better than their median"
    assert overfitting(np.zeros((64, 3))).loss == 0.0


def test_what_cannot_be_halved_is_refused() -> None:
    matrix = np.random.default_rng(4).normal(0, 1, (64, 5))
    for wrong, blocks, said in (
        (matrix[:, :1], 16, "two configurations"), (matrix[:20], 16, "fewer than two"), (matrix, 5, "even"),
        (np.where(matrix > 2, np.nan, matrix), 16, "finite"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            overfitting(wrong, blocks=blocks)
