"""What lists show and are sorted by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry, FilterError
from registry.search import compile_listing
from tests.search.conftest import BARE, BASE, BIG, HIGH, TEXTUAL, Library

LABELS = {str(config.config_hash): config.tags[0][3:] for config in (BASE, HIGH, TEXTUAL, BIG, BARE)}


def order(library: Library, sort: Any, where: str = "TRUE", limit: int | None = None, offset: int = 0) -> list[str]:
    """Return the names of the experiments in order; ids and rows have to agree on it."""
    listing = compile_listing(library.session, sort, "hash")
    ids = library.session.rows(*listing.ids(where, [], limit, offset, "e.config_hash"))
    assert library.session.rows(*listing.rows(where, [], limit, offset)) == ids
    return [LABELS[row[0]] for row in ids]


def table(library: Library, columns: Any, sort: str = "created") -> list[tuple[Any, ...]]:
    listing = compile_listing(library.session, sort, columns)
    return listing.read(library.session.rows(*listing.rows("TRUE", [])))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("created", "bare big text base high"),
        ("-created", "high base text big bare"),
        ("-created_at", "high base text big bare"),
        ("registered,-created", "high base text big bare"),
        ("-registered", "bare base high text big"),
        ("features", "bare big high text base"),
        ("-features,created", "base text high big bare"),
        ("-w.SentimentScore", "high base text big bare"),
        ("w.SentimentScore", "base high text big bare"),
        ('w."mom 12-1"', "base high text big bare"),
        ("Momentum,-hash", None),
        ("description", "base high text big bare"),
        ("-description", "high base text big bare"),
        ("notes", "high base text big bare"),
        ("-notes,created", "high bare big text base"),
        ("-parent", "high base text big bare"),
        ("hp.walk.days,-created", "high base text big bare"),
        ("-k,-created", "text high base big bare"),
        ("hp.k", "base high text big bare"),
        ("-hp.k", "text base high big bare"),  # 10 and 10.0 are equal
        ("hp.seed", "text bare big base high"),
        ("-hp.seed", "big bare text base high"),
        ("-transform.SentimentScore", "base high text big bare"),
        ("transform.SentimentScore", "high base text big bare"),
        ("tags", "bare base big high text"),
        (" - created ", "high base text big bare"),
        (["-features", "created"], "base text high big bare"),
        ("", "base high text big bare"),
    ],
)
def test_orders(library: Library, sort: Any, expected: str | None) -> None:
    """Absent values come last in both directions; what is equal comes in the order of registration."""
    found = order(library, sort)
    if expected is not None:
        assert found == expected.split()
    assert set(found) == set(LABELS.values())


def test_a_page_is_a_part_of_the_whole(library: Library) -> None:
    assert order(library, "-created", limit=2) == ["high", "base"]
    assert order(library, "-created", limit=2, offset=2) == ["text", "big"]
    assert order(library, "-created", "e.n_features >= 2", limit=5) == ["high", "base", "text"]
    assert order(library, "-created", limit=0) == []


def test_values_come_as_python_has_them(library: Library) -> None:
    rows = table(
        library, 'hash,hp.k,w.SentimentScore,transform.SentimentScore,hp.walk,hp.walk.days,hp."walk.days",hp.nothing'
    )
    by_name = {LABELS[row[0]]: row[1:] for row in rows}
    assert by_name["base"] == (10, 0.15, "zscore", {"days": 30}, 30, None, None)
    assert by_name["high"] == (10.0, 0.25, "log", None, 7, 7, None)
    assert by_name["text"] == ("10", None, None, None, None, None, None)
    assert [type(by_name[name][0]) for name in ("base", "high", "text")] == [int, float, str]


def test_the_other_columns(library: Library) -> None:
    rows = table(library, "hash,created,registered,description,tags,features,parent,notes")
    by_name = {LABELS[row[0]]: row[1:] for row in rows}
    assert by_name["high"] == (
        HIGH.created_at,
        "2025-01-01T00:00:00.000000+00:00",
        "More SENTIMENT",
        ["is-high", "production"],
        2,
        BASE.config_hash,
        ["Looks promising, 100% of it", "Not any more"],
    )
    assert by_name["bare"][4:] == (0, None, [])


def test_a_column_is_called_the_same_however_it_is_asked_for(library: Library) -> None:
    session = library.session
    assert compile_listing(session).labels == ["config_hash", "created_at", "description", "tags", "features"]
    assert compile_listing(session, "", "hash, w.Momentum ,SentimentScore").labels == [
        "config_hash",
        "w.Momentum",
        "w.SentimentScore",
    ]
    assert compile_listing(session, "", ["hash", 'w."mom 12-1"', '"mom 12-1"', "config_hash"]).labels == [
        "config_hash",
        'w."mom 12-1"',
    ]
    assert compile_listing(session, "", "created,created_at,registered,deleted,tags,seed").labels == [
        "created_at",
        "registered_at",
        "deleted_at",
        "tags",
        "hp.seed",
    ]
    assert compile_listing(
        session, "", 'hp.walk.days,hp."walk.days",hp.walk."days",hp."seed",transform.Momentum'
    ).labels == [
        "hp.walk.days",
        'hp."walk.days"',
        'hp."walk"."days"',
        "hp.seed",
        "transform.Momentum",
    ]


def test_the_flat_key_shows_where_there_are_both(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "x.duckdb")
    registry.register(ExperimentConfig([], {}, {"a": {"b": 1}, "a.b": 2}))
    with registry.store.read() as session:
        for columns, value in (("hp.a.b", 2), ('hp."a.b"', 2), ('hp.a."b"', 1)):
            listing = compile_listing(session, columns, columns)
            assert listing.read(session.rows(*listing.rows("TRUE", []))) == [(value,)]


@pytest.mark.parametrize(
    ("sort", "position", "message"),
    [
        ("-creatd", 1, 'unknown name "creatd" at character 2; did you mean created?'),
        ("created,w.Sentiment", 8, 'unknown weight "Sentiment" at character 9; did you mean w.SentimentScore?'),
        ("desc", 0, 'unknown name "desc" at character 1'),
        ("created,,hash", 8, "a name is missing at character 9"),
        ("created hash", 0, '"created hash" names no column at character 1; separate names with commas'),
        ('w."mom', 0, "names no column at character 1"),
        ("w.", 0, '"w." names no weight at character 1'),
        ("both", 0, '"both" is both a weight and a hyperparameter at character 1; write w.both or hp.both'),
    ],
)
def test_errors_say_what_and_where(library: Library, sort: str, position: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_listing(library.session, sort)
    assert message in str(caught.value)
    assert caught.value.position == position


def test_columns_have_no_sign_and_are_not_none(library: Library) -> None:
    for columns in ("-created", "", [], " , "):
        with pytest.raises(FilterError):
            compile_listing(library.session, "", columns)


@given(
    st.text(max_size=30)
    | st.lists(st.sampled_from(["-", "w.", '"', "a b", ",", "created", "'", "hp.k", " ", "\n"])).map("".join)
)
def test_any_text_is_a_listing_or_says_why_not(library: Library, text: str) -> None:
    try:
        listing = compile_listing(library.session, text, "hash")
    except FilterError as error:
        assert 0 <= error.position <= len(text)
        assert str(error).isprintable()
    else:
        assert len(library.session.rows(*listing.rows("TRUE", []))) == len(LABELS)
