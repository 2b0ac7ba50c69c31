"""`delete`, `trash`, `restore`, `purge`: what leaves the list, where it waits, and how it comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.confirming import ask, check_answerable
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import nothing
from tui.cli.options import (
    Look,
    Order,
    check_choice,
    chosen,
    chosen_options,
    filter_option,
    look_options,
    order_options,
    present_affected,
)
from tui.safe import safe

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry

LAST_DELETED = "-deleted"

ASKED = 5
"""So many experiments are named in the question; the rest is counted."""


def _sure_options(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option("--force", "--yes", "sure", is_flag=True, help="Don't ask.")(function)
    return click.option("--dry-run", is_flag=True, help="Only say what would be done.")(function)


@click.command(
    cls=Command,
    examples=[
        "experiments delete 08d6b6669e67",
        "experiments delete --filter 'tag:sweep-1 and -tag:production' --dry-run",
        "experiments search 'tag:draft' --ids | experiments delete - --force",
    ],
)
@chosen_options
@_sure_options
@pass_app
def delete(
    app: App, refs: tuple[str, ...], filter_: str | None, order: Order, look: Look, sure: bool, dry_run: bool
) -> None:
    """Move experiments to the trash.

    `restore` brings them back. Asks in a terminal; anywhere else it does nothing without --force.
    """
    _check(refs, filter_)
    registry = app.registry(Missing.NAMED if filter_ is None else Missing.NOTHING)
    hashes = chosen(registry, refs, filter_, order, look)
    if dry_run:
        present_affected(registry, hashes, look, f"would move {of_them(len(hashes))} to the trash")
        return
    _confirm(registry, hashes, sure, f"Move {of_them(len(hashes))} to the trash?", "-" in refs)
    moved = registry.delete_many(hashes)
    sentence = f"moved {of_them(len(moved))} to the trash; bring back with: experiments restore HASH"
    present_affected(registry, moved, look, sentence)


@click.command(
    cls=Command,
    examples=[
        "experiments trash",
        "experiments trash --filter 'tag:sweep-1'",
        "experiments trash --ids | experiments restore -",
    ],
)
@filter_option
@order_options(LAST_DELETED)
@look_options
@pass_app
def trash(app: App, filter_: str | None, order: Order, look: Look) -> None:
    """List what lies in the trash.

    What was deleted last comes first.
    """
    registry = app.registry(Missing.EMPTY)
    columns = "hash" if look.ids else look.columns or "config_hash,deleted_at,description,created_at"
    found = registry.search(
        filter_ or "", order.sort, order.count, columns=columns, trashed=True, panel=order.panel, period=order.period
    )
    if look.ids:
        output.lines(row[0] for row in found.rows)
    else:
        output.listing(
            found, look.form, app.empty(f"nothing in the trash matches {filter_}" if filter_ else "the trash is empty")
        )
    if found.total > len(found):
        output.note(f"{found.total - len(found):,} not shown (--limit 0 shows all)")


@click.command(
    cls=Command,
    examples=["experiments restore 08d6b6669e67", "experiments trash --ids | experiments restore -"],
)
@click.argument("refs", metavar="HASH…", nargs=-1, required=True)
@look_options
@pass_app
def restore(app: App, refs: tuple[str, ...], look: Look) -> None:
    """Bring experiments back from the trash.

    Everything that was known about them comes back with them.
    """
    registry = app.registry(Missing.NAMED)
    hashes = chosen(registry, refs, None, Order("-created", None), look, trashed=True)
    back = registry.restore_many(hashes)
    present_affected(registry, back, look, f"restored {of_them(len(back))}")


@click.command(
    cls=Command,
    examples=[
        "experiments purge 08d6b6669e67",
        "experiments trash --ids | experiments purge - --force",
        "experiments purge --filter 'created < 2024-01-01' --dry-run",
    ],
)
@chosen_options
@_sure_options
@pass_app
def purge(
    app: App, refs: tuple[str, ...], filter_: str | None, order: Order, look: Look, sure: bool, dry_run: bool
) -> None:
    """Remove experiments for good.

    They must lie in the trash. Their records, tags and notes go. The log is only ever added to: it keeps what
    it said of them, texts of descriptions and notes included.

    Asks in a terminal; anywhere else it does nothing without --force.
    """
    _check(refs, filter_)
    registry = app.registry(Missing.NAMED if filter_ is None else Missing.NOTHING)
    hashes = chosen(registry, refs, filter_, order, look, trashed=True)
    if dry_run:
        present_affected(registry, hashes, look, f"would remove {of_them(len(hashes))} for good")
        return
    _confirm(registry, hashes, sure, f"Remove {of_them(len(hashes))} for good?", "-" in refs, trashed=True)
    rows = None
    if not (look.ids or look.for_people):
        rows = registry.rows_of(hashes, look.columns, panel=look.panel, period=look.period)
    gone = registry.purge_many(hashes)
    sentence = f"removed {of_them(len(gone))} for good"
    if look.ids:
        output.lines(gone)
    elif rows is not None:
        output.listing(rows, look.form)
    else:
        output.line(sentence)
        return
    output.note(sentence)


def _check(refs: Sequence[str], filter_: str | None) -> None:
    check_choice(refs, filter_)
    if filter_ is not None and not filter_.strip():
        raise click.UsageError("an empty filter would take every experiment; say what to match")


def _confirm(
    registry: ExperimentRegistry,
    hashes: Sequence[str],
    sure: bool,
    question: str,
    stdin_taken: bool,
    *,
    trashed: bool = False,
) -> None:
    """Ask in a terminal; refuse where nobody can answer."""
    if not hashes:
        raise nothing("nothing to do")
    if sure:
        return
    check_answerable(f"{question[:1].lower()}{question[1:-1]}", "--force", stdin_taken=stdin_taken)
    lines = []
    for full in hashes[:ASKED]:
        details = registry.details(full, trashed=trashed)
        lines.append(f"  {full[:SHORT_HASH]}  {safe(details.config.description)}")
    if len(hashes) > ASKED:
        lines.append(f"  and {len(hashes) - ASKED:,} more")
    ask(lines, question)


commands = {"delete": delete, "trash": trash, "restore": restore, "purge": purge}
