"""Names that nothing has, values that can't be meant, and what the messages suggest."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry, FilterError
from registry.search import REFERENCE, compile_filter, hint, parse
from registry.search.names import KnownNames
from tests.search.conftest import Library


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("SentimentScor > 0.2", 0, 'unknown name "SentimentScor" at character 1; did you mean SentimentScore?'),
        (
            "tag:x and sentimentscore > 0.2",
            10,
            'unknown name "sentimentscore" at character 11; did you mean SentimentScore?',
        ),
        ("w.SentimentScor > 0.2", 0, 'unknown weight "SentimentScor" at character 1; did you mean w.SentimentScore?'),
        (
            "transform.Sentiment = log",
            0,
            'unknown transformation "Sentiment" at character 1; did you mean transform.SentimentScore?',
        ),
        ("hp.mod = fast", 0, 'unknown hyperparameter "mod" at character 1; did you mean hp.mode?'),
        ("w.mode > 3", 0, 'unknown weight "mode" at character 1; did you mean hp.mode?'),
        ("hp.Momentum > 3", 0, 'unknown hyperparameter "Momentum" at character 1; did you mean w.Momentum?'),
        ("hp.walk.day > 3", 0, 'unknown hyperparameter "walk.day" at character 1; did you mean hp.walk.days?'),
        ("mom12-1 > 0", 0, 'unknown name "mom12-1" at character 1; did you mean "mom 12-1"?'),
        ("w.mom12-1 > 0", 0, 'unknown weight "mom12-1" at character 1; did you mean w."mom 12-1"?'),
        ("boht > 0", 0, 'unknown name "boht" at character 1; did you mean w.both?'),
        ("creatd > 2024", 0, 'unknown name "creatd" at character 1; did you mean created?'),
        ("w.created > 2024", 0, 'unknown weight "created" at character 1; did you mean created?'),
        ("xyzzy > 1", 0, 'unknown name "xyzzy" at character 1; the attributes are tag, feature, desc,'),
        ("hp.xyzzy > 1", 0, 'unknown hyperparameter "xyzzy" at character 1; no experiment has it'),
        ("xyzzy is absent", 0, 'unknown name "xyzzy" at character 1'),
        ("k > 5 or xyzzy in (3)", 9, 'unknown name "xyzzy" at character 10'),
        ("feature:Sentiment", 8, 'unknown feature "Sentiment" at character 9; did you mean feature:SentimentScore?'),
        ("feature:Sentl*", 8, 'unknown feature "Sentl*" at character 9; did you mean feature:SentimentScore?'),
        ("feature:zzz", 8, 'unknown feature "zzz" at character 9; no experiment has one of that name'),
        ("tags:baseline", 0, 'unknown attribute "tags" at character 1; did you mean tag:?'),
        ("description:x", 0, 'unknown attribute "description" at character 1; did you mean desc:?'),
        ("12:30", 0, 'unknown attribute "12" at character 1; quote the text to search for it'),
        ("SentimentScore:5", 0, 'unknown attribute "SentimentScore" at character 1; write SentimentScore = 5'),
    ],
)
def test_unknown_names(library: Library, text: str, position: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        library.find(text)
    assert str(caught.value).startswith(message)
    assert caught.value.position == position
    if "did you mean" in message:
        assert message.endswith(f"did you mean {caught.value.suggestion}?")


@pytest.mark.parametrize(
    "text",
    [
        "SentimentScor > 0.2",
        "w.SentimentScor > 0.2",
        "hp.mod > 1",
        "mom12-1 > 0",
        "boht > 0",
        "w.mode > 3",
        "creatd > 2024",
        "m.egde > 0",
        "edge > 0",
        "Edge > 0",
        "min(m.precision_at_kk) > 0",
        'm."in_window" > 0',
        "m.my_loss is absent",
        "w.edge > 0",
        "rums > 1",
    ],
)
def test_a_suggestion_can_be_taken_as_it_stands(library: Library, text: str) -> None:
    with pytest.raises(FilterError) as caught:
        library.find(text)
    library.find(f"{caught.value.suggestion} {text.split(maxsplit=1)[1]}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("created > soon", r'"soon" is no date at character 11; write 2024, 2024-06, 2024-06-01'),
        ("created > 2024-13", "is no date"),
        ("created > 2024-02-30", "is no date"),
        ("created > 2024-06-01T25:00", "is no date"),
        ("created > 7d", "is no date"),
        ("created > -7D", "is no date"),
        ("created > -99999999y", "is no date"),
        ("created > -999999999w", "is no date"),
        ("created > 0000", "is no date"),
        ("created > 0001-01-01T00:00+05:00", "is no date"),
        ("created = -7d", "-7d is a single moment at character 11; compare it with <"),
        ("created in (2024, -7d)", "single moment"),
        ("runs > many", '"many" is no number at character 8; runs counts them'),
        ("panel = sp500_20", "panel is not compared at character 1; it is asked with a colon: panel:VALUE"),
        ("m.edge > high", '"high" is no number at character 10; metrics are numbers'),
        ('m.edge > "1"', '"1" is no number at character 10; metrics are numbers'),
        ("min(m.edge) = null", "is no number at character 15; write min\\(m.edge\\) is absent"),
        ("m.edge:0.5", "m.edge is compared, not matched at character 1; write m.edge = 0.5"),
        ("features > many", '"many" is no number at character 12; features counts them'),
        ('features > "8"', '"8" is no number'),
        ("hp.k > 1e999", '"1e999" is too large at character 8; write its digits'),
        (f"hp.k > {'9' * 4301}", "a number of more than 4,300 digits at character 8"),
        ("hp.flag > true", "true has no order at character 11; compare it with = or !="),
        ("tag = baseline", "tag is not compared at character 1; it is asked with a colon: tag:VALUE"),
        ("tag in (a, b)", "tag is not compared"),
        ("w.SentimentScore:-.5", r"write w\.SentimentScore = -\.5$"),
        ("created:2024", "created is compared, not matched at character 1; write created = 2024"),
        (
            "w.SentimentScore:5",
            r"w\.SentimentScore is compared, not matched at character 1; write w\.SentimentScore = 5",
        ),
        (
            "created is absent",
            "created is never absent at character 1; only tag, desc, note, parent, alias, panel, weights",
        ),
        ("feature is absent", "feature is never absent"),
        ("hash:xyz", '"xyz" is no part of a hash and no alias at character 6; write its first hex digits'),
        ('parent:""', "is no part of a hash"),
    ],
)
def test_values_that_cannot_be_meant(library: Library, text: str, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        library.find(text)


@pytest.mark.parametrize(
    "text", ["xyzzy > 0.2", "w.xyzzy is absent", "hp.a.b = 5", "feature:Senti*", "transform.x = y", "-xyzzy in (1, 2)"]
)
def test_in_an_empty_registry_no_name_is_unknown(empty: Library, text: str) -> None:
    assert empty.find(text) == set()
    assert empty.registry.search(text).total == 0


def test_attributes_are_known_in_an_empty_registry_too(empty: Library) -> None:
    with pytest.raises(FilterError, match="did you mean tag:"):
        empty.find("tags:baseline")


def test_known_names_are_checked_without_reading_all(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KnownNames, "_all", None)
    assert library.find("SentimentScore > 0 and hp.k = 10 feature:Mom*") == {"base", "high"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tag:basline", 'no experiment has the tag "basline"; did you mean tag:baseline?'),
        ("k > 5 tag:zzz", 'no experiment has the tag "zzz"'),
        ("tag:baseline", None),
        ("SentimentScore", '"SentimentScore" is a feature, which text search leaves out; write feature:SentimentScore'),
        ('"mom 12-1"', '"mom 12-1" is a feature, which text search leaves out; write feature:"mom 12-1"'),
        ("walk.days", '"walk.days" is a hyperparameter, which text search leaves out; write hp.walk.days is present'),
        ("edge", '"edge" is a metric, which text search leaves out; write m.edge is present'),
        ("created", '"created" was searched for as text; write a comparison to ask for the attribute'),
        ("hello or k > 100", None),
        ("", None),
    ],
)
def test_hints_for_filters_that_find_nothing(library: Library, text: str, said: str | None) -> None:
    assert hint(text, library.session) == said


def test_nothing_to_hint_at_in_an_empty_registry(empty: Library) -> None:
    assert hint("tag:baseline or SentimentScore", empty.session) is None


@pytest.mark.parametrize(("text", "meaning"), REFERENCE)
def test_every_example_of_the_card_runs(library: Library, text: str, meaning: str) -> None:
    assert parse(text)
    library.find(text)
    assert meaning[0].islower() and not meaning.endswith(".")


def test_names_from_others_cannot_reach_the_terminal_raw(tmp_path: Path) -> None:
    registry = ExperimentRegistry(tmp_path / "x.duckdb")
    registry.register(ExperimentConfig(["evil\x1b[31m name"], {}, tags=["tag\x1b[2J"]))
    with registry.store.read() as session:
        for text in ('w."evil\x1b[31m nam" > 0', "feature:evil", '"evil\x1b nam" > 1'):
            with pytest.raises(FilterError) as caught:
                compile_filter(text, session)
            assert str(caught.value).isprintable()
            assert "\x1b" in str(caught.value.suggestion)  # as it has to be typed
        said = hint("tag:tagg", session)
        assert said is not None and said.isprintable() and "did you mean" in said
