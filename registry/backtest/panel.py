"""A panel: the long table of dates, assets, prices and features that experiments are scored on.

`load_panel` reads one from a file or a data frame, refuses what can't be evaluated, and hands out long
arrays in the order of date, then asset. What a panel contains is known by digests of its content, never
by the bytes of its file: see `registry.backtest.digests`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from registry.runs.record import PanelDays


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

    def days(self, names: Iterable[str]) -> PanelDays:
        """Return the digest of each date, of the prices, of `cap` and of the features `names`."""
        raise NotImplementedError

    def fingerprint(self, names: Iterable[str], last: date) -> str:
        """Return 64 hex digits: the content of the prices and of the features `names`, up to and including `last`."""
        raise NotImplementedError


def load_panel(
    source: str | os.PathLike[str] | Any,
    *,
    features: Sequence[str] | None = None,
    name: str | None = None,
    date_column: str = "date",
    asset_column: str = "asset",
    price_column: str | None = "price",
    forward_column: str | None = None,
    forward_horizon: int | None = None,
    cap_column: str | None = None,
    universe_column: str | None = None,
) -> Panel:
    """Read and check a panel."""
    raise NotImplementedError
