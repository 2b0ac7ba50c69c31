"""Words as a shell reads them, and how to write a text so that a shell reads it back: for bash and fish.

Only quoting is read: variables, commands and patterns stay as they are typed, nothing is ever run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tui.safe import safe

_ANSI: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_NUMBERED: Final = re.compile(
    r"x(?P<x>[0-9a-fA-F]{1,2})|u(?P<u>[0-9a-fA-F]{1,4})|U(?P<U>[0-9a-fA-F]{1,8})|(?P<o>[0-7]{1,3})"
)
_PLAIN: Final = re.compile(r"[\w./,:=@%+^-]", re.ASCII)
_BREAKS: Final = " \t\n"


@dataclass(slots=True)
class Word:
    """One word of a line: what it says, and the quote it is still inside of, if any (`'`, `"` or `$'`)."""

    text: str = ""
    quote: str = ""


def read(line: str, *, fish: bool = False) -> list[Word]:
    """Return the words of a line; the last is the one being typed, empty after a space."""
    words: list[Word] = []
    word = Word()
    begun = False
    at = 0
    while at < len(line):
        char = line[at]
        at += 1
        if word.quote == "$'":
            if char == "'":
                word.quote = ""
            elif char == "\\":
                made, at = _ansi(line, at)
                word.text += made
            else:
                word.text += char
        elif word.quote:
            if char == word.quote:
                word.quote = ""
            elif char == "\\" and at < len(line) and line[at] in _ESCAPED[word.quote, fish]:
                word.text += line[at]
                at += 1
            else:
                word.text += char
        elif char in _BREAKS:
            if begun:
                words.append(word)
            word, begun = Word(), False
            continue
        elif char in "'\"":
            word.quote = char
        elif char == "$" and line[at : at + 1] == "'" and not fish:
            word.quote = "$'"
            at += 1
        elif char == "\\" and at < len(line):
            made, at = _ansi(line, at) if fish else (line[at], at + 1)
            word.text += "" if made == "\n" and not fish else made
        elif char != "\\":
            word.text += char
        begun = True
    return [*words, word]


_ESCAPED: Final = {("'", False): "", ('"', False): '"\\$`\n', ("'", True): "'\\", ('"', True): '"\\$\n'}
"""What a backslash makes mean itself, by the quote and whether it is fish's."""


def _ansi(line: str, at: int) -> tuple[str, int]:
    """Return what the escape after a backslash at `at` says, and where it ends."""
    if found := _NUMBERED.match(line, at):
        base = 8 if found.lastgroup == "o" else 16
        code = int(found[str(found.lastgroup)], base)
        if found.lastgroup in ("x", "o"):  # bytes, as they follow one another
            taken = bytearray([code & 0xFF])
            end = found.end()
            while line[end : end + 1] == "\\" and (more := re.compile(r"x([0-9a-fA-F]{1,2})").match(line, end + 1)):
                taken.append(int(more[1], 16))
                end = more.end()
            return bytes(taken).decode(errors="surrogateescape"), end
        return (chr(code) if code < 0x110000 else ""), found.end()
    char = line[at : at + 1]
    return _ANSI.get(char, char), at + 1


def write(text: str, quote: str = "") -> str:
    """Return `text` so that bash reads it back as it is, inside the quote that is open; the quote stays open.

    What can't be seen, or acts on a terminal, becomes an escape that bash undoes.

    >>> print(write("two words $(id)"))
    two\\ words\\ \\$\\(id\\)
    >>> print(write("it's", "'"))
    it'\\''s
    """
    made = "".join(_written(char, quote) for char in text)
    if quote in ("'", '"') and made.endswith(quote):
        made += quote  # readline takes this end for that of the quote, and would not close what was opened again
    return made


def _written(char: str, quote: str) -> str:
    # after a backquote, quoted or not, bash begins to complete a command of its own
    if safe(char) != char or char == "`":
        escape = "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
        return {"$'": escape}.get(quote, f"{quote}$'{escape}'{quote}")
    if quote == "'":
        return "'\\''" if char == "'" else char
    if quote == '"':
        if char == "!":  # the history would be looked up; a backslash inside the quotes would stay
            return '"\\!"'
        return f"\\{char}" if char in '"\\$`' else char
    if quote:
        return f"\\{char}" if char in "'\\" else char
    return char if _PLAIN.match(char) or not char.isascii() else f"\\{char}"
