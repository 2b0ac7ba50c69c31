"""Building a question: the language's card and the names beside the input, the result below."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Horizontal
from textual.widget import Widget

from tui import actions
from tui.screens.browsing import BrowsingScreen
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.filter_bar import FilterBar
from tui.widgets.names_pane import NamesPane
from tui.widgets.reference_card import ReferenceCard
from tui.widgets.state_line import StateLine


class SearchScreen(BrowsingScreen):
    """The filter language, with everything one needs to write it."""

    NAME = actions.SEARCH
    CSS_PATH = "search.tcss"
    BINDINGS = actions.bindings(actions.SCREEN, actions.SEARCH)
    AUTO_FOCUS = "FilterInput"

    def body(self) -> Iterable[Widget]:
        """Yield the input, the card and the names, and the list."""
        yield FilterBar("a filter: SentimentScore > 0.2 and tag:baseline", id="question")
        with Horizontal(id="aids"):
            yield ReferenceCard()
            yield NamesPane()
        yield ExperimentList(self.workspace)
        yield StateLine()

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("search",)
        self.suggest()

    def resized(self) -> None:
        """Lay the names out for the new width."""
        self.call_after_refresh(self.suggest)

    def action_page(self, direction: int) -> None:
        """Turn a page of the card."""
        card = self.query_one(ReferenceCard)
        card.scroll_relative(y=direction * max(1, card.size.height - 1), animate=False)

    def step_back(self) -> bool:
        """Clear the question; from the list go to the input first."""
        if self.focused is not self.filter_bar.field:
            self.experiments.end_range()
            self.set_focus(self.filter_bar.field)
            return True
        return super().step_back()
