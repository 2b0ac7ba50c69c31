"""`demo`: a temporary registry to look around in; it is gone when the command ends."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, pass_app


@click.command(
    cls=Command,
    examples=["experiments demo", "experiments demo | less"],
)
@pass_app
def demo(app: App) -> None:
    """Look around in a registry made for that.

    Opens the app on it. Without a terminal it prints the list and a comparison. Your own registry is not touched.
    """
    from registry import demo as made
    from tui.cli.opening import can_show, run_app

    with TemporaryDirectory(prefix="experiments-demo-") as folder:
        inside = App(str(Path(folder) / "experiments.duckdb"), app.wait)
        inside.place = made.build(Path(folder) / "experiments.duckdb")
        if can_show():
            run_app(inside)
            return
        _print(inside, made.BASELINE, made.VARIANT)


def _print(inside: App, first: str, second: str) -> None:
    from tui.cli.compare import print_comparison

    registry = inside.place
    output.line(output.paint("$ experiments list", "dim"))
    output.table(registry.search())
    output.line()
    output.line(output.paint(f"$ experiments compare {first} {second}", "dim"))
    print_comparison(registry.compare_many([first, second]))


commands = {"demo": demo}
