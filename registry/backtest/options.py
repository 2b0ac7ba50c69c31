"""The options of a backtest: what each means, what is allowed, and which of them make a run another run."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, time
from typing import Any, Final, Literal, Self

from registry.canonical import show
from registry.errors import BacktestError

Missing = Literal["drop", "neutral", "renorm"]
Delist = Literal["last", "loss", "drop"]
Method = Literal["nnridge", "ic", "icir"]

DEFAULT_TRAIN_DAYS: Final = 365
HORIZONS: Final = (7, 14, 30)
"""The default."""

_DURATION = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[dw]?)")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "missing": ("drop", "neutral", "renorm"),
    "delist": ("last", "loss", "drop"),
    "method": ("nnridge", "ic", "icir"),
}
_AT_LEAST: Final[dict[str, int]] = {
    "walk_days": 1, "k": 1, "train_days": 1, "lag": 0, "embargo": 0, "min_assets": 1, "min_test_dates": 1,
    "seed": 0, "n_bootstrap": 100,
}  # fmt: skip
_YES_OR_NO: Final = ("expanding", "tranches", "baselines", "bootstrap")
_FARTHEST: Final = 99_999
_NOT_MEASURED: Final = ("baselines", "bootstrap", "n_bootstrap", "method", "shrink")


@dataclass(frozen=True, slots=True)
class Options:
    """How an experiment is evaluated. Days are calendar days; horizons, lag and embargo count panel dates.

    Raises:
        BacktestError: a value is not allowed; the message names the option and the value.
    """

    walk_days: int = 30
    """Calendar days of each test window; the next window begins where it ends."""
    k: int = 10
    """Assets picked on a date."""
    horizons: tuple[int, ...] = HORIZONS
    """Forward returns, in panel dates; the first decides what is picked against and how often is rebalanced."""
    train_days: int | None = None
    """Calendar days before each test window; None is 365, or `walk_days` where the period is too short for that."""
    expanding: bool = False
    """Train from the start of the period on, instead of on the last `train_days`."""
    lag: int = 1
    """Panel dates between the score and the entry price; 0 buys at the price the score was computed with."""
    embargo: int = 0
    """Further panel dates left out between the last training label's exit and the test window."""
    missing: Missing = "drop"
    """An asset without a feature: not eligible; given the neutral value; or scored by the features it has."""
    delist: Delist = "last"
    """An asset that is gone before the exit: last price; total loss; left out (which flatters the result)."""
    cost_bps: float = 0.0
    """Costs of a trade, in basis points of what is traded."""
    hit: float = 0.0
    """A pick is right when its forward return is above this."""
    min_assets: int | None = None
    """Dates with fewer eligible assets are skipped; None is `k`."""
    threshold: float | None = None
    """Only assets that score at least this are picked."""
    tranches: bool = False
    """Hold one tranche for each date of the horizon, instead of one portfolio rebalanced every horizon."""
    risk_free_rate: float = 0.0
    """Per year, as a fraction."""
    seed: int = 13
    """Of every random number."""
    min_test_dates: int = 1
    """Windows with fewer evaluated dates are left out."""
    periods_per_year: float | None = None
    """Rebalance periods a year; None counts them in the panel."""
    baselines: bool = False
    """Evaluate the baselines too."""
    bootstrap: bool = True
    """Compute bootstrap intervals."""
    n_bootstrap: int = 10_000
    """Draws of the bootstrap."""
    method: Method = "nnridge"
    """How weights are suggested."""
    shrink: float = 1.0
    """Share of what was fitted in the suggested weights; the rest is the present ones."""

    def __post_init__(self) -> None:
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value is None and name in ("train_days", "min_assets"):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise BacktestError(f"{name}: {show(value)} is not a whole number of {least} or more")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise BacktestError(f"{name}: {show(getattr(self, name))} is none of {', '.join(choices)}")
        for name in ("cost_bps", "hit", "risk_free_rate", "shrink", "threshold", "periods_per_year"):
            value = getattr(self, name)
            if value is None and name in ("threshold", "periods_per_year"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
                raise BacktestError(f"{name}: {show(value)} is not a number")
            object.__setattr__(self, name, float(value))
        if self.cost_bps < 0:
            raise BacktestError(f"cost_bps: {self.cost_bps:g} is negative")
        if not 0 <= self.shrink <= 1:
            raise BacktestError(f"shrink: {self.shrink:g} is not between 0 and 1")
        if self.risk_free_rate <= -1:
            raise BacktestError(f"risk_free_rate: {self.risk_free_rate:g} is -100 % or less")
        if self.periods_per_year is not None and self.periods_per_year <= 0:
            raise BacktestError(f"periods_per_year: {self.periods_per_year:g} is not above 0")
        for name in _YES_OR_NO:
            if not isinstance(getattr(self, name), bool):
                raise BacktestError(f"{name}: {show(getattr(self, name))} is neither true nor false")
        object.__setattr__(self, "horizons", _checked_horizons(self.horizons))

    @property
    def horizon(self) -> int:
        """The horizon that decides, in panel dates."""
        return self.horizons[0]

    @property
    def least_assets(self) -> int:
        """How many eligible assets a date needs."""
        return self.k if self.min_assets is None else self.min_assets

    def measured(self) -> dict[str, Any]:
        """Return the options that change a metric: with experiment, panel and period they identify a run."""
        made = {name: value for name, value in asdict(self).items() if name not in _NOT_MEASURED}
        return {**made, "horizons": list(self.horizons)}

    def with_(self, **changes: Any) -> Self:
        """Return a changed copy. Raises as the constructor."""
        return replace(self, **changes)


def _checked_horizons(given: object) -> tuple[int, ...]:
    if not isinstance(given, list | tuple):
        raise BacktestError(f"horizons: {show(given)} is no list of whole numbers, such as [7, 14, 30]")
    if not given or any(isinstance(h, bool) or not isinstance(h, int) or not 1 <= h <= _FARTHEST for h in given):
        raise BacktestError(f"horizons: {show(list(given))} are not whole numbers from 1 to {_FARTHEST}")
    return tuple(dict.fromkeys(given))


NAMES: Final = tuple(field.name for field in fields(Options))
"""Every option by name."""


def read_days(text: str, name: str) -> int:
    """Return `30d`, `4w` or `30` as calendar days.

    Raises:
        BacktestError: it is none of these, or no days at all.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    days = int(match["number"]) * (7 if match["unit"] == "w" else 1) if match else 0
    if not days:
        raise BacktestError(f"{name}: {show(text)} is no span of time; write days or weeks, such as 30d or 4w")
    return days


def read_date(text: str | date, name: str) -> date:
    """Return an ISO date; of a moment (also a pandas one) that is midnight, its date.

    Raises:
        BacktestError: it is none, or has a time of day.
    """
    if isinstance(text, datetime):
        try:
            day, midnight = text.date(), text.time() == time()
        except ValueError:  # pandas.NaT
            raise BacktestError(f"{name}: {text} is no date; write it as 2024-01-31") from None
        if not midnight:
            raise BacktestError(f"{name}: {text} has a time of day; a period begins and ends with days")
        return day
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text.strip())
    except (ValueError, AttributeError):
        raise BacktestError(f"{name}: {show(text)} is no date; write it as 2024-01-31") from None


def read_horizons(text: str) -> tuple[int, ...]:
    """Return `7,14,30` as numbers.

    Raises:
        BacktestError: one of them is no whole number of 1 or more.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() and 0 < int(part) <= _FARTHEST for part in parts):
        raise BacktestError(f"horizons: {show(text)} are no panel dates ahead; write them as 7,14,30")
    return tuple(int(part) for part in parts)
