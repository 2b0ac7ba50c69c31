"""`python -m tests.tui.snapshots`: draw every screen anew, and remove what is of no screen."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.tui.snapshots import ENVIRONMENT, file_of, files

os.environ.pop("NO_COLOR", None)
os.environ.update(ENVIRONMENT)

from tests.tui.snapshots.tour import SIZES, take, toured_registry


def main() -> None:
    """Write all files and say which of them changed."""
    drawn = {}
    with TemporaryDirectory() as folder:
        registry = toured_registry(Path(folder) / "experiments.duckdb")
        for size in SIZES:
            drawn |= {file_of(name, size): text for name, text in asyncio.run(take(registry, size)).items()}
    for file in files() - drawn.keys():
        file.unlink()
        print("removed", file)
    for file, text in drawn.items():
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            print("drawn", file)


if __name__ == "__main__":
    main()
