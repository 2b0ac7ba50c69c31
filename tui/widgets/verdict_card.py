"""One verdict in full sentences: what was found, what it rests on, and what could have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from registry.analysis.sentences import told
from tui.safe import safe

if TYPE_CHECKING:
    from registry.analysis.ab import Candidate, Trial


class VerdictCard(Static):
    """The card."""

    DEFAULT_CSS = """
    VerdictCard { height: auto; max-height: 60%; padding: 0 1; background: $surface; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show(self, trial: Trial | None, candidate: Candidate | None) -> None:
        """Tell a verdict, or nothing."""
        if trial is None or candidate is None:
            self.update("")
            return
        first, *rest = told(trial, candidate)
        self.update(
            Content("\n").join([Content.assemble((safe(first), "bold")), *(Content(safe(line)) for line in rest)])
        )
