"""Timers that go off once, whatever else the machine does."""

from __future__ import annotations

from textual.timer import Timer


def surely(timer: Timer) -> Timer:
    """Return a timer of `set_timer`, just made, that goes off late rather than never.

    Textual's skips the beats it came too late for. One that beats once is then over before it has: a process that
    stood still for the first milliseconds of a short one would never hear of it.
    """
    timer._skip = False
    return timer
