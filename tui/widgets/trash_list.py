"""The list of what lies in the trash: as the other one, and it says since when."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from tui.widgets.columns import GAP, SORTED_COLUMNS, Column, fit_columns
from tui.widgets.experiment_list import ExperimentList

_DELETED = Column("deleted", "DELETED", 16, "deleted")
_BOTH = 110
"""Cells from which there is room for when it was made beside when it was deleted."""


class TrashList(ExperimentList):
    """Experiments in the trash."""

    SORTED: ClassVar[frozenset[str]] = SORTED_COLUMNS | {"deleted"}

    def columns(self, width: int, features: int) -> tuple[Column, ...]:
        """Return the columns; without room for both times, the one of the deletion."""
        if width >= _BOTH:
            first, *others = fit_columns(width - _DELETED.width - GAP, features)
            return (first, _DELETED, *others)
        return tuple(
            replace(_DELETED, width=column.width) if column.key == "created" else column
            for column in fit_columns(width, features)
        )

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for the signs of a row, for help."""
        return [*super().about()[:-1], ("●", "marked, to be restored or purged")]
