"""How much of the best result is luck: the deflated Sharpe ratio and the probability of backtest overfitting.

The registry knows what no sheet of results does: how many configurations were tried on a panel over a period, those
deleted, purged or never tracked included. The ratio of the best experiment is deflated by that number, by the number
of distinct rankings among them, and by the effective number of independent ones (`registry.statistics.sharpe`); the
probability of overfitting is that of choosing the best in one half of the dates (`registry.statistics.overfitting`).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from registry.analysis.evaluated import Evaluated, commonest_label, evaluated
from registry.analysis.selection import chosen, metric_target
from registry.errors import FilterError
from registry.metrics import metric as own_metric
from registry.runs.trials import Tried, tried
from registry.statistics import overfitting as cscv
from registry.statistics.sharpe import (
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    minimum_track,
    probabilistic_sharpe,
    track_of,
)

if TYPE_CHECKING:
    from registry.search import Basis
    from registry.store import Session

Floats = npt.NDArray[np.float64]
Counted = Literal["configurations", "rankings", "effective"]

SHARPE: Final = "sharpe"
RETURNS: Final = "net_return"
"""What the ratio is made of: the portfolio's returns by rebalance date."""

CONFIDENCE: Final = 0.95

_MOST_CORRELATED: Final = 2_000
"""So many experiments have their mean correlation computed exactly in little memory; of more, evenly chosen ones."""


@dataclass(frozen=True, slots=True)
class Deflated:
    """The best experiment's ratio against the luck of so many trials."""

    counted: Counted
    trials: float
    expected: float
    """The ratio per period to be expected of the best of so many without skill."""
    probability: float
    """That the true ratio is above 0, having been chosen among so many."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best experiment of those that match, and what its ratio is worth."""

    config_hash: str
    value: float | None
    """The metric of its run."""
    ratio: float
    """Mean over standard deviation of its values by date; per period, not annualised."""
    n: int
    skewness: float
    kurtosis: float
    """Raw: 3 for a normal distribution."""
    probabilistic: float
    """The probability that the true ratio is above 0, had it been the only one tried."""
    deflated: list[Deflated]
    needed: int | None
    """Values by date it would take to be 95 % sure of it among all configurations; None when none suffice."""
    universe: float | None = None
    """Of the Sharpe ratio: that of everything eligible on the same dates, per period; picking adds what is above."""


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What is known of how overfitted a choice is."""

    metric: str
    metrics_from: str | None
    tried: Tried
    evaluated: int
    """Experiments whose values by date are there, measured by the same options."""
    matching: int
    """Those of them that match the filter."""
    best: Best | None
    crossvalidated: cscv.Overfitting | None
    notes: list[str]
    """Why something is missing, and what was left out."""

    @property
    def deflated(self) -> float | None:
        """The probability that the best one's ratio is real, against every configuration ever tried."""
        return None if self.best is None or not self.best.deflated else self.best.deflated[0].probability

    @property
    def probability(self) -> float | None:
        """The probability of backtest overfitting."""
        return None if self.crossvalidated is None else self.crossvalidated.probability

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        return asdict(self)


