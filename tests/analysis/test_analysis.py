"""Questions across many experiments agree with plain computations over the same configurations."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.analysis.importance import Column, _ranks, _spearman
from registry.analysis.pareto import front_of
from registry.errors import FilterError, NotFoundError
from tests.tui.driving import registry_of

PERIOD = "2020-01-01..2020-12-31"
WEIGHTS = st.dictionaries(st.sampled_from("abc"), st.floats(-2, 2).map(lambda x: round(x, 3)), min_size=1)
CONFIGS = st.lists(
    st.builds(
        lambda weights, k, days, transform: ExperimentConfig(
            sorted(weights),
            weights,
            {"k": k, "walk": {"days": days}} if days else {"k": k},
            {"a": transform} if transform and "a" in weights else {},
        ),
        WEIGHTS,
        st.integers(1, 3),
        st.sampled_from([None, 30, 60]),
        st.sampled_from([None, "rank"]),
    ),
    min_size=2,
    max_size=10,
    unique_by=lambda config: config.config_hash,
)


def plain_distance(one: ExperimentConfig, two: ExperimentConfig, kind: str) -> float:
    names = sorted({*one.feature_weights, *two.feature_weights})
    a, b = (np.array([each.feature_weights.get(name, 0.0) for name in names]) for each in (one, two))
    if kind == "l2":
        weights = float(np.linalg.norm(a - b))
    else:
        sizes = float(np.linalg.norm(a) * np.linalg.norm(b))
        weights = 1.0 if sizes == 0 else max(0.0, 1 - float(a @ b) / sizes)
    settings_of = []
    for each in (one, two):
        found = {("k",): each.hyperparameters["k"]}
        if "walk" in each.hyperparameters:
            found[("walk", "days")] = each.hyperparameters["walk"]["days"]
        found |= {("transform", name): value for name, value in each.feature_transformations.items()}
        settings_of.append(found)
    keys = {*settings_of[0], *settings_of[1]}
    apart = sum(settings_of[0].get(key) != settings_of[1].get(key) for key in keys)
    return weights + apart / len(keys)


@given(CONFIGS, st.sampled_from(["l2", "cosine"]))
@settings(max_examples=25)
def test_the_nearest_are_those_of_a_plain_computation(
    tmp_path_factory: pytest.TempPathFactory, configs: list[ExperimentConfig], kind: str
) -> None:
    registry = registry_of(tmp_path_factory.mktemp("near") / "r.duckdb", configs)
    first, *others = configs
    found = registry.nearest(str(first.config_hash), 50, distance=kind)  # type: ignore[arg-type]
    assert found.among == len(others) == len(found.neighbours)
    wanted = {str(other.config_hash): plain_distance(first, other, kind) for other in others}
    for each in found.neighbours:
        assert each.distance == pytest.approx(wanted[each.config_hash], abs=1e-6)
        assert bool(each.changes)
    distances = [each.distance for each in found.neighbours]
    assert distances == sorted(distances)


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    made = ExperimentRegistry(tmp_path / "r.duckdb")
    for number in range(12):
        config = ExperimentConfig(
            ["a", "b"], {"a": number / 10, "b": 0.5}, {"k": 5 + 5 * (number % 2), "seed": number}, tags=["sweep"]
        )
        metrics = {"edge": number / 100, "max_drawdown": -0.1 - 0.01 * number, "turnover": 0.3, "base_rate": 0.5}
        made.record_run(config, metrics=metrics, panel="p", period=PERIOD)
    made.register(ExperimentConfig(["a"], {"a": 9.0}, {"k": 5}))
    made.sync()
    return made


def hash_of(registry: ExperimentRegistry, filter: str) -> str:
    (found,) = registry.matching(filter)
    return found


def test_the_nearest_better_one(registry: ExperimentRegistry) -> None:
    mine = hash_of(registry, "a = 0.5")
    found = registry.nearest(mine, 2, better="m.edge")
    assert [each.metric for each in found.neighbours] == [0.07, 0.09], "of the very next one k differs too"
    assert (found.own, found.better, found.metrics_from) == (0.05, 6, f"p {PERIOD}")
    assert str(found.neighbours[0].changes[0]) == "a 0.5 -> 0.7"
    assert registry.nearest(mine, better="max_drawdown").neighbours[0].metric == pytest.approx(-0.13)
    assert registry.nearest(hash_of(registry, "a = 1.1"), better="m.edge").neighbours == []
    with pytest.raises(FilterError, match=r"has no m\.edge itself"):
        registry.nearest(hash_of(registry, "a = 9"), better="m.edge")
    with pytest.raises(FilterError, match="no metric"):
        registry.nearest(mine, better="w.a")
    with pytest.raises(NotFoundError):
        registry.nearest("ffffffff")
    assert [each.distance for each in registry.nearest(mine, 3, filter="hp.k = 10").neighbours] == sorted(
        each.distance for each in registry.nearest(mine, 3, filter="hp.k = 10").neighbours
    )


def test_what_goes_with_a_metric(registry: ExperimentRegistry) -> None:
    found = registry.importance("m.edge")
    by_name = {each.name: each for each in found.names}
    assert found.experiments == 12 and found.names[0].name in ("w.a", "hp.seed")
    assert by_name["w.a"].rho == pytest.approx(1.0) and by_name["w.a"].p == pytest.approx(1e-4)
    assert by_name["w.b"].rho is None and by_name["w.b"].p_adjusted is None
    assert 0 < (by_name["hp.k"].p or 0) <= (by_name["hp.k"].p_adjusted or 0) <= 1
    assert found.forest is not None and "20 experiments" in found.forest
    assert registry.importance("m.max_drawdown").names[0].rho == pytest.approx(-1.0)


@given(st.lists(st.integers(-3, 3), min_size=5, max_size=30))
def test_ranks_share_ties(values: list[int]) -> None:
    ranks = _ranks(np.array(values, dtype=float))
    for value, rank in zip(values, ranks, strict=True):
        below, same = sum(other < value for other in values), values.count(value)
        assert rank == below + (same + 1) / 2


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(-2, 2)), st.integers(0, 5)), min_size=5, max_size=12),
    st.sampled_from([0.0, None]),
)
def test_rho_is_that_of_the_ranks_an_absent_weight_counting_as_0(
    pairs: list[tuple[int | None, int]], absent: float | None
) -> None:
    """By Pearson's correlation of the ranks, over those that count."""
    target = np.array([float(value) for _, value in pairs])
    there = [at for at, (value, _) in enumerate(pairs) if value is not None]
    column = Column("x", np.array(there, dtype=np.int64), np.array([float(pairs[at][0] or 0) for at in there]), absent)
    counted = list(range(len(pairs))) if absent is not None else there
    one, two = (
        np.array([sum(b < a for b in values) + (values.count(a) + 1) / 2 for a in values])
        for values in ([pairs[at][0] or 0 for at in counted], [pairs[at][1] for at in counted])
    )
    rho, p, n = _spearman(column, target, _ranks(target), 1)
    assert n == len(counted)
    if n < 5 or len(set(one)) == 1 or len(set(two)) == 1:
        assert (rho, p) == (None, None)
    else:
        assert rho == pytest.approx(np.corrcoef(one, two)[0, 1], abs=1e-12)
        assert p is not None
        assert 1e-4 <= p <= 1


