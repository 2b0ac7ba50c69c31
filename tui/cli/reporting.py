"""`report`: some experiments as a page for people who don't live in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from registry.errors import FileExistsRefusal
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import refuse
from tui.cli.options import check_selection, filter_option, panel_options, references
from tui.safe import safe

STDOUT = "-"


@click.command(
    cls=Command,
    examples=[
        "experiments report 08d6b6669e67 latest -o report.html",
        "experiments report A B C --against production -o report.md",
        "experiments report --filter 'tag:sweep-1' --top 10 --by m.edge -o sweep.html",
    ],
)
@click.argument("refs", metavar="A B…", nargs=-1)
@filter_option
@click.option(
    "--top", metavar="N", type=click.IntRange(min=1), help="Of --filter: the first N, at most 200 [default: 20]."
)
@click.option("--by", metavar="COLUMN", help="Of --filter: the best by m.NAME, or the largest by another column.")
@click.option(
    "--against", metavar="HASH", help="The reference, which the others are compared with [default: the first]."
)
@click.option(
    "--metric", metavar="METRIC", default="edge", show_default=True, help="What verdicts and windows are about."
)
@panel_options
@click.option("-o", "--output", "target", metavar="FILE", required=True, help="FILE.html or FILE.md; - is stdout.")
@click.option("--format", "form", type=click.Choice(["html", "markdown"]), help="Of stdout [default: markdown].")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@pass_app
def report(
    app: App,
    refs: tuple[str, ...],
    filter_: str | None,
    top: int | None,
    by: str | None,
    against: str | None,
    metric: str,
    panel: str | None,
    period: str | None,
    target: str,
    form: Literal["html", "markdown"] | None,
    force: bool,
) -> None:
    """Write a report on some experiments.

    FILE.html is one page that needs no network: what differs, the metrics of the latest runs on one panel and period,
    verdicts, equity, drawdown and windows, with tables that sort by a click; it prints well. FILE.md is the same as
    Markdown. Of one experiment alone it tells what it is and how it fared.
    """
    from registry.report.gather import report_form

    if target != STDOUT:
        if form is not None:
            raise click.UsageError(f"{target} says the format by its name; leave out --format")
        report_form(target)
    check_selection(refs, filter_, top, by)
    registry = app.registry(Missing.NAMED if filter_ is None else Missing.NOTHING)
    if filter_ is None:
        named = references(refs)
    else:
        named = registry.pick(filter_, top=top or 20, by=by, panel=panel, period=period).hashes
    found = registry.report(named, against=against, metric=metric, panel=panel, period=period)
    if target == STDOUT:
        output.raw(found.html() if form == "html" else found.markdown())
        return
    try:
        found.write(target, force=force)
    except FileExistsRefusal as refusal:
        raise refuse(f"{refusal} (--force)") from None
    output.line(f"wrote a report on {of_them(len(found.members))} to {safe(str(Path(target)))}")


commands = {"report": report}
