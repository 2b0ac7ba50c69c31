"""Moving experiments to the trash from any screen: ask, do it in a thread, and remember how to take it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual import on, work
from textual.message import Message

from registry.config import SHORT_HASH
from registry.errors import RegistryError
from registry.numbers import of_them
from tui.screens.confirm import ConfirmScreen
from tui.screens.finding import Finding
from tui.workspace import Undo

ALREADY_GONE = "It is already gone."
NAMED = 6
"""Experiments a dialog names; of more it says how many."""


@dataclass(frozen=True, slots=True)
class Target:
    """An experiment that may be deleted, as much of it as the dialog names."""

    config_hash: str
    description: str


class Deleting(Finding):
    """What a screen needs to delete."""

    @dataclass
    class Deleted(Message):
        """Experiments were moved to the trash."""

        hashes: Sequence[str]

    def ask_to_delete(self, targets: Sequence[Target], *, marked: bool = False) -> None:
        """Ask whether these are to go to the trash, naming them and what can be done afterwards."""
        if not targets:
            self.say(ALREADY_GONE, problem=True)
            return
        one = len(targets) == 1
        lines = [f"{target.config_hash[:SHORT_HASH]}  {target.description}" for target in targets[:NAMED]]
        if len(targets) > NAMED:
            lines.append(f"and {len(targets) - NAMED:,} more")
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
            self.post_message(self.Deleted(gone))

    @on(Deleted)
    def _deleted(self, event: Deleted) -> None:
        count = len(event.hashes)
        gone, workspace = set(event.hashes), self.workspace
        marks = {config_hash: told for config_hash, told in workspace.marks.items() if config_hash in gone}
        workspace.unmark(gone)
        reference = workspace.reference if workspace.reference in gone else None
        if reference is not None:
            workspace.reference = None
        if gone:
            restore = self._restore(list(event.hashes), marks, reference)
            workspace.undos.append(Undo(f"restore {count:,} from the trash", restore))
            back = "it" if count == 1 else "them"
            self.say(f"{of_them(count)} moved to the trash; U brings {back} back.")
        else:
            self.say(ALREADY_GONE, problem=True)
        self.after_delete(event.hashes)

    def after_delete(self, hashes: Sequence[str]) -> None:
        """Called when experiments were moved to the trash."""
        self.reload()

    def _restore(self, hashes: Sequence[str], marks: Mapping[str, str], reference: str | None) -> Callable[[], str]:
        registry = self.workspace.registry

        def restore() -> str:
            back = registry.restore_many(hashes)
            if not back:
                return "Nothing was restored: this registry's trash does not hold it any more."
            self.workspace.in_trash().unmark(back)
            live = set(back)
            self.workspace.mark({config_hash: told for config_hash, told in marks.items() if config_hash in live})
            if self.workspace.reference is None and reference in live:
                self.workspace.reference = reference
            return f"{of_them(len(back))} restored from the trash."

        return restore
