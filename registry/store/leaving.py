"""Bringing the spool in when a process ends normally, so that the next reader finds it done."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

_to_close: dict[Path, Callable[[], None]] = {}
_hooked_in = 0


def at_exit(path: Path, close: Callable[[], None]) -> None:
    """Have `close` called at the normal exit of this process, once for each path."""
    global _hooked_in
    pid = os.getpid()
    if _hooked_in != pid:
        _hooked_in = pid
        _to_close.clear()  # a forked child has nothing of its parent's to bring in
        atexit.register(_close_all)
        if "multiprocessing.process" in sys.modules:  # its children leave without atexit
            from multiprocessing.util import Finalize

            Finalize(None, _close_all, exitpriority=10)
    _to_close.setdefault(path, close)


def _close_all() -> None:
    if _hooked_in != os.getpid():
        return
    for close in list(_to_close.values()):
        with contextlib.suppress(Exception):  # the next command brings the spool in
            close()
