"""`overfitting`: how much of the best result is luck, given everything that was tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from registry.numbers import of_them, shown
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import nothing
from tui.cli.options import filter_option, format_options, panel_options
from tui.cli.table import Column, layout, text

if TYPE_CHECKING:
    from registry.analysis.overfitting import Best, Overfitting

_TOLD = {
    "configurations": "every configuration ever tried",
    "rankings": "every distinct ranking among them",
    "effective": "as many independent ones as they amount to",
}


@click.command(
    cls=Command,
    examples=[
        "experiments overfitting",
        "experiments overfitting --filter 'tag:sweep-1' --metric edge --json",
    ],
)
@click.option(
    "--metric", metavar="METRIC", default="sharpe", show_default=True, help="Sharpe, or one with values by date."
)
@click.option(
    "--blocks", metavar="N", type=click.IntRange(min=2), default=16, show_default=True, help="Of the cross-validation."
)
@filter_option
@panel_options
@format_options
@pass_app
def overfitting(
    app: App, metric: str, blocks: int, filter_: str | None, panel: str | None, period: str | None, form: str
) -> None:
    """Say how much of the best result is luck.

    The deflated Sharpe ratio of the best experiment that matches: the probability that its true ratio is above 0,
    after it was chosen among everything ever tried on the panel and period, deleted and untracked ones included.
    And the probability of backtest overfitting (CSCV): how often the best of those that match in one half of the
    dates is no better than the median in the other half.
    """
    registry = app.registry(Missing.NOTHING)
    found = registry.overfitting(metric, filter=filter_ or "", panel=panel, period=period, blocks=blocks)
    if form in ("json", "ndjson"):
        made = {"deflated": found.deflated, "probability": found.probability, **found.to_dict()}
        output.record(made) if form == "json" else output.line(output.to_json(made))
        return
    if form == "csv":
        output.records([_flat(found)], form)
        return
    if found.metrics_from is None or not found.matching:
        raise nothing("no experiment that matches was evaluated; make a run with: experiments backtest")
    output.lines(_told(found))
    for each in found.notes:
        output.note(each)
    output.note(f"metrics on {found.metrics_from}")


def _flat(found: Overfitting) -> dict[str, Any]:
    best, validated = found.best, found.crossvalidated
    return {
        "metric": found.metric,
        "metrics_from": found.metrics_from,
        "configurations": found.tried.configurations,
        "rankings": found.tried.rankings,
        "evaluated": found.evaluated,
        "matching": found.matching,
        "config_hash": best and best.config_hash,
        "value": best and best.value,
        "ratio": best and best.ratio,
        "n": best and best.n,
        "probabilistic": best and best.probabilistic,
        "deflated": found.deflated,
        "overfitting": validated and validated.probability,
    }


def _told(found: Overfitting) -> Iterator[str]:
    counts = found.tried
    yield (
        f"tried       {of_them(counts.configurations, 'configuration')},"
        f" {of_them(counts.rankings, 'distinct ranking')};"
        f" {found.evaluated:,} evaluated alike, {found.matching:,} match"
    )
    if found.best is not None:
        yield from _best(found.best, found.metric)
    validated = found.crossvalidated
    if validated is not None:
        yield ""
        yield (
            f"overfitting {validated.probability:.1%}: so often the best of {validated.configurations:,} in one half of"
            f" the dates was no better than the median in the other"
        )
        yield (
            f"            {validated.splits:,} halvings of {validated.dates:,} dates; its median rank there is"
            f" {validated.rank:.2f} (1 the best, 0.5 blind choice), below 0 in {validated.loss:.1%}"
        )


def _best(best: Best, metric: str) -> Iterator[str]:
    name = metric.removeprefix("m.")
    yield f"best        {output.paint(best.config_hash[:12], 'cyan')}  {name} {shown(name, best.value)}"
    yield (
        f"            {best.ratio:+.4f} a period over {best.n:,} dates, skewness {best.skewness:+.2f},"
        f" kurtosis {best.kurtosis:.2f}"
    )
    yield ""
    rows = [("it alone", 1.0, 0.0, best.probabilistic)]
    rows += [(_TOLD[each.counted], each.trials, each.expected, each.probability) for each in best.deflated]
    columns = [
        Column("AMONG", text),
        Column("TRIALS", _count, right=True),
        Column("BEST BY LUCK", lambda value: f"{value:+.4f}", right=True),
        Column("PROBABLY ABOVE 0", lambda value: f"{value:.1%}", right=True),
    ]
    yield from layout(columns, rows, None, output.style("bold"))
    if best.universe is not None:
        yield (
            f"everything eligible had {best.universe:+.4f} a period on the same dates: only what is above that is"
            " picking (--metric edge)"
        )
    if best.needed is None:
        yield "luck alone would reach as much: no number of dates makes it certain"
    elif best.needed > best.n:
        yield f"to be 95 % sure of it takes {best.needed:,} dates like these"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.1f}"


commands = {"overfitting": overfitting}
