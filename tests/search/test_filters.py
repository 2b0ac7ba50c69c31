"""What each form of a filter finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from registry import FilterError
from tests.search.conftest import BASE, EVERYONE, HIGH, OLD_HASH, Library

NOW = datetime(2024, 6, 8, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_filter_finds_everything(library: Library, text: str) -> None:
    assert library.find(text) == EVERYONE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("baseline", {"base"}),
        ("BASE", {"base"}),
        ("sentiment", {"base", "high"}),
        ('"sentiment weight"', {"base"}),
        ("'sentiment weight'", {"base"}),
        ("q4-2024", {"base"}),
        ("promising", {"high"}),
        ("100%", {"high"}),
        ("l_oks", set()),
        ('"of it"', {"high"}),
        ("Momentum", set()),  # a feature's name is not looked at
        (f"{BASE.config_hash}"[:4], {"base"}),
        (f"{BASE.config_hash}".upper(), {"base"}),
        (f"{BASE.config_hash}"[1:9], set()),  # not its beginning
        ("ABCDEF", {"bare"}),
        (f'"{OLD_HASH}"', {"bare"}),
        ("desc:sentiment", {"base", "high"}),
        ('desc:"of the"', {"base"}),
        ('desc:""', EVERYONE),
        ("note:ANY", {"high"}),
        ("tag:baseline", {"base"}),
        ("tag: baseline", {"base"}),
        ('tag:"baseline"', {"base"}),
        ("tag:Baseline", set()),
        ("tag:base*", set()),
        ("tag:base", set()),
        (f"hash:{str(HIGH.config_hash)[:3]}", {"high"}),
        (f"hash:{str(HIGH.config_hash)[:9].upper()}", {"high"}),
        ("hash:abcd", {"bare"}),
        (f"parent:{str(BASE.config_hash)[:8]}", {"high"}),
        (f"parent:{str(HIGH.config_hash)[:8]}", set()),
    ],
)
def test_text_tags_and_hashes(library: Library, text: str, found: set[str]) -> None:
    assert library.find(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SentimentScore > 0.15", {"high"}),
        ("w.SentimentScore >= .15", {"base", "high"}),
        ("w.SentimentScore = 0.15", {"base"}),
        ("w.SentimentScore==1.5e-1", {"base"}),
        ("w.SentimentScore != 0.15", {"high"}),
        ("not w.SentimentScore = 0.15", EVERYONE - {"base"}),
        ("w.SentimentScore in (0.15, 0.25)", {"base", "high"}),
        ("w.SentimentScore not in (0.15, 3)", EVERYONE - {"base"}),
        ('w."mom 12-1" > 0', {"base"}),
        ("w.'mom 12-1'>0", {"base"}),
        ('"mom 12-1" > 0', {"base"}),
        ("w.Momentum is absent", EVERYONE - {"base"}),  # high lists it without a weight
        ("Momentum is present", {"base"}),
        ("w.Momentum is not absent", {"base"}),
        ("w.Momentum is not present", EVERYONE - {"base"}),
        ("w.huge = 9007199254740992", {"big"}),
        ("w.huge = 9007199254740993", set()),
        ("w.huge != 9007199254740993", {"big"}),
        ("w.huge < 9007199254740993", {"big"}),
        ("w.huge >= 9007199254740993", set()),
        ("w.huge > 9007199254740991", {"big"}),
        (f"w.huge < 1{'0' * 400}", {"big"}),
        (f"w.huge > -1{'0' * 400}", {"big"}),
        (f"w.huge > 1{'0' * 400}", set()),
    ],
)
def test_weights(library: Library, text: str, found: set[str]) -> None:
    assert library.find(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hp.k = 10", {"base", "high"}),
        ("k = 10.0", {"base", "high"}),
        ('hp.k = "10"', {"text"}),
        ("hp.k != 10", set()),
        ('hp.k != "10"', set()),
        ("hp.k in (5, 10)", {"base", "high"}),
        ('hp.k IN (5, "10")', {"text"}),
        ("hp.k not in (5, 10)", EVERYONE - {"base", "high"}),
        ("not hp.k = 10", EVERYONE - {"base", "high"}),
        ("hp.k is absent", {"big", "bare"}),
        ("k is present", {"base", "high", "text"}),
        ("hp.mode = fast", {"base"}),
        ("hp.mode = 'fast'", {"base"}),
        ("hp.mode = Fast", set()),
        ("hp.mode = 10", set()),
        ("hp.mode > a", {"base"}),
        ("hp.flag = true", {"base"}),
        ("hp.flag = True", {"base"}),
        ('hp.flag = "true"', set()),
        ("hp.flag = false", set()),
        ("hp.flag != false", {"base"}),
        ("hp.flag = 1", set()),
        ("hp.nothing = null", {"base"}),
        ("hp.nothing != null", set()),
        ("hp.nothing is absent", EVERYONE - {"base"}),
        ("hp.walk is present", {"base"}),
        ("hp.walk = days", set()),
        ("hp.walk.days = 30", {"base"}),
        ("hp.walk.days > 0", {"base", "high"}),
        ('hp."walk.days" > 0', {"high"}),
        ('hp.walk."days" > 0', {"base"}),
        ("walk.days > 0", {"base", "high"}),
        ('"walk.days" > 0', {"high"}),
        ('hp."walk.days" is absent', EVERYONE - {"high"}),
        ("hp.a.b = 1", {"big"}),
        ("seed = 9007199254740992", {"bare"}),
        ("seed = 9007199254740993", {"big"}),
        ("seed > 9007199254740992", {"big"}),
        ("seed >= 9007199254740993", {"big"}),
        ("seed < 9007199254740993", {"text", "bare"}),
        ("seed != 9007199254740993", {"text", "bare"}),
        (f"seed < 1{'0' * 400}", {"text", "big", "bare"}),
    ],
)
def test_hyperparameters(library: Library, text: str, found: set[str]) -> None:
    assert library.find(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("transform.SentimentScore = zscore", {"base"}),
        ("transform.SentimentScore != zscore", {"high"}),
        ("transform.SentimentScore in (zscore, log)", {"base", "high"}),
        ("transform.SentimentScore is absent", EVERYONE - {"base", "high"}),
        ("features >= 2", {"base", "high", "text"}),
        ("features = 0", {"bare"}),
        ("features in (1, 3)", {"base", "big"}),
        ("features > 2.5", {"base"}),
        ("features < 100000000000000000000000", EVERYONE),
        ("feature:Momentum", {"base", "high"}),
        ("feature:Senti*", {"base", "high"}),
        ("feature:*m*", {"base", "high"}),
        ("feature:mom*", {"base"}),
        ('feature:"mom 12-1"', {"base"}),
        ("feature:*", EVERYONE - {"bare"}),
        ("tag is present", EVERYONE),
        ("note is absent", EVERYONE - {"high"}),
        ("desc is absent", EVERYONE - {"base", "high"}),
        ("parent is present", {"high"}),
    ],
)
def test_transformations_features_and_absence(library: Library, text: str, found: set[str]) -> None:
    assert library.find(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("created = 2024-06-01", {"base"}),
        ("created != 2024-06-01", EVERYONE - {"base"}),
        ("created > 2024-06-01", {"high"}),
        ("created >= 2024-06-01", {"base", "high"}),
        ("created < 2024-06-01", {"text", "big", "bare"}),
        ("created <= 2024-06-01", EVERYONE - {"high"}),
        ("created = 2024-06", {"base", "high"}),
        ("created > 2024-05", {"base", "high"}),
        ("created = 2024", {"base", "high", "text"}),
        ("created in (2022, 2023-01)", {"big", "bare"}),
        ("created >= 2024-06-01T10:00", {"base", "high"}),
        ("created > 2024-06-01T10:00:00Z", {"high"}),
        ("created = 2024-05-31T23:59", {"text"}),
        ("created = 2024-05-31T23", {"text"}),
        ("created = 2024-05-31T23:59:59", {"text"}),
        ("created > 2024-05-31T23:59", {"base", "high"}),
        ("created <= 2024-05-31T23:59", {"text", "big", "bare"}),
        ("created = 2024-06-01T12+02:00", {"base"}),
        ("created > 9999-12-31T23", set()),
        ("created = 2024-06-01T12:00:00+02:00", {"base"}),
        ('created = "2024-06-01 10:00"', {"base"}),
        ("created = 2024-05-31T23:59:59.999999", {"text"}),
        ("created > 9999", set()),
        ("created <= 9999-12-31", EVERYONE),
        ("created = 9999-12", set()),
        ("created > -7d", {"high"}),
        ("created > -8d", {"base", "high", "text"}),
        ("created <= -1w", EVERYONE - {"high"}),
        ("created > -168h", {"high"}),
        ("created > -100h", set()),
        ("created > -1m", {"base", "high", "text"}),
        ("created > -1y", {"base", "high", "text"}),
        ("registered = 2025-01", EVERYONE - {"bare"}),
        ("registered > 2025-01-01", {"bare"}),
    ],
)
def test_dates(library: Library, text: str, found: set[str]) -> None:
    assert library.find(text, now=NOW) == found


def test_now_may_be_told_in_any_zone(library: Library) -> None:
    far = NOW.astimezone(timezone(timedelta(hours=13)))
    assert library.find("created > -7d", now=far) == library.find("created > -7d", now=NOW)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tag:baseline tag:q4-2024", {"base"}),
        ("tag:baseline tag:production", set()),
        ("tag:baseline or tag:production", {"base", "high"}),
        ("tag:baseline OR tag:production AND hp.k = 5", {"base"}),
        ("(tag:baseline or tag:production) hp.k = 10", {"base", "high"}),
        ("tag:baseline or tag:production hp.k = 5", {"base"}),
        ("not tag:baseline", EVERYONE - {"base"}),
        ("-tag:baseline", EVERYONE - {"base"}),
        ("-(tag:baseline or tag:production)", EVERYONE - {"base", "high"}),
        ("NOT NOT tag:baseline", {"base"}),
        ("not tag:baseline sentiment", {"high"}),  # `not` binds tighter than the `and` between neighbours
        ("not (tag:baseline sentiment)", EVERYONE - {"base"}),
        ("-k = 10", EVERYONE - {"base", "high"}),
        ("sentiment -baseline", {"high"}),
        ("sentiment and not hp.mode = fast", {"high"}),
        ("-q4-2024", EVERYONE - {"base"}),
        ("((((tag:baseline))))", {"base"}),
    ],
)
def test_and_or_not(library: Library, text: str, found: set[str]) -> None:
    assert library.find(text) == found


def test_the_trash_is_the_callers_business(library: Library) -> None:
    """The condition says nothing about it, so lists of the trash can be filtered too."""
    assert library.registry.search("tag:baseline").total == 1
    assert library.registry.search("tag:baseline", trashed=True).total == 0


def test_a_name_of_both_kinds_needs_its_prefix(library: Library) -> None:
    assert library.find("hp.both = 3") == {"bare"}
    assert library.find("w.both > 0") == {"text"}
    with pytest.raises(FilterError, match=r"both a weight and a hyperparameter .*; write w\.both or hp\.both"):
        library.find("both > 0")
