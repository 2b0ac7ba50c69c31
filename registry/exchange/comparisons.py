r"""A comparison as CSV, Markdown or JSON: for a spreadsheet, a report, a program.

CSV has a line for each feature, transformation, hyperparameter and metric, with its value in each experiment;
what is absent is empty, null is `null`. Transposed it has a line for each experiment, and columns are called
as in filters: `w.NAME`, `transform.NAME`, `hp.NAME`, `m.NAME`. Text that a spreadsheet would run as a formula
gets an apostrophe before it, as in tables of experiments (`registry.exchange.table_form`). Markdown shows
differences from the reference beside the values, and names the experiments above the table.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from registry.comparison import ABSENT, TITLES, exact
from registry.config import SHORT_HASH
from registry.errors import ExchangeError
from registry.exchange.files import Target, writing
from registry.exchange.table_form import defused
from registry.frozen import thaw
from registry.search.words import printable, write_name

if TYPE_CHECKING:
    from registry.comparison import Comparison, ComparisonRow

TableForm = Literal["csv", "markdown", "json"]
SUFFIXES: Final[dict[str, TableForm]] = {".csv": "csv", ".md": "markdown", ".json": "json"}
"""What the end of a file's name says about its format."""

_PREFIXES: Final = {"feature": "w", "transformation": "transform", "hyperparameter": "hp"}
_MARKED_UP: Final = frozenset("\\`*_[]<>&|~$")
_ADDRESS: Final = re.compile(r"(?i)(?:https?|ftp)(?=://)|(?<![a-z0-9])www(?=\.)")
"""What GitHub makes a link of unasked: https://github.github.com/gfm/#autolinks-extension-"""


def write_comparison(comparison: Comparison, target: Target, *, transposed: bool = False, force: bool = False) -> Path:
    """Write a comparison to a file in the format that its name ends in; return its path.

    Raises:
        FileExistsRefusal: the file is there, and `force` was not given; it is untouched.
        ExchangeError: the name says no format, or the file can't be written.
    """
    path = Path(target)
    text = comparison_text(comparison, form_of(path), transposed=transposed)
    with writing(target, force=force) as stream:
        stream.write(text)
    return path


def form_of(target: Target) -> TableForm:
    """Return the format that a file's name ends in.

    Raises:
        ExchangeError: it says none.
    """
    form = SUFFIXES.get(Path(target).suffix.lower())
    if form is None:
        raise ExchangeError(f"{os.fspath(target)!r} says no format; end it in {', '.join(SUFFIXES)}")
    return form


def comparison_text(comparison: Comparison, form: TableForm, *, transposed: bool = False) -> str:
    """Return the text of a comparison, its rows and experiments in their order; JSON is never transposed."""
    if form == "json":
        return json.dumps(comparison.to_dict(), indent=2) + "\n"
    if form == "csv":
        return _csv(_by_experiment(comparison) if transposed else _by_item(comparison))
    return _markdown(comparison, transposed=transposed)


# CSV


def _csv(table: Iterable[Sequence[Any]]) -> str:
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([_csv_cell(value) for value in line] for line in table)
    return stream.getvalue()


def _by_item(comparison: Comparison) -> list[Sequence[Any]]:
    found = comparison.to_results()
    lines: list[Sequence[Any]] = [found.columns]
    for row in comparison.rows:
        lines.append([row.section, row.name, *row.values, row.differs, ABSENT if row.spread is None else row.spread])
    if comparison.metrics_from is not None:
        basis = [
            "metrics_from",
            *(comparison.metrics_from if row.section == "metric" else ABSENT for row in comparison.rows),
        ]
        return [[*line, more] for line, more in zip(lines, basis, strict=True)]
    return lines


def _by_experiment(comparison: Comparison) -> list[Sequence[Any]]:
    basis = comparison.metrics_from
    head = ["config_hash", "description", *map(_column_name, comparison.rows), *(["metrics_from"] if basis else [])]
    lines: list[Sequence[Any]] = [head]
    for place, (full, description) in enumerate(zip(comparison.hashes, comparison.descriptions, strict=True)):
        values = [row.values[place] for row in comparison.rows]
        lines.append([full, description, *values, *([basis] if basis else [])])
    return lines


