"""Signs of ours that an old terminal or font lacks, as plain ASCII of the same width.

A filter over drawn lines: no widget knows of it, and a layout stays the same to the cell. Text of users is
left as it is, but for the same signs in it.
"""

from __future__ import annotations

import locale
import os
import sys
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.color import Color

_PLAIN: Final = {
    "▁▂▃▄▅▆▇█": "_.:-=+*#",
    "▏▎▍▌▋▊▉": "|||||##",
    "●★┆▌": "*R!>",
    "▲▼←→↑↓": "^v<>^v",
    "│┃─━": "||--",
    "╭╮╰╯┌┐└┘├┤┬┴┼": "+++++++++++++",
    "╺╸╹╻╴╶": "------",
    "·…›×✓✗±≤≥≠∙•": ".~>xvx+<>!..",
    "░▒▓": ".:%",
    "▔▕▊▎▐▀": "-||||-",
    "◆": "@",
}
_BRAILLE: Final = {chr(0x2800 + dots): " .::"[min(3, dots.bit_count())] for dots in range(256)}
"""The dots of a scatter: one, or several in a cell."""
_TABLE: Final = str.maketrans(
    _BRAILLE | {ours: plain for signs, plains in _PLAIN.items() for ours, plain in zip(signs, plains, strict=True)}
)


class PlainGlyphs(LineFilter):
    """Draws every sign of ours in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with signs replaced cell by cell."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(_TABLE), segment.style)
            for segment in segments
        ]


def wants_plain(setting: str) -> bool:
    """Return whether signs are to be drawn in ASCII: as the settings say, else where the terminal has no others."""
    if setting != "auto":
        return setting == "ascii"
    if os.environ.get("TERM") in ("linux", "vt100", "vt220"):
        return True
    encoding = getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(False)
    return encoding.lower().replace("-", "") not in ("utf8", "utf8sig", "utf16", "utf32")
