"""`experiments` and `experiments demo` on a terminal: the app opens, and `q` leaves it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


def on_a_terminal(folder: Path, temporary: Path, *args: str, keys: str, after: bytes) -> tuple[int, bytes]:
    """Run `experiments ARGS` on a terminal of 120 x 40, press `keys` once it shows `after`; return code and output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    running = subprocess.Popen(
        [sys.executable, "-m", "tui", *args],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "TEXTUAL_ANIMATIONS": "none",
            "TMPDIR": str(temporary),
        },
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen, pressed, deadline = b"", False, time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([ours], [], [], 0.2)
            if ready:
                try:
                    data = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not data:
                    break
                seen += data
            if not pressed and after in seen:
                os.write(ours, keys.encode())
                pressed = True
        return running.wait(30), seen
    finally:
        running.kill()
        running.wait()
        os.close(ours)


@pytest.mark.parametrize(("args", "count"), [((), 24), (("demo",), 32)], ids=["app", "demo"])
def test_the_app_opens_and_q_leaves_it(shell: Shell, tmp_path: Path, args: tuple[str, ...], count: int) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    code, seen = on_a_terminal(shell.folder, temporary, *args, keys="q", after=b"Momentum only, as a control")
    assert code == 0, seen[-2000:]
    assert b"Traceback" not in seen
    assert f"{count} experiments".encode() in seen
    assert {path.name for path in shell.folder.iterdir() if "demo" in path.name} == set()
    assert list(temporary.iterdir()) == [], "the demo is gone"
