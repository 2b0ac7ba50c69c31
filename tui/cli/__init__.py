"""The headless commands: `experiments list`, `show`, `compare` … Each is imported when it is called.

The table below is all that `experiments --help` needs: importing every command to print its first line
would cost more than printing it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

import click

from tui.cli import errors
from tui.cli.command import SETTINGS
from tui.cli.context import GIVEN, App
from tui.safe import safe

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Entry(NamedTuple):
    """Where a command lives, and what the overview says of it."""

    group: str
    module: str
    about: str


COMMANDS: Final[dict[str, Entry]] = {
    "list": Entry("Look", "listing", "List experiments, newest first."),
    "search": Entry("Look", "listing", "Find experiments by words, tags, weights, dates."),
    "show": Entry("Look", "show", "Show one experiment or run in full."),
    "compare": Entry("Look", "compare", "Compare two or more experiments."),
    "lineage": Entry("Look", "lineage", "Show the family of an experiment: a tree with the edit on each edge."),
    "tags": Entry("Look", "tagging", "List the tags, or rename one."),
    "log": Entry("Look", "log", "Show what happened when."),
    "runs": Entry("Look", "runs", "List runs: who was evaluated on what, with what result."),
    "metrics": Entry("Look", "runs", "Say what every metric means."),
    "ab": Entry("Learn", "ab", "Say whether candidates are better than a control."),
    "report": Entry("Learn", "reporting", "Write a report on some experiments."),
    "overfitting": Entry("Learn", "overfitting", "Say how much of the best result is luck."),
    "nearest": Entry("Learn", "analysis", "Find the experiments closest to one, and what differs."),
    "importance": Entry("Learn", "analysis", "Tell which weights and hyperparameters go with a metric."),
    "distribution": Entry("Learn", "analysis", "Show how the weights of each feature are spread."),
    "pareto": Entry("Learn", "analysis", "List the experiments that none beats in every metric."),
    "group": Entry("Learn", "analysis", "Show a metric's mean and spread by the values of a column."),
    "sql": Entry("Look", "sql", "Ask the registry in SQL (read-only)."),
    "backtest": Entry("Evaluate", "backtest", "Backtest an experiment, walk-forward, on a panel."),
    "try": Entry("Evaluate", "trying", "Change a weight, backtest both, say whether it helped."),
    "sweep": Entry("Evaluate", "sweep", "Derive and register variants over ranges of values."),
    "record": Entry("Evaluate", "runs", "Record a result of an engine of your own."),
    "variant": Entry("Change", "variant", "Derive a changed copy of an experiment."),
    "tag": Entry("Change", "tagging", "Add tags."),
    "untag": Entry("Change", "tagging", "Remove tags."),
    "describe": Entry("Change", "describe", "Replace a description."),
    "note": Entry("Change", "describe", "Add a dated note."),
    "delete": Entry("Change", "removal", "Move experiments to the trash."),
    "trash": Entry("Change", "removal", "List what lies in the trash."),
    "restore": Entry("Change", "removal", "Bring experiments back from the trash."),
    "purge": Entry("Change", "removal", "Remove experiments for good."),
    "promote": Entry("Promote", "moving", "Let an alias such as production point to an experiment."),
    "rollback": Entry("Promote", "moving", "Move an alias back to the version before."),
    "history": Entry("Promote", "moving", "List every version of an alias."),
    "aliases": Entry("Promote", "moving", "List the aliases and where they point."),
    "guard": Entry("Promote", "guarding", "Say whether what was promoted does worse than what was before."),
    "import": Entry("Move", "importing", "Bring experiments in from files."),
    "export": Entry("Move", "exporting", "Write experiments to files."),
    "push": Entry("Move", "pushing", "Push experiments to a tracker: MLflow or W&B."),
    "pull": Entry("Move", "pulling", "Bring experiments in from a tracker: MLflow."),
    "merge": Entry("Move", "merging", "Bring another registry's content into this one."),
    "backup": Entry("Move", "service", "Write the whole registry to one file, or put such a file back."),
    "completion": Entry("Service", "completion", "Print what a shell needs to complete what is typed."),
    "info": Entry("Service", "service", "Say which registry this is and how it does."),
    "doctor": Entry("Service", "doctoring", "Say what is wrong here, and what to do about it."),
    "verify": Entry("Service", "service", "Recompute every hash and every run's id; report what was altered."),
    "serve": Entry("Service", "serving", "Serve the app to browsers."),
    "demo": Entry("Service", "demo", "Look around in a registry made for that."),
}


class Overview(click.Group):
    """The group of all commands: loads them when called, and lists them by what people want."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return it."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        found: click.Command = import_module(f"tui.cli.{entry.module}").commands[cmd_name]
        if ctx.resilient_parsing:  # a shell asks what could be typed
            from tui.cli.completing.kinds import attach

            attach(found)
        return found

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """Return the commands, from the table alone, and the options that begin as typed."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=COMMANDS[name].about) for name in COMMANDS if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name, or suggest the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean {near[0]}?" if near else "experiments --help lists the commands"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each group."""
        for group in dict.fromkeys(entry.group for entry in COMMANDS.values()):
            with formatter.section(group):
                formatter.write_dl(
                    [(name, entry.about) for name, entry in COMMANDS.items() if entry.group == group],
                    col_max=20,
                )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what holds for all commands, and the exit codes."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Exit codes"):
            formatter.write_dl([(code, meaning) for code, meaning in errors.MEANINGS.items()])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from registry import __version__

        click.echo(f"experiments {__version__}")
        ctx.exit()


