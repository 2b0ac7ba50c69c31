"""Completion in shells: what the TAB key offers after `experiments`.

The shell's script (`scripts`) starts the very command that is being typed, with `_EXPERIMENTS_COMPLETE` set and the
line as arguments. click finds out which parameter is meant; `kinds` says what that parameter takes, and
`registry.offering` looks it up. `shells` reads each shell's line and writes what it understands.
"""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stderr
from typing import Final

VARIABLE: Final = "_EXPERIMENTS_COMPLETE"
"""The environment variable by which a shell asks: `zsh_complete`, or `zsh_source` for the script."""


def answer() -> int:
    """Answer the shell that asks, and return the exit code; whatever goes wrong, nothing is offered or said."""
    # nothing may reach the line being typed, not even a warning of a library
    with open(os.devnull, "w") as quiet, redirect_stderr(quiet):  # noqa: PTH123
        try:
            from click.shell_completion import shell_complete

            from tui.cli import cli
            from tui.cli.completing import kinds, shells

            shells.register()
            kinds.attach(cli)
            code = shell_complete(cli, {}, "experiments", VARIABLE, os.environ[VARIABLE])
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001 - Ctrl-C while it looks, a broken registry, a bug: the line stays as it is
            code = 1
    return code
