"""HTML that can't be broken by what is put into it: text is escaped unless it was made here."""

from __future__ import annotations

import html
from collections.abc import Iterable

from registry.search.words import printable

_VOID = frozenset({"meta", "br"})


class Markup(str):
    """HTML that was made here; every other text is a person's."""

    __slots__ = ()


Child = str | Markup | None


def one_line(text: str, most: int | None = None) -> str:
    """Return a person's text on one line, without control or bidi characters; cut to `most` characters."""
    shown = printable(" ".join(text.split()))
    return shown if most is None or len(shown) <= most else shown[: most - 1] + "…"


def escaped(text: str) -> Markup:
    """Return text as HTML, whatever is in it."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text)))


def joined(children: Iterable[Child]) -> Markup:
    """Return HTML one after another; None is nothing."""
    return Markup("".join(escaped(child) for child in children if child is not None))


def element(tag: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an element; of an attribute's name `_` at the end is dropped and others are hyphens.

    >>> element("a", "<b> & c", class_="x", data_sort=1.5, hidden=False)
    '<a class="x" data-sort="1.5">&lt;b&gt; &amp; c</a>'
    """
    written = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{joined(children)}</{tag}>")
