"""What goes with a metric, a name a line: its rank correlation as one bar, the forest's importance as the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from registry.numbers import show_p
from tui import actions
from tui.safe import safe
from tui.widgets import bars
from tui.widgets.cells import fit
from tui.widgets.result_table import ResultTable

if TYPE_CHECKING:
    from registry.analysis.importance import Importance

SIGNIFICANT: Final = 0.05
_NARROW = 70
_NAME = 30
_NAME_NARROW = 12
_NUMBER = 6
_P = 8
_LONGEST_BAR = 30


@dataclass(frozen=True, slots=True)
class _Widths:
    name: int
    bar: int
    other: int
    """Of the forest's bar; 0 without a forest."""
    with_p: bool


class ImportanceTable(ResultTable):
    """The names, the strongest correlation first."""

    BINDINGS = actions.bindings(actions.RESULTS, actions.IMPORTANCE)

    def __init__(self) -> None:
        super().__init__()
        self.names: Sequence[Importance] = ()
        self.message = ("Reading …",)
        self._with_forest = False
        self._longest = 0

    @property
    def row_count(self) -> int:
        """How many names there are."""
        return len(self.names)

    @property
    def current(self) -> Importance | None:
        """The name under the cursor."""
        return self.names[self.cursor] if self.cursor < len(self.names) else None

    def key_at(self, index: int) -> str:
        """Return a name."""
        return self.names[index].name

    def show(self, names: Sequence[Importance]) -> None:
        """Show other names; the cursor stays on its name."""
        kept = None if self.current is None else self.current.name
        self.names = names
        self._with_forest = any(each.forest is not None for each in names)
        self._longest = max((cell_len(safe(each.name[:100])) for each in names), default=0)
        self.lines_changed(kept)

    def _widths(self, width: int) -> _Widths:
        narrow = width < _NARROW
        name = min(max(self._longest, 8), _NAME_NARROW if narrow else _NAME)
        rest = width - 2 - name - 1 - _NUMBER - 1 - (0 if narrow else _P + 1)
        if not self._with_forest:
            return _Widths(name, min(max(rest, 3), 2 * _LONGEST_BAR), 0, not narrow)
        rest -= 1 + _NUMBER + 1
        bar = min(max(3, rest * 3 // 5), 2 * _LONGEST_BAR)
        return _Widths(name, bar, min(max(2, rest - bar), _LONGEST_BAR), not narrow)

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the titles."""
        made = self._widths(width)
        text = f"  {fit('NAME', made.name)} {'RHO':>{_NUMBER}} {fit('- correlation +'.center(made.bar), made.bar)}"
        if made.with_p:
            text += f" {'P ADJ.':>{_P}}"
        if made.other:
            text += f" {'FOREST':>{_NUMBER}} {fit('importance', made.other)}"
        return [Segment(fit(text, width), self.ground + self.part("head"))]

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return the line of a name."""
        each, made = self.names[index], self._widths(width)
        telling = each.p_adjusted is not None and each.p_adjusted < SIGNIFICANT
        look = style + self.part("strong" if telling else "quiet")
        rho = "-" if each.rho is None else f"{each.rho:+.2f}"
        segments = [
            Segment("▌ " if current else "  ", style + self.part("sign")),
            Segment(fit(each.name, made.name) + " ", look),
            Segment(f"{rho:>{_NUMBER}} ", look),
            *self._bar(each.rho or 0.0, self._largest, made.bar, style),
        ]
        if made.with_p:
            segments.append(Segment(f" {show_p(each.p_adjusted):>{_P}}", look))
        if made.other:
            share = each.forest or 0.0
            segments.append(Segment(f" {share:>{_NUMBER}.2f} ", style))
            most = max((other.forest or 0.0 for other in self.names), default=0.0)
            pieces = bars.bar(share, 0.0, most, made.other)
            segments += [Segment(text, style + self.part("bar")) for text, _ in pieces]
        return segments

    @property
    def _largest(self) -> float:
        # the strongest comes first
        return abs(self.names[0].rho or 0.0) if self.names else 0.0

    def _bar(self, rho: float, largest: float, width: int, style: Style) -> list[Segment]:
        """Return a bar from the middle, to the left when it is negative."""
        look = style + self.part("more" if rho > 0 else "less")
        return [
            Segment(text, look + Style(reverse=True) if below else look)
            for text, below in bars.bar(rho, largest, largest, width)
        ]
