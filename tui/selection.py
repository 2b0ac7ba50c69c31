"""Which experiments a question across many of them is about, and by which metric: shared by the screens that ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from registry.errors import AmbiguousPanelError, FilterError, NotFoundError
from registry.search.words import write_name
from tui.workspace import Workspace

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Selection:
    """Experiments by a filter, or those named."""

    filter: str = ""
    """The filter; empty finds all."""
    hashes: tuple[str, ...] | None = None
    """Full hashes of those that are meant, instead of what the filter finds."""
    which: str = ""
    """What those named are: `marked`, `compared`."""

    @property
    def said(self) -> str:
        """What is selected, for people."""
        if self.hashes is not None:
            return f"{len(self.hashes):,} {self.which}".rstrip()
        return f"filter {self.filter}" if self.filter.strip() else "all experiments"


def metric_names(workspace: Workspace) -> list[str]:
    """Return the metrics that runs have as filters write them, the commonest first; reads the registry if need be."""
    names = workspace.names if workspace.names is not None else workspace.registry.names()
    return [write_name(name, "m") for name in names.metrics]


def usual_metric(workspace: Workspace, known: Sequence[str]) -> str | None:
    """Return the metric that was chosen last, else the edge, else the commonest; None when there is no run."""
    wanted = (workspace.metric, "m.edge", *known[:1])
    return next((name for name in wanted if name in known), None)


def metric_asked(workspace: Workspace) -> str:
    """Return the metric that is asked about; reads the registry if need be.

    Raises:
        NotFoundError: there is no run yet, so there is none.
    """
    metric = usual_metric(workspace, metric_names(workspace))
    if metric is None:
        raise NotFoundError("no experiment has a run yet; make one with: experiments backtest")
    return metric


def on_usual_panel(ask: Callable[..., Answer], read_on: Mapping[str, str | None]) -> Answer:
    """Ask on the panel and period that were chosen; without, or where they are gone, on those of most experiments.

    Raises:
        FilterError: the question can't be understood on any panel.
    """
    try:
        return ask(**read_on)
    except AmbiguousPanelError as error:
        panel, period = map(str, error.choices[0][:2])
        return ask(panel=panel, period=period)
    except FilterError:
        if not any(read_on.values()):
            raise
        return on_usual_panel(ask, dict.fromkeys(read_on))
