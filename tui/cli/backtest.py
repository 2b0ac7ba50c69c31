"""`backtest`: walk-forward evaluation of one experiment, or of all that match a filter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli import output
from tui.cli.backtest_options import PanelChoice, evaluation_options, output_option, panel_options
from tui.cli.command import Command
from tui.cli.context import App, Missing, given_command, pass_app
from tui.cli.errors import Exit, Stop, nothing
from tui.cli.progress import bar_of, bar_of_steps
from tui.safe import safe

if TYPE_CHECKING:
    from registry.backtest.identity import Meant
    from registry.backtest.many import Done
    from registry.experiments import ExperimentRegistry


@click.command(
    cls=Command,
    examples=[
        "experiments backtest --weights weights.json --data panel.parquet --start 2010-01-04 --end 2022-12-28 --k 5",
        "experiments backtest latest --data panel.csv --start 2020-01-01 --end 2024-12-31 --compare-baselines",
        "experiments backtest --filter tag:sweep-1 --data panel.parquet --start 2010-01-04 --end 2022-12-28",
    ],
)
@click.argument("experiment", required=False)
@click.option(
    "--weights",
    "weights_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A new experiment: a JSON of names to weights, a configuration, or a weights_suggestion.json.",
)
@click.option(
    "--gemscore", is_flag=True, help="A new experiment: GemScore weights, features not clipped [the default]."
)
@click.option("--filter", "filter_", metavar="FILTER", help="All that match, as in `search`: each gets its own run.")
@panel_options
@evaluation_options
@output_option
@click.option("--experiment-description", metavar="TEXT", help="Description of a new experiment.")
@click.option("--experiment-tags", metavar="TAG[,TAG]", help="Tags of the experiment.")
@click.option("--no-track-experiments", is_flag=True, help="Don't register the experiment and its run.")
@click.option("--again", is_flag=True, help="With --filter: evaluate also what has such a run already.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@pass_app
def backtest(
    app: App,
    experiment: str | None,
    weights_file: Path | None,
    gemscore: bool,
    filter_: str | None,
    panel: PanelChoice,
    explicit: dict[str, Any],
    folder: Path,
    experiment_description: str | None,
    experiment_tags: str | None,
    no_track_experiments: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Backtest an experiment, walk-forward, on a panel.

    Scores the panel with the weights and tells, window by window, whether they pick winners. The panel is a
    long table: date, asset, price, and a column for each feature. Every number is computed
    from it; precision stands beside the base rate of the same dates. A registered experiment keeps its hash:
    its hyperparameters supply k, walk_days, seed and the other options they name; an option that contradicts
    one makes a variant. The run is recorded and a report is written.
    """
    from registry.backtest.artifacts import check_output

    given = {"EXPERIMENT": experiment, "--weights": weights_file, "--gemscore": gemscore or None, "--filter": filter_}
    chosen = [name for name, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise click.UsageError(f"give one of {' and '.join(chosen)}, not several")
    if again and filter_ is None:
        raise click.UsageError("--again goes with --filter; a single experiment is always evaluated")
    check_output(folder)
    if filter_ is not None:
        _many(app, filter_, panel, explicit, folder, track=not no_track_experiments, again=again, as_json=as_json)
        return
    words = Words(experiment_description, experiment_tags)
    registry = app.registry(Missing.NAMED if experiment is not None else Missing.CREATED)
    this = words.given_to(_meant(registry, experiment, weights_file, explicit, words))
    command = given_command(experiment, None if experiment is None else registry.config(experiment).config_hash)
    _one(registry, this, panel, folder, command, track=not no_track_experiments, as_json=as_json)


class Words:
    """The description and tags that were given for an experiment."""

    def __init__(self, description: str | None, tags: str | None) -> None:
        from tui.cli.tagging import split_tags

        self.description = description
        self.tags = split_tags(tags) if tags else []

    def given_to(self, this: Meant) -> Meant:
        """Return what is meant, with these words; registering again unites tags and replaces the description."""
        from dataclasses import replace

        config = this.config
        if self.description is None and not self.tags:
            return this
        tags = list(dict.fromkeys([*config.tags, *self.tags]))
        description = config.description if self.description is None else self.description
        return replace(this, config=replace(config, description=description, tags=tags))


def _meant(
    registry: ExperimentRegistry, experiment: str | None, file: Path | None, explicit: dict[str, Any], words: Words
) -> Meant:
    from registry import gemscore
    from registry.backtest.identity import adopted, meant, new_experiment
    from registry.backtest.weights import read_weights

    if experiment is not None:
        return meant(registry.config(experiment), explicit)
    if file is None:
        return new_experiment(gemscore.WEIGHTS, explicit, description=words.description or "GemScore weights")
    read = read_weights(file)
    if read.config is not None:
        registered = registry.get(str(read.config.config_hash)) is not None
        return meant(read.config, explicit) if registered else adopted(read.config, explicit)
    return new_experiment(read.weights, explicit, description=words.description or f"Weights of {file.name}")


def _one(
    registry: ExperimentRegistry,
    this: Meant,
    panel: PanelChoice,
    folder: Path,
    command: Sequence[str],
    *,
    track: bool,
    as_json: bool,
) -> None:
    from registry.backtest.artifacts import summary, write_artifacts
    from registry.backtest.comparing import compare_runs, find_reference
    from registry.backtest.many import find_known
    from registry.backtest.running import Bench, keep
    from tui.cli.backtest_table import told

    loaded = panel.load(this.config)
    bench = Bench(loaded, panel.start, panel.end, command, panel.columns)
    _, days = bench.panel_ref(this.config, this.options)
    changed = registry.panel_change(days) if registry.exists() else None
    before = find_known(registry, bench, this.config, this.options)
    with bar_of_steps() as draw:
        done = bench.backtest(this.config, this.options, watch=draw)
    known = before is not None and before.run_id == done.run.run_id
    existed = registry.exists()
    keep(registry, done, record=track)
    reference = find_reference(registry, this.config, done.run) if existed else None
    against = None
    if reference is not None:
        because, run = reference
        against = compare_runs(registry, this.config, done.run, run, because)
    where = write_artifacts(folder, done, against)
    if not existed and registry.exists():
        output.note(f"made a new registry: {registry.path}")
    if changed:
        output.note(changed)
    if as_json:
        output.record(summary(done, against))
    else:
        output.lines(told(this, done, against, known=known, tracked=track))
    output.note(f"report: {where}")


def _many(
    app: App,
    filter_: str,
    panel: PanelChoice,
    explicit: dict[str, Any],
    folder: Path,
    *,
    track: bool,
    again: bool,
    as_json: bool,
) -> None:
    from registry.backtest.many import backtest_many, write_report
    from registry.backtest.running import Bench
    from registry.numbers import best_of
    from tui.cli.backtest_table import ranking

    registry = app.registry(Missing.NOTHING)
    hashes = registry.matching(filter_)
    if not hashes:
        raise nothing(f"nothing matches {filter_}")
    configs = list(registry.configs(hashes))
    bench = Bench(panel.load_for_many(configs), panel.start, panel.end, given_command(), panel.columns)
    made: list[Done] = []
    draw, erase = bar_of(len(configs), "experiments")
    explicit = {"bootstrap": False, **explicit}  # a sweep is screened; intervals are for those that remain
    interrupted = False
    try:
        for each in backtest_many(registry, configs, bench, explicit, again=again, record=track):
            made.append(each)
            draw(len(made))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        erase()
    if interrupted:
        output.note(f"interrupted after {len(made)} of {len(configs)}; the same command goes on from there")
        raise KeyboardInterrupt
    where = write_report(folder, bench, made)
    if as_json:
        output.record([each.to_dict() for each in made])
    else:
        output.lines(ranking(made))
        tried = registry.trials(bench.panel.name, f"{bench.start}..{bench.end}")
        output.note(f"on {bench.panel.name} {bench.start}..{bench.end}{best_of(tried)}")
    for each in made:
        if each.outcome == "failed":
            output.note(f"failed {str(each.config.config_hash)[:12]}: {safe(each.reason)}")
    output.note(f"report: {where}")
    failed = sum(each.outcome == "failed" for each in made)
    if failed:
        raise Stop(Exit.PARTLY if failed < len(made) else Exit.USAGE)


commands = {"backtest": backtest}
