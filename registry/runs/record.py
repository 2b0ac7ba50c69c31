"""What a run is, as plain values: what recording one takes, and what reading one returns.

Nothing here needs the engine or numpy, so that a user's own program can record its results at little cost.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from registry.canonical import show, utc_text
from registry.config import check_full_hash
from registry.errors import InvalidRunError
from registry.runs import fields
from registry.runs.fields import Values
from registry.runs.panels import PanelRef, panel_ref

RUN_PREFIX: Final = "r-"
RUN_DIGITS: Final = 16
ENGINE: Final = "experiments"
"""What our own engine is called in runs."""


def is_run_id(reference: str) -> bool:
    """Tell whether a reference means a run rather than an experiment."""
    return reference.strip().lower().startswith(RUN_PREFIX)


@dataclass(frozen=True, slots=True)
class Window:
    """One walk-forward train/test pair; all four days are inside."""

    number: int
    train_start: str | None
    train_end: str | None
    test_start: str
    test_end: str
    partial: bool = False
    """The end of the period cut it short."""
    metrics: Values = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", {name: _float(value) for name, value in self.metrics.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {
            "number": self.number,
            "train_start": self.train_start,
            "train_end": self.train_end,
            "test_start": self.test_start,
            "test_end": self.test_end,
            "partial": self.partial,
            "metrics": dict(self.metrics),
        }


@dataclass(frozen=True, slots=True)
class Series:
    """Values by date: one for each rebalance date and metric."""

    dates: list[str] = field(default_factory=list)
    values: dict[str, list[float | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        made = {name: [_float(value) for value in values] for name, values in self.values.items()}
        object.__setattr__(self, "values", made)

    def of(self, metric: str) -> dict[str, float]:
        """Return date to value of one metric, without the dates that have none."""
        values = self.values.get(metric, [])
        return {day: value for day, value in zip(self.dates, values, strict=False) if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return {"dates": list(self.dates), "values": {name: list(values) for name, values in self.values.items()}}


@dataclass(frozen=True)
class Run:
    """One evaluation of one experiment on one panel over one period."""

    config_hash: str
    panel: PanelRef
    start: str
    """First day of the period, ISO."""
    end: str
    """Last day of the period, inside."""
    options: dict[str, Any] = field(default_factory=dict)
    metrics: Values = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    dates: Series = field(default_factory=Series)
    engine: str = "experiments"
    details: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    duration: float | None = None
    """Seconds."""
    recorded_at: str = ""
    definitions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Metrics of the user's own: name to unit, direction and definition."""
    panel_id: int | None = None
    """Which panel the registry takes it to be; None before it is recorded."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", {name: _float(value) for name, value in self.metrics.items()})

    @cached_property
    def run_id(self) -> str:
        """`r-` and 16 hex digits of what was evaluated and came out: the same results are the same run."""
        return self.compute_id()

    def compute_id(self) -> str:
        """Return the id that the content gives, whatever id it was recorded or read with."""
        said = {
            "config_hash": self.config_hash,
            "panel": [self.panel.name, self.panel.fingerprint],
            "period": [self.start, self.end],
            "options": self.options,
            "metrics": self.metrics,
            "windows": [window.to_dict() for window in self.windows],
            "dates": self.dates.to_dict(),
            "engine": self.engine,
        }
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return RUN_PREFIX + digest[:RUN_DIGITS]

    @property
    def metric_names(self) -> set[str]:
        """Every metric named in it: of the run, of its windows, by date."""
        return {*self.metrics, *self.dates.values, *(name for window in self.windows for name in window.metrics)}

    @property
    def period(self) -> str:
        """The period as it is written: `2010-01-04..2022-12-28`."""
        return f"{self.start}..{self.end}"

    def summary(self) -> dict[str, Any]:
        """Return who was evaluated on what with which result, without windows, dates and surroundings."""
        return {
            "run_id": self.run_id,
            "panel": self.panel.name,
            "period": self.period,
            "engine": self.engine,
            "recorded_at": self.recorded_at,
            "metrics": dict(self.metrics),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists; `from_dict` reads them."""
        made: dict[str, Any] = {
            "run_id": self.run_id,
            "config_hash": self.config_hash,
            "panel": self.panel.to_dict(),
            "start": self.start,
            "end": self.end,
            "options": self.options,
            "metrics": dict(self.metrics),
            "windows": [window.to_dict() for window in self.windows],
            "dates": self.dates.to_dict(),
            "engine": self.engine,
            "details": self.details,
            "environment": self.environment,
            "duration": self.duration,
            "recorded_at": self.recorded_at,
        }
        if self.definitions:
            made["definitions"] = self.definitions
        return made

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Run:
        """Return the run in a record, everything in it checked.

        Raises:
            InvalidRunError: the message names the field and the value.
        """
        record = fields.mapping(record, "run")
        fields.only_keys(record, _RUN_KEYS, "run")
        try:
            config_hash = check_full_hash(record.get("config_hash"), "config_hash")
            recorded_at = utc_text(record["recorded_at"], "recorded_at") if record.get("recorded_at") else ""
        except ValueError as error:
            raise InvalidRunError(f"run: {error}") from None
        start, end = fields.check_period(record.get("start"), record.get("end"))
        run = cls(
            config_hash,
            panel_ref(record.get("panel")),
            start,
            end,
            fields.plain(record.get("options", {}), "options"),
            fields.values(record.get("metrics", {}), "metrics"),
            read_windows(record.get("windows", [])),
            read_series(record.get("dates", {})),
            fields.text(record.get("engine", "experiments"), "engine"),
            fields.plain(record.get("details", {}), "details"),
            fields.plain(record.get("environment", {}), "environment"),
            fields.number(record.get("duration"), "duration"),
            recorded_at,
            fields.definitions(record.get("definitions", {})),
        )
        given = record.get("run_id")
        if given is not None and given != run.run_id:
            raise InvalidRunError(f"run_id: {show(given)} is not that of its content, which is {run.run_id}")
        return run


