"""`compare`: what is different between two or more experiments, as a table of what differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry.comparison import TITLES
from registry.config import SHORT_HASH
from registry.errors import FileExistsRefusal
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import Exit, Stop, refuse
from tui.cli.heat import print_matrix
from tui.cli.options import check_selection, filter_option, format_options, panel_options, references
from tui.cli.table import Column, layout, number
from tui.safe import safe
from tui.widths import width

if TYPE_CHECKING:
    from registry.analysis.matrix import Matrix
    from registry.comparison import Comparison, ComparisonRow
    from registry.experiments import ExperimentRegistry


@click.command(
    cls=Command,
    examples=[
        "experiments compare 08d6b6669e67 latest",
        "experiments compare A B C D --against A --all",
        "experiments search 'tag:sweep-1' --ids | experiments compare - --json",
        "experiments compare A B C --against A -o weights.csv",
        "experiments compare A B --exit-code > /dev/null || echo different",
        "experiments compare --filter 'tag:sweep-1' --top 20 --by m.edge --normalise --cluster",
    ],
)
@click.argument("refs", metavar="A B…", nargs=-1)
@filter_option
@click.option(
    "--top", metavar="N", type=click.IntRange(min=0), help="Of --filter: the first N; 0 is all [default: 20]."
)
@click.option("--by", metavar="COLUMN", help="Of --filter: the best by m.NAME, or the largest by another column.")
@click.option("--normalise", is_flag=True, help="Divide weights by their absolute sum in each experiment.")
@click.option("--cluster", is_flag=True, help="Put what is alike side by side.")
@click.option("--heat/--numbers", default=None, help="A heat map of weights [default with --filter], or the numbers.")
@click.option("--against", metavar="HASH", help="The reference: it comes first, the others show their change from it.")
@panel_options
@click.option("--all", "everything", is_flag=True, help="Show what is the same in all of them, too.")
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the table to FILE.csv, .md (Markdown) or .json.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--transpose", is_flag=True, help="Experiments as lines: of CSV, and of a file in Markdown.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when anything differs.")
@format_options
@pass_app
def compare(
    app: App,
    refs: tuple[str, ...],
    filter_: str | None,
    top: int | None,
    by: str | None,
    normalise: bool,
    cluster: bool,
    heat: bool | None,
    against: str | None,
    everything: bool,
    file: Path | None,
    force: bool,
    transpose: bool,
    exit_code: bool,
    form: str,
    panel: str | None,
    period: str | None,
) -> None:
    """Compare two or more experiments.

    What differs comes first, the widest spread on top; what is the same only with --all. Metrics come from the
    latest runs on one panel and period, chosen or shared by most, which is named. CSV and NDJSON have a line
    for each feature, transformation, hyperparameter and metric, with its value in each experiment; what is
    absent is empty in CSV and left out in NDJSON. Text that a spreadsheet would run as a formula gets an
    apostrophe before it in CSV.

    With --filter instead of A B… the best of all that match: a heat map of their weights, a feature a line, in which
    a block is as high as the weight is large; exactly with --numbers or as JSON and CSV.
    """
    if file is not None:
        _check_file(file, form)
    if transpose and form != "csv" and (file is None or file.suffix.lower() == ".json"):
        raise click.UsageError("--transpose is for CSV and Markdown: give --format csv, or -o FILE.csv or FILE.md")
    check_selection(refs, filter_, top, by)
    registry = app.registry(Missing.NAMED if filter_ is None else Missing.NOTHING)
    wanted = [] if filter_ is not None else references(refs)
    if filter_ is None and len(wanted) < (2 if against is None else 1):
        raise click.UsageError("name at least two experiments to compare")
    picture = None
    if filter_ is not None:
        picture = _selection(
            registry, filter_, against, panel, period, top=top, by=by, normalise=normalise, cluster=cluster
        )
        found = picture.comparison
    else:
        found = _arranged(
            registry.compare_many(wanted, against=against, panel=panel, period=period),
            normalise=normalise,
            cluster=cluster,
        )
    rows = found.rows if everything else found.differing
    if file is not None:
        _write(replace(found, rows=rows), file, transpose=transpose, force=force)
    elif form == "json":
        sides = [*wanted, *([against] if against is not None and len(wanted) == 1 else [])]
        pair: dict[str, Any] = registry.compare(*sides, panel=panel, period=period) if len(sides) == 2 else {}
        chosen = {} if picture is None else picture.to_dict()
        output.record({**pair, **chosen, **found.to_dict(), "rows": [row.to_dict() for row in rows]})
    elif form == "ndjson":
        output.lines(output.to_json(_record(row, found)) for row in rows)
    elif form == "csv":
        from registry.exchange import comparison_text

        output.raw(comparison_text(replace(found, rows=rows), "csv", transposed=transpose))
    elif heat or (heat is None and picture is not None):
        print_matrix(picture or _drawn(found, normalise=normalise, cluster=cluster), everything=everything)
    else:
        print_comparison(found, everything=everything)
    if exit_code and found.differing:
        raise Stop(Exit.DIFFERS)


def _selection(
    registry: ExperimentRegistry,
    filter_: str,
    against: str | None,
    panel: str | None,
    period: str | None,
    *,
    top: int | None,
    by: str | None,
    normalise: bool,
    cluster: bool,
) -> Matrix:
    return registry.matrix(
        filter_,
        top=20 if top is None else top or None,
        by=by,
        normalise=normalise,
        cluster=cluster,
        against=against,
        panel=panel,
        period=period,
    )


def _arranged(found: Comparison, *, normalise: bool, cluster: bool) -> Comparison:
    from registry.analysis.matrix import clustered, normalised

    if normalise:
        found = normalised(found)
    return clustered(found) if cluster else found


def _drawn(found: Comparison, *, normalise: bool, cluster: bool) -> Matrix:
    """Return named experiments as a matrix; a reference comes first."""
    from registry.analysis.matrix import Matrix

    if found.against is not None:
        found = found.seen_from(found.reference)
    count = len(found.hashes)
    return Matrix(found, None, [None] * count, count, 0, normalise, cluster)


def _check_file(file: Path, form: str) -> None:
    """Refuse a file whose name says no format, before anything is read."""
    from registry.exchange.comparisons import form_of

    if form != "table":
        raise click.UsageError(f"{file} says the format by its name; leave out --json and --format")
    form_of(file)


def _write(found: Comparison, file: Path, *, transpose: bool, force: bool) -> None:
    try:
        found.write(file, transposed=transpose, force=force)
    except FileExistsRefusal as refusal:
        raise refuse(f"{refusal} (--force)") from None
    output.note(f"wrote {of_them(len(found.rows), 'row')} to {file}")


def _record(row: ComparisonRow, found: Comparison) -> dict[str, Any]:
    """Return a row that stands alone: its values by experiment, an absent one left out."""
    made = row.to_dict()
    present = made.pop("present")
    listed = made.pop("listed", None)
    made["values"] = _by_hash(found, made["values"], present)
    return made if listed is None else {**made, "listed": _by_hash(found, listed, [True] * len(listed))}


def _by_hash(found: Comparison, values: list[Any], present: list[bool]) -> dict[str, Any]:
    return {full: value for full, value, there in zip(found.hashes, values, present, strict=True) if there}


def print_comparison(found: Comparison, *, everything: bool = False) -> None:
    """Write a comparison for people."""
    shown = found.rows if everything else found.differing
    order = _order(found)
    for place in order:
        mark = "reference" if found.hashes[place] == found.against else ""
        hash_ = output.paint(found.hashes[place][:SHORT_HASH], "cyan")
        described = safe(found.descriptions[place]) or "(no description)"
        output.line(f"{hash_}  {described}{f'  ({mark})' if mark else ''}")
    for section, title in TITLES.items():
        rows = [row for row in shown if row.section == section]
        if rows:
            output.line()
            _print_section(title, rows, found, order)
    if found.metrics_from is not None:
        output.note(f"metrics on {found.metrics_from}; their differences are not tested")
    if found.metrics_note is not None:
        output.note(found.metrics_note)
    if not found.differing:
        output.line()
        if len(set(found.hashes)) == 1:
            output.line("The same experiment.")
        else:
            output.line("No difference that counts: weights within 1e-9 of each other, everything else the same.")
    elif found.equal and not everything:
        output.note(f"{of_them(len(found.equal), 'row')} the same everywhere not shown (--all shows all)")


def _order(found: Comparison) -> list[int]:
    """Return the places of the experiments, the reference first."""
    places = list(range(len(found.hashes)))
    if found.against is not None:
        places.insert(0, places.pop(found.reference))
    return places


def _print_section(title: str, rows: list[ComparisonRow], found: Comparison, order: list[int]) -> None:
    """Write one section, in as many blocks side by side experiments need at this width."""
    names = [safe(row.name) for row in rows]
    two = len(order) == 2
    columns = []
    for place in order:
        cells = [_cell(row, place, found, delta=found.against is not None and not two) for row in rows]
        columns.append((found.hashes[place][:SHORT_HASH], cells))
    numeric = any(row.spread is not None for row in rows)
    last: list[tuple[str, list[str]]] = []
    if two and numeric:
        last.append(("CHANGE", [_change(row, order[1], order[0]) for row in rows]))
    elif numeric and len(order) > 2:
        last.append(("SPREAD", ["-" if row.spread is None else _amount(row, row.spread) for row in rows]))
    blocks = _blocks(names, title, columns, last)
    for index, block in enumerate(blocks):
        if index:
            output.line()
        heads = [Column(title, str, shrinks=True), *(Column(head, str, right=True) for head, _ in block)]
        table = list(zip(names, *(cells for _, cells in block), strict=True))
        limit = output.terminal_width() if output.is_terminal() else None
        output.lines(layout(heads, table, limit, output.style("bold")))


def _blocks(
    names: list[str], title: str, columns: list[tuple[str, list[str]]], last: list[tuple[str, list[str]]]
) -> list[list[tuple[str, list[str]]]]:
    """Split the experiments over blocks that fit a terminal; the first one is repeated in each."""
    if not output.is_terminal():
        return [columns + last]

    def cells(column: tuple[str, list[str]]) -> int:
        return max(map(width, [column[0], *column[1]])) + 2

    first, *others = columns
    start = min(max(map(width, [title, *names])), 40) + cells(first)
    blocks, block, used = [], [first], start
    for column in [*others, *last]:
        if used + cells(column) > output.terminal_width() and len(block) > 1:
            blocks.append(block)
            block, used = [first], start
        block.append(column)
        used += cells(column)
    return [*blocks, block]


def _cell(row: ComparisonRow, place: int, found: Comparison, *, delta: bool) -> str:
    from registry.comparison import ABSENT, exact

    value = row.values[place]
    if value is ABSENT:
        return "no weight" if row.section == "feature" and row.listed[place] else "absent"
    shown = number(value) if row.section == "feature" else safe(exact(value))
    if row.section == "metric":
        shown = _amount(row, value)
    if row.section == "feature" and not row.listed[place]:
        shown += " (not a feature)"
    change = row.change(place, found.reference) if delta and place != found.reference else None
    beside = [f"base {_amount(row, base)}"] if row.bases and (base := row.bases[place]) is not None else []
    if change:
        beside.append(_change(row, place, found.reference))
    return shown + (f" ({', '.join(beside)})" if beside else "")


def _change(row: ComparisonRow, place: int, reference: int) -> str:
    """Return a difference with its sign and, of a metric, which way is wanted: no verdict, for nothing is tested."""
    change = row.change(place, reference)
    wanted = f", {row.direction} wanted" if change and row.direction != "none" else ""
    return _signed(row, change) + wanted


def _signed(row: ComparisonRow, change: float | None) -> str:
    if change is None:
        return ""
    shown = _amount(row, change + 0.0)
    return f"+{shown}" if change > 0 else shown


def _amount(row: ComparisonRow, amount: float) -> str:
    """Return an amount: of weights in their four decimals, of metrics in four digits, of hyperparameters as it is."""
    if row.section == "metric":
        return f"{amount:.4g}"
    return number(amount) if row.section == "feature" else f"{amount:.10g}"


commands = {"compare": compare}
