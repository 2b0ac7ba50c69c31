"""Panels as runs know them: what a run says of its panel, and what is known of its content day by day.

Nothing here needs the engine or numpy, so that a user's own program can record its results at little cost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.canonical import show
from registry.errors import InvalidRunError
from registry.runs import fields

ByDay = Mapping[str, Mapping[str, int]]
"""Column to day to digest."""

_DIGITS: Final = 8
_UNKNOWN: Final = "." * _DIGITS


@dataclass(frozen=True, slots=True)
class PanelDays:
    """What a panel holds, day by day and column by column, as 32-bit digests: enough to tell what changed when."""

    name: str
    dates: list[str]
    columns: dict[str, list[int]]

    @property
    def key(self) -> str:
        """What tells this content from other content."""
        text = json.dumps([self.name, self.dates, self.columns], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def by_day(self) -> ByDay:
        """The digests by column and day."""
        return {name: dict(zip(self.dates, digests, strict=True)) for name, digests in self.columns.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {"name": self.name, "dates": list(self.dates), "columns": {n: list(d) for n, d in self.columns.items()}}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> PanelDays:
        """Return what `to_dict` wrote.

        Raises:
            InvalidRunError: it did not.
        """
        record = fields.mapping(record, "panel days")
        dates = [fields.day(day, "panel days: dates") for day in fields.items(record.get("dates"), "panel days: dates")]
        columns = {}
        for name, digests in fields.mapping(record.get("columns"), "panel days: columns").items():
            columns[fields.text(name, "panel days: columns")] = [
                fields.integer(digest, f"panel days: {name}", 0, 2**32 - 1)
                for digest in fields.items(digests, f"panel days: {name}")
            ]
            if len(columns[name]) != len(dates):
                raise InvalidRunError(
                    f"panel days: {show(name)} has {len(columns[name])} digests for {len(dates)} dates"
                )
        return cls(fields.panel_name(record.get("name")), dates, columns)


@dataclass(frozen=True, slots=True)
class PanelRef:
    """The panel of a run: what it is called, and what tells its content."""

    name: str
    fingerprint: str | None = None
    key: str | None = None
    """`PanelDays.key` of the panel, where it is known day by day."""
    source: str | None = None
    survivorship_suspect: bool | None = None
    other_keys: tuple[str, ...] = ()
    """Keys of what the panel held at other times, before or after days were appended; exports tell them."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        made: dict[str, Any] = {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "key": self.key,
            "source": self.source,
            "survivorship_suspect": self.survivorship_suspect,
        }
        if self.other_keys:
            made["other_keys"] = list(self.other_keys)
        return made


@dataclass(frozen=True, slots=True)
class KnownPanel:
    """All that one registry knows of a panel's content, as an export carries it to another."""

    name: str
    keys: tuple[str, ...]
    """What runs on it name as their panel's key, now and before days were appended."""
    by_day: ByDay

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict: all days in one text, and for each column 8 hex digits a day, dots where unknown.

        Written so since a panel has thousands of days, and an indented file a line for each item of a list.
        """
        days = sorted({day for digests in self.by_day.values() for day in digests})
        columns = {
            name: "".join(f"{digests[day]:0{_DIGITS}x}" if day in digests else _UNKNOWN for day in days)
            for name, digests in self.by_day.items()
        }
        return {"name": self.name, "keys": list(self.keys), "dates": " ".join(days), "columns": columns}

    @classmethod
    def from_dict(cls, record: object) -> KnownPanel:
        """Return what `to_dict` wrote.

        Raises:
            InvalidRunError: it did not.
        """
        record = fields.mapping(record, "panel")
        keys = [fields.text(key, "panel: keys") for key in fields.items(record.get("keys"), "panel: keys")]
        days = [fields.day(day, "panel: dates") for day in fields.text(record.get("dates"), "panel: dates").split()]
        by_day = {}
        for column, digits in fields.mapping(record.get("columns"), "panel: columns").items():
            name, text = fields.text(column, "panel: columns"), fields.text(digits, "panel: columns")
            if len(text) != _DIGITS * len(days):
                raise InvalidRunError(
                    f"panel: {show(name)} has {len(text)} digits for {len(days)} dates of {_DIGITS} digits each"
                )
            parts = (text[at : at + _DIGITS] for at in range(0, len(text), _DIGITS))
            by_day[name] = {day: _digest(part, name) for day, part in zip(days, parts, strict=True) if part != _UNKNOWN}
        return cls(fields.panel_name(record.get("name")), tuple(keys), by_day)


def _digest(digits: str, column: str) -> int:
    try:
        return int.from_bytes(bytes.fromhex(digits))
    except ValueError:
        raise InvalidRunError(f"panel: {show(column)}: {show(digits)} is no digest of {_DIGITS} hex digits") from None


def panel_ref(value: object) -> PanelRef:
    """Return a panel as a run names it: a name, or a mapping with at least a name.

    Raises:
        InvalidRunError: it is neither.
    """
    if isinstance(value, PanelRef):
        return value
    if isinstance(value, str):
        value = {"name": value}
    record = fields.mapping(value, "panel")
    fields.only_keys(record, ("name", "fingerprint", "key", "source", "survivorship_suspect", "other_keys"), "panel")
    name = fields.panel_name(record.get("name"))
    suspect = record.get("survivorship_suspect")
    if suspect is not None and not isinstance(suspect, bool):
        raise InvalidRunError(f"panel: survivorship_suspect: {show(suspect)} is neither true nor false")
    fingerprint, key, source = (
        None if record.get(field) is None else fields.text(record[field], f"panel: {field}")
        for field in ("fingerprint", "key", "source")
    )
    other_keys = tuple(
        fields.text(each, "panel: other_keys")
        for each in fields.items(record.get("other_keys", ()), "panel: other_keys")
    )
    return PanelRef(name, fingerprint, key, source, suspect, other_keys)
