"""One run as a page of text: metrics beside their base rates, equity and drawdown, windows, what made it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from registry.metrics import metric
from registry.numbers import ABSENT, against_base, shown
from registry.runs.equity import levels
from tui import recorded
from tui.safe import safe
from tui.widgets.cells import fit

if TYPE_CHECKING:
    from registry.runs.record import Run

_ROWS = 6
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def head(run: Run, tried: int) -> Content:
    """Return what was evaluated on what, and what to beware of."""
    parts = [
        Content.assemble(("panel      ", "$quiet"), (safe(run.panel.name), "bold"), "  ", run.period),
        Content.assemble(("experiment ", "$quiet"), run.config_hash[:12], ("   run ", "$quiet"), run.run_id),
        Content.assemble(
            ("recorded   ", "$quiet"), run.recorded_at[:19].replace("T", " "), " UTC by ", safe(run.engine)
        ),
    ]
    if tried > 1:
        parts.append(Content.assemble((f"{tried:,} configurations were tried on this panel and period", "$quiet")))
    warnings = [*run.details.get("remarks", []), *run.details.get("warnings", [])]
    parts += [Content.assemble(("! " + safe(str(each)), "$warning")) for each in warnings]
    return Content("\n").join(parts)


def _moment(run: Run) -> str:
    return run.recorded_at[:19].replace("T", " ")


def metrics(run: Run, width: int) -> Content:
    """Return every metric with its value and as much of its definition as fits a line."""
    if not run.metrics:
        return Content.assemble(("none", "$quiet italic"))
    longest = max(cell_len(safe(name)) for name in run.metrics)
    values = {
        name: against_base(run.metrics) if name == "precision_at_k" else shown(name, value)
        for name, value in run.metrics.items()
    }
    wide = max(len(value) for value in values.values())
    room = max(0, width - longest - wide - 4)
    lines = []
    for name, value in values.items():
        found = metric(name)
        told = run.definitions.get(name, {}).get("definition", "") if found is None else found.definition
        lines.append(
            Content.assemble(
                (fit(safe(name), longest) + "  ", "$quiet"),
                (value.ljust(wide), "bold"),
                ("  " + fit(safe(told), room), "$quiet"),
            )
        )
    return Content("\n").join(lines)


def curve(values: Sequence[float], width: int, rows: int = _ROWS) -> list[str]:
    """Return a line of values as `rows` lines of blocks, drawn from its smallest value up."""
    if not values:
        return []
    count = max(1, min(width, len(values)))
    means = []
    for cell in range(count):
        part = values[cell * len(values) // count : (cell + 1) * len(values) // count]
        means.append(sum(part) / len(part))
    low, high = min(means), max(means)
    span = (high - low) or 1.0
    levels = [1 + round((value - low) / span * (rows * 8 - 1)) for value in means]
    return ["".join(_EIGHTHS[max(0, min(8, level - row * 8))] for level in levels) for row in reversed(range(rows))]


def equity(run: Run, width: int) -> Content:
    """Return the equity after costs, and how far it was below its peak."""
    found = list(levels(run))
    if not found:
        return Content.assemble(("no returns by date were recorded", "$quiet italic"))
    falls = [each.drawdown for each in found]
    room = max(20, width)
    lines: list[Content] = [Content.assemble((line, "$bar")) for line in curve([each.equity for each in found], room)]
    lines.append(
        Content.assemble(
            (f"{found[0].day} to {found[-1].day}: 1.00 became {found[-1].equity:.2f}, after costs", "$quiet")
        )
    )
    lines += [Content.assemble((line, "$less")) for line in curve(falls, room, rows=2)]
    lines.append(Content.assemble((f"below the peak: {min(falls):.1%} at the deepest", "$quiet")))
    return Content("\n").join(lines)


_COLUMNS = (
    ("net_return", "RETURN", 9),
    ("max_drawdown", "DRAWDOWN", 10),
    ("rank_ic", "RANK IC", 9),
    ("sharpe", "SHARPE", 8),
    ("dates", "DATES", 6),
)
_FIRST = 60
"""Cells of number, test span and precision."""


def windows(run: Run, width: int) -> Content:
    """Return the windows, one a line, with as many columns as fit."""
    if not run.windows:
        return Content.assemble(("none were recorded", "$quiet italic"))
    columns = [column for at, column in enumerate(_COLUMNS) if _FIRST + sum(c[2] for c in _COLUMNS[: at + 1]) <= width]
    heads = "".join(f"{head:>{cells}}" for _, head, cells in columns)
    lines = [Content.assemble((f"{'#':>4}  {'TEST':<24}  {'PRECISION':<28}{heads}", "$quiet bold"))]
    for window in run.windows:
        values = window.metrics
        cells = [f"{against_base(values):<28}"]
        cells += [f"{shown(name, values.get(name)):>{wide}}" for name, _, wide in columns]
        edge = values.get("edge")
        colour = "" if not edge else "$more" if edge > 0 else "$less"
        mark = " part" if window.partial else ""
        lines.append(
            Content.assemble(
                (f"{window.number:>4}  {window.test_start}..{window.test_end}  ", "$quiet"),
                (cells[0], colour),
                "".join(cells[1:]),
                (mark, "$quiet"),
            )
        )
    return Content("\n").join(lines)


def options(run: Run) -> Content:
    """Return the options, and what the run was made with."""
    lines = list(_pairs((name, json.dumps(value)) for name, value in run.options.items()))
    commit = recorded.part(run.environment, "git")
    if commit:
        dirty = ", with uncommitted changes" if commit.get("dirty") else ""
        lines += _pairs([("commit", str(commit.get("commit"))[:12] + dirty)])
    lines += _pairs((name, str(value)) for name, value in recorded.part(run.environment, "versions").items())
    return Content("\n").join(lines) if lines else Content.assemble(("none were recorded", "$quiet italic"))


def _pairs(found: Iterable[tuple[str, str]]) -> Iterable[Content]:
    for name, value in found:
        yield Content.assemble((f"{safe(name):<20} ", "$quiet"), safe(value) or ABSENT)
