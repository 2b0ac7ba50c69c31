"""Comparing experiments: what a pair's dict says, what the matrix says, and that the two agree."""

from __future__ import annotations

import json
import pickle
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry, NotFoundError
from registry.comparison import ABSENT, Comparison, compare_pair, dotted
from tests.prepared import nothing, prepared
from tests.strategies import configs, examples

BASE = ExperimentConfig(
    ["price", "volume", "mood"],
    {"price": 0.5, "volume": 0.3, "mood": 0.2},
    {"k": 10, "walk": {"days": 30, "anchored": False}},
    {"mood": "zscore"},
    description="base",
)


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    """A registry that holds nothing."""
    return prepared(tmp_path / "experiments.duckdb", nothing)


def matrix(registry: ExperimentRegistry, *configs: ExperimentConfig, against: str | None = None) -> Comparison:
    return registry.compare_many([registry.register(config) for config in configs], against=against)


def cells(found: Comparison, *, only_differing: bool = False) -> dict[tuple[str, str], list[object]]:
    rows = found.differing if only_differing else found.rows
    return {(row.section, row.name): row.values for row in rows}


# -- two ------------------------------------------------------------------------------------------------


def test_a_pair_has_the_keys_people_know() -> None:
    other = BASE.variant(weights={"price": 0.6, "news": 0.1, "mood": None})
    found = compare_pair(BASE, other)
    assert found["config1_hash"] == BASE.config_hash[:12]
    assert found["config2_hash"] == other.config_hash[:12]
    assert found["features"] == {
        "only_in_config1": ["mood"],
        "only_in_config2": ["news"],
        "common": ["price", "volume"],
    }
    assert found["weight_differences"] == {
        "mood": {"config1": 0.2, "config2": 0.0, "diff": -0.2},
        "news": {"config1": 0.0, "config2": 0.1, "diff": 0.1},
        "price": {"config1": 0.5, "config2": 0.6, "diff": pytest.approx(0.1)},
    }
    assert found["hyperparameters"] == {"config1": BASE.hyperparameters, "config2": other.hyperparameters}
    assert json.loads(json.dumps(found)) == found


def test_differences_under_a_billionth_do_not_count() -> None:
    def weighted(weight: float) -> ExperimentConfig:
        return ExperimentConfig(["a"], {"a": weight})

    assert compare_pair(weighted(0.1), weighted(0.1 + 9e-10))["weight_differences"] == {}
    assert "a" in compare_pair(weighted(0.1), weighted(0.1 + 2e-9))["weight_differences"]
    assert compare_pair(weighted(0.3), weighted(0.1 + 0.2))["weight_differences"] == {}


def test_absent_is_told_apart_from_null_and_zero() -> None:
    a = ExperimentConfig(["x"], {"x": 0.0}, {"none": None, "zero": 0, "same": None})
    b = ExperimentConfig(["x"], {}, {"zero": None, "same": None}, {"x": ""})
    found = compare_pair(a, b)
    assert found["weight_differences"] == {}
    assert found["hyperparameter_differences"] == {
        "none": {"config1": None},
        "zero": {"config1": 0, "config2": None},
    }
    assert found["transformation_differences"] == {"x": {"config2": ""}}


@pytest.mark.parametrize(("one", "two"), [(10, 10.0), (1, True), ("10", 10), ([1], [1.0]), ({}, None)])
def test_values_that_make_two_experiments_are_a_difference(one: object, two: object) -> None:
    a, b = (ExperimentConfig([], {}, {"v": value}) for value in (one, two))
    assert a.config_hash != b.config_hash
    assert list(compare_pair(a, b)["hyperparameter_differences"]) == ["v"]


def test_nested_hyperparameters_are_compared_leaf_by_leaf() -> None:
    other = BASE.variant(hyperparameters={"walk": {"days": 60, "anchored": False}})
    assert compare_pair(BASE, other)["hyperparameter_differences"] == {"walk.days": {"config1": 30, "config2": 60}}


