"""`sweep`: variants over ranges of values, registered under one name."""

from __future__ import annotations

from pathlib import Path

import click

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import refuse
from tui.safe import safe


@click.command(
    cls=Command,
    examples=[
        "experiments sweep latest --vary 'SentimentScore=0.1:0.3:0.05' --vary 'hp.k=5,10' --name sweep-1",
        "experiments sweep production --simplex 10 --sample 500 --name simplex --dry-run",
    ],
)
@click.argument("ref", metavar="HASH")
@click.option("--vary", metavar="NAME=VALUES", multiple=True, help="LOW:HIGH:STEP, both ends inside, or A,B,C.")
@click.option("--simplex", metavar="STEPS", type=click.IntRange(min=1), help="Weights of 0, 1/STEPS … 1 that sum to 1.")
@click.option("--sample", metavar="N", type=click.IntRange(min=1), help="Only N of the combinations, by lot.")
@click.option("--seed", metavar="N", type=click.IntRange(min=0), default=13, show_default=True, help="Of the lot.")
@click.option("--rescale", is_flag=True, help="Let the other weights take up what is left to the parent's sum.")
@click.option("--name", metavar="TAG", help="The tag of all variants [default: sweep- and the parent's hash].")
@click.option("--dry-run", is_flag=True, help="Only say how many there would be.")
@click.option("--ids", is_flag=True, help="Print the full hashes, one a line.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@pass_app
def sweep(
    app: App,
    ref: str,
    vary: tuple[str, ...],
    simplex: int | None,
    sample: int | None,
    seed: int,
    rescale: bool,
    name: str | None,
    dry_run: bool,
    ids: bool,
    as_json: bool,
) -> None:
    """Derive and register variants over ranges of values.

    Every combination becomes an experiment with the sweep's tag. NAME is a feature or a hyperparameter of the
    parent; w.NAME, hp.NAME and transform.NAME say which.
    Weightings that differ by a positive factor only rank alike, and are reported.
    """
    from registry.sweep import make_sweep, parse_vary

    if ids and as_json:
        raise click.UsageError("--ids prints hashes alone; leave out --json")
    registry = app.registry(Missing.NAMED)
    parent = registry.config(ref)
    tag = name or f"sweep-{str(parent.config_hash)[:8]}"
    axes = [parse_vary(text, parent) for text in vary]
    made = make_sweep(parent, axes, simplex_steps=simplex, sample=sample, seed=seed, rescale=rescale, name=tag)
    if not made.variants:
        raise refuse("every combination is the parent itself: nothing to register")
    hashes = [str(config.config_hash) for config in made.variants]
    if not dry_run:
        for config in made.variants:
            registry.register(config)
        registry.sync()
    if ids:
        output.lines(hashes)
    elif as_json:
        output.record(
            {"name": tag, "parent": parent.config_hash, "combinations": made.combinations, "variants": hashes,
             "repeated": made.repeated, "rank_alike": made.alike, "registered": not dry_run}
        )  # fmt: skip
    else:
        verb = "would register" if dry_run else "registered"
        of = f" of {made.combinations:,} combinations" if made.combinations != len(hashes) else ""
        short = output.paint(str(parent.config_hash)[:SHORT_HASH], "cyan")
        output.line(f"{verb} {of_them(len(hashes), 'variant')} of {short}{of}, tagged {safe(tag)}")
        if made.repeated:
            output.line(f"  {of_them(made.repeated, 'combination')} gave the parent or a variant once more")
        if made.alike:
            count = sum(len(group) for group in made.alike)
            output.line(f"  {count:,} of them fall into {of_them(len(made.alike), 'group')} that rank alike:"
                        " their weights differ by a positive factor only")  # fmt: skip
        if not dry_run:
            output.note(f"evaluate them: experiments backtest --filter tag:{_word(tag)} --data PANEL --start … --end …")


def _word(tag: str) -> str:
    from shlex import quote

    from registry.search import write_value

    return quote(write_value(tag)) if not Path(tag).name.isalnum() else tag


commands = {"sweep": sweep}
