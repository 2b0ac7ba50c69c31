"""Where to write a comparison to: a file whose name says the format, asked for in a dialog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from registry.errors import FileExistsRefusal, RegistryError
from tui.safe import safe
from tui.widgets.filter_bar import SafeInput

if TYPE_CHECKING:
    from registry.comparison import Comparison

_WIDTHS: list[tuple[int, str]] | None = [(0, "-narrow"), (60, "-medium")]
_FORMS = "NAME.csv  NAME.md (Markdown)  NAME.json"


class WriteTableScreen(ModalScreen[str | None]):
    """Dismissed with the sentence that says what was written, or with None."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["dialog.tcss", "write_table.tcss"]
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "back", show=False, priority=True)]

    @dataclass
    class Written(Message):
        """The table was written."""

        said: str

    @dataclass
    class NotWritten(Message):
        """It could not be written."""

        error: RegistryError | OSError
        target: str

    field = getters.query_one(Input)
    told = getters.query_one("#told", Static)

    def __init__(self, comparison: Comparison, *, transposed: bool, left_out: int) -> None:
        """`left_out` is how many equal rows are folded and so not in `comparison`."""
        super().__init__()
        self._comparison = comparison
        self._transposed = transposed
        self._left_out = left_out
        self._replace = ""
        """The file that a second enter replaces, as long as nothing else is typed."""

    def compose(self) -> ComposeResult:
        """Lay the dialog out."""
        rows = len(self._comparison.rows)
        what = f"{rows:,} row{'' if rows == 1 else 's'} of {len(self._comparison.hashes):,} experiments"
        if self._left_out:
            what += f"; {self._left_out:,} equal left out"
        with Vertical(classes="dialog"):
            yield Static("Write the table to", classes="title", markup=False)
            yield Static(what, classes="about", markup=False)
            yield SafeInput("comparison.csv", compact=True)
            yield Static(_FORMS, id="told", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content("Write  enter"), id="yes", compact=True)
                yield Button(Content("Cancel  esc"), id="no", compact=True)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._replace = ""
        self.told.update(_FORMS)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer by button."""
        if event.button.id == "yes":
            self._go()
        else:
            self.dismiss(None)

    def _go(self) -> None:
        target = self.field.value.strip()
        if not target:
            self.told.update("Name a file.")
            return
        self.told.update("writing …")
        self._write(target, self._replace == target)

    @work(thread=True, exclusive=True, group="write", exit_on_error=False, description="write")
    def _write(self, target: str, force: bool) -> None:
        try:
            path = self._comparison.write(_at_home(target), transposed=self._transposed, force=force)
        except (RegistryError, OSError) as error:
            self.post_message(self.NotWritten(error, target))
        else:
            self.post_message(self.Written(f"Wrote the table to {path}."))

    @on(Written)
    def _written(self, event: Written) -> None:
        self.dismiss(event.said)

    @on(NotWritten)
    def _not_written(self, event: NotWritten) -> None:
        said = str(event.error)
        if isinstance(event.error, FileExistsRefusal):
            self._replace = event.target
            said = "That file exists; enter once more replaces it, or name another one."
        self.told.update(Content(safe(said)))
        self.field.focus()

    def action_give_up(self) -> None:
        """Write nothing."""
        self.dismiss(None)


def _at_home(target: str) -> Path:
    """Return a path whose `~` is the home folder, as a shell has it; a user nobody knows is a folder's name."""
    try:
        return Path(target).expanduser()
    except RuntimeError:
        return Path(target)
