"""Rows under a filter, read a page at a time: what the lists of experiments and the log share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual import getters, on, work
from textual.message import Message
from textual.widget import Widget

from registry.errors import RegistryError
from tui import actions
from tui.actions import Action
from tui.screens.base import RegistryScreen
from tui.screens.giving_up import OnItsWay
from tui.screens.placing import View
from tui.widgets.filter_bar import FilterBar
from tui.widgets.paged_table import PagedTable
from tui.workspace import Workspace

LINGER = 1.0
"""Seconds the file stays open while somebody types, unless another process waits for it."""


class FilteredScreen(RegistryScreen):
    """Mixed into a screen of rows that a filter narrows."""

    @dataclass
    class PageRead(Message):
        """Rows the table wanted."""

        asked: Sequence[int]
        rows: Sequence[Any]

    filter_bar = getters.query_one(FilterBar)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.wanted = ""
        """The filter that was typed last; another one than that of the rows while it is wrong or being tried."""
        self._asking = OnItsWay()
        self._paging = False

    @property
    def rows(self) -> PagedTable[Any]:
        """The rows; they have the focus while nobody types."""
        raise NotImplementedError

    def narrow(self, text: str) -> None:
        """Ask for the rows that another filter finds."""
        raise NotImplementedError

    def read_rows(self, ids: Sequence[int]) -> Sequence[Any]:
        """Read rows by id, away from the screen's thread."""
        raise NotImplementedError

    def owner_of(self, action: Action) -> Widget:
        """Return the table for what rows do, else this screen."""
        return self.rows if action.owner == actions.ROWS else self

    # reading

    def next_asking(self) -> OnItsWay:
        """Return a new question; the one before is given up."""
        self._asking.give_up()
        self._asking = OnItsWay()
        return self._asking

    def view(self, still: bool) -> View:
        """Return what a person looks at."""
        table, row = self.rows, self.rows.current_row
        known = None if row is None else row.config_hash
        return View(table.current_id, known, table.cursor, table.scroll_offset.y, table.row_room, still)

    @on(PagedTable.Wanted)
    def _page_wanted(self, event: PagedTable.Wanted) -> None:
        # one page at a time: when it is there the table asks for what is in view by then
        if not self._paging:
            self._paging = True
            self._read_page(event.ids)

    @work(thread=True, group="page", exit_on_error=False, description="page")
    def _read_page(self, ids: Sequence[int]) -> None:
        try:
            rows = self.read_rows(ids)
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(self.asked, error))
            self.post_message(self.PageRead((), ()))
        else:
            self.post_message(self.PageRead(ids, rows))

    @on(PageRead)
    def _page_read(self, event: PageRead) -> None:
        self._paging = False
        if event.asked:
            self.rows.supply(event.asked, event.rows)

    # the filter

    @on(FilterBar.Typed)
    def _typed(self, event: FilterBar.Typed) -> None:
        if event.text != self.wanted:
            self.narrow(event.text)

    def action_filter(self) -> None:
        """Go to the filter's input."""
        self.set_focus(self.filter_bar.field)

    def action_keep(self) -> None:
        """Keep the filter and go on to the rows."""
        self.filter_bar.hurry()
        self.set_focus(self.rows)

    def action_page(self, direction: int) -> None:
        """Turn a page of the rows while one types."""
        self.rows.action_page(direction)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the filter to the input while one types in it: it is text there."""
        if action == "filter" and self.focused is self.filter_bar.field:
            return False
        return super().check_action(action, parameters)

    def step_back(self) -> bool:
        """Clear the filter; returns whether there was one."""
        if not (self.filter_bar.field.value or self.wanted):
            return False
        self.filter_bar.field.value = ""
        self.narrow("")
        return True