def test_a_flat_key_with_a_dot_is_another_one_than_the_nested() -> None:
    flat, nested = ExperimentConfig([], {}, {"a.b": 1}), ExperimentConfig([], {}, {"a": {"b": 1}})
    assert compare_pair(flat, nested)["hyperparameter_differences"] == {
        '"a.b"': {"config1": 1},
        "a.b": {"config2": 1},
    }
    assert dotted(["a", "", 'q"']) == 'a."".' + json.dumps('q"')


# -- many -----------------------------------------------------------------------------------------------


def test_rows_that_differ_come_first_with_the_widest_spread_on_top(registry: ExperimentRegistry) -> None:
    found = matrix(
        registry,
        BASE,
        BASE.variant(weights={"price": 0.55}),
        BASE.variant(weights={"volume": 0.1}, hyperparameters={"k": 25}),
    )
    assert [(row.section, row.name) for row in found.rows] == [
        ("feature", "volume"),
        ("feature", "price"),
        ("hyperparameter", "k"),
        ("feature", "mood"),
        ("transformation", "mood"),
        ("hyperparameter", "walk.days"),
        ("hyperparameter", "walk.anchored"),
    ]
    assert [row.spread for row in found.differing] == [pytest.approx(0.2), pytest.approx(0.05), 15.0]
    assert found.rows == [*found.differing, *found.equal]
    assert cells(found)["feature", "volume"] == [0.3, 0.3, 0.1]
    assert found.descriptions == ["base", "base", "base"]


def test_an_absent_weight_counts_as_zero_in_the_spread_and_is_shown_as_absent(registry: ExperimentRegistry) -> None:
    found = matrix(registry, ExperimentConfig(["a"], {"a": -0.5}), ExperimentConfig(["b"], {"b": 0.25}))
    assert cells(found) == {("feature", "a"): [-0.5, ABSENT], ("feature", "b"): [ABSENT, 0.25]}
    assert [row.spread for row in found.rows] == [0.5, 0.25]
    assert [row.change(1) for row in found.rows] == [0.5, 0.25]


def test_a_feature_without_a_weight_differs_from_no_feature_and_from_zero(registry: ExperimentRegistry) -> None:
    found = matrix(
        registry,
        ExperimentConfig(["a", "b"], {"a": 1.0}),
        ExperimentConfig(["a"], {"a": 1.0}),
        ExperimentConfig(["a", "b"], {"a": 1.0, "b": 0.0}),
        ExperimentConfig(["a"], {"a": 1.0, "b": 0.0}),
    )
    [row] = found.differing
    assert row.values == [ABSENT, ABSENT, 0.0, 0.0]
    assert row.listed == [True, False, True, False]
    assert row.spread == 0.0


def test_weights_closer_than_a_billionth_are_equal_rows(registry: ExperimentRegistry) -> None:
    found = matrix(registry, ExperimentConfig(["a"], {"a": 0.3}), ExperimentConfig(["a"], {"a": 0.1 + 0.2}))
    assert found.differing == []


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (("10", 10), ["10", 10]),
        ((10, 10.0), [10, 10.0]),
        ((None, {}), [None, {}]),
        ((10**40, "x"), [10**40, "x"]),
        (([1, None], [1]), [[1, None], [1]]),
    ],
)
def test_hyperparameters_keep_their_type(
    registry: ExperimentRegistry, values: tuple[object, ...], shown: list[object]
) -> None:
    found = matrix(registry, *(ExperimentConfig([], {}, {"v": value}) for value in values))
    [row] = found.differing
    assert row.values == shown
    assert [type(value) for value in row.values] == [type(value) for value in shown]


def test_the_order_of_keys_inside_a_list_is_no_difference(registry: ExperimentRegistry) -> None:
    found = matrix(
        registry,
        ExperimentConfig([], {}, {"grid": [{"x": 1, "y": 2}], "k": 1}),
        ExperimentConfig([], {}, {"grid": [{"y": 2, "x": 1}], "k": 2}),
    )
    assert [row.name for row in found.differing] == ["k"]
    assert [row.name for row in found.equal] == ["grid"]


