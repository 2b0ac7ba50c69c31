"""A short menu in a dialog: one of several things, with what is to know of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.safe import safe


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the menu."""

    value: str
    """What the dialog is dismissed with."""
    label: str
    detail: str = ""


class ChoiceScreen(ModalScreen[str | None]):
    """Dismissed with the value of a line, or with None."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "give_up", "back", show=False),
        Binding("j", "step(1)", "down", show=False),
        Binding("k", "step(-1)", "up", show=False),
        Binding("x", "drop", "forget", show=False),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        current: str | None = None,
        foot: str = "enter takes it  esc back",
        tried: Callable[[str], None] | None = None,
        dropped: Callable[[str], None] | None = None,
    ) -> None:
        """`tried` is called with every line the cursor comes to, `dropped` with each that is to be forgotten."""
        super().__init__()
        self._title = title
        self.choices = list(choices)
        self._current = current
        self._foot = foot
        self._tried = tried
        self._dropped = dropped

    def compose(self) -> ComposeResult:
        """Lay the menu out."""
        with Vertical(classes="dialog"):
            yield Static(safe(self._title), classes="title", markup=False)
            menu = OptionList(*map(self._option, self.choices), markup=False)
            values = [choice.value for choice in self.choices]
            if values:
                menu.highlighted = values.index(self._current) if self._current in values else 0
            yield menu
            yield Static(self._foot, classes="foot", markup=False)

    def _option(self, choice: Choice) -> Option:
        sign = "✓ " if choice.value == self._current else "  "
        parts: list[tuple[str, str]] = [(sign + safe(choice.label), "")]
        if choice.detail:
            parts.append(("  " + safe(choice.detail), "$quiet"))
        return Option(Content.assemble(*parts))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.choices[event.option_index].value)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if self._tried is not None and self.is_current:
            self._tried(self.choices[event.option_index].value)

    def action_drop(self) -> None:
        """Forget the highlighted line, where lines can be forgotten."""
        menu = self.query_one(OptionList)
        if self._dropped is not None and menu.highlighted is not None:
            place = menu.highlighted
            self._dropped(self.choices.pop(place).value)
            menu.remove_option_at_index(place)
            if not self.choices:
                self.dismiss(None)

    def action_step(self, step: int) -> None:
        """Move the highlight."""
        menu = self.query_one(OptionList)
        if step > 0:
            menu.action_cursor_down()
        else:
            menu.action_cursor_up()

    def action_give_up(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
