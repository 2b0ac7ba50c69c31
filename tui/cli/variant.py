"""`variant`: a changed copy of an experiment, registered with that one as its parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click

from registry.config import SHORT_HASH, ExperimentConfig
from tui.cli import output
from tui.cli.command import Command
from tui.cli.context import App, Missing, pass_app
from tui.cli.errors import refuse
from tui.safe import safe


@click.command(
    cls=Command,
    examples=[
        "experiments variant 08d6b6669e67 SentimentScore=0.25 AccumulationScore=0.10 --tag high-sentiment",
        "experiments variant latest hp.k=5 hp.walk.days=30 transform.LiquidityDepth=log --description 'shorter walk'",
        "experiments variant latest --remove CommunityGrowth w.NewScore=0.08 --dry-run",
    ],
)
@click.argument("ref", metavar="HASH")
@click.argument("changes", metavar="NAME=VALUE…", nargs=-1)
@click.option("--remove", metavar="NAME", multiple=True, help="Take out a feature, hp.NAME or transform.NAME.")
@click.option("--tag", "tags", metavar="TAG[,TAG]", multiple=True, help="Its tags, in place of the parent's.")
@click.option("--description", metavar="TEXT", help="Its description, in place of the parent's.")
@click.option("--dry-run", is_flag=True, help="Only show what it would be.")
@click.option("--ids", is_flag=True, help="Print its full hash only.")
@click.option("--json", "as_json", is_flag=True, help="Print its record as JSON.")
@pass_app
def variant(
    app: App,
    ref: str,
    changes: tuple[str, ...],
    remove: tuple[str, ...],
    tags: tuple[str, ...],
    description: str | None,
    dry_run: bool,
    ids: bool,
    as_json: bool,
) -> None:
    """Derive a changed copy of an experiment.

    It is registered, with that one as its parent. NAME is a feature or a hyperparameter of the parent; w.NAME,
    hp.NAME and transform.NAME say which, and make new ones. VALUE is JSON where it can be read as that, else
    text. Nested: hp.walk.days=30. A tag with a comma stands in quotes: --tag '"a,b",c'.
    """
    from tui.cli.edits import edit
    from tui.cli.tagging import split_tags

    if ids and as_json:
        raise click.UsageError("--ids prints the hash alone; leave out --json")
    if not changes and not remove:
        raise click.UsageError("say what to change: NAME=VALUE, or --remove NAME")
    registry = app.registry(Missing.NAMED)
    parent = registry.config(ref)
    draft = edit(parent, changes, remove)
    made = ExperimentConfig(
        draft.names,
        draft.weights,
        draft.hyperparameters,
        draft.transformations,
        parent.description if description is None else description,
        [tag for text in tags for tag in split_tags(text)] if tags else list(parent.tags),
        parent=parent.config_hash,
    )
    if made.config_hash == parent.config_hash:
        raise refuse(f"that changes nothing: {str(parent.config_hash)[:SHORT_HASH]} is like that already")
    known = registry.get(str(made.config_hash)) is not None
    trashed = not known and registry.count(f"hash:{made.config_hash}", trashed=True) > 0
    if known or trashed:
        # what is there keeps its own words, unless others were given
        made = replace(made, description=description or "", tags=made.tags if tags else [])
    if not dry_run:
        registry.register(made)
    if ids:
        output.line(str(made.config_hash))
    elif as_json:
        output.record((made if dry_run else registry.config(str(made.config_hash))).to_dict())
    else:
        _tell(parent, made, "there already" if known else "in the trash" if trashed else "", dry_run)


def _tell(parent: ExperimentConfig, made: ExperimentConfig, lies: str, dry_run: bool) -> None:
    what = "would register" if dry_run else "registered"
    new, old = str(made.config_hash)[:SHORT_HASH], str(parent.config_hash)[:SHORT_HASH]
    there = f" (the same content was {lies}{'; it comes back' if lies == 'in the trash' else ''})" if lies else ""
    output.line(f"{what} {output.paint(new, 'cyan')}, a variant of {output.paint(old, 'cyan')}{there}")
    output.lines(edit_lines(parent, made))


def edit_lines(parent: ExperimentConfig, made: ExperimentConfig) -> Iterator[str]:
    """Yield a line for each difference between a configuration and its variant."""
    from registry.comparison import compare_pair, exact
    from tui.cli.table import number

    found = compare_pair(parent, made)
    for name in found["features"]["only_in_config1"]:
        yield f"  - {safe(name)}: removed"
    for name, sides in found["weight_differences"].items():
        if name in found["features"]["only_in_config1"]:
            continue
        before = number(sides["config1"]) if name in parent.feature_weights else "absent"
        yield f"  {safe(name)}: {before} → {number(sides['config2'])}"
    for prefix, key in (("transform", "transformation_differences"), ("hp", "hyperparameter_differences")):
        for name, sides in found[key].items():
            before, after = (safe(exact(sides[side])) if side in sides else "absent" for side in ("config1", "config2"))
            yield f"  {prefix}.{safe(name)}: {before} → {after}"


commands = {"variant": variant}
