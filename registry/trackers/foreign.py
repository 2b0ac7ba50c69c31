"""Runs of MLflow that were never ours, as experiments by a mapping (`registry.exchange.mapping`).

A run's params, which are text, and its metrics stand side by side as the keys of one record, a param before a metric
of the same name. `@root` has the rest: `@root.tags.NAME`, `@root.name`, `@root.start_time` in milliseconds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from registry.exchange.mapped import Mapped, View, map_record
from registry.exchange.mapping import Group, Mapping, Part
from registry.exchange.paths import Path

ENGINE: Final = "mlflow"
"""What is recorded as the engine of a run's metrics, where the mapping does not say."""


def mapping_of_prefixes(weights: str, hyperparameters: str | None = None) -> Mapping:
    """Return the mapping that takes names which begin so; an empty prefix of hyperparameters is all that is left.

    Raises:
        ExchangeError: the prefix of weights is empty.
    """
    said: dict[str, Any] = {"weights": {"prefix": weights}}
    if hyperparameters is not None:
        said["hyperparameters"] = {"prefix": hyperparameters, "optional": True} if hyperparameters else {"rest": True}
    return Mapping.from_dict(said)


def for_mlflow(mapping: Mapping) -> Mapping:
    """Return a mapping in which what it does not say is read where MLflow has it."""
    metrics = mapping.metrics
    if metrics is not None and metrics.engine is None:
        metrics = replace(metrics, engine=Part("metrics.engine", value=ENGINE))
    made = replace(mapping, metrics=metrics, description=mapping.description or _root("description"))
    return made if mapping.time is not None else replace(made, time=_root("start_time"), time_format="epoch_ms")


def _root(key: str) -> Part:
    return Part(key, Path.read(f"@root.{key}", key), optional=True)


def read_run(mapping: Mapping, run: Any, note_tag: str, source: str) -> tuple[Mapped, list[str]] | None:
    """Return the experiment in an MLflow run, and the names nothing was made of; None where it has no weight.

    Raises:
        InvalidConfigError: what the mapping names can't be that part; the sentence names the key.
    """
    params, metrics = dict(run.data.params), dict(run.data.metrics)
    if not any(_takes(mapping.weights, name) for name in (*params, *metrics)) and mapping.weights.path is None:
        return None
    # metrics that nothing asks for are no hyperparameters, even where those are all the rest
    groups = [mapping.weights] + ([] if mapping.metrics is None else [mapping.metrics.group])
    asked = {name: value for name, value in metrics.items() if any(_takes(group, name) for group in groups)}
    root = {
        "params": params,
        "metrics": metrics,
        "tags": dict(run.data.tags),
        "name": run.info.run_name,
        "run_id": run.info.run_id,
        "description": run.data.tags.get(note_tag, ""),
        "start_time": run.info.start_time or None,
    }
    view = View({**asked, **params}, root, cells=True)
    made = map_record(mapping, view, source)
    unused = [f"param {name}" if name in params else f"metric {name}" for name in view.unused()]
    return made, [*unused, *(f"metric {name}" for name in metrics if name not in asked)]


def _takes(group: Group, name: str) -> bool:
    """Tell whether a group takes a key of this name, were it there."""
    if any(part.path is not None and part.path.text == name for part in group.set.values()):
        return True
    if group.names is not None or group.path is not None or (group.prefix is None and group.only is None):
        return False
    prefix = group.prefix or ""
    called = name[len(prefix) :]
    if not name.startswith(prefix) or called in group.without:
        return False
    return called in group.only if group.only is not None else bool(called)