def test_few_experiments_are_judged_by_permutations() -> None:
    """Of the 120 orders of five, two have a correlation of size 1."""
    order = np.arange(1.0, 6.0)
    column = Column("x", np.arange(5), order, None)
    rho, p, _ = _spearman(column, order, order, 1)
    assert rho == pytest.approx(1.0)
    assert p == pytest.approx(2 / 120, abs=0.005)


@pytest.mark.full
def test_rho_and_p_agree_with_scipy_and_there_is_a_forest(tmp_path: Path) -> None:
    from scipy.stats import spearmanr

    random = np.random.default_rng(1)
    registry = ExperimentRegistry(tmp_path / "r.duckdb")
    weights = random.normal(size=(60, 2))
    edges = weights[:, 0] + random.normal(size=60)
    for (a, b), edge in zip(weights, edges, strict=True):
        config = ExperimentConfig(["a", "b"], {"a": float(a), "b": float(b)})
        registry.record_run(config, metrics={"edge": float(edge)}, panel="p", period=PERIOD)
    found = registry.importance("edge")
    by_name = {each.name: each for each in found.names}
    for at, name in enumerate(("w.a", "w.b")):
        wanted = spearmanr(weights[:, at], edges)
        assert by_name[name].rho == pytest.approx(wanted.statistic)
        assert by_name[name].p == pytest.approx(wanted.pvalue, abs=0.02)
        assert abs(math.log10((by_name[name].p or 0) / wanted.pvalue)) < 0.3, "also far out"
    assert 0.2 < (found.explained or 0) < 0.7, "half of it is noise"
    alone = registry.importance("edge", forest=False)
    assert (alone.explained, alone.names[0].forest, alone.names[0].rho) == (None, None, found.names[0].rho)
    assert found.df()["name"].tolist() == [each.name for each in found.names]
    assert found.forest is None and by_name["w.a"].forest > by_name["w.b"].forest  # type: ignore[operator]
    assert sum(each.forest or 0 for each in found.names) == pytest.approx(1.0)
    assert registry.importance("edge").to_dict() == found.to_dict()


