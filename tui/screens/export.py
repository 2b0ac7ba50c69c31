"""Where to export experiments to: a file or a folder, asked for in a dialog that names what will happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Static

from registry.errors import FileExistsRefusal, RegistryError
from tui.safe import safe
from tui.widgets.filter_bar import SafeInput

if TYPE_CHECKING:
    from registry import ExperimentRegistry

_FORMS = "NAME.json: one array  NAME.ndjson: a line each  a folder: a file each"


class ExportScreen(ModalScreen[str | None]):
    """Dismissed with the sentence that says what was written, or with None."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "back", show=False, priority=True)]

    @dataclass
    class Written(Message):
        """The experiments were written."""

        said: str

    @dataclass
    class NotWritten(Message):
        """They could not be written."""

        error: Exception
        target: str

    field = getters.query_one(Input)
    told = getters.query_one("#told", Static)

    def __init__(self, registry: ExperimentRegistry, hashes: Sequence[str], what: str) -> None:
        super().__init__()
        self._registry = registry
        self._hashes = hashes
        self._what = what
        self._replace = ""
        """The file that a second enter replaces."""

    def compose(self) -> ComposeResult:
        """Lay the dialog out."""
        name = f"{self._hashes[0][:12]}.json" if len(self._hashes) == 1 else "experiments.ndjson"
        with Vertical(classes="dialog"):
            yield Static(f"Export {self._what} to", classes="title", markup=False)
            yield SafeInput(name, compact=True)
            yield Static(_FORMS, id="told", markup=False)
            yield Checkbox(Content("with their runs"), compact=True)
            with Horizontal(classes="buttons"):
                yield Button(Content("Export  enter"), id="yes", compact=True)
                yield Button(Content("Cancel  esc"), id="no", compact=True)

    @on(Input.Changed)
    def _typed(self) -> None:
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
            self.told.update("Name a file, or a folder.")
            return
        self.told.update("writing …")
        self._write(target, self.query_one(Checkbox).value, self._replace == target)

    @work(thread=True, exclusive=True, group="export", exit_on_error=False, description="export")
    def _write(self, target: str, with_runs: bool, force: bool) -> None:
        from registry.exchange import export_many, export_one

        registry = self._registry
        where = str(Path(target).expanduser()) + ("/" if target.endswith("/") else "")
        runs = registry.carrier() if with_runs else None
        try:
            configs = registry.configs(self._hashes)
            if len(self._hashes) == 1:
                report = export_one(next(iter(configs)), where, force=force, runs=runs)
            else:
                report = export_many(configs, where, force=force, runs=runs)
        except (RegistryError, OSError, StopIteration) as error:
            self.post_message(self.NotWritten(error, target))
        else:
            count = f"{report.count:,} experiment{'' if report.count == 1 else 's'}"
            self.post_message(self.Written(f"Wrote {count} to {report.path}."))

    @on(Written)
    def _written(self, event: Written) -> None:
        self.dismiss(event.said)

    @on(NotWritten)
    def _not_written(self, event: NotWritten) -> None:
        said = str(event.error) or "they are no longer there"
        if isinstance(event.error, FileExistsRefusal):
            self._replace = event.target
            said += "; enter once more replaces it"
        self.told.update(safe(said))
        self.field.focus()

    def action_give_up(self) -> None:
        """Export nothing."""
        self.dismiss(None)
