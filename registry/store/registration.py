"""One configuration on its way into the tables.

All that depends on nothing but the configuration is made ready when a `Registration` is made: an import does
that outside the lock, so that others wait only for what the engine has to do.
"""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from registry import canonical
from registry.config import ExperimentConfig
from registry.frozen import leaves

ImportMetadata = Literal["fill", "replace"]
Metadata = Literal["register", "fill", "replace"]
"""What happens to the metadata of an experiment that is there already: `register`: tags unite and a
non-empty description replaces; `fill`: tags unite, a description is only filled when empty; `replace`:
tags and description become the new ones."""

Outcome = Literal["new", "updated", "unchanged", "restored"]
"""What became of an experiment that was brought in."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something two registries say differently; what is said here stays, unless `because` tells otherwise."""

    what: Literal["description", "parent", "metric", "alias", "panel"]
    name: str
    """The experiment's full hash, or the name of the metric, alias or panel."""
    ours: str | None
    theirs: str | None
    because: str = ""
    """Why theirs was not taken, or what was done, where that needs words."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


Described = tuple[str, float | str | None, str | None, str]
"""(kind, nearest double, exact digits, text) of a hyperparameter."""


class Content(NamedTuple):
    """What never changes of an experiment, as the tables hold it; the texts are JSON."""

    created_at: str
    names: str
    weights: str
    transformations: str
    hyperparameters: str
    n_features: int
    even: bool
    """The features listed are those with a weight, and no others have a transformation."""
    flat: list[tuple[str, str, str, float | str | None, str | None, str]]
    """The hyperparameters at every depth: the keys joined by dots, the keys as JSON, and what `describe_value` says."""


NO_CONTENT = Content("", "[]", "{}", "{}", "{}", 0, True, [])
"""Stands where nothing will be written."""


class Registration:
    """One configuration to bring in, with hashes other systems knew it by and when it was acknowledged."""

    __slots__ = (
        "at", "config_hash", "content", "deleted_at", "description", "inferred", "old_hashes", "parent",
        "refused_parent", "tags",
    )  # fmt: skip

    def __init__(
        self,
        config: ExperimentConfig,
        old_hashes: tuple[str, ...] = (),
        at: str | None = None,
        *,
        inferred: bool = False,
        deleted_at: str | None = None,
    ) -> None:
        self.config_hash = str(config.config_hash)
        self.description = config.description
        self.tags = list(config.tags)
        self.parent = config.parent if config.parent != config.config_hash else None
        self.inferred = inferred and self.parent is not None
        """The parent is a guess."""
        self.refused_parent: str | None = None
        """A parent that was left out, as it comes from this experiment itself."""
        former = config.former_hash
        self.old_hashes = old_hashes if former is None or former in old_hashes else (*old_hashes, former)
        """The configuration's own former hash among them."""
        self.at = at
        self.deleted_at = deleted_at
        """Since when it lies in the trash where it comes from: it goes there here too, unless it is live."""
        self.content = _content(config)


def _content(config: ExperimentConfig) -> Content:
    form = config.canonical_form()
    names, weights = config.feature_names, config.feature_weights
    return Content(
        str(config.created_at)[:26],
        canonical.encode(names),
        form.weights,
        form.transformations,
        form.hyperparameters,
        len(names),
        (names == list(weights) or weights.keys() == set(names))
        and config.feature_transformations.keys() <= weights.keys(),
        [(*_names(path), *describe_value(value)) for path, value in leaves(config.hyperparameters)],
    )


@functools.lru_cache(1024)  # a sweep repeats the same few in every experiment
def _names(path: tuple[str, ...]) -> tuple[str, str]:
    return ".".join(path), json.dumps(path)


def describe_value(value: object) -> Described:
    """Return (kind, nearest double, exact digits, text) of a hyperparameter.

    The double and the digits are those of a number, else None; the text is JSON, but of text itself.
    """
    kind = type(value)
    if kind is str:
        return "string", None, None, value  # type: ignore[return-value]
    if kind is int:
        digits = str(value)
        try:
            return "number", float(value), digits, digits  # type: ignore[arg-type]
        except OverflowError:
            return "number", "-inf" if digits.startswith("-") else "inf", digits, digits
    if isinstance(value, float):
        shown = repr(value)
        return "number", value, str(int(value)) if value.is_integer() else shown, shown
    if value is None:
        return "null", None, None, "null"
    if kind is bool:
        return "bool", None, None, "true" if value else "false"
    return "list" if isinstance(value, list) else "object", None, None, canonical.encode(value)
