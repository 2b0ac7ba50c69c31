"""What the screens of relatives share: opening, marking, copying and comparing the one under the cursor."""

from __future__ import annotations

from textual.widget import Widget

from tui import actions
from tui.actions import Action
from tui.screens.computing import Computing
from tui.screens.opening import Opening
from tui.screens.relating import Relating


class Related(Opening, Computing, Relating):
    """A screen of experiments that are related to one, in one table."""

    @property
    def taken(self) -> tuple[str, str] | None:
        """The full hash and the description of the experiment under the cursor, if it is one."""
        raise NotImplementedError

    @property
    def compared_with(self) -> str | None:
        """The full hash of the experiment that the one under the cursor is compared with."""
        raise NotImplementedError

    @property
    def table(self) -> Widget:
        """The table."""
        raise NotImplementedError

    @property
    def taken_hash(self) -> str | None:
        """The full hash of the experiment under the cursor."""
        return None if self.taken is None else self.taken[0]

    def owner_of(self, action: Action) -> Widget:
        """Return the table for what the table does, else this screen."""
        return self.table if action.owner == actions.RESULTS else self

    def action_metric(self) -> None:
        """Choose the metric."""
        self.ask_metric(self.reload)

    def action_mark(self) -> None:
        """Mark or unmark the experiment under the cursor, and step down."""
        if self.taken is not None:
            config_hash, description = self.taken
            self.workspace.mark({config_hash: description[:80]}, toggle=True)
            self.table.refresh()
            self.table.action_move(1)  # type: ignore[attr-defined]

    def action_copy(self) -> None:
        """Copy the full hash of the experiment under the cursor."""
        if self.taken_hash is not None:
            self.app.copy_to_clipboard(self.taken_hash)
            self.say("Copied the full hash, by the terminal (OSC 52).")

    def action_compare(self) -> None:
        """Compare the experiment under the cursor with the one it is related to."""
        from tui.screens.compare import CompareScreen

        if self.taken_hash is None:
            return
        other = self.compared_with
        if other is None or other == self.taken_hash:
            self.say("There is nothing to compare this one with.", problem=True)
        else:
            self.app.push_screen(CompareScreen(self.workspace, [other, self.taken_hash], other))
