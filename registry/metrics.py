"""Every metric of a run: its unit, its direction and what it is, in one line.

Definitions follow alphalens (information coefficients, turnover) and empyrical (Sharpe, Sortino, drawdown).
A *date* metric has a value for each evaluated date; its value for a window or a run is the mean over the
dates. The others are computed from the portfolio's returns or from the series of dates as a whole.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Direction = Literal["higher", "lower", "none"]
"""Which way is better; `none` for what only describes, such as a base rate."""

DIRECTIONS: Final = ("higher", "lower", "none")


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number of a run means."""

    name: str
    unit: str
    """`share` and `return` are fractions (0.01 is one percent); `correlation`, `ratio`, `count`, `t`."""
    direction: Direction
    definition: str

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)

    def better(self, difference: float) -> bool | None:
        """Tell whether a change of this size is for the better; None when there is no better."""
        if self.direction == "none" or not difference:
            return None
        return (difference > 0) == (self.direction == "higher")


_DEFINED: Final = (
    Metric("precision_at_k", "share", "higher", "share of the picks whose forward return is above the hit"),
    Metric(
        "base_rate",
        "share",
        "none",
        "share of all eligible assets whose forward return is above the hit, on dates with picks",
    ),
    Metric("edge", "share", "higher", "precision_at_k minus base_rate of the same dates"),
    Metric("overlap_at_k", "share", "higher", "share of the picks that are among the best K by forward return"),
    Metric("forward_return", "return", "higher", "mean forward return of the picks"),
    Metric("universe_return", "return", "none", "mean forward return of all eligible assets, on dates with picks"),
    Metric("ic", "correlation", "higher", "Pearson correlation of score and forward return over assets"),
    Metric("rank_ic", "correlation", "higher", "Spearman correlation of score and forward return over assets"),
    Metric("icir", "ratio", "higher", "mean of ic over its standard deviation across dates, not annualised"),
    Metric("rank_icir", "ratio", "higher", "mean of rank_ic over its standard deviation across dates, not annualised"),
    Metric("rank_ic_t", "t", "higher", "t of the mean rank_ic, Newey-West with horizon - 1 lags"),
    Metric("hit_rate", "share", "higher", "share of dates with rank_ic above 0"),
    Metric("net_return", "return", "higher", "mean return of a rebalance period after costs"),
    Metric("total_return", "return", "higher", "compounded return of the portfolio after costs"),
    Metric("cagr", "return", "higher", "compounded return a year"),
    Metric("volatility", "return", "lower", "standard deviation of the portfolio's returns a year"),
    Metric("sharpe", "ratio", "higher", "mean excess return over its standard deviation, a year"),
    Metric("sortino", "ratio", "higher", "mean excess return over the downside deviation of all periods, a year"),
    Metric("max_drawdown", "return", "higher", "deepest fall of the equity below its peak, 0 or less"),
    Metric("calmar", "ratio", "higher", "cagr over the size of max_drawdown"),
    Metric("turnover", "share", "lower", "share of the portfolio replaced at a rebalance"),
    Metric("eligible", "count", "none", "assets that could be picked, mean over dates"),
    Metric("dates", "count", "none", "evaluated dates"),
    Metric("rebalances", "count", "none", "rebalance dates, whose forward returns do not overlap"),
)

METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _DEFINED}
"""The metrics of our own runs by name."""

AT_HORIZON: Final = ("precision_at_k", "base_rate", "edge", "forward_return", "rank_ic")
"""Metrics that are also computed at the other horizons of a run, as `edge_h14`."""

HORIZON: Final = re.compile(r"(?P<base>.+)_h(?P<days>[1-9][0-9]*)")
"""Matches the name of a metric at another horizon of its run."""


def metric(name: str) -> Metric | None:
    """Return the definition of one of our own metrics, also at another horizon (`edge_h14`); None for others'."""
    found = METRICS.get(name)
    if found is None and (match := HORIZON.fullmatch(name)) and match["base"] in AT_HORIZON:
        base = METRICS[match["base"]]
        return Metric(name, base.unit, base.direction, f"{base.definition}, {match['days']} dates ahead")
    return found
