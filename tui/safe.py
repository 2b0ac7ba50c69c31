"""`safe`: the one gate through which text of users passes on its way to a terminal.

Descriptions, tags, names and paths may hold anything. A raw ESC or C1 byte goes through every widget and
every `print` to the terminal, where it can set the title or write the clipboard; bidi overrides reorder
what is read, zero-width characters hide it. All of them are shown here as the escapes programmers know
(``\\x1b``, ``\\u202e``), so nothing acts and nothing hides. Imports nothing: the commands use it too.
"""

from __future__ import annotations

import re
from typing import Final

_INVISIBLE: Final = (
    "\u00ad"  # soft hyphen
    "\u034f"  # combining grapheme joiner
    "\u061c"  # Arabic letter mark
    "\u070f"
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers: blank, but not spaces
    "\u17b4\u17b5"
    "\u180b-\u180f"
    "\u200b-\u200f"  # zero-width space, joiners, direction marks
    "\u2028-\u202e"  # line and paragraph separators, embeddings and overrides
    "\u2060-\u206f"  # word joiner, invisible operators, isolates
    "\ufeff"
    "\ufff0-\ufffb"
    "\U00013430-\U0001345f"  # hieroglyph format controls
    "\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags and the further variation selectors
)
_SURROGATES: Final = "\ud800-\udfff"  # undecodable bytes of a file name; no terminal can be sent them

_UNSAFE: Final = re.compile(rf"[\x00-\x1f\x7f-\x9f{_INVISIBLE}{_SURROGATES}]")
_UNSAFE_IN_LINES: Final = re.compile(rf"[\x00-\x09\x0b-\x1f\x7f-\x9f{_INVISIBLE}{_SURROGATES}]")
_PRESENTATION: Final = re.compile("[\ufe00-\ufe0f]")
_NAMED: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def safe(text: str, *, lines: bool = False) -> str:
    r"""Return `text` as it may be shown: one line, nothing that acts on a terminal, nothing that hides.

    With `lines` the line ends are kept and tabs become spaces: for text that is shown as a paragraph.
    Variation selectors (how an emoji is drawn) are left out: terminals disagree about their width.

    >>> safe("plain")
    'plain'
    >>> print(safe("\x1b]0;title\x07 two\nlines"))
    \x1b]0;title\x07 two\nlines
    """
    if text.isascii() and text.isprintable():
        return text
    if lines:
        text = text.replace("\r\n", "\n").expandtabs(4)
    pattern = _UNSAFE_IN_LINES if lines else _UNSAFE
    return _PRESENTATION.sub("", pattern.sub(_escaped, text))
