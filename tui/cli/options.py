"""The options that commands share, each defined once: which experiments, in what order, shown how."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from tui.cli import output
from tui.cli.errors import nothing

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry
    from registry.results import Results

Function = Callable[..., Any]

NEWEST_FIRST = "-created"


@dataclass(frozen=True, slots=True)
class Order:
    """Which of the matching experiments, in what order."""

    sort: str
    limit: int | None
    """None: not said. 0: all of them."""
    panel: str | None = None
    """The panel that metrics of runs are read on; None: the one the experiments' latest runs have in common."""
    period: str | None = None
    """The period, as `panel`."""

    @property
    def count(self) -> int | None:
        """The limit as the registry takes it: None is all."""
        return self.limit or None


@dataclass(frozen=True, slots=True)
class Look:
    """How rows are shown."""

    columns: str | None
    """Names separated by commas, as the registry takes them; None is the usual ones."""
    ids: bool
    form: str
    panel: str | None = None
    """What metrics among the columns are read on, as in `Order`."""
    period: str | None = None

    @property
    def for_people(self) -> bool:
        """Whether people read it: a table or a sentence, not hashes, JSON or CSV."""
        return not self.ids and self.form == "table"


def order_options(default: str = NEWEST_FIRST) -> Callable[[Function], Function]:
    """Add `--sort --limit --panel --period`; the command gets them as `order`."""

    def decorate(function: Function) -> Function:
        @click.option(
            "--sort",
            metavar="COLUMN",
            default=default,
            show_default=True,
            help="Sort by this column; -COLUMN turns it round. w.NAME, hp.NAME and m.NAME too.",
        )
        @click.option("--limit", metavar="N", type=click.IntRange(min=0), help="At most N; 0 is all.")
        @panel_options
        def wrapped(
            *args: Any, sort: str, limit: int | None, panel: str | None, period: str | None, **kwargs: Any
        ) -> Any:
            return function(*args, order=Order(sort, limit, panel, period), **kwargs)

        return carry(function, wrapped)

    return decorate


def panel_options(function: Function) -> Function:
    """Add `--panel` and `--period`: where metrics of runs are read."""
    period = click.option("--period", metavar="FIRST..LAST", help="Read m.NAME on this period, 2010-01-04..2022-12-28.")
    return click.option("--panel", metavar="NAME", help="Read metrics, m.NAME, on this panel.")(period(function))


def format_options(function: Function) -> Function:
    """Add `--json` and `--format`; the command gets the name of the format as `form`."""

    @click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
    @click.option("--format", "form", type=click.Choice(output.FORMATS), help="How to write it. [default: table]")
    def wrapped(*args: Any, as_json: bool, form: str | None, **kwargs: Any) -> Any:
        if as_json and form not in (None, "json"):
            raise click.UsageError(f"--json and --format {form} contradict each other; give one")
        return function(*args, form="json" if as_json else form or "table", **kwargs)

    return carry(function, wrapped)


def look_options(function: Function) -> Function:
    """Add `--columns --ids --json --format`; the command gets them as `look`."""

    @click.option(
        "--columns",
        metavar="NAME,…",
        help="hash, created, registered, description, tags, features, parent, notes, runs, w.NAME, hp.NAME,"
        " transform.NAME, m.NAME (a metric of the latest run), min(m.NAME) (over its windows).",
    )
    @click.option("--ids", is_flag=True, help="Only the full hashes, one a line.")
    @format_options
    def wrapped(*args: Any, columns: str | None, ids: bool, form: str, **kwargs: Any) -> Any:
        if ids and (form != "table" or columns is not None):
            raise click.UsageError("--ids prints hashes alone; leave out --columns, --json and --format")
        return function(*args, look=Look(columns, ids, form), **kwargs)

    return carry(function, wrapped)


def filter_option(function: Function) -> Function:
    """Add `--filter` alone."""
    return click.option("--filter", "filter_", metavar="FILTER", help="Those that match, as in `search`.")(function)


