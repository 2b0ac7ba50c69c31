"""What was deleted: it waits here until it is restored or purged."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from textual import on, work
from textual.message import Message
from textual.widget import Widget

from registry.config import SHORT_HASH
from registry.errors import RegistryError
from registry.numbers import of_them
from tui import actions
from tui.screens.base import RegistryScreen
from tui.screens.browsing import BrowsingScreen
from tui.screens.choosing import still_there
from tui.screens.confirm import ConfirmScreen
from tui.screens.deleting import ALREADY_GONE, NAMED, Target
from tui.screens.folding import FoldingFilter
from tui.widgets.cells import fit, number
from tui.widgets.filter_bar import FilterBar
from tui.widgets.names_pane import NamesPane
from tui.widgets.state_line import StateLine
from tui.widgets.trash_list import TrashList
from tui.workspace import Undo, Workspace

_LOW, _NAMED_WHEN_LOW = 24, 2
"""Lines below which the dialog names fewer experiments, and how many."""
_AROUND = 12
"""Cells of a window that a dialog leaves free or draws its frame in, at least."""


class TrashScreen(FoldingFilter, BrowsingScreen):
    """The experiments in the trash, last deleted first, with marks of their own."""

    NAME = actions.TRASH
    CSS_PATH = "trash.tcss"
    BINDINGS = actions.bindings(actions.SCREEN, actions.TRASH)
    TRASHED = True
    SORTS = (("deleted", "when it was deleted"),)

    @dataclass
    class Restored(Message):
        """Experiments came back from the trash."""

        asked: Sequence[str]
        hashes: Sequence[str]

    @dataclass
    class Purged(Message):
        """Experiments went for good."""

        hashes: Sequence[str]

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.in_trash())
        self.live = workspace
        """The state of everything outside the trash."""
        self.sort = self.wanted_sort = "-deleted"

    def body(self) -> Iterable[Widget]:
        """Yield the list and the filter."""
        yield TrashList(self.workspace)
        yield StateLine()
        yield NamesPane()
        yield FilterBar("tag:draft and created < 2024-01-01")

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("trash",)

    def detail_of(self, ids: array[int], index: int) -> RegistryScreen:
        """Return the screen that shows one experiment of the list."""
        from tui.screens.trashed import TrashedScreen

        return TrashedScreen(self.live, ids, index)

    # saying

    def nothing_here(self, hint: str | None = None) -> Sequence[str]:
        """Return what stands in the list when nothing does."""
        if self.total:
            return super().nothing_here(hint)
        return ("The trash is empty.", "What is deleted waits here until it is restored or purged.")

    def result_said(self) -> str:
        """Return how much of it all is shown."""
        return super().result_said() if self.filter else f"{number(self.total)} deleted"

    # restoring

    def action_restore(self) -> None:
        """Bring the marked experiments, or the one under the cursor, back."""
        chosen = self._chosen()
        if chosen:
            self._restore_these(chosen)

    def _chosen(self) -> list[str]:
        """Return the hashes of the marked experiments, or of the one under the cursor."""
        if self.still_marking():
            return []
        row = self.experiments.current_row
        return list(self.workspace.marks) or ([] if row is None else [row.config_hash])

    @work(thread=True, group="restore", exit_on_error=False, description="restore")
    def _restore_these(self, hashes: Sequence[str]) -> None:
        try:
            back = self.workspace.registry.restore_many(hashes)
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
        else:
            self.post_message(self.Restored(hashes, back))

    @on(Restored)
    def _restored(self, event: Restored) -> None:
        count = len(event.hashes)
        self.workspace.unmark(event.asked)
        if count:
            self.workspace.undos.append(Undo(f"move {of_them(count)} back to the trash", self._back(event.hashes)))
            self.say(f"{of_them(count)} restored; U moves {'it' if count == 1 else 'them'} back to the trash.")
        else:
            self.say(ALREADY_GONE, problem=True)
        self.reload()

    def _back(self, hashes: Sequence[str]) -> Callable[[], str]:
        live = self.live

        def back() -> str:
            moved = live.registry.delete_many(hashes)
            if not moved:
                return "Nothing was moved: this registry does not hold it any more."
            live.unmark(moved)
            if live.reference in moved:
                live.reference = None
            return f"{of_them(len(moved))} moved back to the trash."

        return back

    # purging

    def action_purge(self) -> None:
        """Remove the marked experiments, or the one under the cursor, for good, after asking."""
        row = self.experiments.current_row
        known = {**({} if row is None else {row.config_hash: row.description}), **self.workspace.marks}
        marked = bool(self.workspace.marks)
        chosen = self._chosen()
        if chosen:

            def ask(hashes: list[str]) -> None:
                self._ask_to_purge([Target(each, known[each]) for each in hashes], marked=marked)

            self.find(partial(still_there, self.workspace.registry, chosen, trashed=True), ask)

    def _ask_to_purge(self, targets: Sequence[Target], *, marked: bool) -> None:
        if not targets:
            self.say(ALREADY_GONE, problem=True)
            return
        one = len(targets) == 1
        kind = "marked experiment" if marked else "experiment"
        which = f"{'the' if marked else 'this'} {kind}" if one else f"the {len(targets):,} {kind}s"
        named = NAMED if self.size.height >= _LOW else _NAMED_WHEN_LOW
        room = self.size.width - _AROUND
        lines = [fit(f"{target.config_hash[:SHORT_HASH]}  {target.description}", room) for target in targets[:named]]
        if len(targets) > named:
            lines.append(f"and {len(targets) - named:,} more")
        lines += ["", "This can't be undone.", f"Only the log keeps what it said of {'it' if one else 'them'}."]

        def answered(sure: bool | None) -> None:
            if sure:
                self._purge_these([target.config_hash for target in targets])

        self.app.push_screen(ConfirmScreen(f"Purge {which} for good?", lines, "Purge", final=True), answered)

    @work(thread=True, group="purge", exit_on_error=False, description="purge")
    def _purge_these(self, hashes: Sequence[str]) -> None:
        try:
            gone = self.workspace.registry.purge_many(hashes)
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
        else:
            self.post_message(self.Purged(gone))

    @on(Purged)
    def _purged(self, event: Purged) -> None:
        self.workspace.unmark(event.hashes)
        count = len(event.hashes)
        self.say(f"{of_them(count)} purged." if count else ALREADY_GONE, problem=not count)
        self.reload()
