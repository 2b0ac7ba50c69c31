"""Which panel a run is on: the content of panels day by day, and what tells one from another."""

from __future__ import annotations

from typing import Final

from registry.canonical import now_text, show
from registry.runs.panels import ByDay, KnownPanel, PanelDays, PanelRef
from registry.store.registration import Conflict
from registry.store.session import TEXTS, Session, WriteSession, as_list

PRICE: Final = "price"
"""The column of a panel's days that says which assets were there, at what price."""


def key_of(panel: PanelRef) -> str:
    """Return what tells the content of a run's panel; of one that is not known day by day, its fingerprint."""
    return panel.key or f"fingerprint:{panel.fingerprint or ''}"


class Panels:
    """Which panel a run is on: contents that agree day by day, as far as both know, are one panel.

    So appended days and a rewritten file leave a panel what it is, and a changed past value makes another one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: dict[tuple[str, str], int] = {}

    def of(self, panel: PanelRef) -> int:
        """Return the number of a run's panel."""
        key = key_of(panel)
        if (panel.name, key) not in self._of:
            numbers = [(each, self.known(panel.name, each)) for each in (key, *panel.other_keys)]
            number = next((number for _, number in numbers if number is not None), None)
            if number is None:
                number = self._make(panel.name)
            for each in dict.fromkeys(each for each, known in numbers if known is None):
                self._add_key(number, each)
            self._of[panel.name, key] = number
        return self._of[panel.name, key]

    def known(self, name: str, key: str) -> int | None:
        """Return the number of the panel of this name and content, None for one that was never seen."""
        found: int | None = self._session.value(
            "SELECT min(p.panel_id) FROM panel p JOIN panel_key k ON k.panel_id = p.panel_id"
            " WHERE p.name = ? AND k.key = ?",
            [name, key],
        )
        return found

    def _make(self, name: str) -> int:
        assert isinstance(self._session, WriteSession)
        number: int = self._session.value("SELECT coalesce(max(panel_id), 0) + 1 FROM panel")
        self._session.insert(
            "panel",
            {"panel_id": "BIGINT", "name": "VARCHAR", "first_seen": "TIMESTAMP"},
            {"panel_id": [number], "name": [name], "first_seen": [now_text()[:26]]},
        )
        return number

    def _add_key(self, number: int, key: str) -> None:
        assert isinstance(self._session, WriteSession)
        self._session.insert(
            "panel_key", {"panel_id": "BIGINT", "key": "VARCHAR"}, {"panel_id": [number], "key": [key]}
        )

    def learn(self, days: PanelDays) -> int:
        """Make a panel's content known, and return the number of the panel it belongs to."""
        known = self.known(days.name, days.key)
        panels = columns_of(self._session, days.name)
        number = known if known is not None else self._same(panels, days.by_day)
        if number is None:
            number = self._make(days.name)
        if known is None:
            self._add_key(number, days.key)
        if known is None or known not in panels:  # so far known by the runs on it alone
            self._extend(number, panels.get(number, {}), days.by_day)
        self._of[days.name, days.key] = number
        return number

    def recall(self, panel: KnownPanel, conflicts: list[Conflict] | None = None) -> int:
        """Make known what another registry knows of a panel, and return the number of the panel here.

        A panel is the same one by a key, or by its days. Where the two were extended differently since, it is another
        panel here with the content that is not known here, so that runs on the one are never compared with runs on
        the other; that is added to `conflicts`.
        """
        keys = {key: self.known(panel.name, key) for key in panel.keys}
        panels = columns_of(self._session, panel.name)
        shared = list(dict.fromkeys(number for number in keys.values() if number is not None))
        changes = {number: first_change(panels.get(number, {}), panel.by_day) for number in shared}
        number = next((number for number, change in changes.items() if change is None), None)
        if number is None:
            number = self._same(panels, panel.by_day)
        if number is None and shared and None not in keys.values():
            return shared[0]  # nothing of it is new here
        if number is None:
            number = self._make(panel.name)
            for change in list(changes.values())[:1]:
                _add_conflict(conflicts, panel.name, change)
        for key in (key for key, known in keys.items() if known is None):
            self._add_key(number, key)
        self._extend(number, panels.get(number, {}), panel.by_day)
        return number

    def _same(self, panels: dict[int, dict[str, dict[str, int]]], by_day: ByDay) -> int | None:
        """Return the oldest panel that these days are of."""
        for number, columns in panels.items():
            if first_change(columns, by_day) is None and _meet(columns, by_day):
                return number
        return None

    def _extend(self, number: int, columns: dict[str, dict[str, int]], by_day: ByDay) -> None:
        assert isinstance(self._session, WriteSession)
        changed = {}
        for name, digests in by_day.items():
            before = columns.get(name, {})
            after = {**before, **digests}
            if len(after) > len(before):
                changed[name] = after
        self._session.run(
            f"DELETE FROM {self._session.table('panel_column')} WHERE panel_id = ? AND name IN {TEXTS}",
            [number, as_list(changed)],
        )
        self._session.insert(
            "panel_column",
            {"panel_id": "BIGINT", "name": "VARCHAR", "dates": ["DATE"], "digests": ["UINTEGER"]},
            {
                "panel_id": [number] * len(changed),
                "name": list(changed),
                "dates": [sorted(after) for after in changed.values()],
                "digests": [[after[day] for day in sorted(after)] for after in changed.values()],
            },
        )


def columns_of(session: Session, name: str) -> dict[int, dict[str, dict[str, int]]]:
    """Return the panels of a name, oldest first: number to column to day to digest."""
    made: dict[int, dict[str, dict[str, int]]] = {}
    for number, column, dates, digests in session.rows(
        "SELECT c.panel_id, c.name, CAST(c.dates AS VARCHAR[]), c.digests FROM panel_column c"
        " JOIN panel p ON p.panel_id = c.panel_id WHERE p.name = ? ORDER BY c.panel_id",
        [name],
    ):
        made.setdefault(number, {})[column] = dict(zip(dates, digests, strict=True))
    return made


def _add_conflict(conflicts: list[Conflict] | None, name: str, change: tuple[str, str, int] | None) -> None:
    if conflicts is not None and change is not None:
        day, column, count = change
        others = f", the first of {count:,} days that differ" if count > 1 else ""
        because = f"{show(column)} differs on {day}{others}; runs on either content are not compared with the other's"
        conflicts.append(Conflict("panel", name, None, None, because))


def _meet(columns: ByDay, by_day: ByDay) -> bool:
    """Tell whether anything is known of both."""
    return any(not columns[name].keys().isdisjoint(days) for name, days in by_day.items() if name in columns)


def first_change(columns: ByDay, by_day: ByDay) -> tuple[str, str, int] | None:
    """Return (first day, column, number of days) where known content and other content differ, or None.

    A day of `price` that lies inside the known span and is gone, or is new there, is a difference too; of a
    feature parts of the span may be unknown.
    """
    found: list[tuple[str, str]] = []
    for name, now in by_day.items():
        before = columns.get(name)
        if not before or not now:
            continue
        low, high = max(min(before), min(now)), min(max(before), max(now))
        days_of_both = before.keys() | now.keys() if name == PRICE else before.keys() & now.keys()
        both = {day for day in days_of_both if low <= day <= high}
        found += [(day, name) for day in both if before.get(day) != now.get(day)]
    if not found:
        return None
    day, name = min(found)
    return day, name, len({each for each, _ in found})
