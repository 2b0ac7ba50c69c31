"""Files that follow an alias: whatever reads one runs what the alias points to, after a rollback too.

A file holds the configuration as it is exported. Which alias has one is a matter of this person at this machine,
so it is kept in their settings, for each registry, and never in the registry itself. Beside the file's name
stand digests of what was last written to it: what has another one was changed by somebody else, and is theirs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from registry import settings
from registry.canonical import show
from registry.config import SHORT_HASH
from registry.errors import AliasFileError, ExchangeError, FileExistsRefusal

if TYPE_CHECKING:
    from registry.aliases import Move
    from registry.config import ExperimentConfig
    from registry.store import Session

SETTINGS: Final = "alias_files.json"

_REMEMBERED: Final = 2
"""Digests kept: what a file held before counts as ours too, should the move be interrupted in the middle."""

State = Literal["fine", "missing", "changed", "behind", "unreadable"]

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class FileState:
    """The file that follows an alias, and whether it holds what the alias points to."""

    alias: str
    file: str
    state: State
    sentence: str
    """What is the matter and what to do; empty when it is fine."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the settings say of one alias."""

    file: str
    written: Mapping[str, str]
    """Digest to the hash of the experiment, of what was written there, the last one last."""


class AliasFiles:
    """The files that follow the aliases of one registry.

    The registry is known by its path, and by its id when it was moved from where it was.

    Raises:
        SettingsError: the settings can't be read.
    """

    def __init__(self, session: Session) -> None:
        self._path = str(session.path)
        self._id: str = session.value("SELECT value FROM meta WHERE key = 'registry_id'") or ""
        self._kept = _kept_of(settings.read(SETTINGS), self._path, self._id)

    def target(self, alias: str) -> str | None:
        """Return the file that follows an alias, or None."""
        return self._kept[alias].file if alias in self._kept else None

    def states(self, moves: Mapping[str, Move]) -> list[FileState]:
        """Return every file with how it is; `moves` has the last move of every alias."""
        return [_state(alias, kept, moves.get(alias)) for alias, kept in sorted(self._kept.items())]

    def write(self, alias: str, config: ExperimentConfig, file: str | None = None, *, force: bool = False) -> Undo:
        """Bring the file of an alias up to date, or `file`, which is its from now on; return what takes that back.

        Nothing is done for an alias without a file. The file is on the disk when this returns.

        Raises:
            AliasFileError: it can't be written, or holds what we did not write (without `force`).
            SettingsError: that it is ours can't be remembered; it was not touched.
        """
        before = self._kept.get(alias)
        place = self._place(alias, file) if file is not None else before.file if before else None
        if place is None:
            return lambda: None
        known = before.written if before is not None and before.file == place else {}
        old = _read(place)
        if old is not None and not force and _digest(old) not in known:
            what = "was changed since we wrote it" if known else "was not written by this command"
            raise AliasFileError(f"{show(place)} {what}, so it is not replaced; look what is in it, then say --force")
        text = config.to_json() + "\n"
        kept = {name: hash_ for name, hash_ in known.items() if name != _digest(text.encode())}
        kept[_digest(text.encode())] = str(config.config_hash)
        self._keep(alias, _Kept(place, dict(list(kept.items())[-_REMEMBERED:])))
        try:
            _write(place, text.encode(), replace=old is not None)
        except BaseException:
            self._keep(alias, before)
            raise

        def undo() -> None:
            if old is None:
                Path(place).unlink(missing_ok=True)
            else:
                _write(place, old, replace=True)
            self._keep(alias, before)

        return undo

    def forget(self, alias: str) -> str | None:
        """Let no file follow an alias any more, and return the one that did; it stays as it is.

        Raises:
            SettingsError: the settings can't be written.
        """
        file = self.target(alias)
        if file is not None:
            self._keep(alias, None)
        return file

    def _place(self, alias: str, file: str) -> str:
        """Return the full path of a file, unless it is another alias's or the registry's own."""
        if not file.strip():
            raise AliasFileError("an empty file name; name the file that shall follow the alias")
        place = str(Path(file).expanduser().absolute())
        real = os.path.realpath(place)
        if real == self._path or (real.startswith(self._path + ".") and Path(real).parent == Path(self._path).parent):
            raise AliasFileError(f"{show(file)} belongs to the registry itself; name another file")
        for other, kept in self._kept.items():
            if other != alias and os.path.realpath(kept.file) == real:
                raise AliasFileError(f"{show(file)} follows the alias {other}; name another file")
        return place

    def _keep(self, alias: str, kept: _Kept | None) -> None:
        with settings.changing(SETTINGS) as said:
            self._kept = _kept_of(said, self._path, self._id)
            if kept is None:
                self._kept.pop(alias, None)
            else:
                self._kept[alias] = kept
            _put(said, self._path, self._id, self._kept)


def _kept_of(said: Mapping[str, Any], path: str, id_: str) -> dict[str, _Kept]:
    """Return what is kept of a registry: by its path, or by its id where the path it had is no more."""
    registries = _mapping(said.get("registries"))
    found = _mapping(registries.get(path))
    if found.get("registry_id") != id_:
        moved = (
            _mapping(entry)
            for was, entry in registries.items()
            if was != path and _mapping(entry).get("registry_id") == id_ and not Path(was).exists()
        )
        found = next(moved, {})
    made = {}
    for alias, entry in _mapping(found.get("aliases")).items():
        file = _mapping(entry).get("file")
        if isinstance(file, str):
            written = _mapping(_mapping(entry).get("written"))
            made[alias] = _Kept(file, {digest: str(hash_) for digest, hash_ in written.items()})
    return made


def _put(said: dict[str, Any], path: str, id_: str, kept: Mapping[str, _Kept]) -> None:
    registries = dict(_mapping(said.get("registries")))
    for was, entry in list(registries.items()):
        if _mapping(entry).get("registry_id") == id_ and not Path(was).exists():
            del registries[was]  # it lies elsewhere by now
    registries.pop(path, None)
    if kept:
        aliases = {alias: {"file": each.file, "written": dict(each.written)} for alias, each in kept.items()}
        registries[path] = {"registry_id": id_, "aliases": aliases}
    said["registries"] = registries


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _state(alias: str, kept: _Kept, move: Move | None) -> FileState:
    file = show(kept.file)
    try:
        content = _read(kept.file)
    except AliasFileError as error:
        return FileState(alias, kept.file, "unreadable", str(error))
    again = f"write it again with: experiments promote {alias} {alias}"
    if content is None:
        return FileState(alias, kept.file, "missing", f"{file} is missing; {again}")
    holds = kept.written.get(_digest(content))
    if holds is None:
        return FileState(alias, kept.file, "changed", f"{file} was changed by hand; {again} --force")
    if move is not None and holds != move.config_hash:
        is_ = f"it holds {holds[:SHORT_HASH]}, and {alias} is {move.config_hash[:SHORT_HASH]}"
        return FileState(alias, kept.file, "behind", f"{file} is not up to date: {is_}; {again}")
    return FileState(alias, kept.file, "fine", "")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(place: str) -> bytes | None:
    try:
        return Path(place).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AliasFileError(f"{show(place)} can't be read: {error.strerror or error}") from None


def _write(place: str, content: bytes, *, replace: bool) -> None:
    from registry.exchange.files import writing

    try:
        with writing(place, force=replace) as stream:
            stream.buffer.write(content)
    except FileExistsRefusal:
        raise AliasFileError(f"{show(place)} was made by somebody else meanwhile; nothing was changed") from None
    except ExchangeError as error:
        raise AliasFileError(f"{error}; the alias did not move") from None
