"""What the list and the search screen share: a filter, an order, a list of experiments, and what one does to them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from registry.errors import FilterError, RegistryError
from tui import actions
from tui.screens.base import RegistryScreen
from tui.screens.choosing import Choosing
from tui.screens.placing import View
from tui.widgets.cells import fit, number, of_them
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import PAGE
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.rows import Browse, Names, Row
    from tui.actions import Action

SLOW = 0.15
"""Seconds after which a question still open is worth mentioning."""

_MOST_OF_FILTER = 200
"""Cells of a filter that are repeated when it matches nothing."""


class BrowsingScreen(Choosing):
    """A screen with a list of experiments that a filter narrows."""

    AUTO_FOCUS = "ExperimentList"
    TRASHED: ClassVar[bool] = False
    """Whether the experiments are those in the trash."""
    SORTS: ClassVar[Sequence[tuple[str, str]]] = ()
    """Orders that only this screen has: (key, what it is)."""

    @dataclass
    class Answered(Message):
        """A filter's result, with the rows that will be in view."""

        request: int
        stamp: tuple[object, ...]
        filter: str
        sort: str
        found: Browse
        asked: Sequence[int]
        rows: Sequence[Row]
        still: bool
        hint: str | None
        """Why nothing may have been found."""

    @dataclass
    class Refused(Message):
        """A filter that can't be understood."""

        request: int
        error: FilterError

    @dataclass
    class Failed(Message):
        """The registry could not be read."""

        request: int
        error: RegistryError | OSError

    @dataclass
    class PageRead(Message):
        """Rows the list wanted."""

        asked: Sequence[int]
        rows: Sequence[Row]

    @dataclass
    class NamesRead(Message):
        """The names in use."""

        names: Names
        stamp: tuple[object, ...] | None

    filter_bar = getters.query_one(FilterBar)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.filter = ""
        """The filter of the result that is shown."""
        self.wanted = ""
        """The filter that was typed last; differs from `filter` while it is wrong or being tried."""
        self.sort = "-created"
        """The order of the result that is shown."""
        self.wanted_sort = self.sort
        """The order that was asked for last."""
        self.total = 0
        self._slow: Timer | None = None
        self._paging = False
        self._names_stamp: tuple[object, ...] | None = None

    # reading

    def reload(self) -> None:
        """Read again with the same filter and order; what is under the cursor stays where it is."""
        self.ask(self.wanted, self.wanted_sort, still=True)

    def ask(self, filter: str, sort: str, *, still: bool = False) -> None:
        """Ask for a result; `still` when nobody asked for another one, so that nothing may move."""
        self.wanted, self.wanted_sort = filter, sort
        if self._slow is not None:
            self._slow.stop()
        self._slow = self.set_timer(SLOW, self._show_waiting)
        self._browse(self.next_request(), filter, sort, self._view(still))

    def _view(self, still: bool) -> View:
        listed = self.experiments
        row = listed.current_row
        known = None if row is None else row.config_hash
        return View(listed.current_id, known, listed.cursor, listed.scroll_offset.y, listed.row_room, still)

    def _show_waiting(self) -> None:
        if self.waiting:
            self.show_count()
            self.top_bar.count += " · reading …"

    @work(thread=True, exclusive=True, group="browse", exit_on_error=False, description="browse")
    def _browse(self, request: int, filter: str, sort: str, view: View) -> None:
        registry = self.workspace.registry
        try:
            stamp = registry.changed_stamp()
            found = registry.browse(filter, sort, trashed=self.TRASHED)
            cursor, scroll = view.place_in(found.ids)
            start = max(0, min(scroll, cursor) - PAGE // 4)
            asked = found.ids[start : start + PAGE]
            rows = registry.page(asked) if asked else []
            hint = None
            if not asked and found.total and filter.strip():
                hint = registry.hint(filter, trashed=self.TRASHED)
        except FilterError as error:
            self.post_message(self.Refused(request, error))
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(request, error))
        else:
            self.post_message(self.Answered(request, stamp, filter, sort, found, asked, rows, view.still, hint))

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if not self.is_current_answer(event.request):
            return
        listed = self.experiments
        view = self._view(event.still)
        if view.contradicted_by(event.rows):
            listed.rows.clear()
            view = replace(view, identity=None)
        elif event.stamp != self.stamp:
            listed.rows.outdate()
        self.stamp, self.filter, self.sort, self.total = (
            event.stamp,
            event.filter,
            event.sort,
            event.found.total,
        )
        self.all_well()
        listed.sort = event.sort
        listed.message = self.nothing_here(event.hint)
        # placed under what one looks at now, which may not be where one was when it was asked
        cursor, scroll = view.place_in(event.found.ids)
        listed.show(event.found.ids, event.asked, event.rows, cursor=cursor, scroll=scroll)
        self.filter_bar.accept()
        self.show_count()
        if self.stamp != self._names_stamp:
            self._read_names(self.stamp)

    @on(Refused)
    def _refused(self, event: Refused) -> None:
        if self.is_current_answer(event.request):
            self.all_well()
            shown = f"Still shown: {self.filter}" if self.filter else "Still shown: everything"
            self.wanted_sort = self.sort
            self.show_count()
            self.filter_bar.add_class("-open")
            self.filter_bar.refuse(event.error, shown)

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if self.is_current_answer(event.request):
            if not self.experiments.ids:
                self.experiments.message = ("The registry could not be read.", "The line above says why.")
                self.experiments.refresh()
            self.show_count()
            self.trouble(event.error)

    @on(ExperimentList.Wanted)
    def _wanted(self, event: ExperimentList.Wanted) -> None:
        # one page at a time: when it is there the list asks for what is in view by then
        if not self._paging:
            self._paging = True
            self._read_page(event.ids)

    @work(thread=True, group="page", exit_on_error=False, description="page")
    def _read_page(self, ids: Sequence[int]) -> None:
        try:
            rows = self.workspace.registry.page(ids)
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(self.asked, error))
            self.post_message(self.PageRead((), ()))
        else:
            self.post_message(self.PageRead(ids, rows))

    @on(PageRead)
    def _page_read(self, event: PageRead) -> None:
        self._paging = False
        if event.asked:
            self.experiments.supply(event.asked, event.rows)

    @work(thread=True, exclusive=True, group="names", exit_on_error=False, description="names")
    def _read_names(self, stamp: tuple[object, ...] | None) -> None:
        try:
            names = self.workspace.registry.names(trashed=self.TRASHED)
        except (RegistryError, OSError):
            return  # the list says what is wrong; glyphs and completion keep what they have
        self.post_message(self.NamesRead(names, stamp))

    @on(NamesRead)
    def _names_read(self, event: NamesRead) -> None:
        self._names_stamp = event.stamp
        self.workspace.names = event.names
        self.experiments.names_read()
        self.names_changed()

    def names_changed(self) -> None:
        """Called after the names were read."""

    # saying

    def nothing_here(self, hint: str | None = None) -> Sequence[str]:
        """Return what stands in the list when nothing does; `hint` says what may be wrong with the filter."""
        if self.total:
            return (
                f"No experiment matches  {fit(self.filter, _MOST_OF_FILTER).rstrip()}",
                *((hint[0].upper() + hint[1:] + ("" if hint.endswith("?") else "."),) if hint else ()),
                f"esc clears the filter; there {'is' if self.total == 1 else 'are'} {of_them(self.total)} without it.",
            )
        return (
            "There is no experiment here yet.",
            "Bring some in:  experiments import FILE…  (JSON, NDJSON, older .sqlite)",
            "or from Python: ExperimentRegistry().register(config)",
        )

    def result_said(self) -> str:
        """Return how much of it all is shown."""
        if not self.filter:
            return of_them(self.total)
        return f"{number(len(self.experiments.ids))} of {number(self.total)}"

    def show_count(self) -> None:
        """Show in the head how many there are and how many are marked."""
        marks = len(self.workspace.marks)
        said = [self.result_said()]
        if self.sort.removeprefix("-") not in self.experiments.SORTED:
            said.append(f"by {self.sort.removeprefix('-')} {'▼' if self.sort.startswith('-') else '▲'}")
        if marks:
            said.append(f"{number(marks)} marked")
        self.top_bar.count = " · ".join(said)

    @on(ExperimentList.MarksChanged)
    def _marks_changed(self) -> None:
        self.show_count()

    def on_screen_resume(self) -> None:
        """Marks may have changed on another screen."""
        self.show_count()
        self.experiments.refresh()

    # filter and order

    @on(FilterBar.Typed)
    def _typed(self, event: FilterBar.Typed) -> None:
        if event.text != self.wanted:
            self.ask(event.text, self.wanted_sort)

    def action_keep(self) -> None:
        """Keep the filter and go on to the list."""
        self.filter_bar.hurry()
        self.set_focus(self.experiments)

    def action_complete(self) -> None:
        """Complete the name being typed, on a screen that can."""

    def action_page(self, direction: int) -> None:
        """Turn a page of what is read beside the input."""
        self.experiments.action_page(direction)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the filter to the input while one types in it: it is text there."""
        if action == "filter" and self.focused is self.filter_bar.field:
            return False
        return super().check_action(action, parameters)

    @on(ExperimentList.SortChosen)
    def _sort_chosen(self, event: ExperimentList.SortChosen) -> None:
        self.ask(self.wanted, event.sort)

    def action_sort_menu(self) -> None:
        """Choose what to sort by."""
        from tui.screens.sorting import SortScreen

        def chosen(sort: str | None) -> None:
            if sort is not None:
                self.ask(self.wanted, sort)

        self.app.push_screen(SortScreen(self.sort, self.workspace.names, self.SORTS), chosen)

    def action_filter(self) -> None:
        """Go to the filter's input."""
        self.set_focus(self.filter_bar.field)

    def about(self) -> Sequence[tuple[str, str]]:
        """Explain the glyphs of the weights, with the features they stand for here, and the signs before a row."""
        return self.experiments.about()

    # one experiment, or the marked ones

    def owner_of(self, action: Action) -> Widget:
        """Return the list for what the list does, else this screen."""
        return self.experiments if action.owner == actions.ROWS else self

    @on(ExperimentList.Opened)
    def _opened(self, event: ExperimentList.Opened) -> None:
        self.app.push_screen(self.detail_of(self.experiments.ids, event.index), self._came_back)

    def detail_of(self, ids: array[int], index: int) -> RegistryScreen:
        """Return the screen that shows one experiment of the list."""
        from tui.screens.detail import DetailScreen

        return DetailScreen(self.workspace, ids, index)

    def _came_back(self, identity: int | None) -> None:
        """Put the cursor on the experiment that was looked at last."""
        if identity is not None and identity in self.experiments.ids:
            self.experiments.go(self.experiments.ids.index(identity))

    # esc

    def step_back(self) -> bool:
        """Give up a range, clear the input, clear the filter: the first of these that there is."""
        if self.experiments.end_range():
            return True
        if self.filter_bar.field.value or self.wanted:
            self.filter_bar.field.value = ""
            self.ask("", self.wanted_sort)
            return True
        return False
