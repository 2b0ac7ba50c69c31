"""`try`: change a weight, backtest before and after, say whether it helped."""

from __future__ import annotations

from typing import Any

import click

from registry.config import ExperimentConfig
from tui.cli import output
from tui.cli.backtest_options import PanelChoice, evaluation_options, panel_options
from tui.cli.command import Command
from tui.cli.context import App, Missing, given_command, pass_app
from tui.cli.errors import refuse
from tui.cli.progress import bar_of_steps


@click.command(
    name="try",
    cls=Command,
    examples=[
        "experiments try latest mom_12_1=0.25 --data panel.parquet --start 2010-01-04 --end 2022-12-28",
        "experiments try production hp.k=5 transform.rev_5=rank --data panel.csv --start 2015-01-01 --end 2024-12-31",
    ],
)
@click.argument("ref", metavar="HASH")
@click.argument("changes", metavar="NAME=VALUE…", nargs=-1, required=True)
@click.option("--remove", metavar="NAME", multiple=True, help="Take out a feature, hp.NAME or transform.NAME.")
@panel_options
@evaluation_options
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@pass_app
def try_(
    app: App,
    ref: str,
    changes: tuple[str, ...],
    remove: tuple[str, ...],
    panel: PanelChoice,
    explicit: dict[str, Any],
    as_json: bool,
) -> None:
    """Change a weight, backtest both, say whether it helped.

    Derives a variant, backtests it and its parent where that is not done yet, and prints the verdict.
    NAME=VALUE as in `variant`. Both runs are recorded.
    """
    from registry.backtest.comparing import compare_runs
    from registry.backtest.identity import meant
    from registry.backtest.many import find_known
    from registry.backtest.running import Bench, keep
    from tui.cli.backtest_table import comparison_lines
    from tui.cli.edits import edit
    from tui.cli.variant import edit_lines

    registry = app.registry(Missing.NAMED)
    base = registry.config(ref)
    command = given_command(ref, base.config_hash)
    before = meant(base, explicit)
    parent = before.config
    draft = edit(parent, changes, remove)
    made = ExperimentConfig(
        draft.names, draft.weights, draft.hyperparameters, draft.transformations, parent.description,
        list(parent.tags), parent=parent.config_hash,
    )  # fmt: skip
    if made.config_hash == parent.config_hash:
        raise refuse("that changes nothing")
    after = meant(made, {name: value for name, value in explicit.items() if name not in made.hyperparameters})
    bench = Bench(panel.load(before.config, after.config), panel.start, panel.end, command, panel.columns)
    runs = []
    for this in (before, after):
        known = find_known(registry, bench, this.config, this.options)
        if known is None:
            with bar_of_steps() as draw:
                done = bench.backtest(this.config, this.options, suggestion=False, watch=draw)
            keep(registry, done)
            known = done.run
        elif registry.get(str(this.config.config_hash)) is None:
            registry.register(this.config)
        runs.append(known)
    against = compare_runs(registry, after.config, runs[1], runs[0], "parent")
    if as_json:
        output.record({"config_hash": after.config.config_hash, "run": runs[1].run_id, **against.to_dict()})
        return
    short = output.paint(str(after.config.config_hash)[:12], "cyan")
    output.line(f"{short}, a variant of {output.paint(str(before.config.config_hash)[:12], 'cyan')}")
    output.lines(edit_lines(before.config, after.config))
    output.lines(comparison_lines(against))


commands = {"try": try_}
