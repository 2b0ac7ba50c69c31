"""`list` and `search`: the same rows, the same options; they differ in what finding nothing means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry.numbers import best_of, of_them
from registry.results import Results
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import nothing
from tui.cli.options import Look, Order, filter_option, look_options, order_options

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry

FIRST = 100
"""So many rows a table has in a terminal when no limit is given."""


def find(registry: ExperimentRegistry, filter_: str, order: Order, look: Look) -> Results:
    """Return the rows to show."""
    limit = order.count
    if order.limit is None and look.for_people and output.is_terminal():
        limit = FIRST
    columns = "hash" if look.ids else look.columns
    return registry.search(
        filter_, sort=order.sort, limit=limit, columns=columns, panel=order.panel, period=order.period
    )


def present(found: Results, look: Look, empty: str | None = None) -> None:
    """Write the rows, or what `empty` says where there are none."""
    if look.ids:
        output.lines(row[0] for row in found.rows)
    else:
        output.listing(found, look.form, empty)


def remark(registry: ExperimentRegistry, found: Results, filter_: str, look: Look) -> None:
    """Say what is not shown: by the filter, and by the limit."""
    hidden = found.total - len(found)
    parts = []
    if look.for_people and output.is_terminal():
        if filter_:
            everything = registry.count()
            parts.append(f"{found.total:,} of {of_them(everything)} match")
        else:
            parts.append(of_them(found.total))
    if hidden:
        parts.append(f"{hidden:,} not shown (--limit 0 shows all)")
    if found.metrics_from is not None:
        parts.append(f"metrics on {found.metrics_from}{best_of(found.tried)}")
    if parts:
        output.note("; ".join(parts))
    if found.metrics_note is not None:
        output.note(found.metrics_note)


@click.command(
    "list",
    cls=Command,
    examples=[
        "experiments list --limit 10 --sort -w.SentimentScore",
        "experiments list --filter 'tag:baseline' --columns hash,created,w.SentimentScore,hp.k",
        "experiments list --columns hash,m.edge,m.sharpe --sort -m.edge --panel sp500_20",
        "experiments list --json | jq -r '.[].config_hash'",
    ],
)
@filter_option
@order_options()
@look_options
@pass_app
def list_(app: App, filter_: str | None, order: Order, look: Look) -> None:
    """List experiments, newest first.

    In a terminal the first 100; in a pipe all of them. How many are not shown is always said.
    """
    registry = app.registry(Missing.EMPTY)
    found = find(registry, filter_ or "", order, look)
    present(found, look, app.empty(f"nothing matches {filter_}" if filter_ else "no experiments here yet"))
    if found.total or found.metrics_from is not None:
        remark(registry, found, filter_ or "", look)


@click.command(
    cls=Command,
    dashes=True,
    examples=[
        "experiments search baseline",
        "experiments search 'SentimentScore > 0.2 and tag:baseline'",
        "experiments search 'created > -7d' '-tag:production' --ids",
        "experiments search 'hp.walk.days in (30, 60) or desc:\"sentiment weight\"' --json",
    ],
)
@click.argument("filter_", metavar="FILTER…", nargs=-1, required=True)
@order_options()
@look_options
@pass_app
def search(app: App, filter_: tuple[str, ...], order: Order, look: Look) -> None:
    """Find experiments by words, tags, weights, dates.

    \b
    baseline                     the word in tags, description, notes, or the start of a hash
    tag:v2  desc:safe  note:…    in one of them; tag: is exact
    w.X > 0.2  hp.k in (5, 10)   weights and hyperparameters; nested ones are hp.walk.days
    transform.X = zscore         transformations; `is absent` asks for what is not there
    created > -7d  features >= 8 dates (UTC) and the number of features
    m.edge > 0.01  runs >= 2     metrics of the latest run on one panel and period; min(m.edge) over windows
    and, or, not, -, ( )         words side by side must all match

    Several arguments are joined by spaces. Exit code 1 when nothing matches.
    """
    text = " ".join(filter_)
    registry = app.registry(Missing.NOTHING)
    found = find(registry, text, order, look)
    if not found.total:
        if look.form != "table":
            present(found, look)
        said = registry.hint(text)
        where = f" (metrics on {found.metrics_from})" if found.metrics_from is not None else ""
        raise nothing(f"nothing matches {text}{where}" + (f": {said}" if said else ""))
    present(found, look)
    remark(registry, found, text, look)


commands = {"list": list_, "search": search}
