"""The menu of what a list can be sorted by: columns, and every weight and hyperparameter by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from registry.search.words import write_name
from tui.safe import safe

if TYPE_CHECKING:
    from registry.rows import Names

_COLUMNS = (
    ("created", "when it was made"),
    ("registered", "when it was registered"),
    ("description", "description"),
    ("tags", "tags"),
    ("features", "number of features"),
    ("notes", "notes"),
    ("runs", "number of runs"),
    ("hash", "hash"),
)
_NAMES = 200
"""Names offered of each kind, the most used first."""


class SortScreen(ModalScreen[str | None]):
    """Dismissed with a sort order, or with None."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss_none", "back", show=False),
        Binding("j", "cursor(1)", "down", show=False),
        Binding("k", "cursor(-1)", "up", show=False),
        Binding("left_square_bracket", "choose(False)", "smallest first", show=False),
        Binding("right_square_bracket", "choose(True)", "largest first", show=False),
    ]

    def __init__(self, sort: str, names: Names | None, first: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._sort = sort
        self._keys = [key for key, _ in (*first, *_COLUMNS)]
        self._labels = [label for _, label in (*first, *_COLUMNS)]
        for prefix, what, used in (
            (
                ("m", "metric", names.metrics),
                ("w", "weight", names.features),
                ("hp", "hyperparameter", names.hyperparameters),
            )
            if names is not None
            else ()
        ):
            for name in list(used)[:_NAMES]:
                self._keys.append(write_name(name, prefix))
                self._labels.append(f"{what} {name}")

    def compose(self) -> ComposeResult:
        """Lay the menu out."""
        descending, current = self._sort.startswith("-"), self._sort.removeprefix("-")
        with Vertical(classes="dialog"):
            yield Static("Sort by", classes="title", markup=False)
            options = []
            for key, label in zip(self._keys, self._labels, strict=True):
                arrow = ("▼ " if descending else "▲ ") if key == current else "  "
                options.append(Option(Content(arrow + safe(label))))
            menu = OptionList(*options, markup=False)
            if current in self._keys:
                menu.highlighted = self._keys.index(current)
            yield menu
            yield Static(
                "enter sorts, and turns the order round; [ smallest first  ] largest first  esc back",
                classes="foot",
                markup=False,
            )

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        key = self._keys[event.option_index]
        if key == self._sort.removeprefix("-"):
            self.dismiss(key if self._sort.startswith("-") else "-" + key)
        else:
            # times and numbers are wanted from the top, words from A
            self.dismiss(key if key in ("description", "tags", "hash", "notes") else "-" + key)

    def action_choose(self, descending: bool) -> None:
        """Sort by the highlighted line in this direction."""
        place = self.query_one(OptionList).highlighted
        if place is not None:
            self.dismiss(("-" if descending else "") + self._keys[place])

    def action_cursor(self, step: int) -> None:
        """Move the highlight."""
        menu = self.query_one(OptionList)
        if step > 0:
            menu.action_cursor_down()
        else:
            menu.action_cursor_up()

    def action_dismiss_none(self) -> None:
        """Leave the order as it is."""
        self.dismiss(None)
