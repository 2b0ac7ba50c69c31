"""Pictures of a report as SVG: curves over time, a bar for each window, the bar of a weight.

Colours come from the page's style sheet (`.c0` to `.c7`), so that a picture is right on a light page, a dark one and
paper; dashes tell curves apart without colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.report.elements import Markup, element

COLOURS: Final = 8
"""So many curves can be told apart in one picture."""

_WIDTH: Final = 720
_LEFT: Final = 58
_RIGHT: Final = 8
_TOP: Final = 8
_BOTTOM: Final = 20


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over time."""

    label: str
    days: Sequence[str]
    """ISO dates, ascending."""
    values: Sequence[float]


def curves(found: Sequence[Curve], title: str, show: Callable[[float], str], *, height: int = 220) -> Markup:
    """Return curves in one picture, with a scale that `show` writes; at most `COLOURS` of them."""
    days = [date.fromisoformat(day).toordinal() for curve in found for day in (curve.days[0], curve.days[-1])]
    finite = [value for curve in found for value in curve.values if math.isfinite(value)]
    first, last = min(days), max(days)
    ticks = scale(min(finite, default=0.0), max(finite, default=1.0))
    low, high = ticks[0], ticks[-1]

    def across(day: str) -> float:
        share = (date.fromisoformat(day).toordinal() - first) / ((last - first) or 1)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def up(value: float) -> float:
        return round(_TOP + (high - value) / ((high - low) or 1.0) * (height - _TOP - _BOTTOM), 1)

    drawn = [element("title", title)]
    for tick in ticks:
        drawn.append(element("line", class_="grid", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=up(tick), y2=up(tick)))
        drawn.append(element("text", show(tick), class_="tick", x=_LEFT - 6, y=up(tick) + 3.5, text_anchor="end"))
    for day, anchor in ((first, "start"), (last, "end")):
        text = date.fromordinal(day).isoformat()
        drawn.append(element("text", text, class_="tick", x=across(text), y=height - 5, text_anchor=anchor))
    for number, curve in enumerate(found):
        points = " ".join(
            f"{across(day)},{up(value)}"
            for day, value in zip(curve.days, curve.values, strict=True)
            if math.isfinite(value)
        )
        drawn.append(element("polyline", element("title", curve.label), class_=f"curve c{number}", points=points))
    return element("svg", *drawn, viewBox=f"0 0 {_WIDTH} {height}", role="img", class_="curves")


def scale(low: float, high: float, steps: int = 4) -> list[float]:
    """Return round numbers from below `low` to above `high`, about `steps` apart.

    >>> scale(0.93, 3.2), scale(-0.31, 0)
    ([0.0, 1.0, 2.0, 3.0, 4.0], [-0.4, -0.3, -0.2, -0.1, 0.0])
    """
    span = (high - low) or abs(high) or 1.0
    raw = span / steps
    if not math.isfinite(raw) or raw <= 0:
        return [low, high]
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= raw * 0.999)
    bottom, top = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{place * step:.12g}") for place in range(bottom, max(top, bottom + 1) + 1)]


def bars(values: Sequence[float | None], title: str, labels: Sequence[str], *, height: int = 44) -> Markup:
    """Return a bar for each value, up from 0 or down; `labels` are told of each."""
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    most = max(known, default=0.0) or 1.0
    middle = height / 2
    drawn = [element("title", title)]
    for place, (value, label) in enumerate(zip(values, labels, strict=True)):
        if value is None or not math.isfinite(value):
            continue
        size = max(0.5, round(abs(value) / most * (middle - 1), 2))
        at = middle - size if value >= 0 else middle
        drawn.append(
            element(
                "rect", element("title", label), class_="up" if value >= 0 else "down",
                x=place + 0.1, y=round(at, 2), width=0.8, height=size,
            )
        )  # fmt: skip
    drawn.append(element("line", class_="zero", x1=0, x2=len(values), y1=middle, y2=middle))
    return element(
        "svg", *drawn, viewBox=f"0 0 {max(1, len(values))} {height}", preserveAspectRatio="none", role="img",
        class_="windows",
    )  # fmt: skip


def bar(value: float, most: float) -> Markup:
    """Return the bar of a weight: right from the middle, or left where it is negative, by its share of `most`."""
    share = round(min(1.0, abs(value) / most) if most else 0.0, 4)
    return element(
        "svg",
        element("line", class_="zero", x1=0, x2=0, y1=0, y2=1),
        element("rect", class_="weight", x=0 if value >= 0 else -share, y=0.15, width=share, height=0.7),
        viewBox="-1 0 2 1",
        preserveAspectRatio="none",
        class_="bar",
        aria_hidden="true",
    )
