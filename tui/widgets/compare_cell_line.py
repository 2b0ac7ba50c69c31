"""Under a comparison: what the cursor is on, in full, since names and values in the table are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from registry.comparison import ABSENT, exact
from registry.config import SHORT_HASH
from tui.safe import safe
from tui.widgets.cells import show_difference

if TYPE_CHECKING:
    from registry.comparison import Comparison, ComparisonRow

_LEAST_PARTS = 2
"""Name and value."""
_SECTIONS = {
    "feature": "weight",
    "transformation": "transformation",
    "hyperparameter": "hyperparameter",
    "metric": "metric",
}


class CellLine(Widget):
    """One line: name, value, the reference's value, the difference, kind; of a metric, where it is from."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    CellLine { height: 1; width: 1fr; padding: 0 1; color: $foreground; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[tuple[str, str]] = []

    def show(self, comparison: Comparison, row: ComparisonRow | None, place: int | None, reference: int) -> None:
        """Say what is at a place of a row; without a row, nothing."""
        self._parts = [] if row is None or place is None else _told(comparison, row, place, reference)
        self.refresh()

    def render(self) -> Content:
        """Draw the line: parts that are of less account go first, then the end is cut."""
        room = self.size.width
        parts = [(safe(text[: room * 4]), style) for text, style in self._parts]
        while len(parts) > _LEAST_PARTS and sum(cell_len(text) for text, _ in parts) > room:
            parts.pop()
        whole = Content.assemble(*parts)
        return whole if whole.cell_length <= room else whole.truncate(room, ellipsis=True)


def _told(comparison: Comparison, row: ComparisonRow, place: int, reference: int) -> list[tuple[str, str]]:
    parts = [(row.name, "bold"), (f"  {_value(row, place)}", "")]
    if place == reference:
        parts.append(("  in the reference", "$quiet"))
    else:
        parts.append((f"  ★ {_value(row, reference)}", ""))
        change = row.change(place, reference) if row.differs else None
        if change:
            parts.append((f"  {show_difference(change)}", "$more" if change > 0 else "$less"))
        wanted = row.wanted(place, reference)
        if wanted is not None:
            parts.append((" the wanted way" if wanted else " the other way", ""))
    if row.section == "metric":
        base = row.bases[place] if row.bases else None
        parts.append((f"  base {base:.6g}" if base is not None else "", "$quiet"))
        parts.append((f"  on {comparison.metrics_from}", "$quiet"))
    parts.append((f"  {_SECTIONS[row.section]}", "$quiet"))
    parts.append((f"  {comparison.hashes[place][:SHORT_HASH]}", "$quiet"))
    return parts


def _value(row: ComparisonRow, place: int) -> str:
    value = row.values[place]
    if value is ABSENT:
        return "none" if row.listed and row.listed[place] else "absent"
    return f"{value:.6g}" if row.section == "metric" else exact(value)
