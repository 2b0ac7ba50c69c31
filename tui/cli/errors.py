"""How a command ends: exit codes that scripts can rely on, and one sentence on stderr for every error.

A pipe that was closed at the other end ends quietly. The codes are documented by `MEANINGS`, which is a part
of `experiments --help`.
"""

from __future__ import annotations

import errno
import os
import sys
from enum import IntEnum
from typing import TypeGuard

from registry.errors import (
    FilterError,
    NoMatchError,
    NotFoundError,
    QueryError,
    RegistryError,
    StoreError,
    TrackerError,
)
from tui.safe import safe

_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENXIO)


class Exit(IntEnum):
    """The exit codes, by name."""

    OK = 0
    NOTHING = 1
    DIFFERS = 1
    ALTERED = 1
    REGRESSED = 1
    PROBLEMS = 1
    USAGE = 2
    NOT_FOUND = 3
    UNUSABLE = 4
    PARTLY = 5
    CANNOT_TELL = 6
    INTERNAL = 70
    INTERRUPTED = 130


MEANINGS = {
    "0": "fine",
    "1": "nothing matched (search, --filter), differs (compare --exit-code), altered (verify, aliases --check),"
    " regressed (guard), problems (doctor)",
    "2": "wrong usage, bad input, or refused for safety",
    "3": "not found, or ambiguous",
    "4": "the registry or a tracker can't be used, or the output can't be written",
    "5": "partly done",
    "6": "cannot tell",
    "70": "internal error (details with EXPERIMENTS_DEBUG=1)",
    "130": "interrupted",
}
"""What the exit codes mean, for help."""


class Stop(Exception):
    """Ends the command with an exit code and, when there is something to say, one sentence on stderr."""

    def __init__(self, code: Exit, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def refuse(message: str) -> Stop:
    """Return the end of a command that was asked for something it won't do."""
    return Stop(Exit.USAGE, message)


def nothing(message: str) -> Stop:
    """Return the end of a command whose filter matched nothing."""
    return Stop(Exit.NOTHING, message)


def complain(message: str, *more: str, lines: bool = False) -> None:
    """Write one sentence, and lines that show the place, to stderr."""
    made = [f"Error: {safe(message, lines=lines)}", *more]
    try:
        sys.stderr.write("\n".join(made) + "\n")
        sys.stderr.flush()
    except OSError:
        pass  # nobody is listening any more


def report(error: BaseException) -> int:
    """Say what went wrong and return the exit code for it."""
    if isinstance(error, Stop):
        if error.message:
            complain(error.message)
        return error.code
    if isinstance(error, KeyboardInterrupt):
        complain("interrupted")
        return Exit.INTERRUPTED
    if isinstance(error, NoMatchError):
        complain(str(error))
        return Exit.NOTHING
    if isinstance(error, FilterError):
        complain(str(error), *_caret(error))
        return Exit.USAGE
    if isinstance(error, NotFoundError):
        complain(str(error))
        return Exit.NOT_FOUND
    if isinstance(error, (StoreError, TrackerError)):
        complain(str(error))
        return Exit.UNUSABLE
    if isinstance(error, QueryError):
        complain(str(error), lines=True)  # the engine shows the place on lines of its own
        return Exit.USAGE
    if isinstance(error, RegistryError):
        complain(str(error))
        return Exit.USAGE
    if isinstance(error, OSError) and error.filename is not None:
        complain(f"{os.fsdecode(error.filename)}: {error.strerror}")
        return Exit.USAGE
    if is_full(error):
        complain(f"can't write the output: {error.strerror}")
        return Exit.UNUSABLE
    return _internal(error)


def is_full(error: BaseException) -> TypeGuard[OSError]:
    """Return whether `error` is that of a standard stream that takes no more: a full disk, a device gone.

    Errors of files have their names, and those of the registry's are `StoreError`s.
    """
    return isinstance(error, OSError) and error.filename is None and error.errno in _NO_MORE


def _internal(error: BaseException) -> int:
    if os.environ.get("EXPERIMENTS_DEBUG"):
        import traceback

        traceback.print_exception(error)
    complain(
        f"internal error: {type(error).__name__}: {error}"
        + ("" if os.environ.get("EXPERIMENTS_DEBUG") else "; set EXPERIMENTS_DEBUG=1 to see where")
    )
    return Exit.INTERNAL


def _caret(error: FilterError) -> list[str]:
    """Return the filter's line with the trouble and a caret under the place."""
    if not error.text:
        return []
    from tui.widths import width

    position = min(error.position, len(error.text))
    start = error.text.rfind("\n", 0, position) + 1
    line = error.text[start:].split("\n", 1)[0]
    return [f"  {safe(line)}", "  " + " " * width(safe(error.text[start:position])) + "^"]
