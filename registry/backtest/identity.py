"""Which experiment a backtest is of, and with which options: hyperparameters supply options, options make variants.

Backtesting a registered experiment never changes its hash. Its hyperparameters give the options they name;
an explicit option that contradicts one makes a variant; what neither says is recorded with the run alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from registry.backtest.options import NAMES, Options
from registry.canonical import show
from registry.config import ExperimentConfig, create_experiment_from_scoring_config
from registry.errors import BacktestError

if TYPE_CHECKING:
    from registry.backtest.panel import Panel

_NOT_OF_THE_EXPERIMENT: Final = frozenset({"baselines", "bootstrap", "n_bootstrap", "method", "shrink"})
"""Options that say what is computed beside the metrics."""

SUPPLIED: Final = tuple(name for name in NAMES if name not in _NOT_OF_THE_EXPERIMENT)
"""The options a hyperparameter of the same name supplies."""

_ALWAYS_RECORDED: Final = ("k", "seed", "walk_days")
_WHOLE: Final = frozenset({"walk_days", "k", "train_days", "lag", "embargo", "min_assets", "seed", "min_test_dates"})


@dataclass(frozen=True, slots=True)
class Meant:
    """What will be evaluated."""

    config: ExperimentConfig
    options: Options
    variant_of: str | None = None
    """The full hash of the experiment that was named, when an option made a variant of it."""
    changes: Mapping[str, tuple[Any, Any]] | None = None
    """Hyperparameter to its value before and now, when it is a variant."""


def supplied(config: ExperimentConfig) -> dict[str, Any]:
    """Return the options that an experiment's hyperparameters supply, unchecked."""
    return {
        name: _as_option(name, config.hyperparameters[name])
        for name in SUPPLIED
        if name in config.hyperparameters and config.hyperparameters[name] is not None
    }


def check_names(explicit: Iterable[str]) -> None:
    """Refuse names that are no options.

    Raises:
        BacktestError: the message names the first, with the nearest option.
    """
    from difflib import get_close_matches

    for name in explicit:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, 1)
            instead = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
            raise BacktestError(f"{show(name)} is no option of a backtest; {instead}")


def meant(config: ExperimentConfig, explicit: Mapping[str, Any]) -> Meant:
    """Return what backtesting a configuration with explicitly given options means.

    Raises:
        BacktestError: an option, or the hyperparameter that supplies it, is not allowed.
    """
    check_names(explicit)
    ours = supplied(config)
    try:  # one that is replaced by an explicit option need not be allowed
        Options(**{name: value for name, value in ours.items() if name not in explicit})
    except BacktestError as error:
        raise BacktestError(
            f"a hyperparameter of experiment {str(config.config_hash)[:12]} is no option: {error}"
        ) from None
    options = Options(**{**ours, **explicit})
    changes = {
        name: (config.hyperparameters[name], _as_hyperparameter(value))
        for name, value in explicit.items()
        if name in ours and ours[name] != getattr(options, name)
    }
    if not changes:
        return Meant(config, options)
    variant = config.variant(hyperparameters={name: now for name, (_, now) in changes.items()})
    return Meant(variant, options, str(config.config_hash), changes)


def new_experiment(
    weights: Mapping[str, Any],
    explicit: Mapping[str, Any],
    *,
    transformations: Mapping[str, str] | None = None,
    description: str = "",
    tags: tuple[str, ...] = (),
) -> Meant:
    """Return a new experiment made of weights: it records k, seed, walk_days and the explicit options.

    Raises:
        BacktestError: an option is not allowed.
        InvalidConfigError: the weights are no weights.
    """
    check_names(explicit)
    options = Options(**explicit)
    config = create_experiment_from_scoring_config(
        dict(weights), list(weights), _recorded(options, explicit), description, list(tags)
    )
    if transformations:
        config = ExperimentConfig(
            config.feature_names, config.feature_weights, config.hyperparameters, transformations,
            config.description, config.tags, config.created_at,
        )  # fmt: skip
    return Meant(config, options)


def adopted(config: ExperimentConfig, explicit: Mapping[str, Any]) -> Meant:
    """Return a configuration from a file as a new experiment, which records what those made of weights record.

    Its own hyperparameters supply what is not given explicitly, and stay as they are written.

    Raises:
        BacktestError: an option, or the hyperparameter that supplies it, is not allowed.
    """
    options = meant(config, explicit).options
    ours = supplied(config)
    added = {
        name: value
        for name, value in _recorded(options, explicit).items()
        if name not in ours or ours[name] != getattr(options, name)
    }
    if not added:
        return Meant(config, options)
    made = ExperimentConfig(
        config.feature_names, config.feature_weights, {**config.hyperparameters, **added},
        config.feature_transformations, config.description, config.tags, config.created_at, parent=config.parent,
    )  # fmt: skip
    return Meant(made, options)


def _recorded(options: Options, explicit: Iterable[str]) -> dict[str, Any]:
    """Return the options that a new experiment has as hyperparameters."""
    names = [*_ALWAYS_RECORDED, *(name for name in explicit if name in SUPPLIED)]
    return {name: _as_hyperparameter(getattr(options, name)) for name in dict.fromkeys(names)}


def _as_option(name: str, value: Any) -> Any:
    if name == "horizons" and isinstance(value, list):
        return tuple(value)
    if name in _WHOLE and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _as_hyperparameter(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def check_features(config: ExperimentConfig, names: list[str], panel: Panel) -> None:
    """Refuse an experiment that names features the panel lacks, or was loaded without.

    Raises:
        BacktestError: the message names them, each with the nearest column the panel has.
    """
    from difflib import get_close_matches

    lacking = [name for name in names if name not in panel.features]
    if not lacking:
        return
    if (reason := next((panel.refused[name] for name in lacking if name in panel.refused), None)) is not None:
        raise BacktestError(reason)
    columns = list(panel.columns)
    if unread := [name for name in lacking if name in columns]:
        raise BacktestError(
            f"the panel {panel.name} was loaded without {show(unread[0])}, which experiment"
            f" {str(config.config_hash)[:12]} names: that column holds no numbers, or was not asked for"
        )
    folded = {column.casefold(): column for column in columns}
    said = []
    for name in lacking[:5]:
        near = get_close_matches(name.casefold(), folded, 1)
        said.append(show(name) + (f" (did you mean {show(folded[near[0]])}?)" if near else ""))
    more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
    raise BacktestError(
        f"the panel {panel.name} has no column for {', '.join(said)}{more}, which experiment"
        f" {str(config.config_hash)[:12]} names; its columns are {', '.join(map(show, columns[:12]))}"
        + (" …" if len(columns) > 12 else "")
    )
