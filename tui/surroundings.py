"""What the terminal and a person's own settings are like: the part of `doctor` that the core knows nothing of."""

from __future__ import annotations

import json
import locale
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from registry.checkup import Finding

SMALLEST: Final = (40, 15)
"""Columns and lines that the app needs."""

_NO_CLIPBOARD: Final = {
    "Apple_Terminal": "Terminal.app does not take it; use another terminal, or a command with | pbcopy",
}
"""Terminals that keep programs from the clipboard, by TERM_PROGRAM."""


def surroundings(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Look at the terminal as `environment` and the standard streams tell of it, and at the settings files."""
    yield _terminal(environment)
    yield _colours(environment)
    yield _text(environment)
    yield _clipboard(environment)
    yield from _settings()


def _is_terminal() -> bool:
    try:
        return sys.stdin.isatty() and sys.stdout.isatty()
    except (ValueError, AttributeError):  # closed
        return False


def _terminal(environment: Mapping[str, str]) -> Finding:
    term = environment.get("TERM", "")
    columns, rows = shutil.get_terminal_size((80, 24))
    shown = _is_terminal()
    within = [
        name
        for name, sign in (("tmux", "TMUX"), ("screen", "STY"), ("ssh", "SSH_CONNECTION"), ("mosh", "MOSH_CONNECTION"))
        if environment.get(sign)
    ]
    facts = {
        "term": term, "terminal": shown, "columns": columns, "lines": rows, "within": within,
        "program": environment.get("TERM_PROGRAM", ""),
    }  # fmt: skip
    told = f"TERM={term or '(not set)'}, {columns} x {rows}{', inside ' + ' and '.join(within) if within else ''}"
    if not shown:
        told = f"not a terminal here (a pipe or a file); TERM={term or '(not set)'}"
        return Finding("terminal", "ok", told, "the full-screen app needs one; commands don't", facts)
    if term in ("", "dumb"):
        advice = "set TERM to what it is, such as xterm-256color"
        return Finding("terminal", "warning", f"{told}: the app can't open", advice, facts)
    if columns < SMALLEST[0] or rows < SMALLEST[1]:
        return Finding(
            "terminal", "warning", f"{told}: too small for the app",
            f"make it {SMALLEST[0]} columns and {SMALLEST[1]} lines at least", facts,
        )  # fmt: skip
    if term.startswith(("screen", "tmux")) or "tmux" not in within:
        return Finding("terminal", "ok", told, facts=facts)
    return Finding(
        "terminal", "warning", f"{told}: inside tmux TERM is screen-… or tmux-…",
        "don't set TERM in the shell's start file; in tmux.conf: set -g default-terminal tmux-256color", facts,
    )  # fmt: skip


def _colours(environment: Mapping[str, str]) -> Finding:
    from tui.cli.output import colours

    term, depth = environment.get("TERM", ""), environment.get("COLORTERM", "")
    facts = {"colorterm": depth, "no_color": bool(environment.get("NO_COLOR")), "commands_colour": colours()}
    if environment.get("NO_COLOR"):
        return Finding("colours", "ok", "none, NO_COLOR is set", facts=facts)
    if depth in ("truecolor", "24bit"):
        return Finding("colours", "ok", f"16 million (COLORTERM={depth})", facts=facts)
    if "256" in term:
        hint = "where the terminal has more: export COLORTERM=truecolor"
        return Finding("colours", "ok", "256, by TERM", hint, facts)
    hint = "where the terminal has more: export TERM=xterm-256color"
    return Finding("colours", "ok", "16 or fewer, by TERM; everything reads in them", hint, facts)


def _text(environment: Mapping[str, str]) -> Finding:
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower()
    said = next((f"{name}={environment[name]}" for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
    facts = {"encoding": encoding, "locale": said, "preferred": locale.getpreferredencoding(False)}
    if encoding.replace("-", "") == "utf8":
        return Finding("text", "ok", f"UTF-8 ({said or 'no locale is set'})", facts=facts)
    told = f"the output is {encoding or 'unknown'} ({said or 'no locale is set'}), so other characters become escapes"
    return Finding("text", "warning", told, "export LC_ALL=C.UTF-8 (or a locale of yours that ends in .UTF-8)", facts)


def _clipboard(environment: Mapping[str, str]) -> Finding:
    program = environment.get("TERM_PROGRAM", "")
    facts = {"how": "OSC 52", "program": program}
    told = "the app copies with OSC 52, which the terminal must allow"
    if environment.get("TMUX"):
        return Finding("clipboard", "ok", f"{told}, and tmux too", "in tmux.conf: set -s set-clipboard on", facts)
    if environment.get("STY"):
        return Finding(
            "clipboard", "warning", f"{told}; screen does not pass it on", "use tmux, or write to a file instead", facts
        )
    if program in _NO_CLIPBOARD:
        return Finding("clipboard", "warning", told, _NO_CLIPBOARD[program], facts)
    if environment.get("VTE_VERSION"):
        hint = "GNOME's and other VTE terminals may not; use another terminal, or write to a file"
        return Finding("clipboard", "warning", told, hint, facts)
    return Finding("clipboard", "ok", told, facts=facts)


def _settings() -> Iterator[Finding]:
    from registry import alias_files, settings
    from registry.errors import SettingsError
    from tui.settings import memory_path, read_settings, settings_path

    try:
        path, memory = settings_path(), memory_path()
    except (OSError, RuntimeError) as error:
        yield Finding("settings", "problem", f"where they are can't be told: {error}", f"correct {settings.HOME}")
        return
    facts = {"path": str(path), "exists": path.exists()}
    if path.exists() and not path.is_file():
        yield Finding("settings", "problem", f"{path} is no file", "move it away", facts)
    elif problems := read_settings(path).problems:
        yield Finding("settings", "problem", "; ".join(problems), "correct it; what can't be used is left out", facts)
    else:
        yield Finding("settings", "ok", str(path) if path.exists() else f"none ({path} would be read)", facts=facts)
    try:
        settings.read(alias_files.SETTINGS)
    except SettingsError as error:
        yield Finding("settings of aliases", "problem", str(error), "the files that follow aliases are noted there")
    try:
        broken = memory.is_file() and not isinstance(json.loads(memory.read_text(encoding="utf-8")), dict)
    except (OSError, ValueError):
        broken = True
    if broken:
        yield Finding(
            "memory of the app", "warning", f"{memory} can't be read, so saved searches and columns are forgotten",
            "move it away; the app begins a new one",
        )  # fmt: skip
