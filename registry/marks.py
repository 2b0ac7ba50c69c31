"""What an export tells of an experiment that is no part of it: a guessed parent, the aliases that point to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from registry.aliases import check_alias, current
from registry.canonical import freeze_text, show
from registry.errors import InvalidReferenceError
from registry.store.session import TEXTS, as_list

if TYPE_CHECKING:
    from registry.store import Session

INFERRED = "parent_inferred"
ALIASES = "aliases"


@dataclass(frozen=True, slots=True)
class CarriedAlias:
    """An alias as an export carries it: that it pointed to this experiment, and how it came there."""

    alias: str
    config_hash: str
    moved_at: str
    who: str
    why: str
    source: str
    """Where it was read."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)

    @property
    def reason(self) -> str:
        """What the history is to say of the move it leads to."""
        told = ": ".join(part for part in (self.who, self.why) if part)
        return f"imported from {self.source}" + (f" ({told})" if told else "")


@dataclass(frozen=True, slots=True)
class Unmoved:
    """An alias that was not moved as it should have been, and why."""

    alias: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return a plain dict."""
        return asdict(self)


def marks(session: Session, hashes: Iterable[str], *, aliases: bool = False) -> dict[str, dict[str, Any]]:
    """Return hash to what goes beside its record, of those that have anything; aliases only when asked for."""
    wanted = list(hashes)
    rows = session.rows(
        f"SELECT config_hash FROM experiment WHERE parent_inferred AND config_hash IN {TEXTS}", [as_list(wanted)]
    )
    made: dict[str, dict[str, Any]] = {row[0]: {INFERRED: True} for row in rows}
    if aliases:
        among = set(wanted)
        for move in current(session):
            if move.config_hash in among:
                told = {name: getattr(move, name) for name in ("alias", "moved_at", "who", "why")}
                made.setdefault(move.config_hash, {}).setdefault(ALIASES, []).append(told)
    return made


def read_aliases(value: object, config_hash: str, source: str) -> tuple[list[CarriedAlias], list[str]]:
    """Return the aliases that a record carries, and a sentence on each that can't be one.

    Names alone, as `show` prints them, carry nothing.
    """
    carried: list[CarriedAlias] = []
    strange = []
    for each in value if isinstance(value, list) else []:
        if not isinstance(each, Mapping):
            continue
        try:
            name = check_alias(each.get("alias"))
            moved_at, who, why = (freeze_text(each.get(key, ""), key) for key in ("moved_at", "who", "why"))
        except (InvalidReferenceError, ValueError) as error:
            strange.append(f"alias {show(each.get('alias'))} left out: {error}")
            continue
        carried.append(CarriedAlias(name, config_hash, moved_at, who, why, source))
    return carried, strange


def newest(carried: Sequence[CarriedAlias]) -> list[CarriedAlias]:
    """Return each alias once, as it was moved last."""
    made: dict[str, CarriedAlias] = {}
    for each in carried:
        if each.alias not in made or each.moved_at >= made[each.alias].moved_at:
            made[each.alias] = each
    return sorted(made.values(), key=lambda each: each.alias)
