"""Ending before the work is done: because of Ctrl-C while the engine works, or because a signal says so.

With Ctrl-C Python's handler would wait until the engine returns, which can take hours: the engine looks for
signals between its tasks only, and one task may be the whole query (measured: a filter over a long range
never ended). So a thread waits for the byte that Python's C handler writes at once, and interrupts the engine.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class _Told(BaseException):
    """A signal came."""


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


@contextmanager
def tidy_end() -> Iterator[None]:
    """Have a signal that ends the program end the body first, so that what it made for a while is removed.

    Raises:
        click.exceptions.Exit: with 128 and the signal's number, as a shell has it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def told(number: int, _: object) -> None:
        raise _Told(number)

    before = {number: signal.getsignal(number) for number in ENDING}
    changed = [number for number, how in before.items() if how is signal.SIG_DFL]  # `nohup` has one ignored
    for number in changed:
        signal.signal(number, told)
    try:
        yield
    except _Told as why:
        raise click.exceptions.Exit(128 + why.args[0]) from None
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)
