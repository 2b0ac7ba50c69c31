"""Opening somebody else's SQLite file without leaving a trace: nothing is written into it or beside it.

A file with a write-ahead log can't be opened in place, not even read-only, without making helper files
beside it. Where its log is empty it is opened as unchangeable; where the log holds something, file and log
are copied away and the copy is opened. The same helps where an interrupted change waits to be undone.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

_WAIT = 5.0
"""Seconds to wait for a program that is writing the file."""

_TRIES = 3


@contextlib.contextmanager
def open_sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """Open `path` for reading; text comes as bytes.

    Raises:
        sqlite3.Error: it can't be opened or read.
        OSError: it can't be copied where that is needed.
    """
    path = path.resolve()
    with contextlib.ExitStack() as cleanup:
        if _has_log(path):
            waiting = _beside(path, "-wal")
            if _size(waiting):
                connection = _copied(path, ("-wal",), cleanup)
            else:
                connection = _connect(path, "mode=ro&immutable=1", cleanup)
        else:
            try:
                connection = _connect(path, "mode=ro", cleanup)
            except sqlite3.OperationalError:
                if not _size(_beside(path, "-journal")):
                    raise
                connection = _copied(path, ("-journal",), cleanup)
        yield connection


def _connect(path: Path, mode: str, cleanup: contextlib.ExitStack) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=_WAIT)
    cleanup.callback(connection.close)
    connection.text_factory = bytes
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _copied(path: Path, endings: tuple[str, ...], cleanup: contextlib.ExitStack) -> sqlite3.Connection:
    """Open a copy of the file and what waits beside it; copied again when somebody wrote meanwhile."""
    folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="experiment-registry-")))
    copy = folder / "registry.sqlite"
    files = [path, *(_beside(path, ending) for ending in endings)]
    for _ in range(_TRIES):
        before = [_state(file) for file in files]
        for file, ending in zip(files, ("", *endings), strict=True):
            with contextlib.suppress(FileNotFoundError):  # the log goes when its writer closes the file
                shutil.copyfile(file, _beside(copy, ending))
        if [_state(file) for file in files] == before:
            return _connect(copy, "mode=rw", cleanup)
    raise sqlite3.OperationalError("another program is writing it; try again when it has ended")


def _has_log(path: Path) -> bool:
    """Whether the file says that it keeps a write-ahead log."""
    with path.open("rb") as file:
        return file.read(20)[18:20] == b"\x02\x02"


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
