"""What each parameter takes, by its name: hashes, filters, columns, tags … or what nobody can guess.

One table for all commands, so that a command need not know of completion; a test sees to it that a new parameter
is in it. Choices, flags and paths complete by themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, Final

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from registry.offering import Offer, Offers, beginning

Found = Iterable[Offer]
Kind = Callable[[Offers, click.Context, str], Found]


def _hash(offers: Offers, ctx: click.Context, typed: str, trashed: bool = False) -> Found:
    named = [Offer("latest", "the newest experiment")]
    if not trashed:
        named += offers.aliases()
    return [*beginning(named, typed), *offers.hashes(typed, trashed=trashed)]


def _trashed_hash(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return _hash(offers, ctx, typed, trashed=True)


def _hash_or_run(offers: Offers, ctx: click.Context, typed: str) -> Found:
    runs = offers.runs(typed or "r-")
    return [*_hash(offers, ctx, typed), *(runs if typed or not runs else [Offer("r-", "a run", more=True)])]


def _filter(offers: Offers, ctx: click.Context, typed: str, trashed: bool = False) -> Found:
    """Offer what a filter could go on with; words that were typed before it, and saved searches, are part of it."""
    words = ctx.params.get("filter_")
    before = "".join(f"{word} " for word in words) if isinstance(words, tuple) else ""
    found = offers.filter(before + typed, trashed=trashed)
    cut = [offer._replace(text=offer.text[len(before) :]) for offer in found if offer.text.startswith(before)]
    return [*cut, *([] if before else beginning(_saved(offers), typed))]


def _saved(offers: Offers) -> list[Offer]:
    from tui.settings import Memory, memory_path

    saved = Memory(memory_path()).of(str(offers.store.path)).saved
    return [Offer(text, f"saved as {name}") for name, text in saved.items()]


def _trashed_filter(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return _filter(offers, ctx, typed, trashed=True)


def _column(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return offers.columns(typed, trashed=ctx.info_name in _OF_TRASH)


def _tag(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return offers.tags()


def _alias(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return offers.aliases()


def _version(offers: Offers, ctx: click.Context, typed: str) -> Found:
    # while an option waits for its value, click leaves the arguments where they are
    alias = ctx.params.get("alias") or next(iter(ctx.args), "")
    return [*offers.versions(alias), *(offers.hashes(typed) if typed else [])]


def _panel(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return offers.panels()


def _period(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return offers.periods(ctx.params.get("panel"))


def _metric(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return _prefixed(offers) if typed.startswith("m.") else offers.metrics()


def _metric_column(offers: Offers, ctx: click.Context, typed: str) -> Found:
    return _prefixed(offers)


def _prefixed(offers: Offers) -> list[Offer]:
    from registry.search.words import write_name

    return [Offer(write_name(offer.text, "m"), offer.about) for offer in offers.metrics()]


def _name(offers: Offers, ctx: click.Context, typed: str) -> Found:
    from registry.search.words import PREFIXES, write_name

    names = offers.names("features", "hyperparameters")
    prefix = typed.partition(".")[0]
    of_features = [prefix] if prefix in PREFIXES and prefix not in ("hp", "m") else [""]
    return [
        *(Offer(write_name(name, one), "feature") for one in of_features for name in names.features),
        *(Offer(write_name(name, "hp"), "hyperparameter") for name in names.hyperparameters),
    ]


def _change(offers: Offers, ctx: click.Context, typed: str) -> Found:
    name, equals, _ = typed.partition("=")
    if not equals:
        return [offer._replace(text=f"{offer.text}=", more=True) for offer in _name(offers, ctx, typed)]
    from registry.profile import values_of

    values = values_of(offers.session, name).items()
    return [Offer(f"{name}={value}", f"{count:,} have it") for _, counts in values for value, count in counts.items()]


class Offered(StringParamType):
    """Text of which the registry knows what it could be; `listed` where commas part several."""

    def __init__(
        self,
        kind: Kind | None,
        *,
        listed: bool = False,
        turned: bool = False,
        option: bool = False,
        files: bool = False,
    ) -> None:
        self.kind = kind
        self.listed = listed
        self.turned = turned
        """A `-` before it means something: the order turned round, or everything else."""
        self.option = option
        self.files = files

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
        """Return what begins as typed; nothing where the registry is busy, missing or broken."""
        found: list[CompletionItem[Any]] = []
        if self.kind is not None:
            before, comma, typed = incomplete.rpartition(",") if self.listed else ("", "", incomplete)
            found = [
                CompletionItem(
                    before + comma + offer.text, help=offer.about, more=offer.more, turned=self.turned,
                    of_option=self.option,
                )
                for offer in _ask(self.kind, ctx, typed)
                if offer.text.startswith(typed)
            ]  # fmt: skip
        return [*found, CompletionItem(incomplete, "file")] if self.files else found


def _ask(kind: Kind, ctx: click.Context, typed: str) -> list[Offer]:
    from registry.offering import offering

    db = ctx.find_root().params.get("db")
    try:
        with offering(os.path.expandvars(db) if db else None) as offers:
            return list({offer.text: offer for offer in kind(offers, ctx, typed)}.values())
    except Exception:  # noqa: BLE001 - a key press is no occasion to tell what is wrong with a registry
        return []


_OF_TRASH: Final = ("trash", "restore", "purge")

_FILES: Final = Offered(None, files=True)
_COLUMNS: Final = Offered(_column, listed=True)
_TAGS: Final = Offered(_tag, listed=True)

KINDS: Final[dict[str, Offered]] = {
    "filter_": Offered(_filter, turned=True),
    **dict.fromkeys(("ref", "refs", "control", "candidates", "against"), Offered(_hash)),
    "sort": Offered(_column, turned=True, option=True),
    "by": Offered(_column),
    "columns": _COLUMNS,
    "panel": Offered(_panel),
    "period": Offered(_period),
    **dict.fromkeys(("metric", "metrics", "better"), Offered(_metric)),
    "tags": _TAGS,
    "experiment_tags": _TAGS,
    "rename": Offered(_tag),
    "name": Offered(_tag),
    "alias": Offered(_alias),
    "to": Offered(_version),
    "changes": Offered(_change),
    "vary": Offered(_change),
    "remove": Offered(_name),
    **dict.fromkeys(("data", "files", "target", "other", "write", "db", "map_"), _FILES),
}
"""What a parameter of this name takes, whatever the command."""

OF_COMMANDS: Final[dict[tuple[str, str], Offered]] = {
    ("backtest", "experiment"): Offered(_hash),
    ("show", "refs"): Offered(_hash_or_run),
    ("restore", "refs"): Offered(_trashed_hash),
    ("purge", "refs"): Offered(_trashed_hash),
    ("purge", "filter_"): Offered(_trashed_filter, turned=True),
    ("trash", "filter_"): Offered(_trashed_filter, turned=True),
    ("lineage", "metric"): Offered(_metric_column),
    ("export", "metrics"): Offered(_metric_column, listed=True),
    ("export", "words"): Offered(_hash, files=True),
}
"""What a parameter of one command takes, where its name means something else elsewhere."""

FREE: Final = frozenset(
    ["since", "text", "description", "words", "query", "why", "start", "end", "panel_name", "date_column",
     "asset_column", "price_column", "forward_column", "cap_column", "universe_column", "walk", "horizons", "train",
     "experiment_description", "host", "token", "public_url"]
)  # fmt: skip
"""Parameters of which nobody can know what they could be."""


def kind_of(command: str | None, parameter: str | None) -> Offered | None:
    """Return what a parameter takes, or None where nothing is offered."""
    return OF_COMMANDS.get((command or "", parameter or "")) or KINDS.get(parameter or "")


def attach(command: click.Command) -> None:
    """Let the parameters of a command say what they could be; values are taken as before."""
    for parameter in command.params:
        offered = kind_of(command.name, parameter.name)
        if offered is not None and type(parameter.type) is StringParamType:
            parameter.type = offered
