"""`doctor`: is everything as it must be, and what to do where it is not."""

from __future__ import annotations

import click

from registry.checkup import Checkup, Finding
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, pass_app
from tui.cli.errors import Exit, Stop
from tui.cli.options import format_options
from tui.safe import safe

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(
    cls=Command,
    examples=[
        "experiments doctor",
        "experiments doctor --format json | jq '.findings[] | select(.state != \"ok\")'",
    ],
)
@format_options
@pass_app
def doctor(app: App, form: str) -> None:
    """Say what is wrong here, and what to do about it.

    Looks at versions, the registry's file, its lock and who holds it, what waits, optional libraries, the terminal,
    settings and free space. It waits for nobody, changes nothing and makes nothing, and does its work on a file
    that is damaged, foreign, newer or missing. The exit code is 1 when there is a problem; warnings are none.
    """
    from registry import checkup
    from tui.surroundings import surroundings

    found = checkup.doctor(app.db)
    found = Checkup(found.path, (*found.findings, *surroundings()))
    if form == "json":
        output.record(found.to_dict())
    elif form != "table":
        output.records([finding.to_dict() for finding in found.findings], form)
    else:
        for finding in found.findings:
            _show(finding)
        output.line(_verdict(found))
    if not found.ok:
        raise Stop(Exit.PROBLEMS)


def _show(finding: Finding) -> None:
    mark = output.paint(finding.state.ljust(8), _COLOURS[finding.state])
    output.line(f"{mark} {output.paint(safe(finding.name) + ':', 'bold')} {safe(finding.what)}")
    if finding.advice:
        output.line(f"{'':8}   {output.paint('->', 'dim')} {safe(finding.advice)}")


def _verdict(found: Checkup) -> str:
    counts = {state: sum(finding.state == state for finding in found.findings) for state in ("problem", "warning")}
    told = [f"{count} {state}{'' if count == 1 else 's'}" for state, count in counts.items() if count]
    return ", ".join(told) if told else "everything is in order"


commands = {"doctor": doctor}
