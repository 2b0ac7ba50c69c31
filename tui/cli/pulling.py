"""`pull`: experiments from a tracker that others keep, with a report of what became of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop
from tui.cli.options import format_options
from tui.cli.progress import bar_of_records
from tui.safe import safe

if TYPE_CHECKING:
    from registry.exchange.report import ImportReport
    from registry.trackers.mapping import NameMapping


@click.command(
    cls=Command,
    examples=[
        "experiments pull mlflow --tracking-uri http://127.0.0.1:5000 --dry-run",
        "experiments pull mlflow --experiment scoring --filter 'metrics.edge > 0.1'",
        "experiments pull mlflow --experiment old-runs --weight-prefix w. --hyperparameter-prefix ''",
    ],
)
@click.argument("tracker", type=click.Choice(["mlflow"]))
@click.option(
    "--tracking-uri", metavar="URI", help="Where MLflow is: http://…, sqlite:///FILE [else MLFLOW_TRACKING_URI]."
)
@click.option(
    "--experiment", "experiments", metavar="NAME", multiple=True,
    help="MLflow's experiment, or several of them [default: experiment-registry].",
)  # fmt: skip
@click.option("--filter", "runs", metavar="FILTER", default="", help="Those runs that match, in MLflow's own language.")
@click.option("--map", "map_", metavar="FILE.toml", help="What the params of runs that were never ours mean.")
@click.option("--weight-prefix", metavar="TEXT", help="The same, shortly: params that begin so are weights.")
@click.option("--hyperparameter-prefix", metavar="TEXT", help="Params that begin so are hyperparameters; '' is all.")
@click.option(
    "--metadata",
    type=click.Choice(["fill", "replace"]),
    default="fill",
    show_default=True,
    help="For an experiment that is there: unite tags and fill an empty description, or replace both.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@format_options
@pass_app
def pull(
    app: App,
    tracker: str,
    tracking_uri: str | None,
    experiments: tuple[str, ...],
    runs: str,
    map_: str | None,
    weight_prefix: str | None,
    hyperparameter_prefix: str | None,
    metadata: Literal["fill", "replace"],
    dry_run: bool,
    form: str,
) -> None:
    """Bring experiments in from a tracker: MLflow.

    What `push` attached to a run is read first and comes in as it was, with its run. Runs that were never ours need
    a mapping: --weight-prefix, or --map with a file of [weights], [hyperparameters], [transformations] (prefix = "…",
    only = […]) and [metrics] (and panel, period); what is not mapped is listed. Repeating it changes nothing. It
    needs pip install 'experiment-registry[mlflow]'.

    Exit code 4 when the tracker can't be reached, 5 when some runs were refused, 2 when all were.
    """
    mapping = _mapping(map_, weight_prefix, hyperparameter_prefix)
    registry = app.registry(Missing.CREATED)
    existed = registry.exists()
    with bar_of_records() as progress:
        report = registry.pull_mlflow(
            tracking_uri,
            *([experiments] if experiments else []),
            runs=runs,
            mapping=mapping,
            metadata=metadata,
            dry_run=dry_run,
            progress=progress,
        )
    if not existed and registry.exists():
        output.note(f"made a new registry: {registry.path}")
    if form == "json":
        output.record(report.to_dict())
    else:
        _tell_beside(report)
        if form == "table":
            _tell(report)
        else:
            output.records([each.to_dict() for each in report.records], form)
    if report.refused:
        raise Stop(Exit.PARTLY if report.records else Exit.USAGE)


def _mapping(file: str | None, weights: str | None, hyperparameters: str | None) -> NameMapping | None:
    if file is not None:
        if weights is not None or hyperparameters is not None:
            raise click.UsageError("--map says all; leave out --weight-prefix and --hyperparameter-prefix")
        from registry.trackers.mapping import read_mapping

        return read_mapping(file)
    if weights is None:
        if hyperparameters is not None:
            raise click.UsageError(
                "--hyperparameter-prefix needs --weight-prefix, which tells which params are weights"
            )
        return None
    from registry.trackers.mapping import Group, NameMapping

    return NameMapping(Group(weights), Group(hyperparameters))


def _tell_beside(report: ImportReport) -> None:
    for remark in report.remarks:
        output.note(f"{safe(remark.source)}: {safe(remark.text)}")
    for refusal in report.refused:
        output.note(f"refused {safe(refusal.source)}: {safe(refusal.reason)}")


def _tell(report: ImportReport) -> None:
    counts = {outcome: count for outcome, count in report.counts.items() if count}
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) or "nothing found to pull"
    if report.runs:
        said += f", with {of_them(report.runs, 'new run')}"
    output.line(f"would be pulled: {said}" if report.dry_run else said)


commands = {"pull": pull}
