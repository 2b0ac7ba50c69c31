"""Runs the tests of `make test` in two processes beside each other, as nearly every machine has two cores.

    python -m tests

What the first half prints is shown as it comes, the other one's when both are done.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

PYTEST = (sys.executable, "-m", "pytest", "-m", "not full")
HALF = ("tests/backtest", "tests/runs", "tests/statistics", "tests/store", "tests/tui")
"""The folders of one half; it takes about as long as all the others."""


def main() -> int:
    """Run both halves; return the first exit code that is not 0."""
    with tempfile.TemporaryFile() as printed:
        with subprocess.Popen([*PYTEST, *HALF], stdout=printed, stderr=subprocess.STDOUT) as beside:
            here = subprocess.run([*PYTEST, *(f"--ignore={folder}" for folder in HALF)], check=False).returncode
            there = beside.wait()
        printed.seek(0)
        print(printed.read().decode(errors="replace"), end="")
    return here or there


if __name__ == "__main__":
    sys.exit(main())
