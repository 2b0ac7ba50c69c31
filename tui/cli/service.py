"""`info`, `verify`, `backup`: how the registry does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry.numbers import of_them, size
from tui.cli import output
from tui.cli.command import Command
from tui.cli.confirming import ask, check_answerable
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop, refuse
from tui.safe import safe

if TYPE_CHECKING:
    from registry.restoring import Restoration


@click.command(cls=Command, examples=["experiments info", "experiments info --json | jq .pending"])
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_app
def info(app: App, as_json: bool) -> None:
    """Say which registry this is and how it does.

    Which file it is, what is in it, and what waits to be brought in.
    """
    found = app.registry(Missing.EMPTY).info().to_dict()
    if as_json:
        output.record(found)
        return
    refused = found.pop("refused", [])
    for name, value in found.items():
        if name == "size":
            shown = size(value)
        elif isinstance(value, bool):
            shown = "yes" if value else "no"
        else:
            shown = f"{value:,}" if isinstance(value, int) and name != "schema_version" else safe(str(value or "-"))
        label = f"{name.replace('_', ' ')}:".ljust(16)
        output.line(f"{output.paint(label, 'bold')} {shown}")
    if refused:
        output.line(output.paint("refused:", "yellow"))
        for entry in refused:
            output.line(f"  {safe(entry['entry'])}: {safe(entry['reason'])}")


@click.command(cls=Command, examples=["experiments verify", "experiments verify --json || mail -s altered me"])
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_app
def verify(app: App, as_json: bool) -> None:
    """Recompute every hash and every run's id; report what was altered.

    The exit code is 1 when something was.
    """
    found = app.registry(Missing.EMPTY).verify()
    if as_json:
        output.record(found.to_dict())
    else:
        for problem in found.problems:
            output.line(f"{output.short_hash(problem.config_hash)}  {output.paint(safe(problem.what), 'red')}")
        for entry, reason in found.refused:
            output.line(f"refused  {safe(entry)}: {safe(reason)}")
        wrong = len(found.problems) + len(found.refused)
        verdict = f"{of_them(wrong, 'problem')}" if wrong else "nothing was altered"
        with_runs = f" and {of_them(found.runs, 'run')}" if found.runs else ""
        output.line(f"{of_them(found.checked)}{with_runs} checked: {verdict}")
    if not found.ok:
        raise Stop(Exit.ALTERED)


@click.command(
    cls=Command,
    examples=[
        "experiments backup ~/backups/experiments-$(date +%F).duckdb",
        "experiments backup latest.duckdb --force",
        "experiments backup --restore latest.duckdb",
    ],
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--restore", is_flag=True, help="Put FILE in the registry's place instead.")
@click.option(
    "--force", "--yes", "force", is_flag=True, help="Replace a file that is there; with --restore, don't ask."
)
@pass_app
def backup(app: App, file: Path, restore: bool, force: bool) -> None:
    """Write the whole registry to one file, or put such a file back.

    A backup is a complete copy, waiting registrations included; others may go on working.

    With --restore it takes the registry's place, once every hash in it was recomputed. What was there is kept
    beside it, with the registrations that wait; the name is said, and it is a registry of its own. FILE stays.
    Asks in a terminal; anywhere else it does nothing without --yes.
    """
    if restore:
        _restore(app, file, force)
        return
    registry = app.registry(Missing.NEEDED)
    if file.exists() and not force:
        raise refuse(f"{file} exists; name another file, or replace it with --force")
    written = registry.backup(file, force=force)
    output.line(f"wrote {safe(str(written))} ({size(written.stat().st_size)})")


def _restore(app: App, file: Path, sure: bool) -> None:
    def confirmed(found: Restoration) -> bool:
        if not sure:
            _confirm(found)
        return True

    done = app.place.restore_backup(file, sure=confirmed)
    assert done is not None
    output.line(f"restored {of_them(done.experiments)} from {safe(str(file))}")
    if done.kept is not None:
        waiting = f", with {of_them(done.waiting, 'registration')} waiting beside it" if done.waiting else ""
        output.line(f"what was there is kept as {safe(str(done.kept))}{waiting}")


def _confirm(found: Restoration) -> None:
    question = f"Replace {found.path} with {found.file}?"
    check_answerable(f"r{question[1:-1]}", "--yes")
    of = {"there now": found.replaces, "in the backup": found.experiments}
    told = {where: "nothing that can be read" if count is None else of_them(count) for where, count in of.items()}
    ask([f"  {where}: {said}" for where, said in told.items()], safe(question))


commands = {"info": info, "verify": verify, "backup": backup}
