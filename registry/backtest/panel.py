"""A panel: the long table of dates, assets, prices and features that experiments are scored on.

`load_panel` reads one from a file or a data frame, refuses what can't be evaluated, and hands out long
arrays in the order of date, then asset. What a panel contains is known by digests of its content, never
by the bytes of its file: see `registry.backtest.digests`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from registry.backtest.alignment import read_columns
from registry.backtest.columns import choose
from registry.backtest.digests import asset_keys, content_key, day_digests
from registry.backtest.sources import open_table
from registry.canonical import show
from registry.errors import PanelError

if TYPE_CHECKING:
    from registry.runs.panels import PanelDays

Column = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Panel:
    """A checked panel. Arrays are read-only; rows are sorted by date, then asset (bytewise, UTF-8).

    n rows, T dates, A assets. `price`, `forward` and `cap` are None when the panel has no such column.
    """

    name: str
    source: str | None
    """The path as given; None for a data frame."""
    dates: NDArray[np.datetime64]
    """datetime64[D], (T,): every date that has a row, sorted, distinct."""
    assets: list[str]
    """(A,), sorted bytewise."""
    offsets: NDArray[np.int64]
    """(T+1,): the rows of date t are `offsets[t]:offsets[t + 1]`."""
    date_no: NDArray[np.int32]
    """(n,): index into `dates`."""
    asset_no: NDArray[np.int32]
    """(n,): index into `assets`."""
    price: NDArray[np.float64] | None
    """(n,): NaN where not finite or not above 0."""
    forward: NDArray[np.float64] | None
    """(n,): a forward return that was given, NaN where not finite; then `price` may be None."""
    forward_horizon: int | None
    """The horizon of `forward`, in panel dates."""
    cap: NDArray[np.float64] | None
    """(n,): market capitalisation, NaN where not finite or not above 0."""
    tradable: NDArray[np.bool_] | None
    """(n,): whether the asset could be traded on the date; None: always."""
    features: dict[str, NDArray[np.float64]]
    """(n,) each: NaN where not finite."""
    nonfinite: dict[str, int]
    """How many values of each numeric column were not finite (missing, NaN, infinite), by the column's name."""
    columns: list[str]
    """All column names of the source, in its order."""
    nonpositive: dict[str, int] = field(default_factory=dict)
    """How many prices and market capitalisations were finite, but not above 0, by the column's name."""
    refused: dict[str, str] = field(default_factory=dict)
    """Columns that were asked for among others but hold no features, with the reason."""
    _made: dict[str, NDArray[np.uint32]] = field(default_factory=dict, repr=False)
    """Digests, which many experiments on one panel ask for again."""

    def digests(self, names: Iterable[str]) -> dict[str, NDArray[np.uint32]]:
        """Return a digest for each date, (T,), of `price`, of `cap` if there is one, and of `feature NAME` for each.

        `price` stands for the assets of the date, their prices, given forward returns and whether they are tradable.

        Raises:
            PanelError: the panel has no such feature.
        """
        columns: dict[str, Sequence[NDArray[np.float64] | None]] = {"price": [self.price]}
        if self.forward is not None:
            horizon = np.full(len(self.forward), float(self.forward_horizon or 0))
            columns["price"] = [self.price, self.forward, horizon]
        if self.cap is not None:
            columns["cap"] = [self.cap]
        for name in sorted(set(names)):
            if name not in self.features:
                raise PanelError(f"panel {show(self.name)} was loaded without the feature {show(name)}")
            columns[f"feature {name}"] = [self.features[name]]
        lacking = [name for name in columns if name not in self._made]
        keys = asset_keys(self.assets)[self.asset_no] if lacking else np.empty(0, np.uint64)
        for name in lacking:
            tradable = self.tradable if name == "price" else None
            self._made[name] = day_digests(self.dates, self.offsets, keys, columns[name], tradable)
        return {name: self._made[name] for name in columns}

    def days(self, names: Iterable[str]) -> PanelDays:
        """Return the digests of each date, for the registry to tell panels of one name apart.

        Raises:
            PanelError: the panel has no such feature.
        """
        from registry.runs.panels import PanelDays

        columns = {name: digests.tolist() for name, digests in self.digests(names).items()}
        return PanelDays(name=self.name, dates=self.dates.astype(str).tolist(), columns=columns)

    def fingerprint(self, names: Iterable[str], last: date) -> str:
        """Return 64 hex digits: the content of the features `names` and of `price` and `cap`, up to and with `last`.

        `last` is the last date a run could use. The same content in another kind of file, or order, has the
        same fingerprint, and so has a panel that got more dates later.

        Raises:
            PanelError: the panel has no such feature.
        """
        stop = int(np.searchsorted(self.dates, np.datetime64(last, "D"), side="right"))
        return content_key(self.dates[:stop], {name: made[:stop] for name, made in self.digests(names).items()})


