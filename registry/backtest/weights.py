"""Weights out of a file: a mapping of names to weights, a suggestion of an earlier backtest, or a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from registry.canonical import show
from registry.config import ExperimentConfig, parse_json
from registry.errors import BacktestError, InvalidConfigError
from registry.exchange.record import NotAnExperimentError, interpret
from registry.exchange.report import Record, Refusal


@dataclass(frozen=True, slots=True)
class Read:
    """What a file held: either a whole configuration, or weights alone."""

    config: ExperimentConfig | None
    weights: dict[str, float]


def read_weights(file: Path) -> Read:
    """Return what a JSON file of weights holds.

    Raises:
        BacktestError: it can't be read, or holds no weights; the message says which.
    """
    shown = show(str(file))
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BacktestError(f"{shown} can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise BacktestError(f"{shown} is not UTF-8 text; weights are a JSON file") from None
    try:
        value = parse_json(text)
    except InvalidConfigError as error:
        raise BacktestError(f"{shown}: {error}") from None
    if not isinstance(value, dict):
        raise BacktestError(f"{shown} holds no weights: give a JSON object of names to weights, or a configuration")
    if "weights" in value and "features" not in value and "feature_names" not in value:
        return Read(None, _suggested(value, shown))
    try:
        found = interpret(shown, value)
    except NotAnExperimentError:
        return Read(None, _mapping(value, shown))
    for each in found:
        if isinstance(each, Refusal):
            raise BacktestError(f"{shown}: {each.reason}")
        if isinstance(each, Record):
            return Read(each.config, {})
    raise BacktestError(f"{shown} holds no weights")


def _suggested(value: dict[str, object], shown: str) -> dict[str, float]:
    weights = value["weights"]
    if weights is None:
        reason = value.get("reason")
        raise BacktestError(f"{shown} suggests no weights" + (f": {show(reason)}" if reason else ""))
    if not isinstance(weights, dict):
        raise BacktestError(f"{shown}: weights is not a mapping of names to numbers")
    return _mapping(weights, shown)


def _mapping(value: dict[str, object], shown: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for name, weight in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise BacktestError(f"{shown}: the weight of {show(name)} is {show(weight)}, not a number")
        weights[name] = float(weight)
    if not weights:
        raise BacktestError(f"{shown} holds no weights")
    return weights