def _column_name(row: ComparisonRow) -> str:
    """Return what filters call a row; metrics are called so already."""
    if row.section == "metric":
        return row.name
    if row.section == "hyperparameter":
        return f"hp.{row.name}"
    return write_name(row.name, _PREFIXES[row.section])


def _csv_cell(value: Any) -> Any:
    if value is ABSENT:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return json.dumps(thaw(value), ensure_ascii=False)
    # a lone carriage return would end the line for some readers
    text = value.replace("\r\n", "\n")
    shown = "".join(char if char in "\n\t" else printable(char) for char in text)
    return defused(shown)


# Markdown


def _markdown(comparison: Comparison, *, transposed: bool) -> str:
    lines = [_introduced(comparison, place) for place in range(len(comparison.hashes))]
    lines.append("")
    lines += _md_by_experiment(comparison) if transposed else _md_by_item(comparison)
    if comparison.metrics_from is not None:
        lines += ["", f"Metrics on {escape_markdown(comparison.metrics_from)}; their differences are not tested."]
    if comparison.metrics_note is not None:
        lines += ["", f"Metrics: {escape_markdown(comparison.metrics_note)}."]
    return "\n".join(lines) + "\n"


def _introduced(comparison: Comparison, place: int) -> str:
    tags = comparison.tags[place] if comparison.tags else []
    said = [escape_markdown(comparison.descriptions[place]) or "no description"]
    if tags:
        said.append("tags: " + ", ".join(map(escape_markdown, tags)))
    if comparison.hashes[place] == comparison.against:
        said.append("the reference")
    return f"- `{comparison.hashes[place][:SHORT_HASH]}` {'; '.join(said)}"


def _md_by_item(comparison: Comparison) -> list[str]:
    head = ["", *(f"`{full[:SHORT_HASH]}`" for full in comparison.hashes)]
    lines = [markdown_line(head), markdown_line(["---"] * len(head))]
    section = None
    for row in sorted(comparison.rows, key=lambda row: not row.differs):
        if row.section != section:
            section = row.section
            lines.append(markdown_line([f"**{TITLES[section]}**", *([""] * len(comparison.hashes))]))
        cells = [_md_cell(row, place, comparison.reference) for place in range(len(comparison.hashes))]
        lines.append(markdown_line([escape_markdown(row.name), *cells]))
    return lines


def _md_by_experiment(comparison: Comparison) -> list[str]:
    head = ["", *(escape_markdown(_column_name(row)) for row in comparison.rows)]
    lines = [markdown_line(head), markdown_line(["---"] * len(head))]
    for place, full in enumerate(comparison.hashes):
        cells = [_md_cell(row, place, comparison.reference) for row in comparison.rows]
        lines.append(markdown_line([f"`{full[:SHORT_HASH]}`", *cells]))
    return lines


def markdown_line(cells: Iterable[str]) -> str:
    """Return a line of a table; its cells are Markdown."""
    return "| " + " | ".join(cells) + " |"


def _md_cell(row: ComparisonRow, place: int, reference: int) -> str:
    value = row.values[place]
    if value is ABSENT:
        shown = "*no weight*" if row.listed and row.listed[place] else "*absent*"
    elif row.section == "metric":
        shown = f"{value:.6g}"
    else:
        shown = escape_markdown(exact(value))
    change = row.change(place, reference) if place != reference and row.differs else None
    if not change:
        return shown
    wanted = row.wanted(place, reference)
    return f"{shown} ({change:+.6g}{'' if wanted is None else ', the wanted way' if wanted else ', the other way'})"


def escape_markdown(text: str) -> str:
    r"""Return text that GitHub's Markdown shows as it is, on one line: no marks, links or math between dollars.

    >>> print(escape_markdown("a_b | *c*\n<b> $x$"), escape_markdown("see http://x.y"))
    a_b \| \*c\* \<b\> \$x\$ see http\://x.y
    """
    shown = printable(" ".join(text.split()))
    marked = "".join(
        f"\\{char}" if char in _MARKED_UP and not _inside(shown, at) else char for at, char in enumerate(shown)
    )
    return _ADDRESS.sub(lambda found: f"{found[0]}\\", marked)


def _inside(text: str, at: int) -> bool:
    """Return whether the character is an underscore inside a word, which marks nothing up."""
    return text[at] == "_" and text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()
