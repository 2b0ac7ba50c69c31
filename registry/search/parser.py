"""Filter text to syntax tree. lark does the work; it is imported with the first filter, not before.

Measured: importing lark and building the tables from the grammar costs 35 to 45 ms once a process, a parse
0.15 ms. `parse("")` costs neither, so a plain `list` stays fast.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from registry.errors import FilterError
from registry.search.ast import Absent, Among, And, Compare, Everything, Match, Node, Not, Or, Text, Value
from registry.search.ast import children as inside
from registry.search.words import (
    AGGREGATES,
    NUMBER,
    PREFIXES,
    QUOTED,
    Name,
    check_characters,
    short,
    shown,
    split_name,
    trouble,
    unquote,
)

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedToken

MAX_LENGTH: Final = 20_000
"""Characters of a filter; enough for some hundred values."""

MAX_TERMS: Final = 100
"""Terms of a filter. The engine's planning time grows with their square: a third of a second here."""

MAX_DEPTH: Final = 40
"""Changes between `and` and `or` inside one another."""

_OVER_A_NAME = re.compile(rf"({'|'.join(AGGREGATES)})\(\s*([^\s()]+)\s*\)\s*\Z")

_SIGNS = {"&": "and", "&&": "and", "|": "or", "||": "or", "!": "not"}

_Parts: TypeAlias = list[Any]


def parse(text: str) -> Node:
    """Return the syntax tree of a filter; the empty text is `Everything`.

    >>> parse("k > 5")
    Compare(name=Name(prefix='', text='k', path=None, at=0, over=''), op='>', value=Value(text='5', quoted=False, at=4))

    Raises:
        FilterError: it is not a filter; the message says where and what to write.
    """
    if not text or text.isspace():
        return Everything()
    if len(text) > MAX_LENGTH:
        raise FilterError(f"the filter is longer than {MAX_LENGTH:,} characters; split it", text, MAX_LENGTH)
    check_characters(text)
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        node: Node = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedToken as error:
        raise _unexpected_token(text, error) from None
    except UnexpectedCharacters as error:
        raise _unexpected_character(text, error.pos_in_stream or 0) from None
    except FilterError as error:  # from a callback, which sees only its part of the text
        raise FilterError(error.message, text, error.position, error.suggestion) from None
    _check_size(text, node)
    return node


class _Build:
    """Makes the tree while the text is parsed, so that nothing here recurses however deep the brackets are."""

    def either(self, parts: _Parts) -> Node:
        left, right = parts
        return Or((*_items(left, Or), *_items(right, Or)))

    def both(self, parts: _Parts) -> Node:
        left, right = parts
        return And((*_items(left, And), *_items(right, And)))

    def negated(self, parts: _Parts) -> Node:
        (item,) = parts
        return item.item if isinstance(item, Not) else Not(item)

    def word(self, parts: _Parts) -> Node:
        (token,) = parts
        text = str(token)
        if (meant := _SIGNS.get(text)) is not None:
            raise trouble("", token.start_pos, f"{shown(text)} is no operator here", suggestion=meant)
        prefix, dot, _ = text.partition(".")
        if dot and prefix in PREFIXES:
            raise trouble(
                "", token.start_pos, f"{shown(text)} without a comparison",
                f"write for example {short(text)} is present, or quote it to search for the text",
            )  # fmt: skip
        return Text(text, False, token.start_pos)

    def string(self, parts: _Parts) -> Node:
        (token,) = parts
        return Text(unquote(token), True, token.start_pos)

    def name(self, parts: _Parts) -> Name:
        (token,) = parts
        return split_name(str(token), token.start_pos)

    def value(self, parts: _Parts) -> Value:
        (token,) = parts
        quoted = token.type == "STRING"
        return Value(unquote(token) if quoted else str(token), quoted, token.start_pos)

    def values(self, parts: _Parts) -> tuple[Value, ...]:
        return tuple(parts)

    def match(self, parts: _Parts) -> Node:
        return Match(*parts)

    def compare(self, parts: _Parts) -> Node:
        name, op, value = parts
        if op in _TURNED and not value.quoted and (more := _MORE.fullmatch(value.text)):
            first = f"{name.prefix}.{name.text}" if name.prefix else name.text
            what = f"unexpected {shown(more[2])}"
            raise trouble("", value.at + more.start(2), what, _two_sides(first, op, *more.groups()))
        return Compare(name, "=" if op == "==" else str(op), value)

    def among(self, parts: _Parts) -> Node:
        return Among(*parts)

    def not_among(self, parts: _Parts) -> Node:
        return Not(Among(*parts))

    def absent(self, parts: _Parts) -> Node:
        return Absent(*parts)

    def present(self, parts: _Parts) -> Node:
        return Not(Absent(*parts))


def _items(node: Node, kind: type[And] | type[Or]) -> tuple[Node, ...]:
    return node.items if isinstance(node, kind) else (node,)


