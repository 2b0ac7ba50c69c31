"""What outlives a screen: the registry, the marks, the reference, what can be undone, the known names.

No widget in it and no query: screens share it, and tests can look into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from registry.rows import Names


@dataclass(frozen=True, slots=True)
class Undo:
    """A step that can be taken back."""

    what: str
    """What taking it back does, for people: `restore 3 experiments`."""
    run: Callable[[], str]
    """Does it, away from the screen's thread; returns the sentence that says what came of it."""


@dataclass(slots=True)
class Workspace:
    """The state the screens of one app share."""

    registry: ExperimentRegistry
    marks: dict[int, None] = field(default_factory=dict)
    """Ids of the marked experiments in the order they were marked; gathered over screens and filters."""
    reference: str | None = None
    """Full hash of the experiment others are compared with."""
    undos: list[Undo] = field(default_factory=list)
    names: Names | None = None
    """Feature, hyperparameter and tag names with counts, once they are read."""

    def toggle_mark(self, identity: int) -> None:
        """Mark an experiment, or take its mark off."""
        if identity in self.marks:
            del self.marks[identity]
        else:
            self.marks[identity] = None

    def mark(self, identities: Iterable[int]) -> None:
        """Mark all of these."""
        self.marks.update(dict.fromkeys(identities))

    def unmark(self, identities: Iterable[int] | None = None) -> None:
        """Take the marks off these, or off all."""
        if identities is None:
            self.marks.clear()
            return
        for identity in identities:
            self.marks.pop(identity, None)