@click.group(
    cls=Overview,
    invoke_without_command=True,
    no_args_is_help=False,
    subcommand_metavar="[COMMAND [ARGS]…]",
    context_settings=SETTINGS,
    epilog="Without a command the full-screen app opens. HASH may be a few first digits, an old hash, or `latest`; "
    "`-` reads hashes from stdin. `experiments COMMAND --help` has examples.",
)
@click.option(
    "--db", metavar="PATH", help="The registry's file [else EXPERIMENTS_DB, else the nearest experiments.duckdb]."
)
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="How long to wait while another process holds the file.",
)
@click.option("--read-only", is_flag=True, help="Only look: whatever would change the registry is refused.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Say the version.")
@click.pass_context
def cli(ctx: click.Context, db: str | None, wait: float, read_only: bool) -> None:
    """A registry of experiment configurations: find them, compare them, derive new ones."""
    if wait != wait:
        raise click.UsageError("--wait is not a number of seconds")
    if db == "":
        raise click.UsageError("--db is empty; give the path of a registry")
    ctx.obj = App(db, wait, read_only=read_only)
    ctx.call_on_close(ctx.obj.close)
    if ctx.invoked_subcommand is None:
        from tui.cli.opening import open_app

        open_app(ctx.obj)


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit code; every error is one sentence on stderr."""
    if not _streams():
        errors.complain("can't write the output: stdout is closed")
        return errors.Exit.UNUSABLE
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")  # a terminal that can't show a character shows its escape
    code: int = errors.Exit.OK
    try:
        try:
            with cli.make_context("experiments", list(args)) as context:
                context.meta[GIVEN] = ["experiments", *args]
                cli.invoke(context)
        finally:
            sys.stdout.flush()
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.Abort:
        code = errors.report(KeyboardInterrupt())
    except click.ClickException as error:
        made = StringIO()
        error.show(made)
        sys.stderr.write(safe(made.getvalue(), lines=True))
        code = errors.Exit.USAGE
    except BrokenPipeError:
        _hang_up(sys.stdout)
    except BaseException as error:  # noqa: BLE001 - the last door: every error becomes a sentence
        code = errors.report(error)
        if errors.is_full(error):
            _hang_up(sys.stdout)
    try:
        sys.stderr.flush()
    except OSError:
        _hang_up(sys.stderr)
    return code


def _streams() -> bool:
    """Open what stands for standard streams that are closed; return whether there is an output.

    Else the next file that is opened would get their numbers: the registry's, written into as the output.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: SIM115, PTH123 - it stays open
    there = sys.stdout is not None
    if not there:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
    return there


def _hang_up(stream: TextIO) -> None:
    """Nobody takes what is written any more: end without more trouble, also when Python flushes at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
