"""One experiment as an MLflow run: params and tags for people, numbers for MLflow's filters, and the attached file.

MLflow takes only some characters in names (letters, digits, `_ - . / :` and spaces), 250 of them, and 6,000 of a
param's value. What does not fit is not bent into shape: the attached file has it, and the report names it.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from registry.config import SHORT_HASH
from registry.trackers.content import Content, as_text, milliseconds

HASH_TAG: Final = "experiments.config_hash"
RUN_TAG: Final = "experiments.run_id"
PARENT_TAG: Final = "experiments.parent"
DONE_TAG: Final = "experiments.pushed"
"""Set last, to a digest of all that was pushed: a run without it was interrupted."""
NOTE_TAG: Final = "mlflow.note.content"
NESTED_TAG: Final = "mlflow.parentRunId"
NAME_TAG: Final = "mlflow.runName"
OWN_TAG: Final = "tag."
"""Before each of the experiment's tags, whose value is `true`: tags.`tag.baseline` = 'true' finds them."""

WEIGHT: Final = "w."
HYPERPARAMETER: Final = "hp."
TRANSFORMATION: Final = "transform."
WINDOW: Final = "window."
"""Before a metric by window, whose step is the window's number; the metric of the whole run has its plain name."""

_MOST_NAME, _MOST_PARAM, _MOST_TAG = 250, 6000, 8000
_NAME = re.compile(r"[/\w.\- :]*\Z")

Measured = tuple[str, float, int, int]
"""A metric's name, value, time in milliseconds, and step."""


@dataclass(slots=True)
class Sheet:
    """All that an MLflow run of ours has."""

    attached: str
    created: int
    """When the experiment was, in milliseconds."""
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[Measured] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def digest(self) -> str:
        """Return what is equal for equal sheets."""
        said = [self.attached, sorted(self.params.items()), sorted(self.metrics), sorted(self.tags.items())]
        return sha256(json.dumps(said).encode()).hexdigest()


def sheet_of(content: Content) -> Sheet:
    """Return what goes to MLflow of an experiment and its run.

    The times of metrics are the run's own, never those of the push: what is sent twice is there once.
    """
    config, run = content.config, content.run
    sheet = Sheet(content.attached(), milliseconds(str(config.created_at)))
    for feature, weight in config.feature_weights.items():
        name = WEIGHT + feature
        _param(sheet, name, repr(weight))
        _metric(sheet, name, weight, sheet.created, 0)
    for name, value in config.hyperparameters.items():
        _param(sheet, HYPERPARAMETER + name, as_text(value))
    for name, value in config.feature_transformations.items():
        _param(sheet, TRANSFORMATION + name, value)
    unweighted = [name for name in config.feature_names if name not in config.feature_weights]
    for name in unweighted:
        _param(sheet, f"feature.{name}", "no weight")
    if run is not None:
        at = milliseconds(run.recorded_at or run.end)
        for name, number in run.metrics.items():
            if name.startswith((WEIGHT, WINDOW)):  # MLflow would take it for the other one
                sheet.left_out.append(name)
            else:
                _metric(sheet, name, number, at, 0)
        for window in run.windows:
            for name, number in window.metrics.items():
                _metric(sheet, WINDOW + name, number, milliseconds(window.test_end), window.number)
    _tags(sheet, content)
    return sheet


def _tags(sheet: Sheet, content: Content) -> None:
    config, run = content.config, content.run
    sheet.tags = {
        HASH_TAG: content.config_hash,
        NAME_TAG: content.config_hash[:SHORT_HASH],
        "experiments.created_at": str(config.created_at),
    }
    if config.parent:
        sheet.tags[PARENT_TAG] = config.parent
    if run is not None:
        told = {RUN_TAG: run.run_id, "experiments.panel": run.panel.name, "experiments.period": run.period}
        told["experiments.engine"] = run.engine
        sheet.tags |= {name: value[:_MOST_TAG] for name, value in told.items()}
    if config.description:
        sheet.tags[NOTE_TAG] = config.description
        if len(config.description) > _MOST_TAG:
            sheet.tags[NOTE_TAG] = config.description[: _MOST_TAG - 1] + "…"
            sheet.left_out.append("the end of the description")
    for tag in config.tags:
        if _fits(OWN_TAG + tag):
            sheet.tags[OWN_TAG + tag] = "true"
        else:
            sheet.left_out.append(OWN_TAG + tag)


def _param(sheet: Sheet, name: str, value: str) -> None:
    if _fits(name) and len(value) <= _MOST_PARAM:
        sheet.params[name] = value
    else:
        sheet.left_out.append(name)


def _metric(sheet: Sheet, name: str, value: float | None, at: int, step: int) -> None:
    if value is None:
        return
    if _fits(name):
        sheet.metrics.append((name, value, at, step))
    elif name not in sheet.left_out:
        sheet.left_out.append(name)


def _fits(name: str) -> bool:
    """Tell whether MLflow takes a name: it also refuses those that are no plain path, such as `a//b`."""
    path = posixpath.normpath(name)
    plain = path == name and path != "." and not path.startswith(("..", "/"))
    return plain and len(name) <= _MOST_NAME and _NAME.match(name) is not None


def batches(sheet: Sheet, there: Mapping[str, str]) -> Iterator[tuple[list[Measured], dict[str, str]]]:
    """Yield metrics and params as MLflow takes them at a time, without the params that are `there`.

    MLflow refuses another value for a param, so one that is there stays as it is; ours never change with a hash.
    """
    params = [item for item in sheet.params.items() if item[0] not in there]
    metrics = list(sheet.metrics)
    while params or metrics:
        now, params = dict(params[:100]), params[100:]
        room = 1000 - len(now)
        yield metrics[:room], now
        metrics = metrics[room:]
