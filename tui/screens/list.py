"""The first screen: every experiment, newest first, and a filter that narrows them."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from tui import actions
from tui.screens.browsing import BrowsingScreen
from tui.screens.folding import FoldingFilter
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.filter_bar import FilterBar


class ListScreen(FoldingFilter, BrowsingScreen):
    """The list, and below it the filter while there is one."""

    NAME = actions.LIST
    BINDINGS = actions.bindings(actions.SCREEN, actions.LIST)

    def body(self) -> Iterable[Widget]:
        """Yield the list and the filter."""
        yield ExperimentList(self.workspace)
        yield FilterBar("SentimentScore > 0.2 and tag:baseline")

    @property
    def rows(self) -> Widget:
        """The list."""
        return self.experiments
