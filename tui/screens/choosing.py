"""What one can do with the experiments of a list: compare, refer, copy, delete, take marks off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import getters

from registry.config import SHORT_HASH
from tui.screens.base import RegistryScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deleting import Deleting
from tui.widgets.cells import of_them
from tui.widgets.experiment_list import ExperimentList
from tui.workspace import Undo

if TYPE_CHECKING:
    from registry.rows import Row


MOST_COMPARED = 200
"""Columns beyond which a comparison says nothing to anybody."""


class Choosing(Deleting):
    """The actions on marked experiments, or on the one under the cursor."""

    experiments = getters.query_one(ExperimentList)

    def show_count(self) -> None:
        """Show how many experiments are marked."""
        raise NotImplementedError

    def action_compare(self) -> None:
        """Compare the marked experiments, or the one under the cursor with the reference."""
        row = self.experiments.current_row
        marks = list(self.workspace.marks)
        if len(marks) == 1 and row is not None and row.id not in marks:
            marks.append(row.id)
        reference = self.workspace.reference
        if len(marks) > MOST_COMPARED:
            self.say(f"{of_them(len(marks))} are too many to compare; mark {MOST_COMPARED} at most.", problem=True)
        elif len(marks) >= 2:
            self._open_comparison(marks)
        elif row is None:
            self.say("There is nothing to compare.", problem=True)
        elif reference is not None and reference != row.config_hash:
            self.app.push_screen(self._comparison([reference, row.config_hash], reference))
        elif row.parent is not None:
            self.app.push_screen(self._comparison([row.parent, row.config_hash], row.parent))
        else:
            self.say(
                "Mark two or more with space, or make one the reference with b; then c compares.",
                problem=True,
            )

    def _comparison(self, hashes: list[str], reference: str | None) -> RegistryScreen:
        from tui.screens.compare import CompareScreen

        return CompareScreen(self.workspace, hashes, reference)

    def _open_comparison(self, ids: Sequence[int]) -> None:
        def compare(rows: Sequence[Row]) -> None:
            hashes = [row.config_hash for row in rows if row.deleted_at is None]
            reference = self.workspace.reference if self.workspace.reference in hashes else None
            if len(hashes) < 2:
                self.say("Fewer than two of the marked experiments are still there.", problem=True)
            else:
                self.app.push_screen(self._comparison(hashes, reference))

        self.with_rows(ids, compare)

    def action_reference(self) -> None:
        """Make the experiment under the cursor the reference, or take that back."""
        row = self.experiments.current_row
        if row is not None:
            self.toggle_reference(row.config_hash)
            self.experiments.refresh()

    def toggle_reference(self, config_hash: str) -> None:
        """Make an experiment the reference, or none if it was."""
        if self.workspace.reference == config_hash:
            self.workspace.reference = None
            self.say("No reference any more.")
        else:
            self.workspace.reference = config_hash
            self.say(f"{config_hash[:SHORT_HASH]} is the reference; c on another one compares with it.")

    def action_copy(self) -> None:
        """Copy the full hash of the experiment under the cursor."""
        row = self.experiments.current_row
        if row is not None:
            self.app.copy_to_clipboard(row.config_hash)
            self.say(f"Copied {row.config_hash[:SHORT_HASH]}… in full, by the terminal (OSC 52).")

    def action_delete(self) -> None:
        """Move the marked experiments, or the one under the cursor, to the trash."""
        ids = list(self.workspace.marks)
        marked = bool(ids)
        if not ids and self.experiments.current_id is not None:
            ids = [self.experiments.current_id]
        if ids:
            self.with_rows(ids, partial(self.ask_to_delete_rows, marked=marked))

    def action_unmark(self) -> None:
        """Take all marks off; they can be brought back."""
        marks = dict(self.workspace.marks)
        if not marks:
            self.say("Nothing is marked.")
            return

        def clear(sure: bool | None = True) -> None:
            if not sure:
                return
            self.workspace.marks.clear()
            self.workspace.undos.append(Undo(f"mark {of_them(len(marks))} again", self._bring_back(marks)))
            self.experiments.refresh()
            self.show_count()
            self.say(f"{of_them(len(marks))} unmarked; U marks {'it' if len(marks) == 1 else 'them'} again.")

        if len(marks) == 1:
            clear()
        else:
            self.app.push_screen(ConfirmScreen(f"Take the marks off {of_them(len(marks))}?", [], "Unmark"), clear)

    def _bring_back(self, marks: dict[int, None]) -> Callable[[], str]:
        def bring_back() -> str:
            self.workspace.mark(marks)
            return f"{of_them(len(marks))} marked again."

        return bring_back
