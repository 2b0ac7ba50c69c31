"""What is offered while a filter is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import FilterError
from registry.rows import Names
from registry.search import complete, parse
from registry.search.words import ATTRIBUTES
from tests.search.test_parser import TEXTS

NAMES = Names(
    features={"SentimentScore": 8, "AccumulationScore": 7, "mom 12-1": 2, "k": 1, "created": 1},
    hyperparameters={"k": 9, "walk.days": 3, "seed": 1},
    tags={"baseline": 3, "two words": 1, "beta": 9},
    metrics={"edge": 4, "ic": 9, "in sample": 1},
    panels={"sp500_20": 5, "two panels": 1},
    aliases={"production": 3, "paper": 9},
)


def offered(text: str, cursor: int | None = None) -> list[str]:
    """Return the texts as they would read up to the cursor with each offer taken."""
    return [
        text[: found.start] + found.text for found in complete(text, len(text) if cursor is None else cursor, NAMES)
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Se", ["SentimentScore", "hp.seed"]),
        ("se", ["SentimentScore", "hp.seed"]),
        ("acc", ["AccumulationScore"]),
        ("mom", ['"mom 12-1"']),
        ('"mo', ['"mom 12-1"']),
        ("w.Se", ["w.SentimentScore"]),
        ('w."mo', ['w."mom 12-1"']),
        ("w.score", ["w.SentimentScore", "w.AccumulationScore"]),
        ("hp.", ["hp.k", "hp.walk.days", "hp.seed"]),
        ("hp.wa", ["hp.walk.days"]),
        ("transform.Acc", ["transform.AccumulationScore"]),
        ("m.", ["m.ic", "m.edge", 'm."in sample"']),
        ("m.e", ["m.edge", 'm."in sample"']),
        ("edg", ["m.edge"]),
        ("mea", ["mean(m."]),
        ("-min(m.ed", ["-min(m.edge"]),
        ("min(m.edge) > 0 and m.ed", ["min(m.edge) > 0 and m.edge"]),
        ("min(m.edge) is ", ["min(m.edge) is absent", "min(m.edge) is present"]),
        ('max(m."in sample") is a', ['max(m."in sample") is absent']),
        ("panel:", ["panel:sp500_20", 'panel:"two panels"']),
        ("panel is p", ["panel is present"]),
        ("runs > ", []),
        ("alias:", ["alias:paper", "alias:production"]),
        ("alias:pr", ["alias:production"]),
        ("ancestor:pa", ["ancestor:paper"]),
        ("alias is p", ["alias is present"]),
        ("tag:", ["tag:beta", "tag:baseline", 'tag:"two words"']),
        ("tag:b", ["tag:beta", "tag:baseline"]),
        ("tag: ba", ["tag: baseline"]),
        ('tag:"two', ['tag:"two words"']),
        ("-tag:ba", ["-tag:baseline"]),
        ("-Se", ["-SentimentScore", "-hp.seed"]),
        ("(Se", ["(SentimentScore", "(hp.seed"]),
        ("not Se", ["not SentimentScore", "not hp.seed"]),
        ("k > 5 or Se", ["k > 5 or SentimentScore", "k > 5 or hp.seed"]),
        ("k > 5 tag:ba", ["k > 5 tag:baseline"]),
        ("feature:Acc", ["feature:AccumulationScore"]),
        ("w.k is ", ["w.k is absent", "w.k is present"]),
        ("w.k is p", ["w.k is present"]),
        ("hp.k in (5) ", ["hp.k in (5) and", "hp.k in (5) or"]),
        ("w.k is absent ", ["w.k is absent and", "w.k is absent or"]),
        ("created > ", ["created > -1d", "created > -7d", "created > -1m", "created > -1y"]),
        ("hp.k > ", []),
        ("hp.k in (5, ", []),
        ("desc:", []),
        ("zzz", []),
    ],
)
def test_offers(text: str, first: list[str]) -> None:
    assert offered(text) == first


def test_attributes_come_first_when_nothing_is_typed() -> None:
    texts = offered("")
    assert [text.rstrip(":") for text in texts[: len(ATTRIBUTES)]] == list(ATTRIBUTES)
    assert "SentimentScore" in texts and "hp.k" in texts


def test_a_name_is_offered_so_that_it_means_itself() -> None:
    """`k` is two things and `created` an attribute: their weights need the prefix."""
    assert {"w.k", "hp.k"} <= set(offered("k")) and "k" not in offered("k")
    assert {"created", "w.created"} <= set(offered("creat"))


def test_operators_follow_a_name() -> None:
    texts = [text.removeprefix("SentimentScore ") for text in offered("SentimentScore ")]
    assert texts == ["=", "!=", "<", "<=", ">", ">=", "in (", "not in (", "is absent", "is present", "and", "or"]
    assert offered("created ")[:6] == [f"created {sign}" for sign in ("=", "!=", "<", "<=", ">", ">=")]
    assert "created is absent" not in offered("created ")


def test_operators_follow_a_metric_over_windows() -> None:
    texts = [text.removeprefix("min(m.edge) ") for text in offered("min(m.edge) ")]
    assert texts[:2] == ["=", "!="] and "is absent" in texts and texts[-2:] == ["and", "or"]


def test_only_what_stands_before_the_cursor_counts() -> None:
    found = complete("tag:ba > k", 6, NAMES)
    assert [(each.start, each.end, each.text) for each in found] == [(4, 6, "baseline")]


def test_each_offer_says_what_it_is() -> None:
    kinds = {found.text: (found.kind, found.detail) for found in complete("", 0, NAMES)}
    assert kinds["SentimentScore"] == ("name", "weight, 8 experiments")
    assert kinds["hp.seed"] == ("name", "hyperparameter, 1 experiment")
    assert kinds["m.ic"] == ("name", "metric, 9 runs")
    assert kinds["tag:"] == ("attribute", "has exactly this tag")
    assert len(complete("", 0, NAMES, limit=3)) == 3


@given(TEXTS, st.integers(-2, 40))
def test_any_text_can_be_completed(text: str, cursor: int) -> None:
    for found in complete(text, cursor, NAMES):
        assert 0 <= found.start <= found.end <= len(text)


@given(st.sampled_from(["", "tag:x ", "k > 5 and ", "(a or "]), st.sampled_from("abcdekmostw"))
def test_an_offered_name_can_be_compared(before: str, typed: str) -> None:
    for found in complete(before + typed, len(before + typed), NAMES):
        if found.kind == "name":
            text = before + found.text + " > 0" + (")" if "(" in before else "")
            try:
                parse(text)
            except FilterError as error:  # pragma: no cover - the message helps
                pytest.fail(f"{text}: {error}")
