"""What a filter finds, side by side: all of it, or the best by a metric when that is too much to look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from registry.errors import FilterError, NotFoundError
from registry.metrics import Direction
from registry.search.words import split_name
from tui.selection import metric_names, on_usual_panel, usual_metric
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from registry.analysis.matrix import Matrix
    from registry.comparison import Comparison

MOST: Final = 200
"""Experiments of a filter that are shown side by side."""

WANTED: Final[dict[Direction, str]] = {
    "higher": "higher is better",
    "lower": "lower is better",
    "none": "the highest, since neither way is known to be better",
}


@dataclass(frozen=True, slots=True)
class Picked:
    """A comparison, and how its experiments were chosen."""

    comparison: Comparison
    said: str


def read_selection(workspace: Workspace, filter: str, reference: str | None) -> Picked:
    """Return what a filter finds side by side, the reference among it.

    Raises:
        FilterError: the filter can't be understood, or finds nothing.
    """
    registry = workspace.registry
    with registry.reading():
        if reference is not None:
            try:
                registry.resolve(reference)
            except NotFoundError:
                reference = None
        count = on_usual_panel(partial(registry.count, filter), workspace.read_on)
        by = usual_metric(workspace, metric_names(workspace)) if count > MOST else None
        ask = partial(registry.matrix, filter, by=by, top=MOST, against=reference)
        try:
            found = on_usual_panel(ask, workspace.read_on)
        except FilterError:
            if by is None:
                raise
            found = on_usual_panel(partial(ask, by=None), workspace.read_on)
        return Picked(found.comparison, _said(registry, found, filter, count))


def _said(registry: ExperimentRegistry, found: Matrix, filter: str, count: int) -> str:
    """Return which experiments these are: `the best 200 of 3,120 by m.edge, higher is better`."""
    of = f"filter {filter}" if filter.strip() else "no filter"
    if count <= MOST:
        return f"all {count:,} · {of}"
    if found.by is None or not any(value is not None for value in found.values):
        return f"the newest {MOST:,} of {count:,} · {of}"
    metric = registry.metric(split_name(found.by).text)
    direction: Direction = "none" if metric is None else metric.direction
    shown = sum(value is not None for value in found.values)
    parts = [f"the best {shown:,} of {count:,} by {found.by}, {WANTED[direction]}", of]
    if found.matching < count:
        parts.insert(1, f"{count - found.matching:,} have none")
    if found.comparison.metrics_from is not None:
        parts.append(f"on {found.comparison.metrics_from}, {found.tried:,} tried there")
    return " · ".join(parts)
