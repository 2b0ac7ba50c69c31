"""A question before something happens; it names what will."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui.safe import safe
from tui.widgets.cells import fit

_LINE = 64
_WIDE = 60
"""Cells from which there is room for how a final yes is given."""


class ConfirmScreen(ModalScreen[bool]):
    """Yes or no; dismissed with the answer.

    What can be taken back has yes first and focused; what can't (`final`) has Cancel there, and no key of its
    own for yes, so that nothing is lost to a habit of the fingers.
    """

    CSS_PATH = "dialog.tcss"
    AUTO_FOCUS = "Button"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False),
        Binding("n,q,escape", "answer(False)", "no", show=False),
        Binding("left,right,h,l", "other", "the other answer", show=False),
    ]

    def __init__(self, question: str, lines: Sequence[str], yes: str, *, final: bool = False) -> None:
        super().__init__()
        self._final = final
        self.question = question
        self.lines = [fit(line, _LINE).rstrip() for line in lines]
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Lay the dialog out."""
        with Vertical(classes="dialog"):
            yield Static(safe(self.question), classes="title", markup=False)
            if self.lines:
                yield Static("\n".join(self.lines), markup=False)
            with Horizontal(classes="buttons"):
                if self._final:
                    yield Button(Content("Cancel  esc"), id="no", compact=True)
                    yield Button(
                        Content(self._yes + ("  → enter" if self.app.size.width >= _WIDE else "")),
                        id="yes",
                        compact=True,
                    )
                else:
                    yield Button(Content(f"{self._yes}  y"), id="yes", compact=True)
                    yield Button(Content("Cancel  esc"), id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer by button."""
        self.dismiss(event.button.id == "yes")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take no key for a yes that can't be taken back."""
        return not (self._final and action == "answer" and parameters == (True,))

    def action_answer(self, sure: bool) -> None:
        """Answer by key."""
        self.dismiss(sure)

    def action_other(self) -> None:
        """Go to the other button."""
        self.focus_next()
