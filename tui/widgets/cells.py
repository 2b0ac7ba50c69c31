"""Text and numbers made to fit: what is measured here is terminal cells, not characters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from tui.safe import safe

ELLIPSIS = "…"


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text`, made safe, in exactly `width` cells: cut with an ellipsis or padded with spaces."""
    if width <= 0:
        return ""
    # a cell shows at most `width` characters that take room; more only costs time on texts of 10,000
    shown = safe(text[: width * 4 + 4])
    if shown.isascii():
        if len(shown) > width:
            return shown[: width - 1] + ELLIPSIS
        return shown.rjust(width) if right else shown.ljust(width)
    room = cell_len(shown)
    if room > width:
        return set_cell_size(set_cell_size(shown, width - 1).rstrip() + ELLIPSIS, width)
    padding = " " * (width - room)
    return padding + shown if right else shown + padding


def wrap(text: str, width: int) -> list[str]:
    """Return `text`, made safe, in lines of at most `width` cells, broken between words where that can be."""
    return [line.plain.rstrip() for line in Content(safe(text)).wrap(max(1, width))]


def fit_path(path: str, width: int) -> str:
    """Return a path in at most `width` cells; what is lost is its beginning, never the file's name."""
    shown = safe(path)
    if cell_len(shown) <= width:
        return shown
    while shown and cell_len(shown) > width - 1:
        shown = shown[max(1, len(shown) - width) if len(shown) > width * 2 else 1 :]
    return ELLIPSIS + shown if width > 1 else ""


def number(count: int) -> str:
    """Return a count as people read it: 49,000."""
    return f"{count:,}"


def show_number(value: float) -> str:
    """Return a number as people write it: shortest form that reads back, at most six digits of a long one.

    >>> show_number(0.15), show_number(1 / 3), show_number(1e-12), show_number(2.0)
    ('0.15', '0.333333', '1e-12', '2.0')
    """
    text = repr(float(value))
    return text if len(text) <= 9 else f"{value:.6g}"


def show_difference(value: float) -> str:
    """Return a difference with its sign, without the dust that binary fractions leave.

    >>> show_difference(0.3 - 0.1), show_difference(-5.0), show_difference(1e-12)
    ('+0.2', '-5', '+1e-12')
    """
    return f"{value:+.6g}"


def show_value(value: Any) -> str:
    """Return a hyperparameter's value: text as it is, everything else as JSON; not yet safe."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def split_at_point(text: str) -> tuple[str, str]:
    """Return what stands before and from the decimal point (or the exponent) of a number's text."""
    for place, character in enumerate(text):
        if character in ".e":
            return text[:place], text[place:]
    return text, ""


def align_at_point(texts: Sequence[str | None]) -> list[str]:
    """Return the numbers' texts padded so that their points stand under each other; None becomes blank.

    >>> align_at_point(["0.15", "12", None, "-1.5"])
    [' 0.15', '12   ', '     ', '-1.5 ']
    """
    parts = [split_at_point(text) for text in texts if text is not None]
    before = max((len(head) for head, _ in parts), default=0)
    after = max((len(tail) for _, tail in parts), default=0)
    aligned = []
    for text in texts:
        head, tail = ("", "") if text is None else split_at_point(text)
        aligned.append(head.rjust(before) + tail.ljust(after))
    return aligned
