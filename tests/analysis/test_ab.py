"""A control against candidates: what is paired, what is adjusted for, and what the verdict rests on."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import InvalidReferenceError, NotFoundError
from registry.statistics.multiple import benjamini_hochberg, holm
from registry.statistics.paired import max_t_sign_flip, sign_flip

PERIOD = "2020-01-01..2021-12-31"
DAYS = [(date(2020, 1, 1) + timedelta(days=7 * n)).isoformat() for n in range(60)]
OPTIONS = {"k": 5, "horizons": [5], "lag": 1, "hit": 0, "delist": "last"}


def config(number: int) -> ExperimentConfig:
    return ExperimentConfig(["a"], {"a": float(number)}, description=f"number {number}")


def put(registry: ExperimentRegistry, number: int, values: np.ndarray, **changes: object) -> str:
    given = {"panel": "p", "period": PERIOD, "options": OPTIONS, **changes}
    run = registry.record_run(
        config(number), metrics={"edge": float(np.mean(values))},
        dates={"edge": dict(zip(DAYS, map(float, values), strict=True))}, **given,
    )  # fmt: skip
    return run.config_hash


def noise(seed: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1.0, len(DAYS))


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return ExperimentRegistry(tmp_path / "r.duckdb")


def test_one_candidate_is_judged_as_a_pair(registry: ExperimentRegistry) -> None:
    control, helps = put(registry, 0, noise(0)), put(registry, 1, noise(1, 1.5))
    found = registry.ab(control, helps)
    (one,) = found.candidates
    assert one.verdict.verdict == "better" and one.verdict.p == pytest.approx(sign_flip(noise(1, 1.5) - noise(0)))
    assert one.p_holm == one.p_screen == one.verdict.p and one.p_best is None
    assert (found.evaluated, found.tried, found.panel, found.period) == (2, 2, "p", PERIOD)
    assert registry.ab(helps, control).candidates[0].verdict.verdict == "worse"
    assert found == registry.ab(control, [helps]), "the same every time"


def test_several_are_adjusted_for_each_other(registry: ExperimentRegistry) -> None:
    values = [noise(number, shift) for number, shift in ((0, 0), (1, 0.45), (2, 0.0), (3, 0.2))]
    hashes = [put(registry, number, each) for number, each in enumerate(values)]
    found = registry.ab(hashes[0], hashes[1:])
    ps = [sign_flip(each - values[0]) for each in values[1:]]
    assert [each.verdict.p for each in found.candidates] == pytest.approx(ps)
    assert [each.p_holm for each in found.candidates] == pytest.approx(list(holm(ps)))
    assert [each.p_screen for each in found.candidates] == pytest.approx(list(benjamini_hochberg(ps)))
    for each in found.candidates:
        assert (each.verdict.verdict in ("better", "worse")) == (each.p_holm < 0.05)  # type: ignore[operator]


def test_the_best_of_many_is_no_evidence(registry: ExperimentRegistry) -> None:
    control = put(registry, 0, noise(0))
    others = {put(registry, number, noise(number)): noise(number) for number in range(1, 41)}
    means = {full: float(np.mean(values - noise(0))) for full, values in others.items()}
    best = max(means, key=lambda full: means[full])
    found = registry.ab(control, best)
    (one,) = found.candidates
    assert found.evaluated == 41
    matrix = np.array([values - noise(0) for values in others.values()])
    assert one.p_best == pytest.approx(max_t_sign_flip(matrix)[list(others).index(best)], abs=0.02)
    assert one.p_best > one.verdict.p and one.verdict.verdict == "no difference"  # type: ignore[operator]
    registry.delete(best)
    assert registry.ab(control, next(iter(others))).tried == 41, "what was deleted was tried all the same"


def test_what_cannot_be_paired_says_why_and_does_not_count(registry: ExperimentRegistry) -> None:
    control, good = put(registry, 0, noise(0)), put(registry, 1, noise(1))
    other = put(registry, 2, noise(2), options={**OPTIONS, "horizons": [10]})
    elsewhere = put(registry, 3, noise(3), panel="q")
    bare = registry.register(config(4))
    found = registry.ab(control, [good, other, elsewhere, bare])
    verdicts = [each.verdict for each in found.candidates]
    assert [each.verdict for each in verdicts] == ["no difference", "cannot pair", "cannot pair", "cannot pair"]
    assert "horizon: 5 against 10" in (verdicts[1].reason or "") and "panel: p against q" in (verdicts[2].reason or "")
    assert verdicts[3].reason == "it has no run there"
    assert found.evaluated == 2 and found.candidates[1].p_holm is None
    assert registry.ab(control, good, "nothing").candidates[0].verdict.verdict == "cannot pair"
    with pytest.raises(NotFoundError, match="has no run"):
        registry.ab(bare, good)
    with pytest.raises(InvalidReferenceError):
        registry.ab(control, [good, good])


def test_the_run_of_the_control_is_the_one_that_pairs(registry: ExperimentRegistry) -> None:
    control, good = put(registry, 0, noise(0)), put(registry, 1, noise(1))
    put(registry, 0, noise(7), options={**OPTIONS, "horizons": [10]})
    assert registry.ab(control, good).candidates[0].verdict.verdict == "no difference"


def test_what_lies_in_the_trash_counts_and_a_family_of_those_named_does_not(registry: ExperimentRegistry) -> None:
    hashes = [put(registry, number, noise(number)) for number in range(4)]
    assert all(each.p_best is None for each in registry.ab(hashes[0], hashes[1:]).candidates)
    registry.delete(hashes[3])
    found = registry.ab(hashes[0], hashes[1:3])
    assert found.evaluated == 4
    matrix = np.array([noise(number) - noise(0) for number in (1, 2, 3)])
    assert [each.p_best for each in found.candidates] == pytest.approx(list(max_t_sign_flip(matrix)[:2]))


def test_screening_bounds_the_share_of_false_finds(registry: ExperimentRegistry) -> None:
    values = [noise(0)] + [noise(number, 0.55) for number in range(1, 9)]
    hashes = [put(registry, number, each) for number, each in enumerate(values)]
    strict, loose = (registry.ab(hashes[0], hashes[1:], screen=screen) for screen in (False, True))
    for found in (strict, loose):
        for each in found.candidates:
            p = each.p_screen if found.screened else each.p_holm
            assert p is not None
            assert (each.verdict.verdict == "better") == (p < 0.05)
    better = [sum(each.verdict.verdict == "better" for each in found.candidates) for found in (strict, loose)]
    assert better[0] < better[1]


def test_few_dates_are_no_evidence_and_differences_of_rounding_none(registry: ExperimentRegistry) -> None:
    hashes = [put(registry, number, np.nextafter(noise(0), 9.0 * (number > 0))) for number in range(3)]
    (one,) = registry.ab(hashes[0], hashes[1]).candidates
    assert (one.verdict.p, one.p_best, one.verdict.verdict) == (1.0, 1.0, "no difference")
    values = {day: float(value) for day, value in zip(DAYS[:15], noise(5, 3.0), strict=False)}
    short = registry.record_run(
        config(9), metrics={"edge": 1.0}, dates={"edge": values}, panel="p", period=PERIOD, options=OPTIONS
    )
    (one,) = registry.ab(hashes[0], short.config_hash).candidates
    assert (one.verdict.verdict, one.verdict.underpowered, one.verdict.n) == ("cannot tell", True, 15)


def test_the_confidence_set_needs_its_library_and_three(
    registry: ExperimentRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = [put(registry, number, noise(number, -2.0 * (number == 2))) for number in range(3)]
    two = registry.ab(hashes[0], hashes[1])
    assert (two.confidence, two.confidence_set, two.confidence_note) == (None, None, None)
    monkeypatch.setitem(sys.modules, "arch", None)
    monkeypatch.setitem(sys.modules, "arch.bootstrap", None)
    without = registry.ab(hashes[0], hashes[1:])
    assert without.confidence is None
    assert "experiment-registry[stats]" in (without.confidence_note or "")
    assert without.to_dict()["confidence_set"] is None


@pytest.mark.full
def test_the_confidence_set_leaves_out_what_is_clearly_worse(registry: ExperimentRegistry) -> None:
    hashes = [put(registry, number, noise(number, -2.0 * (number == 2))) for number in range(3)]
    found = registry.ab(hashes[0], hashes[1:])
    assert found.confidence_set == hashes[:2]
    assert found.df()["config_hash"].tolist() == hashes[1:]
