"""How texts become syntax trees, and that no text whatever does anything but parse or raise `FilterError`."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry import FilterError
from registry.search import caret, parse, write_name, write_value
from registry.search.ast import Absent, Among, And, Compare, Everything, Match, Node, Not, Or, Text, Value, terms
from registry.search.parser import MAX_DEPTH, MAX_LENGTH, MAX_TERMS
from registry.search.words import Name

A, B, C = Text("a"), Text("b"), Text("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("a b", And((A, B))),
        ("a and b AND c", And((A, B, C))),
        ("a or b c", Or((A, And((B, C))))),
        ("(a or b) c", And((Or((A, B)), C))),
        ("not a b", And((Not(A), B))),
        ("not not a", A),
        ("-a -(b or c)", And((Not(A), Not(Or((B, C)))))),
        ("q4-2024", Text("q4-2024")),
        ("don't", Text("don't")),
        ("wow!", Text("wow!")),
        ("android order nothing island inn", And(tuple(map(Text, ["android", "order", "nothing", "island", "inn"])))),
        ("absent present", And((Text("absent"), Text("present")))),
        ('"and"', Text("and", True)),
        (r'"say \"hi\" \\ there"', Text('say "hi" \\ there', True)),
        (r"'it\'s'", Text("it's", True)),
        ("k>=5", Compare(Name("", "k"), ">=", Value("5"))),
        ("k == 5", Compare(Name("", "k"), "=", Value("5"))),
        ("k < -7d", Compare(Name("", "k"), "<", Value("-7d"))),
        ("tag:a:b", Match(Name("", "tag"), Value("a:b"))),
        ('desc:"a b"', Match(Name("", "desc"), Value("a b", True))),
        ("hp.a.b = x", Compare(Name("hp", "a.b"), "=", Value("x"))),
        ('hp.a."b c".d = x', Compare(Name("hp", "a.b c.d", ("a", "b c", "d")), "=", Value("x"))),
        ('w."mom 12-1" is absent', Absent(Name("w", "mom 12-1", ("mom 12-1",)))),
        ('"w.x" = 1', Compare(Name("", "w.x", ("w.x",)), "=", Value("1"))),
        ("k is not absent", Not(Absent(Name("", "k")))),
        ("k in (5, 'a b',)", Among(Name("", "k"), (Value("5"), Value("a b", True)))),
        ("k not  in(5)", Not(Among(Name("", "k"), (Value("5"),)))),
        ("a not b", And((A, Not(B)))),
    ],
)
def test_trees(text: str, tree: Node) -> None:
    assert parse(text) == tree


def test_terms_are_listed_in_the_order_written() -> None:
    assert terms(parse("a or (b -c)")) == [A, B, C]


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("a and", 5, "the filter ends at character 6; a term is missing"),
        ("or a", 0, 'unexpected "or" at character 1; a term is missing before it; quote it to search for the word'),
        ("(a or b", 0, "the bracket opened at character 1 is never closed"),
        ("a (b or (c", 8, "the bracket opened at character 9 is never closed"),
        ("a)", 1, 'unexpected ")" at character 2; no bracket is open'),
        ("a ()", 3, 'unexpected ")" at character 4; a term is missing before it'),
        ('a "b', 2, "the quote opened at character 3 is never closed"),
        ("k >", 3, "the filter ends at character 4; a value is missing"),
        ("k > and b", 4, 'unexpected "and" at character 5; a value is missing; quote it where it holds signs or'),
        ("k => 5", 2, "=> is no operator at character 3; did you mean >=?"),
        ("> 5", 0, 'unexpected ">" at character 1; a name is missing before it'),
        ("k in 5", 5, 'unexpected "5" at character 6; after "in" comes a list in brackets, such as (5, 10)'),
        ("k in (5 10)", 8, 'unexpected "10" at character 9; the list goes on with a comma or ends with )'),
        ("k in ()", 6, 'unexpected ")" at character 7; a value is missing'),
        ("k is 5", 5, 'unexpected "5" at character 6; after "is" comes absent or present'),
        ("a - b", 2, 'unexpected "-" at character 3; - negates only directly before a term'),
        ("a, b", 1, 'unexpected "," at character 2; quote it to search for it'),
        ("a && b", 2, '"&&" is no operator here at character 3; did you mean and?'),
        ("!a", 0, "! is no operator at character 1; did you mean not?"),
        ("w. > 5", 0, '"w." names no weight at character 1; write the name after the dot'),
        ("hp.k", 0, '"hp.k" without a comparison at character 1; write for example hp.k is present'),
        ('w."a b"', 7, "the filter ends at character 8; a comparison is missing, such as > 0.2 or is present"),
        ("a \ud800", 2, "a lone surrogate at character 3; it is no character; remove it"),
    ],
)
def test_errors_say_what_and_where(text: str, position: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)
    assert caught.value.position == position
    assert caught.value.text == text


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "(" * 50_000 + "a",
        "(" * (MAX_LENGTH - 1) + "a",
        "a or b and (" * 1000 + "c" + ")" * 1000,
        "(a or (b and " * (MAX_DEPTH // 2) + "c" + "))" * (MAX_DEPTH // 2),
        "a " * (MAX_TERMS + 1),
    ],
)
def test_what_is_too_much_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


def test_what_is_much_is_not() -> None:
    assert parse("(" * 9000 + "a" + ")" * 9000) == A
    assert parse("not " * 4000 + "a") == A
    assert len(terms(parse("a " * MAX_TERMS))) == MAX_TERMS
    assert parse(f"k in ({', '.join(map(str, range(3000)))})")


SCRAPS = st.sampled_from(
    [
        *(
            "and",
            "or",
            "not",
            "in",
            "is",
            "absent",
            "(",
            ")",
            ",",
            '"',
            "'",
            "\\",
            "-",
            ":",
            "=",
            "!=",
            "<",
            ">",
            "!",
            " ",
        ),
        *(
            "a",
            "w.",
            "hp.",
            "tag:",
            'w."x"',
            "0.5",
            "-7d",
            "*",
            "\n",
            "\x00",
            "\ud800",
            "é",
            "&",
            "k in (5, 10)",
            "hp.a.b",
        ),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(SCRAPS, max_size=12).map("".join), st.lists(SCRAPS, max_size=12).map(" ".join))


@given(TEXTS)
@example("\x00")
@example("a\\")
@example("w.\b")
def test_any_text_parses_or_says_why_not(text: str) -> None:
    try:
        parse(text)
    except FilterError as error:
        assert 0 <= error.position <= len(text)
        assert f"at character {error.position + 1}" in str(error)
        assert str(error).isprintable()
        assert len(str(error)) < 300
        line, pointer = caret(text, error.position).split("\n")
        assert line.isprintable()
        assert pointer.strip() == "^"


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_name_and_value_can_be_written(name: str) -> None:
    for prefix in ("w", "hp", "transform"):
        parsed = parse(f"{write_name(name, prefix)} is present")
        assert isinstance(parsed, Not) and isinstance(parsed.item, Absent)
        assert (parsed.item.name.prefix, parsed.item.name.text) == (prefix, name)
    parsed = parse(f"{write_name(name)} = {write_value(name)}")
    assert isinstance(parsed, Compare)
    assert (parsed.name.prefix, parsed.name.text, parsed.value.text) == ("", name, name)


@pytest.mark.parametrize(
    ("text", "position", "drawn"),
    [
        ("Sentiment > 0.2", 10, "Sentiment > 0.2\n          ^"),
        ("a\tb\x1b c", 3, "a b� c\n   ^"),
        ("日本 > x", 5, "日本 > x\n       ^"),
        ("", 0, "\n^"),
        ("ab", 99, "ab\n  ^"),
        ("x" * 200, 100, "…" + "x" * 76 + "…\n" + " " * 40 + "^"),
    ],
)
def test_caret_points_at_the_place(text: str, position: int, drawn: str) -> None:
    assert caret(text, position) == drawn


def test_the_parser_library_is_loaded_by_the_first_filter_only() -> None:
    code = (
        "import sys; from registry.search import complete, compile_listing, parse; parse(''); parse(' ')\n"
        "assert 'lark' not in sys.modules; parse('a'); assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
