"""`log`: what happened when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from registry.results import Results
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.options import format_options
from tui.cli.table import Column
from tui.telling import tell

_AGO = re.compile(r"-?(\d+)\s*([smhdw])\Z")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Since(click.ParamType[datetime, str]):
    """A moment: `7d`, `12h`, or an ISO date and time (UTC unless it says otherwise)."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment."""
        found = _AGO.match(value)
        try:
            if found:
                return datetime.now(UTC) - timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither a span like 7d, 12h, 30m, 2w nor a date like 2026-01-31", param, ctx)


@click.command(
    cls=Command,
    examples=[
        "experiments log --since 7d",
        "experiments log 08d6b6669e67",
        "experiments log --text baseline",
        "experiments log --limit 20 --format ndjson",
    ],
)
@click.argument("ref", metavar="[HASH]", required=False)
@click.option("--since", metavar="WHEN", type=Since(), help="From then on: 7d, 12h, 30m, 2w, or a date (UTC).")
@click.option("--limit", metavar="N", type=click.IntRange(min=0), help="The last N; 0 is all.")
@click.option("--text", metavar="TEXT", default="", help="Only what has this text, in kind, hash or particulars.")
@format_options
@pass_app
def log(app: App, ref: str | None, since: datetime | None, limit: int | None, text: str, form: str) -> None:
    """Show what happened when.

    Registered, imported, described, tagged, deleted, restored … The oldest comes first. The log is only ever
    added to; with HASH it is that experiment's history.
    """
    registry = app.registry(Missing.EMPTY if ref is None else Missing.NAMED)
    events = registry.log(since=since.isoformat() if since else None, reference=ref, limit=limit or None, text=text)
    rows = [(event.at, event.kind, event.config_hash, event.detail) for event in events]
    found = Results(["at", "kind", "config_hash", "detail"], rows)
    if form != "table" or not events:
        output.listing(found, form, app.empty(_nothing(since, text)))
        return
    output.table(
        Results(
            ["at", "kind", "config_hash", "detail"],
            [(*row[:3], tell(event)) for row, event in zip(rows, events, strict=True)],
        ),
        [
            Column("WHEN", output.second, style=output.style("dim")),
            Column("WHAT"),
            Column("HASH", output.short_hash, style=output.style("cyan")),
            Column("", shrinks=True),
        ],
    )


def _nothing(since: datetime | None, text: str) -> str:
    if text:
        return f"nothing that happened has the text {text}"
    return "nothing happened in that time" if since else "nothing happened yet"


commands = {"log": log}
