"""The experiments nearest to one, and the nearest that are better: how far, the metric, what differs."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from registry.config import SHORT_HASH
from registry.numbers import shown, signed
from tui import actions
from tui.safe import safe
from tui.widgets.cells import fit
from tui.widgets.result_table import ResultTable

if TYPE_CHECKING:
    from registry.analysis.nearest import Neighbour
    from registry.metrics import Metric

NARROW: Final = 70
_SHORT: Final = 7
_DISTANCE: Final = 7


@dataclass(frozen=True, slots=True)
class NearLine:
    """A heading, or one neighbour."""

    text: str = ""
    """Of a heading."""
    neighbour: Neighbour | None = None


class NearestTable(ResultTable):
    """The neighbours; the cursor rests on them alone."""

    BINDINGS = actions.bindings(actions.RESULTS, actions.NEAREST)

    def __init__(self, marks: Collection[str]) -> None:
        super().__init__()
        self._marks = marks
        self.lines: Sequence[NearLine] = ()
        self._metric: Metric | None = None
        self._own: float | None = None
        self._numbers: dict[str, tuple[str, str]] = {}
        self._widths = (0, 0)

    @property
    def row_count(self) -> int:
        """How many lines there are."""
        return len(self.lines)

    @property
    def current(self) -> Neighbour | None:
        """The experiment under the cursor."""
        return self.lines[self.cursor].neighbour if self.cursor < len(self.lines) else None

    def key_at(self, index: int) -> str | None:
        """Return the full hash of a neighbour; None for a heading."""
        neighbour = self.lines[index].neighbour
        return None if neighbour is None else neighbour.config_hash

    def can_stop(self, index: int) -> bool:
        """Return whether the cursor may rest on a line: not on headings."""
        return self.lines[index].neighbour is not None

    def show(self, lines: Sequence[NearLine], metric: Metric | None, own: float | None) -> None:
        """Show other neighbours, with a metric where there is one; the cursor stays on its experiment."""
        place, kept = self.place, None if self.current is None else self.current.config_hash
        self.lines, self._metric, self._own = lines, metric, own
        self._numbers = {
            line.neighbour.config_hash: self._told(line.neighbour) for line in lines if line.neighbour is not None
        }
        first, second = (max((cell_len(pair[n]) for pair in self._numbers.values()), default=0) for n in (0, 1))
        title = 0 if metric is None else len(metric.name)
        self._widths = (max(first, title), second) if first or second else (0, 0)
        self.lines_changed(place, *(self.place_of(at) for at in range(len(lines)) if self.key_at(at) == kept))

    def place_of(self, index: int) -> Hashable:
        """Return under which heading, and which neighbour: one may be among the nearest and the better ones."""
        neighbour = self.lines[index].neighbour
        if neighbour is None:
            return None
        return sum(line.neighbour is None for line in self.lines[:index]), neighbour.config_hash

    def _told(self, neighbour: Neighbour) -> tuple[str, str]:
        """Return the metric, and by how much it differs from that of the one they are near to."""
        if self._metric is None or neighbour.metric is None:
            return "", ""
        change = None if self._own is None else neighbour.metric - self._own
        return shown(self._metric, neighbour.metric), signed(self._metric, change)

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the titles."""
        narrow = width < NARROW
        first, second = self._widths
        text = f"   {'HASH':<{_SHORT if narrow else SHORT_HASH}} {'APART':>{_DISTANCE}}  "
        if first and self._metric is not None:
            text += "" if narrow else f"{safe(self._metric.name.upper()):>{first}}  "
            text += f"{'CHANGE'[:second]:>{second}}  " if second else ""
        return [Segment(fit(text + "WHAT DIFFERS", width), self.ground + self.part("head"))]

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return the line of a heading or of a neighbour."""
        line = self.lines[index]
        neighbour = line.neighbour
        if neighbour is None:
            return [Segment(fit(" " + line.text, width), style + self.part("strong"))]
        narrow = width < NARROW
        marked = neighbour.config_hash in self._marks
        apart = f"{neighbour.distance:.4f}" if neighbour.distance < 100 else f"{neighbour.distance:.3g}"
        parts = [
            Segment("▌" if current else " ", style + self.part("sign")),
            Segment("● " if marked else "  ", style + self.part("mark")),
            Segment(neighbour.config_hash[: _SHORT if narrow else SHORT_HASH] + " ", style),
            Segment(f"{apart:>{_DISTANCE}}  ", style + self.part("quiet")),
            *self._number(neighbour, narrow, style),
        ]
        used = sum(part.cell_length for part in parts)
        differs = ", ".join(str(change) for change in neighbour.changes) or "nothing but its name"
        return [*parts, Segment(fit(safe(differs), max(0, width - used - 1)), style), Segment(" " * width, style)]

    def _number(self, neighbour: Neighbour, narrow: bool, style: Style) -> list[Segment]:
        first, second = self._widths
        value, change = self._numbers[neighbour.config_hash]
        moved = 0.0 if self._own is None or neighbour.metric is None else neighbour.metric - self._own
        better = None if self._metric is None else self._metric.better(moved)
        look = style if better is None else style + self.part("more" if better else "less")
        made = [Segment(f"{value:>{first}}  ", style)] if first and not narrow else []
        return [*made, Segment(f"{change:>{second}}  ", look)] if second else made
