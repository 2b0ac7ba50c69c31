"""How a list of experiments is arranged: its order and columns, folded sweeps, and where metrics are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on

from registry.numbers import of_them
from tui.screens.choosing import Choosing
from tui.screens.filtered import FilteredScreen
from tui.widgets.cells import number
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.rows import Browse
    from registry.search import Basis

DEFAULT_SORT = "-created"


class Arranging(Choosing, FilteredScreen):
    """Mixed into a screen whose list a person arranges; what they chose is remembered."""

    SORTS: ClassVar[Sequence[tuple[str, str]]] = ()
    """Orders that only this screen has: (key, what it is)."""

    state_line = getters.query_one(StateLine)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.sort = workspace.remembered.sort or DEFAULT_SORT
        """The order of the result that is shown."""
        self.wanted_sort = self.sort
        """The order that was asked for last."""
        self.found: Browse | None = None
        """The result that is shown."""
        self.panels = 1
        """Panels and periods there are to choose from."""
        self.unfolded: set[str] = set()
        """Sweeps that were opened while the others are folded."""

    def ask(self, filter: str, sort: str, *, still: bool = False) -> None:
        """Ask for a result; `still` when nobody asked for another one, so that nothing may move."""
        raise NotImplementedError

    @on(ExperimentList.SortChosen)
    def _sort_chosen(self, event: ExperimentList.SortChosen) -> None:
        self.sort_by(event.sort)

    def sort_by(self, sort: str) -> None:
        """Sort, and do so the next time too."""
        self.workspace.remembered.sort = sort
        self.remember()
        self.ask(self.wanted, sort)

    def action_sort_menu(self) -> None:
        """Choose what to sort by."""
        from tui.screens.sorting import SortScreen

        def chosen(sort: str | None) -> None:
            if sort is not None:
                self.sort_by(sort)

        self.app.push_screen(SortScreen(self.sort, self.workspace.names, self.SORTS), chosen)

    def action_columns(self) -> None:
        """Choose the columns."""
        from tui.screens.columns import USUAL, ColumnsScreen

        def chosen(labels: list[str] | str | None) -> None:
            if labels is not None:
                self.experiments.choose_columns(None if labels == USUAL else list(labels))
                self.remember()

        self.app.push_screen(ColumnsScreen(self.experiments.labels, self.workspace.names), chosen)

    def action_fold(self) -> None:
        """Fold each sweep into one line, or unfold them all."""
        remembered = self.workspace.remembered
        remembered.folded = not remembered.folded
        self.unfolded.clear()
        self.remember()
        self.reload()

    def action_panel(self) -> None:
        """Choose the panel and period that metrics are read on."""
        self.find(self.workspace.registry.metric_bases, self._choose_panel)

    def _choose_panel(self, bases: Sequence[Basis]) -> None:
        from tui.screens.choice import Choice, ChoiceScreen

        if not bases:
            self.say("No experiment has a run yet: experiments backtest makes one.", problem=True)
            return
        by_value = {str(basis): basis for basis in bases}
        choices = [Choice("", "where most experiments were evaluated", "the usual one")]
        choices += [Choice(value, value, of_them(basis.experiments or 0)) for value, basis in by_value.items()]

        def chosen(value: str | None) -> None:
            if value is None:
                return
            remembered, basis = self.workspace.remembered, by_value.get(value)
            remembered.panel = None if basis is None else basis.panel
            remembered.period = None if basis is None else basis.period
            self.remember()
            self.reload()

        current = self.workspace.basis if self.workspace.remembered.panel else ""
        self.app.push_screen(ChoiceScreen("Read metrics on", choices, current=current), chosen)

    def show_state(self) -> None:
        """Show what else is in force: where the metrics were read, and what is folded."""
        found = self.found
        said = []
        if found is not None and found.basis is not None:
            choice = f" (one of {self.panels}; P chooses)" if self.panels > 1 else ""
            said.append(f"metrics on {found.basis}{_made(found.metrics_note)}{choice}")
        if found is not None and found.folds:
            hidden = sum(len(each.ids) for each in found.folds)
            said.append(f"{of_them(len(found.folds), 'sweep')} folded ({number(hidden)}); z unfolds")
        self.workspace.basis = None if found is None or found.basis is None else str(found.basis)
        self.state_line.show(" · ".join(said))


def _made(note: str | None) -> str:
    """Return what keeps metrics from being comparable in a few words: there is no room for the sentence."""
    return "" if note is None else f", {note.removeprefix('the runs ').removeprefix('were made ')}"