def chosen_options(function: Function) -> Function:
    """Add `HASH…` or `--filter` with its order and look; the command gets `refs`, `filter_`, `order`, `look`."""

    @click.argument("refs", metavar="HASH…", nargs=-1)
    @filter_option
    @order_options()
    @look_options
    def wrapped(*args: Any, order: Order, look: Look, **kwargs: Any) -> Any:
        look = replace(look, panel=order.panel, period=order.period)
        return function(*args, order=order, look=look, **kwargs)

    return carry(function, wrapped)


def carry(function: Function, wrapped: Function, options: Sequence[Function] = ()) -> Function:
    """Let the options declared on `function` reach click through `wrapped`, and add `options` in their order."""
    for option in reversed(options):
        option(wrapped)
    wrapped.__name__, wrapped.__doc__ = function.__name__, function.__doc__
    inner = getattr(function, "__click_params__", [])
    outer = getattr(wrapped, "__click_params__", [])
    wrapped.__click_params__ = [*inner, *outer]  # type: ignore[attr-defined]
    return wrapped


def references(refs: Iterable[str]) -> list[str]:
    """Return references with `-` replaced by those on stdin (the first word of every line)."""
    made: list[str] = []
    for ref in refs:
        if ref == "-":
            made += [words[0] for line in sys.stdin if (words := line.split()) and not words[0].startswith("#")]
        else:
            made.append(ref)
    return made


def check_choice(refs: Sequence[str], filter_: str | None) -> None:
    """Refuse to go on with neither or both of HASH… and --filter."""
    if refs and filter_ is not None:
        raise click.UsageError("give either HASH… or --filter, not both")
    if not refs and filter_ is None:
        raise click.UsageError("say which experiments: HASH… (or `-` to read hashes from stdin), or --filter FILTER")


def check_selection(refs: Sequence[str], filter_: str | None, top: int | None, by: str | None) -> None:
    """Refuse neither or both of A B… and --filter, and --top and --by without a filter."""
    check_choice(refs, filter_)
    if filter_ is None and (top is not None or by is not None):
        raise click.UsageError("--top and --by choose among what a --filter finds; give one")


def chosen(
    registry: ExperimentRegistry,
    refs: Sequence[str],
    filter_: str | None,
    order: Order,
    look: Look | None = None,
    *,
    trashed: bool = False,
) -> list[str]:
    """Return the full hashes that were named or match, among the live ones or those in the trash.

    Raises:
        NotFoundError: a named one is not there.
        Stop: the filter matches nothing (exit 1).
        FilterError: a column of `look` can't be understood; said before anything is changed.
    """
    if look is not None and look.columns is not None:
        registry.rows_of([], look.columns, panel=order.panel, period=order.period)
    if filter_ is None:
        named = references(refs)
        if not named:
            raise nothing("stdin holds no hashes; nothing to do")
        return registry.resolve_many(named, trashed=trashed)
    rows = registry.search(
        filter_, order.sort, order.count, columns="hash", trashed=trashed, panel=order.panel, period=order.period
    )
    found = [row[0] for row in rows.rows]
    note_metrics(rows)
    if not found:
        raise nothing(f"nothing {'in the trash ' if trashed else ''}matches {filter_}")
    return found


def note_metrics(found: Results) -> None:
    """Say where metrics were read, and what keeps them from being comparable."""
    if found.metrics_from is not None:
        output.note(f"metrics on {found.metrics_from}")
    if found.metrics_note is not None:
        output.note(found.metrics_note)


def present_affected(registry: ExperimentRegistry, hashes: Sequence[str], look: Look, sentence: str) -> None:
    """Say what was done (or would be): a sentence for people, hashes or records for programs."""
    if look.ids:
        output.lines(hashes)
    elif look.form != "table" or look.columns is not None:
        output.listing(registry.rows_of(hashes, look.columns, panel=look.panel, period=look.period), look.form)
    if look.for_people:
        output.line(sentence)
    else:
        output.note(sentence)
