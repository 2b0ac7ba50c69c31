"""Screens whose answer is a table of lines."""

from __future__ import annotations

from textual.widget import Widget

from tui import actions
from tui.actions import Action
from tui.screens.computing import Computing
from tui.widgets.cells import wrap
from tui.widgets.result_table import ResultTable


class Results(Computing):
    """What the screens of verdicts, importances and relatives share."""

    @property
    def table(self) -> ResultTable:
        """The table."""
        raise NotImplementedError

    def clear(self) -> None:
        """Show no lines."""
        raise NotImplementedError

    def owner_of(self, action: Action) -> Widget:
        """Return the table for what the table does, else this screen."""
        return self.table if action.owner == actions.RESULTS else self

    def show_refusal(self, sentence: str) -> None:
        """Say in place of the lines why there are none."""
        self.table.message = tuple(wrap(sentence, max(20, self.size.width - 4)))
        self.clear()
