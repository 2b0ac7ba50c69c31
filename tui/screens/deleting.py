"""Moving experiments to the trash from any screen: ask, do it in a thread, and remember how to take it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message

from registry.config import SHORT_HASH
from registry.errors import RegistryError
from tui.screens.base import RegistryScreen
from tui.screens.confirm import ConfirmScreen
from tui.workspace import Undo

if TYPE_CHECKING:
    from registry.rows import Row

_NAMED = 6
"""Experiments a dialog names; of more it says how many."""


@dataclass(frozen=True, slots=True)
class Target:
    """An experiment that may be deleted, as much of it as the dialog names."""

    config_hash: str
    description: str
    id: int | None = None
    """Its id, when the screen knows it: its mark goes with it."""


class Deleting(RegistryScreen):
    """What a screen needs to delete."""

    @dataclass
    class RowsRead(Message):
        """The rows that an action wants to know before it acts."""

        rows: Sequence[Row]
        then: Callable[[Sequence[Row]], None]

    @dataclass
    class Deleted(Message):
        """Experiments were moved to the trash."""

        hashes: Sequence[str]
        targets: Sequence[Target]

    @dataclass
    class NotDone(Message):
        """The registry refused a change."""

        error: RegistryError | OSError

    @work(thread=True, group="rows", exit_on_error=False, description="rows")
    def with_rows(self, ids: Sequence[int], then: Callable[[Sequence[Row]], None]) -> None:
        """Read rows by id, then do something with them."""
        try:
            rows = self.workspace.registry.page(ids)
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
        else:
            self.post_message(self.RowsRead(rows, then))

    @on(RowsRead)
    def _rows_read(self, event: RowsRead) -> None:
        event.then(event.rows)

    def ask_to_delete_rows(self, rows: Sequence[Row], *, marked: bool) -> None:
        """Ask about the experiments of these rows, but for those that are in the trash already."""
        live = [Target(row.config_hash, row.description, row.id) for row in rows if row.deleted_at is None]
        self.ask_to_delete(live, marked=marked)

    def ask_to_delete(self, targets: Sequence[Target], *, marked: bool = False) -> None:
        """Ask whether these are to go to the trash, naming them and what can be done afterwards."""
        if not targets:
            self.say("It is already gone.", problem=True)
            return
        one = len(targets) == 1
        lines = [f"{target.config_hash[:SHORT_HASH]}  {target.description}" for target in targets[:_NAMED]]
        if len(targets) > _NAMED:
            lines.append(f"and {len(targets) - _NAMED:,} more")
        names = " ".join(target.config_hash[:SHORT_HASH] for target in targets[:2]) + (" …" if len(targets) > 2 else "")
        lines += ["", f"Nothing is lost: U brings {'it' if one else 'them'} back here,"]
        lines.append(f"later: experiments restore {names}")
        kind = "marked experiment" if marked else "experiment"
        which = f"{'the' if marked else 'this'} {kind}" if one else f"the {len(targets):,} {kind}s"
        question = f"Move {which} to the trash?"

        def answered(sure: bool | None) -> None:
            if sure:
                self._delete(targets)

        self.app.push_screen(ConfirmScreen(question, lines, "Move to trash"), answered)

    @work(thread=True, group="delete", exit_on_error=False, description="delete")
    def _delete(self, targets: Sequence[Target]) -> None:
        try:
            gone = self.workspace.registry.delete_many([target.config_hash for target in targets])
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
        else:
            self.post_message(self.Deleted(gone, targets))

    @on(Deleted)
    def _deleted(self, event: Deleted) -> None:
        count = len(event.hashes)
        gone = set(event.hashes)
        self.workspace.unmark(
            target.id for target in event.targets if target.id is not None and target.config_hash in gone
        )
        if self.workspace.reference in gone:
            self.workspace.reference = None
        if gone:
            self.workspace.undos.append(Undo(f"restore {count:,} from the trash", self._restore(list(event.hashes))))
        plural = "" if count == 1 else "s"
        self.say(f"{count:,} experiment{plural} moved to the trash; U brings {'them' if plural else 'it'} back.")
        self.after_delete(event.hashes)

    def after_delete(self, hashes: Sequence[str]) -> None:
        """Called when experiments were moved to the trash."""
        self.reload()

    def _restore(self, hashes: Sequence[str]) -> Callable[[], str]:
        registry = self.workspace.registry

        def restore() -> str:
            back = registry.restore_many(hashes)
            return f"{len(back):,} experiment{'' if len(back) == 1 else 's'} restored from the trash."

        return restore

    @on(NotDone)
    def _not_done(self, event: NotDone) -> None:
        self.say(str(event.error), problem=True)
