"""`export`: experiments to a file, a folder, or stdout; what is written imports as the same experiments."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import click

from registry.errors import FileExistsRefusal
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import refuse
from tui.cli.options import (
    Look,
    Order,
    check_choice,
    chosen,
    filter_option,
    look_options,
    note_metrics,
    order_options,
    present_affected,
)
from tui.safe import safe

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from registry.results import Results

STDOUT = "-"
ALL = "all"
"""As `--metrics`: every one there is."""


@click.command(
    cls=Command,
    examples=[
        "experiments export 08d6b6669e67 baseline.json",
        "experiments export --filter 'tag:production' configs/",
        "experiments export --filter 'features >= 0' everything.ndjson --force",
        "experiments export --filter 'tag:production' weights.csv --metrics m.edge,m.sharpe",
        "experiments export latest - | jq .feature_weights",
    ],
)
@click.argument("words", metavar="[HASH…] FILE", nargs=-1, required=True)
@filter_option
@order_options()
@look_options
@click.option(
    "--runs",
    "with_runs",
    is_flag=True,
    help="Take the runs along (`runs` of each record), and what else was tried (`trials`).",
)
@click.option("--aliases", "with_aliases", is_flag=True, help="Tell which aliases point to them, too.")
@click.option("--long", is_flag=True, help="In a table: a row for each weight, transformation, hyperparameter.")
@click.option(
    "--metrics", metavar="NAMES", help="In a table: these metrics of runs as columns, such as m.edge; or all."
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@pass_app
def export(
    app: App,
    words: tuple[str, ...],
    filter_: str | None,
    order: Order,
    look: Look,
    with_runs: bool,
    with_aliases: bool,
    long: bool,
    metrics: str | None,
    force: bool,
) -> None:
    """Write experiments to files.

    FILE may be `-`, stdout. One experiment becomes one JSON. Several become an array in a FILE.json, a line
    each in a FILE.ndjson, a row each in a FILE.csv or FILE.parquet (--long: a row for each of its weights,
    transformations and hyperparameters), a file each in a folder; on stdout a line each, or an array with --json.
    """
    from registry.exchange import export_many, export_one
    from registry.exchange.table_form import table_suffix

    *refs, target = words
    if not refs and filter_ is None:
        raise click.UsageError("say what and where to: HASH… (or --filter FILTER), then FILE, a folder, or -")
    check_choice(refs, filter_)
    if target == STDOUT and (look.ids or look.columns is not None or look.form == "csv"):
        raise click.UsageError("to stdout whole experiments are written: leave out --ids, --columns and csv")
    table = target != STDOUT and table_suffix(target) is not None
    if long and not table:
        raise click.UsageError("--long is for tables: end FILE in .csv or .parquet")
    if metrics is not None and not table:
        raise click.UsageError(
            "--metrics is for tables: end FILE in .csv or .parquet; elsewhere --runs takes the runs along"
        )
    if table and (with_runs or with_aliases):
        raise click.UsageError("a table holds no runs and no aliases; name a FILE.ndjson to take them along")
    registry = app.registry(Missing.NAMED if filter_ is None else Missing.NOTHING)
    hashes = chosen(registry, refs, filter_, order, look)
    one = filter_ is None and len(refs) == 1 and refs[0] != STDOUT
    runs = registry.carrier() if with_runs else None
    marks = registry.marks_to_carry(hashes, aliases=with_aliases)
    measured = None if metrics is None else _metrics(registry, hashes, metrics, order)
    destination = sys.stdout if target == STDOUT else target
    try:
        if one and look.form != "ndjson" and not table:
            report = export_one(registry.config(hashes[0]), destination, force=force, runs=runs, marks=marks)
        else:
            form: Literal["json", "ndjson"] = "json" if look.form == "json" else "ndjson"
            report = export_many(
                registry.configs(hashes),
                destination,
                force=force,
                form=form,
                runs=runs,
                marks=marks,
                long=long,
                metrics=measured,
            )
    except FileExistsRefusal as refusal:
        raise refuse(f"{refusal} (--force)") from None
    if target != STDOUT:
        present_affected(registry, hashes, look, f"wrote {of_them(report.count)} to {safe(str(report.path))}")
        if not with_runs and (left := registry.count_runs(hashes)):
            how = "a FILE.ndjson with --runs" if table else "--runs"
            output.note(f"{of_them(left, 'run')} of them stayed behind; {how} takes them along")


def _metrics(registry: ExperimentRegistry, hashes: Sequence[str], written: str, order: Order) -> Results:
    """Return the metrics that go into a table, and say where they were read."""
    names = None if written.strip() == ALL else [written]
    found = registry.metrics_of(hashes, names, panel=order.panel, period=order.period)
    note_metrics(found)
    return found


commands = {"export": export}
