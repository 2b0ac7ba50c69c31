"""`ExperimentConfig`: one configuration, immutable, with its deterministic SHA-256 identity."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from registry import canonical
from registry.errors import HashMismatchError, InvalidConfigError
from registry.frozen import thaw

HASH_LENGTH = 64
SHORT_HASH = 12
"""How many characters of a hash are shown to people."""

_FIELDS = (
    "feature_names",
    "feature_weights",
    "hyperparameters",
    "feature_transformations",
    "description",
    "tags",
    "created_at",
    "config_hash",
    "parent",
)
_KNOWN = frozenset(_FIELDS)
HEX = frozenset("0123456789abcdef")
"""The digits of a hash."""


@dataclass(frozen=True)
class ExperimentConfig:
    """Feature names, their weights, transformations and hyperparameters: the content of one experiment.

    The identity (`config_hash`) covers those four and nothing else; description, tags, `created_at` and
    `parent` are metadata. The object and its collections can't be changed; `variant` derives changed copies.

    >>> config = ExperimentConfig(["price", "volume"], {"price": 0.6, "volume": 0.4}, {"k": 10})
    >>> config.config_hash[:12]
    'f9c4ae786ee0'
    >>> config.feature_weights == {"price": 0.6, "volume": 0.4}
    True

    Raises:
        InvalidConfigError: a field has no canonical form; the message names it and the value.
        HashMismatchError: a `config_hash` was given that is not the hash of this content.
    """

    feature_names: Sequence[str]
    """The features, in the order given (the identity does not depend on it)."""
    feature_weights: Mapping[str, float]
    """Feature name to weight; a feature may lack a weight, and a weight its feature."""
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    """Any JSON values; 10 and 10.0 are two different values."""
    feature_transformations: Mapping[str, str] = field(default_factory=dict)
    """Feature name to transformation, such as `zscore`."""
    description: str = ""
    tags: Sequence[str] = field(default_factory=list)
    created_at: str | None = None
    """ISO 8601 in UTC with microseconds; now, when not given. A `datetime` is accepted too."""
    config_hash: str | None = None
    """64 lower-case hex digits; computed, and checked when given."""
    _: KW_ONLY
    parent: str | None = None
    """Full hash of the experiment this one was derived from; outside the identity."""
    former_hash: str | None = field(default=None, init=False, repr=False, compare=False)
    """The hash the earlier system gave this content, when it differs; still finds the experiment."""

    def __post_init__(self) -> None:
        written_weights = self.feature_weights
        given = self.config_hash
        values: dict[str, object] = {
            "feature_names": canonical.freeze_names(self.feature_names),
            "feature_weights": canonical.freeze_weights(written_weights),
            "hyperparameters": canonical.freeze_hyperparameters(self.hyperparameters),
            "feature_transformations": canonical.freeze_transformations(self.feature_transformations),
            "description": canonical.freeze_text("" if self.description is None else self.description, "description"),
            "tags": canonical.freeze_tags(self.tags),
            "created_at": canonical.now_text() if self.created_at is None else canonical.utc_text(self.created_at),
            "parent": None if self.parent is None else check_full_hash(self.parent, "parent"),
        }
        vars(self).update(values)
        canonical_form = self._canonical_form()
        computed = canonical.sha256(canonical_form.text())
        vars(self).update(config_hash=computed, _canonical=canonical_form)
        if given is not None and given != computed:
            self._accept_former_hash(given, written_weights, computed)

    def _accept_former_hash(self, given: object, written_weights: object, computed: str) -> None:
        given = check_full_hash(given, "config_hash")
        as_written = canonical.hash_as_written(
            self.feature_names, written_weights, self.feature_transformations, self.hyperparameters
        )
        if given == as_written:
            object.__setattr__(self, "former_hash", given)
        elif given != computed:
            raise HashMismatchError(
                f"config_hash: {given[:SHORT_HASH]}… does not match the content, whose hash is "
                f"{computed[:SHORT_HASH]}…; the record was altered, or remove config_hash to take the content as it is"
            )

    def __hash__(self) -> int:
        return hash(self.config_hash)

    def compute_hash(self) -> str:
        """Return the SHA-256 of the canonical form, computed anew from the content."""
        return canonical.sha256(self._canonical_form().text())

    def canonical_form(self) -> canonical.Canonical:
        """Return the text that was hashed, in its parts."""
        kept: canonical.Canonical | None = vars(self).get("_canonical")
        return self._canonical_form() if kept is None else kept

    def _canonical_form(self) -> canonical.Canonical:
        return canonical.canonical_form(
            self.feature_names, self.feature_weights, self.feature_transformations, self.hyperparameters
        )

    def __getstate__(self) -> dict[str, Any]:
        # what can be made again need not travel to another process
        return {name: value for name, value in vars(self).items() if name != "_canonical"}

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists; `parent` is there only when set."""
        record = {name: thaw(getattr(self, name)) for name in _FIELDS}
        if record["parent"] is None:
            del record["parent"]
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> ExperimentConfig:
        """Return the configuration a `to_dict` came from.

        Raises:
            InvalidConfigError: not a mapping, an unknown or a missing key, or a value without canonical form.
            HashMismatchError: the record's `config_hash` is not that of its content.
        """
        if not isinstance(record, Mapping):
            raise InvalidConfigError(f"a configuration is a mapping, not {canonical.show(record)}")
        if not _KNOWN.issuperset(record):
            for key in record:
                if key in _KNOWN:
                    continue
                raise InvalidConfigError(
                    f"{canonical.show(key)} is not a field of a configuration; the fields are {', '.join(_FIELDS)}"
                )
        for key in ("feature_names", "feature_weights"):
            if key not in record:
                raise InvalidConfigError(f"{key}: missing")
        return cls(**record)

    def to_json(self) -> str:
        """Return `to_dict` as JSON, indented by 2, keys sorted."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ExperimentConfig:
        """Return the configuration written by `to_json`.

        Raises:
            InvalidConfigError: not JSON, a repeated key, or what `from_dict` refuses.
        """
        return cls.from_dict(parse_json(text))

    def summary(self) -> str:
        """Return the configuration as a few lines for people."""
        lines = [
            f"Experiment Configuration: {str(self.config_hash)[:SHORT_HASH]}",
            f"Created: {self.created_at}",
            f"Description: {self.description}",
            f"Tags: {', '.join(self.tags) or '(none)'}",
            "",
            f"Features ({len(self.feature_names)}):",
        ]
        for name in sorted(self.feature_names):
            weight = self.feature_weights.get(name)
            shown = "absent" if weight is None else f"{weight:.4f}"
            lines.append(f"  - {name}: weight={shown}, transform={self.feature_transformations.get(name, 'none')}")
        lines.append("Hyperparameters:")
        lines += [f"  - {name}: {thaw(value)}" for name, value in sorted(self.hyperparameters.items())]
        return "\n".join(lines)

    def variant(
        self,
        weights: Mapping[str, float | None] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        transformations: Mapping[str, str | None] | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> ExperimentConfig:
        """Return a changed copy with this one as its parent and a new `created_at`.

        Weights, hyperparameters and transformations given are laid over the present ones; a feature that
        is new joins the features. None as a weight takes the feature out, None as a transformation takes
        that out, None as a hyperparameter is the value null. Description and tags are kept unless given.
        A change that changes nothing keeps the parent this one has.

        >>> base = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.5})
        >>> changed = base.variant(weights={"a": 0.75, "b": 0.25})
        >>> changed.parent == base.config_hash
        True
        """
        new_weights = {**self.feature_weights, **(weights or {})}
        dropped = {name for name, weight in new_weights.items() if weight is None}
        new_transformations = {**self.feature_transformations, **(transformations or {})}
        names = [name for name in self.feature_names if name not in dropped]
        names += [name for name in (weights or {}) if name not in names and name not in dropped]
        made = ExperimentConfig(
            names,
            {name: weight for name, weight in new_weights.items() if weight is not None},
            {**self.hyperparameters, **(hyperparameters or {})},
            {name: value for name, value in new_transformations.items() if value is not None and name not in dropped},
            self.description if description is None else description,
            list(self.tags) if tags is None else list(tags),
        )
        parent = self.parent if made.config_hash == self.config_hash else self.config_hash
        object.__setattr__(made, "parent", parent)
        return made


def check_full_hash(value: object, field_name: str) -> str:
    """Return `value` when it is a full lower-case SHA-256 in hex, else raise `InvalidConfigError`."""
    if not isinstance(value, str) or len(value) != HASH_LENGTH or not HEX.issuperset(value):
        raise InvalidConfigError(f"{field_name}: {canonical.show(value, 80)} is not a hash (64 lower-case hex digits)")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    raise InvalidConfigError(f"the key {canonical.show(repeated)} stands more than once in one JSON object")


_decode = json.JSONDecoder(object_pairs_hook=_once).decode


def parse_json(text: str) -> Any:
    """Return the JSON value in `text`; a repeated key, NaN or too deep a nesting is refused.

    Raises:
        InvalidConfigError: with the line and column of the trouble.
    """

    try:
        return _decode(text)
    except json.JSONDecodeError as error:
        raise InvalidConfigError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InvalidConfigError("not readable: the JSON is nested too deep") from None
    except InvalidConfigError:
        raise
    except ValueError:  # an integer of more digits than Python reads
        raise InvalidConfigError("not readable: an integer has more than 4,300 digits") from None


def create_experiment_from_scoring_config(
    weights: Mapping[str, float],
    features: Iterable[str],
    hyperparameters: Mapping[str, Any] | None = None,
    description: str = "",
    tags: Iterable[str] | None = None,
) -> ExperimentConfig:
    """Return a configuration from a scoring setup: its weights and the features they score.

    >>> from registry.gemscore import WEIGHTS
    >>> create_experiment_from_scoring_config(WEIGHTS, WEIGHTS, {"k": 10, "seed": 42}).config_hash[:12]
    '08d6b6669e67'
    """
    return ExperimentConfig(
        list(features), dict(weights), dict(hyperparameters or {}), description=description, tags=list(tags or [])
    )
