"""The list of what lies in the trash: as the other one, and it says since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui.widgets.columns import NARROW, usual
from tui.widgets.experiment_list import ExperimentList
from tui.workspace import Workspace

_BOTH = 110
"""Cells from which there is room for when it was made beside when it was deleted."""


class TrashList(ExperimentList):
    """Experiments in the trash."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.set_reactive(ExperimentList.column, "deleted")

    def usual_columns(self, width: int, metrics: Iterable[str]) -> Sequence[str]:
        """Return the columns; without room for both times, the one of the deletion."""
        first, *others = usual(width, ())
        if width < _BOTH:
            others = [label for label in others if label != "created" and (width >= NARROW or label != "weights")]
        return [first, "deleted", *others]

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for the signs of a row, for help."""
        return [*super().about()[:-2], ("●", "marked, to be restored or purged")]
