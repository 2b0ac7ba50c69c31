"""The folder of a person's own settings, and small JSON files in it that several processes may change.

What is kept here is about one person at one machine, and so never in a registry, its exports or its copies.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from registry.errors import SettingsError

HOME: Final = "EXPERIMENTS_CONFIG_HOME"
"""Environment variable that names the folder; else it is the platform's own place."""

APPLICATION: Final = "experiments"
"""What the platform's own places are called."""


def folder() -> Path:
    """Return the folder of settings; it need not exist."""
    if home := os.environ.get(HOME):
        return Path(home).expanduser()
    from platformdirs import user_config_path

    return user_config_path(APPLICATION)


def read(name: str) -> dict[str, Any]:
    """Return what the file `name` holds; a missing one is empty.

    Raises:
        SettingsError: it can't be read, or holds something else than one JSON object.
    """
    path = folder() / name
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no JSON"
        raise SettingsError(f"the settings file {path} can't be read ({why}); repair it or move it away") from None
    if not isinstance(said, dict):
        raise SettingsError(f"the settings file {path} holds no JSON object; repair it or move it away")
    return said


@contextlib.contextmanager
def changing(name: str) -> Iterator[dict[str, Any]]:
    """Yield what the file `name` holds, to be changed in place; it is written, whole or not at all, at the end.

    Others who change it wait meanwhile. Nothing is written when nothing was changed, or the body raises.

    Raises:
        SettingsError: it can't be read or written.
    """
    from registry.errors import ExchangeError
    from registry.exchange.files import writing

    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
        handle = os.open(place / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise SettingsError(f"the settings in {place} can't be changed: {error.strerror or error}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        said = read(name)
        before = json.dumps(said)
        yield said
        if json.dumps(said) != before:
            with writing(place / name, force=True) as stream:
                stream.write(json.dumps(said, indent=1) + "\n")
    except ExchangeError as error:
        raise SettingsError(f"the settings in {place} can't be changed: {error}") from None
    finally:
        os.close(handle)
