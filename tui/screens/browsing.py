"""What the list and the search screen share: a filter, an order, a list of experiments, and what one does to them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message
from textual.timer import Timer

from registry.errors import FilterError, RegistryError
from registry.numbers import of_them
from tui.screens.arranging import DEFAULT_SORT, Arranging
from tui.screens.base import RegistryScreen
from tui.screens.completing import Completing
from tui.screens.filtered import LINGER
from tui.screens.giving_up import GivenUpError, OnItsWay
from tui.screens.placing import View
from tui.screens.query import Answer, Question, ask, read_page
from tui.screens.searching import Searching
from tui.widgets.cells import fit, number
from tui.widgets.columns import asked
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.rows import real
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.rows import Browse, Names, Row

SLOW = 0.15
"""Seconds after which a question still open is worth mentioning."""

_MOST_OF_FILTER = 200
"""Cells of a filter that are repeated when it matches nothing."""


class BrowsingScreen(Completing, Searching, Arranging):
    """A screen with a list of experiments that a filter narrows."""

    AUTO_FOCUS = "ExperimentList"

    @dataclass
    class Answered(Message):
        """A question's answer."""

        request: int
        answer: Answer
        still: bool

    @dataclass
    class Refused(Message):
        """A filter that can't be understood."""

        request: int
        error: FilterError

    @dataclass
    class NamesRead(Message):
        """The names in use."""

        names: Names
        stamp: tuple[object, ...] | None

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.total = 0
        self._slow: Timer | None = None
        self._names_stamp: tuple[object, ...] | None = None

    @property
    def rows(self) -> ExperimentList:
        """The list."""
        return self.experiments

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
        self._browse(self.next_request(), self.question(filter, sort), self.view(still), self.next_asking())

    def narrow(self, text: str) -> None:
        """Ask for what another filter finds, in the same order."""
        self.ask(text, self.wanted_sort)

    def question(self, filter: str, sort: str) -> Question:
        """Return what is to be asked, with the columns, folds and panel that were chosen."""
        remembered = self.workspace.remembered
        return Question(
            filter,
            sort,
            tuple(asked(self.experiments.labels)),
            remembered.folded,
            frozenset(self.unfolded),
            remembered.panel,
            remembered.period,
            self.TRASHED,
        )

    def _show_waiting(self) -> None:
        if self.waiting:
            self.show_count()
            self.top_bar.count += " · reading …"

    @work(thread=True, exclusive=True, group="browse", exit_on_error=False, description="browse")
    def _browse(self, request: int, question: Question, view: View, asking: OnItsWay) -> None:
        # somebody who types a filter will type on
        linger = LINGER if not view.still and question.filter else 0.0
        try:
            answer = ask(self.workspace, question, view, asking, linger)
        except GivenUpError:
            return
        except FilterError as error:
            self.post_message(self.Refused(request, error))
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(request, error))
        else:
            self.post_message(self.Answered(request, answer, view.still))

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if not self.is_current_answer(event.request):
            return
        answer, listed = event.answer, self.experiments
        view = self.view(event.still)
        if view.contradicted_by(answer.rows):
            listed.rows.clear()
            view = replace(view, identity=None)
        elif answer.stamp != self.stamp or self.found is None or self._reads_other_values(answer.found):
            listed.rows.outdate()
        self.stamp, self.filter, self.sort = answer.stamp, answer.question.filter, answer.question.sort
        self.found, self.total, self.panels = answer.found, answer.found.total, answer.panels
        self.all_well()
        listed.sort = self.sort
        listed.message = self.nothing_here(answer.hint)
        # placed under what one looks at now, which may not be where one was when it was asked
        cursor, scroll = view.place_in(answer.found.ids)
        listed.show(answer.found.ids, answer.asked, answer.rows, cursor=cursor, scroll=scroll, folds=answer.found.folds)
        self.filter_bar.accept()
        self.show_count()
        self.show_state()
        self.remember_search()
        if self.stamp != self._names_stamp:
            self._read_names(self.stamp)

    def _reads_other_values(self, found: Browse) -> bool:
        return self.found is None or (found.columns, found.basis) != (self.found.columns, self.found.basis)

    @on(ExperimentList.ColumnsChanged)
    def _columns_changed(self) -> None:
        if self.asked:  # before the first question the list has no columns yet
            self.reload()

    @on(Refused)
    def _refused(self, event: Refused) -> None:
        if self.is_current_answer(event.request):
            self.all_well()
            shown = f"Still shown: {self.filter}" if self.filter else "Still shown: everything"
            if self.found is None and self.wanted_sort != DEFAULT_SORT:
                self.ask(self.wanted, DEFAULT_SORT)  # what was remembered means nothing here any more
                return
            self.wanted_sort = self.sort
            self.show_count()
            self.filter_bar.add_class("-open")
            self.filter_bar.refuse(event.error, shown)

    def unread(self) -> None:
        """Say so in a list that has nothing to show."""
        if not self.experiments.ids:
            self.experiments.message = ("The registry could not be read.", "The line above says why.")
            self.experiments.refresh()
        self.show_count()

    def read_rows(self, ids: Sequence[int]) -> Sequence[Row]:
        """Read rows by id, away from the screen's thread."""
        return () if self.found is None else read_page(self.workspace.registry, ids, self.found)

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
        """Offer the names that were read."""
        self.suggest()

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
        if not self.filter or self.found is None:
            return of_them(self.total)
        return f"{number(self.found.matched)} of {number(self.total)}"

    def show_count(self) -> None:
        """Show in the head how many there are and how many are marked."""
        marks = len(self.workspace.marks)
        said = [self.result_said()]
        seen = {column.key for column in self.experiments.columns}
        if self.sort != DEFAULT_SORT and self.sort.removeprefix("-") not in seen:
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

    def about(self) -> Sequence[tuple[str, str]]:
        """Explain the glyphs of the weights, with the features they stand for here, and the signs before a row."""
        return self.experiments.about()

    # one experiment, or the marked ones

    @on(ExperimentList.Opened)
    def _opened(self, event: ExperimentList.Opened) -> None:
        listed = self.experiments
        if (folded := listed.fold_of(listed.ids[event.index])) is not None:
            self.unfolded.add(folded.tag)
            self.reload()
            return
        self.app.push_screen(self.detail_of(listed.ids, event.index), self._came_back)

    @property
    def filter_in_force(self) -> str:
        """The filter of the result that is shown."""
        return self.filter

    def detail_of(self, ids: array[int], index: int) -> RegistryScreen:
        """Return the screen that shows one experiment of the list."""
        from tui.screens.detail import DetailScreen

        listed = self.experiments
        if not listed.folds:
            return DetailScreen(self.workspace, ids, index)
        before = sum(line < 0 for line in ids[:index])
        return DetailScreen(self.workspace, array("q", real(ids)), index - before)

    def _came_back(self, identity: int | None) -> None:
        """Put the cursor on the experiment that was looked at last."""
        if identity is not None and identity in self.experiments.ids:
            self.experiments.go(self.experiments.ids.index(identity))

    # esc

    def step_back(self) -> bool:
        """Give up a range, clear the input, clear the filter: the first of these that there is."""
        return self.experiments.end_range() or super().step_back()