def load_panel(
    source: str | os.PathLike[str] | Any,
    *,
    features: Sequence[str] | None = None,
    among: Iterable[str] | None = None,
    name: str | None = None,
    date_column: str = "date",
    asset_column: str = "asset",
    price_column: str | None = "price",
    forward_column: str | None = None,
    forward_horizon: int | None = None,
    cap_column: str | None = None,
    universe_column: str | None = None,
) -> Panel:
    """Read and check a panel.

    Args:
        source: a Parquet, CSV or gzipped CSV file; a `.sql` file with one query, in which relative names mean
            files beside it; or a pandas, polars or Arrow table. Texts in a CSV file are numbers where they
            read as numbers; an empty cell and `NaN` are missing values.
        features: the columns to take as features, by their exact names; None takes every numeric one.
        among: with no `features` named, take those of these columns that are there; one that holds something
            else than numbers is left out, and the reason kept in `refused`, rather than refusing the panel.
        name: what the panel is called; None takes the file's name without its ending.
        date_column: dates (ISO 8601 texts are fine), without a time of day.
        asset_column: names or whole numbers.
        price_column: prices. With a forward return the default need not be there.
        forward_column: the return from each date on, if there are no prices to compute it from.
        forward_horizon: how many dates of the panel a given forward return spans.
        cap_column: market capitalisations.
        universe_column: true (1) where the asset could be traded on the date; missing counts as false.

    Raises:
        PanelError: the source can't be read, or has something in it that can't be evaluated; the message names
            the column, the row (the first row of data is row 1) and the value.
    """
    if (forward_column is None) != (forward_horizon is None):
        lacking = "forward_horizon" if forward_horizon is None else "forward_column"
        raise PanelError(f"a given forward return needs its column and its horizon in dates; {lacking} is not given")
    if forward_horizon is not None and (
        isinstance(forward_horizon, bool) or not isinstance(forward_horizon, int) or forward_horizon < 1
    ):
        raise PanelError(f"forward_horizon {show(forward_horizon)} must be a whole number of dates, 1 or more")
    if price_column is None and forward_column is None:
        raise PanelError("a panel needs a column of prices or one of forward returns")
    with open_table(source, date_column) as table:
        if price_column == "price" and forward_column is not None and price_column not in table.names:
            price_column = None
        chosen = choose(
            table, features=features, among=among, date=date_column, asset=asset_column, price=price_column,
            forward=forward_column, cap=cap_column, universe=universe_column,
        )  # fmt: skip
        read = read_columns(table, chosen)
        called = _name(table.name if name is None else name)
        number = {at: _frozen(values) for at, values in read.numbers.items()}
        missing = {table.names[at]: count for at, count in read.missing.items()}
        nonpositive = {}
        positive: dict[int | None, Column | None] = {None: None}
        for at in (chosen.price, chosen.cap):
            if at is not None:
                positive[at], nonpositive[table.names[at]] = _positive(number[at])
        prices = positive[chosen.price]
        if prices is not None and not np.isfinite(prices).any():
            raise PanelError(f"{table.label}: column {show(table.names[chosen.price or 0])} has no price above 0")
        return Panel(
            name=called, source=table.source, dates=_frozen(read.dates), assets=read.assets,
            offsets=_frozen(read.offsets), date_no=_frozen(read.date_no), asset_no=_frozen(read.asset_no),
            price=prices, forward=None if chosen.forward is None else number[chosen.forward],
            forward_horizon=forward_horizon, cap=positive[chosen.cap],
            tradable=None if read.tradable is None else _frozen(read.tradable),
            features={each: number[at] for each, at in chosen.features.items() if at in number},
            nonfinite=missing, nonpositive=nonpositive, columns=list(table.names), refused=dict(chosen.refused or {}),
        )  # fmt: skip


def _name(given: str) -> str:
    from registry.runs.fields import why_no_panel_name

    name = given.encode("utf-8", "replace").decode() if isinstance(given, str) else given
    if why := why_no_panel_name(name):
        raise PanelError(why)
    return name


def _positive(values: Column) -> tuple[Column, int]:
    """Return values with NaN for those not above 0, and how many finite ones that were."""
    wrong = values <= 0
    count = int(np.count_nonzero(wrong))
    return (_frozen(np.where(wrong, np.nan, values)) if count else values), count


def _frozen(array: Any) -> Any:
    array.setflags(write=False)
    return array
