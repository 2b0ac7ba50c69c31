"""`merge`: another registry's content into this one, with a report of what became of it and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop
from tui.cli.progress import bar_of_records
from tui.safe import safe

if TYPE_CHECKING:
    from registry.exchange.merging import MergeReport
    from registry.store.registration import Conflict


@click.command(
    cls=Command,
    examples=[
        "experiments merge ~/colleague/experiments.duckdb --dry-run",
        "experiments merge ~/colleague/experiments.duckdb",
        "experiments merge old.duckdb --aliases --json | jq .conflicts",
    ],
)
@click.argument("other", metavar="OTHER.duckdb")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--aliases", "with_aliases", is_flag=True, help="Move aliases to where they point there.")
@click.option("--force", is_flag=True, help="With --aliases: replace files that follow them though changed by hand.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@pass_app
def merge(app: App, other: str, dry_run: bool, with_aliases: bool, force: bool, as_json: bool) -> None:
    """Bring another registry's content into this one.

    The same content stays one experiment: tags, notes, old hashes, runs and trials unite, an empty description
    or a missing or guessed parent is filled. Where the two say different things, what is said here stays and is
    listed. What is live in either is live; what lies in the trash there alone comes into the trash. Aliases stay,
    unless with --aliases. The other registry is not written to, and repeating a merge changes nothing.

    Exit code 5 when some experiments were altered there and left out, or an alias could not be moved; 2 when all
    experiments were left out.
    """
    registry = app.registry(Missing.CREATED)
    existed = registry.exists()
    with bar_of_records() as progress:
        report = registry.merge(other, aliases=with_aliases, force=force, dry_run=dry_run, progress=progress)
    if not existed and registry.exists():
        output.note(f"made a new registry: {registry.path}")
    if as_json:
        output.record(report.to_dict())
    else:
        _tell(report, with_aliases)
    if report.refused:
        raise Stop(Exit.PARTLY if report.records else Exit.USAGE)
    if report.unmoved:
        raise Stop(Exit.PARTLY)


def _tell(report: MergeReport, with_aliases: bool) -> None:
    for remark in report.remarks:
        output.note(f"{safe(remark.source)}: {safe(remark.text)}")
    for refusal in report.refused:
        output.note(f"left out {safe(refusal.source)}: {safe(refusal.reason)}")
    for unmoved in report.unmoved:
        output.note(
            f"alias {safe(unmoved.alias)} {'would stay' if report.dry_run else 'stayed'}: {safe(unmoved.reason)}"
        )
    moving = {("alias", alias) for alias in [m["alias"] for m in report.moves] + [u.alias for u in report.unmoved]}
    for conflict in report.conflicts:
        if (conflict.what, conflict.name) not in moving:
            output.note(f"differs: {safe(_said(conflict))}")
    found = ", ".join(f"{count:,} {outcome}" for outcome, count in report.counts.items() if count)
    said = [found or "nothing to merge"]
    if report.trashed:
        said.append(f"{report.trashed:,} of them in the trash")
    if report.runs:
        said.append(f"with {of_them(report.runs, 'new run')}")
    if report.trials:
        said.append(f"{report.trials:,} more counted as tried")
    output.line(f"{'would be merged: ' if report.dry_run else ''}{', '.join(said)}")
    for move in report.moves:
        before = f" (was {move['from_hash'][:SHORT_HASH]})" if move["from_hash"] else ""
        would = "would become " if report.dry_run else ""
        output.line(f"{would}{safe(move['alias'])} v{move['version']}: {move['config_hash'][:SHORT_HASH]}{before}")
    names = sorted({carried.alias for carried in report.aliases})
    if names and not with_aliases:
        output.note(f"{safe(', '.join(names))} stayed as here; --aliases moves aliases to where they point there")


def _said(conflict: Conflict) -> str:
    name = conflict.name[:SHORT_HASH] if conflict.what in ("description", "parent") else conflict.name
    ours, theirs = conflict.ours, conflict.theirs
    if conflict.what in ("parent", "alias"):
        ours, theirs = (full and full[:SHORT_HASH] for full in (ours, theirs))
    if conflict.what == "panel":
        return f"panel {name}: {conflict.because}"
    if conflict.ours is None:
        return f"{name} has no {conflict.what} here, and {theirs} from there was left out: {conflict.because}"
    return f"{conflict.what} of {name} stays {ours!r}; there it is {theirs!r}"


commands = {"merge": merge}
