"""What a shell can offer for completion: the hashes, names and values of a registry, without waiting for anybody.

A key press must not wait, so the registry is only looked into when it is free at this moment (`Store.peek`), each
question asks for no more than can be shown, and all of them together are stopped after a moment.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from registry.config import SHORT_HASH
from registry.errors import StoreError

if TYPE_CHECKING:
    from registry.rows import Names
    from registry.store import Session, Store

MOST: Final = 100
"""So many hashes, runs or periods are offered at most, the newest of them."""

_OF_HASHES: Final = ("hash", "parent", "ancestor")
"""What a filter compares with a hash."""

PATIENCE: Final = 0.5
"""Seconds after which questions are given up: nobody waits longer for what could be typed."""


class Offer(NamedTuple):
    """One thing that could be typed, and a few words on it."""

    text: str
    about: str = ""
    more: bool = False
    """More is to be typed right behind it."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What the registry holds that begins as typed; see `offering`."""

    session: Session
    store: Store

    def hashes(self, typed: str, *, trashed: bool = False, most: int = MOST) -> list[Offer]:
        """Return hashes that begin so, newest first, with the description: 12 digits, more where more are typed."""
        wanted = typed.lower()
        state = "NOT NULL" if trashed else "NULL"
        rows = self.session.rows(
            f"SELECT config_hash, description, strftime(created_at, '%Y-%m-%d') FROM experiment"
            f" WHERE deleted_at IS {state} AND starts_with(config_hash, ?) ORDER BY created_at DESC, id LIMIT {most}",
            [wanted],
        )
        digits = SHORT_HASH if len(typed) <= SHORT_HASH else None
        return [Offer(typed + row[0][len(typed) : digits], row[1] or f"of {row[2]}") for row in rows]

    def aliases(self) -> list[Offer]:
        """Return the aliases, each with the version in force and the experiment it points to."""
        from registry import aliases

        with suppress(StoreError):  # an older schema has no table of them
            return [
                Offer(move.alias, f"alias v{move.in_force}, {move.config_hash[:SHORT_HASH]}")
                for move in aliases.current(self.session)
            ]
        return []

    def versions(self, alias: str) -> list[Offer]:
        """Return the versions of an alias, the latest first."""
        rows = self.session.rows(
            "SELECT version, config_hash, why FROM alias_move WHERE alias = ? ORDER BY version DESC", [alias]
        )
        return [Offer(f"v{version}", f"{found[:SHORT_HASH]} {why}".strip()) for version, found, why in rows]

    def runs(self, typed: str) -> list[Offer]:
        """Return ids of runs that begin so, the latest recorded first."""
        rows = []
        with suppress(StoreError):  # as above
            rows = self.session.rows(
                "SELECT r.run_id, e.config_hash, r.panel FROM run r JOIN experiment e ON e.id = r.id"
                f" WHERE e.deleted_at IS NULL AND starts_with(r.run_id, ?) ORDER BY r.seq DESC LIMIT {MOST}",
                [typed],
            )
        return [Offer(run, f"{config_hash[:SHORT_HASH]} on {panel}") for run, config_hash, panel in rows]

    def tags(self, *, trashed: bool = False) -> list[Offer]:
        """Return the tags, most used first."""
        from registry.rows import tag_counts

        return [Offer(tag, _times(count)) for tag, count in tag_counts(self.session, trashed=trashed).items()]

    def names(self, *parts: str, trashed: bool = False) -> Names:
        """Return the names in use, as `ExperimentRegistry.names`, but only those of some fields."""
        from registry.rows import names

        return names(self.session, trashed=trashed, only=parts)

    def metrics(self) -> list[Offer]:
        """Return the metrics that runs have; without any run, those there are."""
        from registry.metrics import METRICS

        found = self.names("metrics").metrics
        return [
            Offer(name, METRICS[name].definition if name in METRICS else _times(found[name], "run"))
            for name in found or METRICS
        ]

    def panels(self) -> list[Offer]:
        """Return the panels that runs are on."""
        return [Offer(name, _times(count, "run")) for name, count in self.names("panels").panels.items()]

    def periods(self, panel: str | None = None) -> list[Offer]:
        """Return the periods of runs, on one panel or on any, most used first."""
        where, values = ("", []) if panel is None else (" AND panel = ?", [panel])
        rows = self.session.rows(
            "SELECT strftime(period_start, '%Y-%m-%d') || '..' || strftime(period_end, '%Y-%m-%d'), count(*) FROM run"
            f" WHERE id IN (SELECT id FROM experiment WHERE deleted_at IS NULL){where}"
            f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST}",
            values,
        )
        return [Offer(period, _times(count, "run")) for period, count in rows]

    def columns(self, typed: str, *, trashed: bool = False) -> list[Offer]:
        """Return columns as lists are sorted by and show them that begin as typed; `w.` and its like lead on."""
        from registry.search.columns import COLUMNS
        from registry.search.words import AGGREGATES, PREFIXES, write_name

        prefix, dot, _ = typed.rpartition("(")[2].partition(".")
        if not dot or prefix not in PREFIXES:
            made = [Offer(name) for name, meant in COLUMNS.items() if name == meant and (trashed or name != "deleted")]
            if typed:
                made += [Offer(f"{name}.", about, True) for name, about in PREFIXES.items()]
                made += [Offer(f"{over}(m.", f"{about} over windows", True) for over, about in AGGREGATES.items()]
                found = beginning(made, typed)
                return self.columns(found[0].text, trashed=trashed) if len(found) == 1 and found[0].more else found
            of: tuple[str, ...] = tuple(PREFIXES)
        else:
            of = (prefix,)
            made = []
        fields = {"w": "features", "transform": "features", "hp": "hyperparameters", "m": "metrics"}
        names = self.names(*{fields[one] for one in of}, trashed=trashed)
        over = typed.rpartition("(")[0]
        for one in of:
            for name, count in getattr(names, fields[one]).items():
                written = write_name(name, one)
                shown = f"{over}({written})" if over and one == "m" else written
                made.append(Offer(shown, _times(count, "run" if one == "m" else "experiment")))
        return beginning(made, typed)

    def filter(self, typed: str, *, trashed: bool = False) -> list[Offer]:
        """Return how a filter could go on: whole texts that begin as typed, the likeliest first.

        What only leads on to others, such as `tag:` alone, comes with those, so that one key is enough.
        """
        from registry.profile import values_of
        from registry.search.completion import asked, complete

        place = asked(typed)
        names = self.names(*(place.fields - {"values"}), trashed=trashed)
        if "values" in place.fields:
            names.values.update(values_of(self.session, place.operand))
        before = typed[: place.start]
        found = [
            Offer(before + one.text, one.detail, one.kind == "attribute") for one in complete(typed, len(typed), names)
        ]
        if place.operand in _OF_HASHES:
            hashes = self.hashes(typed[place.start :], trashed=trashed)
            found += [Offer(before + offer.text, offer.about) for offer in hashes]
        found = beginning(found, typed)
        if len(found) == 1 and found[0].more and found[0].text != typed:
            return self.filter(found[0].text, trashed=trashed) or found
        return found


def _times(count: int, what: str = "experiment") -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


@contextmanager
def offering(path: str | os.PathLike[str] | None = None, patience: float = PATIENCE) -> Iterator[Offers]:
    """Look into the registry at `path`, or at the usual place, for what can be offered; it waits for nobody.

    Raises:
        RegistryError: there is none, it is in use, or it can't be read.
    """
    from registry.location import default_path
    from registry.store import Store

    store = Store(Path(path).expanduser() if path is not None else default_path(), wait=0.0)
    with store.peek() as session, _stopped_after(patience, session.interrupt):
        yield Offers(session, store)


@contextmanager
def _stopped_after(seconds: float, stop: Callable[[], Any]) -> Iterator[None]:
    def again() -> None:
        while not ended.wait(0.05):
            with suppress(Exception):  # it has just been closed
                stop()

    def begin() -> None:
        if not ended.wait(seconds):
            again()

    ended = threading.Event()
    watcher = threading.Thread(target=begin, name="patience", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def beginning(offers: Iterable[Offer], typed: str) -> list[Offer]:
    """Return those that begin as typed."""
    return [offer for offer in offers if offer.text.startswith(typed)]
