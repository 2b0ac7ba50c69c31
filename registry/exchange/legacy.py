"""The registry of the earlier system: a SQLite file with the tables `experiments` and `experiment_tags`.

The same facts stand there up to three times: in `config_json`, in columns beside it, and tags in a table of
their own. `config_json` counts; where the others disagree it is remarked on. Weights were hashed as they
were written (`1`, not `1.0`), so two rows can hold one experiment: they come out as one record.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import copysign
from pathlib import Path
from typing import Any

from registry.canonical import show, utc_text
from registry.config import SHORT_HASH, ExperimentConfig, parse_json
from registry.errors import InvalidConfigError
from registry.exchange.report import Found, Record, Refusal, Remark
from registry.exchange.sqlite_file import open_sqlite
from registry.exchange.text import Meter

_COUNTS = ("config_hash", "config_json")
"""Columns without which there is nothing to import."""

_REPEATED = {
    "created_at": "", "description": "", "feature_names": "[]", "feature_weights": "{}",
    "feature_transformations": "{}", "hyperparameters": "{}", "tags": "[]",
}  # fmt: skip
"""Columns that repeat what `config_json` holds, with what an empty one means."""


def read_registry(path: Path, name: str, meter: Meter, *, passing: bool = False) -> Iterator[Found]:
    """Yield the experiments of the registry at `path`, called `name` in places.

    With `passing`, a database of something else is only remarked on.
    """
    try:
        with open_sqlite(path) as connection:
            other = _what_else(connection)
            if other is None:
                size = path.stat().st_size
                yield from _Registry(connection, name).read(meter, size)
            elif passing:
                yield Remark(name, f"passed over: {other}")
            else:
                yield Refusal(name, other)
    except (sqlite3.Error, OSError) as error:
        yield Refusal(name, f"the SQLite file can't be read: {error}")


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [_lossy(row[0]) for row in connection.execute("SELECT name FROM pragma_table_info(?)", [table])]


def _what_else(connection: sqlite3.Connection) -> str | None:
    """Return why this is no registry of the earlier system, or None when it is one."""
    columns = _columns(connection, "experiments")
    if not columns:
        return "an SQLite database, but no registry of the earlier system: it has no table experiments"
    missing = [name for name in _COUNTS if name not in columns]
    if missing:
        return (
            f"an SQLite database, but no registry of the earlier system: experiments has no {' and no '.join(missing)}"
        )
    return None


@dataclass(slots=True)
class _Row:
    """One row: what its `config_json` says, and where the row is."""

    place: str
    config: ExperimentConfig
    hashes: tuple[str, ...]  # the earlier system's, where they differ from the identity


class _Registry:
    """One open registry of the earlier system."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        columns = _columns(connection, "experiments")
        self._repeated = [column for column in _REPEATED if column in columns]
        self._has_tags = {"config_hash", "tag"} <= set(_columns(connection, "experiment_tags"))

    def read(self, meter: Meter, size: int) -> Iterator[Found]:
        """Yield every row's record, remarks before it; rows that are one experiment as one record."""
        waiting = self._several()
        together: dict[str, list[_Row]] = {}
        count = self._connection.execute("SELECT count(*) FROM experiments").fetchone()[0]
        share = size // max(count, 1)
        for values in self._rows(("config_hash", *self._repeated, "config_json")):
            meter.done += share
            rowid, config_hash, *repeated, config_json = values
            place = f"{self._name}: row {rowid}"
            remarks: list[str] = []
            try:
                row = _row(place, config_hash, dict(zip(self._repeated, repeated, strict=True)), config_json, remarks)
            except InvalidConfigError as error:
                yield Refusal(place, str(error))
                continue
            self._compare_tags(config_hash, row.config, remarks)
            yield from (Remark(place, remark) for remark in remarks)
            identity = str(row.config.config_hash)
            if identity not in waiting:
                yield Record(place, row.config, row.hashes)
                continue
            members = together.setdefault(identity, [])
            members.append(row)
            waiting[identity] -= 1
            if not waiting[identity]:
                yield from _united(together.pop(identity))
        for members in together.values():  # of which a member was refused
            yield from _united(members)
        yield from self._left_tags()

    def _rows(self, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        names = ", ".join(columns)  # of the fixed names above
        yield from self._connection.execute(f"SELECT rowid, {names} FROM experiments ORDER BY rowid")

    def _several(self) -> dict[str, int]:
        """Return how many rows hold each experiment that more than one row may hold.

        Told without hashing where possible: a row whose weights are written as the canonical form writes
        them has its identity already. Only the exceptions are kept in memory, not a million rows.
        """
        counts: dict[str, int] = {}
        for _, config_hash, config_json in self._rows(_COUNTS):
            with contextlib.suppress(ValueError, LookupError, RecursionError, AttributeError, TypeError):
                identity = _claimed(config_hash, json.loads(config_json))
                counts[identity] = counts.get(identity, 0) + 1
        return {identity: count for identity, count in counts.items() if count > 1}

    def _compare_tags(self, config_hash: object, config: ExperimentConfig, remarks: list[str]) -> None:
        if not self._has_tags:
            return
        found = self._connection.execute("SELECT tag FROM experiment_tags WHERE config_hash = ?", [_bound(config_hash)])
        tags = {_lossy(row[0]) for row in found}
        stale = sorted(tags.difference(config.tags))
        unlisted = sorted(set(config.tags).difference(tags))
        if stale:
            remarks.append(f"experiment_tags has {_list(stale)}, which config_json does not: not taken over")
        if unlisted:
            remarks.append(f"experiment_tags lacks {_list(unlisted)}, which config_json has: taken over")

    def _left_tags(self) -> Iterator[Remark]:
        if self._has_tags:
            rows, hashes = self._connection.execute(
                "SELECT count(*), count(DISTINCT config_hash) FROM experiment_tags"
                " WHERE config_hash NOT IN (SELECT config_hash FROM experiments WHERE config_hash IS NOT NULL)"
            ).fetchone()
            if rows:
                yield Remark(
                    self._name,
                    f"{rows} {'row' if rows == 1 else 'rows'} of experiment_tags for {hashes} "
                    f"{'hash' if hashes == 1 else 'hashes'} that no experiment has: not taken over",
                )


def _claimed(config_hash: object, record: dict[str, Any]) -> str:
    """Return the identity of a row's content; may be wrong for a row that will be refused."""
    claimed = record.get("config_hash")
    if claimed is None and config_hash is not None:
        claimed = _text(config_hash)
    weights = record["feature_weights"].values()
    if isinstance(claimed, str) and all(type(w) is float and (w or copysign(1, w) > 0) for w in weights):
        return claimed
    return str(ExperimentConfig.from_dict({**record, "config_hash": None}).config_hash)


def _row(place: str, config_hash: object, repeated: dict[str, object], config_json: object, remarks: list[str]) -> _Row:
    """Return the experiment in a row; what the columns say otherwise is added to `remarks`.

    Raises:
        InvalidConfigError: the row's `config_json` is no configuration, or is not what its hash says.
    """
    if config_json is None:
        raise InvalidConfigError("config_json is empty")
    record = parse_json(_text(config_json, "config_json"))
    if not isinstance(record, dict):
        raise InvalidConfigError(f"config_json is no configuration: {show(record)}")
    if record.get("config_hash") is None:
        record["config_hash"] = None if config_hash is None else _text(config_hash, "config_hash")
    elif _lossy(config_hash) != record["config_hash"]:
        remarks.append(
            f"the column config_hash is {_short(config_hash)}, config_json has "
            f"{_short(record['config_hash'])}, which was taken"
        )
    if record.get("created_at") is None and repeated.get("created_at"):
        record["created_at"] = _text(repeated["created_at"], "created_at")
    config = ExperimentConfig.from_dict(record)
    for column, value in repeated.items():
        if not _agrees(column, value, config):
            remarks.append(f"the column {column} disagrees with config_json, which was taken")
    return _Row(place, config, () if config.former_hash is None else (config.former_hash,))


def _agrees(column: str, value: object, config: ExperimentConfig) -> bool:
    """Whether a column says the same as the configuration; the order of names and tags says nothing."""
    try:
        text = _REPEATED[column] if value is None else _text(value)
        if column == "description":
            return text == config.description
        if column == "created_at":
            return not text or utc_text(text) == config.created_at
        there, here = json.loads(text or _REPEATED[column]), getattr(config, column)
        if isinstance(here, list):
            return isinstance(there, list) and sorted(there) == sorted(here)
        return bool(there == here)
    except (ValueError, TypeError, RecursionError):
        return False


def _united(rows: list[_Row]) -> Iterator[Found]:
    """Yield rows that hold one experiment as one record, with a remark when there are several."""
    first = rows[0]
    if len(rows) == 1:
        yield Record(first.place, first.config, first.hashes)
        return
    configs = [row.config for row in sorted(rows, key=lambda row: str(row.config.created_at))]
    identity = str(first.config.config_hash)
    config = replace(
        configs[0],
        description=next((c.description for c in configs if c.description), ""),
        tags=list(dict.fromkeys(tag for c in configs for tag in c.tags)),
        parent=next((c.parent for c in configs if c.parent is not None), None),
    )
    others = ", ".join(row.place.rpartition(" ")[2] for row in rows[1:])
    yield Remark(
        first.place,
        f"one experiment with row {others}: weights written differently are the same ({identity[:SHORT_HASH]}); "
        "the earliest created_at, all tags and every old hash were kept",
    )
    yield Record(first.place, config, tuple(dict.fromkeys(old for row in rows for old in row.hashes)))


def _text(value: object, column: str = "") -> str:
    """Return a value of SQLite's as text.

    Raises:
        InvalidConfigError: it is no text, or not UTF-8.
    """
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise InvalidConfigError(
                f"{column} is not UTF-8 text: byte 0x{value[error.start]:02x} at byte {error.start + 1}"
            ) from None
    raise InvalidConfigError(f"{column} is not text: {show(value)}")


def _lossy(value: object) -> str:
    """Return a value of SQLite's as text to show."""
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)


def _short(value: object) -> str:
    return "NULL" if value is None else show(_lossy(value)[:SHORT_HASH])


def _bound(value: object) -> object:
    """Return a value of SQLite's as what finds it again: text compares unequal to bytes there."""
    return _lossy(value) if isinstance(value, bytes) else value


def _list(tags: list[str]) -> str:
    shown = ", ".join(show(tag, 30) for tag in tags[:5])
    return shown if len(tags) <= 5 else f"{shown} and {len(tags) - 5} more"
