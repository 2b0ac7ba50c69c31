"""The experiments nearest to one, and the nearest that are better by a metric."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import getters, on
from textual.widget import Widget

from registry.config import SHORT_HASH
from registry.errors import FilterError
from registry.numbers import best_of, of_them, shown
from registry.search.words import split_name
from tui import actions
from tui.safe import safe
from tui.screens.computing import Step, Work
from tui.screens.related import Related
from tui.selection import metric_names, on_usual_panel, usual_metric
from tui.widgets.nearest_table import NearestTable, NearLine
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.analysis.nearest import Distance, Nearest, Neighbour
    from registry.metrics import Metric

COUNT: Final = 10
"""Neighbours of each kind."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The nearest, and the nearest better ones or why there are none."""

    near: Nearest
    better: Nearest | None
    why: str
    metric: Metric | None


def read_nearest(workspace: Workspace, config_hash: str, distance: Distance) -> Answer:
    """Return the neighbours of an experiment, with the usual metric; away from the screen's thread.

    Raises:
        NotFoundError: the experiment is not there any more.
    """
    registry = workspace.registry
    with registry.reading():
        by = usual_metric(workspace, metric_names(workspace))
        ask = partial(registry.nearest, config_hash, COUNT, distance=distance)
        near = on_usual_panel(partial(ask, metric=by), workspace.read_on)
        if by is None:
            return Answer(near, None, "no experiment has a run yet, so none is known to be better", None)
        metric = registry.metric(split_name(by).text)
        try:
            return Answer(near, on_usual_panel(partial(ask, better=by), workspace.read_on), "", metric)
        except FilterError as error:
            return Answer(near, None, str(error), metric)


class NearestScreen(Related):
    """The neighbours of one experiment."""

    NAME = actions.NEAREST
    BINDINGS = actions.bindings(actions.SCREEN, actions.NEAREST)
    AUTO_FOCUS = "NearestTable"
    CSS_PATH = "learning.tcss"

    table = getters.query_one(NearestTable)
    state_line = getters.query_one(StateLine)

    def __init__(self, workspace: Workspace, config_hash: str) -> None:
        super().__init__(workspace)
        self._hash = config_hash
        self._distance: Distance = "l2"

    def body(self) -> Iterable[Widget]:
        """Yield what is shown, and the table."""
        yield StateLine()
        yield NearestTable(self.workspace.marks)

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("similar", self._hash[:SHORT_HASH])

    def work_to_do(self) -> Work:
        """Return the search for the nearest."""
        workspace, config_hash, distance = self.workspace, self._hash, self._distance

        def read(step: Step) -> Answer:
            step("reading")
            return read_nearest(workspace, config_hash, distance)

        return read

    def show(self, answer: Answer) -> None:
        """Show the neighbours."""
        near = answer.near
        self.top_bar.count = f"among {of_them(near.among)}"
        how = "Euclidean distance" if self._distance == "l2" else "cosine distance"
        said = [f"{how} of the weights, plus the share of settings that differ"]
        if near.metrics_from is not None:
            said.append(f"{near.metric} on {near.metrics_from}{best_of(near.tried)}")
        self.state_line.show(" · ".join(said))
        self.table.message = ("There is no other experiment.",)
        self.table.show(self._lines(answer) if near.neighbours else (), answer.metric, near.own)

    def _lines(self, answer: Answer) -> list[NearLine]:
        near, better = answer.near, answer.better
        own = "" if near.own is None or answer.metric is None else f" ({near.metric} {shown(answer.metric, near.own)})"
        made = [NearLine(safe(f"Nearest to {self._hash[:SHORT_HASH]}{own}"))]
        made += [NearLine(neighbour=each) for each in near.neighbours]
        made.append(NearLine())
        if better is None:
            made.append(NearLine(safe(f"Nearest better: {answer.why}")))
        elif not better.neighbours:
            made.append(NearLine(safe(f"Nearest better: none is better by {better.metric}")))
        else:
            are = f"{better.better:,} are" if better.better != 1 else "1 is"
            made.append(NearLine(safe(f"Nearest better: {are} better by {better.metric}")))
        made += [NearLine(neighbour=each) for each in ([] if better is None else better.neighbours)]
        return made

    def clear(self) -> None:
        """Show no neighbours."""
        self.table.show((), None, None)

    @on(NearestTable.Opened)
    def _opened(self, event: NearestTable.Opened) -> None:
        self.open_hash(event.key)

    def action_distance(self) -> None:
        """Measure by the other distance: cosine finds weightings that rank alike whatever their size."""
        self._distance = "cosine" if self._distance == "l2" else "l2"
        self.reload()

    @property
    def taken(self) -> Neighbour | None:
        """The experiment under the cursor."""
        return self.table.current

    @property
    def compared_with(self) -> str | None:
        """The experiment they are near to."""
        return self._hash

    def about(self) -> list[tuple[str, str]]:
        """Explain the columns."""
        return [
            ("apart", "distance of the weights, plus the share of hyperparameters and transformations that differ"),
            ("change", "the metric minus that of the experiment they are near to"),
            ("a 0.1 -> 0.2", "what differs: there first, here second"),
        ]
