"""What goes with a metric: each weight's rank correlation, and beside it what a forest makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from textual import getters, on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from registry.numbers import of_them, show_p
from tui import actions
from tui.safe import safe
from tui.screens.computing import Step, Work
from tui.screens.results import Results
from tui.screens.scatter import ScatterScreen
from tui.selection import Selection, metric_asked, on_usual_panel
from tui.widgets.importance_table import ImportanceTable
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.analysis.importance import Importance, Importances


class ImportanceScreen(Results):
    """The importances among a selection."""

    NAME = actions.IMPORTANCE
    BINDINGS = actions.bindings(actions.SCREEN, actions.IMPORTANCE)
    AUTO_FOCUS = "ImportanceTable"
    CSS_PATH = "learning.tcss"

    table = getters.query_one(ImportanceTable)
    state_line = getters.query_one(StateLine)
    line = getters.query_one("#line", Static)

    def __init__(self, workspace: Workspace, selection: Selection) -> None:
        super().__init__(workspace)
        self.selected = selection
        self.found: Importances | None = None

    def body(self) -> Iterable[Widget]:
        """Yield what it is about, the bars, and the name under the cursor."""
        yield StateLine()
        yield ImportanceTable()
        yield Static("", id="line", markup=False)

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("importance",)

    def work_to_do(self) -> Work:
        """Return the computation."""
        workspace, selected = self.workspace, self.selected

        def compute(step: Step) -> Importances:
            step("reading")
            ask = partial(
                workspace.registry.importance,
                metric_asked(workspace),
                filter=selected.filter,
                hashes=selected.hashes,
                step=step,
            )
            return on_usual_panel(ask, workspace.read_on)

        return compute

    def show(self, answer: Importances) -> None:
        """Show the bars."""
        self.found = answer
        self.top_bar.crumbs = (f"what goes with {answer.metric}",)
        self.top_bar.count = of_them(answer.experiments)
        self.state_line.show(" · ".join(self._said(answer)))
        self.table.message = (f"Of {self.selected.said} none has {answer.metric}.",)
        self.table.show(answer.names)

    def _said(self, answer: Importances) -> list[str]:
        """Return of whom this is, on which panel and period, and what the forest is worth."""
        said = [f"n {answer.experiments:,}"]
        if answer.metrics_from is not None:
            said.append(f"on {answer.metrics_from}, {answer.tried:,} tried there")
        said.append(self.selected.said)
        if answer.forest is not None:
            said.append(answer.forest)
        elif answer.explained is not None:
            worth = "" if answer.explained > 0 else ": read nothing into its bars"
            said.append(f"the forest explains {max(0.0, answer.explained):.0%} of what it was not grown on{worth}")
        return said

    def clear(self) -> None:
        """Show no bars."""
        self.found = None
        self.table.show(())

    @on(ImportanceTable.Moved)
    def _moved(self) -> None:
        current = self.table.current
        if current is None or self.found is None:
            self.line.update("")
            return
        self.line.update(Content.assemble((safe(current.name), "bold"), "  ", _told(current, len(self.found.names))))

    @on(ImportanceTable.Opened)
    def _opened(self, event: ImportanceTable.Opened) -> None:
        self.app.push_screen(ScatterScreen(self.workspace, self.selected, event.key))

    def about(self) -> list[tuple[str, str]]:
        """Explain the bars."""
        return [
            ("RHO", "Spearman's rank correlation with the metric; its bar goes left when more of it went with less"),
            ("P ADJ.", "its p-value, adjusted for all names here (Benjamini and Hochberg); bold under 0.05"),
            ("FOREST", "the share of what a random forest explains by this name; it has no sign"),
            ("n", "experiments; an absent weight counts as 0. What goes together need not be a cause"),
        ]


def _told(each: Importance, names: int) -> str:
    """Return a name's numbers."""
    if each.rho is None:
        return f"n {each.n:,}: it does not vary, or too few have it"
    told = f"rho {each.rho:+.3f}  n {each.n:,}  p {show_p(each.p)}, {show_p(each.p_adjusted)} among {names:,} (BH)"
    return told if each.forest is None else f"{told}  forest {each.forest:.3f}"
