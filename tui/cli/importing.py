"""`import`: experiments from files, folders and pipes, with a report of what became of each record."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from registry.config import SHORT_HASH
from registry.location import FORMER_NAME
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, earlier_beside, pass_app
from tui.cli.errors import Exit, Stop
from tui.cli.progress import bar_of_records
from tui.safe import safe

if TYPE_CHECKING:
    from registry.aliases import Move
    from registry.exchange.report import ImportReport
    from registry.marks import Unmoved


def _map_help(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from registry.exchange.mapping import REFERENCE

        output.raw(REFERENCE)
        context.exit()


@click.command(
    "import",
    cls=Command,
    examples=[
        "experiments import experiments.sqlite",
        "experiments import reports/backtests/* configs/*.json --dry-run",
        "ssh other experiments export --filter tag:v2 - | experiments import -",
    ],
)
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--atomic", is_flag=True, help="All or nothing: one refused record keeps everything out.")
@click.option(
    "--metadata",
    type=click.Choice(["fill", "replace"]),
    default="fill",
    show_default=True,
    help="For an experiment that is there: unite tags and fill an empty description, or replace both.",
)
@click.option(
    "--map", "map_", metavar="MAP.toml", help="FILE is of another system; this says where what is (see --map-help)."
)
@click.option(
    "--map-help",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_map_help,
    help="What may stand in a mapping file.",
)
@click.option("--aliases", "with_aliases", is_flag=True, help="Move aliases as the records say, if they do.")
@click.option("--force", is_flag=True, help="With --aliases: replace files that follow them though changed by hand.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@pass_app
def import_(
    app: App,
    files: tuple[str, ...],
    dry_run: bool,
    atomic: bool,
    metadata: Literal["fill", "replace"],
    map_: str | None,
    with_aliases: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Bring experiments in from files.

    Repeating an import changes nothing. FILE is an exported JSON, a JSON array, NDJSON, a folder of a backtest,
    a folder of such files, a table (.csv, .csv.gz, .parquet) that was exported or has columns w.NAME, the registry
    of the earlier system (SQLite), a hand-kept JSON with features and weights, or `-`. Aliases never move by an
    import, unless with --aliases: then each is promoted to what an export with --aliases says, as its next version
    here.

    Exit code 5 when some records were refused or an alias could not be moved, 2 when all records were refused (or
    any, with --atomic).
    """
    from registry.exchange.importing import import_sources

    mapping = None
    if map_ is not None:
        from registry.exchange.mapping import Mapping as Map

        mapping = Map.read(map_)
    registry = app.registry(Missing.CREATED)
    existed = registry.exists()
    with bar_of_records() as progress:
        report = import_sources(
            registry.store,
            files,
            metadata=metadata,
            dry_run=dry_run,
            atomic=atomic,
            stdin=getattr(sys.stdin, "buffer", None),
            mapping=mapping,
            progress=progress,
        )
    if not existed and registry.exists():
        output.note(f"made a new registry: {registry.path}")
        beside = earlier_beside(registry.path)
        if beside and not any(Path(file).name == FORMER_NAME for file in files):
            output.note(beside)
    moves: list[Move] = []
    unmoved: list[Unmoved] = []
    if with_aliases and dry_run:
        unmoved = registry.foresee_aliases(report.aliases, force=force)
    elif with_aliases:
        moves, unmoved = registry.take_aliases(report.aliases, force=force)
    if as_json:
        told = {"moves": [move.to_dict() for move in moves], "unmoved": [each.to_dict() for each in unmoved]}
        output.record({**report.to_dict(), **told})
    else:
        _tell(report)
        _tell_aliases(report, moves, unmoved, with_aliases)
    if report.refused:
        raise Stop(Exit.PARTLY if report.records and not report.withheld else Exit.USAGE)
    if not report.records:
        raise Stop(Exit.USAGE)  # nothing imported
    if unmoved:
        raise Stop(Exit.PARTLY)


def _tell_aliases(report: ImportReport, moves: list[Move], unmoved: list[Unmoved], with_aliases: bool) -> None:
    for each in unmoved:
        output.note(f"alias {safe(each.alias)} {'would stay' if report.dry_run else 'stayed'}: {safe(each.reason)}")
    for move in moves:
        output.line(f"{safe(move.alias)} v{move.version}: {move.config_hash[:SHORT_HASH]}")
    names = sorted({carried.alias for carried in report.aliases} - {each.alias for each in unmoved})
    if names and not with_aliases:
        output.note(f"{safe(', '.join(names))} stayed as here; --aliases moves aliases as the records say")
    elif names and report.dry_run:
        output.note(f"would move {safe(', '.join(names))} where the records say")


def _tell_first(first: Mapping[str, Any]) -> None:
    """Show what the first record becomes, for somebody to look whether the mapping is right."""
    config = first["experiment"]
    output.line(f"the first one, {safe(first['source'])}, becomes {config['config_hash'][:SHORT_HASH]}:")
    for key in ("description", "tags", "created_at", "parent"):
        if config.get(key):
            said = ", ".join(config[key]) if key == "tags" else config[key]
            output.line(f"  {key:<16} {safe(said)}")
    for title in ("weight", "transformation", "hyperparameter"):
        for name, value in config[title + "s" if title == "hyperparameter" else f"feature_{title}s"].items():
            shown = value if isinstance(value, str) and title == "transformation" else output.to_json(value)
            output.line(f"  {title:<16} {safe(name)} = {safe(shown)}")
    unweighed = [name for name in config["feature_names"] if name not in config["feature_weights"]]
    if unweighed:
        output.line(f"  {'without a weight':<16} {safe(', '.join(unweighed))}")
    for run in first["runs"]:
        for name, value in run["metrics"].items():
            output.line(f"  {'metric':<16} {safe(name)} = {'absent' if value is None else f'{value:.6g}'}")
        output.line(f"  {'measured on':<16} {safe(run['panel'])} {run['period']}")
    if first["not_used"]:
        output.line(f"  {'not used':<16} {safe(', '.join(first['not_used']))}")


def _tell(report: ImportReport) -> None:
    if report.first is not None and report.dry_run:
        _tell_first(report.first)
    for remark in report.remarks:
        output.note(f"{safe(remark.source)}: {safe(remark.text)}")
    for refusal in report.refused:
        output.note(f"refused {safe(refusal.source)}: {safe(refusal.reason)}")
    counts = {outcome: count for outcome, count in report.counts.items() if count}
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) or "nothing found to import"
    if report.runs:
        said += f", with {of_them(report.runs, 'new run')}"
    if report.withheld:
        output.line(f"nothing was imported (--atomic): {said}")
    else:
        output.line(f"would be imported: {said}" if report.dry_run else said)


commands = {"import": import_}