@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(st.integers(0, 5), min_size=width, max_size=width), min_size=1, max_size=40)
    )
)
def test_the_front_is_what_nobody_dominates(points: list[list[int]]) -> None:
    def dominated(mine: list[int]) -> bool:
        return any(other != mine and all(map(int.__ge__, other, mine)) for other in points)

    found = front_of(np.array(points, dtype=float))
    assert sorted(found) == [at for at, mine in enumerate(points) if not dominated(mine)]
    firsts = [points[at][0] for at in found]
    assert firsts == sorted(firsts, reverse=True)


def test_the_front_of_two_metrics(registry: ExperimentRegistry) -> None:
    found = registry.pareto(["m.edge", "m.max_drawdown"])
    assert found.tried == found.evaluated == 12 and len(found.hashes) == 12, "more edge costs drawdown all along"
    assert found.values[0][0] == pytest.approx(0.11)
    front = registry.pareto(["m.edge", "m.turnover"])
    assert [values[0] for values in front.values] == [pytest.approx(0.11)]
    with pytest.raises(FilterError, match="two metrics or more"):
        registry.pareto(["m.edge"])
    with pytest.raises(FilterError, match="neither better high nor low"):
        registry.pareto(["m.edge", "m.base_rate"])


def test_groups(registry: ExperimentRegistry) -> None:
    found = registry.group("hp.k", "m.edge")
    five, ten = found.groups
    assert (five.value, five.experiments, five.n) == (5, 7, 6) and (ten.value, ten.n) == (10, 6)
    values = [number / 100 for number in range(0, 12, 2)]
    assert five.mean == pytest.approx(statistics.fmean(values)) and five.std == pytest.approx(statistics.stdev(values))
    assert [each.value for each in registry.group("w.b", "edge").groups] == [0.5, None]
    assert registry.group("tags", "edge").groups[0].value == ["sweep"] or registry.group("tags", "edge").groups[-1]
    with pytest.raises(FilterError):
        registry.group("hp.nothing", "m.edge")


def test_the_spread_of_weights(registry: ExperimentRegistry) -> None:
    a, b = registry.distribution()
    assert (a.feature, a.count, a.absent, a.low, a.high) == ("a", 13, 0, 0.0, 9.0)
    assert a.median == statistics.median([*(number / 10 for number in range(12)), 9.0])
    assert sum(a.histogram) == 13 and a.histogram[-1] == 1
    assert (b.feature, b.count, b.absent, b.mean) == ("b", 12, 1, 0.5)
    assert registry.distribution("a > 100") == []
    assert math.isclose(registry.distribution("a < 1")[0].mean, 0.45)
