"""What a person chose: a settings file they write themselves, and a memory the app keeps.

`settings.toml` is only ever read, so comments and order in it are safe. `memory.json` holds what the app
remembers between two starts: theme, and for each registry its columns, order, saved and recent searches.
A filter is not among them: the app never reopens on an empty list.

    theme = "nord"              # any theme the app offers
    glyphs = "ascii"            # auto, unicode, ascii

    [keys]                      # action = keys, the ids are in the help (?)
    "browse.compare" = "c,ctrl+e"
"""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from registry import settings
from registry.settings import HOME
from tui.actions import ACTIONS

GLYPHS: Final = ("auto", "unicode", "ascii")
_RECENT: Final = 30
_REGISTRIES: Final = 200
"""Registries remembered; those opened longest ago are forgotten first."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the settings file says; `problems` are sentences about what in it can't be used."""

    theme: str | None = None
    glyphs: str = "auto"
    keys: Mapping[str, str] = field(default_factory=dict)
    """Ids of actions with the keys they are moved to, separated by commas."""
    problems: tuple[str, ...] = ()


def settings_path() -> Path:
    """Return where the settings file is, or would be."""
    return settings.folder() / "settings.toml"


def memory_path() -> Path:
    """Return where the app keeps what it remembers."""
    if home := os.environ.get(HOME):
        return Path(home).expanduser() / "memory.json"
    from platformdirs import user_state_path

    return user_state_path(settings.APPLICATION) / "memory.json"


def read_settings(path: Path | None = None) -> Settings:
    """Return what the settings file says; without one, nothing. What can't be used is told and left out."""
    path = settings_path() if path is None else path
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        return Settings(problems=(f"{path} can't be read: {error}",))
    problems = [f"{path}: {name} is no setting; there are theme, glyphs, keys" for name in said if name not in _KNOWN]
    theme = said.get("theme")
    if theme is not None and not isinstance(theme, str):
        problems.append(f"{path}: theme is the name of a theme, in quotes")
        theme = None
    glyphs = said.get("glyphs", "auto")
    if glyphs not in GLYPHS:
        problems.append(f"{path}: glyphs is one of {', '.join(GLYPHS)}")
        glyphs = "auto"
    keys, wrong = _keys(said.get("keys", {}))
    return Settings(theme, glyphs, keys, (*problems, *(f"{path}: {each}" for each in wrong)))


_KNOWN: Final = ("theme", "glyphs", "keys")


def _keys(said: object) -> tuple[dict[str, str], list[str]]:
    """Return the key map that can be used, and what is wrong with the rest."""
    if not isinstance(said, Mapping):
        return {}, ["[keys] holds lines such as browse.compare = 'c'"]
    from difflib import get_close_matches

    ids = {action.id for action in ACTIONS}
    keys, wrong = {}, []
    for action, wanted in _flat(said):
        if action not in ids:
            near = get_close_matches(action, ids, 1)
            wrong.append(f"{action} is no action" + (f"; did you mean {near[0]}?" if near else ""))
        elif not isinstance(wanted, str) or not all(part.strip() for part in wanted.split(",")):
            wrong.append(f"the keys of {action} are a text such as 'c,ctrl+e'")
        else:
            keys[action] = ",".join(part.strip() for part in wanted.split(","))
    return keys, wrong + _clashes(keys)


def _flat(said: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Return the lines of [keys]; an id written without quotes is a table of tables in TOML."""
    found: list[tuple[str, Any]] = []
    for name, value in said.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{name}.")
        else:
            found.append((before + name, value))
    return found


def _clashes(keys: Mapping[str, str]) -> list[str]:
    """Return a sentence for each key that would do two things at one place."""
    wrong = []
    for mine in ACTIONS:
        if mine.id not in keys:
            continue
        for other in ACTIONS:
            if other.id == mine.id or other.owner == "input" or mine.owner == "input":
                continue
            theirs = keys[other.id].split(",") if other.id in keys else other.keys
            both = sorted(set(keys[mine.id].split(",")) & set(theirs))
            if both and set(mine.screens) & set(other.screens) and (other.id not in keys or mine.id < other.id):
                wrong.append(f"{both[0]} now does both {mine.id} and {other.id}; give one of them another key")
    return wrong


@dataclass(slots=True)
class Remembered:
    """What the app remembers of one registry."""

    columns: list[str] | None = None
    """Columns of the list in order; None: the usual ones."""
    sort: str | None = None
    preview: bool = True
    folded: bool = False
    panel: str | None = None
    period: str | None = None
    recent: list[str] = field(default_factory=list)
    """Searches, the latest first."""
    saved: dict[str, str] = field(default_factory=dict)
    """Searches by the name they were saved under."""

    def remember_search(self, text: str) -> None:
        """Put a search at the head of the recent ones."""
        text = text.strip()
        if text:
            self.recent = [text, *(other for other in self.recent if other != text)][:_RECENT]


class Memory:
    """What is remembered between two starts; one that can't be read is begun anew, one that can't be written is not.

    Two apps may remember at a time: a change is laid over what the file says by then, registry by registry.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Name the file; None keeps everything in this process, as for a registry that will not last."""
        self._path = path
        said = self._read()
        theme = said.get("theme")
        self.theme: str | None = theme if isinstance(theme, str) else None

    def of(self, registry: str) -> Remembered:
        """Return what is remembered of the registry with this full path."""
        said = self._read().get("registries", {})
        found = said.get(registry) if isinstance(said, Mapping) else None
        return _remembered(found if isinstance(found, Mapping) else {})

    def keep(self, registry: str, remembered: Remembered) -> None:
        """Remember this of a registry, and the theme.

        Raises:
            OSError: it can't be written.
        """
        if self._path is None:
            return
        said = self._read()
        registries = said.get("registries")
        registries = dict(registries) if isinstance(registries, Mapping) else {}
        registries.pop(registry, None)
        registries[registry] = {name: getattr(remembered, name) for name in Remembered.__dataclass_fields__}
        for old in list(registries)[:-_REGISTRIES]:
            del registries[old]
        _write(self._path, {"theme": self.theme, "registries": registries})

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            said = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}


def _remembered(said: Mapping[str, Any]) -> Remembered:
    """Return what can be used of a record; anything else of it is as if it were not there."""
    made = Remembered()
    made.columns = _texts(said.get("columns")) or None
    for name in ("sort", "panel", "period"):
        if isinstance(value := said.get(name), str) and value:
            setattr(made, name, value)
    for name in ("preview", "folded"):
        if isinstance(value := said.get(name), bool):
            setattr(made, name, value)
    made.recent = (_texts(said.get("recent")) or [])[:_RECENT]
    saved = said.get("saved")
    if isinstance(saved, Mapping):
        made.saved = {name: text for name, text in saved.items() if isinstance(text, str)}
    return made


def _texts(value: object) -> list[str] | None:
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


def _write(path: Path, said: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(json.dumps(said, indent=1, ensure_ascii=True), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
