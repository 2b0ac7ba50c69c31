"""Where the registry is, when nobody says."""

from __future__ import annotations

import os
from pathlib import Path

FILE_NAME = "experiments.duckdb"
VARIABLE = "EXPERIMENTS_DB"
FORMER_NAME = "experiments.sqlite"
"""What the earlier system called its file."""


def default_path(folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the registry's path for work in `folder` (the working folder).

    `EXPERIMENTS_DB` when set; else the nearest `experiments.duckdb` from the folder up to the root of the
    git repository it lies in (outside of one, only the folder itself); else that name in the folder.
    A registry that only has registrations waiting beside it counts as there.
    """
    return found_path(folder)[0]


def found_path(folder: str | os.PathLike[str] | None = None) -> tuple[Path, str]:
    """Return what `default_path` does, and in a few words why it is that one."""
    said = os.environ.get(VARIABLE)
    if said:
        return Path(said).expanduser(), f"named by {VARIABLE}"
    start = Path(folder) if folder is not None else Path.cwd()
    start = start.absolute()
    searched = [start]
    for parent in (start, *start.parents):
        if parent != start:
            searched.append(parent)
        if (parent / ".git").exists():
            break
    else:
        searched = [start]
    for place in searched:
        if (place / FILE_NAME).exists() or (place / (FILE_NAME + ".spool")).is_dir():
            return place / FILE_NAME, f"found in {'the working folder' if place == start else 'a folder above'}"
    return start / FILE_NAME, "the usual name in the working folder"
