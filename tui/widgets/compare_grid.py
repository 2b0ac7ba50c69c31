"""What the table of compare shows, in either direction, as plain lines of text: built once, drawn by the table.

Features and the rest are *items*. Items may be the rows and experiments the columns, or, transposed, the
other way round; the table that draws and moves knows lines, columns and cells only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from registry.comparison import ABSENT
from tui.widgets.cells import wrap
from tui.widgets.compare_cells import Cell, align, cells_of, level_gap, width_of

if TYPE_CHECKING:
    from registry.comparison import Comparison, ComparisonRow

HEADINGS: Final = {
    "feature": "FEATURES",
    "transformation": "TRANSFORMATIONS",
    "hyperparameter": "HYPERPARAMETERS",
    "metric": "METRICS",
}
_LONGEST_COMPACT = 12
"""Cells after which a value is cut where there is little room."""
_NOTE, _NOTE_COMPACT = 66, 36
"""Cells after which a remark goes on in the next line."""

Key = tuple[str, str]
"""What a line or a column stands for: section and name, or `experiment` and the full hash."""


@dataclass(frozen=True, slots=True)
class View:
    """How a comparison is looked at."""

    reference: int = 0
    by_name: bool = False
    """Items by name, or else the widest spread first."""
    equal_shown: bool = False
    transposed: bool = False
    compact: bool = False
    """Whether there is little room."""


@dataclass(slots=True)
class Line:
    """One line of the table."""

    kind: Literal["heading", "row", "fold", "text"]
    text: str
    key: Key | None = None
    differs: bool = False
    cells: list[Cell] = field(default_factory=list)


@dataclass(slots=True)
class Column:
    """One column of the table."""

    key: Key
    differs: bool
    value_width: int
    """Of the widest value, the level before a weight included."""
    change_width: int


@dataclass(slots=True)
class Grid:
    """All lines and columns."""

    lines: list[Line]
    columns: list[Column]
    order: list[int]
    """Places of the experiments in the comparison, the reference first."""
    items: list[ComparisonRow]
    """The rows of the comparison that are shown, in the order shown."""
    view: View

    def place(self, line: int, column: int) -> int | None:
        """Return where the experiment of a cell stands in the comparison."""
        at = line if self.view.transposed else column
        return self.order[at] if 0 <= at < len(self.order) else None

    def item(self, line: int, column: int) -> ComparisonRow | None:
        """Return the feature or the like of a cell."""
        if self.view.transposed:
            return self.items[column] if 0 <= column < len(self.items) else None
        key = self.lines[line].key if 0 <= line < len(self.lines) else None
        return None if key is None else next(row for row in self.items if (row.section, row.name) == key)

    def line_of(self, key: Key | None) -> int | None:
        """Return the line that stands for something, if it is shown."""
        return next((at for at, line in enumerate(self.lines) if key is not None and line.key == key), None)

    def column_of(self, key: Key | None) -> int | None:
        """Return the column that stands for something, if it is shown."""
        return next((at for at, column in enumerate(self.columns) if column.key == key), None)


EMPTY: Final = Grid([], [], [], [], View())


def build(comparison: Comparison, view: View) -> Grid:
    """Return the table: what differs by section, then what is equal, folded or not."""
    reference = view.reference
    order = [reference, *(place for place in range(len(comparison.hashes)) if place != reference)]
    sections = _sections(comparison.differing, view)
    equal = _sections(comparison.equal, view) if view.equal_shown else []
    items = [row for section in sections + equal for row in section]
    weights = [abs(value) for row in items if row.section == "feature" for value in row.values if value is not ABSENT]
    largest = max(weights, default=0.0)
    longest = {"longest": _LONGEST_COMPACT} if view.compact else {}
    cells = [cells_of(row, order, largest, compact=view.compact, **longest) for row in items]
    if view.transposed:
        return _across(comparison, view, order, items, cells)
    return _down(comparison, view, order, (sections, equal), cells)


def _sections(rows: Sequence[ComparisonRow], view: View) -> list[list[ComparisonRow]]:
    found = []
    for section in HEADINGS:
        of_section = [row for row in rows if row.section == section]
        if view.by_name:
            of_section.sort(key=lambda row: row.name.casefold())
        if of_section:
            found.append(of_section)
    return found


def _headings(comparison: Comparison, section: str, view: View) -> list[Line]:
    """Return the heading of a section; that of the metrics says where they are from, and what to mind."""
    name, basis = HEADINGS[section], comparison.metrics_from
    if section != "metric" or basis is None:
        return [Line("heading", name)]
    note = _note(comparison, view)
    if view.compact:
        return [Line("heading", name), Line("text", basis), *note]
    return [Line("heading", f"{name} on {basis}"), *note]


def _note(comparison: Comparison, view: View) -> list[Line]:
    """Return why there are no metrics, or what keeps them from being comparable."""
    if comparison.metrics_note is None:
        return []
    note = comparison.metrics_note.removeprefix("no metrics: ")
    before = "Metrics" if comparison.metrics_from is not None else "No metrics"
    return [Line("text", text) for text in wrap(f"{before}: {note}.", _NOTE_COMPACT if view.compact else _NOTE)]


def _down(
    comparison: Comparison,
    view: View,
    order: list[int],
    parts: tuple[list[list[ComparisonRow]], list[list[ComparisonRow]]],
    cells: list[list[Cell]],
) -> Grid:
    """Return the grid with items as lines and experiments as columns."""
    lines: list[Line] = []
    items: list[ComparisonRow] = []
    for part in parts:
        for section in part:
            made = cells[len(items) : len(items) + len(section)]
            for column in zip(*made, strict=True):
                align(column, compact=view.compact)
            lines += _headings(comparison, section[0].section, view)
            lines += [
                Line("row", row.name, (row.section, row.name), row.differs, row_cells)
                for row, row_cells in zip(section, made, strict=True)
            ]
            items += section
        if part is parts[0]:
            lines += _between(comparison, view)
    if comparison.metrics_from is None:
        lines += _note(comparison, view)
    columns = [
        _column(("experiment", comparison.hashes[place]), True, [row[at] for row in cells], view)
        for at, place in enumerate(order)
    ]
    return Grid(lines, columns, order, items, view)


def _between(comparison: Comparison, view: View) -> list[Line]:
    """Return the lines behind what differs: that nothing does, and how many rows are equal."""
    lines = []
    if (said := nothing_said(comparison)) is not None:
        lines.append(Line("text", said))
    if comparison.equal:
        count = len(comparison.equal)
        verb, them = ("row is", "it") if count == 1 else ("rows are", "them")
        lines.append(Line("fold", f"{count:,} {verb} equal; = {'folds' if view.equal_shown else 'shows'} {them}"))
    return lines


def nothing_said(comparison: Comparison) -> str | None:
    """Return the sentence for a comparison in which nothing differs."""
    if not comparison.rows:
        return "These experiments have neither features nor hyperparameters."
    if not comparison.differing:
        return "No difference: every feature, transformation and hyperparameter is the same."
    return None


def _across(
    comparison: Comparison, view: View, order: list[int], items: list[ComparisonRow], cells: list[list[Cell]]
) -> Grid:
    """Return the grid with experiments as lines and items as columns."""
    for row_cells in cells:
        align(row_cells, compact=view.compact)
    columns = [
        _column((row.section, row.name), row.differs, row_cells, view)
        for row, row_cells in zip(items, cells, strict=True)
    ]
    lines = [
        Line(
            "row",
            comparison.descriptions[place],
            ("experiment", comparison.hashes[place]),
            True,
            [row_cells[at] for row_cells in cells],
        )
        for at, place in enumerate(order)
    ]
    if not items and (said := nothing_said(comparison)) is not None:
        lines.append(Line("text", said))
    return Grid([*lines, *_note(comparison, view)], columns, order, items, view)


def _column(key: Key, differs: bool, cells: Sequence[Cell], view: View) -> Column:
    gap = level_gap(compact=view.compact)
    return Column(
        key,
        differs,
        width_of([cell.level + gap + cell.value if cell.level else cell.value for cell in cells]),
        width_of([cell.change for cell in cells]),
    )
