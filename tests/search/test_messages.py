"""Filters that people write and that mean nothing here: the message says what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import AmbiguousHashError, ExperimentConfig, ExperimentRegistry, FilterError
from registry.store.apply import take_in
from registry.store.registration import Registration
from tests.search.conftest import Library


@pytest.mark.parametrize(
    ("text", "position", "advice"),
    [
        ("0.1 < SentimentScore < 0.2", 21, "write SentimentScore > 0.1 and SentimentScore < 0.2"),
        ("0.1<SentimentScore<=0.2", 18, "write SentimentScore > 0.1 and SentimentScore <= 0.2"),
        ("0.2 >= w.Momentum > 0 tag:x", 18, "write w.Momentum <= 0.2 and w.Momentum > 0"),
        ("1 < 'mom 12-1' < \"a b\"", 15, "write 'mom 12-1' > 1 and 'mom 12-1' < \"a b\""),
        ("SentimentScore > 0.1 < 0.2", 21, "one comparison has two sides; join two of them by and"),
        ("k = 5 = 6", 6, "one comparison has two sides; join two of them by and"),
        ("k < 5 <", 6, "one comparison has two sides; join two of them by and"),
        ("0.2 < SentimentScore", 0, '"0.2" is no name at character 1; the name comes first: write SentimentScore >'),
        ("10=k", 0, "write k = 10"),
        ("k => 5", 2, "did you mean >=?"),
        ("k =< 5", 2, "did you mean <=?"),
        ("k <> 5", 2, "did you mean !=?"),
        ("k === 5", 2, "did you mean =?"),
        ("k > > 5", 4, "a value is missing"),
        ("k in (1 < 2)", 8, "the list goes on with a comma"),
        ("transform.Nope = zscore", 0, "no experiment has it"),
        ("transform.created = zscore", 0, "did you mean created?"),
        ("transform.mode = zscore", 0, "did you mean hp.mode?"),
        ("transform.SentimentScor = zscore", 0, "did you mean transform.SentimentScore?"),
        ("name:foo", 0, "did you mean desc:?"),
        ("comment:foo", 0, "did you mean note:?"),
        ("labels:foo", 0, "did you mean tag:?"),
        ("foo:bar", 0, "quote the text to search for it, or use one of tag:, feature:, desc:, note:, hash:, parent:"),
        ("mode:fast", 0, "write mode = fast"),
    ],
)  # fmt: skip
def test_what_to_write_instead(library: Library, text: str, position: int, advice: str) -> None:
    with pytest.raises(FilterError) as caught:
        library.find(text)
    assert advice in str(caught.value)
    assert caught.value.position == position
    assert caught.value.text == text


def test_what_is_advised_works(library: Library) -> None:
    assert library.find("SentimentScore > 0.1 and SentimentScore < 0.2") == {"base"}
    assert library.find("SentimentScore > 0.2") == {"high"}


def test_text_may_still_hold_signs_where_it_is_compared_for_equality(library: Library) -> None:
    assert library.find("hp.mode = a<b") == set()
    assert library.find('hp.mode < "b<c"') == {"high"}


def test_in_an_empty_registry_a_name_may_be_anything(empty: Library) -> None:
    assert empty.find("mode = fast and w.mode = fast and transform.mode = x") == set()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExperimentRegistry]:
    """A registry with one live experiment and one in the trash that share the name `shared`."""
    path: Path = tmp_path_factory.mktemp("names") / "experiments.duckdb"
    registry = ExperimentRegistry(path)
    registry.register(ExperimentConfig(["shared", "alive"], {"alive": 0.5, "shared": 1}, {"k": 1}, tags=["here"]))
    registry.delete(
        registry.register(ExperimentConfig(["shared", "dead"], {"dead": 0.5, "shared": 2}, {"gone": 1}, tags=["there"]))
    )
    with registry.store.read():  # every question below is asked in this session
        yield registry


@pytest.mark.parametrize("text", ["w.dead > 0", "hp.gone = 1", "dead is present", "feature:dead", "feature:de*"])
def test_a_name_that_only_the_trash_knows_is_unknown(shelf: ExperimentRegistry, text: str) -> None:
    with pytest.raises(FilterError, match="unknown"):
        shelf.search(text)
    assert shelf.count(text, trashed=True) == 1


def test_in_the_trash_only_its_names_are_known(shelf: ExperimentRegistry) -> None:
    with pytest.raises(FilterError, match="unknown"):
        shelf.count("alive > 0", trashed=True)
    assert shelf.count("shared > 0", trashed=True) == shelf.count("shared > 0") == 1


def test_suggestions_are_live_names(shelf: ExperimentRegistry) -> None:
    with pytest.raises(FilterError) as caught:
        shelf.search("deadd > 0")
    assert caught.value.suggestion != "dead"
    assert shelf.hint("tag:there") == 'no experiment has the tag "there"; did you mean tag:here?'


def test_sort_keys_and_columns_know_the_same_names(shelf: ExperimentRegistry) -> None:
    for more in ({"sort": "w.dead"}, {"columns": "hp.gone"}):
        with pytest.raises(FilterError, match="unknown"):
            shelf.search(**more)
        assert len(shelf.search(trashed=True, **more)) == 1


def test_rows_of_some_come_in_the_order_asked_from_the_trash_too(shelf: ExperimentRegistry) -> None:
    live, dead = shelf.matching(), shelf.matching(trashed=True)
    found = shelf.rows_of([*dead, *live, "f" * 64], "w.dead,w.alive,config_hash")
    assert found.columns == ["w.dead", "w.alive", "config_hash"]
    assert found.rows == [(0.5, None, dead[0]), (None, 0.5, live[0])]
    assert shelf.rows_of([]).rows == []


@pytest.mark.parametrize("limit", [2**62, 2**63 - 1, 2**63, 10**30])
def test_a_limit_beyond_every_count_means_all(shelf: ExperimentRegistry, limit: int) -> None:
    assert len(shelf.search(limit=limit)) == len(shelf.matching(limit=limit)) == len(shelf.list_all(limit)) == 1
    assert shelf.search(offset=limit).rows == []
    assert shelf.search(limit=limit, offset=1).total == 1
    assert len(shelf.log(limit=limit)) == len(shelf.log())


@pytest.mark.parametrize("limit", [-1, -(10**30), "10", 1.5])
def test_a_limit_is_no_negative_and_a_whole_number(shelf: ExperimentRegistry, limit: object) -> None:
    for ask in (shelf.search, shelf.matching, shelf.list_all, shelf.log):
        with pytest.raises(FilterError, match=r"^limit: .+ is (negative|no whole number)"):
            ask(limit=limit)  # type: ignore[operator]
    with pytest.raises(FilterError, match=r"^offset: "):
        shelf.search(offset=limit)  # type: ignore[arg-type]


def test_what_is_no_character_is_refused_where_it_is_a_name(shelf: ExperimentRegistry) -> None:
    for more in ({"sort": "w.\udcff"}, {"columns": ["hash", "\udcff"]}, {"filter": "tag:\udcff"}):
        with pytest.raises(FilterError, match="surrogate"):
            shelf.search(**more)
    with pytest.raises(ValueError, match="surrogate"):
        shelf.search_by_tag("\udcff")


def test_an_ambiguous_prefix_says_when_it_counted_no_further(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "many.duckdb")
    with registry.store.write() as session:
        rows = [
            Registration(ExperimentConfig([], {}, {"k": k}), (f"abcdef{k:058}",), at="2025-01-01T00:00:00.000000+00:00")
            for k in range(1001)
        ]
        take_in(session, rows, metadata="register", kind="registered")
    with pytest.raises(AmbiguousHashError, match=r"is the beginning of more than 1,000 hashes: .+ and others; give"):
        registry.get("abcdef")
    with pytest.raises(AmbiguousHashError, match=r"is the beginning of 100 hashes: .+ and 92 more; give") as caught:
        registry.get("abcdef" + "0" * 54 + "07")
    assert len(caught.value.candidates) == 100


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("SentimentScore = abc", "w.SentimentScore is a number"),
        ('SentimentScore > "0.2"', "write 0.2 without quotes"),
        ("w.Momentum in (0.1, many)", "w.Momentum is a number"),
        ("Momentum = null", "write w.Momentum is absent"),
    ],
)
def test_a_weight_compared_with_no_number_is_false_and_a_hint_says_why(
    library: Library, text: str, advice: str
) -> None:
    assert library.find(text) <= library.find("w.Momentum = 0.1")
    assert advice in (library.registry.hint(text) or "")