_RUN_KEYS: Final = (
    "run_id", "config_hash", "panel", "start", "end", "options", "metrics", "windows", "dates", "engine", "details",
    "environment", "duration", "recorded_at", "definitions",
)  # fmt: skip


def read_windows(value: object) -> list[Window]:
    """Return windows in the order of their numbers; those without a number are counted from 1.

    Raises:
        InvalidRunError: one can't be read, or two have one number.
    """
    made = [read_window(item, number) for number, item in enumerate(fields.items(value, "windows"), 1)]
    made.sort(key=lambda window: window.number)
    for earlier, later in itertools.pairwise(made):
        if earlier.number == later.number:
            raise InvalidRunError(f"windows: two have the number {later.number}")
    return made


def read_window(value: object, number: int) -> Window:
    """Return a window; without a number of its own it has this one.

    Raises:
        InvalidRunError: it can't be read as one.
    """
    where = f"window {number}"
    if isinstance(value, Window):
        return value
    record = fields.mapping(value, where)
    known = ("number", "train_start", "train_end", "test_start", "test_end", "partial", "metrics")
    fields.only_keys(record, known, where)
    start, end = (fields.day(record.get(name), f"{where}: {name}") for name in ("test_start", "test_end"))
    train = [
        None if record.get(name) is None else fields.day(record[name], f"{where}: {name}")
        for name in ("train_start", "train_end")
    ]
    for what, first, last in (("test", start, end), ("train", *train)):
        if first is not None and last is not None and last < first:
            raise InvalidRunError(f"{where}: {what}_end: {last} is before {what}_start, {first}")
    partial = record.get("partial", False)
    if not isinstance(partial, bool):
        raise InvalidRunError(f"{where}: partial: {show(partial)} is neither true nor false")
    own = fields.integer(record.get("number", number), f"{where}: number", 0, 2**31 - 1)
    return Window(
        own, train[0], train[1], start, end, partial, fields.values(record.get("metrics", {}), f"{where}: metrics")
    )


def read_series(value: object) -> Series:
    """Return values by date: a `Series`, its dict, or metric to date to value.

    Raises:
        InvalidRunError: a date repeats or is out of order, or a metric has not one value a date.
    """
    if isinstance(value, Series):
        return value
    record = fields.mapping(value, "dates")
    if not record:
        return Series()
    if set(record) == {"dates", "values"}:
        dates = [fields.day(day, "dates") for day in fields.items(record["dates"], "dates")]
        found = {}
        for name, items in fields.mapping(record["values"], "dates").items():
            found[fields.text(name, "dates")] = [
                fields.number(item, f"dates: {name}") for item in fields.items(items, f"dates: {name}")
            ]
            if len(found[name]) != len(dates):
                raise InvalidRunError(f"dates: {show(name)} has {len(found[name])} values for {len(dates)} dates")
    else:
        by_metric = {
            fields.text(name, "dates"): {
                fields.day(day, f"dates: {name}"): fields.number(item, f"dates: {name}")
                for day, item in fields.mapping(items, f"dates: {name}").items()
            }
            for name, items in record.items()
        }
        dates = sorted({day for items in by_metric.values() for day in items})
        found = {name: [items.get(day) for day in dates] for name, items in by_metric.items()}
    if any(later <= earlier for earlier, later in itertools.pairwise(dates)):
        raise InvalidRunError("dates: they repeat or are not in order")
    return Series(dates, found) if found else Series()


def _float(value: float | None) -> float | None:
    """Return a number as the registry holds it, so that 1 and 1.0 are one result, and -0.0 is 0.0."""
    return None if value is None else float(value) + 0.0
