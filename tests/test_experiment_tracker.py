"""Every workflow the earlier system documented, with the names people know from there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry, create_experiment_from_scoring_config
from registry.gemscore import WEIGHTS


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    return ExperimentRegistry(tmp_path / "experiments.duckdb")


@pytest.fixture
def custom() -> ExperimentConfig:
    return ExperimentConfig(
        feature_names=["SentimentScore", "AccumulationScore", "OnchainActivity", "LiquidityDepth"],
        feature_weights={
            "SentimentScore": 0.25,
            "AccumulationScore": 0.35,
            "OnchainActivity": 0.25,
            "LiquidityDepth": 0.15,
        },
        hyperparameters={"k": 10, "seed": 42},
        feature_transformations={"SentimentScore": "zscore", "AccumulationScore": "log"},
        description="Custom weighted configuration",
        tags=["experimental", "high-sentiment"],
    )


@pytest.fixture
def baseline() -> ExperimentConfig:
    return create_experiment_from_scoring_config(
        weights=WEIGHTS,
        features=list(WEIGHTS.keys()),
        hyperparameters={"k": 10, "threshold": 0.7, "min_confidence": 0.8},
        description="GemScore baseline with increased threshold",
        tags=["gemscore", "baseline", "production"],
    )


class TestExperimentConfig:
    def test_hash_determinism(self) -> None:
        def make() -> ExperimentConfig:
            return ExperimentConfig(
                feature_names=["price", "volume", "sentiment"],
                feature_weights={"price": 0.3, "volume": 0.4, "sentiment": 0.3},
                hyperparameters={"k": 10, "seed": 42},
            )

        assert make().config_hash == make().config_hash
        assert len(str(make().config_hash)) == 64

    def test_metadata_is_not_part_of_the_hash(self, baseline: ExperimentConfig) -> None:
        again = create_experiment_from_scoring_config(
            WEIGHTS, list(WEIGHTS), {"k": 10, "threshold": 0.7, "min_confidence": 0.8}
        )
        assert again.config_hash == baseline.config_hash


class TestRegistering:
    def test_register_and_summary(self, registry: ExperimentRegistry, baseline: ExperimentConfig) -> None:
        config_hash = registry.register(baseline)
        assert config_hash == baseline.config_hash
        assert f"Experiment Configuration: {config_hash[:12]}" in baseline.summary()
        assert "  - SentimentScore: weight=0.1500, transform=none" in baseline.summary()

    def test_load_by_full_and_partial_hash(self, registry: ExperimentRegistry, custom: ExperimentConfig) -> None:
        config_hash = registry.register(custom)
        for reference in (config_hash, config_hash[:12], config_hash[:6], config_hash.upper()):
            assert registry.get(reference) == custom

    def test_an_unknown_hash_is_none(self, registry: ExperimentRegistry) -> None:
        assert registry.get("abc") is None

    def test_search_by_tag(
        self, registry: ExperimentRegistry, baseline: ExperimentConfig, custom: ExperimentConfig
    ) -> None:
        registry.register(baseline)
        registry.register(custom)
        assert [found.description for found in registry.search_by_tag("baseline")] == [baseline.description]
        assert registry.search_by_tag("base") == []

    def test_list_all_newest_first(self, registry: ExperimentRegistry) -> None:
        for day in (2, 3, 1):
            registry.register(ExperimentConfig(["a"], {"a": day}, created_at=f"2024-10-0{day}T00:00:00"))
        assert [str(found.created_at)[:10] for found in registry.list_all(limit=50)] == [
            "2024-10-03",
            "2024-10-02",
            "2024-10-01",
        ]
        assert len(registry.list_all(limit=2)) == 2


class TestComparing:
    def test_compare(self, registry: ExperimentRegistry, baseline: ExperimentConfig, custom: ExperimentConfig) -> None:
        first, second = registry.register(baseline), registry.register(custom)
        found = registry.compare(first[:6], second[:6])
        assert found["config1_hash"] == first[:12]
        assert found["config2_hash"] == second[:12]
        assert found["features"]["only_in_config1"] == sorted(set(WEIGHTS) - set(custom.feature_names))
        assert found["features"]["only_in_config2"] == []
        difference = found["weight_differences"]["SentimentScore"]
        assert (difference["config1"], difference["config2"]) == (0.15, 0.25)
        assert difference["diff"] == pytest.approx(0.10)
        assert found["weight_differences"]["TokenomicsRisk"] == {"config1": 0.12, "config2": 0.0, "diff": -0.12}
        assert found["hyperparameters"]["config2"] == {"k": 10, "seed": 42}


class TestReproducibility:
    def test_load_a_baseline_and_derive_a_variant(
        self, registry: ExperimentRegistry, baseline: ExperimentConfig
    ) -> None:
        base = registry.get(registry.register(baseline))
        assert base is not None
        variant = ExperimentConfig(
            feature_names=base.feature_names,
            feature_weights={**base.feature_weights, "SentimentScore": 0.25, "AccumulationScore": 0.15},
            hyperparameters=base.hyperparameters,
            description="Increased sentiment weight variant",
            tags=["variant", "high-sentiment", "v2"],
        )
        variant_hash = registry.register(variant)
        assert variant_hash != base.config_hash
        differences = registry.compare(str(base.config_hash), variant_hash)["weight_differences"]
        assert set(differences) == {"SentimentScore", "AccumulationScore"}
        assert base.variant(weights={"SentimentScore": 0.25, "AccumulationScore": 0.15}).config_hash == variant_hash


class TestBatchOperations:
    def test_export_every_production_experiment(
        self, registry: ExperimentRegistry, baseline: ExperimentConfig, tmp_path: Path
    ) -> None:
        registry.register(baseline)
        for experiment in registry.search_by_tag("production"):
            target = tmp_path / f"prod_{str(experiment.config_hash)[:12]}.json"
            target.write_text(experiment.to_json())
            assert ExperimentConfig.from_json(target.read_text()) == baseline

    def test_delete(self, registry: ExperimentRegistry, baseline: ExperimentConfig) -> None:
        config_hash = registry.register(baseline)
        assert registry.delete(config_hash) is True
        assert registry.delete(config_hash) is False
        assert registry.get(config_hash) is None
        assert registry.list_all() == []


class TestMigrating:
    def test_from_manual_tracking(self, registry: ExperimentRegistry, tmp_path: Path) -> None:
        (tmp_path / "old_config.json").write_text(json.dumps({"features": ["a", "b"], "weights": {"a": 0.5, "b": 0.5}}))
        old_config = json.loads((tmp_path / "old_config.json").read_text())
        experiment = ExperimentConfig(
            feature_names=old_config["features"],
            feature_weights=old_config["weights"],
            hyperparameters=old_config.get("hyperparameters", {}),
            description=old_config.get("description", "Migrated config"),
            tags=["migrated", *old_config.get("tags", [])],
        )
        registry.register(experiment)
        assert [found.description for found in registry.search_by_tag("migrated")] == ["Migrated config"]


class TestTroubleshooting:
    def test_a_longer_prefix_settles_an_ambiguous_one(self, registry: ExperimentRegistry) -> None:
        from registry import AmbiguousHashError

        hashes = [registry.register(ExperimentConfig(["a"], {"a": i})) for i in range(40)]
        first = next(h for h in hashes if sum(other[0] == h[0] for other in hashes) > 1)
        with pytest.raises(AmbiguousHashError) as caught:
            registry.get(first[0])
        assert set(caught.value.candidates) == {h for h in hashes if h[0] == first[0]}
        assert registry.get(first[:16]) is not None

    def test_the_database_is_never_locked_for_registering(self, registry: ExperimentRegistry) -> None:
        registry.register(ExperimentConfig(["a"], {"a": 1}))
        with registry.store.write() as session:
            session.run("DELETE FROM store.tag")
            other = ExperimentRegistry(registry.path)
            config_hash = other.register(ExperimentConfig(["a"], {"a": 2}))
        assert registry.get(config_hash) is not None

    def test_a_custom_location(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EXPERIMENTS_DB", str(tmp_path / "mine.duckdb"))
        assert ExperimentRegistry().path == tmp_path / "mine.duckdb"
        assert ExperimentRegistry(str(tmp_path / "my_experiments.duckdb")).path.name == "my_experiments.duckdb"
