"""`lineage`: where an experiment comes from and what came of it, as a tree with the edit on each edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui import family_tree
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.options import panel_options
from tui.safe import safe
from tui.widths import crop, width

if TYPE_CHECKING:
    from registry.lineage import Lineage
    from tui.family_tree import TreeLine


@click.command(
    cls=Command,
    examples=[
        "experiments lineage latest --metric m.edge",
        "experiments lineage 08d6b6669e67 --infer",
        "experiments lineage production --json | jq .size",
    ],
)
@click.argument("ref", metavar="HASH")
@click.option("--metric", metavar="m.NAME", help="Show this metric too, and its change on each edge.")
@panel_options
@click.option("--infer", is_flag=True, help="Guess parents for experiments that came without one.")
@click.option("--save", is_flag=True, help="With --infer: record what was guessed, marked as guesses.")
@click.option("--forget", is_flag=True, help="Take recorded guesses off the experiments shown again.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Show at most N experiments [200].")
@click.option("--json", "as_json", is_flag=True, help="The tree as JSON.")
@pass_app
def lineage(
    app: App,
    ref: str,
    metric: str | None,
    panel: str | None,
    period: str | None,
    infer: bool,
    save: bool,
    forget: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show the family of an experiment: a tree with the edit on each edge.

    From the oldest ancestor on; `*` marks HASH. Metrics are read on one panel and period, chosen or shared by
    most, which is named. Ancestors that were deleted stay as stubs. --infer takes the nearest earlier experiment
    (by weights and hyperparameters) for the parent of one that has none, and says which are guesses.
    """
    if save and not infer:
        raise click.UsageError("--save records what --infer guesses; give both")
    if forget and infer:
        raise click.UsageError("--forget takes guesses off and --infer makes them; give one")
    registry = app.registry(Missing.NAMED)
    wanted = metric if metric is None or "." in metric or "(" in metric else f"m.{metric}"

    def family() -> Lineage:
        return registry.lineage(ref, wanted, panel=panel, period=period, infer=infer, limit=limit)

    found = family()
    if save or forget:
        changed = registry.save_inferred(found) if save else registry.forget_inferred(found)
        done = "recorded" if save else "took back"
        output.note(f"{done} {of_them(len(changed), 'inferred parent')}")
        found = family()
    if as_json:
        output.record(found.to_dict())
        return
    output.lines(tree_lines(found, output.terminal_width() if output.is_terminal() else None))
    _tell_rest(found)


def _tell_rest(found: Lineage) -> None:
    if found.metric is not None and found.metrics_from is None:
        output.note("none of them has a run, so none has metrics")
    if found.hidden:
        above = f", {found.above:,} of them ancestors" if found.above else ""
        output.note(f"{found.hidden:,} of {found.size:,} not shown{above} (--limit)")
    if found.note is not None:
        output.note(found.note)
    if found.proposals:
        output.note(f"{of_them(len(found.proposals), 'parent')} guessed, not recorded (--infer --save records)")


def tree_lines(found: Lineage, cells: int | None) -> Iterator[str]:
    """Yield the lines of the tree, cut to `cells` where that is given."""
    numbers = family_tree.numbers(found)
    first, second = (max((width(pair[n]) for pair in numbers.values()), default=0) for n in (0, 1))
    columns = {hash_: f"{value:>{first}}  {change:>{second}}  " for hash_, (value, change) in numbers.items()}
    if found.metrics_from is not None:
        yield safe(f"{found.metric} on {found.metrics_from}")
    if found.above:
        yield f"… {of_them(found.above, 'earlier ancestor')}"
    blank = " " * max(map(width, columns.values()), default=0)
    for line in family_tree.tree(found.root):
        if line.more:
            yield f"{blank}{line.lead}… {line.more:,} more"
        else:
            yield _line(found, line, columns.get(line.node.config_hash, ""), cells)


def _line(found: Lineage, line: TreeLine, numbers: str, cells: int | None) -> str:
    node, text = line.node, family_tree.words(line.node)
    marked = node.config_hash == found.of
    short = f"{'* ' if marked else ''}{node.config_hash[:SHORT_HASH]}"
    if cells is not None:
        text = crop(text, max(0, cells - width(numbers + line.lead + short) - 2))
    colour = {True: "green", False: "red", None: None}[node.better]
    told = output.paint(numbers, colour) if colour else numbers
    return f"{told}{line.lead}{output.paint(short, 'bold' if marked else 'cyan')}  {text}".rstrip()


commands = {"lineage": lineage}
