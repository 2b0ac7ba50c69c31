"""Asking a person on the terminal before something is done that they may regret."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tui.cli import output
from tui.cli.errors import refuse


def check_answerable(what: str, option: str, *, stdin_taken: bool = False) -> None:
    """Refuse where nobody can answer; `what` needs `option` there.

    Raises:
        Stop: standard input or stderr is no terminal, or standard input is used for something else.
    """
    if stdin_taken or not (output.is_terminal(sys.stdin) and output.is_terminal(sys.stderr)):
        raise refuse(f"not confirmed: {what} needs {option} where nobody can be asked")


def ask(lines: Iterable[str], question: str) -> None:
    """Show what it is about, ask, and go on only after a yes; all of it is safe to show.

    Raises:
        Stop: the answer was no, or there was none.
    """
    sys.stderr.write("".join(f"{line}\n" for line in lines) + f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
    if answer.strip().lower() not in ("y", "yes"):
        raise refuse("answered no; nothing was changed")
