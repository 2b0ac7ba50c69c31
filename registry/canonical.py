"""The canonical form of a configuration and its SHA-256: what makes two experiments the same one.

    json.dumps({"feature_names": sorted, "feature_weights": …, "feature_transformations": …,
                "hyperparameters": …}, sort_keys=True)

with Python's default separators and ASCII escapes, UTF-8, lower-case hex. Existing registries hold hashes
made this way, so nothing here may change what comes out for content that was valid before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time
from math import isfinite
from typing import Any, NamedTuple

from registry.errors import InvalidConfigError
from registry.frozen import FrozenDict, FrozenList, frozen_dict, frozen_list

MAX_DEPTH = 64
"""Nesting of hyperparameters beyond this is refused: JSON readers elsewhere give up not far above it."""

MAX_INTEGER_BITS = 14_000
"""About 4,200 digits; Python itself refuses to print integers of more than 4,300."""


def _encoder() -> Callable[[Any], str]:
    """Return `json.JSONEncoder(sort_keys=True, check_circular=False).encode`, in its faster form where there is one.

    The standard library makes its C encoder anew for every value, which takes longer than a small value does.
    """
    slow = json.JSONEncoder(sort_keys=True, check_circular=False)
    try:
        fast = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
            None, slow.default, json.encoder.encode_basestring_ascii, None, ": ", ", ", True, False, True
        )
        fast({}, 0)
    except (AttributeError, TypeError):
        return slow.encode
    return lambda value: "".join(fast(value, 0))


encode = _encoder()
"""Returns the JSON text of frozen values (so that none contains itself), keys sorted."""

_AS_WRITTEN_HERE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", re.ASCII).fullmatch
"""Moments that are already in the form `utc_text` returns."""

_TEXT, _FLOAT = {str}, {float}


def _plain_texts(values: Collection[object]) -> bool:
    """Whether all of `values` are ASCII `str`, which need no closer look: the usual case, told without a loop."""
    return set(map(type, values)) == _TEXT and "".join(values).isascii()  # type: ignore[arg-type]


def show(value: object, limit: int = 80) -> str:
    """Return `value` for an error message: one line, ASCII escapes for what can't be seen, cut to `limit`."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # Python writes no integer of so many digits
        text = "a value with an integer of thousands of digits"
    text = json.dumps(text)[1:-1] if not text.isprintable() else text
    text = f'"{text}"' if isinstance(value, str) else text
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _fail(field: str, value: object, why: str) -> InvalidConfigError:
    return InvalidConfigError(f"{field}: {show(value)} {why}")


def _at(field: str, key: object) -> str:
    return f"{field}[{show(key)}]"


