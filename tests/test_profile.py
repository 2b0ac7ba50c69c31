"""Ranges, histograms and values of names agree with a plain count over the configurations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.profile import BINS
from registry.rows import Names
from registry.search.completion import complete
from tests.strategies import examples
from tests.tui.driving import registry_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CONFIGS = st.lists(
    st.builds(
        lambda weights, k, kind, transform: ExperimentConfig(
            sorted(weights), weights, {"k": k, "kind": kind}, dict.fromkeys(weights, transform)
        ),
        st.dictionaries(st.sampled_from(["a", "b", 'odd "name"']), NUMBERS, min_size=1),
        st.integers(-3, 3),
        st.sampled_from(["x", "10", "true", 'quo"te', "two words"]),
        st.sampled_from(["rank", "z score"]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda config: config.config_hash,
)


@given(CONFIGS)
@examples(8, 60)
def test_it_agrees_with_a_plain_count(tmp_path_factory: object, configs: list[ExperimentConfig]) -> None:
    folder = tmp_path_factory.mktemp("profile")  # type: ignore[attr-defined]
    registry = registry_of(folder / "r.duckdb", configs)
    found = registry.profile()
    for name, written in (("a", "w.a"), ("b", "w.b"), ('odd "name"', 'w."odd \\"name\\""')):
        weights = [each.feature_weights[name] for each in configs if name in each.feature_weights]
        if not weights:
            assert written not in found.ranges
            continue
        one = found.ranges[written]
        assert (one.count, one.low, one.high) == (len(weights), min(weights), max(weights))
        assert len(one.histogram) == BINS and sum(one.histogram) == len(weights)
    ks = [each.hyperparameters["k"] for each in configs]
    assert (found.ranges["hp.k"].low, found.ranges["hp.k"].high) == (min(ks), max(ks))
    assert found.values["hp.k"] == {str(k): count for k, count in Counter(ks).items()}
    names = registry.names()
    for value, count in found.values["hp.kind"].items():
        assert registry.count(f"hp.kind = {value}") == count, "what is offered can be typed"
    for operand, values in found.values.items():
        if operand.startswith("transform."):
            for value, count in values.items():
                assert registry.count(f"{operand} = {value}") == count
    offered = complete("hp.k = ", 7, Names(hyperparameters=names.hyperparameters, values=found.values))
    assert {each.text for each in offered} == set(found.values["hp.k"])


def test_metrics_are_those_of_one_panel_and_period(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "r.duckdb")
    assert registry.profile().ranges == {}
    for number in range(3):
        made = ExperimentConfig(["a"], {"a": float(number)})
        registry.record_run(made, metrics={"edge": number / 10}, panel="p", period="2020-01-01..2020-12-31")
    registry.record_run(made, metrics={"edge": 9.0}, panel="q", period="2020-01-01..2020-12-31")
    found = registry.profile()
    assert found.metrics_from == "p 2020-01-01..2020-12-31"
    assert (found.ranges["m.edge"].count, found.ranges["m.edge"].high) == (2, 0.1) or found.ranges["m.edge"].high == 0.2
    assert registry.profile(panel="q").ranges["m.edge"].high == 9.0
    assert found.to_dict()["ranges"]["w.a"]["histogram"][0] == 1
