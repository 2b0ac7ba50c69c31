"""A report as one HTML page that needs nothing else: its style, script and pictures are in it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from registry.analysis.sentences import decisive, told
from registry.comparison import ABSENT, TITLES, exact
from registry.config import SHORT_HASH
from registry.metrics import HORIZON
from registry.numbers import of_them, shown, signed
from registry.report import svg
from registry.report.elements import Child, Markup, element, joined, one_line
from registry.report.words import command, describe, figures, heading, no_verdict, remarks, span, where_read
from registry.runs.equity import levels

if TYPE_CHECKING:
    from registry.comparison import ComparisonRow, Section
    from registry.report.gather import Report

_ITEMS_AS_LINES: Final = 6
"""Up to so many experiments are columns; more are lines, which a click sorts by a weight or a metric."""
_LONGEST: Final = 400
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    shown: Child
    sort: float | str | None = None
    """What the column is sorted by; None is always last."""
    number: bool = False


def page(report: Report) -> str:
    """Return the page."""
    title = heading(report)
    body = [
        element("h1", title),
        element("p", where_read(report), class_="quiet"),
        *(element("p", remark, class_="quiet") for remark in remarks(report)),
        *_part("Experiments", _experiments(report)),
        *_part("Did it help?", *_verdicts(report)),
        *_compared(report, "metric"),
        *_compared(report, "feature"),
        *_compared(report, "transformation"),
        *_compared(report, "hyperparameter"),
        *_part("Equity and drawdown", *_over_time(report)),
        *_part("Windows", *_windows(report)),
        *_part("What the metrics are", *_definitions(report)),
        element("footer", "Made with ", element("code", command(report))),
        element("script", _file("page.js")),
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", _file("page.css")),
    )
    return "<!doctype html>\n" + element("html", head, element("body", joined(body)), lang="en") + "\n"


def _file(name: str) -> Markup:
    """Return one of the files beside this one."""
    return Markup((resources.files("registry.report") / name).read_text(encoding="utf-8"))


def _part(title: str, *content: Child) -> Iterator[Markup]:
    if any(content):
        yield joined([element("h2", title), *content])


def _short(config_hash: str) -> Markup:
    return element("code", config_hash[:SHORT_HASH], title=config_hash)


def _table(heads: Sequence[tuple[Child, bool]], lines: Iterable[Sequence[Cell]]) -> Markup:
    """Return a table whose first column names the lines; a head is its text and whether numbers stand below it."""
    titles = [
        element("th", element("button", text, type="button"), scope="col", class_="number" if number else None)
        for text, number in heads
    ]
    made = []
    for name, *cells in lines:
        made.append(
            element(
                "tr",
                element("th", name.shown, scope="row", data_sort=name.sort),
                *(
                    element("td", cell.shown, class_="number" if cell.number else "text", data_sort=_sorted_by(cell))
                    for cell in cells
                ),
            )
        )
    table = element("table", element("thead", element("tr", *titles)), element("tbody", *made))
    return element("div", table, class_="scroll", tabindex="0")


def _sorted_by(cell: Cell) -> str:
    return "" if cell.sort is None else repr(cell.sort) if isinstance(cell.sort, float) else str(cell.sort)


# the parts


def _experiments(report: Report) -> Markup:
    lines = []
    for place, member in enumerate(report.members):
        config = member.config
        marks = [element("span", one_line(alias), class_="tag") for alias in member.aliases]
        marks += [element("span", one_line(tag, 80), class_="tag") for tag in config.tags]
        role = " reference" if place == 0 and len(report.members) > 1 else ""
        lines.append(
            [
                Cell(joined([_short(str(config.config_hash)), role]), str(config.config_hash)),
                Cell(one_line(config.description, _LONGEST), config.description[:80]),
                Cell(joined(marks), " ".join(config.tags)[:80]),
                Cell(element("code", (config.created_at or "")[:10]), config.created_at),
                Cell(_short(config.parent) if config.parent else None, config.parent),
            ]
        )
    heads = ("Experiment", "Description", "Aliases and tags", "Created", "Parent")
    return _table([(head, False) for head in heads], lines)


def _verdicts(report: Report) -> Iterator[Child]:
    trial = report.trial
    if trial is None:
        if (reason := no_verdict(report)) is not None:
            yield element("p", reason)
        return
    lines = []
    for each in trial.candidates:
        verdict = each.verdict
        sorts = (verdict.difference, verdict.low, decisive(each), float(verdict.n))
        lines.append(
            [
                Cell(_short(each.config_hash), each.config_hash),
                Cell(element("span", verdict.verdict, class_="verdict"), verdict.verdict),
                *(Cell(text, sort, number=True) for text, sort in zip(figures(each), sorts, strict=True)),
            ]
        )
    yield element("p", f"Against {trial.control[:SHORT_HASH]}, by the paired differences of {one_line(trial.metric)}.")
    heads = [("Experiment", False), ("Verdict", False), ("Difference", True), ("95 %", True), ("p", True), ("n", True)]
    yield _table(heads, lines)
    sentences = []
    for each in trial.candidates:
        first, *rest = told(trial, each)
        sentences.append(element("dt", one_line(first)))
        sentences.append(element("dd", " ".join(one_line(sentence) for sentence in rest)))
    yield element("details", element("summary", "What the verdicts rest on"), element("dl", *sentences))


def _compared(report: Report, section: Section) -> Iterator[Markup]:
    """Yield what differs in one section, and what is the same everywhere folded away."""
    found = [row for row in report.comparison.rows if row.section == section]
    if not found:
        return
    elsewhere = [row for row in found if section == "metric" and HORIZON.fullmatch(row.name.removeprefix("m."))]
    here = [row for row in found if row not in elsewhere] or found
    different = [row for row in here if row.differs] or here
    same = [row for row in here if row not in different]
    yield element("h2", TITLES[section])
    if section == "metric" and len(report.members) > 1:
        yield element("p", "Differences from the reference are not tested here; see the verdicts.", class_="quiet")
    yield _rows(report, different)
    for folded, why in ((elsewhere, "at other horizons"), (same, "the same everywhere")):
        if folded and folded is not here:
            yield element("details", element("summary", f"{of_them(len(folded), 'line')} {why}"), _rows(report, folded))


def _rows(report: Report, rows: Sequence[ComparisonRow]) -> Markup:
    most = max((abs(value) for row in rows for value in row.values if row.section == "feature" and value is not ABSENT),
               default=0.0)  # fmt: skip
    numeric = rows[0].section in ("feature", "metric")
    members = list(enumerate(report.members))
    if len(members) <= _ITEMS_AS_LINES:
        heads = [("", False), *((_short(str(member.config.config_hash)), numeric) for _, member in members)]
        lines = [
            [Cell(one_line(row.name, 120), row.name), *(_cell(report, row, at, most) for at, _ in members)]
            for row in rows
        ]
        return _table(heads, lines)
    heads = [("Experiment", False), *((one_line(row.name, 120), numeric) for row in rows)]
    lines = [
        [
            Cell(_short(str(member.config.config_hash)), str(member.config.config_hash)),
            *(_cell(report, row, at, most) for row in rows),
        ]
        for at, member in members
    ]
    return _table(heads, lines)


def _cell(report: Report, row: ComparisonRow, at: int, most: float) -> Cell:
    value, numeric = row.values[at], row.section in ("feature", "metric")
    if value is ABSENT:
        text = "no weight" if row.listed and row.listed[at] else "absent"
        return Cell(element("span", text, class_="absent"), None, numeric)
    change = row.change(at) if at and row.differs else None
    parts: list[Child] = []
    if row.section == "metric":
        metric = report.definitions.get(row.name)
        parts.append(shown(metric, value) if metric else f"{value:.6g}")
        if row.bases and (base := row.bases[at]) is not None:
            known = metric or row.name
            parts.append(f" (base {shown(known, base)}, {signed(known, value - base)})")
        changed = signed(metric, change) if metric else "" if change is None else f"{change:+.6g}"
    else:
        parts += (
            [svg.bar(value, most), element("span", f"{value:.6g}", class_="value")]
            if row.section == "feature"
            else [one_line(exact(value), _LONGEST)]
        )
        changed = "" if change is None else f"{change:+.6g}"
    if change:
        parts.append(element("span", changed, class_=_look(row, at)))
    return Cell(joined(parts), _order_of(value), numeric)


def _order_of(value: Any) -> float | str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:  # an integer beyond all floats
            return math.copysign(sys.float_info.max, value > 0 or -1)
    return exact(value)[:80]


def _look(row: ComparisonRow, at: int) -> str:
    """Return the classes of a difference: of a metric, the way it is wanted or the other; of a weight, up or down."""
    up = row.wanted(at) if row.section == "metric" else (row.change(at) or 0) > 0
    return "change" if up is None else "change more" if up else "change less"


def _over_time(report: Report) -> Iterator[Child]:
    drawn = []
    for member in report.members:
        found = list(levels(member.run)) if member.run is not None else []
        if found:
            drawn.append((describe(member), found))
    if not drawn:
        if any(member.run for member in report.members):
            yield element("p", "No returns by date were recorded.", class_="quiet")
        return
    shown_ones = drawn[: svg.COLOURS]
    yield element("ul", *(_key(number, name) for number, (name, _) in enumerate(shown_ones)), class_="legend")
    if len(drawn) > len(shown_ones):
        yield element("p", f"The first {len(shown_ones)} of {len(drawn):,} are drawn.", class_="quiet")
    for title, field, show in (
        ("Equity after costs, from 1", "equity", lambda value: f"{value:g}"),
        ("Fall below the highest equity so far", "drawdown", lambda value: f"{value:.0%}"),
    ):
        curves = [
            svg.Curve(name, [level.day for level in found], [getattr(level, field) for level in found])
            for name, found in shown_ones
        ]
        height = 240 if field == "equity" else 120
        yield element("figure", svg.curves(curves, title, show, height=height), element("figcaption", title))


def _key(number: int, name: str) -> Markup:
    line = element("line", class_=f"curve c{number}", x1=0, x2=26, y1=4, y2=4)
    return element("li", element("svg", line, viewBox="0 0 26 8", aria_hidden="true"), name)


def _windows(report: Report) -> Iterator[Child]:
    metric = report.windows_of
    if metric is None:
        return
    known = report.definitions.get(f"m.{metric}")
    for member in report.members:
        windows = member.run.windows if member.run is not None else []
        if not windows:
            continue
        values = [window.metrics.get(metric) for window in windows]
        labels = [
            f"{window.test_start} to {window.test_end}: {shown(known or metric, value)}"
            for window, value in zip(windows, values, strict=True)
        ]
        there = [value for value in values if value is not None]
        above = sum(value > 0 for value in there)
        yield element(
            "figure",
            svg.bars(values, f"{metric} by window", labels),
            element(
                "figcaption",
                f"{describe(member)}: {one_line(metric)} in {of_them(len(windows), 'window')}, {span(windows)};"
                f" above 0 in {above:,} of {len(there):,}",
            ),
        )


def _definitions(report: Report) -> Iterator[Child]:
    if report.definitions:
        items = []
        for name, metric in report.definitions.items():
            way = "" if metric.direction == "none" else f"; {metric.direction} is better"
            items.append(element("dt", element("code", one_line(name))))
            items.append(element("dd", one_line(f"{metric.definition} ({metric.unit}{way})", _LONGEST)))
        yield element("details", element("summary", of_them(len(report.definitions), "metric")), element("dl", *items))
