"""The first screen: every experiment, newest first, and a filter that narrows them."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from tui import actions
from tui.screens.browsing import BrowsingScreen
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.filter_bar import FilterBar
from tui.widgets.state_line import StateLine


class ListScreen(BrowsingScreen):
    """The list, and below it the filter while there is one."""

    NAME = actions.LIST
    BINDINGS = actions.bindings(actions.SCREEN, actions.LIST)

    def body(self) -> Iterable[Widget]:
        """Yield the list and the filter."""
        yield ExperimentList(self.workspace)
        yield StateLine()
        yield FilterBar("SentimentScore > 0.2 and tag:baseline")

    def action_filter(self) -> None:
        """Open the filter and go to it."""
        self.filter_bar.add_class("-open")
        super().action_filter()

    def step_back(self) -> bool:
        """Clear the filter, then close it."""
        if super().step_back():
            if not self.filter_bar.field.value and self.focused is not self.filter_bar.field:
                self.filter_bar.remove_class("-open")
            return True
        if self.filter_bar.has_class("-open"):
            self.set_focus(self.experiments)
            self.filter_bar.remove_class("-open")
            return True
        return False

    def on_input_blurred(self) -> None:
        """Close an empty filter when it is left."""
        if not self.filter_bar.field.value:
            self.filter_bar.remove_class("-open")
