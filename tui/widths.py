"""How many terminal cells a text takes, without the cost of importing rich: the commands measure with it."""

from __future__ import annotations

from typing import Final
from unicodedata import combining, east_asian_width

ELLIPSIS: Final = "…"


def width(text: str) -> int:
    """Return how many cells `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def crop(text: str, cells: int) -> str:
    """Return `text` cut to at most `cells` cells, with an ellipsis where something is missing."""
    if width(text) <= cells:
        return text
    kept, used = [], 0
    for character in text:
        used += width(character)
        if used > cells - 1:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS if cells > 0 else ""
