"""`experiments` (and `python -m tui`): the full-screen app, or one headless command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from tui.cli import cli, run

    if "_EXPERIMENTS_COMPLETE" in os.environ:  # the shell asks for completions
        cli.main(prog_name="experiments")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
