"""The app as a process on a terminal of its own: real keys in, the real bytes out, real signals."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; only a failing test ever waits so long."""

MODES = (1049, 1000, 1003, 2004)
"""What an app switches on and has to switch off: alternate screen, mouse, mouse moves, marked pastes."""


class Terminal:
    """A running app and the other side of its terminal."""

    def __init__(self, running: subprocess.Popen[bytes], ours: int) -> None:
        self.running = running
        self.seen = b""
        """Everything the app wrote so far."""
        self._ours = ours

    def read(self, patience: float = 0.0) -> bool:
        """Take in what was written; return whether there was anything."""
        ready, _, _ = select.select([self._ours], [], [], patience)
        if not ready:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other side is closed
            return False
        self.seen += data
        return bool(data)

    def shows(self, *texts: str, since: int = 0) -> None:
        """Wait until all of these were written, from a place in `seen` on."""
        deadline = time.monotonic() + PATIENCE
        while not all(text.encode() in self.seen[since:] for text in texts):
            assert time.monotonic() < deadline, f"{texts} not in {self.seen[since:][-3000:]!r}"
            self.read(0.05)

    def press(self, keys: str) -> int:
        """Press keys; return the place in `seen` where what comes of them begins."""
        while self.read():
            pass
        os.write(self._ours, keys.encode())
        return len(self.seen)

    def send(self, number: signal.Signals) -> None:
        """Send the app a signal."""
        self.running.send_signal(number)

    def stopped(self) -> None:
        """Wait until the app is stopped, as ctrl+z does it; whoever started it is told by the system."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.read(0.02)  # a program blocks when nobody reads what it writes
            found = os.waitid(os.P_PID, self.running.pid, os.WSTOPPED | os.WNOHANG)
            if found is not None and found.si_status == signal.SIGSTOP:
                break
            assert time.monotonic() < deadline, "it was never stopped"
        while self.read():
            pass

    def hang_up(self) -> None:
        """Take the terminal away, as closing its window does."""
        os.close(self._ours)
        self._ours = -1

    def end(self) -> int:
        """Wait until the app has ended; return its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.running.poll() is None:
            assert time.monotonic() < deadline, "it never ended"
            if self._ours < 0 or not self.read(0.05):
                time.sleep(0.01)
        while self._ours >= 0 and self.read():
            pass
        return self.running.returncode

    @property
    def is_left(self) -> bool:
        """Whether the terminal is as it was found: every mode off again, the cursor shown, keys by the line."""
        off = all(self.seen.rfind(b"\x1b[?%dl" % mode) > self.seen.rfind(b"\x1b[?%dh" % mode) for mode in MODES)
        cursor = self.seen.rfind(b"\x1b[?25h") > self.seen.rfind(b"\x1b[?25l")
        return off and cursor and bool(termios.tcgetattr(self._ours)[3] & termios.ICANON)

    def close(self) -> None:
        """End the app, whatever it does."""
        if self.running.poll() is None:
            self.running.kill()
        self.running.wait()
        if self._ours >= 0:
            os.close(self._ours)


INSTALLED = Path(sys.executable).with_name("experiments")
"""The command as pip made it."""


@contextmanager
def terminal(folder: Path, *args: str, **variables: str) -> Iterator[Terminal]:
    """Run the installed `experiments ARGS` in a folder, on a terminal of 120 x 40 that is its controlling one."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(temporary),
        "TEXTUAL_ANIMATIONS": "none",
    }
    running = subprocess.Popen(
        [sys.executable, "-S", "-c", _CONTROLLED, str(INSTALLED), *args],
        cwd=folder,
        env={name: value for name, value in (environment | variables).items() if value},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = Terminal(running, ours)
    try:
        yield shown
    finally:
        shown.close()


_CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes its terminal the controlling one first, so that closing it sends SIGHUP."""
