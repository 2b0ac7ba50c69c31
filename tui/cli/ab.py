"""`ab`: is it better, by a paired test that counts everything that was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from registry.analysis.sentences import interval
from registry.results import Results
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop, nothing
from tui.cli.options import format_options, panel_options, references
from tui.cli.table import Column, number, text

if TYPE_CHECKING:
    from registry.analysis.ab import Candidate, Trial


@click.command(
    cls=Command,
    examples=[
        "experiments ab production latest",
        "experiments ab 08d6b6669e67 1a2b3c4d 5e6f7a8b --metric precision_at_k --json",
        "experiments search 'tag:sweep-1' --ids | experiments ab production - --screen",
    ],
)
@click.argument("control", metavar="A")
@click.argument("candidates", metavar="B…", nargs=-1, required=True)
@click.option("--metric", metavar="METRIC", default="edge", show_default=True, help="A metric with values by date.")
@click.option("--screen", is_flag=True, help="Bound the share of false finds (BH), not the chance of any (Holm).")
@click.option("--seed", type=int, default=13, show_default=True, help="Of the random signs and resamples.")
@panel_options
@format_options
@pass_app
def ab(
    app: App,
    control: str,
    candidates: tuple[str, ...],
    metric: str,
    screen: bool,
    seed: int,
    panel: str | None,
    period: str | None,
    form: str,
) -> None:
    """Say whether candidates are better than a control.

    By the paired differences of their runs on the same panel, period and options, on dates that do not overlap:
    a sign-flip test (exact up to 13 dates), Holm over several candidates (or --screen), and, when more experiments
    were evaluated there than are named, for being the best of all of them. The verdict rests on the largest p-value.
    Of three or more, the model confidence set says which can't be told from the best. Exit 6 when none can be judged.
    """
    registry = app.registry(Missing.NAMED)
    named = references(candidates)
    if "-" in candidates:  # what a search finds may well hold the control
        mine = registry.resolve(control)
        named = [full for full in registry.resolve_many(named) if full != mine]
    if not named:
        raise nothing("no candidates were named on stdin; nothing to do")
    found = registry.ab(control, named, metric, panel=panel, period=period, screen=screen, seed=seed)
    _show(found, form)
    if all(each.verdict.verdict in ("cannot tell", "cannot pair") for each in found.candidates):
        raise Stop(Exit.CANNOT_TELL)


def _show(found: Trial, form: str) -> None:
    if form in ("json", "ndjson"):
        output.record(found.to_dict())
        return
    if form == "csv":
        output.records([each.to_dict() for each in found.candidates], form)
        return
    columns = [
        Column("HASH", output.short_hash, style=output.style("cyan")),
        Column(found.metric.upper(), _signed, right=True),
        Column("95 %", text),
        Column("N", number, right=True),
        Column("WON", _percent, right=True),
        Column("P", _p, right=True),
        *([Column("P SCREENED" if found.screened else "P OF ALL NAMED", _p, right=True)] if _several(found) else []),
        *([Column("P OF THE BEST", _p, right=True)] if _of_many(found) else []),
        *([Column("IN THE SET", text)] if found.confidence is not None else []),
        Column("VERDICT", text, shrinks=True),
    ]
    rows = [_row(each, found) for each in found.candidates]
    output.table(Results([column.header for column in columns], rows), columns)
    _tell(found)


def _several(found: Trial) -> bool:
    return len(found.candidates) > 1


def _of_many(found: Trial) -> bool:
    """Whether more experiments were evaluated than are named."""
    return any(each.p_best is not None for each in found.candidates)


def _row(each: Candidate, found: Trial) -> tuple[Any, ...]:
    verdict = each.verdict
    said = verdict.verdict + (f": {verdict.reason}" if verdict.reason else "")
    return (
        each.config_hash,
        verdict.difference,
        interval(verdict),
        verdict.n,
        verdict.share_won,
        verdict.p,
        *([each.p_screen if found.screened else each.p_holm] if _several(found) else []),
        *([each.p_best] if _of_many(found) else []),
        *([_membership(found, each.config_hash)] if found.confidence is not None else []),
        said,
    )


def _membership(found: Trial, full: str) -> str:
    p = (found.confidence or {}).get(full)
    return "-" if p is None else f"{'yes' if full in (found.confidence_set or []) else 'no'} ({p:.2f})"


def _tell(found: Trial) -> None:
    output.note(f"against {found.control[:12]} by {found.metric} on {found.panel} {found.period}")
    output.note(
        f"{found.evaluated:,} evaluated with the same options, {found.tried:,} ever tried there;"
        " the verdict counts all that were evaluated"
    )
    if found.confidence is not None:
        among = "in it" if found.control in (found.confidence_set or []) else "not in it"
        output.note(f"the set holds what can't be told from the best at 90 %; the control is {among}")
    if found.confidence_note is not None:
        output.note(found.confidence_note)
    seen = [each.verdict.smallest_seen for each in found.candidates if each.verdict.smallest_seen is not None]
    if seen:
        output.note(f"a difference of {max(seen):.4g} would be seen in 80 of 100 such comparisons")
    if any(each.verdict.underpowered and each.verdict.n for each in found.candidates):
        output.note("underpowered: fewer than 20 dates that do not overlap")


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.0f} %"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


commands = {"ab": ab}
