"""What one can do with the experiments of a list: compare, refer, copy, delete, take marks off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.message import Message

from registry.config import SHORT_HASH
from registry.errors import NotFoundError, RegistryError
from registry.numbers import of_them
from tui.screens.base import RegistryScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deleting import Target
from tui.screens.learning import Learning
from tui.screens.promoting import Promoting
from tui.screens.relating import Relating
from tui.screens.taking import Taking
from tui.selection import Selection
from tui.widgets.experiment_list import ExperimentList
from tui.workspace import Undo, Workspace, described

if TYPE_CHECKING:
    from registry import ExperimentRegistry


_CHUNK = 10_000
"""Rows read at a time when many are marked."""

MOST_COMPARED = 1000
"""Columns beyond which a comparison says nothing to anybody."""


class Choosing(Taking, Promoting, Learning, Relating):
    """The actions on marked experiments, or on the one under the cursor."""

    experiments = getters.query_one(ExperimentList)

    @dataclass
    class Marked(Message):
        """The experiments that are to be marked were read."""

        found: Mapping[str, str]
        toggle: bool

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._marking = 0
        """How many times marks were asked for and not yet set."""

    def show_count(self) -> None:
        """Show how many experiments are marked."""
        raise NotImplementedError

    @on(ExperimentList.MarksWanted)
    def _marks_wanted(self, event: ExperimentList.MarksWanted) -> None:
        self._marking += 1
        self._read_marked(event.ids, event.toggle)

    @work(thread=True, group="marks", exit_on_error=False, description="marks")
    def _read_marked(self, ids: Sequence[int], toggle: bool) -> None:
        found: dict[str, str] = {}
        try:
            for start in range(0, len(ids), _CHUNK):
                found |= described(self.workspace.registry.page(ids[start : start + _CHUNK]))
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
            found.clear()
        self.post_message(self.Marked(found, toggle))

    @on(Marked)
    def _marked(self, event: Marked) -> None:
        self._marking -= 1
        self.experiments.mark(event.found, toggle=event.toggle)

    def still_marking(self) -> bool:
        """Say so when marks are still to come: nothing is done to half of what is meant."""
        if self._marking:
            self.say("Still marking; press it again in a moment.")
        return bool(self._marking)

    def action_compare(self) -> None:
        """Compare the marked experiments, or the one under the cursor with the reference."""
        row = self.experiments.current_row
        marks = list(self.workspace.marks)
        if self.still_marking():
            return
        if len(marks) == 1 and row is not None and row.config_hash not in marks:
            marks.append(row.config_hash)
        folded = self.experiments.current_fold
        if not marks and folded is not None:
            self.find(partial(hashes_of, self.workspace.registry, folded.ids[:MOST_COMPARED]), self._compare_them)
            return
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

    def _compare_them(self, hashes: Sequence[str]) -> None:
        if len(hashes) < 2:
            self.say("Fewer than two of them are still there.", problem=True)
        else:
            reference = self.workspace.reference if self.workspace.reference in hashes else None
            self.app.push_screen(self._comparison(list(hashes), reference))

    def _comparison(self, hashes: list[str], reference: str | None) -> RegistryScreen:
        from tui.screens.compare import CompareScreen

        return CompareScreen(self.workspace, hashes, reference)

    def selection(self) -> Selection:
        """Return the marked experiments, or without marks all that the filter in force finds."""
        marks = self.workspace.marks
        if len(marks) > 1:
            return Selection(hashes=tuple(marks), which="marked")
        return Selection(self.filter_in_force)

    @property
    def filter_in_force(self) -> str:
        """The filter of what is listed."""
        raise NotImplementedError

    def action_compare_found(self) -> None:
        """Compare all that the filter finds, the best of it when that is too much."""
        from tui.screens.compare import CompareScreen

        if len(self.experiments.ids) < 2 and not self.experiments.folds:
            self.say("Fewer than two are found: there is nothing to compare.", problem=True)
            return
        found = Selection(self.filter_in_force)
        self.app.push_screen(CompareScreen(self.workspace, [], self.workspace.reference, found=found))

    def _open_comparison(self, marks: Sequence[str]) -> None:
        self.find(partial(still_there, self.workspace.registry, marks), self._compare_them)

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

    @property
    def taken_hash(self) -> str | None:
        """The full hash of the experiment under the cursor."""
        row = self.experiments.current_row
        return None if row is None else row.config_hash

    def action_export(self) -> None:
        """Export the marked experiments, or all that are listed."""
        if self.still_marking():
            return
        marks = list(self.workspace.marks)
        registry, listed = self.workspace.registry, self.experiments
        if marks:
            self.find(partial(still_there, registry, marks), lambda hashes: self.ask_to_export(hashes, "marked"))
        elif listed.ids:
            ids = listed.experiments_at(0, len(listed.ids) - 1)
            self.find(partial(hashes_of, registry, ids), lambda hashes: self.ask_to_export(hashes, "listed"))
        else:
            self.say("There is nothing to export.", problem=True)

    def action_promote(self) -> None:
        """Let an alias point to the experiment under the cursor."""
        if self.taken_hash is not None:
            self.ask_to_promote(self.taken_hash)

    def action_describe(self) -> None:
        """Edit the description of the experiment under the cursor."""
        row = self.experiments.current_row
        if row is not None:
            self.edit_description(row.config_hash, row.description)

    def action_tag(self) -> None:
        """Tag the marked experiments, or edit the tags of the one under the cursor."""
        row = self.experiments.current_row
        if self.still_marking():
            return
        if self.workspace.marks:
            self.find(partial(tags_of, self.workspace.registry, list(self.workspace.marks)), self._tag_them)
        elif row is not None:
            self.edit_tags({row.config_hash: row.tags})

    def _tag_them(self, found: Mapping[str, Sequence[str]]) -> None:
        if found:
            self.edit_tags(found)
        else:
            self.say("None of the marked experiments is still there.", problem=True)

    def action_delete(self) -> None:
        """Move the marked experiments, or the one under the cursor, to the trash."""
        marks = dict(self.workspace.marks)
        row = self.experiments.current_row
        if self.still_marking():
            return
        if marks:

            def ask(hashes: list[str]) -> None:
                self.ask_to_delete([Target(each, marks[each]) for each in hashes], marked=True)

            self.find(partial(still_there, self.workspace.registry, list(marks)), ask)
        elif row is not None:
            self.ask_to_delete([Target(row.config_hash, row.description)])

    def action_unmark(self) -> None:
        """Take all marks off; they can be brought back."""
        marks = dict(self.workspace.marks)
        if self.still_marking():
            return
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

    def _bring_back(self, marks: dict[str, str]) -> Callable[[], str]:
        def bring_back() -> str:
            self.workspace.mark(marks)
            return f"{of_them(len(marks))} marked again."

        return bring_back


def tags_of(registry: ExperimentRegistry, hashes: Sequence[str]) -> dict[str, list[str]]:
    """Return the tags of those of the hashes that are still there."""
    live = still_there(registry, hashes)
    found = registry.rows_of(live, ["hash", "tags"])
    return {row["config_hash"]: list(row["tags"]) for row in found}


def hashes_of(registry: ExperimentRegistry, ids: Sequence[int]) -> list[str]:
    """Return the full hashes of the experiments with these ids that are still there, in order."""
    found: list[str] = []
    for start in range(0, len(ids), _CHUNK):
        found += [row.config_hash for row in registry.page(ids[start : start + _CHUNK])]
    return found


def still_there(registry: ExperimentRegistry, hashes: Sequence[str], *, trashed: bool = False) -> list[str]:
    """Return those of the hashes that are neither gone nor in the trash (`trashed`: still in it), in their order."""
    try:
        there = set(registry.resolve_many(hashes, trashed=trashed))
    except NotFoundError:
        there = set(registry.matching(trashed=trashed))
    return [config_hash for config_hash in hashes if config_hash in there]
