"""Building a question: the language's card and the names beside the input, the result below."""

from __future__ import annotations

from collections.abc import Iterable

from textual import getters, on
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from registry.search.completion import Completion
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

    names_pane = getters.query_one(NamesPane)

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
        self._suggest()

    def names_changed(self) -> None:
        """Show the names that were read."""
        self._suggest()

    def resized(self) -> None:
        """Lay the names out for the new width."""
        self.call_after_refresh(self._suggest)

    @on(Input.Changed)
    def _input_changed(self) -> None:
        self._suggest()

    def _suggest(self) -> None:
        field = self.filter_bar.field
        self.names_pane.offer(field.value, field.cursor_position, self.workspace.names)

    def action_complete(self) -> None:
        """Complete the name being typed."""
        if self.names_pane.best is not None:
            self._put_in(self.names_pane.best)

    def action_page(self, direction: int) -> None:
        """Turn a page of the card."""
        card = self.query_one(ReferenceCard)
        card.scroll_relative(y=direction * max(1, card.size.height - 1), animate=False)

    @on(NamesPane.Chosen)
    def _chosen(self, event: NamesPane.Chosen) -> None:
        self._put_in(event.completion)

    def _put_in(self, completion: Completion) -> None:
        field = self.filter_bar.field
        rest = field.value[completion.end :]
        text = completion.text
        if completion.kind != "attribute" and not rest.startswith((" ", ")")):
            text += " "  # a word of its own; after tag: or w. one goes on typing
        field.value = field.value[: completion.start] + text + rest
        field.cursor_position = completion.start + len(text)
        field.focus()

    def step_back(self) -> bool:
        """Clear the question; from the list go to the input first."""
        if self.focused is not self.filter_bar.field:
            self.experiments.end_range()
            self.set_focus(self.filter_bar.field)
            return True
        return super().step_back()
