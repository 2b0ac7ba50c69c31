"""A question to the registry as the list asks it, and its answer: no widget in it, it runs in a thread."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.errors import AmbiguousPanelError, FilterError
from tui.widgets.rows import PAGE, real

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from registry.rows import Browse, Row
    from tui.workspace import Workspace


@dataclass(frozen=True, slots=True)
class View:
    """What a person looks at, so that a new result can be placed under it."""

    identity: int | None
    config_hash: str | None
    """Whose row `identity` is, once that is read."""
    cursor: int
    scroll: int
    room: int
    still: bool

    def contradicted_by(self, rows: Iterable[Row]) -> bool:
        """Return whether rows just read show that ids mean other experiments now: the file is another one."""
        return self.config_hash is not None and any(
            row.id == self.identity and row.config_hash != self.config_hash for row in rows
        )

    def place_in(self, ids: array[int]) -> tuple[int, int]:
        """Return (cursor, scroll) for a new result.

        The experiment under the cursor keeps the cursor, and its line on the screen; when the list stands
        at its top it stays there, so that what is new can be seen. Without it a new question starts at the
        top, and a mere refresh stays at the same place.
        """
        if self.identity is None or not ids:
            return 0, 0
        try:
            if self.identity < 0:  # a fold; its number may be another sweep's by now
                raise ValueError
            cursor = ids.index(self.identity)
        except ValueError:
            if not self.still:
                return 0, 0
            return min(self.cursor, len(ids) - 1), self.scroll
        if self.still and self.scroll == 0 and cursor < self.room:
            return cursor, 0
        return cursor, max(0, cursor - (self.cursor - self.scroll))


@dataclass(frozen=True, slots=True)
class Question:
    """What the list is to show."""

    filter: str = ""
    sort: str = "-created"
    columns: tuple[str, ...] = ()
    """Labels of the columns whose values have to be asked for."""
    folded: bool = False
    unfolded: frozenset[str] = frozenset()
    """Sweeps that stay open while the others are folded."""
    panel: str | None = None
    """The panel a person chose to read metrics on, and the period."""
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question, with the rows that will be in view."""

    question: Question
    """As it could be asked: a panel that is not there any more is left out."""
    stamp: tuple[object, ...]
    found: Browse
    asked: Sequence[int]
    rows: Sequence[Row]
    hint: str | None
    """Why nothing may have been found."""
    panels: int
    """Panels and periods there were to choose from, where none was chosen."""


def ask(workspace: Workspace, question: Question, view: View) -> Answer:
    """Return the answer to a question.

    Raises:
        FilterError: the filter or the order can't be understood.
        RegistryError, OSError: the registry can't be read.
    """
    registry = workspace.registry
    stamp = registry.changed_stamp()
    question, found, panels = _browse(registry, question)
    cursor, scroll = view.place_in(found.ids)
    start = max(0, min(scroll, cursor) - PAGE // 4)
    asked = real(found.ids[start : start + PAGE])
    rows = read_page(registry, asked, found)
    hint = None if found.ids or not found.total or not question.filter.strip() else registry.hint(question.filter)
    return Answer(question, stamp, found, asked, rows, hint, panels)


def read_page(registry: ExperimentRegistry, ids: Sequence[int], found: Browse) -> Sequence[Row]:
    """Return rows with the columns of a result, their metrics read where the result's are."""
    if not ids:
        return ()
    basis = found.basis
    where = {} if basis is None else {"panel": basis.panel, "period": basis.period}
    return registry.page(ids, columns=found.columns, **where)


def _browse(registry: ExperimentRegistry, question: Question) -> tuple[Question, Browse, int]:
    """Ask, on the panel that most experiments were evaluated on when there are several and none was chosen."""
    try:
        return question, _found(registry, question, question.panel, question.period), 1
    except AmbiguousPanelError as error:
        panel, period = map(str, error.choices[0][:2])
        return question, _found(registry, question, panel, period), len(error.choices)
    except FilterError:
        if question.panel is None and question.period is None:
            raise
        # the panel chosen last time may be gone, or this may be another registry
        without = Question(question.filter, question.sort, question.columns, question.folded, question.unfolded)
        return _browse(registry, without)


def _found(registry: ExperimentRegistry, question: Question, panel: str | None, period: str | None) -> Browse:
    return registry.browse(
        question.filter,
        question.sort,
        columns=question.columns,
        folded=question.folded,
        unfolded=question.unfolded,
        panel=panel,
        period=period,
    )
