"""What outlives a screen: the registry, the marks, the reference, what can be undone, the known names.

No widget in it and no query: screens share it, and tests can look into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from registry.errors import MissingRegistryError
from tui.settings import Memory, Remembered, Settings

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from registry.profile import Profile
    from registry.rows import Names

_DESCRIBED = 80
"""Characters of a marked experiment's description that are kept: as many as a dialog shows."""


@dataclass(frozen=True, slots=True)
class Undo:
    """A step that can be taken back."""

    what: str
    """What taking it back does, for people: `restore 3 experiments`."""
    run: Callable[[], str]
    """Does it, away from the screen's thread; returns the sentence that says what came of it."""


class Described(Protocol):
    """An experiment of which at least so much is known: a row, a point, a member of a family."""

    @property
    def config_hash(self) -> str:
        """The full hash."""

    @property
    def description(self) -> str:
        """What a person says of it."""


def described(rows: Iterable[Described]) -> dict[str, str]:
    """Return experiments as marks are kept: full hash, and how the description begins."""
    return {row.config_hash: row.description[:_DESCRIBED] for row in rows}


@dataclass(slots=True)
class Workspace:
    """The state the screens of one app share."""

    registry: ExperimentRegistry
    marks: dict[str, str] = field(default_factory=dict)
    """The marked experiments in the order they were marked, gathered over screens and filters: full hash, and how
    the description begins. By hash and not by id, so that a mark means the same when the file is another one."""
    reference: str | None = None
    """Full hash of the experiment others are compared with."""
    undos: list[Undo] = field(default_factory=list)
    names: Names | None = None
    """Feature, hyperparameter and tag names with counts, once they are read."""
    profile: Profile | None = None
    """The values names take, once they are read."""
    settings: Settings = field(default_factory=Settings)
    memory: Memory = field(default_factory=Memory)
    remembered: Remembered = field(default_factory=Remembered)
    """What is remembered of this registry; `keep` writes it down."""
    metric: str | None = None
    """The metric that questions across many experiments are about, `m.edge`; None until one is chosen."""
    basis: str | None = None
    """The panel and period that metrics on the screen were read on, for people."""
    there: bool = False
    """Whether the registry's file, or something waiting for it, has been seen."""

    def check_there(self) -> None:
        """Tell an empty registry, which is read as one that is not there yet, from one that went away.

        Raises:
            MissingRegistryError: it was there, and is not any more.
        """
        there = self.registry.exists()
        if self.there and not there:
            raise MissingRegistryError(f"{self.registry.path} is gone: it was deleted or moved away")
        self.there = there

    @property
    def read_on(self) -> dict[str, str | None]:
        """The panel and period a person chose to read metrics on, as the registry takes them."""
        return {"panel": self.remembered.panel, "period": self.remembered.period}

    def keep(self) -> str | None:
        """Remember what was chosen; return what went wrong, if anything did."""
        try:
            self.memory.keep(str(self.registry.path), self.remembered)
        except OSError as error:
            return f"what was chosen is not remembered: {error}"
        return None

    trash: Workspace | None = None
    """What `in_trash` made."""

    def in_trash(self) -> Workspace:
        """Return the state of the trash: marks and names of its own, since what is marked there is never compared.

        The steps that can be undone are shared, so that the last one is taken back wherever it was made.
        """
        if self.trash is None:
            self.trash = replace(self, marks={}, reference=None, names=None, remembered=Remembered(), memory=Memory())
        return self.trash

    def mark(self, found: Mapping[str, str], *, toggle: bool = False) -> None:
        """Mark these (as `marks` has them); with `toggle`, take the mark off those that have one."""
        for config_hash, description in found.items():
            if not toggle or self.marks.pop(config_hash, None) is None:
                self.marks[config_hash] = description

    def unmark(self, hashes: Iterable[str]) -> None:
        """Take the marks off these."""
        for config_hash in hashes:
            self.marks.pop(config_hash, None)
