"""Is everything as it must be for the registry to work? Each finding says what to do.

Nothing is waited for, changed or made, so it can be asked of a registry that is in use, damaged, somebody else's or
not there at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from registry.errors import (
    LockedError,
    MissingRegistryError,
    NewerSchemaError,
    NotARegistryError,
    StoreError,
)
from registry.numbers import of_them, size

State = Literal["ok", "warning", "problem"]

PACKAGE: Final = "experiment-registry"
_SCARCE: Final = 200_000_000
"""Bytes: with less room than this one had better look."""
_NONE: Final = 5_000_000
"""Bytes: with less than this a change of the registry may fail."""
_LONG: Final = 86_400
"""Seconds: an entry that waited so long was not brought in by what ran meanwhile."""
_MANY: Final = 1000
"""Waiting entries that slow every reader down."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    what: str
    """How it is, in a sentence or a few words."""
    advice: str = ""
    """What to do; of what is in order at most a hint."""
    facts: dict[str, Any] = field(default_factory=dict)
    """The same for programs."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {
            "name": self.name,
            "state": self.state,
            "what": self.what,
            "advice": self.advice,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Checkup:
    """What `doctor` found."""

    path: str
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """The worst that was found."""
        found = {finding.state for finding in self.findings}
        return "problem" if "problem" in found else "warning" if "warning" in found else "ok"

    @property
    def ok(self) -> bool:
        """Tell whether there is no problem; warnings are none."""
        return self.state != "problem"

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "ok": self.ok,
            "state": self.state,
            "path": self.path,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def doctor(path: str | os.PathLike[str] | None = None) -> Checkup:
    """Look at the registry at `path` (else the usual place) and at what it needs; never raises because of either.

    Waits for nobody, changes and makes nothing. While somebody changes the registry it is not opened.
    """
    from registry.checkup_versions import extras, versions

    try:
        from registry.location import found_path

        given, why = (Path(path).expanduser(), "as asked for") if path is not None else found_path()
        given = given.absolute()
        resolved = Path(os.path.realpath(given))
    except (OSError, RuntimeError, ValueError) as error:  # the working folder is gone; ~nobody
        wrong = Finding("registry", "problem", f"where it lies can't be told: {error}", "name it with --db PATH")
        return Checkup(str(path or ""), (*versions(), wrong, *extras(), temporary()))
    return Checkup(
        str(resolved),
        (*versions(), *_of_the_file(given, resolved, why), *extras(), temporary(), disk(resolved)),
    )


def _of_the_file(given: Path, path: Path, why: str) -> Iterator[Finding]:
    from registry.store import condition

    there = condition.look_at(given)
    facts = {"path": str(path), "because": why, "exists": there.exists, "size": there.size}
    waits = condition.waiting(path)
    if there.unreachable:
        advice = "name another one with --db or EXPERIMENTS_DB, or ask for the right to look there"
        yield Finding("registry", "problem", f"{path}, {why}, can't be reached: {there.unreachable}", advice, facts)
        return
    if there.exists:
        yield Finding("registry", "ok", f"{path} ({size(there.size)}), {why}", facts=facts)
    elif waits.entries:
        told = f"{path}, {why}: not made yet, {of_them(waits.entries, 'registration')} waiting"
        yield Finding("registry", "ok", told, facts=facts)
    else:
        advice = "the first import or registration makes it, or name another one with --db or EXPERIMENTS_DB"
        named = why.startswith(("as asked", "named"))
        yield Finding("registry", "warning" if named else "ok", f"{path}, {why}: not there yet", advice, facts)
    yield from _rights(path, there)
    yield from _surroundings(path, there)
    locked = condition.locking(path)
    yield _lock(path, locked)
    yield from _content(path, there, locked)
    yield _spool(path, waits)


def _rights(path: Path, there: Any) -> Iterator[Finding]:
    facts = {"mode": there.mode, "readable": there.readable, "writable": there.writable}
    if there.exists and not there.readable:
        yield Finding(
            "rights", "problem", f"it can't be read by this user ({there.mode})",
            f"as its owner: chmod u+r {path.name}, or chmod a+r for everybody", facts,
        )  # fmt: skip
    elif not there.writable:
        missing = not path.parent.is_dir()
        advice = "make the folder" if missing else "reading works; to change it, ask its owner for the right to write"
        yield Finding("rights", "problem" if missing else "warning", there.why_not, advice, facts)
    else:
        yield Finding("rights", "ok", f"can be read and written{f' ({there.mode})' if there.mode else ''}", facts=facts)


def _surroundings(path: Path, there: Any) -> Iterator[Finding]:
    facts = {
        "file_system": there.file_system, "link_to": there.link_to, "names": there.names, "log_size": there.log,
    }  # fmt: skip
    if there.unsuitable:
        advice = "move it, with what lies beside it, while nobody uses it"
        yield Finding("place", "problem", there.unsuitable, advice, facts)
    elif there.names > 1:
        yield Finding(
            "place", "warning", f"the file has {there.names} names (hard links), each with a lock of its own",
            f"always open it as {path.name}, or remove the other names: two users of two names can lose each other's"
            " rows", facts,
        )  # fmt: skip
    elif there.log and not there.exists:
        yield Finding(
            "place", "warning", f"{path.name}.wal lies there without the file it belongs to",
            "if the file was moved, move its log along", facts,
        )  # fmt: skip
    else:
        kind = f" ({there.file_system})" if there.file_system else ""
        link = f", a link leads to {there.link_to}" if there.link_to else ""
        log = ""
        if there.log:
            log = f"; the log beside it ({size(there.log)}) is of a change under way, or of a program that was ended"
        yield Finding("place", "ok", f"on a local file system{kind}{link}{log}", facts=facts)


def _lock(path: Path, found: Any) -> Finding:
    facts = {"files": found.files, "held_by": found.held_by, "read_by": found.read_by}
    if found.wrong:
        return Finding(
            "lock", "problem", "; ".join(found.wrong),
            f"as the owner: chmod 666 {path.name}.lock {path.name}.gate; if they are no files, move them away while"
            " nobody uses the registry", facts,
        )  # fmt: skip
    if found.held_by:
        return Finding(
            "lock", "warning", f"in use now by {found.held_by}",
            "wait for it, or ask once more; if it hangs, end it: nothing that was acknowledged is lost", facts,
        )  # fmt: skip
    if not any(found.files.values()):
        return Finding("lock", "ok", "free; nobody has opened it here yet", facts=facts)
    reading = f"; read by {found.read_by}" if found.read_by else ""
    return Finding("lock", "ok", f"free{reading}", facts=facts)


def _content(path: Path, there: Any, locked: Any) -> Iterator[Finding]:
    """Look into the file, if that is possible at this moment."""
    from registry.store import Store, condition, files, journal, place, schema

    if not there.exists or not there.readable:
        return
    head = condition.header(path) if path.is_file() else None
    known = len(schema.MIGRATIONS)
    facts: dict[str, Any] = {"known_schema": known, "storage": head.storage if head else None}
    if head is not None and head.written_by:
        facts["made_by"] = head.written_by
    made = f"made by DuckDB {head.written_by}" if head is not None and head.written_by else "a DuckDB file"
    try:
        if there.exists and place.sniff(path) == "empty":
            yield Finding("content", "ok", "the file is empty; the first registration makes a registry of it")
            return
        with Store(path, wait=0.0).peek() as session:
            found = schema.version(session.connection) or 0
            count = session.value("SELECT count(*) FROM experiment")
            runs = session.value("SELECT count(*) FROM run") if found > 1 else 0
            stored = session.value("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal")
            cut_off = there.exists and path.stat().st_size < files.size_needed(session.connection)
    except LockedError as error:
        busy = locked.held_by or str(error)
        yield Finding(
            "content", "warning", f"not looked into, it is in use ({made})" if locked.held_by else busy,
            "ask once more when it is free", facts,
        )  # fmt: skip
        return
    except NewerSchemaError as error:
        yield Finding("content", "problem", str(error), f"pip install --upgrade {PACKAGE}", facts)
        return
    except NotARegistryError as error:
        newer = "newer DuckDB" in str(error)
        advice = "pip install --upgrade duckdb" if newer else "name the registry with --db PATH or EXPERIMENTS_DB"
        yield Finding("content", "problem", str(error), advice, facts)
        return
    except MissingRegistryError:  # it was taken away meanwhile
        return
    except StoreError as error:
        left = journal.is_left(path)
        advice = "put it in order with: experiments info" if left else _REPAIR
        yield Finding("content", "warning" if left else "problem", str(error), advice, facts)
        return
    except ImportError as error:
        told = f"the engine can't be loaded: {error}"
        yield Finding("content", "problem", told, "pip install 'duckdb>=1.5,<3'", facts)
        return
    except Exception as error:  # noqa: BLE001 - a damaged file may make the engine say anything
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield Finding("content", "problem", f"it can't be read: {first}", _REPAIR, facts)
        return
    if cut_off:
        told = f"{path} is shorter than it says of itself, so a part of it is missing"
        yield Finding("content", "problem", told, _REPAIR, facts)
        return
    facts |= {"schema_version": found, "experiments": count, "runs": runs, "storage_version": stored}
    told = f"{of_them(count)}, {of_them(runs, 'run')}; schema {found}, storage {stored or 'unknown'}, {made}"
    if found < known:
        advice = f"the next command that may write takes it forward to schema {known}, and keeps a copy"
        yield Finding("content", "ok", f"{told}; this program's schema is {known}", advice, facts)
    else:
        yield Finding("content", "ok", told, "whether anything in it was altered tells: experiments verify", facts)


_REPAIR: Final = "restore a backup: experiments backup --restore FILE; what is there now is kept beside it"


def _spool(path: Path, found: Any) -> Finding:
    facts = {
        "waiting": found.entries,
        "oldest_seconds": round(found.oldest),
        "refused": [{"entry": name, "reason": reason} for name, reason in found.refused],
    }
    folder = f"{path.name}.spool"
    if found.wrong:
        return Finding("spool", "problem", found.wrong, f"as the owner: chmod a+rwx {folder}", facts)
    if found.refused:
        name, reason = found.refused[-1]
        told = f"{of_them(len(found.refused), 'registration')} could not be applied; the last, {name}: {reason}"
        return Finding(
            "spool", "problem", told,
            f"look at {folder}/refused, register what is missing again, then remove the files there", facts,
        )  # fmt: skip
    if not found.entries:
        return Finding("spool", "ok", "nothing waits", facts=facts)
    told = f"{of_them(found.entries, 'registration')} waiting to be brought in"
    if found.unreadable:
        told += f", {found.unreadable} of them of users whose files this one can't read"
    if found.oldest > _LONG or found.entries > _MANY:
        told += f", the oldest for {found.oldest / 3600:,.0f} h"
        advice = "bring them in with: experiments info (or any command that may write)"
        return Finding("spool", "warning", told, advice, facts)
    return Finding("spool", "ok", f"{told}; the next command that may write does it", facts=facts)


def temporary() -> Finding:
    """Say whether there is room for temporary files, as Python and the engine will look for it."""
    # tempfile.gettempdir() would try by writing a file
    asked = [os.environ[name] for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)]
    folders = [Path(each) for each in (*asked, "/tmp", "/var/tmp", "/usr/tmp")]
    usable = [folder for folder in folders if os.access(folder, os.W_OK | os.X_OK) and folder.is_dir()]
    if not usable:
        return Finding("temporary files", "problem", "no folder for them can be written", "set TMPDIR to one that can")
    found = _room("temporary files", usable[0], 0, "set TMPDIR to a folder with more room")
    if asked and usable[0] != Path(asked[0]) and found.state == "ok":
        return Finding(
            "temporary files", "warning", f"{asked[0]} can't be used, so they go to {usable[0]}",
            "correct TMPDIR", found.facts,
        )  # fmt: skip
    return found


def disk(path: Path) -> Finding:
    """Say whether there is room for the registry at `path` to grow, and for a copy of it."""
    there = path.stat().st_size if os.access(path, os.F_OK) else 0
    return _room("disk", path.parent, there, "free some space; registering stops when there is none")


def _room(name: str, folder: Path, copy: int, advice: str) -> Finding:
    from registry.store import condition

    found = condition.room(folder)
    if found is None:
        return Finding(name, "warning", f"how much room there is in {folder} can't be told")
    where, free, files = found
    facts = {"folder": str(where), "free": free}
    told = f"{size(free)} free in {where}"
    if not files:
        return Finding(name, "problem", f"{told}, but no more files can be made there", advice, facts)
    if free < _NONE:
        return Finding(name, "problem", told, advice, facts)
    if free < _SCARCE or free < copy:
        short = f", less than the registry's {size(copy)}, which a backup or a new version of this program copies"
        return Finding(name, "warning", f"{told}{short if free < copy else ''}", advice, facts)
    return Finding(name, "ok", told, facts=facts)