def overfitting(
    session: Session,
    metric: str = SHARPE,
    *,
    filter: str = "",
    panel: str | None = None,
    period: str | None = None,
    blocks: int = cscv.BLOCKS,
) -> Overfitting:
    """Return how overfitted choosing the best of the experiments that match is.

    Trials are counted whatever the filter; their spread is that of all experiments evaluated on the panel and
    period by the same options. A metric other than the Sharpe ratio is judged by its values by date alike.

    Raises:
        FilterError, AmbiguousPanelError: as `registry.search`; or the metric has no values by date, or no way of
            it is better, or `blocks` is not an even number of 2 or more.
    """
    from registry.runs.reading import direction_of
    from registry.search import Metrics

    if blocks < 2 or blocks % 2:
        raise FilterError(f"blocks: {blocks} is not an even number of 2 or more")
    target = metric_target(session, metric)
    if target.over:
        raise FilterError(f"{target.written} is over windows; overfitting asks for values by date: {target.name}")
    direction = direction_of(session, target.name)
    if direction == "none":
        raise FilterError(f"{target.written} is neither better high nor low")
    among = chosen(session, filter, panel, period)
    basis = Metrics(session, filter, panel=panel, period=period).basis
    if basis is None:
        return Overfitting(target.written, None, Tried(0, 0), 0, 0, None, None, ["no experiment has a run"])
    series = RETURNS if target.name == SHARPE else target.name
    label = commonest_label(session, basis, series)
    if label is None:
        raise FilterError(f"{target.written} has no values by date on {basis}; there are: {_by_date(session, basis)}")
    found = evaluated(session, [basis.panel_id], basis.start, basis.end, series, label)
    if direction == "lower":
        found = replace(found, values=-found.values)
    if target.name == SHARPE:
        found = replace(found, values=_excess(found))
    return _told(session, target.name, basis, found, np.isin(found.ids, np.asarray(among, dtype=np.int64)), blocks)


def _about_zero(session: Session, name: str) -> bool:
    """Tell whether 0 is what a choice without skill gets: of an edge or a return, not of a precision."""
    from registry.runs.reading import metrics

    known = {each.name: each for each in metrics(session)}
    meaning = known.get(name) or own_metric(name)
    return name.startswith("edge") or meaning is None or meaning.unit not in ("share", "count")


def _told(
    session: Session, name: str, basis: Basis, found: Evaluated, wanted: npt.NDArray[np.bool_], blocks: int
) -> Overfitting:
    counts = tried(session, basis)
    complete, dates = _complete(found.values)
    notes = []
    if (left_out := int((~complete).sum())) > 0:
        notes.append(f"{left_out:,} evaluated on other dates than most are left out")
    table = found.values[np.ix_(complete, dates)]
    ratios = _ratios(table)
    effective = effective_trials(max(1, counts.configurations), _mean_correlation(table[~np.isnan(ratios)]))
    spread = float(np.nanvar(ratios, ddof=1)) if (~np.isnan(ratios)).sum() > 1 else None
    mine = table[wanted[complete]]
    best = None
    if not _about_zero(session, name):
        notes.append(f"{name} without skill is not 0, so nothing is deflated; ask for edge")
    elif len(mine):
        scores = _ratios(mine) if name == SHARPE else mine.mean(axis=1)
        if not np.isnan(scores).all():
            at = int(np.nanargmax(scores))
            which = int(np.flatnonzero(complete & wanted)[at])
            best = _best(session, name, basis, found.hashes[which], mine[at], spread, counts, effective)
            if best is not None and name == SHARPE:
                best = replace(best, universe=_universe(session, found.run_ids[which]))
        if best is None:
            notes.append("no experiment that matches has values by date that vary")
    if best is not None and not best.deflated:
        notes.append("one trial alone has no spread to deflate by: evaluate more, or trust the undeflated probability")
    validated, why = _validated(mine, name, blocks)
    return Overfitting(
        f"m.{name}",
        str(basis),
        counts,
        len(found),
        int(wanted.sum()),
        best,
        validated,
        notes if why is None else [*notes, why],
    )


def _best(
    session: Session,
    name: str,
    basis: Basis,
    config_hash: str,
    values: Floats,
    spread: float | None,
    counts: Tried,
    effective: float,
) -> Best | None:
    from registry.analysis.selection import latest_value

    track = track_of(values)
    if track is None:
        return None
    deflated = []
    if spread is not None and counts.configurations > 1:
        numbers: list[tuple[Counted, float]] = [
            ("configurations", float(counts.configurations)),
            ("rankings", float(max(1, counts.rankings))),
            ("effective", effective),
        ]
        deflated = [
            Deflated(kind, trials, expected_maximum(trials, spread), deflated_sharpe(track, trials, spread))
            for kind, trials in numbers
        ]
    needed = minimum_track(track, deflated[0].expected if deflated else 0.0, CONFIDENCE)
    return Best(
        config_hash,
        latest_value(session, config_hash, name, basis),
        track.sharpe,
        track.n,
        track.skewness,
        track.kurtosis,
        probabilistic_sharpe(track),
        deflated,
        None if needed is None or needed > 1e9 else math.ceil(needed),
    )


