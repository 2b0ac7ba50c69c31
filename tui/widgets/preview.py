"""Beside the list, when the window is wide: the experiment under the cursor, as its own page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from tui.widgets.lineage import Lineage
from tui.widgets.run_list import RunList
from tui.widgets.sections import Family, Features, Hyperparameters, Identity, Notes, Runs, Section

if TYPE_CHECKING:
    from registry.rows import Details


class Preview(VerticalScroll, can_focus=False):
    """The sections of an experiment, to look at only."""

    DEFAULT_CSS = """
    Preview {
        width: 40%; height: 1fr; padding: 0 1; background: $surface; display: none; scrollbar-size-vertical: 1;
        OpenList, OpenList > .option-list--option-highlighted { background: $surface; }
        &.-filled { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay the sections out, none of which takes the keys."""
        for section in (Identity, Features, Runs, Hyperparameters, Family, Notes):
            yield section()

    def on_mount(self) -> None:
        """Leave the keys to the list."""
        for kind in (RunList, Lineage):
            self.query_one(kind).can_focus = False

    def show(self, details: Details | None) -> None:
        """Show another experiment, or none."""
        self.set_class(details is not None, "-filled")
        if details is not None:
            for section in self.query(Section):
                section.show(details)
            self.scroll_home(animate=False)
