"""What was changed between two configurations, as few words as say it: `SentimentScore 0.15 -> 0.25, k 10 -> 5`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from registry.comparison import ABSENT, compare_pair

if TYPE_CHECKING:
    from registry.config import ExperimentConfig

Kind = Literal["weight", "feature", "transformation", "hyperparameter"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: a weight, a feature listed or not, a transformation, a hyperparameter."""

    kind: Kind
    name: str
    before: Any
    """A value, or `ABSENT`."""
    after: Any

    @property
    def label(self) -> str:
        """The name as people say it; that of a transformation can't be taken for the weight's."""
        return f"transform.{self.name}" if self.kind == "transformation" else self.name

    def sides(self) -> tuple[str, str]:
        """Return both values as text."""
        return told(self.before), told(self.after)

    def __str__(self) -> str:
        return f"{self.label} {' -> '.join(self.sides())}"

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict; a side that is absent has no key."""
        given = {"before": self.before, "after": self.after}
        return {"kind": self.kind, "name": self.name, **{k: v for k, v in given.items() if v is not ABSENT}}


def differences(before: ExperimentConfig, after: ExperimentConfig) -> list[Difference]:
    """Return what differs, weights first, the largest change of them at the head.

    >>> from registry import ExperimentConfig
    >>> base = ExperimentConfig(["a", "b"], {"a": 0.15, "b": 0.5}, {"k": 10})
    >>> print(*differences(base, base.variant(weights={"a": 0.25}, hyperparameters={"k": 5})), sep=", ")
    a 0.15 -> 0.25, k 10 -> 5
    """
    found = compare_pair(before, after)
    return [
        *_weights(before.feature_weights, after.feature_weights, found["weight_differences"]),
        *_features(before, after),
        *_sided("transformation", found["transformation_differences"]),
        *_sided("hyperparameter", found["hyperparameter_differences"]),
    ]


def _weights(before: Mapping[str, float], after: Mapping[str, float], changed: Iterable[str]) -> list[Difference]:
    # a weight of 0 that came or went is no difference of weights, but it is one of what is listed
    names = {*changed, *(before.keys() ^ after.keys())}
    made = [Difference("weight", name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in names]
    return sorted(made, key=lambda each: (-abs((each.after or 0.0) - (each.before or 0.0)), each.name))


def _features(before: ExperimentConfig, after: ExperimentConfig) -> Iterator[Difference]:
    """Yield features that are listed on one side alone, where no weight says so already."""
    told_by_weight = before.feature_weights.keys() ^ after.feature_weights.keys()
    for name in sorted(set(before.feature_names) ^ set(after.feature_names)):
        if name not in told_by_weight:
            listed = name in before.feature_names
            yield Difference("feature", name, "listed" if listed else ABSENT, ABSENT if listed else "listed")


def _sided(kind: Kind, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    for name, sides in found.items():
        yield Difference(kind, name, sides.get("config1", ABSENT), sides.get("config2", ABSENT))


_DIGITS: Final = 6


def told(value: Any) -> str:
    """Return a value as a short text: a number with as many digits as it needs, up to six.

    >>> told(0.15), told(10), told("zscore"), told(ABSENT), told([1, 2]), told(True)
    ('0.15', '10', 'zscore', 'absent', '[1, 2]', 'true')
    """
    if value is ABSENT:
        return "absent"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
