"""A source's columns as checked arrays in the order of date, then asset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.backtest.columns import (
    LAST_MARK,
    NO_ASSET,
    NO_DAY,
    NOT_A_FLAG,
    NOT_MIDNIGHT,
    Chosen,
    asset_sql,
    day_sql,
    flag_sql,
    number_sql,
)
from registry.backtest.sources import Table, plain
from registry.canonical import show
from registry.errors import PanelError
from registry.store.workbench import Workbench

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, between which Python has dates."""


@dataclass(frozen=True, slots=True)
class Columns:
    """n rows by date, then asset, T dates, A assets; see `Panel`."""

    dates: NDArray[np.datetime64]
    assets: list[str]
    offsets: NDArray[np.int64]
    date_no: NDArray[np.int32]
    asset_no: NDArray[np.int32]
    numbers: dict[int, NDArray[np.float64]]
    """By position in the source; NaN for what is missing or infinite."""
    tradable: NDArray[np.bool_] | None
    missing: dict[int, int]
    """How many values of a column are missing or infinite, by position."""


def read_columns(table: Table, chosen: Chosen) -> Columns:
    """Read the chosen columns of a table, check every value, and put the rows in order.

    Raises:
        PanelError: a value that can't be evaluated; the message says which, where.
    """
    read, assets = _fetch(table, chosen)
    days: NDArray[np.int32] = read["day"]
    asset_no: NDArray[np.int32] = read["asset_no"]
    if not len(days):
        raise PanelError(f"{table.label} has no rows")
    _check_days(table, chosen.date, days)
    if len(wrong := np.flatnonzero(asset_no == NO_ASSET)):
        raise PanelError(f"{table.label}, column {show(table.names[chosen.asset])}, row {wrong[0] + 1}: no asset")
    key = days.astype(np.int64) * len(assets) + asset_no
    order = None
    if len(key) > 1 and not (key[1:] > key[:-1]).all():
        order = np.argsort(key, kind="stable")
        key = key[order]
        _check_distinct(table, chosen, key, order, days, assets)
    days = days if order is None else days[order]
    first = np.flatnonzero(np.concatenate(([True], days[1:] != days[:-1])))
    offsets = np.append(first, len(days)).astype(np.int64)
    numbers: dict[int, NDArray[np.float64]] = {}
    missing: dict[int, int] = {}
    place = _Place(read["day"], asset_no, assets)
    for at in chosen.numbers():
        values = read[f"n{at}"]
        try:
            if not _check_numbers(table, chosen, at, values, place):
                continue
        except PanelError as error:
            if chosen.refused is None or at in chosen.roles():
                raise
            chosen.refused[table.names[at]] = str(error)
            continue
        missing[at] = int(np.count_nonzero(np.isnan(values)))
        numbers[at] = values if order is None else values[order]
    tradable = None
    if chosen.universe is not None:
        flags = read["flag"]
        if len(wrong := np.flatnonzero(flags == NOT_A_FLAG)):
            raise _refusal(table, chosen.universe, int(wrong[0]), "is neither true nor false", place)
        missing[chosen.universe] = int(np.count_nonzero(flags < 0))
        tradable = (flags if order is None else flags[order]) == 1
    return Columns(
        dates=days[first].astype("datetime64[D]"),
        assets=assets,
        offsets=offsets,
        date_no=np.repeat(np.arange(len(first), dtype=np.int32), np.diff(offsets)),
        asset_no=asset_no if order is None else asset_no[order],
        numbers=numbers,
        tradable=tradable,
        missing=missing,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row is, for a message."""

    days: NDArray[np.int32]
    asset_no: NDArray[np.int32]
    assets: list[str]

    def of(self, row: int) -> str:
        return f"row {row + 1} ({_iso(self.days[row])}, {plain(self.assets[self.asset_no[row]])})"


def _fetch(table: Table, chosen: Chosen) -> tuple[dict[str, NDArray[Any]], list[str]]:
    bench, relation = table.bench, table.relation
    asset = asset_sql(table, chosen.asset)
    columns = {"day": day_sql(table, chosen.date), "asset": asset}
    columns |= {f"n{at}": number_sql(table, at) for at in chosen.numbers()}
    if chosen.universe is not None:
        columns["flag"] = flag_sql(table, chosen.universe)
    if table.all_text:  # two passes over a text file would cost more than keeping what was read
        made = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        bench.rows(f"CREATE TEMP TABLE kept AS SELECT {made} FROM {relation}")
        relation, asset, columns = "kept", "asset", {name: name for name in columns}
    assets = _enumerate(bench, asset, relation)
    columns["asset_no"] = (
        f"COALESCE(CAST(enum_code(TRY_CAST({columns.pop('asset')} AS asset_kind)) AS INTEGER), {NO_ASSET})"
    )
    made = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    read = bench.arrays(f"SELECT {made} FROM {relation}")
    return {name: np.asarray(values) for name, values in read.items()}, assets


def _enumerate(bench: Workbench, asset: str, relation: str) -> list[str]:
    """Return the distinct assets in bytewise order, and make the engine number them alike."""
    bench.rows(
        f"CREATE TYPE asset_kind AS ENUM (SELECT DISTINCT {asset} AS a FROM {relation} WHERE {asset} IS NOT NULL"
        ' ORDER BY a COLLATE "binary")'
    )
    found: list[str] = bench.rows("SELECT enum_range(NULL::asset_kind)")[0][0]
    return found


def _check_days(table: Table, at: int, days: NDArray[np.int32]) -> None:
    wrong = np.flatnonzero((days <= LAST_MARK) | (days < _FIRST_DAY) | (days > _LAST_DAY))
    if not len(wrong):
        return
    row = int(wrong[0])
    if days[row] == NO_DAY:
        raise PanelError(f"{table.label}, column {show(table.names[at])}, row {row + 1}: no date")
    timed = days[row] == NOT_MIDNIGHT
    why = "has a time of day; a panel has one row per date and asset" if timed else "is no date; write YYYY-MM-DD"
    raise _refusal(table, at, row, why)


def _check_distinct(
    table: Table,
    chosen: Chosen,
    key: NDArray[np.int64],
    order: NDArray[np.int64],
    days: NDArray[np.int32],
    assets: list[str],
) -> None:
    again = np.flatnonzero(key[1:] == key[:-1]) + 1
    if not len(again):
        return
    at = int(again[np.argmin(order[again])])
    first, second = int(order[at - 1]), int(order[at])
    names = " and ".join(show(table.names[position]) for position in (chosen.date, chosen.asset))
    asset = plain(assets[int(key[at] - np.int64(days[second]) * len(assets))])
    raise PanelError(
        f"{table.label}, columns {names}: rows {first + 1} and {second + 1} are both {_iso(days[second])}, {asset};"
        " a panel has one row per date and asset"
    )


def _check_numbers(table: Table, chosen: Chosen, at: int, values: NDArray[np.float64], place: _Place) -> bool:
    """Refuse what is no number; False for a column of text that nobody asked for."""
    wrong = np.flatnonzero(np.isinf(values))
    asked = not chosen.guessed or at in chosen.roles()
    if not asked and table.all_text and np.count_nonzero(np.isfinite(values)) <= len(wrong):
        return False
    if len(wrong):
        raise _refusal(table, at, int(wrong[0]), "is not a number; leave missing values empty", place)
    return True


def _refusal(table: Table, at: int, row: int, why: str, place: _Place | None = None) -> PanelError:
    where = place.of(row) if place else f"row {row + 1}"
    return PanelError(f"{table.label}, column {show(table.names[at])}, {where}: {show(table.cell(at, row))} {why}")


def _iso(day: np.int32) -> str:
    return str(np.datetime64(int(day), "D"))
