"""Sweeps: variants of an experiment over ranges of weights and hyperparameters, or over a simplex of weights."""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from registry.canonical import show
from registry.config import ExperimentConfig, parse_json
from registry.errors import SweepError
from registry.search.words import split_name

MOST: Final = 100_000
"""Variants of one sweep."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that is varied, with its values in order."""

    kind: str
    """`w`, `hp` or `transform`."""
    path: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The variants of a sweep, before anything is registered."""

    variants: list[ExperimentConfig]
    combinations: int
    """How many combinations there are; a sample takes fewer of them."""
    repeated: int
    """Combinations that gave a configuration already in the list, or the parent itself."""
    alike: list[list[str]] = field(default_factory=list)
    """Full hashes of variants whose weights differ by a positive factor only: they rank alike."""


def parse_vary(text: str, parent: ExperimentConfig) -> Axis:
    """Return the axis that `SentimentScore=0.1:0.3:0.05` or `hp.k=5,10` names.

    A range has its ends inside and steps in decimal, so 0.15 is 0.15. A bare name is a feature of the
    parent, or else one of its hyperparameters.

    Raises:
        SweepError: it can't be read, or names nothing.
    """
    name, equals, written = text.partition("=")
    if not equals or not name.strip() or not written.strip():
        raise SweepError(f"{show(text)} varies nothing; write NAME=0.1:0.3:0.05 or NAME=5,10")
    try:
        found = split_name(name.strip())
    except ValueError as error:
        raise SweepError(f"{show(text)}: {error}") from None
    kind = found.prefix
    features = {*parent.feature_names, *parent.feature_weights}
    path = found.path or ((found.text,) if kind != "hp" else tuple(found.text.split(".")))
    if kind == "hp" and found.text in parent.hyperparameters:
        path = (found.text,)
    if not kind:
        if found.text in features:
            kind, path = "w", (found.text,)
        elif found.text.split(".")[0] in parent.hyperparameters:
            kind = "hp"
        else:
            raise SweepError(
                f"{show(found.text)} is neither a feature nor a hyperparameter of the parent; w.NAME adds a weight"
            )
    values = _values(written.strip(), text, numbers=kind == "w")
    if kind == "transform" and not all(isinstance(value, str) for value in values):
        raise SweepError(f"{show(text)}: transformations are names")
    return Axis(kind, path, values)


def _values(written: str, text: str, *, numbers: bool) -> tuple[Any, ...]:
    parts = written.split(":")
    if len(parts) == 3 and all(_decimal(part) is not None for part in parts):
        return _range(*(_decimal(part) or Decimal(0) for part in parts), text=text)
    values: list[Any] = []
    for part in written.split(","):
        try:
            value = parse_json(part.strip())
        except ValueError:
            value = part.strip()
        if numbers and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise SweepError(f"{show(text)}: the weight {show(part.strip())} is no number")
        if value == "":
            raise SweepError(f"{show(text)} has an empty value")
        values.append(value)
    return tuple(values)


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _range(low: Decimal, high: Decimal, step: Decimal, *, text: str) -> tuple[Any, ...]:
    if step <= 0 or high < low:
        raise SweepError(f"{show(text)}: a range goes up, LOW:HIGH:STEP with a step above 0")
    count = int((high - low) / step) + 1
    if count > MOST:
        raise SweepError(f"{show(text)}: {count:,} values are more than {MOST:,}")
    whole = all(number == number.to_integral_value() for number in (low, step))
    made = [low + step * n for n in range(count)]
    return tuple(int(value) if whole else float(value) for value in made)


def simplex(names: Sequence[str], steps: int) -> Iterator[dict[str, float]]:
    """Yield every way to give the features weights of 0, 1/steps, … 1 that sum to 1.

    Raises:
        SweepError: there is no step, or no feature.
    """
    if steps < 1 or not names:
        raise SweepError("a simplex needs at least one step and one feature")
    bars = len(names) - 1
    for cut in itertools.combinations(range(steps + bars), bars):
        ends = (-1, *cut, steps + bars)
        shares = [later - earlier - 1 for earlier, later in itertools.pairwise(ends)]
        yield {name: float(Decimal(share) / Decimal(steps)) for name, share in zip(names, shares, strict=True)}


def make_sweep(
    parent: ExperimentConfig,
    axes: Sequence[Axis] = (),
    *,
    simplex_steps: int | None = None,
    sample: int | None = None,
    seed: int = 13,
    rescale: bool = False,
    name: str,
) -> Sweep:
    """Return the variants of `parent` over every combination of the axes, or a seeded sample of them.

    With `simplex_steps` the weights of the parent's features run over a simplex. With `rescale`, the weights
    that are not varied share what is left to the parent's sum, in their proportions. Each variant has the
    parent's words and the tag `name`.

    Raises:
        SweepError: nothing is varied, something twice, or there are too many.
    """
    _check(parent, axes, simplex_steps)
    names = sorted({*parent.feature_names, *parent.feature_weights})
    sizes = [len(axis.values) for axis in axes]
    if simplex_steps is not None:
        sizes.append(_simplex_size(len(names), simplex_steps))
    combinations = 1
    for size in sizes:
        combinations *= size
    wanted = combinations if sample is None else min(sample, combinations)
    if wanted > MOST:
        raise SweepError(f"{combinations:,} combinations are more than {MOST:,}; take some of them with --sample N")
    weightings = None if simplex_steps is None else list(simplex(names, simplex_steps))
    made: dict[str, ExperimentConfig] = {}
    repeated = 0
    for index in _chosen(combinations, wanted, seed):
        config = _variant(parent, axes, weightings, _digits(index, sizes), rescale, name)
        if config.config_hash == parent.config_hash or config.config_hash in made:
            repeated += 1
        else:
            made[str(config.config_hash)] = config
    return Sweep(list(made.values()), combinations, repeated, _alike(made.values()))


def _check(parent: ExperimentConfig, axes: Sequence[Axis], steps: int | None) -> None:
    if not axes and steps is None:
        raise SweepError("nothing is varied; give --vary NAME=VALUES, or --simplex STEPS")
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for axis in axes:
        if (axis.kind, axis.path) in seen:
            raise SweepError(f"{'.'.join(axis.path)} is varied twice")
        if axis.kind == "w" and steps is not None:
            raise SweepError(f"{'.'.join(axis.path)}: a simplex varies every weight already")
        seen.add((axis.kind, axis.path))
    if steps is not None and _simplex_size(len({*parent.feature_names, *parent.feature_weights}), steps) > MOST * 10:
        raise SweepError(f"a simplex of {steps} steps over so many features has more than {MOST * 10:,} points")


def _simplex_size(features: int, steps: int) -> int:
    from math import comb

    if features < 1 or steps < 1:
        raise SweepError("a simplex needs at least one step and one feature")
    return comb(steps + features - 1, features - 1)


def _chosen(combinations: int, wanted: int, seed: int) -> Sequence[int]:
    if wanted == combinations:
        return range(combinations)
    if combinations > sys.maxsize:  # random.sample takes no range that long
        source, drawn = random.Random(seed), set[int]()
        while len(drawn) < wanted:
            drawn.add(source.randrange(combinations))
        return sorted(drawn)
    return sorted(random.Random(seed).sample(range(combinations), wanted))


def _digits(index: int, sizes: Sequence[int]) -> list[int]:
    digits = []
    for size in reversed(sizes):
        index, digit = divmod(index, size)
        digits.append(digit)
    return digits[::-1]


def _variant(
    parent: ExperimentConfig,
    axes: Sequence[Axis],
    weightings: Sequence[Mapping[str, float]] | None,
    digits: Sequence[int],
    rescale: bool,
    name: str,
) -> ExperimentConfig:
    record = parent.to_dict()
    weights, transformations = dict(record["feature_weights"]), dict(record["feature_transformations"])
    names, hyperparameters = list(record["feature_names"]), json.loads(json.dumps(record["hyperparameters"]))
    varied: dict[str, float] = {}
    for axis, digit in zip(axes, digits, strict=False):
        value = axis.values[digit]
        if axis.kind == "w":
            varied[".".join(axis.path)] = float(value)
        elif axis.kind == "transform":
            transformations[".".join(axis.path)] = value
        else:
            _put(hyperparameters, axis.path, value)
    if weightings is not None:
        weights = dict(weightings[digits[-1]])
    if rescale and varied:
        weights = _rescaled(weights, varied)
    weights |= varied
    names += [feature for feature in varied if feature not in names]
    return ExperimentConfig(
        names, weights, hyperparameters, transformations, parent.description, [*parent.tags, name]
        if name not in parent.tags else list(parent.tags), parent=parent.config_hash,
    )  # fmt: skip


def _rescaled(weights: Mapping[str, float], varied: Mapping[str, float]) -> dict[str, float]:
    kept = {name: weight for name, weight in weights.items() if name not in varied}
    total, left = sum(weights.values()), sum(weights.values()) - sum(varied.values())
    size = sum(kept.values())
    if not size:
        raise SweepError(
            f"--rescale: the weights that are not varied sum to 0, so they can't take up the rest of {total:g}"
        )
    return {name: round(weight * left / size, 12) for name, weight in kept.items()}


def _put(hyperparameters: dict[str, Any], path: Sequence[str], value: Any) -> None:
    place = hyperparameters
    for key in path[:-1]:
        inner = place.setdefault(key, {})
        if not isinstance(inner, dict):
            raise SweepError(f"hp.{'.'.join(path)}: {key} is {show(inner)}, not a mapping")
        place = inner
    place[path[-1]] = value


def _alike(configs: Any) -> list[list[str]]:
    from registry.store.run_entries import ranking_of

    by_rank: dict[tuple[str, str], list[str]] = {}
    for config in configs:
        other = json.dumps(config.to_dict()["hyperparameters"], sort_keys=True)
        by_rank.setdefault((ranking_of(config), other), []).append(str(config.config_hash))
    return [hashes for hashes in by_rank.values() if len(hashes) > 1]
