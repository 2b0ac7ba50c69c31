"""Where to write something to: a path asked for in a dialog that names what will happen, and says what went wrong."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Static
from textual.worker import Worker, WorkerState

from registry.errors import ExchangeError, FileExistsRefusal, RegistryError
from tui.safe import safe
from tui.widgets.filter_bar import SafeInput


class Tick(Checkbox):
    """A checkbox that says by its sign, not by colour alone, whether it is on."""

    # all of it in the middle: the sides would be drawn in the colour of the button's ground, which is the dialog's
    BUTTON_LEFT = BUTTON_RIGHT = ""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]
        """The sign."""
        return "[x]" if self.value else "[ ]"


class PathScreen(ModalScreen[str | None]):
    """Dismissed with the sentence that says what was written, or with None; a subclass writes."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "back", show=False, priority=True)]
    FORMS: ClassVar[str]
    """Which names there are for which formats."""
    YES: ClassVar[str]
    """What the button does."""

    @dataclass
    class Written(Message):
        """It was written."""

        said: str

    @dataclass
    class NotWritten(Message):
        """It could not be written."""

        error: RegistryError | OSError
        target: str

    field = getters.query_one(Input)
    told = getters.query_one("#told", Static)

    def __init__(self, title: str, path: str) -> None:
        super().__init__()
        self._title = title
        self._path = path
        self._replace = ""
        """The file that a second enter replaces, as long as nothing else is typed."""

    def compose(self) -> ComposeResult:
        """Lay the dialog out."""
        with Vertical(classes="dialog"):
            yield Static(safe(self._title), classes="title", markup=False)
            yield SafeInput(self._path, compact=True)
            yield Static(self.FORMS, id="told", markup=False)
            yield from self.more()
            with Horizontal(classes="buttons"):
                yield Button(Content(f"{self.YES}  enter"), id="yes", compact=True)
                yield Button(Content("Cancel  esc"), id="no", compact=True)

    def more(self) -> Iterable[Widget]:
        """Yield what else there is to choose."""
        return ()

    def write(self, target: Path, *, force: bool) -> str:
        """Write, in a thread; return the sentence that says what was written.

        Raises:
            FileExistsRefusal: there is such a file, and `force` was not given.
            RegistryError, OSError: it can't be written.
        """
        raise NotImplementedError

    @on(Input.Changed)
    def _typed(self) -> None:
        self._replace = ""
        self.told.update(self.FORMS)

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
            said = self._download(target) if self.app.is_web else self.write(_at_home(target), force=force)
        except (RegistryError, OSError) as error:
            self.post_message(self.NotWritten(error, target))
        else:
            self.post_message(self.Written(said))

    def _download(self, target: str) -> str:
        """Write into a folder of our own and hand the file to the browser: the server's disk is not the visitor's.

        Raises:
            ExchangeError: the name is not that of one file.
            RegistryError, OSError: as `write`.
        """
        name = Path(target).name
        if not Path(name).suffix:
            raise ExchangeError("Name a file with an ending, such as all.ndjson: it is downloaded.")
        with tempfile.TemporaryDirectory(prefix="experiment-registry-") as folder:
            said = self.write(Path(folder, name), force=False)
            content = io.BytesIO(Path(folder, name).read_bytes())
            said = said.replace(f"{folder}/", "")
        self.app.call_from_thread(self.app.deliver_binary, content, save_filename=name)
        return f"{said} It is downloaded by the browser."

    @on(Written)
    def _written(self, event: Written) -> None:
        self.dismiss(event.said)

    @on(Worker.StateChanged)
    def _broke(self, event: Worker.StateChanged) -> None:
        """Say what nobody foresaw, instead of waiting for ever."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self.told.update(Content(safe(f"something unexpected happened ({type(error).__name__}: {error})")))
            self.field.focus()

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