def _universe(session: Session, run_id: str) -> float | None:
    values = session.value(
        "SELECT vals FROM run_series WHERE run_id = ? AND metric = 'universe_return'",
        [run_id],
    )
    track = track_of([value for value in values or () if value is not None])
    return None if track is None else track.sharpe


def _validated(table: Floats, name: str, blocks: int) -> tuple[cscv.Overfitting | None, str | None]:
    if len(table) < 2:
        return None, "cross-validation needs two experiments that match, evaluated on the same dates"
    most = table.shape[1] // 2 // 2 * 2  # an even number of blocks of two dates
    if most < 4:
        return None, f"cross-validation needs 8 dates; there are {table.shape[1]}"
    return cscv.overfitting(table.T, "sharpe" if name == SHARPE else "mean", min(blocks, most)), None


def _complete(values: Floats) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the experiments that have every date that most have, and these dates."""
    known = ~np.isnan(values)
    dates: npt.NDArray[np.bool_] = known.sum(axis=0) * 2 > len(values)
    every: npt.NDArray[np.bool_] = np.all(known[:, dates], axis=1)
    return (every if dates.any() else np.zeros(len(values), dtype=np.bool_)), dates


def _ratios(table: Floats) -> Floats:
    """Return mean over sample deviation of each row; NaN for one that does not vary."""
    if table.shape[1] < 2:
        return np.full(len(table), np.nan)
    flat = table.max(axis=1) <= table.min(axis=1)
    deviation = table.std(axis=1, ddof=1)
    flat |= deviation == 0
    found: Floats = np.where(flat, np.nan, table.mean(axis=1) / np.where(flat, 1.0, deviation))
    return found


def _mean_correlation(table: Floats) -> float:
    """Return the mean correlation of all pairs of rows: from the variance of the sum of standardised rows."""
    if len(table) > _MOST_CORRELATED:
        table = table[np.linspace(0, len(table) - 1, _MOST_CORRELATED).astype(np.int64)]
    count = len(table)
    if count < 2:
        return 0.0
    rest = table - table.mean(axis=1, keepdims=True)
    rest /= np.sqrt(np.square(rest).sum(axis=1, keepdims=True))
    together = rest.sum(axis=0)
    return float((together @ together - count) / (count * (count - 1)))


def _excess(found: Evaluated) -> Floats:
    """Return returns above the risk-free rate of each run's options, a yearly one taken per period."""
    values = found.values.copy()
    for row, text in enumerate(found.options):
        options = json.loads(text or "{}")
        yearly = options.get("risk_free_rate") or 0.0
        if not isinstance(yearly, int | float) or not yearly > -1 or not yearly:
            continue
        known = np.flatnonzero(~np.isnan(values[row]))
        if len(known) > 1:
            first, last = (date.fromisoformat(found.dates[known[at]]) for at in (0, -1))
            periods = options.get("periods_per_year") or (len(known) - 1) / ((last - first).days / 365.25)
            values[row] -= (1 + yearly) ** (1 / periods) - 1
    return values


def _by_date(session: Session, basis: Basis) -> str:
    rows = session.rows(
        "SELECT DISTINCT metric FROM run_series WHERE run_id IN (SELECT run_id FROM run WHERE panel_id = ?"
        " AND period_start = CAST(? AS DATE) AND period_end = CAST(? AS DATE)) ORDER BY 1 LIMIT 20",
        [basis.panel_id, basis.start, basis.end],
    )
    return ", ".join(row[0] for row in rows) or "none"
