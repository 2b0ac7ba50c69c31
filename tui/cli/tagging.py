"""`tag`, `untag`, `tags`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from registry.numbers import of_them
from registry.results import Results
from tui import tag_text
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

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry


@click.command(
    cls=Command,
    examples=[
        "experiments tag production,q4-2024 08d6b6669e67",
        "experiments tag high-sentiment --filter 'SentimentScore >= 0.25'",
        "experiments tag '\"k=5,10\",sweep' latest",
        "experiments search 'created > -1d' --ids | experiments tag sweep-7 -",
    ],
)
@click.argument("tags", metavar="TAG[,TAG]")
@chosen_options
@pass_app
def tag(app: App, tags: str, refs: tuple[str, ...], filter_: str | None, order: Order, look: Look) -> None:
    """Add tags.

    Several tags are separated by commas; a tag with a comma stands in quotes, as in CSV: '"a,b",c'.
    """
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
    """Remove tags.

    Several tags are separated by commas; a tag with a comma stands in quotes, as in CSV: '"a,b",c'.
    """
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
    sentence = f"{done} {of_them(changed)}" + (f"; {same:,} {had} {it} already" if same and had == "had" else "")
    if same and had != "had":
        sentence += f"; {same:,} {had} {it}"
    present_affected(registry, hashes, look, sentence)


def split_tags(text: str) -> list[str]:
    """Return the tags in a comma-separated list, each once; one that can't be read is a usage error."""
    try:
        return tag_text.split_tags(text)
    except ValueError as error:
        raise click.UsageError(safe(str(error))) from None


@click.command(
    cls=Command,
    examples=["experiments tags", "experiments tags --rename basline baseline", "experiments tags --format csv"],
)
@click.option("--rename", nargs=2, metavar="OLD NEW", help="Rename a tag wherever it is.")
@format_options
@pass_app
def tags(app: App, rename: tuple[str, str] | None, form: str) -> None:
    """List the tags, or rename one.

    Each comes with how many experiments have it. A tag is renamed wherever it is, also in the trash; where NEW
    is a tag already the two become one.
    """
    if rename:
        _rename(app, *rename, form)
        return
    registry = app.registry(Missing.EMPTY)
    output.listing(Results(["tag", "experiments"], registry.tags().items()), form, app.empty("no tags"))


def _rename(app: App, old: str, new: str, form: str) -> None:
    registry = app.registry(Missing.NAMED)
    before = 0 if old == new else _having(registry, new)
    count = registry.rename_tag(old, new)
    if form != "table":
        columns = ["old", "new", "experiments", "new_before"]
        output.listing(Results(columns, [(old, new, count, before)]), form)
    elif old == new:
        output.line(f"{safe(old)} is called that already; nothing was changed")
    elif before:
        output.line(
            f"merged {safe(old)} into {safe(new)}, which {of_them(before)} had before:"
            f" {of_them(count)} had {safe(old)}, {of_them(_having(registry, new))} have {safe(new)} now"
        )
    else:
        output.line(f"renamed {safe(old)} to {safe(new)} on {of_them(count)}")


def _having(registry: ExperimentRegistry, tag: str) -> int:
    """Return how many experiments have a tag, those in the trash included, which a renaming changes too."""
    from registry.search.words import quote

    return sum(registry.count(f"tag:{quote(tag)}", trashed=trashed) for trashed in (False, True))


commands = {"tag": tag, "untag": untag, "tags": tags}
