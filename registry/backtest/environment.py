"""What a run was made with: versions, the git commit of the working folder, the command."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

_LIBRARIES = ("experiment-registry", "duckdb", "numpy")
_SECONDS = 5


def environment(argv: Sequence[str] | None = None, folder: Path | None = None) -> dict[str, Any]:
    """Return versions, the commit (and whether files differ from it) when there is one, and the command given."""
    made: dict[str, Any] = {"versions": versions()}
    commit = git_commit(folder)
    if commit is not None:
        made["git"] = commit
    if argv is not None:
        made["command"] = list(argv)
        made["folder"] = str(folder or Path.cwd())
    return made


def versions() -> dict[str, str]:
    """Return the versions a result may depend on."""
    made = {"python": platform.python_version(), "platform": f"{sys.platform}-{platform.machine()}"}
    for library in _LIBRARIES:
        try:
            made[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return made


def git_commit(folder: Path | None = None) -> dict[str, Any] | None:
    """Return {"commit": full hash, "dirty": whether files differ} of the repository around a folder, or None."""
    commit = _git(["rev-parse", "HEAD"], folder)
    if commit is None:
        return None
    status = _git(["status", "--porcelain", "--untracked-files=no"], folder)
    return {"commit": commit, "dirty": bool(status)}


def _git(arguments: Sequence[str], folder: Path | None) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
