"""How each shell hands over the line, and how it wants the answer: click's shell completion with our scripts.

click's own scripts split the line at spaces inside quotes and print values as they are; here the line comes as
arguments, and a value may hold anything.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from tui.cli.completing import line, scripts
from tui.safe import safe

Item = CompletionItem[Any]

_LONGEST = 70
"""Characters of what is said of a value."""


class Completing(ShellComplete):
    """What all shells have in common."""

    def get_completions(self, args: list[str], incomplete: str) -> list[Item]:
        """Return what the word `incomplete` could become, whole words that begin so, and `file` or `dir` for paths."""
        try:
            option, equals, value = incomplete.partition("=")
            if equals and option.startswith("--"):
                found = self._found([*args, option], value)
                return [_with(item, f"{option}=") for item in found]
            return self._found(args, incomplete)
        except (click.ClickException, click.exceptions.Exit):  # a line that is wrong further left
            return []

    def _found(self, args: list[str], incomplete: str) -> list[Item]:
        found: list[Item] = []
        if incomplete.startswith("-") and not incomplete.startswith("--"):
            # -COLUMN turns an order round, and -tag:x in a filter finds everything else
            inner = [item for item in super().get_completions(list(args), incomplete[1:]) if item.turned]
            found = [_with(item, "-") for item in inner if len(incomplete) > 1 or item.of_option]
            if any(item.of_option for item in inner):
                return found
        found = [*super().get_completions(list(args), incomplete), *found]
        return [item for item in found if item.type in ("file", "dir") or str(item.value).startswith(incomplete)]


def _with(item: Item, before: str) -> Item:
    value = item.value if item.type in ("file", "dir") else f"{before}{item.value}"
    return CompletionItem(value, item.type, item.help, of_option=item.of_option, more=item.more)


def _about(item: Item) -> str:
    text = safe(item.help or "")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _kind(item: Item) -> str:
    return "open" if item.more and item.type == "plain" else item.type


class Bash(Completing):
    """bash replaces only the end of a word, as readline divides it, and takes what is put there as it is."""

    name = "bash"
    source_template = scripts.BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Read the line up to the cursor, and what readline will replace at its end."""
        typed, replaced = _words(2)
        words = line.read(typed)
        kept = line.read(typed.removesuffix(replaced))[-1] if replaced else words[-1]
        self._kept = kept
        return [word.text for word in words[1:-1]], words[-1].text

    def format_completion(self, item: Item) -> str:
        """Write the end of the word, quoted as the place where it goes asks for; where it can't go, nothing."""
        if item.type in ("file", "dir"):
            return f"{item.type},"
        value = str(item.value)
        if not value.startswith(self._kept.text):
            return ""
        return f"{_kind(item)},{line.write(value[len(self._kept.text) :], self._kept.quote)}"


class Zsh(Completing):
    """zsh hands over finished words and quotes by itself what is chosen."""

    name = "zsh"
    source_template = scripts.ZSH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Read the words; the last is the one being typed."""
        *args, incomplete = _words(1)
        return args, incomplete

    def format_completion(self, item: Item) -> str:
        """Write three lines: the kind, the value with escapes, what is shown of it."""
        value = str(item.value).replace("\\", "\\\\").replace("\n", "\\n")
        about = _about(item)
        shown = safe(str(item.value))
        return f"{_kind(item)}\n{value}\n{f'{shown}  -- {about}' if about else shown}"


class Fish(Completing):
    """fish hands over finished words, but the one being typed as it stands; it quotes by itself what is chosen."""

    name = "fish"
    source_template = scripts.FISH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Read the words; the last is the one being typed."""
        *args, incomplete = _words(1)
        return args, " ".join(word.text for word in line.read(incomplete, fish=True))

    def format_completion(self, item: Item) -> str:
        """Write one line: kind, value, a tab, what is said of it.

        Left out is what the line can't carry, and what fish would show as it is though it hides or reorders.
        """
        value = str(item.value)
        if "\n" in value or "\t" in value or any(not char.isascii() and safe(char) != char for char in value):
            return ""
        about = _about(item)
        return f"{_kind(item)},{value}\t{about}" if about else f"{_kind(item)},{value}"


def _words(fewest: int) -> list[str]:
    words = sys.argv[1:]
    return words if len(words) >= fewest else [""] * fewest


def register() -> None:
    """Let click use these for their shells."""
    for shell in SHELLS:
        add_completion_class(shell)


SHELLS: Sequence[type[Completing]] = (Bash, Zsh, Fish)
