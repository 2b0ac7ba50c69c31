"""What a run that was never ours means as an experiment: which of its params are weights, which hyperparameters.

A mapping is said on the command line or in a TOML file:

    [weights]
    prefix = "w."                       # param or metric `w.momentum` is the weight of `momentum`
    [hyperparameters]
    prefix = "hp."                      # or: names = ["k", "horizon"]
    [transformations]
    prefix = "transform."
    [metrics]                           # taken as a run on this panel and period
    names = ["precision", "max_drawdown"]
    panel = "sp500_20"
    period = "2010-01-04..2022-12-28"
    lower = ["max_drawdown"]            # where less is better; elsewhere more is

`names` lists what is taken as it is called; with `prefix` too, either is. An empty prefix takes all that is left.
"""

from __future__ import annotations

import json
import math
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.canonical import show
from registry.config import ExperimentConfig
from registry.errors import ExchangeError, InvalidConfigError

_PARTS = ("weights", "hyperparameters", "transformations")
_METRICS = ("names", "prefix", "panel", "period", "lower")


@dataclass(frozen=True, slots=True)
class Part:
    """Which names belong to one part of an experiment."""

    prefix: str | None = None
    names: tuple[str, ...] = ()

    def take(self, name: str) -> str | None:
        """Return what a param of this name is called as a part of an experiment; None when it is none."""
        if name in self.names:
            return name
        if self.prefix is not None and name.startswith(self.prefix) and name != self.prefix:
            return name.removeprefix(self.prefix)
        return None

    def __bool__(self) -> bool:
        return self.prefix is not None or bool(self.names)


@dataclass(frozen=True, slots=True)
class Measures:
    """Which metrics become a run, and on what it was."""

    part: Part
    panel: str
    period: str
    lower: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameMapping:
    """What the names of a tracker's runs mean here."""

    weights: Part
    hyperparameters: Part = field(default_factory=Part)
    transformations: Part = field(default_factory=Part)
    metrics: Measures | None = None


@dataclass(slots=True)
class Mapped:
    """One run, read with a mapping."""

    config: ExperimentConfig
    metrics: dict[str, float]
    left: list[str]
    """What nothing in the mapping takes: `param NAME`, `metric NAME`."""


def read_mapping(file: str | os.PathLike[str]) -> NameMapping:
    """Return the mapping in a TOML file.

    Raises:
        ExchangeError: it can't be read, or says something that is no mapping.
    """
    path = Path(file)
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExchangeError(f"{path} can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ExchangeError(f"{path} is no UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ExchangeError(f"{path} is not TOML: {error}") from None
    _only(said, (*_PARTS, "metrics"), str(path))
    parts = {name: _part(said.get(name, {}), f"{path}: [{name}]") for name in _PARTS}
    if not parts["weights"]:
        raise ExchangeError(f'{path}: [weights] is missing; say which params are weights, such as prefix = "w."')
    return NameMapping(**parts, metrics=_measures(said.get("metrics"), f"{path}: [metrics]"))


def _part(value: object, where: str, more: Iterable[str] = ()) -> Part:
    if not isinstance(value, dict):
        raise ExchangeError(f"{where} is no table")
    _only(value, ("prefix", "names", *more), where)
    prefix = value.get("prefix")
    if prefix is not None and not isinstance(prefix, str):
        raise ExchangeError(f"{where}: prefix: {show(prefix)} is no text")
    return Part(prefix, _names(value.get("names", []), f"{where}: names"))


def _names(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ExchangeError(f"{where}: {show(value)} is no list of names")
    return tuple(value)


def _measures(value: object, where: str) -> Measures | None:
    if value is None:
        return None
    part = _part(value, where, _METRICS)
    assert isinstance(value, dict)
    panel, period = value.get("panel"), value.get("period")
    if not isinstance(panel, str) or not isinstance(period, str):
        raise ExchangeError(f'{where} needs panel = "NAME" and period = "FIRST..LAST": metrics mean little without')
    from registry.errors import InvalidRunError
    from registry.runs.fields import read_period

    try:
        read_period(period)
    except InvalidRunError as error:
        raise ExchangeError(f"{where}: {error}") from None
    return Measures(part or Part(""), panel, period, _names(value.get("lower", []), f"{where}: lower"))


def _only(value: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    for key in value:
        if key not in known:
            raise ExchangeError(f"{where}: {show(key)} is no key of a mapping; there are {', '.join(known)}")


def apply(
    mapping: NameMapping,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    *,
    description: str = "",
    tags: Iterable[str] = (),
    created_at: str | None = None,
) -> Mapped | None:
    """Return the experiment that a run's params and metrics are; None when none of them is a weight.

    A param goes before a metric of the same name. Params are text: hyperparameters become numbers, true, false, null
    and JSON where they are written so.

    Raises:
        InvalidConfigError: a weight is no number, or the rest is no configuration.
    """
    weights: dict[str, float] = {}
    hyperparameters: dict[str, Any] = {}
    transformations: dict[str, str] = {}
    left: list[str] = []
    for name, value in params.items():
        if (feature := mapping.weights.take(name)) is not None:
            _once(weights, feature, name)
            weights[feature] = _weight(name, value)
        elif (feature := mapping.transformations.take(name)) is not None:
            _once(transformations, feature, name)
            transformations[feature] = value
        elif (key := mapping.hyperparameters.take(name)) is not None:
            _once(hyperparameters, key, name)
            hyperparameters[key] = _value(value)
        else:
            left.append(f"param {name}")
    measured: dict[str, float] = {}
    for name, number in metrics.items():
        if (feature := mapping.weights.take(name)) is not None:
            if name not in params:
                _once(weights, feature, name)
                weights[feature] = _finite(name, number)
        elif mapping.metrics is not None and (called := mapping.metrics.part.take(name)) is not None:
            measured[called] = number
        else:
            left.append(f"metric {name}")
    if not weights:
        return None
    config = ExperimentConfig(
        list(weights), weights, hyperparameters, transformations, description, list(tags), created_at
    )
    return Mapped(config, measured, left)


def _once(made: Mapping[str, Any], name: str, written: str) -> None:
    if name in made:
        raise InvalidConfigError(f"{show(written)} says {show(name)} a second time")


def _weight(name: str, text: str) -> float:
    try:
        return _finite(name, float(text))
    except ValueError as error:
        if isinstance(error, InvalidConfigError):
            raise
        raise InvalidConfigError(f"param {show(name)}: {show(text)} is no number, as a weight must be") from None


def _finite(name: str, number: float) -> float:
    if not math.isfinite(number):
        raise InvalidConfigError(f"{show(name)}: {number} is no weight")
    return number


_WORDS = {"True": True, "False": False, "None": None, "true": True, "false": False, "null": None}


def _value(text: str) -> Any:
    """Return what a param's text says: trackers write numbers as Python or JSON does."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        made = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(made, str) else made


def _no_number(text: str) -> Any:
    raise ValueError(text)
