"""The features of one experiment: name, bar, weight under weight at the point, transformation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.safe import safe
from tui.widgets.bars import bar
from tui.widgets.cells import align_at_point, fit, show_number

if TYPE_CHECKING:
    from registry.config import ExperimentConfig

_LONGEST_BAR = 40
_GAP = "  "


class WeightBars(Widget):
    """Draws the weights; the order can be by name or by size."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    WeightBars { height: auto; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._config: ExperimentConfig | None = None
        self.by_size = False

    def show(self, config: ExperimentConfig) -> None:
        """Show another configuration."""
        self._config = config
        self.refresh(layout=True)

    def turn_order(self) -> None:
        """Order by size instead of by name, or back."""
        self.by_size = not self.by_size
        self.refresh()

    def names(self) -> list[str]:
        """Return every name among features, weights and transformations, in the order shown."""
        config = self._config
        if config is None:
            return []
        found = {*config.feature_names, *config.feature_weights, *config.feature_transformations}
        by_name = sorted(found, key=lambda name: (name.casefold(), name))
        if not self.by_size:
            return by_name
        weights = config.feature_weights
        return sorted(by_name, key=lambda name: (name not in weights, -abs(weights.get(name, 0.0))))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return one line a feature, or one that says there is none."""
        return max(1, len(self.names()))

    def render(self) -> Content:
        """Draw all lines."""
        config, names = self._config, self.names()
        if config is None or not names:
            return Content.assemble(("no features" if config else "", "$quiet"))
        weights = config.feature_weights
        numbers = align_at_point([show_number(weights[name]) if name in weights else None for name in names])
        remarks = [_remark(name, config) for name in names]
        number_width = max(len(numbers[0]), len("absent"))
        remark_width = max(cell_len(safe(remark)) for remark in remarks)
        longest = max(cell_len(safe(name[:200])) for name in names)
        room = self.size.width - number_width - 2 * len(_GAP) - (remark_width + len(_GAP) if remark_width else 0)
        name_width = max(6, min(longest, room // 2))
        bar_width = max(0, min(_LONGEST_BAR, room - name_width - 1))
        left, right = _extent(weights)
        lines = []
        for name, number, remark in zip(names, numbers, remarks, strict=True):
            pieces: list[tuple[str, str]] = [(fit(name, name_width), ""), (_GAP, "")]
            if name in weights:
                pieces += [
                    (text, "$bar reverse" if reversed_ else "$bar")
                    for text, reversed_ in bar(weights[name], left, right, bar_width)
                ]
                pieces += [(_GAP, ""), (number.rjust(number_width), "bold")]
            else:
                pieces += [(" " * bar_width + _GAP, ""), ("absent".rjust(number_width), "$quiet italic")]
            if remark:
                pieces += [(_GAP, ""), (safe(remark), "$quiet")]
            lines.append(Content.assemble(*pieces))
        return Content("\n").join(lines)


def _remark(name: str, config: ExperimentConfig) -> str:
    remark = config.feature_transformations.get(name, "")
    if name not in config.feature_names:
        remark += " (not a feature)" if remark else "not a feature"
    return remark


def _extent(weights: Mapping[str, float]) -> tuple[float, float]:
    return (
        max((-weight for weight in weights.values() if weight < 0), default=0.0),
        max((weight for weight in weights.values() if weight > 0), default=0.0),
    )