@cache
def _parser() -> Lark:
    from importlib.resources import files

    from lark import Lark

    grammar = files("registry.search").joinpath("grammar.lark").read_text("utf-8")
    build: Any = _Build()
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=build, maybe_placeholders=False)


def _check_size(text: str, node: Node) -> None:
    terms = 0
    waiting = [(node, 1)]
    while waiting:
        here, depth = waiting.pop()
        below = inside(here)
        if not below:
            terms += 1
        if terms > MAX_TERMS:
            raise FilterError(f"the filter has more than {MAX_TERMS} terms; split it, or use in (…)", text)
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels; use fewer brackets", text)
        waiting += [(item, depth + 1) for item in below]


def _unexpected_character(text: str, position: int) -> FilterError:
    char = text[position]
    if char in "\"'":
        return trouble(text, position, "the quote opened", tail=" is never closed")
    if char == "!":
        return trouble(text, position, "! is no operator", suggestion="not")
    return trouble(text, position, f"unexpected {shown(char)}", "quote it to search for it")


def _unexpected_token(text: str, error: UnexpectedToken) -> FilterError:
    """Say what is missing; `expected` are the terminals that could have come, the stack what came before."""
    wanted = error.expected
    stack: list[Any] = error.interactive_parser.parser_state.value_stack
    last = _type(stack[-1]) if stack else ""
    token = error.token
    at_end = token.type == "$END"
    position = len(text.rstrip()) if at_end else int(token.start_pos or 0)
    found = "the filter ends" if at_end else f"unexpected {shown(str(token))}"
    if token.type == "OP" and isinstance(stack[-1] if stack else None, str):
        before, after = stack[-1], text[position + len(token) :]
        written = text[before.start_pos : position + len(token)]
        if last == "OP" and written in _MISWRITTEN:
            return trouble(text, before.start_pos, f"{written} is no operator", suggestion=_MISWRITTEN[written])
        if last in ("VALUE", "STRING") and len(stack) > 2 and isinstance(stack[-3], Name):
            third = re.match(rf"\s*({QUOTED}|[^\s()\"',:=<>!]+)", after, re.S)
            first = text[stack[-3].at : stack[-2].start_pos].strip()
            chain = (first, str(stack[-2]), str(before), str(token), third[1] if third else "")
            return trouble(text, position, found, _two_sides(*chain))
    if "VALUE" in wanted:
        advice = "a value is missing" + ("" if at_end else "; quote it where it holds signs or is a keyword")
    elif "_PRESENT" in wanted:
        advice = 'after "is" comes absent or present; quote words to search for them'
    elif wanted == {"_LPAR"}:
        advice = 'after "in" comes a list in brackets, such as (5, 10)'
    elif "_COMMA" in wanted and any(_type(item) in ("_IN", "_NOT_IN") for item in stack):
        advice = "the list goes on with a comma or ends with )"
    elif "_COMMA" in wanted:
        advice = "quote the value where it holds signs"
    elif last in ("DOTTED", "OVER_WINDOWS"):
        advice = "a comparison is missing, such as > 0.2 or is present"
    elif at_end and last not in _OPENERS:
        opened = next(item for item in reversed(stack) if _type(item) == "_LPAR")
        return trouble(text, int(opened.start_pos), "the bracket opened", tail=" is never closed")
    elif at_end:
        advice = "a term is missing"
    elif token.startswith("-"):
        advice = "- negates only directly before a term; quote it to search for it"
    elif token.type == "_RPAR":
        advice = "a term is missing before it" if last in _OPENERS else "no bracket is open"
    elif token.type in ("_AND", "_OR"):
        advice = "a term is missing before it; quote it to search for the word"
    elif asked := _OVER_A_NAME.search(text, 0, position):
        return trouble(text, asked.start(), found, suggestion=f"{asked[1]}(m.{asked[2]})")
    elif token.type in ("OP", "_COLON", "_IN", "_IS", "_NOT_IN"):
        advice = "a name is missing before it; quote it to search for the text"
    else:
        advice = "quote it to search for it"
    return trouble(text, position, found, advice)


_MISWRITTEN = {"=>": ">=", "=<": "<=", "<>": "!=", "><": "!=", "=!": "!=", "===": "=", "!==": "!="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


_MORE = re.compile(r"([^<>=]+)([<>]=?)([^<>=]+)")


def _two_sides(first: str, op: str, second: str, again: str, third: str) -> str:
    """Return the advice for `low < name < high`: as two comparisons, where it can be told what they are."""
    means = third and op in _TURNED and again in _TURNED and not NUMBER.match(second)
    example = f"{second} {_TURNED[op]} {first} and {second} {again} {third}" if means else ""
    return "one comparison has two sides; " + (f"write {short(example)}" if example else "join two of them by and")


_OPENERS = ("_LPAR", "_AND", "_OR", "_NOT", "_MINUS")


def _type(item: object) -> str:
    return getattr(item, "type", "")
