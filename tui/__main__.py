"""`experiments` (and `python -m tui`): the full-screen app, or one headless command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if "_EXPERIMENTS_COMPLETE" in os.environ:  # the shell asks for completions
        from tui.cli.completing import answer

        sys.exit(answer())
    from tui.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
