"""ExperimentConfig: its fields, its immutability, its round trips and what it refuses."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, HashMismatchError, InvalidConfigError, create_experiment_from_scoring_config
from registry.gemscore import WEIGHTS
from tests.strategies import configs

GOLDEN = json.loads((Path(__file__).parent / "data" / "hashes.json").read_text())


def small(**changes: object) -> ExperimentConfig:
    fields: dict[str, object] = {"feature_names": ["a", "b"], "feature_weights": {"a": 0.5, "b": 0.5}}
    return ExperimentConfig(**{**fields, **changes})  # type: ignore[arg-type]


class TestIdentity:
    @pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["name"])
    def test_hashes_that_registries_already_hold(self, golden: dict) -> None:
        assert ExperimentConfig.from_dict(golden["config"]).config_hash == golden["sha256"]

    @given(configs(), st.randoms())
    def test_order_never_matters_and_metadata_never_counts(self, config: ExperimentConfig, random: object) -> None:
        def shuffled(mapping: dict) -> dict:
            keys = list(mapping)
            random.shuffle(keys)  # type: ignore[attr-defined]
            return {key: mapping[key] for key in keys}

        names = list(config.feature_names)
        random.shuffle(names)  # type: ignore[attr-defined]
        other = ExperimentConfig(
            names,
            shuffled(config.feature_weights),
            shuffled(config.hyperparameters),
            shuffled(config.feature_transformations),
            description="another",
            tags=["other"],
        )
        assert other.config_hash == config.config_hash

    def test_one_and_1_0_and_minus_zero_are_one_weight(self) -> None:
        written = [{"a": 1, "b": -0.0}, {"a": 1.0, "b": 0}, {"a": 1.0, "b": 0.0}]
        assert len({small(feature_weights=weights).config_hash for weights in written}) == 1
        assert json.dumps(small(feature_weights={"a": 1, "b": -0.0}).feature_weights) == '{"a": 1.0, "b": 0.0}'

    def test_int_and_float_hyperparameters_are_two_experiments(self) -> None:
        assert small(hyperparameters={"k": 10}).config_hash != small(hyperparameters={"k": 10.0}).config_hash

    def test_names_are_compared_by_code_point(self) -> None:
        composed, decomposed = "\u00e9", "e\u0301"
        assert small(feature_names=[composed, decomposed]).feature_names == [composed, decomposed]
        assert small(feature_names=[composed]).config_hash != small(feature_names=[decomposed]).config_hash

    def test_tuples_are_lists_and_dates_are_text(self) -> None:
        config = small(hyperparameters={"grid": (1, (2, 3)), "from": date(2024, 1, 2)})
        assert config.hyperparameters == {"grid": [1, [2, 3]], "from": "2024-01-02"}

    def test_integers_are_exact_at_any_size(self) -> None:
        assert (
            '"n": 123456789012345678901234567890'
            in small(hyperparameters={"n": 123456789012345678901234567890}).to_json()
        )


class TestFormerHash:
    """Records of the earlier system whose hash was made from the numbers as they were written."""

    @staticmethod
    def as_written(weights: dict) -> str:
        import hashlib

        content = {
            "feature_names": ["a", "b"],
            "feature_weights": weights,
            "feature_transformations": {},
            "hyperparameters": {},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @pytest.mark.parametrize("weights", [{"a": 1, "b": 0.5}, {"a": -0.0, "b": 0.5}])
    def test_it_is_accepted_and_kept(self, weights: dict) -> None:
        former = self.as_written(weights)
        config = ExperimentConfig.from_dict(
            {"feature_names": ["a", "b"], "feature_weights": weights, "config_hash": former}
        )
        assert config.former_hash == former
        assert config.config_hash == self.as_written({k: float(v) + 0.0 for k, v in weights.items()}) != former

    def test_any_other_hash_is_refused(self) -> None:
        with pytest.raises(HashMismatchError, match=r"config_hash: 000000000000.*does not match"):
            small(config_hash="0" * 64)


class TestImmutability:
    def test_no_field_can_be_set(self) -> None:
        with pytest.raises(AttributeError):
            small().description = "other"  # type: ignore[misc]

    @pytest.mark.parametrize(
        "change",
        [
            lambda c: c.feature_weights.update(a=1.0),
            lambda c: c.feature_weights.__setitem__("a", 1.0),
            lambda c: c.feature_weights.pop("a"),
            lambda c: c.feature_weights.__ior__({"a": 1}),
            lambda c: c.feature_weights.setdefault("z", 1),
            lambda c: c.feature_names.append("c"),
            lambda c: c.feature_names.__iadd__(["c"]),
            lambda c: c.feature_names.sort(),
            lambda c: c.tags.clear(),
            lambda c: c.tags.__init__(["other"]),
            lambda c: c.feature_weights.__init__({"other": 1.0}),
            lambda c: c.hyperparameters["walk"].__init__({"days": 1}),
            lambda c: c.hyperparameters["walk"].update(days=1),
            lambda c: c.hyperparameters["grid"].append(1),
            lambda c: c.hyperparameters["grid"][0].__delitem__("x"),
        ],
    )
    def test_mutators_raise_at_every_depth(self, change: object) -> None:
        config = small(hyperparameters={"walk": {"days": 30}, "grid": [{"x": 1}]})
        before = config.to_json()
        with pytest.raises(TypeError, match=r"variant\("):
            change(config)  # type: ignore[operator]
        assert config.to_json() == before

    def test_the_caller_keeps_nothing_that_reaches_inside(self) -> None:
        weights, grid = {"a": 0.5, "b": 0.5}, [1, 2]
        config = small(feature_weights=weights, hyperparameters={"grid": grid})
        weights["a"] = 9.0
        grid.append(3)
        assert config.feature_weights["a"] == 0.5
        assert config.hyperparameters == {"grid": [1, 2]}
        config.to_dict()["feature_weights"]["a"] = 7.0
        assert config.compute_hash() == config.config_hash

    def test_collections_equal_plain_ones(self) -> None:
        config = small(hyperparameters={"walk": {"days": [30]}})
        assert config.feature_names == ["a", "b"]
        assert config.hyperparameters == {"walk": {"days": [30]}}
        assert {**config.feature_weights, "a": 1.0} == {"a": 1.0, "b": 0.5}
        assert config.feature_names + ["c"] == ["a", "b", "c"]  # noqa: RUF005


class TestRoundTrips:
    @given(configs())
    def test_json_dict_pickle_copy(self, config: ExperimentConfig) -> None:
        assert ExperimentConfig.from_json(config.to_json()) == config
        assert ExperimentConfig.from_dict(config.to_dict()) == config
        assert pickle.loads(pickle.dumps(config)) == config
        assert copy.copy(config) == copy.deepcopy(config) == config
        assert json.loads(json.dumps(config.hyperparameters)) == config.hyperparameters

    def test_through_worker_processes(self) -> None:
        config = small(hyperparameters={"walk": {"days": [30]}})
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(_same, (config,)) == config

    def test_to_json_is_indented_and_sorted_and_names_no_parent_unless_there_is_one(self) -> None:
        config = small()
        assert config.to_json() == json.dumps(config.to_dict(), indent=2, sort_keys=True)
        assert "parent" not in config.to_dict()
        assert small(parent="0" * 64).to_dict()["parent"] == "0" * 64

    def test_field_order(self) -> None:
        config = ExperimentConfig(
            ["a"], {"a": 1.0}, {"k": 1}, {"a": "log"}, "text", ["t"], "2024-05-06T07:08:09Z", None, parent=None
        )
        assert (config.description, config.tags, config.created_at) == (
            "text",
            ["t"],
            "2024-05-06T07:08:09.000000+00:00",
        )


def _same(config: ExperimentConfig) -> ExperimentConfig:
    return config


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"feature_weights": {"a": float("nan")}}, r'feature_weights\["a"\]: nan'),
            ({"feature_weights": {"a": float("inf")}}, r'feature_weights\["a"\]: inf'),
            ({"feature_weights": {"a": "0.5"}}, r'feature_weights\["a"\]: "0.5" is text'),
            ({"feature_weights": {"a": True}}, r'feature_weights\["a"\]: True'),
            ({"feature_weights": {"a": None}}, r'feature_weights\["a"\]: None'),
            ({"feature_weights": {"a": Decimal("0.5")}}, r'feature_weights\["a"\]: Decimal'),
            ({"feature_weights": {"a": 10**400}}, "too large"),
            ({"feature_weights": {1: 0.5}}, "feature_weights: the name 1"),
            ({"feature_weights": [("a", 1)]}, "feature_weights: .* not a mapping"),
            ({"feature_names": ["a", "a"]}, 'feature_names: "a" is listed more than once'),
            ({"feature_names": "ab"}, "feature_names: .*not a list"),
            ({"feature_names": {"a"}}, "feature_names: .*not a list"),
            ({"feature_names": [1]}, r"feature_names\[0\]: 1"),
            ({"feature_names": ["\ud800"]}, "lone surrogate"),
            ({"hyperparameters": {"x": {"y": float("nan")}}}, "hyperparameters.x.y: nan"),
            ({"hyperparameters": {"x": {1, 2}}}, "hyperparameters.x: .*set"),
            ({"hyperparameters": {"x": Decimal(1)}}, "hyperparameters.x: .*Decimal"),
            ({"hyperparameters": {"x": object()}}, "hyperparameters.x: "),
            ({"hyperparameters": {"x": {2: 1}}}, "hyperparameters.x: the key 2"),
            ({"hyperparameters": {"x": 10**5000}}, "hyperparameters.x: .*digits"),
            ({"feature_transformations": {"a": 1}}, r'feature_transformations\["a"\]: 1'),
            ({"description": "\udfff"}, "description: .*lone surrogate"),
            ({"tags": ["x", " "]}, "tags: .*blank"),
            ({"tags": "baseline"}, "tags: .*not a list"),
            ({"created_at": "yesterday"}, 'created_at: "yesterday"'),
            ({"parent": "abc"}, 'parent: "abc" is not a hash'),
        ],
    )
    def test_the_message_names_field_and_value(self, changes: dict, message: str) -> None:
        with pytest.raises(InvalidConfigError, match=message) as caught:
            small(**changes)
        assert isinstance(caught.value, ValueError)
        assert "\n" not in str(caught.value)

    def test_nesting_too_deep(self) -> None:
        deep: object = 1
        for _ in range(100):
            deep = [deep]
        with pytest.raises(InvalidConfigError, match="nested deeper"):
            small(hyperparameters={"x": deep})
        with pytest.raises(InvalidConfigError, match="nested"):
            ExperimentConfig.from_json(
                '{"feature_names": [], "feature_weights": {}, "hyperparameters": ' + '{"a":' * 50_000
            )

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[1]", "a configuration is a mapping"),
            ("{", "line 1, column 2"),
            ('{"feature_names": []}', "feature_weights: missing"),
            ('{"feature_names": [], "feature_weights": {}, "weights": {}}', '"weights" is not a field'),
            ('{"feature_names": [], "feature_weights": {"a": 1, "a": 2}}', '"a" stands more than once'),
            ('{"feature_names": [], "feature_weights": {"a": NaN}}', "nan is not a finite number"),
        ],
    )
    def test_from_json(self, text: str, message: str) -> None:
        with pytest.raises(InvalidConfigError, match=message):
            ExperimentConfig.from_json(text)

    def test_empty_and_unmatched_features_are_allowed(self) -> None:
        assert ExperimentConfig([], {}).feature_names == []
        assert ExperimentConfig(["a", "b"], {"a": 0.5, "z": 0.5}).feature_weights == {"a": 0.5, "z": 0.5}


class TestTime:
    def test_created_at_is_now_in_utc_with_microseconds(self) -> None:
        made = datetime.fromisoformat(str(small().created_at))
        assert made.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)
        assert len(str(small().created_at)) == len("2024-05-06T07:08:09.000000+00:00")

    def test_other_zones_become_utc(self) -> None:
        moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
        assert small(created_at=moment).created_at == "2024-05-06T05:08:09.000000+00:00"


class TestVariant:
    def test_a_changed_copy_with_its_parent(self) -> None:
        base = small(tags=["t"], description="d", hyperparameters={"k": 10})
        changed = base.variant(weights={"a": 0.7, "c": 0.1}, hyperparameters={"k": 5}, transformations={"a": "log"})
        assert changed.parent == base.config_hash
        assert changed.feature_names == ["a", "b", "c"]
        assert changed.feature_weights == {"a": 0.7, "b": 0.5, "c": 0.1}
        assert (changed.hyperparameters, changed.feature_transformations) == ({"k": 5}, {"a": "log"})
        assert (changed.tags, changed.description) == (["t"], "d")
        assert str(changed.created_at) >= str(base.created_at)

    def test_none_takes_out(self) -> None:
        base = small(feature_transformations={"a": "log", "b": "rank"})
        changed = base.variant(weights={"a": None}, transformations={"b": None})
        assert (changed.feature_names, changed.feature_weights, changed.feature_transformations) == (
            ["b"],
            {"b": 0.5},
            {},
        )

    def test_no_change_is_not_its_own_parent(self) -> None:
        assert small(parent="0" * 64).variant().parent == "0" * 64


def test_summary_reads_as_documented() -> None:
    config = create_experiment_from_scoring_config(WEIGHTS, WEIGHTS, {"seed": 42, "k": 10}, "GemScore", ["a", "b"])
    lines = config.summary().splitlines()
    assert lines[0] == "Experiment Configuration: 08d6b6669e67"
    assert lines[1] == f"Created: {config.created_at}"
    assert lines[2:6] == ["Description: GemScore", "Tags: a, b", "", "Features (8):"]
    assert lines[6] == "  - AccumulationScore: weight=0.2000, transform=none"
    assert lines[-3:] == ["Hyperparameters:", "  - k: 10", "  - seed: 42"]
    assert "Tags: (none)" in small().summary()


def test_the_scoring_weights() -> None:
    assert WEIGHTS["AccumulationScore"] == 0.20
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    assert len(WEIGHTS) == 8


@pytest.mark.full
def test_numpy_scalars_become_pythons_own() -> None:
    import numpy as np

    config = small(
        feature_weights={"a": np.float32(0.5), "b": np.int64(1)},
        hyperparameters={
            "k": np.int32(3),
            "f": np.bool_(True),
            "s": np.str_("x"),
            "d": np.datetime64("2024-01-02T03:04:05", "ns"),
        },
    )
    assert config.hyperparameters == {"k": 3, "f": True, "s": "x", "d": "2024-01-02T03:04:05"}
    assert (
        config.config_hash
        == small(
            feature_weights={"a": 0.5, "b": 1.0},
            hyperparameters={"k": 3, "f": True, "s": "x", "d": "2024-01-02T03:04:05"},
        ).config_hash
    )
    assert pickle.loads(pickle.dumps(config)) == config
    with pytest.raises(InvalidConfigError, match=r"hyperparameters\.x"):
        small(hyperparameters={"x": np.array([1, 2])})
    with pytest.raises(InvalidConfigError, match="True"):
        small(feature_weights={"a": np.bool_(True)})


def test_a_weight_with_more_digits_than_python_writes_is_refused_in_a_sentence() -> None:
    with pytest.raises(InvalidConfigError, match="an integer of thousands of digits"):
        ExperimentConfig(["a"], {"a": 16**6000})
