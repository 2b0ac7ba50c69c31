"""`push` and `pull`: experiments handed to a tracker that others keep, and brought in from there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop
from tui.cli.options import NEWEST_FIRST, Order, check_choice, chosen, filter_option, format_options, panel_options
from tui.cli.progress import bar_of
from tui.safe import safe

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from registry.trackers.report import PushReport

_NAMED = 8
"""So many names are listed one by one."""

_OF = {"tracking_uri": "mlflow", "experiment": "mlflow", "project": "wandb", "entity": "wandb", "offline": "wandb",
       "folder": "wandb"}  # fmt: skip
"""Which tracker an option is for."""

_WRITTEN = {"tracking_uri": "--tracking-uri", "folder": "--dir"}


@click.command(
    cls=Command,
    examples=[
        "experiments push mlflow --filter 'tag:production' --tracking-uri http://127.0.0.1:5000",
        "experiments push mlflow 08d6b6669e67 latest --tracking-uri sqlite:///mlflow.db --experiment scoring",
        "experiments push wandb --filter 'tag:production' --project scoring --offline --dir runs",
    ],
)
@click.argument("tracker", type=click.Choice(["mlflow", "wandb"]))
@click.argument("refs", metavar="[HASH…]", nargs=-1)
@filter_option
@panel_options
@click.option(
    "--tracking-uri", metavar="URI", help="Where MLflow is: http://…, sqlite:///FILE [else MLFLOW_TRACKING_URI]."
)
@click.option("--experiment", metavar="NAME", help="MLflow's experiment [default: experiment-registry].")
@click.option("--project", metavar="NAME", help="W&B's project [default: experiment-registry].")
@click.option("--entity", metavar="NAME", help="W&B's user or team [default: that of the API key].")
@click.option("--offline", is_flag=True, help="Send nothing: write runs for `wandb sync`.")
@click.option("--dir", "folder", metavar="FOLDER", help="Where W&B's files go [default: beside the registry].")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@format_options
@pass_app
def push(
    app: App,
    tracker: str,
    refs: tuple[str, ...],
    filter_: str | None,
    panel: str | None,
    period: str | None,
    dry_run: bool,
    form: str,
    tracking_uri: str | None,
    experiment: str | None,
    project: str | None,
    entity: str | None,
    offline: bool,
    folder: str | None,
) -> None:
    """Push experiments to a tracker: MLflow or W&B.

    Each becomes a run with its weights (`w.NAME`, as params and as numbers to filter by), hyperparameters, tags,
    description and the metrics of its latest run on one panel and period, one step a window; a variant is nested
    under its parent. The file experiment_config.json, attached to it, says all of it. Pushing again completes what
    was interrupted, updates what changed here, and makes no second run. W&B gets
    the same as config, tags, notes, summary and history. They need pip install 'experiment-registry[mlflow]' or
    [wandb].

    Exit code 4 when the tracker can't be reached, 5 when it did not take some of them, 2 when it took none.
    """
    options = {
        "tracking_uri": tracking_uri, "experiment": experiment, "project": project, "entity": entity,
        "offline": offline, "folder": folder,
    }  # fmt: skip
    given = _of_this(tracker, options)
    check_choice(refs, filter_)
    registry = app.registry(Missing.NAMED if filter_ is None else Missing.NOTHING)
    hashes = chosen(registry, refs, filter_, Order(NEWEST_FIRST, None, panel, period))
    draw, erase = bar_of(len(hashes), "experiments")
    try:
        report = _push(
            registry, tracker, hashes, panel=panel, period=period, dry_run=dry_run,
            progress=lambda done, _: draw(done), **given,
        )  # fmt: skip
    finally:
        erase()
    if form == "table":
        _tell(report, offline=offline)
    elif form == "json":
        output.record(report.to_dict())
    else:
        output.records([each.to_dict() for each in report.experiments], form)
        _tell_beside(report)
    if report.refused:
        raise Stop(Exit.PARTLY if report.experiments else Exit.USAGE)


def _push(registry: ExperimentRegistry, tracker: str, hashes: list[str], **given: Any) -> PushReport:
    return registry.push_mlflow(hashes, **given) if tracker == "mlflow" else registry.push_wandb(hashes, **given)


def _of_this(tracker: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given, or refuse those of another tracker."""
    given = {name: value for name, value in options.items() if value not in (None, False, ())}
    for name in given:
        if _OF.get(name, tracker) != tracker:
            raise click.UsageError(f"{_WRITTEN.get(name, '--' + name)} is of {_OF[name]}; leave it out for {tracker}")
    return given


def _tell(report: PushReport, *, offline: bool) -> None:
    _tell_beside(report)
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in report.counts.items() if count)
    where = f"{safe(report.project)} at {safe(report.place)}"
    if report.tracker == "wandb" and not report.dry_run and offline:
        output.note(f"to send them: wandb sync {safe(shlex.quote(report.place))}/wandb/offline-run-*")
    output.line(f"{'would be pushed to' if report.dry_run else 'pushed to'} {where}: {counts or 'nothing'}")


def _tell_beside(report: PushReport) -> None:
    for refusal in report.refused:
        output.note(f"refused {safe(refusal.source[:SHORT_HASH])}: {safe(refusal.reason)}")
    if report.metrics_from is not None:
        output.note(f"metrics on {safe(report.metrics_from)}")
    for remark in report.remarks:
        output.note(safe(remark))
    left = sorted({name for each in report.experiments for name in each.left_out})
    if left:
        more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
        holders = sum(bool(each.left_out) for each in report.experiments)
        output.note(
            f"{report.tracker} can't hold {safe(', '.join(left[:_NAMED]))}{more}, of {of_them(holders)}:"
            " experiment_config.json has it"
        )


commands = {"push": push}
