"""Aliases: where they point and pointed, promoting and rolling back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.message import Message
from textual.widget import Widget

from registry.errors import AliasFileError, RegistryError
from tui import actions
from tui.moves import rollback_lines
from tui.screens.confirm import ConfirmScreen
from tui.screens.opening import Opening
from tui.screens.promoting import Promoting
from tui.widgets.alias_table import AliasTable, Line, lines_of
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.aliases import Rollback
    from tui.actions import Action


class AliasesScreen(Opening, Promoting):
    """Every alias with its history; what is promoted from here is the experiment under the list's cursor."""

    NAME = actions.ALIASES
    BINDINGS = actions.bindings(actions.SCREEN, actions.ALIASES)
    AUTO_FOCUS = "AliasTable"

    @dataclass
    class Answered(Message):
        """The aliases were read."""

        request: int
        stamp: tuple[object, ...]
        lines: Sequence[Line]

    @dataclass
    class FileRefused(Message):
        """The file that follows the alias is not ours to replace unasked."""

        plan: Rollback
        error: AliasFileError

    table = getters.query_one(AliasTable)

    def __init__(self, workspace: Workspace, config_hash: str | None) -> None:
        super().__init__(workspace)
        self._hash = config_hash
        """The experiment that is promoted from here."""

    def body(self) -> Iterable[Widget]:
        """Yield the table."""
        yield AliasTable()

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("aliases",)

    def owner_of(self, action: Action) -> Widget:
        """Return the table for what the table does, else this screen."""
        return self.table if action.owner == actions.MOVES else self

    def reload(self) -> None:
        """Read the aliases again."""
        self._read(self.next_request())

    @work(thread=True, exclusive=True, group="aliases", exit_on_error=False, description="aliases")
    def _read(self, request: int) -> None:
        registry = self.workspace.registry
        try:
            stamp = registry.changed_stamp()
            histories = {move.alias: registry.history(move.alias) for move in registry.aliases()}
            files = {each.alias: f"{each.file}  {each.sentence}".rstrip() for each in registry.alias_files()}
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(request, error))
        else:
            self.post_message(self.Answered(request, stamp, lines_of(histories, files)))

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if not self.is_current_answer(event.request):
            return
        self.stamp = event.stamp
        self.all_well()
        self.table.message = (
            "There is no alias yet.",
            "An alias such as production is a name that moves from experiment to experiment.",
            "m on an experiment makes one:  experiments promote HASH production",
        )
        self.table.show(list(event.lines))
        count = sum(line.move is None for line in event.lines)
        self.top_bar.count = f"{count:,} alias{'' if count == 1 else 'es'}"

    @on(AliasTable.Opened)
    def _opened(self, event: AliasTable.Opened) -> None:
        self.open_hash(event.config_hash)

    @property
    def taken_hash(self) -> str | None:
        """The full hash of the version under the cursor."""
        current = self.table.current
        return None if current is None or current.move is None else current.move.config_hash

    def action_copy(self) -> None:
        """Copy the full hash of this version's experiment."""
        if self.taken_hash is not None:
            self.copy_hash(self.taken_hash)

    def action_promote(self) -> None:
        """Promote the experiment one came from, to the alias under the cursor or another one."""
        current = self.table.current
        if self._hash is None:
            self.say("Open this screen from an experiment (A) to promote that; or m on one promotes it.")
        else:
            self.ask_to_promote(self._hash, "" if current is None else current.alias)

    def action_rollback(self) -> None:
        """Roll the alias under the cursor back: to the version under the cursor when that is an earlier one."""
        current = self.table.current
        if current is None or current.move is None:
            self.say("There is no alias to roll back.", problem=True)
            return
        newest = next(line.move for line in self.table.lines if line.alias == current.alias and line.move is not None)
        to = None if current.move == newest or current.in_force else f"v{current.move.version}"
        self.find(partial(self.workspace.registry.plan_rollback, current.alias, to), self._confirm_rollback)

    def _confirm_rollback(self, plan: Rollback) -> None:
        def answered(sure: bool | None) -> None:
            if sure:
                self._roll_back(plan, force=False)

        self.app.push_screen(ConfirmScreen(f"Roll {plan.alias} back?", rollback_lines(plan), "Roll back"), answered)

    @work(thread=True, group="rollback", exit_on_error=False, description="rollback")
    def _roll_back(self, plan: Rollback, *, force: bool) -> None:
        registry = self.workspace.registry
        try:
            move = registry.rollback(plan.alias, why="rolled back in the app", plan=plan, force=force)
        except AliasFileError as error:
            self.post_message(self.FileRefused(plan, error))
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
        else:
            said = f"{move.alias} is back at v{plan.to.version}, as v{move.version}."
            self.post_message(self.Moved(said))

    @on(FileRefused)
    def _file_refused(self, event: FileRefused) -> None:
        def answered(sure: bool | None) -> None:
            if sure:
                self._roll_back(event.plan, force=True)

        self.app.push_screen(ConfirmScreen("Replace the file?", [str(event.error)], "Replace"), answered)

    def about(self) -> list[tuple[str, str]]:
        """Explain the sign of the version in force."""
        return self.table.about()
