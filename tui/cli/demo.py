"""`demo`: a temporary registry to look around in; it is gone when the command ends."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, pass_app
from tui.safe import safe

if TYPE_CHECKING:
    from registry.backtest.comparing import Against


@click.command(
    cls=Command,
    examples=["experiments demo", "experiments demo | less", "experiments demo --panel stocks.parquet"],
)
@click.option(
    "--panel", type=click.Path(path_type=Path), metavar="FILE", help="Only write the panel of stocks, to backtest on."
)
@pass_app
def demo(app: App, panel: Path | None) -> None:
    """Look around in a registry made for that.

    Opens the app on it. It holds configurations, and a few experiments that are backtested while it is made,
    on the prices of 20 stocks. Without a terminal it prints the list, a comparison, the runs and a verdict.
    Your own registry is not touched.
    """
    from registry import demo as made
    from registry.demo.evaluated import evaluate, write_panel
    from tui.cli.opening import can_show, run_app
    from tui.cli.stopping import tidy_end

    if panel is not None:
        write_panel(panel)
        output.line(f"wrote the panel to {safe(str(panel))}: 20 stocks that all survived, so results on it flatter")
        return
    with tidy_end(), TemporaryDirectory(prefix="experiments-demo-") as folder:
        inside = App(str(Path(folder) / "experiments.duckdb"), app.wait)
        inside.place = made.build(Path(folder) / "experiments.duckdb")
        against = evaluate(inside.place)
        if can_show():
            run_app(inside, lasting=False)
            return
        _print(inside, made.BASELINE, made.VARIANT)
        _print_runs(inside, against)


def _print(inside: App, first: str, second: str) -> None:
    from tui.cli.compare import print_comparison

    registry = inside.place
    output.line(output.paint("$ experiments list", "dim"))
    output.table(registry.search())
    output.line()
    output.line(output.paint(f"$ experiments compare {first} {second}", "dim"))
    print_comparison(registry.compare_many([first, second]))


def _print_runs(inside: App, against: Against) -> None:
    from tui.cli.backtest_table import comparison_lines
    from tui.cli.runs import print_runs

    output.line()
    output.line(output.paint("$ experiments runs", "dim"))
    print_runs(inside.place.runs())
    output.line()
    output.line("The best of the variants, by its edge, against the experiment it came from:")
    output.lines(comparison_lines(against))
    output.line("The prices are those of survivors only: what they earned flatters every line above.")


commands = {"demo": demo}
