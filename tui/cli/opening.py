"""`experiments` without a command: the app, on a terminal that can show it."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from tui.cli import output
from tui.cli.context import App, Missing
from tui.cli.errors import Exit, Stop, refuse

ENDED_BY_SIGNAL: Final = 128
"""Above it an exit code is that of a program ended by a signal."""


def open_app(app: App) -> None:
    """Run the full-screen app on the registry.

    Raises:
        Stop: there is no terminal that can show it (exit 2).
    """
    if not (can_show() or is_served()):
        raise refuse(
            "the full-screen app needs a terminal; here, use a command such as: experiments list"
            " (experiments --help shows them all)"
        )
    app.registry(Missing.CREATED if app.db is None else Missing.EMPTY)  # the app itself shows an empty one
    run_app(app, lasting=not is_served())


def is_served() -> bool:
    """Return whether a browser is at the other end, and no terminal: `serve` says so to the apps it starts."""
    return os.environ.get("TEXTUAL_DRIVER", "").startswith("tui.serving.")


def can_show() -> bool:
    """Return whether this is a terminal a full-screen app can use."""
    return os.environ.get("TERM") != "dumb" and output.is_terminal(sys.stdin) and output.is_terminal(sys.stdout)


def run_app(app: App, *, lasting: bool = True) -> None:
    """Run the app; the only way from the commands to textual. What is chosen in one that won't last is forgotten."""
    from tui.app import RegistryApp, collect_seldom
    from tui.settings import Memory, memory_path, read_settings

    collect_seldom()
    shown = RegistryApp(app.place, read_settings(), Memory(memory_path() if lasting else None))
    shown.run()
    if shown.return_code and shown.return_code > ENDED_BY_SIGNAL:
        raise click.exceptions.Exit(shown.return_code)
    if shown.return_code:
        raise Stop(Exit.INTERNAL)
