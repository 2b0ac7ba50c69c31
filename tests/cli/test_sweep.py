"""`sweep`: variants over ranges, exact in decimal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.cli.conftest import Shell
from tests.cli.panels import QUICK, write_panel
from tests.prepared import prepared

WEIGHTS = {"alpha": 0.5, "beta": 0.3, "gamma": 0.2}


PARENT = ExperimentConfig(list(WEIGHTS), WEIGHTS, {"k": 5, "model": {"depth": 3}}, description="base", tags=["t"])


def make_parent(registry: ExperimentRegistry) -> None:
    registry.register(PARENT)


@pytest.fixture
def parent(empty: Shell) -> str:
    """The hash of an experiment with three weights."""
    prepared(empty.registry.path, make_parent)
    return str(PARENT.config_hash)


def made(shell: Shell, hash_: str, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell.ok("sweep", hash_, *args, "--json"))
    return found


def weights(shell: Shell, found: dict[str, Any], name: str) -> list[float]:
    return sorted(config.feature_weights[name] for config in shell.registry.configs(found["variants"]))


def test_steps_are_decimal_and_both_ends_are_inside(empty: Shell, parent: str) -> None:
    found = made(empty, parent, "--vary", "alpha=0.1:0.3:0.05", "--vary", "hp.k=5,10", "--name", "sweep-1")
    assert len(found["variants"]) == found["combinations"] == 10
    assert weights(empty, found, "alpha") == [0.1, 0.1, 0.15, 0.15, 0.2, 0.2, 0.25, 0.25, 0.3, 0.3]  # to the bit
    for config in empty.registry.configs(found["variants"]):
        assert config.parent == parent
        assert config.tags == ["sweep-1", "t"] or config.tags == ["t", "sweep-1"]
        assert config.description == "base"
        assert config.feature_weights["beta"] == 0.3
    assert {config.hyperparameters["k"] for config in empty.registry.configs(found["variants"])} == {5, 10}
    assert len(empty.registry.matching("tag:sweep-1")) == 10


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1:0.7:0.1", [0.1, 0.2, 0.3, 0.4, 0.6, 0.7]),  # 0.5 is the parent
        ("0:1:0.3", [0.0, 0.3, 0.6, 0.9]),
        ("-0.2:0.2:0.1", [-0.2, -0.1, 0.0, 0.1, 0.2]),
        ("1e-3:3e-3:1e-3", [0.001, 0.002, 0.003]),
        ("0.15", [0.15]),
        ("2,1", [1.0, 2.0]),
    ],
)
def test_values(empty: Shell, parent: str, text: str, values: list[float]) -> None:
    assert weights(empty, made(empty, parent, "--vary", f"alpha={text}"), "alpha") == values


def test_nested_hyperparameters_and_transformations(empty: Shell, parent: str) -> None:
    found = made(empty, parent, "--vary", "hp.model.depth=3,4", "--vary", "transform.alpha=rank,zscore")
    configs = list(empty.registry.configs(found["variants"]))
    assert len(configs) == 4
    assert {config.hyperparameters["model"]["depth"] for config in configs} == {3, 4}
    assert {config.feature_transformations["alpha"] for config in configs} == {"rank", "zscore"}


def test_a_simplex(empty: Shell, parent: str) -> None:
    found = made(empty, parent, "--simplex", "5")
    assert found["combinations"] == 21
    configs = list(empty.registry.configs(found["variants"]))
    assert all(sum(config.feature_weights.values()) == pytest.approx(1) for config in configs)
    assert {round(config.feature_weights["alpha"] * 5, 9) for config in configs} == {0, 1, 2, 3, 4, 5}


def test_a_sample_is_drawn_by_its_seed(empty: Shell, parent: str) -> None:
    args = ("--simplex", "20", "--sample", "15", "--dry-run")
    first, again, other = (made(empty, parent, *args, "--seed", seed)["variants"] for seed in ("1", "1", "2"))
    assert first == again != other
    assert len(first) == 15
    assert empty.registry.count() == 1


def test_a_sample_of_a_grid_beyond_any_range(empty: Shell, parent: str) -> None:
    axes = [each for name in ("alpha", "beta", "gamma", "hp.k", "hp.seed", "hp.lag", "hp.walk_days")
            for each in ("--vary", f"{name}=1:900:1")]  # fmt: skip
    first, again = (made(empty, parent, *axes, "--sample", "9", "--dry-run", "--seed", "4") for _ in range(2))
    assert first["variants"] == again["variants"]
    assert (len(first["variants"]), first["combinations"]) == (9, 900**7)


def test_rescaling_keeps_the_sum(empty: Shell, parent: str) -> None:
    found = made(empty, parent, "--vary", "alpha=0.2,0.8", "--rescale")
    for config in empty.registry.configs(found["variants"]):
        assert sum(config.feature_weights.values()) == pytest.approx(1)
        assert config.feature_weights["beta"] / config.feature_weights["gamma"] == pytest.approx(1.5)


def test_a_dry_run_registers_nothing(empty: Shell, parent: str) -> None:
    out = empty.ok("sweep", parent, "--vary", "alpha=0.1:0.4:0.1", "--dry-run")
    assert "would register 4 variants" in out
    assert empty.registry.count() == 1


def test_what_ranks_alike_is_reported(empty: Shell) -> None:
    config = ExperimentConfig(["a", "b"], {"a": 1.0, "b": 2.0}, {"k": 5})
    hash_ = str(empty.registry.register(config))
    found = made(empty, hash_, "--vary", "a=1,2,3", "--vary", "b=1,2,3", "--dry-run")
    alike = [sorted(group) for group in found["rank_alike"]]
    assert [len(group) for group in alike] == [3]  # 1:1, 2:2, 3:3; the parent, 1:2, is not among the variants
    assert "1 group that rank" in empty.ok("sweep", hash_, "--vary", "a=1,2,3", "--vary", "b=1,2,3")


def test_repeated_combinations_are_told(empty: Shell, parent: str) -> None:
    found = made(empty, parent, "--vary", "alpha=0.5,0.6,0.60")
    assert (found["repeated"], len(found["variants"])) == (2, 1)
    assert empty("sweep", parent, "--vary", "alpha=0.5").code == 2


def test_refusals(empty: Shell, parent: str) -> None:
    for args in (
        [], ["--vary", "alpha"], ["--vary", "alpha="], ["--vary", "delta=1"], ["--vary", "alpha=much"],
        ["--vary", "alpha=0.3:0.1:0.05"], ["--vary", "alpha=0.1:0.3:0"], ["--vary", "alpha=1", "--vary", "alpha=2"],
        ["--vary", "alpha=0:1:0.0000001"], ["--simplex", "0"], ["--simplex", "5", "--vary", "alpha=1"],
        ["--simplex", "100000"], ["--vary", "alpha=1,,2"], ["--vary", "hp.k.deep=1"], ["--vary", "transform.alpha=5"],
        ["--vary", "alpha=1e400"], ["--vary", "alpha=nan"],
    ):  # fmt: skip
        ran = empty("sweep", parent, *args)
        assert ran.code == 2, (args, ran)
        assert ran.err, args
        assert "Traceback" not in ran.err, (args, ran)
    assert empty.registry.count() == 1


def test_the_whole_way(empty: Shell, parent: str) -> None:
    write_panel(empty.folder / "panel.csv")
    name = "sweep of \x1b[31mmine"
    ran = empty("sweep", parent, "--vary", "hp.k=2,3", "--name", name)
    if ran.code == 0:  # a tag like that is only text
        assert "\x1b" not in ran.out + ran.err
    empty.ok("sweep", parent, "--vary", "hp.k=2,3", "--name", "two words")
    ran = empty("backtest", "--filter", 'tag:"two words"', "--data", "panel.csv", *QUICK)
    assert ran.code == 0, ran
    assert "2 evaluated" in ran.out
    assert {run.options["k"] for run in empty.registry.runs()} == {2, 3}
