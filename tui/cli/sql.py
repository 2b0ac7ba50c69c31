"""`sql`: a read-only question in SQL, answered as a table, JSON, CSV or a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from registry.errors import FileExistsRefusal
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import refuse
from tui.cli.options import format_options
from tui.cli.table import Column
from tui.safe import safe

SUFFIXES = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}


@click.command(
    cls=Command,
    dashes=True,
    examples=[
        "experiments sql 'SELECT feature, avg(weight) FROM weights GROUP BY feature ORDER BY 2 DESC'",
        "experiments sql 'SELECT * FROM experiment_tags' --format csv",
        "experiments sql 'SELECT config_hash, feature, weight FROM weights' -o weights.parquet",
    ],
)
@click.argument("query", metavar="QUERY")
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to FILE.csv, .json, .ndjson or .parquet.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@format_options
@pass_app
def sql(app: App, query: str, file: Path | None, force: bool, form: str) -> None:
    """Ask the registry in SQL (read-only).

    A query reads nothing but the registry, and changes nothing.

    \b
    experiments      config_hash, created_at, description, feature_names, feature_weights,
                     feature_transformations, hyperparameters, tags, config_json, parent
    experiment_tags  config_hash, tag
    weights          config_hash, feature, weight
    transformations  config_hash, feature, transformation
    hyperparameters  config_hash, name, value, number
    notes, events    what people wrote, and what happened
    runs, run_metrics, run_windows, run_dates, trials    what was evaluated, and how often one tried
    aliases, alias_moves    what is in force, and what was

    One statement at a time; `-` reads it from stdin. In a table numbers are rounded; --format csv or json has
    all digits.
    """
    if file is not None and file.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"{file}: the name says no format; end it in {', '.join(SUFFIXES)}")
    text = sys.stdin.read() if query == "-" else query
    registry = app.registry(Missing.NEEDED)
    from tui.cli.stopping import stoppable

    with registry.store.read() as session, stoppable(session.interrupt):
        found = registry.sql(text)  # in the session that is open
    if file is None:
        if form == "table":
            output.table(
                found,
                [
                    Column(safe(name), right=output.is_numeric(found, i), shrinks=True)
                    for i, name in enumerate(found.columns)
                ],
            )
        else:
            output.listing(found, form)
        return
    from tui.cli.files import write_results

    try:
        write_results(found, file, SUFFIXES[file.suffix.lower()], force=force)
    except FileExistsRefusal as refusal:
        raise refuse(f"{refusal} (--force)") from None
    output.note(f"wrote {of_them(len(found), 'row')} to {file}")


commands = {"sql": sql}
