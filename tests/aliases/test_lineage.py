"""Families as trees: edits and metrics on the edges, stubs where something is gone, guesses that say so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry, FilterError, NotFoundError
from registry.lineage import Node
from tests.strategies import examples

BASE = ExperimentConfig(
    ["a", "b"], {"a": 0.5, "b": 0.5}, {"k": 10}, description="base", created_at="2024-01-01T00:00:00+00:00"
)
UNKNOWN = "e" * 64


def later(config: ExperimentConfig, day: int, **more: object) -> ExperimentConfig:
    return replace(config, created_at=f"2024-01-{day:02}T00:00:00.000000+00:00", **more)  # type: ignore[arg-type]


def hash_of(config: ExperimentConfig) -> str:
    return str(config.config_hash)


HIGHER = later(BASE.variant(weights={"a": 0.75}), 2)
FEWER = later(HIGHER.variant(hyperparameters={"k": 5}), 3)
RANKED = later(HIGHER.variant(transformations={"a": "rank"}), 4)


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    made = ExperimentRegistry(tmp_path / "e.duckdb")
    for config in (BASE, HIGHER, FEWER, RANKED):
        made.register(config)
    return made


def tree(node: Node) -> object:
    return (node.config_hash, [tree(child) for child in node.children])


def at(root: Node, config: ExperimentConfig) -> Node:
    return next(node for node in root.walk() if node.config_hash == hash_of(config))


def test_the_tree_begins_with_the_oldest_ancestor(registry: ExperimentRegistry) -> None:
    found = registry.lineage(hash_of(FEWER)[:8])
    assert found.of == hash_of(FEWER)
    assert tree(found.root) == (
        hash_of(BASE), [(hash_of(HIGHER), [(hash_of(FEWER), []), (hash_of(RANKED), [])])]
    )  # fmt: skip
    assert (found.size, found.hidden, found.above, found.metrics_from) == (4, 0, 0, None)
    edits = {node.config_hash: ", ".join(map(str, node.edit or [])) for node in found.root.walk()}
    assert list(edits.values()) == ["", "a 0.5 -> 0.75", "k 10 -> 5", "transform.a absent -> rank"]
    assert json.loads(json.dumps(found.to_dict()))["root"]["children"][0]["edit"] == [
        {"kind": "weight", "name": "a", "before": 0.5, "after": 0.75}
    ]


def test_what_is_gone_stays_as_a_stub(registry: ExperimentRegistry) -> None:
    registry.register(orphan := later(BASE.variant(weights={"b": 0.125}), 5, parent=UNKNOWN))
    assert [(n.config_hash, n.state) for n in registry.lineage(hash_of(orphan)).root.walk()] == [
        (UNKNOWN, "unknown"),
        (hash_of(orphan), "live"),
    ]
    registry.delete(hash_of(HIGHER))
    found = registry.lineage(hash_of(FEWER))
    assert at(found.root, HIGHER).state == "trash"
    assert at(found.root, FEWER).edit  # it can still be told
    assert registry.lineage(hash_of(HIGHER)).size == 4  # of one in the trash
    registry.purge(hash_of(HIGHER))
    found = registry.lineage(hash_of(FEWER))
    assert found.root.config_hash == hash_of(BASE) and found.size == 4
    assert at(found.root, HIGHER).state == "purged"
    assert at(found.root, FEWER).edit is None
    with pytest.raises(NotFoundError):
        registry.lineage(hash_of(HIGHER))


def test_the_metric_beside_the_edit_is_of_one_panel_and_period(registry: ExperimentRegistry) -> None:
    for config, edge in ((BASE, 0.01), (HIGHER, 0.03), (FEWER, 0.02)):
        metrics = {"edge": edge, "turnover": edge}
        registry.record_run(hash_of(config), metrics=metrics, panel="p", period="2020-01-01..2020-12-31")
    registry.record_run(hash_of(RANKED), metrics={"edge": 9}, panel="other", period="2020-01-01..2020-12-31")
    found = registry.lineage(hash_of(BASE), "m.edge")
    assert found.metrics_from == "p 2020-01-01..2020-12-31"
    node = at(found.root, HIGHER)
    assert (node.value, node.change, node.better) == (0.03, pytest.approx(0.02), True)
    assert at(found.root, FEWER).better is False and at(found.root, RANKED).value is None
    assert at(registry.lineage(hash_of(BASE), "m.turnover").root, HIGHER).better is False  # less is better
    assert at(registry.lineage(hash_of(BASE), "m.edge", panel="other").root, RANKED).value == 9
    with pytest.raises(FilterError, match="no metric"):
        registry.lineage(hash_of(BASE), "edge")
    with pytest.raises(FilterError, match="unknown panel"):
        registry.lineage(hash_of(BASE), "m.edge", panel="nowhere")


def test_a_large_family_is_cut_around_the_experiment(registry: ExperimentRegistry) -> None:
    below = FEWER
    for n in range(30):  # a long line
        below = later(below.variant(weights={"b": n / 100}), 6)
        registry.register(below)
    for n in range(40):  # and many siblings of one in it
        registry.register(later(FEWER.variant(weights={"a": n / 100}), 7))
    found = registry.lineage(hash_of(FEWER), limit=10)
    drawn = list(found.root.walk())
    assert len(drawn) == 10 and found.size == 74 and found.hidden == 64
    assert found.root.config_hash == hash_of(BASE)
    assert sum(node.hidden for node in drawn) + found.above == found.hidden
    found = registry.lineage(hash_of(below), limit=6)
    assert found.above == 30 and {node.config_hash for node in found.root.walk()} >= {hash_of(below)}
    assert registry.lineage(hash_of(below), limit=1).root.config_hash == hash_of(below)


class TestGuesses:
    FAR = ExperimentConfig(["x", "y"], {"x": 1, "y": 1}, {"k": 10}, created_at="2024-01-08T00:00:00+00:00")
    NEAR = ExperimentConfig(["a", "b"], {"a": 0.75, "b": 0.4375}, {"k": 5}, created_at="2024-01-09T00:00:00+00:00")
    NEARER = ExperimentConfig(["a", "b"], {"a": 0.75, "b": 0.375}, {"k": 5}, created_at="2024-01-10T00:00:00+00:00")

    @pytest.fixture
    def registry(self, registry: ExperimentRegistry) -> ExperimentRegistry:
        for config in (self.FAR, self.NEAR, self.NEARER):
            registry.register(config)
        return registry

    def test_the_nearest_earlier_one(self, registry: ExperimentRegistry) -> None:
        assert registry.lineage(hash_of(self.NEAR)).size == 1
        found = registry.lineage(hash_of(self.NEARER), infer=True)
        assert found.proposals == {hash_of(self.NEAR): hash_of(FEWER), hash_of(self.NEARER): hash_of(self.NEAR)}
        node = at(found.root, self.NEAR)
        assert node.inferred and not node.saved and [str(each) for each in node.edit or []] == ["b 0.5 -> 0.4375"]
        assert not at(found.root, FEWER).inferred
        assert hash_of(self.FAR) not in {each.config_hash for each in found.root.walk()}  # nothing in common
        assert registry.lineage(hash_of(BASE), infer=True).size == 6  # seen from the other end, too
        assert registry.get(hash_of(self.NEAR)).parent is None  # type: ignore[union-attr]

    def test_recorded_when_asked_and_marked(self, registry: ExperimentRegistry) -> None:
        found = registry.lineage(hash_of(self.NEAR), infer=True)
        assert sorted(registry.save_inferred(found)) == sorted(found.proposals)
        assert registry.save_inferred(found) == []
        assert registry.matching(f"parent:{hash_of(FEWER)}") == [hash_of(self.NEAR)]
        node = at(registry.lineage(hash_of(BASE)).root, self.NEAR)
        assert node.inferred and node.saved
        assert "parent-inferred" in {event.kind for event in registry.log()}
        assert registry.forget_inferred(registry.lineage(hash_of(BASE))) == [hash_of(self.NEAR), hash_of(self.NEARER)]
        assert registry.lineage(hash_of(BASE)).size == 4

    def test_one_that_is_known_takes_its_place(self, registry: ExperimentRegistry) -> None:
        registry.save_inferred(registry.lineage(hash_of(self.NEAR), infer=True))
        registry.register(replace(self.NEAR, parent=hash_of(self.NEARER)))  # which so far comes from it, as a guess
        registry.register(replace(self.NEAR, parent=hash_of(RANKED)))
        node = at(registry.lineage(hash_of(BASE)).root, self.NEAR)
        assert not node.inferred
        assert registry.get(hash_of(self.NEAR)).parent == hash_of(RANKED)  # type: ignore[union-attr]

    def test_with_very_many_only_ancestors_are_guessed(
        self, registry: ExperimentRegistry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("registry.inference.MOST_PAIRS", 3)
        found = registry.lineage(hash_of(self.NEARER), infer=True)
        assert set(found.proposals) == {hash_of(self.NEAR), hash_of(self.NEARER)}
        assert found.root.config_hash == hash_of(BASE) and "only ancestors" in (found.note or "")


weights = st.dictionaries(st.sampled_from("abc"), st.integers(-4, 4).map(float), min_size=1)
parameters = st.dictionaries(st.sampled_from(["k", "m"]), st.integers(1, 3) | st.sampled_from(["x", "y"]))


@examples(4, full=40)
@given(st.lists(st.tuples(weights, parameters), min_size=2, max_size=8))
def test_guesses_against_plain_python(
    tmp_path_factory: pytest.TempPathFactory, given_: list[tuple[dict[str, float], dict[str, object]]]
) -> None:
    configs: dict[str, ExperimentConfig] = {}
    for n, (weighted, hyperparameters) in enumerate(given_, 1):
        config = later(ExperimentConfig(list(weighted), weighted, hyperparameters), n)
        configs.setdefault(hash_of(config), config)
    registry = ExperimentRegistry(tmp_path_factory.mktemp("guess") / "e.duckdb")
    for config in configs.values():
        registry.register(config)

    def apart(one: ExperimentConfig, two: ExperimentConfig) -> float:
        a, b = one.feature_weights, two.feature_weights
        total = sum((a.get(name, 0.0) - b.get(name, 0.0)) ** 2 for name in {*a, *b})
        for name in {*one.hyperparameters, *two.hyperparameters}:
            x, y = one.hyperparameters.get(name), two.hyperparameters.get(name)
            numbers = isinstance(x, int) and isinstance(y, int)
            total += (abs(x - y) / max(abs(x), abs(y))) ** 2 if numbers else float(x != y)
        return round(total, 12)

    expected = {}
    everyone = list(configs.values())
    for place, config in enumerate(everyone):
        names = set(config.feature_names)
        near = [
            (apart(config, other), -n, hash_of(other))
            for n, other in enumerate(everyone[:place])
            if len(names & set(other.feature_names)) * 2 >= len(names | set(other.feature_names))
        ]
        if near:
            expected[hash_of(config)] = min(near)[2]
    from registry import inference

    with registry.store.read() as session:
        found = inference.nearest_earlier(session, inference.parentless(session))
    assert found == expected
