"""Verdicts line by line: an experiment against the reference, the word, the effect, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style

from registry.analysis.sentences import decisive
from registry.config import SHORT_HASH
from registry.numbers import show_p
from tui import actions
from tui.widgets.cells import fit
from tui.widgets.result_table import ResultTable

if TYPE_CHECKING:
    from registry.analysis.ab import Candidate

_NARROW = 70
_WORD = 14
_TONES: Final = {"better": "more", "worse": "less", "cannot tell": "quiet", "cannot pair": "quiet"}
"""In which colour a verdict stands; the word says it too."""


class VerdictTable(ResultTable):
    """The candidates; the cursor is on the one whose numbers are told below."""

    BINDINGS = actions.bindings(actions.RESULTS, actions.VERDICT)

    def __init__(self) -> None:
        super().__init__()
        self.candidates: Sequence[Candidate] = ()
        self.message = ("Judging …",)

    @property
    def row_count(self) -> int:
        """How many candidates there are."""
        return len(self.candidates)

    @property
    def current(self) -> Candidate | None:
        """The candidate under the cursor."""
        return self.candidates[self.cursor] if self.cursor < len(self.candidates) else None

    def key_at(self, index: int) -> str:
        """Return the full hash of a candidate."""
        return self.candidates[index].config_hash

    def show(self, candidates: Sequence[Candidate]) -> None:
        """Show other verdicts; the cursor stays on its experiment."""
        kept = None if self.current is None else self.current.config_hash
        self.candidates = candidates
        self.lines_changed(kept)

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return the titles."""
        return [Segment(_line("EXPERIMENT", "VERDICT", _TITLES, width), self.ground + self.part("head"))]

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return the line of a candidate."""
        each = self.candidates[index]
        verdict = each.verdict
        short = _hash_width(width)
        word = Segment(
            fit(verdict.verdict, _WORD), style + self.part("strong") + self.part(_TONES.get(verdict.verdict, "strong"))
        )
        told = _line("", "", _numbers(each), width)[_before(width) :]
        return [
            Segment("▌ " if current else "  ", style + self.part("sign")),
            Segment(each.config_hash[:short] + "  ", style),
            word,
            Segment(told, style),
        ]


_TITLES: Final = ("EFFECT", "95 %", "N", "WON", "P")


def _hash_width(width: int) -> int:
    return 7 if width < _NARROW else SHORT_HASH


def _before(width: int) -> int:
    return 2 + _hash_width(width) + 2 + _WORD


def _line(name: str, word: str, cells: Sequence[str], width: int) -> str:
    effect, span, count, won, p = cells
    line = f"  {fit(name, _hash_width(width))}  {fit(word, _WORD)} {effect:>9}"
    if width >= _NARROW:
        line += f"  {fit(span, 19)}{count:>5}{won:>6}"
    return fit(f"{line} {p:>7}", width)


def _numbers(each: Candidate) -> tuple[str, str, str, str, str]:
    verdict = each.verdict
    if verdict.difference is None:
        return "-", "-", f"{verdict.n:,}", "-", "-"
    span = "" if verdict.low is None else f"{verdict.low:+.3g} … {verdict.high:+.3g}"
    return (
        f"{verdict.difference:+.4g}",
        span,
        f"{verdict.n:,}",
        "-" if verdict.share_won is None else f"{verdict.share_won * 100:.0f} %",
        show_p(decisive(each)),
    )
