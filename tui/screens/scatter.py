"""A weight against a metric: where the good ones are, and whether more of it went with better."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import getters, on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from registry.config import SHORT_HASH
from registry.metrics import Direction
from registry.numbers import of_them, show_p, shown
from registry.search.words import split_name
from tui import actions
from tui.safe import safe
from tui.screens.computing import Computing, Step, Work
from tui.screens.opening import Opening
from tui.selection import Selection, metric_asked, on_usual_panel
from tui.widgets.cells import show_number, wrap
from tui.widgets.scatter_plot import CURSOR, MARKED, ScatterPlot
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace, described

if TYPE_CHECKING:
    from registry.analysis.scatter import Point, Scatter
    from tui.actions import Action

DIRECTIONS: Final[dict[Direction, str]] = {"higher": "higher is better", "lower": "lower is better", "none": ""}


class ScatterScreen(Opening, Computing):
    """The scatter of a selection."""

    NAME = actions.SCATTER
    BINDINGS = actions.bindings(actions.SCREEN, actions.SCATTER)
    AUTO_FOCUS = "ScatterPlot"
    CSS_PATH = "learning.tcss"

    plot = getters.query_one(ScatterPlot)
    state_line = getters.query_one(StateLine)
    point_line = getters.query_one("#point", Static)

    def __init__(self, workspace: Workspace, selection: Selection, name: str | None = None) -> None:
        """Show a weight or hyperparameter of the selected; without a name, one that varies."""
        super().__init__(workspace)
        self.selected = selection
        self.name_wanted = name
        self.scatter: Scatter | None = None

    def body(self) -> Iterable[Widget]:
        """Yield what it is about, the picture, and the point under the cursor."""
        yield StateLine()
        yield ScatterPlot()
        yield Static("", id="point", markup=False)

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("weight, metric",)

    def owner_of(self, action: Action) -> Widget:
        """Return the picture for what the picture does, else this screen."""
        return self.plot if action.owner == actions.POINTS else self

    def work_to_do(self) -> Work:
        """Return the reading of the points."""
        workspace, selected, name = self.workspace, self.selected, self.name_wanted

        def read(step: Step) -> Scatter:
            step("reading")
            ask = partial(
                workspace.registry.scatter,
                name,
                metric_asked(workspace),
                filter=selected.filter,
                hashes=selected.hashes,
            )
            return on_usual_panel(ask, workspace.read_on)

        return read

    def show(self, answer: Scatter) -> None:
        """Show the points."""
        self.scatter = answer
        self.name_wanted = answer.name
        self.top_bar.crumbs = (f"{answer.name}, {answer.metric}",)
        self.top_bar.count = of_them(len(answer.points))
        self.state_line.show(" · ".join(self._said(answer)))
        self.plot.message = (f"Of {self.selected.said} none has both {answer.name} and {answer.metric}.",)
        self.plot.show(answer.points, self.workspace.marks)

    def _said(self, answer: Scatter) -> list[str]:
        """Return what the picture shows: its axes, the correlation, of whom, and on which panel and period."""
        wanted = DIRECTIONS[answer.direction]
        correlation = (
            "no correlation: nothing varies, or fewer than 5"
            if answer.rho is None
            else f"Spearman {answer.rho:+.2f}, p {show_p(answer.p)} alone"
        )
        said = [
            f"→ {answer.name}  ↑ {answer.metric}{f', {wanted}' if wanted else ''}",
            f"n {len(answer.points):,}",
            correlation,
        ]
        if answer.metrics_from is not None:
            said.append(f"on {answer.metrics_from}, {answer.tried:,} tried there")
        return [*said, self.selected.said]

    def show_refusal(self, sentence: str) -> None:
        """Say why there is no picture."""
        self.scatter = None
        self.plot.message = tuple(wrap(sentence, max(20, self.size.width - 4)))
        self.plot.show((), ())

    @on(ScatterPlot.Moved)
    def _moved(self) -> None:
        point, scatter = self.plot.current, self.scatter
        if point is None or scatter is None:
            self.point_line.update("")
            return
        first = f"{CURSOR} {point.config_hash[:SHORT_HASH]}  {point.description or '(no description)'}"
        marked = "  marked" if point.config_hash in self.workspace.marks else ""
        self.point_line.update(
            Content.assemble((safe(first) + marked, "bold"), "\n", safe(_numbers(scatter, point, self.plot.cursor)))
        )

    @on(ScatterPlot.Opened)
    def _opened(self, event: ScatterPlot.Opened) -> None:
        self.open_hash(event.config_hash)

    def action_feature(self, step: int) -> None:
        """Look at the feature or hyperparameter beside this one."""
        if self.scatter is not None:
            names = self.scatter.names
            # the one asked for last, so that keys pressed fast each count
            at = names.index(self.name_wanted) if self.name_wanted in names else 0
            self.name_wanted = names[(at + step) % len(names)]
            self.reload()

    def action_features(self) -> None:
        """Choose the feature or hyperparameter."""
        from tui.screens.choice import Choice, ChoiceScreen

        if self.scatter is None:
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self.name_wanted = name
                self.reload()

        choices = [Choice(name, name) for name in self.scatter.names]
        self.app.push_screen(ChoiceScreen("Against the metric", choices, current=self.scatter.name), chosen)

    def action_mark(self) -> None:
        """Mark or unmark the experiment under the cursor."""
        if (point := self.plot.current) is not None:
            self.workspace.mark(described([point]), toggle=True)
            self.plot.mark(self.workspace.marks)
            self._moved()

    def action_importance(self) -> None:
        """Show which weights go with the metric among the same experiments."""
        from tui.screens.importance import ImportanceScreen

        self.app.push_screen(ImportanceScreen(self.workspace, self.selected))

    def action_copy(self) -> None:
        """Copy the full hash of the experiment under the cursor."""
        if self.plot.current is not None:
            self.copy_hash(self.plot.current.config_hash)

    def about(self) -> list[tuple[str, str]]:
        """Explain the signs."""
        return [
            ("⠂⠒⠶", "an experiment each dot; eight fit into a cell"),
            (CURSOR, "the experiment that is told below; ↑ ↓ go through all by their metric"),
            (MARKED, "marked"),
            ("·", "where the weight or the metric is 0"),
        ]


def _numbers(scatter: Scatter, point: Point, place: int) -> str:
    """Return the point's numbers, and where it stands."""
    x = "absent, counts as 0" if point.absent else show_number(point.x)
    y = shown(split_name(scatter.metric).text, point.y)
    return f"{scatter.name} {x}  {scatter.metric} {y}  {place + 1:,} of {len(scatter.points):,} by it"
