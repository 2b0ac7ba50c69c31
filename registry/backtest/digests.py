"""Digests of a panel's content, by date and column: what makes two panels the same.

The digest of a column on a date does not depend on the order of rows, the kind of file or the machine, and
must never change: runs in registries hold it. For each row, with `mix` the finaliser of splitmix64 (Steele,
Lea & Flood 2014, "Fast splittable pseudorandom number generators"), all modulo 2^64:

    row    = mix(first 8 bytes of sha256(asset), big-endian + GOLDEN * bits of the value as IEEE-754 double)
    digest = mix(sum of row over the rows of the date + mix(days since 1970-01-01)), upper half xor lower half

Minus zero counts as zero, and every NaN as the same one. `price` mixes further values into a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_NAN = np.uint64(0x7FF8000000000000)
_UNTRADABLE = np.uint64(0xD6E8FEB86659FD93)
_BLOCK = 1 << 15
"""Rows worked on together: they stay in the processor's cache, which is three times as fast."""


def asset_keys(assets: Sequence[str]) -> Words:
    """Return a number for each asset that depends on its name alone."""
    keys = (int.from_bytes(hashlib.sha256(asset.encode()).digest()[:8], "big") for asset in assets)
    return np.fromiter(keys, np.uint64, len(assets))


def day_digests(
    dates: NDArray[np.datetime64],
    offsets: NDArray[np.int64],
    keys: Words,
    values: Sequence[NDArray[np.float64] | None],
    tradable: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint32]:
    """Return a digest for each date, (T,), of the assets in its rows and their values.

    Args:
        dates: (T,), distinct.
        offsets: (T+1,): the rows of date t are `offsets[t]:offsets[t + 1]`; none is empty.
        keys: (n,) uint64: `asset_keys` of each row's asset.
        values: columns of (n,), each mixed into the rows; None stands for a column that is not there.
        tradable: (n,); False marks a row, and a column of True is as good as none.
    """
    days = dates.astype("datetime64[D]").astype(np.int64).astype(np.uint64)
    mix(days)
    sums = np.empty(len(dates), np.uint64)
    start = 0
    while start < len(dates):  # whole dates, about a block of rows
        stop = int(np.searchsorted(offsets, offsets[start] + _BLOCK, side="right")) - 1
        stop = min(max(stop, start + 1), len(dates))
        begin, end = int(offsets[start]), int(offsets[stop])
        rows = keys[begin:end].copy()
        if tradable is not None:
            rows[~tradable[begin:end]] ^= _UNTRADABLE
        for column in values:
            rows += _bits(column[begin:end]) * _GOLDEN if column is not None else _NAN
            mix(rows)
        sums[start:stop] = np.add.reduceat(rows, offsets[start:stop] - begin)
        start = stop
    sums += days
    mix(sums)
    return (sums ^ (sums >> np.uint64(32))).astype(np.uint32)


def content_key(days: NDArray[np.datetime64], columns: Mapping[str, NDArray[np.uint32]]) -> str:
    """Return 64 hex digits: the SHA-256 of dates and of the digests of named columns, whatever their order."""
    made = hashlib.sha256(b"panel 1")
    made.update(len(days).to_bytes(8, "big"))
    made.update(days.astype("datetime64[D]").astype(np.int64).astype(">i8").tobytes())
    for name in sorted(columns):
        encoded = name.encode()
        made.update(len(encoded).to_bytes(8, "big") + encoded + columns[name].astype(">u4").tobytes())
    return made.hexdigest()


def _bits(values: NDArray[np.float64]) -> Words:
    bits = (values + 0.0).view(np.uint64)  # -0.0 + 0.0 is 0.0
    missing = np.isnan(values)
    if missing.any():
        bits[missing] = _NAN
    return bits


def mix(words: Words) -> None:
    """Mix each word, in place: the finaliser of splitmix64."""
    words += _GOLDEN
    words ^= words >> np.uint64(30)
    words *= _FIRST
    words ^= words >> np.uint64(27)
    words *= _SECOND
    words ^= words >> np.uint64(31)