def freeze_text(value: object, field: str) -> str:
    """Return `value` as a plain `str`; refuse what is not text or can't be written as UTF-8."""
    if type(value) is not str:
        if not isinstance(value, str):
            raise _fail(field, value, f"is {_kind(value)}, not text")
        value = str.__str__(value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _fail(field, value, f"has a lone surrogate at character {error.start}") from None
    return value


def _freeze_key(key: object, where: str) -> str:
    """Return `key` as a plain `str`; the sentence of a refusal is only made when there is one."""
    return key if type(key) is str and key.isascii() else freeze_text(key, f"{where} {show(key)}")


def freeze_names(value: object) -> FrozenList[str]:
    """Return the feature names in the order given; refuse repeated ones."""
    if type(value) is list and _plain_texts(value) and len(set(value)) == len(value):
        return frozen_list(value)
    names = [freeze_text(item, f"feature_names[{i}]") for i, item in enumerate(_items(value, "feature_names"))]
    if len(set(names)) != len(names):
        repeated = next(name for i, name in enumerate(names) if name in names[:i])
        raise _fail("feature_names", repeated, "is listed more than once")
    return frozen_list(names)


def freeze_weights(value: object) -> FrozenDict[str, float]:
    """Return the weights as floats: 1, 1.0 and numpy's 1.0 are one weight, and minus zero is zero."""
    if type(value) is dict and _plain_texts(value):
        weights = value.values()
        # a sum is finite only if every term is; a zero may be a minus zero
        if set(map(type, weights)) == _FLOAT and isfinite(sum(weights)) and 0.0 not in weights:
            return frozen_dict(value)
    frozen: dict[str, float] = {}
    for key, weight in _pairs(value, "feature_weights"):
        name = _freeze_key(key, "feature_weights: the name")
        kind = type(weight)
        if kind is not float:
            weight = _number(weight, _at("feature_weights", name))
        if not isfinite(weight):
            raise _fail(_at("feature_weights", name), weight, "is not a finite number")
        frozen[name] = weight + 0.0  # -0.0 + 0.0 is 0.0
    return frozen_dict(frozen)


def freeze_transformations(value: object) -> FrozenDict[str, str]:
    """Return the transformations, name to text."""
    if value is None:
        return frozen_dict({})
    if type(value) is dict and _plain_texts(value) and _plain_texts(value.values()):
        return frozen_dict(value)
    return frozen_dict(
        {
            _freeze_key(key, "feature_transformations: the name"): freeze_text(
                item, _at("feature_transformations", key)
            )
            for key, item in _pairs(value, "feature_transformations")
        }
    )


def freeze_hyperparameters(value: object) -> FrozenDict[str, Any]:
    """Return the hyperparameters as JSON values; int and float stay apart, tuples become lists."""
    if value is None:
        return frozen_dict({})
    frozen: FrozenDict[str, Any] = _freeze_mapping(_mapping(value, "hyperparameters"), "hyperparameters", 1)
    return frozen


def freeze_tags(value: object) -> FrozenList[str]:
    """Return the tags in the order given, each once; refuse empty ones."""
    if value is None:
        return frozen_list()
    if type(value) is list and (not value or _plain_texts(value)) and all(map(str.strip, value)):
        return frozen_list(dict.fromkeys(value))
    tags = [freeze_text(item, f"tags[{i}]") for i, item in enumerate(_items(value, "tags"))]
    for tag in tags:
        check_tag(tag)
    return frozen_list(dict.fromkeys(tags))


def check_tag(tag: str) -> str:
    """Return `tag` when it is one: any text that is not blank."""
    if not tag.strip():
        raise InvalidConfigError(f"tags: {show(tag)} is blank; a tag needs at least one visible character")
    return tag


def utc_text(value: object, field: str = "created_at") -> str:
    """Return a moment as ISO 8601 text in UTC with microseconds; text without a zone is taken as UTC."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise _fail(field, value, "is not an ISO 8601 date and time") from None
        if _AS_WRITTEN_HERE(value):
            return value
    if not isinstance(moment, datetime):
        raise _fail(field, value, "is not an ISO 8601 date and time")
    if moment.tzinfo is not UTC:
        try:
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            raise _fail(field, value, "is outside the years 1 to 9999 in UTC") from None
    return moment.isoformat(timespec="microseconds")


def now_text() -> str:
    """Return the present moment as `created_at` text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Canonical(NamedTuple):
    """The four parts of the canonical form, each as JSON text."""

    names: str
    """The feature names, sorted."""
    weights: str
    transformations: str
    hyperparameters: str

    def text(self) -> str:
        """Return the whole, whose SHA-256 is the identity."""
        return (
            f'{{"feature_names": {self.names}, "feature_transformations": {self.transformations}, '
            f'"feature_weights": {self.weights}, "hyperparameters": {self.hyperparameters}}}'
        )


def canonical_form(
    names: Iterable[str],
    weights: Mapping[str, object],
    transformations: Mapping[str, object],
    hyperparameters: Mapping[str, object],
) -> Canonical:
    """Return the canonical form of a configuration whose parts are frozen."""
    return Canonical(encode(sorted(names)), encode(weights), encode(transformations), encode(hyperparameters))


def sha256(text: str) -> str:
    """Return the lower-case hex SHA-256 of `text` in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_as_written(
    names: Iterable[str], weights: object, transformations: Mapping[str, object], hyperparameters: Mapping[str, object]
) -> str | None:
    """Return the hash the earlier system would have made, which kept each weight as it was written.

    It wrote `1` and `-0.0` where the canonical form has `1.0` and `0.0`. None where that form can't be made.
    """
    try:
        return sha256(canonical_form(names, weights, transformations, hyperparameters).text())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _kind(value: object) -> str:
    if value is None:
        return "missing (null)"
    if isinstance(value, bool):
        return "true or false"
    return {"str": "text", "int": "a number", "float": "a number", "dict": "a mapping", "list": "a list"}.get(
        type(value).__name__, f"of type {type(value).__name__}"
    )


def _items(value: object, field: str) -> Iterable[object]:
    if isinstance(value, (str, bytes, set, frozenset, Mapping)) or not isinstance(value, Iterable):
        raise _fail(field, value, f"is {_kind(value)}, not a list of names")
    return value


def _mapping(value: object, field: str) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise _fail(field, value, f"is {_kind(value)}, not a mapping")
    return value


def _pairs(value: object, field: str) -> Iterable[tuple[object, Any]]:
    return _mapping(value, field).items()


def _number(value: object, field: str) -> float:
    value = _plain_scalar(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _fail(field, value, f"is {_kind(value)}; a weight is a number")
    try:
        return float(value)
    except OverflowError:
        raise _fail(field, value, "is too large for a weight") from None


def _plain_scalar(value: object) -> object:
    """Return a numpy scalar as Python's own (told by its module, so that numpy is never imported)."""
    kind = type(value)
    if kind.__module__ == "numpy" and hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        if kind.__name__ == "datetime64":
            # nanosecond precision would come out of item() as a bare integer
            return value.astype("datetime64[us]").item()  # type: ignore[attr-defined]
        plain = value.item()  # type: ignore[attr-defined]
        return value if type(plain).__module__ == "numpy" else plain
    return value


def _freeze_mapping(value: Mapping[object, object], field: str, depth: int) -> FrozenDict[str, Any]:
    if depth > MAX_DEPTH:
        raise InvalidConfigError(f"{show(field, 80)}: nested deeper than {MAX_DEPTH} levels")
    frozen: dict[str, Any] = {}
    for key, item in value.items():
        name = key if type(key) is str and key.isascii() else freeze_text(key, f"{field}: the key {show(key)}")
        kind = type(item)
        if (
            (kind is int and -(1 << 63) <= item < (1 << 63))  # type: ignore[operator]
            or (kind is float and isfinite(item))  # type: ignore[arg-type]
            or kind is bool
            or item is None
            or (kind is str and item.isascii())  # type: ignore[attr-defined]
        ):
            frozen[name] = item
        else:
            frozen[name] = _freeze_value(item, f"{field}.{name}", depth)
    return frozen_dict(frozen)


def _freeze_value(value: object, field: str, depth: int) -> Any:
    value = _plain_scalar(value)
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return freeze_text(value, field)
    if isinstance(value, int):
        value = int.__int__(value)
        if value.bit_length() > MAX_INTEGER_BITS:
            raise InvalidConfigError(f"{field}: the integer has more than 4,200 digits")
        return value
    if isinstance(value, float):
        value = float.__float__(value)
        if not isfinite(value):
            raise _fail(field, value, "is not a finite number")
        return value
    if isinstance(value, (list, tuple)):
        if depth >= MAX_DEPTH:
            raise InvalidConfigError(f"{show(field, 80)}: nested deeper than {MAX_DEPTH} levels")
        return frozen_list(_freeze_value(item, f"{field}[{i}]", depth + 1) for i, item in enumerate(value))
    if isinstance(value, Mapping):
        return _freeze_mapping(value, field, depth + 1)
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    raise _fail(field, value, f"is {_kind(value)}, which has no canonical form; use text, numbers, lists and mappings")
