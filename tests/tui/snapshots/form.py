"""A screen as text that can be read and compared: its lines, and the style of every cell as a letter.

    TEXT
     Experiments   ~/research/experiments.duckdb      32 experiments
       HASH         CREATED           DESCRIPTION
    STYLES
    aaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbaaaaaaaaaaaaaaaaaa
    cccccccccccccccccccccccccccccccccccccccccccccc
    LEGEND
    .  #d8dbe2 on #14161a            #21242a on #fcfcfa
    a  bold #d8dbe2 on #22262d       bold #21242a on #e9e9e4

A letter stands for what a cell is in the dark and in the light theme; the point is what most cells are, and is left
out at the end of a line, as blanks are in the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from itertools import repeat
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.strip import Strip

PARTS: Final = ("TEXT", "STYLES", "LEGEND")
_GREEK: Final = "".join(map(chr, range(0x3B1, 0x3CA)))
_CYRILLIC: Final = "".join(map(chr, range(0x430, 0x450)))
_LETTERS: Final = ascii_letters + digits + _GREEK + _CYRILLIC
"""Letters for looks, all of them one cell wide."""
_GROUND: Final = "."
_COLUMN: Final = 40
"""Cells of a look in the legend."""


def text_of(strips: Sequence[Strip]) -> list[str]:
    """Return the lines of a screen without the blanks at their ends."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def draw(*themes: Sequence[Strip]) -> str:
    """Return a screen as text, given as it is drawn in each theme.

    Raises:
        ValueError: a theme changes words, or there are more looks than letters.
    """
    texts = [text_of(strips) for strips in themes]
    if any(text != texts[0] for text in texts):
        raise ValueError("a theme changes words:\n" + "\n".join(unified_diff(*texts[:2], lineterm="")))
    looks = [list(zip(*map(_looks, strips), strict=True)) for strips in zip(*themes, strict=True)]
    letters = _letters(looks)
    grid = ["".join(letters[look] for look in line).rstrip(_GROUND) for line in looks]
    legend = [letter + "  " + "".join(f"{each:<{_COLUMN}}" for each in look) for look, letter in letters.items()]
    parts = zip(PARTS, (texts[0], grid, [line.rstrip() for line in legend]), strict=True)
    return "".join(f"{name}\n" + "".join(f"{line}\n" for line in lines) for name, lines in parts)


def differences(expected: str, drawn: str) -> str:
    """Return what differs, first of all in the text: while that is another one, its looks say nothing."""
    before, after = _parts(expected), _parts(drawn)
    told = []
    for part in PARTS:
        told += unified_diff(before[part], after[part], f"{part}: expected", f"{part}: drawn", lineterm="")
        if told and part == PARTS[0]:
            break
    return "\n".join(told)


def _parts(text: str) -> dict[str, list[str]]:
    """Return the lines of each part."""
    parts: dict[str, list[str]] = {name: [] for name in PARTS}
    current = parts[PARTS[0]]
    for line in text.rstrip("\n").split("\n"):
        if line in parts:
            current = parts[line]
        else:
            current.append(line)
    return parts


def _looks(strip: Strip) -> Iterator[str]:
    """Yield what each cell looks like; what a click on it does is no matter of looks."""
    for segment in strip:
        told = "none" if segment.style is None else str(segment.style)
        yield from repeat(told, segment.cell_length)


def _letters(looks: Sequence[Sequence[tuple[str, ...]]]) -> dict[tuple[str, ...], str]:
    """Return a letter for each look: the point for the commonest, the others in the order they are met."""
    counted = Counter(look for line in looks for look in line)
    ground = counted.most_common(1)[0][0]
    others = [look for look in counted if look != ground]
    if len(others) > len(_LETTERS):
        raise ValueError(f"there are {len(others)} looks on one screen, and {len(_LETTERS)} letters")
    return {ground: _GROUND, **dict(zip(others, _LETTERS, strict=False))}
