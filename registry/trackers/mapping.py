"""What a run that was never ours means as an experiment: which of its params are weights, which hyperparameters.

A mapping is said on the command line or in a TOML file:

    [weights]
    prefix = "w."                       # param or metric `w.momentum` is the weight of `momentum`
    [hyperparameters]
    only = ["k", "horizon"]             # or a prefix, or rest = true: all that nothing else takes
    [transformations]
    prefix = "transform."
    [metrics]                           # become a run on this panel and period
    only = ["precision"]
    panel = "sp500_20"
    period = "2010-01-04..2022-12-28"
    define = {precision = {unit = "share", direction = "higher", definition = "of the ten best"}}

The keys are those of `import --map`, but for paths, which a run's params don't need. `only` and `except` name what is
left of a name after the prefix.
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

_GROUPS = ("weights", "hyperparameters", "transformations")
_OF_GROUP = ("prefix", "only", "except")
_OF_RUN = ("panel", "period", "define")


@dataclass(frozen=True, slots=True)
class Group:
    """Which names belong to one part of an experiment; without any rule, none."""

    prefix: str | None = None
    only: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    rest: bool = False

    def take(self, name: str) -> str | None:
        """Return what a param of this name is called as a part of an experiment; None when it is none."""
        if not self:
            return None
        prefix = self.prefix or ""
        called = name.removeprefix(prefix)
        if not name.startswith(prefix) or not called or called in self.without:
            return None
        return called if self.only is None or called in self.only else None

    def __bool__(self) -> bool:
        return self.prefix is not None or self.only is not None or self.rest


@dataclass(frozen=True, slots=True)
class Measures:
    """Which metrics become a run, and on what it was."""

    group: Group
    panel: str
    period: str
    define: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NameMapping:
    """What the names of a tracker's runs mean here."""

    weights: Group
    hyperparameters: Group = field(default_factory=Group)
    transformations: Group = field(default_factory=Group)
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
    _only(said, (*_GROUPS, "metrics"), str(path))
    groups = {name: _group(said.get(name, {}), f"{path}: [{name}]", _more(name)) for name in _GROUPS}
    if not groups["weights"]:
        raise ExchangeError(f'{path}: [weights] is missing; say which params are weights, such as prefix = "w."')
    return NameMapping(**groups, metrics=_measures(said.get("metrics"), f"{path}: [metrics]"))


def _more(name: str) -> tuple[str, ...]:
    return ("rest",) if name == "hyperparameters" else ()


def _group(value: object, where: str, more: Iterable[str] = ()) -> Group:
    if not isinstance(value, dict):
        raise ExchangeError(f"{where} is no table")
    _only(value, (*_OF_GROUP, *more), where)
    prefix, rest = value.get("prefix"), value.get("rest", False)
    if prefix is not None and not isinstance(prefix, str):
        raise ExchangeError(f"{where}: prefix: {show(prefix)} is no text")
    if not isinstance(rest, bool):
        raise ExchangeError(f"{where}: rest: {show(rest)} is neither true nor false")
    only = None if "only" not in value else _names(value["only"], f"{where}: only")
    return Group(prefix, only, _names(value.get("except", []), f"{where}: except"), rest)


def _names(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ExchangeError(f"{where}: {show(value)} is no list of names")
    return tuple(value)


def _measures(value: object, where: str) -> Measures | None:
    from registry.errors import InvalidRunError
    from registry.runs.fields import definitions, read_period

    if value is None:
        return None
    group = _group(value, where, _OF_RUN)
    assert isinstance(value, dict)
    panel, period = value.get("panel"), value.get("period")
    if not isinstance(panel, str) or not isinstance(period, str):
        raise ExchangeError(f'{where} needs panel = "NAME" and period = "FIRST..LAST": metrics mean little without')
    try:
        read_period(period)
        define = definitions(value.get("define", {}))
    except InvalidRunError as error:
        raise ExchangeError(f"{where}: {error}") from None
    return Measures(group or Group(rest=True), panel, period, define)


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
        elif mapping.metrics is not None and (called := mapping.metrics.group.take(name)) is not None:
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
