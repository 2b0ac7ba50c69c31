"""What is measured on each date: how the picks did, how everything eligible did, how score and return agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.backtest.groups import Block, Bools, Floats, Groups, average_ranks, top_k

_DECIMALS = 12
"""Of a score's share of the largest of its date, kept for picking."""


@dataclass(frozen=True, slots=True)
class Picks:
    """Which rows were picked, date by date."""

    eligible: Bools
    """Rows with a score."""
    picked: Bools
    counted: Bools
    """For each date: enough assets were eligible."""


def pick(scores: Floats, groups: Groups, k: int, least: int, threshold: float | None) -> Picks:
    """Pick the `k` best scores of each date, before anything is known of what they earned.

    Of equal scores the asset that comes first in byte order wins. Dates with fewer than `least` scores are
    not counted, and nothing is picked on them.
    """
    eligible = ~np.isnan(scores)
    counted = groups.sum(eligible) >= least
    allowed = eligible & groups.spread(counted)
    if threshold is not None:
        with np.errstate(invalid="ignore"):
            allowed = allowed & (scores >= threshold)
    picked = np.empty(len(scores), dtype=bool)
    masked = np.where(allowed, scores, np.nan)
    for block in groups.blocks:
        picked[block.start : block.stop] = block.long(top_k(_rounded(_table(block, masked)), k))
    return Picks(eligible & groups.spread(counted), picked, counted)


def _rounded(table: Floats) -> Floats:
    """Return scores, a date a row, as shares of the row's largest, rounded; what is absent is below everything.

    So what differs by rounding alone is a tie, whatever the size of the scores: ranking is free of scale.
    """
    absent = np.isnan(table)
    largest = np.where(absent, 0.0, np.abs(table)).max(axis=1, keepdims=True, initial=0.0)
    largest[(largest == 0) | ~np.isfinite(largest)] = 1.0
    found: Floats = np.where(absent, -np.inf, np.round(table / largest, _DECIMALS))
    return found


