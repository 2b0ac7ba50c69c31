"""What a JSON value means as an experiment: the exported form, or a configuration somebody kept by hand.

Hand-kept files came before any registry: `features`, `weights`, and perhaps `hyperparameters`,
`description` and `tags`. They get the tag `migrated`, and `Migrated config` where they say nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from registry.canonical import show
from registry.config import ExperimentConfig
from registry.errors import InvalidConfigError, InvalidRunError
from registry.exchange.report import Found, Record, Refusal, Remark
from registry.marks import ALIASES, INFERRED, CarriedAlias, read_aliases

if TYPE_CHECKING:
    from registry.runs.panels import KnownPanel
    from registry.runs.record import Run
    from registry.store.run_entries import Trial

MIGRATED_TAG = "migrated"
MIGRATED_DESCRIPTION = "Migrated config"

_RENAMED = {
    "features": "feature_names",
    "weights": "feature_weights",
    "transformations": "feature_transformations",
}
_KEPT = ("hyperparameters", "feature_transformations", "description", "tags", "created_at", "config_hash", "parent")
_SHOWN = frozenset(
    ("registered_at", "deleted_at", "notes", "old_hashes", "children", "runs", "trials", "panels", ALIASES, INFERRED)
)
"""What a registry shows of an experiment beside its configuration; it belongs to that registry."""

_ALSO_CALLED = {
    **dict.fromkeys(
        ("hyperparameters", "hyperparameter", "hyperparams", "hyperparam", "hparams", "hp", "params", "parameters"),
        "hyperparameters",
    ),
    **dict.fromkeys(
        ("transformations", "transformation", "transforms", "transform", "featuretransforms"), "transformations"
    ),
    **dict.fromkeys(("features", "feature", "featurenames", "featurename"), "features"),
    **dict.fromkeys(("weights", "weight", "featureweights", "featureweight"), "weights"),
}
"""What people call the parts of an identity, without case and signs."""

_NEEDED = "it has neither feature_names and feature_weights nor features and weights"
_BARE = "weights alone, by name, go under weights, and their names into the list features"


class NotAnExperimentError(InvalidConfigError):
    """Well-formed, but something else: in a folder such files are passed over, not refused."""


class Fault(str):
    """Stands where a value could not be read; its text is the reason."""

    __slots__ = ()


def interpret(source: str, value: object) -> list[Found]:
    """Return the record `value` is, or the refusal.

    Raises:
        NotAnExperimentError: it is something else.
    """
    if type(value) is Fault:
        return [Refusal(source, str(value))]
    try:
        if type(value) is dict and ("feature_names" in value or "feature_weights" in value):
            left = [key for key in ("notes", "old_hashes") if value.get(key)]
            runs, strange = _runs(source, value.get("runs"))
            trials, odd = _trials(source, value.get("trials"))
            panels, unread = _panels(source, value.get("panels"))
            strange += [*odd, *unread]
            inferred, aliases = value.get(INFERRED) is True, value.get(ALIASES)
            if not _SHOWN.isdisjoint(value):
                value = {key: item for key, item in value.items() if key not in _SHOWN}
            config = ExperimentConfig.from_dict(value)
        else:
            config, left = _hand_kept(value)
            runs, trials, panels, strange, inferred, aliases = (), (), (), [], False, None
    except NotAnExperimentError:
        raise
    except InvalidConfigError as error:
        return [Refusal(source, str(error))]
    of_others = [run for run in runs if run.config_hash != config.config_hash]
    strange += [Remark(source, f"run {run.run_id} is of another experiment; left out") for run in of_others]
    runs = tuple(run for run in runs if run.config_hash == config.config_hash)
    carried: tuple[CarriedAlias, ...] = ()
    if aliases:
        read, wrong = read_aliases(aliases, str(config.config_hash), source)
        carried, strange = tuple(read), [*strange, *(Remark(source, said) for said in wrong)]
    record = Record(source, config, runs=runs, trials=trials, panels=panels, inferred=inferred, aliases=carried)
    found: list[Found] = [record, *strange]
    if left:
        found.append(Remark(source, f"not taken over: {', '.join(show(key) for key in left)}"))
    return found


def _runs(source: str, value: object) -> tuple[tuple[Run, ...], list[Remark]]:
    """Return the runs an export carries, and a remark on each that can't be read."""
    from registry.runs.record import Run

    if not value:
        return (), []
    if not isinstance(value, list):
        return (), [Remark(source, "runs is no list; left out")]
    if all(isinstance(each, dict) and "config_hash" not in each for each in value):
        return (), []  # what `show --json` tells of runs; only an export has them whole
    runs, strange = [], []
    for number, each in enumerate(value, 1):
        try:
            runs.append(Run.from_dict(each))
        except InvalidRunError as error:
            strange.append(Remark(source, f"run {number} left out: {error}"))
    return tuple(runs), strange