def test_numbers_beyond_the_range_of_a_double_have_no_spread(registry: ExperimentRegistry) -> None:
    found = matrix(registry, *(ExperimentConfig([], {}, {"n": 10**400 + i}) for i in range(2)))
    [row] = found.differing
    assert (row.spread, row.change(1)) == (None, 1.0)


def test_the_reference_is_kept_apart(registry: ExperimentRegistry) -> None:
    others = [BASE.variant(weights={"price": 0.1 * n}) for n in (1, 2)]
    reference = registry.register(BASE)
    found = matrix(registry, *others, against=reference)
    assert found.against == reference
    assert found.hashes == [reference, *(config.config_hash for config in others)]
    assert found.differing[0].change(1, found.reference) == pytest.approx(-0.4)


def test_what_is_not_there_is_an_error(registry: ExperimentRegistry) -> None:
    registry.register(BASE)
    with pytest.raises(NotFoundError):
        registry.compare_many([str(BASE.config_hash), "f" * 64])
    with pytest.raises(NotFoundError):
        registry.compare(str(BASE.config_hash), "abc123")


def test_a_comparison_becomes_records_and_html(registry: ExperimentRegistry) -> None:
    nasty = ExperimentConfig(["<b>x</b>"], {"<b>x</b>": 1.0}, {"v": 10})
    found = matrix(registry, nasty, ExperimentConfig([], {}, {"v": "ten"}))
    record = json.loads(json.dumps(found.to_dict()))
    assert [e["config_hash"] for e in record["experiments"]] == found.hashes
    assert record["rows"][0]["values"] == [1.0, None]
    assert record["rows"][0]["present"] == [True, False]
    html = found._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;x" in html
    assert "absent" in html


@pytest.mark.full
def test_a_comparison_becomes_a_frame_and_arrow(registry: ExperimentRegistry) -> None:
    found = matrix(registry, BASE, ExperimentConfig([], {}, {"v": "ten"}))
    columns = ["section", "name", *(full[:12] for full in found.hashes), "differs", "spread"]
    assert list(found.df().columns) == columns
    assert found.arrow().column_names == columns


def test_there_is_one_absent() -> None:
    assert pickle.loads(pickle.dumps(ABSENT)) is ABSENT
    assert deepcopy([ABSENT])[0] is ABSENT
    assert repr(ABSENT) == "absent"
    assert not ABSENT


@examples(8, 60)
@given(st.lists(configs(), min_size=2, max_size=4, unique_by=lambda config: config.config_hash))
def test_the_matrix_agrees_with_every_pair(
    tmp_path_factory: pytest.TempPathFactory, made: list[ExperimentConfig]
) -> None:
    registry = prepared(tmp_path_factory.mktemp("pairs") / "experiments.duckdb", nothing)
    hashes = [registry.register(config) for config in made]
    with registry.store.read():  # every comparison below is made in this session
        agree(registry, hashes, made)


def agree(registry: ExperimentRegistry, hashes: list[str], made: list[ExperimentConfig]) -> None:
    """Check the matrix of all, and of each with the first, against the configurations."""
    for other, config in zip(hashes[1:], made[1:], strict=True):
        found = registry.compare_many([hashes[0], other])
        pair = compare_pair(made[0], config)
        differing = cells(found, only_differing=True)
        weights = {name for section, name in differing if section == "feature"}
        listing = {*pair["features"]["only_in_config1"], *pair["features"]["only_in_config2"]}
        # a weight of 0 beside no weight is a difference of the matrix, and none of the pair's weights
        assert {*pair["weight_differences"], *listing} <= weights
        for section, key in (
            ("transformation", "transformation_differences"),
            ("hyperparameter", "hyperparameter_differences"),
        ):
            assert {name for of, name in differing if of == section} == set(pair[key])
        for name, sides in pair["hyperparameter_differences"].items():
            expected = [sides.get("config1", ABSENT), sides.get("config2", ABSENT)]
            assert differing["hyperparameter", name] == expected
    everything = registry.compare_many(hashes)
    for at, config in enumerate(made):
        column = {
            row.name: row.values[at]
            for row in everything.rows
            if row.section == "feature" and row.values[at] is not ABSENT
        }
        assert column == config.feature_weights
