"""The edits of `variant`: `SentimentScore=0.25`, `hp.walk.days=30`, `transform.X=log`, and what they make.

Pure: a configuration and texts in, a configuration out. A bare name is looked up in the parent; the
prefixes say it outright: `w.`, `hp.`, `transform.`. Names may be quoted: `w."mom 12-1"=0.3`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from registry.canonical import show
from registry.config import ExperimentConfig, parse_json
from registry.errors import InvalidConfigError

Kind = Literal["w", "hp", "transform"]

_PREFIX = re.compile(r"(w|hp|transform)\.")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Name:
    """What an edit is about."""

    kind: Kind
    path: tuple[str, ...]
    """One name; of a nested hyperparameter, its keys."""


@dataclass(slots=True)
class Draft:
    """A configuration's content while it is edited."""

    names: list[str]
    weights: dict[str, float]
    transformations: dict[str, str]
    hyperparameters: dict[str, Any]
    touched: set[Name] = field(default_factory=set)


def edit(config: ExperimentConfig, changes: Sequence[str], removals: Sequence[str] = ()) -> Draft:
    """Return the content of `config` with the changes made.

    Raises:
        InvalidConfigError: an edit can't be read, names nothing, or names two things.
    """
    record = config.to_dict()
    draft = Draft(
        record["feature_names"],
        record["feature_weights"],
        record["feature_transformations"],
        record["hyperparameters"],
    )
    for change in changes:
        keys, kind, value = _split(change)
        if value is None:
            raise InvalidConfigError(f"{show(change)} is no change; write NAME=VALUE, for example SentimentScore=0.25")
        _apply(draft, _once(draft, _name(draft, kind, keys, change), change), value)
    for removal in removals:
        keys, kind, value = _split(removal)
        if value is not None:
            raise InvalidConfigError(f"--remove {show(removal)}: give the name alone, without a value")
        _remove(draft, _once(draft, _name(draft, kind, keys, removal), removal), removal)
    return draft


def _once(draft: Draft, name: Name, text: str) -> Name:
    if name in draft.touched:
        raise InvalidConfigError(f"{show(text)}: {'.'.join(name.path)} is changed more than once")
    draft.touched.add(name)
    return name


def _split(text: str) -> tuple[tuple[str, ...], Kind | None, str | None]:
    """Return (name's parts, prefix, value) of NAME=VALUE; the value is None where there is no `=`."""
    kind: Any = None
    found = _PREFIX.match(text)
    at = 0
    if found:
        kind, at = found.group(1), found.end()
    parts: list[str] = []
    while True:
        quoted = _QUOTED.match(text, at)
        if quoted:
            try:
                parts.append(json.loads(quoted.group()))
            except ValueError:
                raise InvalidConfigError(f"{show(text)}: the quoted name can't be read") from None
            at = quoted.end()
        else:
            end = re.compile(r"[.=]|\Z").search(text, at)
            assert end is not None
            parts.append(text[at : end.start()])
            at = end.start()
        if not parts[-1] and not quoted:
            raise InvalidConfigError(f"{show(text)} has an empty name; write NAME=VALUE")
        if text[at : at + 1] != ".":
            break
        at += 1
    rest = text[at:]
    if rest and not rest.startswith("="):
        raise InvalidConfigError(f"{show(text)} can't be read after the quoted name; write NAME=VALUE")
    return tuple(parts), kind, rest[1:] if rest else None


def _name(draft: Draft, kind: Kind | None, keys: tuple[str, ...], text: str) -> Name:
    joined = ".".join(keys)
    if kind == "hp":
        return Name("hp", _path(draft.hyperparameters, keys))
    if kind is not None:
        return Name(kind, (joined,))
    is_weight = joined in draft.names or joined in draft.weights
    path = _path(draft.hyperparameters, keys)
    is_hyperparameter = _has(draft.hyperparameters, path)
    shown = text.partition("=")[0]
    if is_weight and is_hyperparameter:
        raise InvalidConfigError(f"{show(shown)} is a feature and a hyperparameter; write w.{shown} or hp.{shown}")
    if is_weight:
        return Name("w", (joined,))
    if is_hyperparameter:
        return Name("hp", path)
    raise InvalidConfigError(
        f"{show(shown)} is neither a feature nor a hyperparameter of this experiment{_nearest(draft, joined)};"
        f" write w.{shown} or hp.{shown} for a new one"
    )


def _nearest(draft: Draft, wanted: str) -> str:
    from difflib import get_close_matches

    known = [*draft.names, *draft.weights, *_paths(draft.hyperparameters)]
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(wanted.lower(), by_lower, 1)
    return f" (did you mean {by_lower[near[0]]}?)" if near else ""


def _paths(mapping: dict[str, Any], before: str = "") -> list[str]:
    made = []
    for key, value in mapping.items():
        made.append(before + key)
        if isinstance(value, dict):
            made += _paths(value, f"{before}{key}.")
    return made


def _path(mapping: dict[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return where a dotted name points: `a.b` is the flat key when there is one, else b in a."""
    joined = ".".join(keys)
    return (joined,) if joined in mapping else keys


def _has(mapping: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(mapping, dict) or key not in mapping:
            return False
        mapping = mapping[key]
    return True


def _apply(draft: Draft, name: Name, text: str) -> None:
    first = name.path[0]
    if name.kind == "w":
        draft.weights[first] = _weight(first, text)
        if first not in draft.names:
            draft.names.append(first)
    elif name.kind == "transform":
        if first not in draft.names and first not in draft.transformations:
            raise InvalidConfigError(
                f"transform.{first}: {show(first)} is no feature of this experiment{_nearest(draft, first)}"
            )
        draft.transformations[first] = text
    else:
        inside = draft.hyperparameters
        for depth, key in enumerate(name.path[:-1]):
            inside = inside.setdefault(key, {})
            if not isinstance(inside, dict):
                outer = ".".join(name.path[: depth + 1])
                raise InvalidConfigError(f"hp.{'.'.join(name.path)}: {outer} is a value, not a mapping; set hp.{outer}")
        try:
            inside[name.path[-1]] = value_of(text)
        except InvalidConfigError as error:
            raise InvalidConfigError(f"hp.{'.'.join(name.path)}: {error}") from None


def _weight(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidConfigError(f"{name}={text}: {show(text)} is not a number; a weight is one") from None


def value_of(text: str) -> Any:
    """Return a hyperparameter's value: JSON where it is JSON, else the text itself.

    >>> value_of("10"), value_of("10.0"), value_of("[5, 10]"), value_of("zscore"), value_of('"10"')
    (10, 10.0, [5, 10], 'zscore', '10')

    Raises:
        InvalidConfigError: it is JSON, but can't be taken: a repeated key, an integer of too many digits.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return text
    except (ValueError, RecursionError):
        pass  # the careful reader says why
    return parse_json(text)


def _remove(draft: Draft, name: Name, text: str) -> None:
    first = name.path[0]
    missing = InvalidConfigError(
        f"--remove {show(text)}: this experiment has none{_nearest(draft, '.'.join(name.path))}"
    )
    if name.kind == "w":
        if first not in draft.names and first not in draft.weights:
            raise missing
        draft.names = [other for other in draft.names if other != first]
        draft.weights.pop(first, None)
        draft.transformations.pop(first, None)
    elif name.kind == "transform":
        if first not in draft.transformations:
            raise missing
        del draft.transformations[first]
    else:
        if not _has(draft.hyperparameters, name.path):
            raise missing
        inside = draft.hyperparameters
        for key in name.path[:-1]:
            inside = inside[key]
        del inside[name.path[-1]]
