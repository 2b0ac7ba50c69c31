"""`describe` and `note`: the words people add to an experiment."""

from __future__ import annotations

import sys

import click

from registry.config import SHORT_HASH
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import refuse


def _text(words: tuple[str, ...]) -> str:
    """Return the words joined by spaces; `-` alone is the text on stdin."""
    if words != ("-",):
        return " ".join(words)
    text = sys.stdin.read().rstrip("\n")
    if not text.strip():  # most often the command before the pipe failed
        raise refuse("stdin holds no text; nothing was changed (an empty text can be given as '')")
    return text


@click.command(
    cls=Command,
    dashes=True,
    examples=[
        "experiments describe 08d6b6669e67 'Sentiment weight up from 0.15 to 0.25'",
        "experiments describe latest ''",
        "git log -1 --format=%s | experiments describe latest -",
    ],
)
@click.argument("ref", metavar="HASH")
@click.argument("words", metavar="TEXT…", nargs=-1, required=True)
@pass_app
def describe(app: App, ref: str, words: tuple[str, ...]) -> None:
    """Replace a description.

    The old one stays in the log. `-` reads the text from stdin.
    """
    registry = app.registry(Missing.NAMED)
    full = registry.resolve(ref)
    changed = registry.describe(full, _text(words))
    output.line(f"described {full[:SHORT_HASH]}" if changed else f"{full[:SHORT_HASH]} is described like that already")


@click.command(
    cls=Command,
    dashes=True,
    examples=[
        "experiments note 08d6b6669e67 'window 7 is thin: holidays'",
        "experiments note latest - < review.txt",
    ],
)
@click.argument("ref", metavar="HASH")
@click.argument("words", metavar="TEXT…", nargs=-1, required=True)
@pass_app
def note(app: App, ref: str, words: tuple[str, ...]) -> None:
    """Add a dated note.

    Notes are only added. `-` reads the text from stdin.
    """
    registry = app.registry(Missing.NAMED)
    full = registry.resolve(ref)
    registry.note(full, _text(words))
    output.line(f"noted on {full[:SHORT_HASH]}")


commands = {"describe": describe, "note": note}
