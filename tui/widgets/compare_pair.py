"""Over a comparison of two: what each of them is, and which tags only one of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.safe import safe
from tui.widgets.cells import fit
from tui.widgets.compare_layout import COMPACT, NARROW, ROOMY

if TYPE_CHECKING:
    from registry.comparison import Comparison

_LEAST_DESCRIPTION = 12


class PairHead(Widget):
    """Two lines; they are there while two experiments are compared."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PairHead { height: 2; width: 1fr; background: $surface; color: $foreground; padding: 0 1; display: none; }
    PairHead.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._comparison: Comparison | None = None
        self._reference = 0

    def show(self, comparison: Comparison, reference: int) -> None:
        """Show two experiments, the reference first; of another number nothing is said here."""
        self._comparison, self._reference = comparison, reference
        self.set_class(len(comparison.hashes) == 2, "-shown")
        self.refresh()

    def render(self) -> Content:
        """Draw hash, description and tags of both."""
        if self._comparison is None or len(self._comparison.hashes) != 2:
            return Content("")
        return Content("\n").join([self._line(self._reference), self._line(1 - self._reference)])

    def _line(self, place: int) -> Content:
        assert self._comparison is not None
        width = self.size.width
        spacing = COMPACT if width < NARROW else ROOMY
        is_reference = place == self._reference
        sign = "★ " if is_reference else "  "
        tags = self._tags(place)
        left = len(sign) + spacing.hash + 1
        used = sum(cell_len(text) for text, _ in tags)
        if width - left - used < _LEAST_DESCRIPTION:
            tags = [(fit(_joined(tags), max(0, width - left - _LEAST_DESCRIPTION)).rstrip(), "$quiet")]
            used = cell_len(tags[0][0])
        text = self._comparison.descriptions[place]
        room = max(0, width - left - used)
        described = (fit(text, room), "") if text else (fit("no description", room), "$quiet italic")
        return Content.assemble(
            (sign, "$primary"), (self._comparison.hashes[place][: spacing.hash], "bold"), " ", described, *tags
        )

    def _tags(self, place: int) -> list[tuple[str, str]]:
        """Return the tags of the reference, or how those of the other differ: `+new -gone`."""
        assert self._comparison is not None
        tags = self._comparison.tags or [[], []]
        here, there = tags[place], tags[self._reference]
        if place == self._reference:
            return [(f" {_shown(tag)}", "$mark") for tag in here]
        new = [(f" +{_shown(tag)}", "$more") for tag in here if tag not in there]
        gone = [(f" -{_shown(tag)}", "$less") for tag in there if tag not in here]
        if new or gone:
            return new + gone
        return [(" same tags", "$quiet")] if here else []


def _shown(tag: str) -> str:
    return fit(tag, min(24, max(1, cell_len(safe(tag[:100])))))


def _joined(tags: list[tuple[str, str]]) -> str:
    return "".join(text for text, _ in tags)
