"""Ctrl-C while the engine works: Python's handler would wait until the engine returns, which can take hours.

The engine looks for signals between its tasks only, and one task may be the whole query (measured: a filter
over a long range never ended). So a thread waits for the byte that Python's C handler writes at once, and
interrupts the engine.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stoppable(interrupt: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C call `interrupt` from another thread while the body runs, and end the body.

    Raises:
        KeyboardInterrupt: Ctrl-C came, whatever the body made of being interrupted.
    """
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread only
        yield
        return
    receiving, sending = os.pipe()
    os.set_blocking(sending, False)
    came = threading.Event()

    def watch() -> None:
        while received := os.read(receiving, 1):
            if received[0] == signal.SIGINT:
                came.set()
                interrupt()

    watching = threading.Thread(target=watch, name="stoppable", daemon=True)
    before = signal.set_wakeup_fd(sending, warn_on_full_buffer=False)
    watching.start()
    try:
        yield
    except Exception:
        if came.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.set_wakeup_fd(before)
        os.close(sending)
        watching.join()
        os.close(receiving)