def _trials(source: str, value: object) -> tuple[tuple[Trial, ...], list[Remark]]:
    """Return the trials an export carries, and a remark when there is one that can't be read."""
    from registry.store.run_entries import read_trial

    if not isinstance(value, list):
        return (), []
    try:
        return tuple(read_trial(each) for each in value), []
    except (ValueError, KeyError, TypeError) as error:
        return (), [Remark(source, f"trials left out: {error}")]


def _panels(source: str, value: object) -> tuple[tuple[KnownPanel, ...], list[Remark]]:
    """Return what an export tells of panels, and a remark when there is one that can't be read."""
    from registry.runs.panels import KnownPanel

    if not isinstance(value, list):
        return (), []
    try:
        return tuple(KnownPanel.from_dict(each) for each in value), []
    except InvalidRunError as error:
        return (), [Remark(source, f"what is known of panels left out: {error}")]


def _hand_kept(value: object) -> tuple[ExperimentConfig, list[str]]:
    """Return the configuration in a hand-kept record, and the keys that mean nothing here.

    Raises:
        NotAnExperimentError: it is something else.
        InvalidConfigError: it has a field without canonical form.
    """
    if not isinstance(value, dict):
        raise NotAnExperimentError(f"not an experiment but {_kind(value)}")
    features = value.get("features")
    if "weights" not in value and isinstance(features, dict):
        value = {**value, "features": list(features), "weights": features}
    if "features" not in value or "weights" not in value:
        raise NotAnExperimentError(_what_else(value))
    record: dict[str, Any] = {}
    key: str
    left: list[str] = []
    for key, item in value.items():
        field = _RENAMED.get(key, key)
        if field in record:
            raise InvalidConfigError(f"{key} and {field} say the same thing twice; keep one")
        if key in _RENAMED or key in _KEPT:
            record[field] = item
        else:
            _check_meant(key, item, value)
            left.append(key)
    tags = record.get("tags")
    if tags is None or isinstance(tags, list):
        record["tags"] = [MIGRATED_TAG, *(tags or [])]
    record.setdefault("description", MIGRATED_DESCRIPTION)
    return ExperimentConfig.from_dict(record), left


def _check_meant(key: str, item: object, value: dict[str, Any]) -> None:
    """Refuse a key that was most likely to be a part of the identity: passed over, the hash would be a wrong one.

    Raises:
        InvalidConfigError: with what was probably meant.
    """
    meant = _means(key)
    said = meant is not None and any(value.get(name) for name in (meant, f"feature_{meant}"))
    if meant is not None and item and not said:
        raise InvalidConfigError(
            f"{show(key)} is not a field of a hand-kept configuration; did you mean {meant}? Rename it, or remove it"
            " if the experiment does not depend on it"
        )


@lru_cache(1000)
def _means(key: str) -> str | None:
    """Return the part of an identity that `key` comes close to."""
    plain = key.casefold().replace("_", "").replace("-", "").replace(" ", "")
    if plain in _ALSO_CALLED:
        return _ALSO_CALLED[plain]
    from difflib import get_close_matches

    near = get_close_matches(plain, _ALSO_CALLED, 1, 0.85)
    return _ALSO_CALLED[near[0]] if near else None


def _what_else(value: dict[str, Any]) -> str:
    if "metrics" in value and ("config" in value or "experiment" in value):
        return (
            "not an experiment but the summary of a backtest, whose metrics are not imported; "
            "import the experiment_config.json beside it"
        )
    for there, missing in (("features", "weights"), ("weights", "features")):
        if there in value:
            near = next((key for key in value if value[key] and _means(key) == missing), None)
            if near is not None:
                raise InvalidConfigError(f"{show(near)} is no field; did you mean {missing}? Rename it")
            return f"not an experiment: it has {there} but no {missing}"
    bare = bool(value) and all(type(each) in (int, float) for each in value.values())
    return f"not an experiment: {_NEEDED}{'; ' + _BARE if bare else ''}"


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else "a number"