@dataclass(frozen=True, slots=True)
class Daily:
    """Values by date, NaN where there is none; see `registry.metrics` for what they mean."""

    precision_at_k: Floats
    base_rate: Floats
    overlap_at_k: Floats
    forward_return: Floats
    universe_return: Floats
    ic: Floats
    rank_ic: Floats
    eligible: Floats

    @property
    def edge(self) -> Floats:
        """Precision above the base rate of the same date."""
        return self.precision_at_k - self.base_rate


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two variables of a correlation on each date, made ready once for all that is set against it."""

    values: Floats
    """Rows; NaN where there is none."""
    centred: Floats
    """Rows: the values less the mean of their date, 0 where there is none."""
    squares: Floats
    """For each date: the sum of the squares of the centred values."""
    flat: Bools
    """For each date: fewer than three values, or all the same."""


@dataclass(frozen=True, slots=True)
class Universe:
    """What all eligible assets earned: the same for every experiment that finds the same assets eligible."""

    forward: Floats
    """NaN for what is not eligible or has no label."""
    known: Bools
    """Rows that have one."""
    returns: Side
    """The forward returns as one side of a correlation with scores."""
    ranks: Side
    """The same of their ranks."""
    hits: Bools
    best: Bools
    """The K rows of each date that earned most."""
    base_rate: Floats
    mean_return: Floats


def make_universe(eligible: Bools, forward: Floats, groups: Groups, k: int, hit: float) -> Universe:
    """Return what the eligible rows earned, date by date."""
    known = eligible & ~np.isnan(forward)
    earned = np.where(known, forward, np.nan)
    with np.errstate(invalid="ignore"):
        hits = known & (forward > hit)
    ranks, best = np.empty(len(forward)), np.empty(len(forward), dtype=bool)
    for block in groups.blocks:
        table = _table(block, earned)
        ranks[block.start : block.stop] = block.long(average_ranks(table))
        best[block.start : block.stop] = block.long(top_k(np.where(np.isnan(table), -np.inf, table), k))
    returns, ranked = _side(earned, groups), _side(ranks, groups)
    count = groups.sum(known)
    with np.errstate(divide="ignore", invalid="ignore"):
        base, mean = groups.sum(hits) / count, groups.sum(np.where(known, forward, 0.0)) / count
    return Universe(earned, known, returns, ranked, hits, best, base, mean)


def _side(values: Floats, groups: Groups) -> Side:
    centred, squares, flat = np.empty(len(values)), np.empty(len(groups)), np.empty(len(groups), dtype=bool)
    for block in groups.blocks:
        table, dates = _table(block, values), slice(block.first, block.last)
        absent = np.isnan(table)
        around, squares[dates] = _centre(table, absent)
        centred[block.start : block.stop] = block.long(around)
        flat[dates] = _is_flat(table, absent)
    return Side(values, centred, squares, flat)


def measure(scores: Floats | None, picks: Picks, universe: Universe, groups: Groups) -> Daily:
    """Measure picks against what the universe earned; without scores there are no correlations.

    The base rate and the universe's return are of dates with a pick only: means of both sides are over the
    same dates then, and precision minus base rate is the edge.
    """
    taken = picks.picked & universe.known
    count = groups.sum(taken)
    base_rate, mean_return = (np.where(count > 0, each, np.nan) for each in (universe.base_rate, universe.mean_return))
    with np.errstate(divide="ignore", invalid="ignore"):
        return Daily(
            groups.sum(universe.hits & taken) / count,
            base_rate,
            groups.sum(universe.best & taken) / count,
            groups.sum(np.where(taken, universe.forward, 0.0)) / count,
            mean_return,
            *(_correlations(scores, universe, groups) if scores is not None else _none(groups)),
            np.where(picks.counted, groups.sum(picks.eligible), np.nan),
        )


def _none(groups: Groups) -> tuple[Floats, Floats]:
    return np.full(len(groups), np.nan), np.full(len(groups), np.nan)


def _correlations(scores: Floats, universe: Universe, groups: Groups) -> tuple[Floats, Floats]:
    """Return the Pearson and the Spearman correlation of each date with three assets or more."""
    pearson, spearman = _none(groups)
    score = np.where(universe.known, scores, np.nan)
    everywhere = not np.isnan(scores[universe.known]).any()  # a baseline may have no score where there is a return
    for block in groups.blocks:
        dates = slice(block.first, block.last)
        x = _table(block, score)
        absent = np.isnan(x)
        flat = _is_flat(x, absent)  # so are its ranks then
        for found, table, side in ((pearson, x, universe.returns), (spearman, average_ranks(x), universe.ranks)):
            one = (*_centre(table, absent), flat)
            if everywhere:
                other = block.dense(side.centred, 0.0), side.squares[dates], side.flat[dates]
            else:
                y = np.where(absent, np.nan, _table(block, side.values))
                other = (*_centre(y, absent), _is_flat(y, absent))
            found[dates] = _correlation(*one, *other)
    return pearson, spearman


def _table(block: Block, values: Floats) -> Floats:
    table: Floats = block.dense(values, np.nan)
    return table


def _correlation(dx: Floats, xx: Floats, flat_x: Bools, dy: Floats, yy: Floats, flat_y: Bools) -> Floats:
    """Return the correlation of each row from centred values, 0 where there are none, and their sums of squares.

    NaN where either side is flat.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = (dx * dy).sum(axis=1) / np.sqrt(xx * yy)
    found[flat_x | flat_y] = np.nan
    return np.clip(found, -1.0, 1.0)


def _centre(table: Floats, absent: Bools) -> tuple[Floats, Floats]:
    """Return the values less the mean of their row, 0 for absent ones, and the sum of squares of each row."""
    some = bool(absent.any())
    filled = np.where(absent, 0.0, table) if some else table
    count = table.shape[1] - np.count_nonzero(absent, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred: Floats = filled - (filled.sum(axis=1) / count)[:, None]
    if some:
        centred[absent] = 0.0
    return centred, (centred * centred).sum(axis=1)


def _is_flat(table: Floats, absent: Bools) -> Bools:
    """Tell of each row whether it has fewer than three values, or all the same."""
    count = table.shape[1] - np.count_nonzero(absent, axis=1)
    some = bool(absent.any())
    low = (np.where(absent, np.inf, table) if some else table).min(axis=1)
    high = (np.where(absent, -np.inf, table) if some else table).max(axis=1)
    flat: Bools = (count < 3) | (high <= low)
    return flat
