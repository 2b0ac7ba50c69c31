"""Aliases: movable names for experiments, such as `production`. Every move is a numbered version, never rewritten.

A promotion puts an experiment in force; a rollback puts an earlier promotion back in force. So the version in
force is always a promotion, and the one before it is what was in force when it was made: going back again and
again leads to the first, and what was once rolled back from is not met on the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from registry.canonical import freeze_text, now_text, show
from registry.config import SHORT_HASH
from registry.errors import AliasMovedError, InvalidReferenceError, NotFoundError
from registry.store.apply import Events
from registry.store.schema import STAMP

if TYPE_CHECKING:
    from registry.differences import Difference
    from registry.store import Session, WriteSession

_HEX = re.compile(r"[0-9a-fA-F]+")
_PLAIN = re.compile(r"[^\s,()\"'=<>!:]+")
_VERSION = re.compile(r"[vV]([0-9]{1,9})")
_TAKEN = frozenset({"latest"})

Kind = Literal["promote", "rollback"]

_TYPES: Final = {
    "alias": "VARCHAR", "version": "INTEGER", "kind": "VARCHAR", "config_hash": "VARCHAR", "from_hash": "VARCHAR",
    "to_version": "INTEGER", "moved_at": "TIMESTAMP", "who": "VARCHAR", "why": "VARCHAR",
}  # fmt: skip
_COLUMNS: Final = f"alias, version, kind, config_hash, from_hash, to_version, {STAMP.format('moved_at')}, who, why"


@dataclass(frozen=True, slots=True)
class Move:
    """One move of an alias, and so one of its versions."""

    alias: str
    version: int
    kind: Kind
    config_hash: str
    """The experiment it points to from then on."""
    from_hash: str | None
    """The one it pointed to before."""
    to_version: int | None
    """Of a rollback: the promotion it put back in force."""
    moved_at: str
    who: str
    why: str

    @property
    def in_force(self) -> int:
        """The promotion that is in force after it."""
        return self.version if self.to_version is None else self.to_version

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback as it would be: what it leaves, what it goes back to, and what changes by it."""

    present: Move
    """The last move, whichever kind it is: a rollback planned on it is void once there is another one."""
    leaves: Move
    """The promotion in force."""
    to: Move
    """The promotion that comes back in force."""
    changes: list[Difference]

    @property
    def alias(self) -> str:
        """The alias that would move."""
        return self.to.alias

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "alias": self.alias,
            "leaves": self.leaves.to_dict(),
            "to": self.to.to_dict(),
            "changes": [change.to_dict() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class VersionWeights:
    """The weights of every promoted version of an alias, side by side."""

    versions: list[Move]
    """The promotions, oldest first; a rollback has the weights of the one it went back to."""
    in_force: int
    weights: dict[str, list[float | None]]
    """Feature to its weight in each version; None where it is absent, or the experiment is gone."""
    gone: list[int]
    """Versions whose experiments were purged."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return {
            "versions": [move.to_dict() for move in self.versions],
            "in_force": self.in_force,
            "weights": self.weights,
            "gone": self.gone,
        }


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
    if name.lower() in _TAKEN or name.startswith(("r-", "-")) or not _PLAIN.fullmatch(name) or not name.isprintable():
        raise InvalidReferenceError(
            f"alias: {show(name)} can't be an alias; take one visible word without quotes, brackets and , = < > ! :"
            " that is not `latest` and does not begin with - or r-"
        )
    return name


# -- reading ---------------------------------------------------------------------------------------------


def current(session: Session, alias: str | None = None) -> list[Move]:
    """Return the last move of every alias, or of this one: where it points now."""
    where, given = ("WHERE alias = ?", [alias]) if alias is not None else ("", [])
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM alias_move"
        f" {where} QUALIFY row_number() OVER (PARTITION BY alias ORDER BY version DESC) = 1 ORDER BY alias",
        given,
    )
    return [Move(*row) for row in rows]


def history(session: Session, alias: str) -> list[Move]:
    """Return all moves of an alias, oldest first.

    Raises:
        NotFoundError: there is no such alias; the message names the nearest.
    """
    rows = session.rows(f"SELECT {_COLUMNS} FROM alias_move WHERE alias = ? ORDER BY version", [alias.strip()])
    if not rows:
        raise NotFoundError(unknown_alias(session, alias))
    return [Move(*row) for row in rows]


def nearest_alias(session: Session, text: str) -> str | None:
    """Return the alias that `text` may have been meant to be."""
    from registry.search.names import nearest

    return nearest(text.strip(), [row[0] for row in session.rows("SELECT DISTINCT alias FROM alias_move")])


def unknown_alias(session: Session, alias: str) -> str:
    """Return the sentence for an alias that is not there."""
    near = nearest_alias(session, alias)
    if near is not None:
        return f"there is no alias {show(alias)}; did you mean {near}?"
    some = bool(current(session))
    advice = "see them with: experiments aliases" if some else "make one with: experiments promote HASH ALIAS"
    return f"there is no alias {show(alias)}; {advice}"


def of_experiments(session: Session, hashes: Iterable[str]) -> dict[str, list[str]]:
    """Return hash to its aliases, of those among `hashes` that have any."""
    wanted = set(hashes)
    made: dict[str, list[str]] = {}
    for each in current(session):
        if each.config_hash in wanted:
            made.setdefault(each.config_hash, []).append(each.alias)
    return made


def promotion_before(moves: Sequence[Move], version: int) -> Move | None:
    """Return the promotion that was in force when the promotion `version` was made; None for the first."""
    return moves[moves[version - 2].in_force - 1] if version > 1 else None


def rolled_back_from(moves: Sequence[Move]) -> set[int]:
    """Return the promotions that a rollback once put out of force."""
    return {moves[move.version - 2].in_force for move in moves if move.kind == "rollback"}


def version_weights(session: Session, alias: str) -> VersionWeights:
    """Return the weights of every promoted version, of experiments in the trash too.

    Raises:
        NotFoundError: there is no such alias.
    """
    from registry import rows
    from registry.store.session import TEXTS, as_list

    moves = history(session, alias)
    versions = [move for move in moves if move.kind == "promote"]
    ids = dict(
        session.rows(
            f"SELECT config_hash, id FROM experiment WHERE config_hash IN {TEXTS}",
            [as_list({move.config_hash for move in versions})],
        )
    )
    weights = {str(config.config_hash): config.feature_weights for config in rows.configs(session, list(ids.values()))}
    names = sorted({name for given in weights.values() for name in given})
    table = {name: [weights.get(move.config_hash, {}).get(name) for move in versions] for name in names}
    gone = [move.version for move in versions if move.config_hash not in ids]
    return VersionWeights(versions, moves[-1].in_force, table, gone)


# -- moving ----------------------------------------------------------------------------------------------


def promote(session: WriteSession, alias: str, config_hash: str, why: str, who: str) -> Move:
    """Move an alias to an experiment, as its next version; pointing there already changes nothing."""
    before = current(session, alias)
    if before and before[0].config_hash == config_hash:
        return before[0]
    return _add(session, alias, "promote", config_hash, before[0] if before else None, None, why, who)


def plan_rollback(session: Session, alias: str, to: str | None = None) -> Rollback:
    """Return the rollback to the promotion before the one in force, or to an earlier one, `v3` or a hash.

    Raises:
        NotFoundError: there is no such alias or version, nothing lies before, or the experiment is gone.
        InvalidReferenceError: what is named is in force, or came later: a rollback never goes forth.
    """
    from registry import references, rows
    from registry.differences import differences

    moves = history(session, alias)
    present = moves[-1]
    leaves = moves[present.in_force - 1]
    target = promotion_before(moves, leaves.version) if to is None else _named(session, moves, leaves, to)
    if target is None:
        raise NotFoundError(f"{alias} is at v{leaves.version}, its first: there is nothing before it to go back to")
    try:
        id_, _ = references.resolve(session, target.config_hash)
    except NotFoundError as error:
        raise NotFoundError(f"{alias} can't go back to v{target.version}: {error}") from None
    now = references.find(session, leaves.config_hash)
    found = rows.configs(session, [now[0], id_]) if now is not None else []
    return Rollback(present, leaves, target, differences(found[0], found[1]) if len(found) == 2 else [])


def _named(session: Session, moves: Sequence[Move], leaves: Move, to: str) -> Move:
    """Return the promotion meant by a version or a hash."""
    alias = leaves.alias
    if number := _VERSION.fullmatch(to.strip()):
        version = int(number[1])
        if not 1 <= version <= len(moves):
            raise NotFoundError(f"{alias} has no v{version}; its versions are v1 to v{len(moves)}")
        target = moves[moves[version - 1].in_force - 1]
    else:
        config_hash = _hash_in(session, moves, to)
        known = [move for move in moves if move.kind == "promote" and move.config_hash == config_hash]
        earlier = [move for move in known if move.version < leaves.version]
        if not known:
            raise NotFoundError(f"{alias} never was {show(to)}; see: experiments history {alias}")
        target = (earlier or known)[-1]
    if target.version == leaves.version:
        raise InvalidReferenceError(f"{alias} is at v{leaves.version} already; nothing was changed")
    if target.version > leaves.version:
        raise InvalidReferenceError(
            f"v{target.version} came after v{leaves.version}, which is in force, and a rollback never goes forth;"
            f" promote it: experiments promote {target.config_hash[:SHORT_HASH]} {alias}"
        )
    return target


def _hash_in(session: Session, moves: Sequence[Move], to: str) -> str:
    """Return the full hash meant, looked for among the versions first: their experiments may be gone."""
    from registry import references

    wanted = to.strip().lower()
    among = {move.config_hash for move in moves if wanted and move.config_hash.startswith(wanted)}
    return among.pop() if len(among) == 1 else references.resolve(session, to)[1]


def roll_back(session: WriteSession, plan: Rollback, why: str, who: str) -> Move:
    """Carry a planned rollback out, as the next version.

    Raises:
        AliasMovedError: the alias was moved since the plan was made.
    """
    now = current(session, plan.alias)[0]
    if now.version != plan.present.version:
        raise AliasMovedError(
            f"{plan.alias} was moved meanwhile: v{now.version} is {now.config_hash[:SHORT_HASH]}"
            f"{' by ' + now.who if now.who else ''}; nothing was changed, look again"
        )
    return _add(session, plan.alias, "rollback", plan.to.config_hash, now, plan.to.version, why, who)


def _add(
    session: WriteSession,
    alias: str,
    kind: Kind,
    config_hash: str,
    before: Move | None,
    to_version: int | None,
    why: str,
    who: str,
) -> Move:
    now = now_text()
    from_hash = None if before is None else before.config_hash
    version = 1 if before is None else before.version + 1
    move = Move(alias, version, kind, config_hash, from_hash, to_version, now, who, freeze_text(why, "why"))
    values = {**move.to_dict(), "moved_at": now[:26]}
    session.insert("alias_move", _TYPES, {name: [value] for name, value in values.items()})
    events = Events()
    detail: dict[str, Any] = {"alias": alias, "version": version, "before": from_hash, "why": move.why}
    if to_version is not None:
        detail["to_version"] = to_version
    events.add("promoted" if kind == "promote" else "rolled-back", config_hash, now, **detail)
    events.flush(session)
    return move
