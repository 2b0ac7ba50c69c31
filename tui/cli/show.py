"""`show`: one experiment in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry.config import SHORT_HASH
from registry.errors import AmbiguousHashError, NotFoundError
from registry.runs.record import is_run_id
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import nothing, refuse
from tui.cli.options import format_options, references
from tui.cli.table import listed
from tui.safe import safe
from tui.widths import width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry.config import ExperimentConfig
    from registry.experiments import ExperimentRegistry
    from registry.rows import Details

BAR_CELLS = 20
EIGHTHS = " ▏▎▍▌▋▊▉█"


@click.command(
    cls=Command,
    examples=[
        "experiments show 08d6b6669e67",
        "experiments show latest --json",
        "experiments search baseline --ids | experiments show -",
    ],
)
@click.argument("refs", metavar="HASH…", nargs=-1, required=True)
@click.option(
    "--command", "as_command", is_flag=True, help="Of a run: the command that made it, and what changed since."
)
@format_options
@pass_app
def show(app: App, refs: tuple[str, ...], as_command: bool, form: str) -> None:
    """Show one experiment or run in full.

    Of a run (r-…): its metrics, windows, options and what it was made with. Of an experiment:

    features, weights, transformations, hyperparameters, notes, relatives, runs. As JSON it is the full record,
    of several experiments a list of them; NDJSON has one a line.
    """
    registry = app.registry(Missing.NAMED)
    wanted = list(references(refs))  # before the file is held: whoever writes them into the pipe may need it
    runs = [ref for ref in wanted if is_run_id(ref)]
    if runs or as_command:
        if len(runs) != len(wanted):
            raise refuse("give either hashes of experiments or ids of runs (r-…), not both" if runs else
                         "--command goes with the id of a run (r-…); see: experiments runs HASH")  # fmt: skip
        _show_runs(registry, runs, form, as_command)
        return
    with registry.store.read():  # one look for all of them
        found = [_details(registry, ref) for ref in wanted]
    if not found:
        raise nothing("stdin holds no hashes; nothing to show")
    if form == "json" and len(found) == 1:
        output.record(found[0].to_dict())
        return
    if form != "table":
        output.records([details.to_dict() for details in found], form)
        return
    for number, details in enumerate(found):
        if number:
            output.line()
        output.lines(page(details))
        output.lines(_runs_of(details))


def _runs_of(details: Details) -> Iterator[str]:
    """Yield a line for each run of an experiment."""
    from registry.numbers import against_base, shown

    if details.runs:
        yield "Runs:"
    for run in details.runs:
        metrics = run.metrics
        parts = [f"{safe(run.panel.name)} {run.period}"]
        if metrics.get("precision_at_k") is not None:
            parts.append(f"precision {against_base(metrics)}")
        parts += [
            f"{name} {shown(name, metrics[name])}" for name in ("rank_ic", "sharpe") if metrics.get(name) is not None
        ]
        if len(parts) == 1:
            parts += [f"{safe(name)} {shown(name, value)}" for name, value in list(metrics.items())[:3]]
        yield f"  - {run.run_id}  {', '.join(parts)}"
    if details.run_count > len(details.runs):
        yield f"  and {details.run_count - len(details.runs):,} more; see: experiments runs HASH"


def _show_runs(registry: ExperimentRegistry, ids: list[str], form: str, as_command: bool) -> None:
    from tui.cli import runs

    found = [registry.run(id_) for id_ in ids]
    if form != "table" and not as_command:
        if form == "json" and len(found) == 1:
            output.record(found[0].to_dict())
        else:
            output.records([run.to_dict() for run in found], form)
        return
    for number, run in enumerate(found):
        if number:
            output.line()
        output.lines(runs.command_lines(registry, run) if as_command else runs.page(registry, run))


def _details(registry: ExperimentRegistry, ref: str) -> Details:
    """Return what there is to show; of one in the trash too."""
    try:
        return registry.details(ref)
    except AmbiguousHashError:
        raise
    except NotFoundError as missing:
        try:
            return registry.details(ref, trashed=True)
        except NotFoundError:
            raise missing from None


def page(details: Details) -> Iterator[str]:
    """Yield the lines that show one experiment."""
    yield from summary_lines(details.config, bars=output.is_terminal())
    config = details.config
    yield ""
    yield f"Hash: {config.config_hash}"
    yield f"Registered: {safe(details.registered_at)}"
    if details.deleted_at:
        yield output.paint(f"In the trash since: {safe(details.deleted_at)}", "yellow")
    if config.parent:
        yield f"Parent: {config.parent[:SHORT_HASH]}{' (inferred)' if details.parent_inferred else ''}"
    if details.aliases:
        yield f"Aliases: {safe(', '.join(details.aliases))}"
    if details.children:
        yield f"Variants: {', '.join(child[:SHORT_HASH] for child in details.children)}"
    if details.old_hashes:
        yield f"Old hashes: {', '.join(safe(old)[:SHORT_HASH] for old in details.old_hashes)}"
    if details.notes:
        yield "Notes:"
        for note in details.notes:
            yield f"  - {output.moment(note.at)}  {safe(note.note)}"


def summary_lines(config: ExperimentConfig, *, bars: bool = False) -> list[str]:
    """Return the lines of `config.summary()`, each piece of user text made safe; with bars for the weights."""
    lines = [
        f"Experiment Configuration: {output.paint(str(config.config_hash)[:SHORT_HASH], 'cyan')}",
        f"Created: {config.created_at}",
        f"Description: {safe(config.description)}",
        f"Tags: {output.paint(safe(listed(config.tags, ', ')) or '(none)', 'green')}",
        "",
        f"Features ({len(config.feature_names)}):",
    ]
    lines += _feature_lines(config, bars)
    unlisted = [name for name in sorted(config.feature_weights) if name not in config.feature_names]
    if unlisted:
        lines.append("Weights without a feature:")
        lines += [f"  - {safe(name)}: weight={config.feature_weights[name]:.4f}" for name in unlisted]
    lines.append("Hyperparameters:")
    lines += [f"  - {safe(name)}: {safe(str(value))}" for name, value in sorted(_plain(config).items())]
    return lines


def _plain(config: ExperimentConfig) -> dict[str, object]:
    return config.to_dict()["hyperparameters"]  # type: ignore[no-any-return]


def _feature_lines(config: ExperimentConfig, bars: bool) -> list[str]:
    names = sorted(config.feature_names)
    texts = []
    for name in names:
        weight = config.feature_weights.get(name)
        shown = "absent" if weight is None else f"{weight:.4f}"
        transformation = safe(config.feature_transformations.get(name, "none"))
        texts.append(f"  - {safe(name)}: weight={shown}, transform={transformation}")
    if not bars:
        return texts
    room = output.terminal_width() - BAR_CELLS - 2
    cells = min(max(map(width, texts), default=0), room)
    largest = max((abs(w) for w in config.feature_weights.values()), default=0.0)
    made = []
    for name, line in zip(names, texts, strict=True):
        weight = config.feature_weights.get(name, 0.0)
        drawn = bar(abs(weight) / largest if largest else 0.0)
        colour = "red" if weight < 0 else "cyan"
        pad = " " * (cells - width(line))
        made.append(f"{line}{pad}  {output.paint(drawn, colour)}" if drawn and width(line) <= cells else line)
    return made


def bar(share: float) -> str:
    """Return a bar for a share between 0 and 1."""
    eighths = round(share * BAR_CELLS * 8)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


commands = {"show": show}
