"""`runs`, `metrics`, `record`: what was evaluated with what result, what the numbers mean, results from elsewhere."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry.numbers import shown
from registry.results import Results
from tui import recorded
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import refuse
from tui.cli.options import format_options
from tui.cli.table import ABSENT, Column, text
from tui.safe import safe

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry
    from registry.runs.record import Run

SHOWN = ("precision_at_k", "base_rate", "edge", "rank_ic", "net_return", "sharpe", "max_drawdown", "turnover")
_LIMIT = 100


@click.command(
    cls=Command,
    examples=[
        "experiments runs latest",
        "experiments runs --panel sp500_20_panel --period 2010-01-04..2022-12-28 --json",
    ],
)
@click.argument("ref", metavar="[HASH]", required=False)
@click.option("--panel", metavar="NAME", help="Only those on this panel; NAME#2 where several share it.")
@click.option("--period", metavar="A..B", help="Only those over this period.")
@click.option("--limit", metavar="N", type=click.IntRange(min=0), help="At most N; 0 is all.")
@format_options
@pass_app
def runs(app: App, ref: str | None, panel: str | None, period: str | None, limit: int | None, form: str) -> None:
    """List runs: who was evaluated on what, with what result.

    Newest first; of everything, or of one experiment, panel or period.
    """
    registry = app.registry(Missing.NAMED if ref else Missing.EMPTY)
    at_most = _LIMIT if limit is None and form == "table" and output.is_terminal() else limit or None
    if panel is not None:
        registry.check_panel(panel)
    found = registry.runs(ref, panel=panel, period=period, limit=None if at_most is None else at_most + 1)
    more = at_most is not None and len(found) > at_most
    found = found[:at_most]
    if form in ("json", "ndjson"):
        records = [_record(run) for run in found]
        if form == "json":
            output.record(records)
        else:
            output.lines(output.to_json(record) for record in records)
        return
    names = ("run_id", "config_hash", "recorded_at", "panel", "period", *SHOWN)
    rows = [_row(run) for run in found]
    if form == "csv":
        output.listing(Results(names, rows), form)
        return
    if not rows:
        message = app.empty("no runs yet; make one with: experiments backtest HASH --data PANEL --start … --end …")
        if message:
            output.note(message)
        return
    print_runs(found)
    if more:
        output.note(f"the newest {at_most:,} are shown; --limit 0 shows all")
    if len({(run.panel.name, run.period) for run in found}) > 1:
        output.note("numbers of different panels or periods are not comparable")


def print_runs(found: list[Run]) -> None:
    """Write runs as a table."""
    names = ("run_id", "config_hash", "recorded_at", "panel", "period", *SHOWN)
    columns = [
        Column("RUN", text), Column("HASH", output.short_hash, style=output.style("cyan")),
        Column("RECORDED", output.moment, style=output.style("dim")), Column("PANEL", text), Column("PERIOD", text),
        *(Column(name.upper(), _shower(name), right=True) for name in SHOWN),
    ]  # fmt: skip
    output.table(Results(names, [_row(run) for run in found]), columns)


def _shower(name: str) -> Any:
    return lambda value: shown(name, value)


def _row(run: Run) -> tuple[Any, ...]:
    return (
        run.run_id, run.config_hash, run.recorded_at, run.panel.name, run.period,
        *(run.metrics.get(name) for name in SHOWN),
    )  # fmt: skip


def _record(run: Run) -> dict[str, Any]:
    record = run.to_dict()
    return {name: value for name, value in record.items() if name not in ("windows", "dates")}


@click.command(cls=Command, examples=["experiments metrics", "experiments metrics --json"])
@format_options
@pass_app
def metrics(app: App, form: str) -> None:
    """Say what every metric means.

    Its unit, which way is better, its definition.

    `m.NAME` in filters, columns and --sort reads them. Metrics of your own come with their definition.
    """
    found = app.place.metrics()
    rows = [tuple(metric.to_dict().values()) for metric in found]
    output.listing(Results(["name", "unit", "direction", "definition"], rows), form)


@click.command(
    cls=Command,
    examples=[
        "experiments record 08d6b6669e67 result.json",
        "my-engine --weights … | experiments record latest -",
    ],
)
@click.argument("ref", metavar="HASH")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--ids", is_flag=True, help="Print the id of the run only.")
@pass_app
def record(app: App, ref: str, file: Path, ids: bool) -> None:
    """Record a result of an engine of your own.

    FILE (or - for stdin) is a JSON object. It has metrics {NAME: number}, panel "NAME", period
    "2010-01-04..2022-12-28" (or start and end); and, where
    there are any, windows [{test_start, test_end, metrics}], dates {METRIC: {DAY: number}} (the values by
    rebalance date that paired tests need), options, engine, and definitions {METRIC: {unit, direction,
    definition}} of metrics that are not ours. The same content again is the same run.
    """
    from registry.config import parse_json
    from registry.errors import InvalidRunError

    registry = app.registry(Missing.NAMED)
    shown_name = "stdin" if str(file) == "-" else safe(str(file))
    try:
        data = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
        value = parse_json(data)
    except (UnicodeDecodeError, ValueError) as error:
        raise refuse(f"{shown_name}: {error}") from None
    if not isinstance(value, dict):
        raise refuse(f"{shown_name}: a run is a JSON object with metrics, panel and period")
    known = ("metrics", "panel", "period", "start", "end", "windows", "dates", "options", "engine", "definitions",
             "details", "duration")  # fmt: skip
    unknown = [key for key in value if key not in known]
    if unknown:
        raise refuse(f"{shown_name}: unknown key {unknown[0]!r}; there are {', '.join(known)}")
    period = value.pop("period", None)
    ends = value.pop("start", None), value.pop("end", None)
    if period is None and None in ends:
        raise refuse(f'{shown_name}: the period is missing; give "period": "2010-01-04..2022-12-28"')
    if "panel" not in value or "metrics" not in value:
        raise refuse(f"{shown_name}: {'panel' if 'panel' not in value else 'metrics'} is missing")
    try:
        run = registry.record_run(registry.resolve(ref), period=ends if period is None else period, **value)
    except InvalidRunError as error:
        raise refuse(f"{shown_name}: {error}") from None
    if ids:
        output.line(run.run_id)
    else:
        short = output.paint(run.config_hash[:12], "cyan")
        output.line(f"recorded {run.run_id} of {short}: {safe(run.panel.name)}, {run.period}")


def page(registry: ExperimentRegistry, run: Run) -> Iterator[str]:
    """Yield the lines that show one run."""
    from tui.cli.backtest_table import run_lines

    yield f"Run: {run.run_id}"
    yield f"Experiment: {output.paint(run.config_hash[:12], 'cyan')}"
    took = "" if run.duration is None else f", in {run.duration:.1f} s"
    yield f"Recorded: {output.second(run.recorded_at)} by {safe(run.engine)}{took}"
    yield from run_lines(run)
    tried = registry.trials(run.panel.name, run.period)
    if tried > 1:
        yield f"{tried:,} configurations were tried on this panel and period"
    if run.options:
        yield ""
        yield "Options:"
        yield from (f"  - {safe(name)}: {safe(output.to_json(value))}" for name, value in run.options.items())
    versions, commit = recorded.part(run.environment, "versions"), recorded.part(run.environment, "git")
    if versions or commit:
        yield ""
        said = ", ".join(f"{safe(name)} {safe(str(version))}" for name, version in versions.items())
        yield f"Made with: {said or ABSENT}"
        if commit:
            dirty = ", with uncommitted changes" if commit.get("dirty") else ""
            yield f"Commit: {safe(str(commit.get('commit')))[:12]}{dirty}"


def command_lines(registry: ExperimentRegistry, run: Run) -> Iterator[str]:
    """Yield the exact command of a run, and what no longer matches."""
    words = recorded.command(run)
    if not words:
        yield f"# {run.run_id} was recorded without a command ({safe(run.engine)})"
        return
    if Path(words[0]).name.removesuffix(".py") in ("experiments", "__main__"):
        words[0] = "experiments"
    folder = run.environment.get("folder")
    if folder:
        yield f"cd {safe(shlex.quote(str(folder)))}"
    yield safe(shlex.join(words))
    yield from (f"# {safe(each)}" for each in (*_other_weights(registry, run, words), *_no_longer(run)))


def _other_weights(registry: ExperimentRegistry, run: Run, words: Sequence[str]) -> Iterator[str]:
    """Say that the file the weights came from would make another experiment now."""
    from registry.backtest.weights import read_weights
    from registry.errors import BacktestError

    given = next((after for word, after in pairwise(words) if word == "--weights"), None)
    if given is None:
        return
    instead = f"backtest {run.config_hash} in place of --weights {given}"
    try:
        read = read_weights(Path(str(run.environment.get("folder") or "."), given))
    except BacktestError as error:
        yield f"{error}; {instead}"
        return
    now = read.weights if read.config is None else read.config.feature_weights
    if dict(now) != dict(registry.config(run.config_hash).feature_weights):
        yield f"the weights in {given} are others now; {instead}"


def _no_longer(run: Run) -> Iterator[str]:
    from registry.backtest.environment import git_commit, versions

    folder = Path(str(run.environment.get("folder") or "."))
    source = run.panel.source
    if source is not None:
        path = folder / source
        if not path.exists():
            yield f"the panel {source} is not there any more"
        elif (changed := _changed_panel(run, path)) is not None:
            yield changed
    commit = recorded.part(run.environment, "git")
    before = commit.get("commit")
    if before is not None:
        now = git_commit(folder if folder.is_dir() else None)
        if now is None or now["commit"] != before:
            yield f"the commit was {str(before)[:12]}, now it is {now['commit'][:12] if now else 'none'}"
    if commit.get("dirty"):
        yield "there were uncommitted changes then"
    known = versions()
    for name, version in recorded.part(run.environment, "versions").items():
        if known.get(name) != version:
            yield f"{name} was {version}, now it is {known.get(name, 'not there')}"


def _changed_panel(run: Run, path: Path) -> str | None:
    """Tell whether the panel's content differs from what the run saw; None when it does not."""
    from registry.backtest.panel import load_panel
    from registry.errors import RegistryError

    used = recorded.panel_used(run)
    if used is None:
        return None
    features, last, columns = used
    try:
        panel = load_panel(str(path), features=features, **columns)
    except RegistryError as error:
        return f"the panel can't be read any more: {error}"
    if panel.fingerprint(features, last) != run.panel.fingerprint:
        return f"the content of the panel {run.panel.name} has changed since"
    return None


commands = {"runs": runs, "metrics": metrics, "record": record}
