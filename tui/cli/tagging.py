"""`tag`, `untag`, `tags`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from registry.results import Results
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.options import (
    Look,
    Order,
    check_choice,
    chosen,
    chosen_options,
    format_options,
    present_affected,
)
from tui.safe import safe


@click.command(
    cls=Command,
    examples=[
        "experiments tag production,q4-2024 08d6b6669e67",
        "experiments tag high-sentiment --filter 'SentimentScore >= 0.25'",
        "experiments search 'created > -1d' --ids | experiments tag sweep-7 -",
    ],
)
@click.argument("tags", metavar="TAG[,TAG]")
@chosen_options
@pass_app
def tag(app: App, tags: str, refs: tuple[str, ...], filter_: str | None, order: Order, look: Look) -> None:
    """Add tags to experiments. Several tags are separated by commas."""
    _change(app, "tagged", tags, refs, filter_, order, look)


@click.command(
    cls=Command,
    examples=[
        "experiments untag production 08d6b6669e67",
        "experiments untag old,draft --filter 'tag:old and created < 2024-01-01'",
    ],
)
@click.argument("tags", metavar="TAG[,TAG]")
@chosen_options
@pass_app
def untag(app: App, tags: str, refs: tuple[str, ...], filter_: str | None, order: Order, look: Look) -> None:
    """Remove tags from experiments. Several tags are separated by commas."""
    _change(app, "untagged", tags, refs, filter_, order, look)


def _change(app: App, done: str, tags: str, refs: Sequence[str], filter_: str | None, order: Order, look: Look) -> None:
    check_choice(refs, filter_)
    names = split_tags(tags)
    registry = app.registry(Missing.NAMED if filter_ is None else Missing.NOTHING)
    hashes = chosen(registry, refs, filter_, order, look)
    changed = registry.tag(hashes, names) if done == "tagged" else registry.untag(hashes, names)
    same = len(hashes) - changed
    had = "had" if done == "tagged" else "did not have"
    it = "it" if len(names) == 1 else "them"
    sentence = f"{done} {output.plural(changed)}" + (f"; {same:,} {had} {it} already" if same and had == "had" else "")
    if same and had != "had":
        sentence += f"; {same:,} {had} {it}"
    present_affected(registry, hashes, look, sentence)


def split_tags(text: str) -> list[str]:
    """Return the tags in a comma-separated list."""
    names = [part.strip() for part in text.split(",")]
    if not all(names):
        raise click.UsageError(f"{text!r} has an empty tag; write TAG or TAG,TAG")
    return list(dict.fromkeys(names))


@click.command(
    cls=Command,
    examples=["experiments tags", "experiments tags --rename basline baseline", "experiments tags --format csv"],
)
@click.option("--rename", nargs=2, metavar="OLD NEW", help="Rename a tag wherever it is.")
@format_options
@pass_app
def tags(app: App, rename: tuple[str, str] | None, form: str) -> None:
    """List the tags with how many experiments have each, or rename one everywhere."""
    if rename:
        old, new = rename
        count = app.registry(Missing.NAMED).rename_tag(old, new)
        if form == "table":
            output.line(f"renamed {safe(old)} to {safe(new)} on {output.plural(count)}")
        else:
            output.listing(Results(["old", "new", "experiments"], [(old, new, count)]), form)
        return
    registry = app.registry(Missing.EMPTY)
    output.listing(Results(["tag", "experiments"], registry.tags().items()), form, app.empty("no tags"))


commands = {"tag": tag, "untag": untag, "tags": tags}
