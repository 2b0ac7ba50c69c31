"""What every command needs first: the registry that `--db` names, and what to do when there is none yet."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from registry.errors import MissingRegistryError
from registry.location import FORMER_NAME
from tui.cli.errors import Exit, Stop

if TYPE_CHECKING:
    from registry.experiments import ExperimentRegistry

GIVEN = "experiments.given"
"""Under what a context's `meta` holds the words of the command line."""

P = ParamSpec("P")
R = TypeVar("R")


class Missing(Enum):
    """What a command does when no registry lies on the default path yet."""

    EMPTY = "shows nothing, says so kindly, exit 0"
    NOTHING = "matches nothing, exit 1"
    NAMED = "the experiment it names is not there, exit 3"
    NEEDED = "can't do without, exit 4"
    CREATED = "makes one"


class App:
    """The global options, and the registry they lead to (opened on first use)."""

    def __init__(self, db: str | None, wait: float, *, read_only: bool = False) -> None:
        self.db = db
        self.wait = wait
        self.read_only = read_only
        self.told = False
        """Whether it was said that there is no registry."""

    @cached_property
    def place(self) -> ExperimentRegistry:
        """The registry, whether it exists or not; nothing is opened or created by asking."""
        from registry.experiments import ExperimentRegistry

        return ExperimentRegistry(self.db, wait=self.wait, read_only=self.read_only)

    def registry(self, missing: Missing) -> ExperimentRegistry:
        """Return the registry; when there is none, end or go on as `missing` says.

        Raises:
            MissingRegistryError: `--db` names a file that isn't there (a typing mistake must not look empty).
            Stop: there is none on the default path and this command can't go on.
        """
        registry = self.place
        if registry.exists():
            return registry
        if missing is Missing.CREATED:
            return registry
        if self.db is not None:
            raise MissingRegistryError(
                f"there is no registry at {registry.path}; check --db, or make one there with:"
                f" experiments --db {self.db} import FILE"
            )
        message = none_yet(registry.path)
        if missing is Missing.EMPTY:
            from tui.cli import output

            output.note(message)
            self.told = True
            return registry
        codes = {Missing.NOTHING: Exit.NOTHING, Missing.NAMED: Exit.NOT_FOUND, Missing.NEEDED: Exit.UNUSABLE}
        raise Stop(codes[missing], message)

    def empty(self, message: str) -> str:
        """Return what to say of an empty list: nothing more, once it was said that there is no registry."""
        return "" if self.told else message

    def close(self) -> None:
        """Close what was opened."""
        if "place" in self.__dict__:
            self.place.close()


def earlier_beside(path: Path) -> str | None:
    """Return the sentence that points out a registry of the earlier system, if one lies beside `path`."""
    earlier = path.parent / FORMER_NAME
    if not earlier.is_file():
        return None
    named = FORMER_NAME if earlier.parent == Path.cwd() else earlier
    return f"the earlier system's {FORMER_NAME} lies beside it, bring it in with: experiments import {named}"


def none_yet(path: Path) -> str:
    """Return the sentence for a place without a registry, with the command that would make one."""
    beside = earlier_beside(path)
    if beside:
        return f"no registry yet at {path}; {beside}"
    return f"no registry yet at {path}; the first import or registration makes it (or look around: experiments demo)"


def pass_app(function: Callable[Concatenate[App, P], R]) -> Callable[P, R]:
    """Hand the `App` to a command as its first argument."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        app: Any = click.get_current_context().find_object(App)
        return function(app, *args, **kwargs)

    return call


def given_command(reference: str | None = None, config_hash: object = None) -> list[str]:
    """Return the command line, as a run keeps it, with the full hash that `reference` stands for now in its place.

    `latest` and aliases move on, and a prefix may come to mean several.
    """
    words = list(click.get_current_context().meta.get(GIVEN, ()))
    if reference is not None and words.count(reference) == 1:
        words[words.index(reference)] = str(config_hash)
    return words
