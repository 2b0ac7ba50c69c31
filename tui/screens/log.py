"""What happened when, the newest first, and a text that narrows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.message import Message
from textual.widget import Widget

from registry.errors import RegistryError
from registry.numbers import of_them
from tui import actions
from tui.screens.filtered import LINGER
from tui.screens.folding import FoldingFilter
from tui.screens.giving_up import GivenUpError, OnItsWay
from tui.screens.opening import Opening
from tui.screens.placing import View
from tui.widgets.cells import fit, number
from tui.widgets.event_table import EventTable
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import PAGE

if TYPE_CHECKING:
    from registry.events import Event, LogBrowse

_MOST_OF_TEXT = 200
"""Characters of a text that are repeated when nothing has it."""


class LogScreen(FoldingFilter, Opening):
    """The log; what comes in while one looks at its top is seen there at once."""

    NAME = actions.LOG
    CSS_PATH = "log.tcss"
    BINDINGS = actions.bindings(actions.SCREEN, actions.LOG)
    AUTO_FOCUS = "EventTable"

    @dataclass
    class Answered(Message):
        """The events that have a text, with those that will be in view."""

        request: int
        stamp: tuple[object, ...]
        text: str
        found: LogBrowse
        asked: Sequence[int]
        events: Sequence[Event]
        still: bool

    table = getters.query_one(EventTable)

    def body(self) -> Iterable[Widget]:
        """Yield the table and the filter."""
        yield EventTable()
        yield FilterBar("a text: tagged, 08d6b6669e67, words of a description")

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("log",)

    @property
    def rows(self) -> EventTable:
        """The table."""
        return self.table

    # reading

    def reload(self) -> None:
        """Read again with the same text; what is under the cursor stays where it is."""
        self.ask(self.wanted, still=True)

    def narrow(self, text: str) -> None:
        """Ask for the events that have another text."""
        self.ask(text)

    def ask(self, text: str, *, still: bool = False) -> None:
        """Ask for the events that have a text; `still` when nobody asked for others, so that nothing may move."""
        self.wanted = text
        self._browse(self.next_request(), text, self.view(still), self.next_asking())

    @work(thread=True, exclusive=True, group="log", exit_on_error=False, description="log")
    def _browse(self, request: int, text: str, view: View, asking: OnItsWay) -> None:
        registry = self.workspace.registry
        linger = LINGER if not view.still and text else 0.0  # somebody who types a text will type on
        try:
            stamp = registry.changed_stamp()
            self.workspace.check_there()
            with registry.reading(linger) as interrupt, asking.stopped_by(interrupt):
                found = registry.browse_log(text)
                asking.go_on()
                cursor, scroll = view.place_in(found.ids)
                start = max(0, min(scroll, cursor) - PAGE // 4)
                asked = found.ids[start : start + PAGE]
                events = registry.log_page(asked) if asked else []
        except GivenUpError:
            return
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(request, error))
        else:
            self.post_message(self.Answered(request, stamp, text, found, asked, events, view.still))

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if not self.is_current_answer(event.request):
            return
        table, view = self.table, self.view(event.still)
        if view.contradicted_by(event.events):
            table.rows.clear()
            view = replace(view, identity=None)
        elif event.stamp != self.stamp:
            table.rows.outdate()
        self.stamp = event.stamp
        self.all_well()
        table.message = _nothing_here(event.text, event.found.total)
        cursor, scroll = view.place_in(event.found.ids)
        table.show(event.found.ids, event.asked, event.events, cursor=cursor, scroll=scroll)
        total = of_them(event.found.total, "event")
        self.top_bar.count = f"{number(len(event.found.ids))} of {total}" if event.text.strip() else total

    def unread(self) -> None:
        """Say so in a table that has nothing to show."""
        if not self.table.ids:
            self.table.message = ("The log could not be read.", "The line above says why.")
            self.table.refresh()

    def read_rows(self, ids: Sequence[int]) -> Sequence[Event]:
        """Read events by id, away from the screen's thread."""
        return self.workspace.registry.log_page(ids)

    # the filter

    def action_complete(self) -> None:
        """Go to the table: a text has nothing to complete."""
        self.action_keep()

    # the experiment of an event

    @on(EventTable.Opened)
    def _opened(self) -> None:
        config_hash = self._hash()
        if config_hash is not None:
            self.open_hash(config_hash)

    def _hash(self) -> str | None:
        """Return the hash of the event under the cursor; say so when it has none."""
        event = self.table.current_row
        if event is not None and event.config_hash is None:
            self.say("This event is about no single experiment.")
        return None if event is None else event.config_hash

    def gone(self, short_hash: str) -> str:
        """Return what is said of an experiment that is nowhere."""
        return f"{short_hash} was purged; this log is all that is kept of it."

    def action_copy(self) -> None:
        """Copy the full hash of the event's experiment."""
        config_hash = self._hash()
        if config_hash is not None:
            self.copy_hash(config_hash)

    def about(self) -> Sequence[tuple[str, str]]:
        """Explain the columns."""
        return (
            ("WHEN", "in UTC; what happened last stands first"),
            ("HASH", "the experiment, also one that is in the trash or was purged since"),
        )


def _nothing_here(text: str, total: int) -> Sequence[str]:
    """Return what stands in the table when nothing does."""
    if not total:
        return ("Nothing has happened yet.", "What is registered, tagged, described, deleted … is told here.")
    without = f"esc clears the filter; there {'is' if total == 1 else 'are'} {of_them(total, 'event')} without it."
    return (f"No event has the text  {fit(text, _MOST_OF_TEXT).rstrip()}", without)
