"""`guard`: does the version in force do worse than the one before it? For people and for cron."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui.cli import output
from tui.cli.backtest_options import measuring_options, source_options
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop
from tui.safe import safe

if TYPE_CHECKING:
    from registry.guard import Guarded

_CODES = {"fine": Exit.OK, "regressed": Exit.REGRESSED, "cannot tell": Exit.CANNOT_TELL}


@click.command(
    cls=Command,
    examples=[
        "experiments guard production --data panel.parquet --metric m.edge --drop 0.01",
        "experiments guard production --data live.sql --metric m.net_return --rollback || mail -s regressed me",
    ],
)
@click.argument("alias", metavar="ALIAS")
@source_options
@click.option("--metric", metavar="m.NAME", required=True, help="What decides, such as m.edge.")
@click.option("--drop", metavar="SIZE", type=float, default=0.0, help="The least drop that counts, in its unit [0].")
@click.option("--since", metavar="DATE", help="First day that counts [the day after the promotion].")
@click.option("--against", metavar="HASH", help="Compare with this one [the version before].")
@click.option("--rollback", is_flag=True, help="Move back when it regressed, and record why.")
@click.option("--no-test", is_flag=True, help="Decide by the bare difference.")
@measuring_options
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@pass_app
def guard(
    app: App,
    alias: str,
    data: str,
    columns: dict[str, Any],
    metric: str,
    drop: float,
    since: str | None,
    against: str | None,
    rollback: bool,
    no_test: bool,
    explicit: dict[str, Any],
    as_json: bool,
) -> None:
    """Say whether what was promoted does worse than what was before.

    Both are evaluated on the dates of the panel after the promotion, and a paired test decides. A drop smaller
    than --drop is fine; where one of that size could have gone unseen, it can't be told. The experiments'
    hyperparameters supply k, horizons and the other options they name. Nothing is recorded.

    Exits with 0 when it is fine, 1 when it regressed, 6 when it can't be told: yet, with how many more dates it
    needs, or because there is no version before it. --rollback goes back once; then something must be promoted first.
    """
    registry = app.registry(Missing.NAMED)
    found = registry.guard(
        alias, data, metric=metric, drop=drop, since=since, against=against, rollback=rollback, test=not no_test,
        columns=columns, **explicit,
    )  # fmt: skip
    if as_json:
        output.record(found.to_dict())
    else:
        output.lines(_told(found))
    raise Stop(_CODES[found.outcome])


def _told(found: Guarded) -> Iterator[str]:
    colour = {"fine": "green", "regressed": "red", "cannot tell": "yellow"}[found.outcome]
    yield f"{safe(found.alias)} v{found.version}: {output.paint(found.outcome, colour)}"
    was = "" if found.against_version is None else f"v{found.against_version} "
    period = f"{found.since}..{found.until}" if found.since <= found.until else f"from {found.since} on"
    against = "" if found.against is None else f" against {was}{found.against[:SHORT_HASH]}"
    yield f"  {found.config_hash[:SHORT_HASH]}{against} on {safe(found.panel)} {period}"
    yield f"  {safe(found.reason)}"
    if found.more_dates is not None:
        dates = of_them(found.more_dates, "more rebalance date")
        panel_dates = of_them(found.more_dates * found.horizon, "panel date")
        yield f"  at least {dates} needed ({panel_dates})"
    if found.moved is not None:
        move = found.moved
        yield f"  rolled back to v{move.in_force} {move.config_hash[:SHORT_HASH]}; that is v{move.version}"
    if found.not_moved is not None:
        yield f"  not rolled back: {safe(found.not_moved)}"


commands = {"guard": guard}
