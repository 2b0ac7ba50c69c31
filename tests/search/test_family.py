"""Aliases and families in filters: `alias:`, `hash:`, `parent:`, `ancestor:`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry, FilterError
from registry.search import REFERENCE
from tests.strategies import examples


def chain(*parents: str | None) -> list[ExperimentConfig]:
    """Return an experiment for each parent: `^n` names the n-th of them, anything else is a hash."""
    made: list[ExperimentConfig] = []
    for n, parent in enumerate(parents):
        if parent is not None and parent.startswith("^"):
            parent = str(made[int(parent[1:])].config_hash)
        made.append(ExperimentConfig(["a"], {"a": n / 10}, parent=parent))
    return made


GONE = "f" * 64


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExperimentRegistry, list[str]]:
    """0 <- 1 <- 2 <- 3 and 1 <- 4; 5 comes from nowhere known, 6 from 5; 2 is in the trash, 5 purged."""
    registry = ExperimentRegistry(tmp_path_factory.mktemp("family") / "e.duckdb")
    configs = chain(None, "^0", "^1", "^2", "^1", GONE, "^5")
    hashes = [str(config.config_hash) for config in configs]
    for config in configs:
        registry.register(config)
    registry.promote(hashes[0], "production")
    registry.promote(hashes[1], "production")
    registry.promote(hashes[4], "staging")
    registry.delete_many([hashes[2], hashes[5]])
    registry.purge(hashes[5])
    return registry, hashes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("alias:production", {1}),
        ("alias:staging", {4}),
        ("-alias:production", {0, 3, 4, 6}),
        ("alias is present", {1, 4}),
        ("alias is absent", {0, 3, 6}),
        ("hash:production", {1}),
        ("parent:{0}", {1}),
        ("parent:production", {4}),
        ("ancestor:{0}", {1, 3, 4}),  # 2 is in the trash, but leads on
        ("ancestor:production", {3, 4}),
        ("ancestor:{3}", set()),
        ("ancestor:{5}", {6}),
        (f"ancestor:{GONE[:8]}", {6}),  # what was purged leads on, too
        ("ancestor:{0} and not parent:{0}", {3, 4}),
        ("not ancestor:{0}", {0, 6}),
        ("parent is present", {1, 3, 4, 6}),
    ],
)
def test_it_finds(family: tuple[ExperimentRegistry, list[str]], text: str, found: set[int]) -> None:
    registry, hashes = family
    written = text.format(*(full[:10] for full in hashes))
    assert {hashes.index(full) for full in registry.matching(written)} == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alias:prodution", "did you mean alias:production?"),
        ("alias:xyzzy", 'unknown alias "xyzzy" at character 7; no alias is called so'),
        ("parent:prodution", "no part of a hash and no alias at character 8; did you mean production?"),
        ("ancestor:''", "write its first hex digits"),
        ("alias = production", "alias:VALUE"),
    ],
)
def test_unknown_ones_are_said(family: tuple[ExperimentRegistry, list[str]], text: str, said: str) -> None:
    with pytest.raises(FilterError) as error:
        family[0].matching(text)
    assert said in str(error.value)


def test_where_nothing_was_promoted_nothing_is_found(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "e.duckdb")
    registry.register(chain(None)[0])
    assert registry.matching("alias:production") == []
    assert registry.names().aliases == {}
    assert registry.hint("alias:production") == "nothing was promoted yet, so there is no alias"


def test_aliases_are_among_the_names(family: tuple[ExperimentRegistry, list[str]]) -> None:
    assert family[0].names().aliases == {"production": 2, "staging": 1}
    assert {"alias:production", "parent:08d6"} <= {example for example, _ in REFERENCE}


@examples(4, full=40)
@given(st.lists(st.integers(-1, 30), min_size=1, max_size=14), st.integers(0, 13))
def test_any_family(tmp_path_factory: pytest.TempPathFactory, parents: list[int], of: int) -> None:
    """Against walking up from each: -1 has no parent, others come from one that was there before."""
    configs = chain(*(None if n == 0 or p < 0 else f"^{p % n}" for n, p in enumerate(parents)))
    registry = ExperimentRegistry(tmp_path_factory.mktemp("any") / "e.duckdb")
    for config in configs:
        registry.register(config)
    by_hash = {str(config.config_hash): config for config in configs}
    root = list(by_hash)[of % len(by_hash)]

    def descends(config: ExperimentConfig) -> bool:
        return config.parent is not None and (config.parent == root or descends(by_hash[config.parent]))

    expected = {full for full, config in by_hash.items() if descends(config)}
    assert set(registry.matching(f"ancestor:{root}")) == expected
