"""`safe`, the one gate for text of users, and the numbers and pictures made of weights."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.safe import safe
from tui.widgets.bars import bar, glyph
from tui.widgets.cells import align_at_point, fit, fit_path, show_number
from tui.widgets.columns import feature_order

VISIBLE_FORMATS = set(range(0x600, 0x606)) | {0x6DD, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}


def hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and ord(character) not in VISIBLE_FORMATS


def test_nothing_that_acts_or_hides_comes_through() -> None:
    for code in range(0x110000):
        character = chr(code)
        if hidden(character):
            assert character not in safe(character), hex(code)


@given(st.text(st.characters(exclude_categories=())))
def test_it_is_one_line_and_can_be_sent_to_a_terminal(text: str) -> None:
    shown = safe(text)
    assert not any(map(hidden, shown))
    shown.encode()
    assert safe(shown) == shown
    paragraph = safe(text, lines=True)
    assert not any(hidden(character) for character in paragraph if character != "\n")


def test_plain_text_is_left_alone() -> None:
    for text in ("", "plain", "naïve Δprice 価格 🚀", "[red]x[/red] \\ $a {b}"):
        assert safe(text) == text


@given(st.text(), st.integers(0, 30), st.booleans())
def test_what_is_fitted_has_exactly_that_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right=right)) == width


@given(st.text(), st.integers(2, 40))
def test_a_path_keeps_its_end(text: str, width: int) -> None:
    shown = fit_path("/home/someone/" + text + "/experiments.duckdb", width)
    assert cell_len(shown) <= width
    assert "experiments.duckdb".endswith(shown.lstrip("…")[-10:])


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_numbers_stand_under_each_other_at_the_point(values: list[float]) -> None:
    shown = [show_number(value) for value in values]
    aligned = align_at_point(shown)
    assert [text.strip() for text in aligned] == shown
    assert len({len(text) for text in aligned}) == 1
    places = {min(text.find(mark) for mark in ".e" if mark in text) for text in aligned if set(text) & set(".e")}
    assert len(places) <= 1


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(-1e6, 1e6), max_size=6))
def test_a_glyph_has_one_cell_a_feature_and_tells_absent_from_zero(weights: dict[str, float]) -> None:
    cells = glyph(weights, "abcdef")
    assert len(cells) == 6
    for name, (character, negative) in zip("abcdef", cells, strict=True):
        assert (character == "·") == (name not in weights)
        if name in weights:
            assert (character == "0") == (weights[name] == 0)
            assert negative == (weights[name] < 0)


@given(st.floats(-10, 10), st.floats(0, 10), st.floats(0, 10), st.integers(0, 50))
def test_a_bar_fills_its_width_exactly(weight: float, left: float, right: float, width: int) -> None:
    left, right = max(left, -weight), max(right, weight)
    assert sum(len(text) for text, _ in bar(weight, left, right, width)) == width


def test_features_keep_their_place_while_counts_change() -> None:
    assert feature_order([("b", 9), ("a", 5), ("rare", 0)], 8) == ("a", "b")
    assert feature_order([("b", 5), ("a", 9)], 8) == ("a", "b")
    assert feature_order([("c", 1), ("b", 5), ("a", 9)], 2) == ("a", "b")
