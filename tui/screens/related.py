"""What the screens of relatives share: opening, marking, copying and comparing the one under the cursor."""

from __future__ import annotations

from tui.screens.opening import Opening
from tui.screens.relating import Relating
from tui.screens.results import Results
from tui.workspace import Described, described


class Related(Opening, Results, Relating):
    """A screen of experiments that are related to one, in one table."""

    @property
    def taken(self) -> Described | None:
        """The experiment under the cursor, if there is one."""
        raise NotImplementedError

    @property
    def compared_with(self) -> str | None:
        """The full hash of the experiment that the one under the cursor is compared with."""
        raise NotImplementedError

    @property
    def taken_hash(self) -> str | None:
        """The full hash of the experiment under the cursor."""
        return None if self.taken is None else self.taken.config_hash

    def action_mark(self) -> None:
        """Mark or unmark the experiment under the cursor, and step down."""
        if (taken := self.taken) is not None:
            self.workspace.mark(described([taken]), toggle=True)
            self.table.refresh()
            self.table.action_move(1)

    def action_copy(self) -> None:
        """Copy the full hash of the experiment under the cursor."""
        if self.taken_hash is not None:
            self.copy_hash(self.taken_hash)

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
