"""A question to the registry as the list asks it, and its answer: no widget in it, it runs in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from registry.errors import AmbiguousPanelError, FilterError
from tui.screens.giving_up import OnItsWay
from tui.screens.placing import View
from tui.widgets.rows import PAGE, real

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from registry.rows import Browse, Row
    from tui.workspace import Workspace

_MORE = 32
"""Rows read beside those in view, a quarter of it all before them."""


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
    trashed: bool = False
    """Whether it is about the experiments in the trash."""


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


def ask(workspace: Workspace, question: Question, view: View, asking: OnItsWay, linger: float = 0.0) -> Answer:
    """Return the answer to a question; with `linger` the file stays open that many seconds for the next one.

    Raises:
        FilterError: the filter or the order can't be understood.
        MissingRegistryError: there was one, and now there is none.
        RegistryError, OSError: the registry can't be read.
        GivenUpError: it was given up before it came to an end.
    """
    registry = workspace.registry
    stamp = registry.changed_stamp()
    workspace.check_there()
    with registry.reading(linger) as interrupt, asking.stopped_by(interrupt):
        question, found, panels = _browse(registry, question)
        asking.go_on()
        cursor, scroll = view.place_in(found.ids)
        # who types on soon asks for other rows: no more of these than can be seen
        page = view.room + _MORE if linger else PAGE
        start = max(0, min(scroll, cursor) - page // 4)
        asked = real(found.ids[start : start + page])
        rows = read_page(registry, asked, found)
        hint = None
        if not found.ids and found.total and question.filter.strip():
            hint = registry.hint(question.filter, trashed=question.trashed)
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
        return _browse(registry, replace(question, panel=None, period=None))


def _found(registry: ExperimentRegistry, question: Question, panel: str | None, period: str | None) -> Browse:
    return registry.browse(
        question.filter,
        question.sort,
        columns=question.columns,
        folded=question.folded,
        unfolded=question.unfolded,
        trashed=question.trashed,
        panel=panel,
        period=period,
    )
