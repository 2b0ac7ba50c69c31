"""`variant`: edits on the command line become a registered child."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig
from registry.errors import InvalidConfigError
from tests import strategies
from tests.cli.conftest import BASE, Shell
from tui.cli.edits import Draft, edit

CONFIG = ExperimentConfig(
    ["price", "mom 12-1", "a=b", "k"],
    {"price": 0.5, "mom 12-1": 0.3, "k": 0.2, "loose": 0.1},
    {"k": 10, "depth": 3, "walk": {"days": 30, "deep": {"er": 1}}, "flat.key": 1, "flat": {"key": 2}},
    {"price": "log"},
)


def edited(*changes: str, remove: tuple[str, ...] = ()) -> Draft:
    return edit(CONFIG, changes, remove)


def test_names_are_looked_up_and_prefixes_say_which() -> None:
    assert edited("price=0.25").weights["price"] == 0.25
    assert edited("loose=-.5").weights["loose"] == -0.5
    assert edited("depth=4").hyperparameters["depth"] == 4
    assert edited("walk.days=60").hyperparameters["walk"] == {"days": 60, "deep": {"er": 1}}
    assert edited("w.k=0.1").weights["k"] == 0.1
    assert edited("hp.k=5").hyperparameters["k"] == 5
    assert edited("transform.k=rank").transformations == {"price": "log", "k": "rank"}


def test_new_ones_need_a_prefix() -> None:
    draft = edited("w.news=0.1", "hp.new=1", "hp.made.up.here=true")
    assert draft.names[-1] == "news"
    assert draft.weights["news"] == 0.1
    assert draft.hyperparameters["new"] == 1
    assert draft.hyperparameters["made"] == {"up": {"here": True}}


def test_quoted_names() -> None:
    assert edited('w."mom 12-1"=0.4').weights["mom 12-1"] == 0.4
    assert edited("mom 12-1=0.4").weights["mom 12-1"] == 0.4
    assert edited('"a=b"=0.4').weights["a=b"] == 0.4
    assert edited('hp."flat.key"=7').hyperparameters["flat.key"] == 7
    assert edited("hp.flat.key=7").hyperparameters["flat.key"] == 7


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("10.0", 10.0),
        ("1e-3", 0.001),
        ("true", True),
        ("null", None),
        ("[5, 10]", [5, 10]),
        ('{"a": 1}', {"a": 1}),
        ('"10"', "10"),
        ("zscore", "zscore"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_values_are_json_or_text(text: str, value: object) -> None:
    made = edited(f"hp.v={text}").hyperparameters["v"]
    assert made == value
    assert type(made) is type(value)


def test_removing() -> None:
    draft = edited(remove=("price", "hp.walk.deep", "depth"))
    assert "price" not in draft.names
    assert "price" not in draft.weights
    assert draft.transformations == {}
    assert draft.hyperparameters["walk"] == {"days": 30}
    assert "depth" not in draft.hyperparameters
    assert edited(remove=("transform.price",)).transformations == {}
    assert edited(remove=("loose",)).names == CONFIG.feature_names


@pytest.mark.parametrize(
    ("changes", "remove", "message"),
    [
        (["k=1"], [], "write w.k or hp.k"),
        (["pric=1"], [], "did you mean price"),
        (["Depth=1"], [], "did you mean depth"),
        (["nothing=1"], [], "neither a feature nor a hyperparameter"),
        (["price"], [], "NAME=VALUE"),
        (["=1"], [], "empty name"),
        (["w.=1"], [], "empty name"),
        (['w."x"y=1'], [], "after the quoted name"),
        (["price=high"], [], "not a number"),
        (["price="], [], "not a number"),
        (["hp.k.deeper=1"], [], "k is a value, not a mapping"),
        (["transform.nothing=log"], [], "no feature"),
        (["price=1", "w.price=2"], [], "more than once"),
        (["price=1"], ["price"], "more than once"),
        ([], ["w.nothing"], "has none"),
        ([], ["hp.nothing"], "has none"),
        ([], ["transform.k"], "has none"),
        ([], ["price=1"], "name alone"),
    ],
)
def test_what_cannot_be_done_is_said(changes: list[str], remove: list[str], message: str) -> None:
    with pytest.raises(InvalidConfigError, match=message):
        edit(CONFIG, changes, remove)


@given(strategies.configs(), st.data())
def test_any_name_can_be_edited_when_quoted(config: ExperimentConfig, data: st.DataObject) -> None:
    names = [*config.feature_names, *config.feature_weights]
    if names:
        name = data.draw(st.sampled_from(names))
        assert edit(config, [f"w.{json.dumps(name)}=0.5"]).weights[name] == 0.5
    if config.hyperparameters:
        key = data.draw(st.sampled_from(sorted(config.hyperparameters)))
        value = data.draw(strategies.values)
        draft = edit(config, [f"hp.{json.dumps(key, ensure_ascii=False)}={json.dumps(value)}"])
        assert draft.hyperparameters[key] == value


def test_the_child_is_registered_with_its_parent(shell: Shell) -> None:
    out = shell.ok("variant", BASE, "SentimentScore=0.25", "AccumulationScore=0.1", "k=5", "hp.walk.days=60")
    assert "SentimentScore: 0.1500 → 0.2500" in out
    assert "hp.walk.days: 30 → 60" in out
    child = shell.registry.config("latest")
    base = shell.registry.config(BASE)
    assert child.parent == base.config_hash
    assert child.feature_weights["SentimentScore"] == 0.25
    assert child.hyperparameters == {**base.hyperparameters, "k": 5, "walk": {"days": 60, "anchored": False}}
    assert (child.description, child.tags) == (base.description, base.tags)


def test_its_tags_and_description(shell: Shell) -> None:
    full = shell.ok(
        "variant", BASE, "k=7", "--tag", "v7,new", "--tag", "third", "--description", "-7 picks", "--ids"
    ).strip()
    child = shell.registry.config(full)
    assert child.tags == ["v7", "new", "third"]
    assert child.description == "-7 picks"


def test_a_dry_run_registers_nothing(shell: Shell) -> None:
    assert shell.ok("variant", BASE, "k=7", "--dry-run").startswith("would register ")
    record = json.loads(shell.ok("variant", BASE, "k=7", "--dry-run", "--json"))
    assert shell.registry.count() == 24
    assert ExperimentConfig.from_dict(record).config_hash == record["config_hash"]


def test_no_change_is_refused_and_a_known_one_is_said(shell: Shell) -> None:
    assert shell("variant", BASE, "k=10").code == 2
    assert "there already" in shell.ok("variant", BASE, "k=5")
    assert shell.registry.count() == 24


def test_content_that_is_there_keeps_its_own_words(shell: Shell) -> None:
    shell.ok("variant", BASE, "hp.k=3", "--description", "careful words", "--tag", "mine")
    hashed = shell.ok("variant", BASE, "hp.k=3", "--ids").strip()
    kept = shell.registry.config(hashed)
    assert (kept.description, kept.tags) == ("careful words", ["mine"])
    shell.ok("delete", hashed, "--force")
    assert "it comes back" in shell.ok("variant", BASE, "hp.k=3")
    assert shell.registry.config(hashed).tags == ["mine"]


def test_a_value_is_read_as_carefully_as_a_file() -> None:
    assert edited(f"hp.k={10**60 + 1}").hyperparameters["k"] == 10**60 + 1
    for change, why in (
        ("hp.k=" + "9" * 5000, "hp.k: not readable: an integer has more than 4,300 digits"),
        ('hp.k={"a": 1, "a": 2}', 'hp.k: the key "a" stands more than once in one JSON object'),
        ('hp.walk.days=[{"b": {"c": 1, "c": 1}}]', 'hp.walk.days: the key "c" stands more than once'),
        ("hp.k=" + "[" * 100_000, "hp.k: not readable: the JSON is nested too deep"),
    ):
        with pytest.raises(InvalidConfigError) as caught:
            edited(change)
        assert str(caught.value).startswith(why)
    assert edited('hp.k={"a": 1,').hyperparameters["k"] == '{"a": 1,'
