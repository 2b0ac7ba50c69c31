"""Choosing the columns of the list, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from registry.search.words import write_name
from tui.safe import safe
from tui.widgets.columns import WEIGHTS
from tui.widgets.filter_bar import SafeInput

if TYPE_CHECKING:
    from registry.rows import Names

_FIXED = {
    "hash": "hash",
    "created": "when it was made",
    "registered": "when it was registered",
    "features": "number of features",
    WEIGHTS: "a bar for each weight",
    "tags": "tags",
    "description": "description",
    "notes": "notes",
    "runs": "number of runs",
    "parent": "what it was derived from",
}
_NAMES = 500
"""Names offered of each kind, the most used first."""

USUAL = "usual"
"""What the dialog is dismissed with when the usual columns are wanted again."""


class ColumnsScreen(ModalScreen[list[str] | str | None]):
    """Dismissed with the labels of the columns in order, with `USUAL`, or with None."""

    CSS_PATH = "dialog.tcss"
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", show=False, priority=True),
        Binding("q", "give_up", "back", show=False),
        Binding("j", "step(1)", "down", show=False),
        Binding("k", "step(-1)", "up", show=False),
        Binding("space", "show_or_hide", "show or hide", show=False),
        Binding("J,greater_than_sign", "shift(1)", "further right", show=False),
        Binding("K,less_than_sign", "shift(-1)", "further left", show=False),
        Binding("R", "usual", "the usual ones", show=False),
        Binding("slash", "find", "find", show=False),
    ]

    field = getters.query_one(Input)
    menu = getters.query_one(OptionList)

    def __init__(self, chosen: Sequence[str], names: Names | None) -> None:
        super().__init__()
        self.chosen = list(chosen)
        self._about = dict(_FIXED)
        if names is not None:
            for prefix, what, used in (
                ("m", "metric", names.metrics),
                ("w", "weight", names.features),
                ("hp", "hyperparameter", names.hyperparameters),
            ):
                self._about |= {write_name(name, prefix): f"{what} {name}" for name in list(used)[:_NAMES]}
        self._labels: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay the dialog out."""
        with Vertical(classes="dialog"):
            yield Static("Columns of the list", classes="title", markup=False)
            yield SafeInput(placeholder="/ finds a name", compact=True, select_on_focus=False)
            yield OptionList(markup=False)
            yield Static(
                "space shows or hides  < > moves  R the usual ones  enter done  esc back", classes="foot", markup=False
            )

    def on_mount(self) -> None:
        """Offer everything."""
        self._offer()
        self.menu.highlighted = 0

    def _offer(self) -> None:
        wanted = self.field.value.casefold()
        others = [label for label in self._about if label not in self.chosen]
        self._labels = [
            label
            for label in [*self.chosen, *others]
            if wanted in label.casefold() or wanted in self._about.get(label, "").casefold()
        ]
        self.menu.clear_options()
        self.menu.add_options([self._option(label) for label in self._labels])

    def _option(self, label: str) -> Option:
        place = f"{self.chosen.index(label) + 1:>2} " if label in self.chosen else "   "
        about = self._about.get(label, "")
        parts: list[tuple[str, str]] = [(place, "$mark bold"), (safe(label), "bold" if label in self.chosen else "")]
        return Option(Content.assemble(*parts, ("  " + safe(about), "$quiet")))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._offer()
        self.menu.highlighted = 0 if self._labels else None

    @on(Input.Submitted)
    def _found(self) -> None:
        self.menu.focus()

    def _show_again(self, label: str) -> None:
        self._offer()
        self.menu.highlighted = self._labels.index(label) if label in self._labels else None

    @property
    def _current(self) -> str | None:
        place = self.menu.highlighted
        return None if place is None or place >= len(self._labels) else self._labels[place]

    def action_show_or_hide(self) -> None:
        """Show or hide the highlighted column."""
        if (label := self._current) is not None:
            if label in self.chosen:
                self.chosen.remove(label)
            else:
                self.chosen.append(label)
            self._show_again(label)

    def action_shift(self, step: int) -> None:
        """Move the highlighted column."""
        label = self._current
        if label in self.chosen:
            place = self.chosen.index(label)
            self.chosen.insert(min(max(place + step, 0), len(self.chosen) - 1), self.chosen.pop(place))
            self._show_again(label)

    @on(OptionList.OptionSelected)
    def _done(self) -> None:
        if self.chosen:
            self.dismiss(self.chosen)
        else:
            self.dismiss(USUAL)

    def action_step(self, step: int) -> None:
        """Move the highlight."""
        if step > 0:
            self.menu.action_cursor_down()
        else:
            self.menu.action_cursor_up()

    def action_find(self) -> None:
        """Type a part of a name."""
        self.field.focus()

    def action_usual(self) -> None:
        """Have the usual columns again."""
        self.dismiss(USUAL)

    def action_back(self) -> None:
        """Leave the input, then the dialog."""
        if self.focused is self.field:
            self.field.value = ""
            self.menu.focus()
        else:
            self.dismiss(None)

    def action_give_up(self) -> None:
        """Leave the columns as they are."""
        self.dismiss(None)
