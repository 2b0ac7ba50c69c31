"""Experiments side by side, against a reference."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import getters, on, work
from textual.message import Message
from textual.widget import Widget

from registry.config import SHORT_HASH
from registry.errors import RegistryError
from tui import actions
from tui.screens.asking import Asking
from tui.screens.learning import Learning
from tui.screens.selecting import Picked, read_selection
from tui.selection import Selection, on_usual_panel
from tui.widgets.cells import fit
from tui.widgets.compare_cell_line import CellLine
from tui.widgets.compare_pair import PairHead
from tui.widgets.compare_table import CompareTable
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.comparison import Comparison
    from tui.actions import Action


class CompareScreen(Asking, Learning):
    """Any number of experiments as columns, what they consist of as rows: those named, or the best a filter finds."""

    NAME = actions.COMPARE
    BINDINGS = actions.bindings(actions.SCREEN, actions.COMPARE)
    AUTO_FOCUS = "CompareTable"

    @dataclass
    class Answered(Message):
        """The comparison was made."""

        request: int
        stamp: tuple[object, ...]
        comparison: Comparison
        said: str

    table = getters.query_one(CompareTable)
    pair = getters.query_one(PairHead)
    cell_line = getters.query_one(CellLine)

    state_line = getters.query_one(StateLine)

    def __init__(
        self, workspace: Workspace, hashes: Sequence[str], reference: str | None, *, found: Selection | None = None
    ) -> None:
        """Compare experiments by hash, or with `found` the best of what a filter finds."""
        super().__init__(workspace)
        self.hashes = list(hashes)
        self.reference = reference if found is not None or reference in self.hashes else self.hashes[0]
        self.found = found

    def body(self) -> Iterable[Widget]:
        """Yield the table."""
        yield StateLine()
        yield PairHead()
        yield CompareTable()
        yield CellLine()

    def reload(self) -> None:
        """Compare again."""
        self.top_bar.crumbs = (f"compare {len(self.hashes):,}" if self.hashes else "compare",)
        self._compare(self.next_request(), list(self.hashes))

    @work(thread=True, exclusive=True, group="compare", exit_on_error=False, description="compare")
    def _compare(self, request: int, hashes: Sequence[str]) -> None:
        registry = self.workspace.registry
        try:
            stamp = registry.changed_stamp()
            picked = self._read(hashes)
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(request, error))
        else:
            self.post_message(self.Answered(request, stamp, picked.comparison, picked.said))

    def _read(self, hashes: Sequence[str]) -> Picked:
        """Compare on the panel and period that were chosen, or where these are gone on those that most have."""
        if self.found is not None:
            return read_selection(self.workspace, self.found.filter, self.reference)
        compare = partial(self.workspace.registry.compare_many, hashes)
        return Picked(on_usual_panel(compare, self.workspace.read_on), "")

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if not self.is_current_answer(event.request):
            return
        self.stamp = event.stamp
        self.all_well()
        self.hashes = list(event.comparison.hashes)
        reference = self.hashes.index(self.reference) if self.reference in self.hashes else 0
        if self.found is not None:
            self.top_bar.crumbs = (f"compare {len(self.hashes):,}",)
        self.state_line.show(event.said)
        self.pair.show(event.comparison, reference)
        self.table.show(event.comparison, reference)

    def unread(self) -> None:
        """Say where the table would stand that it could not be made."""
        self.table.message = "The comparison could not be made; the line above says why."
        self.table.refresh()

    @on(CompareTable.Moved)
    def _moved(self) -> None:
        table = self.table
        if table.comparison is None:
            return
        self.cell_line.show(table.comparison, table.item, table.place, table.look.reference)
        count = f"column {table.column + 1} of {len(table.grid.columns)}"
        if table.look.transposed:
            name = table.item.name if table.item is not None else ""
            room = self.size.width // 3
            self.top_bar.count = f"{fit(name, min(room, cell_len(name))).rstrip()}, {count}" if name else ""
        else:
            self.top_bar.count = count

    @property
    def current_hash(self) -> str | None:
        """The full hash of the cursor's column."""
        place = self.table.place
        return None if place is None else self.hashes[place]

    def owner_of(self, action: Action) -> Widget:
        """Return the table for what the table does, else this screen."""
        return self.table if action.owner == actions.TABLE else self

    def action_reference(self) -> None:
        """Make the cursor's column the reference."""
        if self.current_hash is not None:
            self.reference = self.workspace.reference = self.current_hash
            self.table.make_reference()
            if self.table.comparison is not None:
                self.pair.show(self.table.comparison, self.table.look.reference)

    def action_drop(self) -> None:
        """Take the cursor's column out."""
        if self.current_hash is None:
            return
        if len(self.hashes) <= 2:
            self.say("Two experiments are the least that can be compared.", problem=True)
            return
        dropped = self.current_hash
        self.hashes.remove(dropped)
        self.found = None  # what is left is no longer what the filter finds
        if dropped == self.reference:
            self.reference = self.hashes[0]
        self.reload()
        self.say(f"{dropped[:SHORT_HASH]} is out of this comparison.")

    def selection(self) -> Selection:
        """Return the experiments that are compared, or all that the filter finds."""
        return self.found or Selection(hashes=tuple(self.hashes), which="compared")

    def action_metric(self) -> None:
        """Choose the metric by which the best of a filter are chosen, and verdicts given."""
        if self.found is None:
            self.say("These were chosen one by one; a metric chooses the best of a filter: f in the list.")
        else:
            self.ask_metric(self.reload)

    def action_verdict(self) -> None:
        """Say whether the cursor's experiment helped against the reference; on the reference, whether any did."""
        from tui.screens.verdict import VerdictScreen

        control = self.hashes[self.table.look.reference] if self.table.comparison is not None else None
        if control is None or self.current_hash is None:
            return
        others = [full for full in self.hashes if full != control]
        chosen = None if self.current_hash == control else self.current_hash
        self.app.push_screen(VerdictScreen(self.workspace, control, others, chosen))

    def action_open(self) -> None:
        """Open the experiment of the cursor's column."""
        from tui.screens.detail import DetailScreen

        if self.current_hash is not None:
            self.app.push_screen(DetailScreen(self.workspace, array("q"), 0, config_hash=self.current_hash))

    def action_copy(self) -> None:
        """Copy the full hash of the cursor's experiment."""
        if self.current_hash is not None:
            self.copy_hash(self.current_hash)

    def action_copy_table(self) -> None:
        """Copy the table as it is shown, as Markdown."""
        from registry.exchange import comparison_text

        shown = self.table.shown
        if shown is not None:
            self.app.copy_to_clipboard(comparison_text(shown, "markdown", transposed=self.table.look.transposed))
            self.say("Copied the table as Markdown, by the terminal (OSC 52).")

    def action_write(self) -> None:
        """Ask where to, then write the table as it is shown."""
        from tui.screens.write_table import WriteTableScreen

        shown = self.table.shown
        if shown is None or self.table.comparison is None:
            return
        left_out = len(self.table.comparison.rows) - len(shown.rows)

        def done(said: str | None) -> None:
            if said is not None:
                self.say(said)

        self.app.push_screen(
            WriteTableScreen(self.workspace, shown, transposed=self.table.look.transposed, left_out=left_out), done
        )

    def about(self) -> Sequence[tuple[str, str]]:
        """Explain the signs, with the cell under the cursor as the example."""
        return self.table.about()
