"""What is measured on each date: how the picks did, how everything eligible did, how score and return agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.backtest.groups import Block, Bools, Floats, Groups, average_ranks, top_k


_DECIMALS = 12
"""Scores are rounded before they are ranked for picking: what differs by rounding alone is a tie."""


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
    masked = np.where(allowed, np.round(scores, _DECIMALS), -np.inf)
    for block in groups.blocks:
        picked[block.start : block.stop] = block.long(top_k(block.dense(masked, -np.inf), k))
    return Picks(eligible & groups.spread(counted), picked, counted)


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


def measure(scores: Floats | None, picks: Picks, forward: Floats, groups: Groups, k: int, hit: float) -> Daily:
    """Measure picks against forward returns; without scores there are no correlations."""
    labelled = ~np.isnan(forward)
    known = picks.eligible & labelled
    with np.errstate(invalid="ignore"):
        hits = known & (forward > hit)
    earned = np.where(known, forward, 0.0)
    taken = picks.picked & labelled
    n_taken, n_known = groups.sum(taken), groups.sum(known)
    with np.errstate(divide="ignore", invalid="ignore"):
        daily = Daily(
            groups.sum(hits & taken) / n_taken,
            groups.sum(hits) / n_known,
            _overlap(picks, forward, known, groups, k),
            groups.sum(np.where(taken, earned, 0.0)) / n_taken,
            groups.sum(earned) / n_known,
            *(_correlations(scores, forward, known, groups) if scores is not None else _none(groups)),
            groups.sum(picks.eligible),
        )
    return daily


def _none(groups: Groups) -> tuple[Floats, Floats]:
    return np.full(len(groups), np.nan), np.full(len(groups), np.nan)


def _overlap(picks: Picks, forward: Floats, known: Bools, groups: Groups, k: int) -> Floats:
    """Return the share of a date's picks that are among the best `k` by what they earned."""
    best = np.where(known, forward, -np.inf)
    shared, taken = np.empty(len(groups)), np.empty(len(groups))
    for block in groups.blocks:
        picked = block.dense(picks.picked & known, False)
        top = top_k(block.dense(best, -np.inf), k)
        shared[block.first : block.last] = np.count_nonzero(top & picked, axis=1)
        taken[block.first : block.last] = np.count_nonzero(picked, axis=1)
    with np.errstate(invalid="ignore"):
        share: Floats = shared / taken
    return share


def _correlations(scores: Floats, forward: Floats, known: Bools, groups: Groups) -> tuple[Floats, Floats]:
    """Return the Pearson and the Spearman correlation of each date with three assets or more."""
    pearson, spearman = _none(groups)
    score, earned = np.where(known, scores, np.nan), np.where(known, forward, np.nan)
    for block in groups.blocks:
        dates = slice(block.first, block.last)
        x, y = _table(block, score), _table(block, earned)
        pearson[dates] = correlation(x, y)
        spearman[dates] = correlation(average_ranks(x), average_ranks(y))
    return pearson, spearman


def _table(block: Block, values: Floats) -> Floats:
    table: Floats = block.dense(values, np.nan)
    return table


def correlation(x: Floats, y: Floats) -> Floats:
    """Return the correlation of each row of two tables whose absent values coincide.

    NaN for fewer than three values, or where either side is constant.
    """
    absent = np.isnan(x)
    count = x.shape[1] - np.count_nonzero(absent, axis=1)
    flat = (count < 3) | _constant(x, absent) | _constant(y, absent)
    with np.errstate(divide="ignore", invalid="ignore"):
        dx = np.where(absent, 0.0, x - (np.where(absent, 0.0, x).sum(axis=1) / count)[:, None])
        dy = np.where(absent, 0.0, y - (np.where(absent, 0.0, y).sum(axis=1) / count)[:, None])
        found: Floats = (dx * dy).sum(axis=1) / np.sqrt((dx * dx).sum(axis=1) * (dy * dy).sum(axis=1))
    found[flat] = np.nan
    return np.clip(found, -1.0, 1.0)


def _constant(table: Floats, absent: Bools) -> Bools:
    low = np.where(absent, np.inf, table).min(axis=1)
    high = np.where(absent, -np.inf, table).max(axis=1)
    same: Bools = high <= low
    return same
