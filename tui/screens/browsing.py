"""What the list and the search screen share: a filter, an order, a list of experiments, and what one does to them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from registry.errors import FilterError, RegistryError
from tui import actions
from tui.screens.base import RegistryScreen
from tui.screens.choosing import Choosing
from tui.screens.editing import Change
from tui.screens.placing import View
from tui.screens.query import Answer, Asking, GivenUpError, Question, ask, read_page
from tui.widgets.cells import fit, number, of_them
from tui.widgets.columns import asked
from tui.widgets.edit_bar import EditBar
from tui.widgets.experiment_list import ExperimentList
from tui.widgets.filter_bar import FilterBar
from tui.widgets.names_pane import NamesPane
from tui.widgets.rows import PAGE, real
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.profile import Profile
    from registry.rows import Browse, Names, Row
    from registry.search import Basis
    from registry.search.completion import Completion
    from tui.actions import Action

SLOW = 0.15
"""Seconds after which a question still open is worth mentioning."""

LINGER = 1.0
"""Seconds the file stays open while somebody types, unless another process waits for it."""

DEFAULT_SORT = "-created"

_ANY_WORD = "e"
"""A filter that reads all that a word is looked for in."""

_NEVER = ("never",)
"""The stamp of what has not been read at all."""

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
    class PageRead(Message):
        """Rows the list wanted."""

        asked: Sequence[int]
        rows: Sequence[Row]

    @dataclass
    class ProfileRead(Message):
        """The values that names take."""

        profile: Profile

    @dataclass
    class NamesRead(Message):
        """The names in use."""

        names: Names
        stamp: tuple[object, ...] | None

    names_pane = getters.query_one(NamesPane)
    filter_bar = getters.query_one(FilterBar)
    state_line = getters.query_one(StateLine)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.filter = ""
        """The filter of the result that is shown."""
        self.wanted = ""
        """The filter that was typed last; differs from `filter` while it is wrong or being tried."""
        self.sort = workspace.remembered.sort or DEFAULT_SORT
        """The order of the result that is shown."""
        self.wanted_sort = self.sort
        """The order that was asked for last."""
        self.total = 0
        self.found: Browse | None = None
        """The result that is shown."""
        self.unfolded: set[str] = set()
        """Sweeps that were opened while the others are folded."""
        self._asking = Asking()
        self._panels = 1
        self._slow: Timer | None = None
        self._paging = False
        self._names_stamp: tuple[object, ...] | None = None
        self._profile_stamp: tuple[object, ...] | None = _NEVER

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
        self._asking.give_up()
        self._asking = Asking()
        self._browse(self.next_request(), self.question(filter, sort), self._view(still), self._asking)

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
    def _browse(self, request: int, question: Question, view: View, asking: Asking) -> None:
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
        view = self._view(event.still)
        if view.contradicted_by(answer.rows):
            listed.rows.clear()
            view = replace(view, identity=None)
        elif answer.stamp != self.stamp or self.found is None or self._reads_other_values(answer.found):
            listed.rows.outdate()
        self.stamp, self.filter, self.sort = answer.stamp, answer.question.filter, answer.question.sort
        self.found, self.total, self._panels = answer.found, answer.found.total, answer.panels
        self.all_well()
        listed.sort = self.sort
        listed.message = self.nothing_here(answer.hint)
        # placed under what one looks at now, which may not be where one was when it was asked
        cursor, scroll = view.place_in(answer.found.ids)
        listed.show(answer.found.ids, answer.asked, answer.rows, cursor=cursor, scroll=scroll, folds=answer.found.folds)
        self.filter_bar.accept()
        self.show_count()
        self._show_state()
        self._remember_search()
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

    @on(ExperimentList.Wanted)
    def _wanted(self, event: ExperimentList.Wanted) -> None:
        # one page at a time: when it is there the list asks for what is in view by then
        if not self._paging:
            self._paging = True
            self._read_page(event.ids)

    @work(thread=True, group="page", exit_on_error=False, description="page")
    def _read_page(self, ids: Sequence[int]) -> None:
        try:
            rows = () if self.found is None else read_page(self.workspace.registry, ids, self.found)
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
        """Offer the names that were read."""
        self.suggest()

    # completing

    def on_descendant_focus(self) -> None:
        """Read what values names take when somebody is about to write a filter, and be ready for its first key."""
        super().on_descendant_focus()
        if self.focused is self.filter_bar.field:
            read, self._profile_stamp = self._profile_stamp != self.stamp, self.stamp
            self._get_ready(self.experiments.ids[:PAGE], profile=read)

    @work(thread=True, group="profile", exit_on_error=False, description="profile")
    def _get_ready(self, ids: Sequence[int], *, profile: bool) -> None:
        registry = self.workspace.registry
        # the list says what is wrong with a registry; completion keeps what it has
        with suppress(RegistryError, OSError):
            if profile:
                self.post_message(self.ProfileRead(registry.profile()))
            with registry.reading(LINGER):  # what a first key reads is then in memory
                registry.count(_ANY_WORD, trashed=self.TRASHED)
                registry.page(real(ids))

    @on(ProfileRead)
    def _profile_read(self, event: ProfileRead) -> None:
        self.workspace.profile = event.profile
        self.names_pane.know(event.profile)
        self.suggest()

    @on(Input.Changed, "FilterInput")
    def _input_changed(self) -> None:
        self.suggest()

    def suggest(self) -> None:
        """Show what could stand at the cursor of the filter."""
        field = self.filter_bar.field
        if not field.value:
            self.names_pane.remember(self.workspace.remembered.saved, self.workspace.remembered.recent)
        self.names_pane.offer(field.value, field.cursor_position, self.workspace.names)

    def action_complete(self) -> None:
        """Complete the name or value being typed."""
        if self.names_pane.best is not None:
            self._put_in(self.names_pane.best)

    @on(NamesPane.Chosen)
    def _completion_chosen(self, event: NamesPane.Chosen) -> None:
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

    # filter and order

    @on(FilterBar.Typed)
    def _typed(self, event: FilterBar.Typed) -> None:
        if event.text != self.wanted:
            self.ask(event.text, self.wanted_sort)

    def action_keep(self) -> None:
        """Keep the filter and go on to the list."""
        self.filter_bar.hurry()
        self.set_focus(self.experiments)
        self._remember_search()

    def _remember_search(self) -> None:
        """Remember a filter that was left standing; the keys before the last one may still be on their way."""
        recent, text = self.workspace.remembered.recent, self.filter.strip()
        kept = self.focused is not self.filter_bar.field and self.wanted == self.filter
        if kept and text and recent[:1] != [text]:
            self.workspace.remembered.remember_search(text)
            self.remember()

    def action_save_search(self) -> None:
        """Save the filter under a name."""
        text = (self.filter_bar.field.value or self.filter).strip()
        if not text:
            self.say("There is no filter to save; / opens it.", problem=True)
            return
        self.edit(EditBar("save this search as"), partial(self._save_search, text))

    def _save_search(self, text: str, name: str) -> Change:
        if not name.strip():
            raise ValueError("give it a name")
        self.workspace.remembered.saved[name.strip()] = text
        if (trouble := self.workspace.keep()) is not None:
            raise ValueError(trouble)
        return Change(f"Saved as {name.strip()}; R brings it back.")

    def action_searches(self) -> None:
        """Choose one of the saved and recent searches."""
        from tui.screens.choice import Choice, ChoiceScreen

        remembered = self.workspace.remembered
        choices = [Choice(text, name, text) for name, text in remembered.saved.items()]
        choices += [Choice(text, text) for text in remembered.recent if text not in remembered.saved.values()]
        if not choices:
            self.say("No search was kept yet: enter keeps one, S saves it under a name.")
            return

        def chosen(text: str | None) -> None:
            if text is not None:
                self.show_filter(text)

        def dropped(text: str) -> None:
            remembered.saved = {name: each for name, each in remembered.saved.items() if each != text}
            remembered.recent = [each for each in remembered.recent if each != text]
            self.remember()

        foot = "enter searches  x forgets one  esc back"
        self.app.push_screen(ChoiceScreen("Searches", choices, foot=foot, dropped=dropped), chosen)

    def show_filter(self, text: str) -> None:
        """Show what a filter finds, as if it had been typed."""
        self.filter_bar.add_class("-open")
        self.filter_bar.field.value = text
        self.filter_bar.field.cursor_position = len(text)
        self.filter_bar.hurry()
        self.set_focus(self.experiments)

    def action_page(self, direction: int) -> None:
        """Turn a page of what is read beside the input."""
        self.experiments.action_page(direction)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the filter to the input while one types in it: it is text there."""
        if action == "filter" and self.focused is self.filter_bar.field:
            return False
        return super().check_action(action, parameters)

    def _show_state(self) -> None:
        """Show what else is in force: where the metrics were read, and what is folded."""
        found = self.found
        said = []
        if found is not None and found.basis is not None:
            choice = f" (one of {self._panels}; P chooses)" if self._panels > 1 else ""
            said.append(f"metrics on {found.basis}{_made(found.metrics_note)}{choice}")
        if found is not None and found.folds:
            hidden = sum(len(each.ids) for each in found.folds)
            said.append(f"{of_them(len(found.folds), 'sweep')} folded ({number(hidden)}); z unfolds")
        self.workspace.basis = None if found is None or found.basis is None else str(found.basis)
        self.state_line.show(" · ".join(said))

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
        if self.experiments.end_range():
            return True
        if self.filter_bar.field.value or self.wanted:
            self.filter_bar.field.value = ""
            self.ask("", self.wanted_sort)
            return True
        return False


def _made(note: str | None) -> str:
    """Return what keeps metrics from being comparable in a few words: there is no room for the sentence."""
    return "" if note is None else f", {note.removeprefix('the runs ').removeprefix('were made ')}"
