"""Aliases: movable names for experiments, such as `production`. Every move is a numbered version."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from registry.canonical import freeze_text, now_text, show
from registry.errors import InvalidReferenceError
from registry.store.apply import Events
from registry.store.schema import STAMP

if TYPE_CHECKING:
    from registry.store import Session, WriteSession

_HEX = re.compile(r"[0-9a-fA-F]+")
_PLAIN = re.compile(r"[^\s,()\"'=<>!:]+")
_TAKEN = frozenset({"latest"})


@dataclass(frozen=True, slots=True)
class Alias:
    """Where an alias points now, and how it came there."""

    alias: str
    version: int
    config_hash: str
    moved_at: str
    who: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


def check_alias(text: object) -> str:
    """Return a name that can be an alias.

    Raises:
        InvalidReferenceError: it looks like a hash or a run, is taken, or could not be typed.
    """
    try:
        name = freeze_text(text, "alias").strip()
    except ValueError as error:
        raise InvalidReferenceError(str(error)) from None
    if _HEX.fullmatch(name):
        raise InvalidReferenceError(f"alias: {show(name)} looks like a hash; take a name with another letter in it")
    if name.lower() in _TAKEN or name.startswith(("r-", "-")) or not _PLAIN.fullmatch(name):
        raise InvalidReferenceError(
            f"alias: {show(name)} can't be an alias; take one word without quotes, brackets and , = < > ! : that is"
            " not `latest` and does not begin with - or r-"
        )
    return name


def current(session: Session, alias: str | None = None) -> list[Alias]:
    """Return where every alias, or this one, points now."""
    where, given = ("WHERE alias = ?", [alias]) if alias is not None else ("", [])
    rows = session.rows(
        f"SELECT alias, version, config_hash, {STAMP.format('moved_at')}, who, why FROM alias_move"
        f" {where} QUALIFY row_number() OVER (PARTITION BY alias ORDER BY version DESC) = 1 ORDER BY alias",
        given,
    )
    return [Alias(*row) for row in rows]


def promote(session: WriteSession, alias: str, config_hash: str, why: str, who: str) -> Alias:
    """Move an alias to an experiment, as its next version; pointing there already changes nothing."""
    before = current(session, alias)
    if before and before[0].config_hash == config_hash:
        return before[0]
    version = before[0].version + 1 if before else 1
    from_hash = before[0].config_hash if before else None
    names = ("alias", "version", "kind", "config_hash", "from_hash", "moved_at", "who", "why")
    types = dict.fromkeys(names, "VARCHAR") | {"version": "INTEGER", "moved_at": "TIMESTAMP"}
    now = now_text()
    values = (alias, version, "promote", config_hash, from_hash, now[:26], who, why)
    session.insert("alias_move", types, {name: [value] for name, value in zip(names, values, strict=True)})
    events = Events()
    events.add("promoted", config_hash, now, alias=alias, version=version, before=from_hash, why=why)
    events.flush(session)
    return Alias(alias, version, config_hash, now, who, why)


def of_experiments(session: Session, hashes: list[str]) -> dict[str, list[str]]:
    """Return hash to its aliases, of those among `hashes` that have any."""
    wanted = set(hashes)
    made: dict[str, list[str]] = {}
    for each in current(session):
        if each.config_hash in wanted:
            made.setdefault(each.config_hash, []).append(each.alias)
    return made
