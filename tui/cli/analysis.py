"""`nearest`, `importance`, `distribution`, `pareto`, `group`: what many experiments tell together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from registry.numbers import bars, best_of, of_them, shown
from registry.results import Results
from registry.search.words import split_name
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import nothing
from tui.cli.options import filter_option, format_options, panel_options
from tui.cli.table import Column, number, text
from tui.safe import safe

if TYPE_CHECKING:
    from registry.analysis.nearest import Nearest, Neighbour

_CHANGES = 4
"""Changes a line of `nearest` names."""


def _note(metrics_from: str | None, tried: int = 0) -> None:
    if metrics_from is not None:
        output.note(f"metrics on {metrics_from}{best_of(tried)}")


def _shower(metric: str | None) -> Any:
    name = split_name(metric).text if metric else ""
    return lambda value: shown(name, value)


@click.command(
    cls=Command,
    examples=["experiments nearest latest", "experiments nearest production --better m.edge -n 3"],
)
@click.argument("ref", metavar="HASH")
@click.option("-n", "count", metavar="N", type=click.IntRange(min=1), default=10, show_default=True, help="How many.")
@click.option(
    "--distance",
    type=click.Choice(["l2", "cosine"]),
    default="l2",
    show_default=True,
    help="Of the weights; cosine is 0 for weightings that rank alike.",
)
@click.option("--better", metavar="METRIC", help="Only those whose metric is better than its own.")
@filter_option
@panel_options
@format_options
@pass_app
def nearest(
    app: App,
    ref: str,
    count: int,
    distance: Any,
    better: str | None,
    filter_: str | None,
    panel: str | None,
    period: str | None,
    form: str,
) -> None:
    """Find the experiments closest to one, and what differs.

    Close by their weights (an absent one is 0), and by the share of hyperparameters and transformations that
    differ. With --better it finds the smallest change that did better.
    """
    registry = app.registry(Missing.NAMED)
    found = registry.nearest(
        ref, count, distance=distance, filter=filter_ or "", better=better, panel=panel, period=period
    )
    if form in ("json", "ndjson"):
        output.record(found.to_dict())
        return
    if not found.neighbours:
        raise nothing("no other experiment is better by it" if better else "there is no other experiment to compare")
    rows = [_neighbour(each) for each in found.neighbours]
    if form == "csv":
        output.listing(Results(["config_hash", "distance", "metric", "description", "changes"], rows), form)
        return
    columns = [
        Column("HASH", output.short_hash, style=output.style("cyan")),
        Column("DISTANCE", number, right=True),
        *([Column(str(found.metric).upper(), _shower(found.metric), right=True)] if found.metric else []),
        Column("DESCRIPTION", text, shrinks=True),
        Column("WHAT DIFFERS", text, shrinks=True),
    ]
    kept = [tuple(value for at, value in enumerate(row) if at != 2 or found.metric) for row in rows]
    output.table(Results([column.header for column in columns], kept), columns)
    _tell_nearest(found)


def _neighbour(each: Neighbour) -> tuple[Any, ...]:
    told = [str(change) for change in each.changes[:_CHANGES]]
    if len(each.changes) > _CHANGES:
        told.append(f"and {len(each.changes) - _CHANGES:,} more")
    return each.config_hash, each.distance, each.metric, each.description, ", ".join(told)


def _tell_nearest(found: Nearest) -> None:
    if found.metric is None:
        output.note(f"the nearest of {found.among:,}")
    else:
        own = shown(split_name(found.metric).text, found.own)
        output.note(f"{found.among:,} have a better {found.metric} than its own {own}; nothing was tested")
    _note(found.metrics_from, found.tried)


@click.command(
    cls=Command,
    examples=[
        "experiments importance --metric m.edge",
        "experiments importance --metric m.sharpe --filter 'tag:sweep-1' --json",
    ],
)
@click.option("--metric", metavar="METRIC", required=True, help="The metric, such as m.edge.")
@click.option("--forest/--no-forest", default=True, help="Grow a random forest beside, with scikit-learn.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of permutations and the forest.")
@filter_option
@panel_options
@format_options
@pass_app
def importance(
    app: App,
    metric: str,
    forest: bool,
    seed: int,
    filter_: str | None,
    panel: str | None,
    period: str | None,
    form: str,
) -> None:
    """Tell which weights and hyperparameters go with a metric.

    By Spearman's rank correlation with its p-value, adjusted for the number of names (Benjamini and Hochberg),
    and by a random forest where scikit-learn is installed. What goes together need not be a cause.
    """
    registry = app.registry(Missing.NOTHING)
    found = registry.importance(metric, filter=filter_ or "", panel=panel, period=period, seed=seed, forest=forest)
    if form in ("json", "ndjson"):
        output.record(found.to_dict())
        return
    if not found.experiments:
        raise nothing(f"no experiment has {found.metric}; make one with: experiments backtest")
    names = ["name", "n", "rho", "p", "p_adjusted", "forest"]
    rows = [(each.name, each.n, each.rho, each.p, each.p_adjusted, each.forest) for each in found.names]
    if form == "csv":
        output.listing(Results(names, rows), form)
        return
    columns = [
        Column("NAME", text),
        Column("N", number, right=True),
        Column("RHO", _signed, right=True),
        Column("P", _p, right=True),
        Column("P ADJUSTED", _p, right=True),
        *([] if found.forest else [Column("FOREST", _share, right=True)]),
    ]
    output.table(Results(names[: len(columns)], [row[: len(columns)] for row in rows]), columns)
    output.note(f"{found.metric} of {of_them(found.experiments)}; rho is Spearman's, p adjusted for all names")
    if found.forest:
        output.note(found.forest)
    elif found.explained is not None:
        nothing_said = "" if found.explained > 0 else ": read nothing into its shares"
        output.note(f"the forest explains {max(0.0, found.explained):.0%} of what it was not grown on{nothing_said}")
    _note(found.metrics_from, found.tried)


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _p(value: float | None) -> str:
    return "-" if value is None else "<0.0001" if value < 1e-4 else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


@click.command(
    cls=Command,
    examples=["experiments distribution", "experiments distribution --filter 'tag:sweep-1' --format csv"],
)
@filter_option
@format_options
@pass_app
def distribution(app: App, filter_: str | None, form: str) -> None:
    """Show how the weights of each feature are spread.

    How many have one, how many have none, quartiles, and a histogram from the smallest to the largest.
    """
    found = app.registry(Missing.NOTHING).distribution(filter_ or "")
    if form != "table":
        output.records([each.to_dict() for each in found], form)
        return
    if not found:
        raise nothing("no weights there" if filter_ is None else f"nothing matches {filter_}")
    columns = [
        Column("FEATURE", text, shrinks=True),
        Column("N", number, right=True),
        Column("ABSENT", number, right=True),
        *(Column(name, number, right=True) for name in ("MIN", "25 %", "MEDIAN", "75 %", "MAX", "MEAN")),
        Column("HISTOGRAM", bars),
    ]
    rows = [
        (one.feature, one.count, one.absent, one.low, one.q25, one.median, one.q75, one.high, one.mean, one.histogram)
        for one in found
    ]
    output.table(Results([column.header for column in columns], rows), columns)


@click.command(
    cls=Command,
    examples=[
        "experiments pareto m.sharpe m.max_drawdown",
        "experiments pareto m.edge m.turnover --filter 'tag:sweep-1'",
    ],
)
@click.argument("metrics", metavar="METRIC METRIC…", nargs=-1, required=True)
@filter_option
@panel_options
@format_options
@pass_app
def pareto(
    app: App, metrics: tuple[str, ...], filter_: str | None, panel: str | None, period: str | None, form: str
) -> None:
    """List the experiments that none beats in every metric.

    Which way a metric is better comes from its definition (experiments metrics).
    """
    registry = app.registry(Missing.NOTHING)
    found = registry.pareto(metrics, filter=filter_ or "", panel=panel, period=period)
    if form in ("json", "ndjson"):
        output.record(found.to_dict())
        return
    if not found.hashes:
        raise nothing(f"no experiment has all of {', '.join(found.metrics)}")
    described = {row["config_hash"]: row["description"] for row in registry.rows_of(found.hashes, "hash,description")}
    rows = [(full, *values, described[full]) for full, values in zip(found.hashes, found.values, strict=True)]
    results = Results(["config_hash", *found.metrics, "description"], rows)
    if form == "csv":
        output.listing(results, form)
        return
    columns = [
        Column("HASH", output.short_hash, style=output.style("cyan")),
        *(Column(name.upper(), _shower(name), right=True) for name in found.metrics),
        Column("DESCRIPTION", text, shrinks=True),
    ]
    output.table(results, columns)
    output.note(f"{len(rows):,} of {found.evaluated:,} with these metrics")
    _note(found.metrics_from, found.tried)


@click.command(
    cls=Command,
    examples=[
        "experiments group --by hp.k --metric m.edge",
        "experiments group --by hp.seed --metric m.sharpe --filter 'tag:sweep-1'",
    ],
)
@click.option("--by", metavar="COLUMN", required=True, help="hp.NAME, w.NAME, transform.NAME, tags, features …")
@click.option("--metric", metavar="METRIC", required=True, help="The metric, such as m.edge.")
@filter_option
@panel_options
@format_options
@pass_app
def group(
    app: App, by: str, metric: str, filter_: str | None, panel: str | None, period: str | None, form: str
) -> None:
    """Show a metric's mean and spread by the values of a column.

    Over seeds it tells how much of a difference is luck.
    """
    found = app.registry(Missing.NOTHING).group(by, metric, filter=filter_ or "", panel=panel, period=period)
    if form in ("json", "ndjson"):
        output.record(found.to_dict())
        return
    rows = [(each.value, each.experiments, each.n, each.mean, each.std, each.low, each.high) for each in found.groups]
    if not rows:
        raise nothing("nothing to group" if filter_ is None else f"nothing matches {filter_}")
    names = [found.by, "experiments", "n", "mean", "std", "low", "high"]
    if form == "csv":
        output.listing(Results(names, rows), form)
        return
    show = _shower(found.metric)
    columns = [
        Column(safe(found.by).upper(), _value),
        Column("EXPERIMENTS", number, right=True),
        Column("N", number, right=True),
        *(Column(f"{name} {found.metric}", show, right=True) for name in ("MEAN", "STD", "LOW", "HIGH")),
    ]
    output.table(Results(names, rows), columns)
    _note(found.metrics_from, found.tried)


def _value(value: Any) -> str:
    if value is None:
        return "absent"
    if isinstance(value, list):
        return ", ".join(map(safe, value))
    return text(value) if isinstance(value, str) else str(value)


commands = {
    "nearest": nearest,
    "importance": importance,
    "distribution": distribution,
    "pareto": pareto,
    "group": group,
}
