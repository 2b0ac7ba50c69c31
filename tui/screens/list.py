"""The first screen: every experiment, newest first, a filter that narrows them, and a preview when there is room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from registry.errors import RegistryError
from tui import actions
from tui.screens.browsing import BrowsingScreen
from tui.screens.folding import FoldingFilter
from tui.timing import surely
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.filter_bar import FilterBar
from tui.widgets.names_pane import NamesPane
from tui.widgets.preview import Preview
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.rows import Details

_REST = 0.06
"""Seconds the cursor stays before the preview reads: running through a list reads nothing."""
_REST_TYPING = 0.4
"""The same while somebody types a filter: the next result is what they wait for."""


class ListScreen(FoldingFilter, BrowsingScreen):
    """The list, beside it the preview, and below it the filter while there is one."""

    NAME = actions.LIST
    BINDINGS = actions.bindings(actions.SCREEN, actions.LIST)

    @dataclass
    class Previewed(Message):
        """The experiment under the cursor was read."""

        details: Details | None

    preview = getters.query_one(Preview)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._rest: Timer | None = None

    def body(self) -> Iterable[Widget]:
        """Yield the list and the preview, what is in force, what could be typed, and the filter."""
        with Horizontal(id="browsed"):
            yield ExperimentList(self.workspace)
            yield Preview()
        yield StateLine()
        yield NamesPane()
        yield FilterBar("SentimentScore > 0.2 and tag:baseline")

    # the preview

    def on_mount(self) -> None:
        """Show the preview as it was left."""
        # the screen is given its style when it comes into view, a moment from now; once is enough
        self.set_class(self.workspace.remembered.preview, "-preview", update=False)

    @property
    def _previewing(self) -> bool:
        return self.has_class("-preview") and self.has_class("-very-wide")

    @on(ExperimentList.CursorMoved)
    def _cursor_moved(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        if self._previewing:
            typing = self.filter_bar.field.has_focus
            self._rest = surely(self.set_timer(_REST_TYPING if typing else _REST, self._preview))

    def resized(self) -> None:
        """A wider window has room for the preview."""
        super().resized()
        self.call_after_refresh(self._cursor_moved)

    def _preview(self) -> None:
        self._rest = None
        row = self.experiments.current_row
        if row is not None or not self.experiments.ids:  # else it has yet to be read, and says so when it is there
            self._read_preview(None if row is None else row.config_hash)

    @work(thread=True, exclusive=True, group="preview", exit_on_error=False, description="preview")
    def _read_preview(self, config_hash: str | None) -> None:
        details = None
        if config_hash is not None:
            try:
                details = self.workspace.registry.details(config_hash)
            except (RegistryError, OSError):
                return  # gone, or the registry can't be read: the list says so
        self.post_message(self.Previewed(details))

    @on(Previewed)
    def _previewed(self, event: Previewed) -> None:
        row = self.experiments.current_row
        shown = None if event.details is None else event.details.config.config_hash
        if (None if row is None else row.config_hash) == shown:
            self.preview.show(event.details)

    def action_preview(self) -> None:
        """Show or hide the preview."""
        remembered = self.workspace.remembered
        remembered.preview = not remembered.preview
        self.set_class(remembered.preview, "-preview")
        self.remember()
        if remembered.preview and not self._previewing:
            self.say("The preview stands beside the list when the window has 140 columns or more.")
        self._cursor_moved()

    # the filter

    def on_descendant_focus(self) -> None:
        """Offer what could be typed while one types."""
        self.set_class(self.focused is self.filter_bar.field, "-typing")
