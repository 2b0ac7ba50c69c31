"""`completion`: the script by which a shell completes what is typed after `experiments`."""

from __future__ import annotations

import click

from tui.cli import output
from tui.cli.command import Command


@click.command(
    cls=Command,
    examples=[
        "experiments completion bash > ~/.local/share/bash-completion/completions/experiments",
        "experiments completion zsh > ~/.zfunc/_experiments",
        "experiments completion fish > ~/.config/fish/completions/experiments.fish",
    ],
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what a shell needs to complete what is typed.

    Commands, options and their choices, hashes with their descriptions, tags, aliases, columns, metrics, panels,
    runs, saved searches, the last word of a filter, and files. It never waits for a registry that is in use, and
    changes nothing. Or have the shell read it when it starts: eval "$(experiments completion bash)" in ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    from tui.cli import cli
    from tui.cli.completing import VARIABLE, shells

    shells.register()
    made = get_completion_class(shell)
    assert made is not None
    output.raw(made(cli, {}, "experiments", VARIABLE).source())


commands = {"completion": completion}
