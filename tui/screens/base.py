"""What all four screens share: head, banner and footer, one step back, and living with a registry that changes.

A screen never holds the registry: it asks in a thread, and takes the answer as a message. Each answer carries
the registry's stamp from before it was read; when the stamp of now is another one, the screen reads again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState

from registry.config import SHORT_HASH
from registry.errors import MissingRegistryError, RegistryError
from tui.widgets.banner import Banner
from tui.widgets.filter_bar import FilterInput
from tui.widgets.key_bar import KeyBar
from tui.widgets.top_bar import TopBar
from tui.workspace import Workspace

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.actions import Action

RETRY = 2.0
"""Seconds after which a registry that could not be read is tried again."""

SMALLEST = (40, 15)
"""Columns and lines below which a screen says which commands do the same."""

WIDTHS: list[tuple[int, str]] | None = [
    (0, "-too-narrow"),
    (SMALLEST[0], "-narrow"),
    (60, "-medium"),
    (110, "-wide"),
    (140, "-very-wide"),
]
HEIGHTS: list[tuple[int, str]] | None = [(0, "-too-low"), (SMALLEST[1], "-low"), (24, "-medium-high"), (32, "-high")]


class RegistryScreen(Screen[int | None]):
    """A screen of the app; it is dismissed with the id of the experiment it last showed, if any."""

    class Resumed(Message):
        """A screen came to the front."""

    @dataclass
    class Failed(Message):
        """What was asked could not be read."""

        request: int
        error: RegistryError | OSError

    NAME: ClassVar[str]
    """What the table of actions calls this screen."""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    top_bar = getters.query_one(TopBar)
    banner = getters.query_one(Banner)
    key_bar = getters.query_one(KeyBar)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.stamp: tuple[object, ...] | None = None
        """The registry's stamp from before what is shown was read."""
        self.asked = 0
        """Number of the latest request; answers to earlier ones are dropped."""
        self.answered = 0
        self._retry: Timer | None = None
        self._focused_before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Lay out head, body and footer."""
        yield TopBar()
        yield Banner()
        yield from self.body()
        yield KeyBar(self.NAME, self.workspace.settings.keys, read_only=self.workspace.registry.read_only)
        columns, lines = SMALLEST
        yield Static(
            f"This window is too small for the app: it wants {columns} columns and {lines} lines.\n"
            "The same without it: experiments list, experiments show HASH, experiments compare A B, "
            "experiments search FILTER. q goes back.",
            id="too-small",
            markup=False,
        )

    def body(self) -> Iterable[Widget]:
        """Yield what stands between head and footer."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Read for the first time."""
        registry = self.workspace.registry
        self.top_bar.path = f"{registry.path} (read only)" if registry.read_only else str(registry.path)
        self.reload()

    @property
    def too_small(self) -> bool:
        """Whether the window only has room for the sentence that says so."""
        return self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let nothing be done that can't be seen: in a window that is too small one can only leave."""
        return action in ("back", "leave") or not self.too_small

    def on_resize(self, event: Resize) -> None:
        """What had the focus before the window became too small gets it back."""
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        if small and self.focused is not None:
            self._focused_before = self.focused
            self.set_focus(None)
        elif not small and self._focused_before is not None:
            self.call_after_refresh(self.set_focus, self._focused_before)
            self._focused_before = None
        self.resized()

    def resized(self) -> None:
        """Called when the window has another size."""

    # reading

    def reload(self) -> None:
        """Read from the registry again what the screen shows, without moving anything."""
        raise NotImplementedError

    def next_request(self) -> int:
        """Return the number of a new request."""
        self.asked += 1
        return self.asked

    def is_current_answer(self, request: int) -> bool:
        """Return whether an answer is to the latest request; earlier ones came too late."""
        if request != self.asked:
            return False
        self.answered = request
        return True

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self.answered < self.asked

    def on_screen_resume(self) -> None:
        """The registry may have changed while another screen was in front."""
        self.post_message(self.Resumed())

    def stamped(self, stamp: tuple[object, ...]) -> None:
        """Read again if the registry is another one than what is shown was read from."""
        if self.stamp is not None and stamp != self.stamp and not self.waiting:
            self.reload()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        if self.is_current_answer(event.request):
            self.unread()
            self.trouble(event.error)

    def unread(self) -> None:
        """Called when what was asked last could not be read; the banner says why."""

    def trouble(self, error: RegistryError | OSError) -> None:
        """Say what is wrong with the registry, keep what is shown, and try again soon."""
        try:
            self.workspace.check_there()
        except MissingRegistryError as gone:
            error = gone  # nothing is found in a file that went away, which is why
        except (RegistryError, OSError):
            pass  # what is there can't be told; the error can
        self.banner.say(str(error))
        if self._retry is not None:
            self._retry.stop()
        self._retry = self.set_timer(RETRY, self.reload)

    def all_well(self) -> None:
        """The registry can be read."""
        self.banner.clear()
        if self._retry is not None:
            self._retry.stop()
            self._retry = None

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.answered = self.asked
            error = event.worker.error
            self.banner.say(f"something unexpected happened ({type(error).__name__}: {error})")

    # going

    def give_up(self) -> bool:
        """Give up a text being edited; returns whether there was one."""
        return False

    def step_back(self) -> bool:
        """Undo one step inside this screen (an input, a filter); returns whether there was one."""
        return False

    def leave(self) -> None:
        """Go to the screen before."""
        self.dismiss(None)

    @property
    def is_root(self) -> bool:
        """Whether there is no screen before this one."""
        return sum(isinstance(screen, RegistryScreen) for screen in self.app.screen_stack) == 1

    def action_back(self) -> None:
        """Go one step back, never out of the app."""
        if self.give_up() or self.step_back():
            return
        if self.is_root:
            self.say("This is the first screen; q quits.")
        else:
            self.leave()

    def action_leave(self) -> None:
        """Go to the screen before, or quit from the first one."""
        if self.is_root:
            self.app.exit()
        else:
            self.leave()

    def action_refresh_now(self) -> None:
        """Read the registry again."""
        self.reload()

    # telling

    def say(self, text: str, *, problem: bool = False) -> None:
        """Show a short message for some seconds; `text` is never markup."""
        self.app.notify(text, severity="warning" if problem else "information", timeout=5, markup=False)

    def copy_hash(self, config_hash: str) -> None:
        """Copy a full hash to the clipboard, and say so."""
        self.app.copy_to_clipboard(config_hash)
        self.say(f"Copied {config_hash[:SHORT_HASH]}… in full, by the terminal (OSC 52).")

    def remember(self) -> None:
        """Write down what was chosen."""
        if (trouble := self.workspace.keep()) is not None:
            self.say(trouble, problem=True)

    def on_descendant_focus(self) -> None:
        """The footer shows the keys of what has the focus."""
        self._show_keys()

    def on_descendant_blur(self) -> None:
        """The footer shows the keys of what has the focus."""
        self._show_keys()

    def _show_keys(self) -> None:
        self.key_bar.editing = isinstance(self.focused, Input) and not isinstance(self.focused, FilterInput)
        self.key_bar.typing = isinstance(self.focused, Input)
        self.key_bar.refresh()

    @on(KeyBar.Pressed)
    def _footer_pressed(self, event: KeyBar.Pressed) -> None:
        self.perform(event.action)

    def about(self) -> Sequence[tuple[str, str]]:
        """Return what help says of the signs on this screen: (the sign, what it means), in text that is safe."""
        return ()

    def owner_of(self, action: Action) -> Widget:
        """Return the widget that an action of this screen runs on."""
        return self

    def perform(self, action: Action) -> None:
        """Do an action that was chosen by mouse or by name."""
        self.call_later(
            self.app.run_action, action.action, self.app if action.owner == "app" else self.owner_of(action)
        )
