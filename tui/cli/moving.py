"""`promote`, `rollback`, `history`, `aliases`: where movable names such as `production` point, and pointed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry.config import SHORT_HASH
from registry.errors import SettingsError
from registry.numbers import of_them
from registry.results import Results
from tui.cli import output
from tui.cli.command import Command
from tui.cli.confirming import ask, check_answerable
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop
from tui.cli.options import format_options
from tui.cli.table import Column
from tui.moves import moment, rollback_lines, version
from tui.safe import safe
from tui.widths import width

if TYPE_CHECKING:
    from registry.alias_files import FileState
    from registry.aliases import Move, VersionWeights
    from registry.experiments import ExperimentRegistry

_MOVES = ["alias", "version", "kind", "config_hash", "from_hash", "to_version", "moved_at", "who", "why"]


@click.command(
    cls=Command,
    examples=[
        "experiments promote 08d6b6669e67 production -m 'better on 2024'",
        "experiments promote latest production --write weights.json",
    ],
)
@click.argument("ref", metavar="HASH")
@click.argument("alias", metavar="ALIAS")
@click.option("-m", "--why", metavar="TEXT", default="", help="Why; it stays in the history.")
@click.option("--write", metavar="FILE", help="Let this file follow the alias from now on.")
@click.option("--no-write", "let_go", is_flag=True, help="Let no file follow it any more; the file stays as it is.")
@click.option("--force", is_flag=True, help="Replace the file though we did not write what is in it.")
@click.option("--json", "as_json", is_flag=True, help="Print the version as JSON.")
@pass_app
def promote(
    app: App, ref: str, alias: str, why: str, write: str | None, let_go: bool, force: bool, as_json: bool
) -> None:
    """Let an alias such as production point to an experiment.

    Every move is a numbered version that is never rewritten. An alias works wherever a hash does, in filters
    as alias:production, and keeps its experiment from being deleted.

    With --write, FILE holds the configuration as `export` writes it, and is replaced on every promote and
    rollback, so that what reads it follows. It is written before the alias moves; where that fails, the alias
    does not move. Which file it is stays in your own settings, not in the registry.
    """
    if let_go and write is not None:
        raise click.UsageError("--write and --no-write contradict each other; give one")
    registry = app.registry(Missing.NAMED)
    if let_go:
        registry.resolve(ref)
        registry.forget_alias_file(alias)
    before = next((move for move in registry.aliases() if move.alias == alias.strip()), None)
    move = registry.promote(ref, alias, why, write=write, force=force)
    file = _file_of(registry, move.alias)
    if as_json:
        output.record({**move.to_dict(), "file": file})
        return
    short = output.paint(move.config_hash[:SHORT_HASH], "cyan")
    if before is not None and before.version == move.version:
        output.line(f"{safe(move.alias)} is {short} already, v{move.version}")
    else:
        came = f"{before.config_hash[:SHORT_HASH]} -> " if before is not None else ""
        output.line(f"{safe(move.alias)} v{move.version}: {came}{short}")
        if before is not None:
            _tell_changes(registry, before.config_hash, move.config_hash)
    if file is not None:
        output.line(f"written to {safe(file)}")


@click.command(
    cls=Command,
    examples=[
        "experiments rollback production -m 'edge fell'",
        "experiments rollback production --to v3 --yes",
    ],
)
@click.argument("alias", metavar="ALIAS")
@click.option("--to", metavar="v3|HASH", help="An earlier version, or what it once was [the one before].")
@click.option("-m", "--why", metavar="TEXT", default="", help="Why; it stays in the history.")
@click.option("--yes", "sure", is_flag=True, help="Don't ask.")
@click.option("--force", is_flag=True, help="Replace the file that follows it though it was changed by hand.")
@click.option("--json", "as_json", is_flag=True, help="Print the new version as JSON.")
@pass_app
def rollback(app: App, alias: str, to: str | None, why: str, sure: bool, force: bool, as_json: bool) -> None:
    """Move an alias back to the version before.

    Again, it goes further back; it never goes forth. Shows what would change and asks in a terminal; anywhere
    else it does nothing without --yes. A rollback is a version of its own.
    """
    registry = app.registry(Missing.NAMED)
    plan = registry.plan_rollback(alias, to)
    file = _file_of(registry, plan.alias)
    if not sure:
        check_answerable(f"to roll {safe(plan.alias)} back", "--yes")
        ask(rollback_lines(plan, file), "Roll back?")
    move = registry.rollback(alias, to, why, force=force, plan=plan)
    if as_json:
        output.record({**move.to_dict(), "file": file})
        return
    was, is_ = (each.config_hash[:SHORT_HASH] for each in (plan.leaves, plan.to))
    output.line(
        f"{safe(move.alias)} v{move.version}: back from v{plan.leaves.version} {was} to v{plan.to.version}"
        f" {output.paint(is_, 'cyan')}"
    )
    if sure:
        _tell_changes(registry, plan.leaves.config_hash, plan.to.config_hash)
    if file is not None:
        output.line(f"written to {safe(file)}")


def _tell_changes(registry: ExperimentRegistry, before: str, after: str) -> None:
    from tui.cli.variant import edit_lines

    output.lines(edit_lines(registry.config(before), registry.config(after)))


def _file_of(registry: ExperimentRegistry, alias: str) -> str | None:
    return next((found.file for found in registry.alias_files() if found.alias == alias), None)


@click.command(
    cls=Command,
    examples=[
        "experiments history production",
        "experiments history production --weights",
        "experiments history p --json",
    ],
)
@click.argument("alias", metavar="ALIAS")
@click.option("--weights", is_flag=True, help="The weights of each promoted version, side by side.")
@format_options
@pass_app
def history(app: App, alias: str, weights: bool, form: str) -> None:
    """List every version of an alias.

    Who moved it, when, from what to what, and why; the newest comes last. `*` marks the version in force.
    """
    registry = app.registry(Missing.NAMED)
    if weights:
        _tell_weights(registry.version_weights(alias), form)
        return
    moves = registry.history(alias)
    if form != "table":
        output.listing(Results(_MOVES, [tuple(move.to_dict()[name] for name in _MOVES) for move in moves]), form)
        return
    now = moves[-1].in_force
    rows = [
        (
            f"{'*' if move.version == now else ' '}v{move.version}", version(move), move.config_hash, moment(move),
            move.who, move.why,
        )
        for move in moves
    ]  # fmt: skip
    output.table(
        Results(["version", "what", "config_hash", "when", "who", "why"], rows),
        [
            Column("VERSION", str),
            Column("WHAT"),
            Column("HASH", output.short_hash, style=output.style("cyan")),
            Column("WHEN", style=output.style("dim")),
            Column("WHO"),
            Column("WHY", shrinks=True),
        ],
    )


def _tell_weights(found: VersionWeights, form: str) -> None:
    if form == "json":
        output.record(found.to_dict())
        return
    versions = found.versions
    if form == "table" and output.is_terminal():
        # the newest say most; a number takes ten cells
        names = max([width(safe(name)) for name in found.weights], default=0)
        versions = versions[-max(1, (output.terminal_width() - names) // 10) :]
    first = len(found.versions) - len(versions)
    headings = [
        f"{'*' if form == 'table' and move.version == found.in_force else ''}v{move.version}" for move in versions
    ]
    rows = [(name, *values[first:]) for name, values in found.weights.items()]
    results = Results(["feature", *headings], rows)
    if form != "table":
        output.listing(results, form)
        return
    output.table(results, [Column("FEATURE", shrinks=True), *(Column(heading, right=True) for heading in headings)])
    if first:
        output.note(f"{of_them(first, 'earlier version')} not shown (whole in a pipe, or with --json)")


@click.command(
    cls=Command,
    examples=["experiments aliases", "experiments aliases --check || echo look after the files"],
)
@click.option("--check", is_flag=True, help="Say which files were changed by hand or are missing; exit with 1 then.")
@format_options
@pass_app
def aliases(app: App, check: bool, form: str) -> None:
    """List the aliases and where they point.

    With the files that follow them, which are a matter of your own settings.
    """
    registry = app.registry(Missing.EMPTY)
    moves = registry.aliases()
    files: dict[str, FileState] = {}
    try:
        files = {found.alias: found for found in registry.alias_files()}
    except SettingsError as error:
        if check:
            raise
        output.note(str(error))
    _list_aliases(moves, files, check, form, app.empty("no aliases; make one with: experiments promote HASH ALIAS"))
    wrong = [found for found in files.values() if found.state != "fine"]
    if check and wrong:
        for found in wrong:
            output.note(f"{safe(found.alias)}: {found.sentence}")
        raise Stop(Exit.ALTERED)


def _list_aliases(moves: list[Move], files: dict[str, FileState], check: bool, form: str, empty: str) -> None:
    columns = [*_MOVES, "in_force", "file", *(["file_state"] if check else [])]
    rows = []
    for move in moves:
        file = files.get(move.alias)
        row = [*(move.to_dict()[name] for name in _MOVES), move.in_force, file.file if file else None]
        rows.append([*row, file.state if file else None] if check else row)
    if form != "table" or not moves:
        output.listing(Results(columns, rows), form, empty)
        return
    shown = []
    for move in moves:
        file = files.get(move.alias)
        state = f" ({file.state})" if file and check else ""
        shown.append(
            (move.alias, f"v{move.in_force}", move.config_hash, moment(move), move.who, move.why,
             f"{file.file}{state}" if file else None)
        )  # fmt: skip
    output.table(
        Results(["alias", "version", "config_hash", "since", "who", "why", "file"], shown),
        [
            Column("ALIAS"),
            Column("VERSION"),
            Column("HASH", output.short_hash, style=output.style("cyan")),
            Column("SINCE", style=output.style("dim")),
            Column("WHO"),
            Column("WHY", shrinks=True),
            Column("FILE", shrinks=True),
        ],
    )


commands = {"promote": promote, "rollback": rollback, "history": history, "aliases": aliases}
