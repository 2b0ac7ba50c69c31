"""The full-screen app: it opens the screens, watches the registry for changes, and little else."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.timer import Timer

from registry.errors import RegistryError
from tui import actions
from tui.glyphs import PlainGlyphs, wants_plain
from tui.palette import ActionProvider, Palette
from tui.screens.base import HEIGHTS, WIDTHS, RegistryScreen
from tui.screens.list import ListScreen
from tui.settings import Memory, Settings, settings_path
from tui.theme import DARK, LIGHT, OURS, VARIABLES
from tui.timing import surely
from tui.workspace import Undo, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.actions import ActionParseResult
    from textual.dom import DOMNode
    from textual.filter import LineFilter
    from textual.timer import TimerCallback

    from registry import ExperimentRegistry

WATCH = 1.0
"""Seconds between two looks at whether the registry changed: a few `stat` calls each, in a thread."""

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name))
"""Signals that end a program from outside: being told to, losing the terminal, and an interrupt.

The key ctrl+c sends none: on the app's terminal it is a key like others."""

LEAVING = 0.05
"""Seconds between two looks, on the way out, at whether somebody still asks the registry something."""


_DRAWN_ON = 2
"""The file descriptor that Textual draws on: standard error."""


def collect_seldom() -> None:
    """Look for garbage seldom, and through every widget hardly ever; a look at 20,000 young objects is about 4 ms."""
    gc.set_threshold(20_000, 50, 1000)


class Stamped(Message):
    """The registry's stamp of a moment ago."""

    def __init__(self, stamp: tuple[object, ...]) -> None:
        super().__init__()
        self.stamp = stamp


class Undone(Message):
    """An undo was tried."""

    def __init__(self, undo: Undo, said: str, *, failed: bool) -> None:
        super().__init__()
        self.undo = undo
        self.said = said
        self.failed = failed


class RegistryApp(App[int]):
    """The app on one registry."""

    TITLE = "Experiments"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar = {ActionProvider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    # the first screen is made before screens load their own sheet, so the list's stands here
    CSS_PATH: ClassVar[list[str | PurePath]] = ["screens/base.tcss", "screens/list.tcss"]
    BINDINGS = actions.bindings(actions.APP)
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(
        self, registry: ExperimentRegistry, settings: Settings | None = None, memory: Memory | None = None
    ) -> None:
        """Open on a registry; without a memory nothing is remembered when the app ends."""
        super().__init__()
        self.workspace = Workspace(registry, settings=settings or Settings(), memory=memory or Memory())
        self.workspace.remembered = self.workspace.memory.of(str(registry.path))
        for theme in OURS:
            self.register_theme(theme)
        self.theme = self._first_theme()
        self._plain_glyphs = PlainGlyphs(wants_plain(self.workspace.settings.glyphs))

    def _first_theme(self) -> str:
        """Return the theme to start with: the settings' one, else the one remembered, else the dark one."""
        wanted = (self.workspace.settings.theme, self.workspace.memory.theme)
        return next((name for name in wanted if name in self.available_themes), DARK.name)

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """As Textual's, but it surely goes off: the app waits for such a one before it takes any other resize."""
        return surely(super().set_timer(delay, callback, name=name, pause=pause))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what drawn lines go through: signs in ASCII too, where the terminal has no others."""
        filters = super().get_line_filters()
        return [*filters, self._plain_glyphs] if self._plain_glyphs.enabled else filters

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our own variables for themes that do not know them."""
        return dict(VARIABLES)

    def get_default_screen(self) -> ListScreen:
        """Start with the list."""
        return ListScreen(self.workspace)

    def on_mount(self) -> None:
        """Watch the registry, and what comes from outside."""
        settings = self.workspace.settings
        self.set_keymap(dict(settings.keys))
        problems = list(settings.problems)
        if settings.theme is not None and settings.theme not in self.available_themes:
            problems.append(f"{settings_path()}: there is no theme {settings.theme}; T shows those there are")
        for problem in problems:
            self.notify(problem, severity="warning", timeout=10, markup=False)
        self.set_interval(WATCH, self.look)
        # back from ctrl+z the terminal shows nothing of ours, and nothing of ours has changed
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self._heed_signals()

    def _heed_signals(self) -> None:
        """Leave in order when told to end: terminal restored, temporary files gone, the code a shell expects."""
        if self.is_headless or threading.current_thread() is not threading.main_thread():
            return
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` has one ignored
                asyncio.get_running_loop().add_signal_handler(number, self.end_by, number)

    def end_by(self, number: int) -> None:
        """End because of a signal; the exit code is 128 and the signal's number, as a shell has it."""
        if not os.isatty(_DRAWN_ON):  # the terminal is gone, and writing to it would fail
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, _DRAWN_ON)
            os.close(nowhere)
        self.exit(return_code=128 + number)

    def exit(self, *args: Any, **kwargs: Any) -> None:
        """Leave; a long question that a thread still asks is stopped, for leaving waits for every thread."""
        super().exit(*args, **kwargs)
        threading.Thread(target=self._stop_asking, name="leaving", daemon=True).start()

    def _stop_asking(self) -> None:
        while self.workspace.registry.interrupt():  # again: a statement may not have begun the first time
            time.sleep(LEAVING)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action, unless it would change a registry that is open for looking only."""
        name = (action if isinstance(action, str) else action[1]).partition("(")[0].rpartition(".")[2]
        if self.workspace.registry.read_only and name in actions.CHANGING and self._registry_screen() is not None:
            self.notify("Read only: nothing can be changed here.", severity="warning", timeout=5, markup=False)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    # watching

    @on(RegistryScreen.Resumed)
    def look(self) -> None:
        """Look whether the registry is another one than what is shown."""
        if self._registry_screen() is not None:
            self._look()

    @work(thread=True, exclusive=True, group="look", exit_on_error=False, description="look")
    def _look(self) -> None:
        self.post_message(Stamped(self.workspace.registry.changed_stamp()))

    @on(Stamped)
    def _stamped(self, event: Stamped) -> None:
        screen = self._registry_screen()
        if screen is not None:
            screen.stamped(event.stamp)

    def _registry_screen(self) -> RegistryScreen | None:
        """Return the screen on top unless it is a dialog, or the app is about to end and has none."""
        stack = self.screen_stack
        top = stack[-1] if stack else None
        return top if isinstance(top, RegistryScreen) else None

    # actions of every screen

    def action_help(self) -> None:
        """Show the keys of this screen."""
        from tui.screens.help import HelpScreen

        screen = self._registry_screen()
        if screen is not None:
            self.push_screen(HelpScreen(screen.NAME, screen.about(), self.workspace.settings.keys))

    def pop_screen(self) -> AwaitComplete:
        """Leave the screen on top, not the last: of two keys in quick succession both may leave the same dialog."""
        return super().pop_screen() if len(self.screen_stack) > 1 else AwaitComplete()

    def action_command_palette(self) -> None:
        """Find an action by its name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_next_theme(self) -> None:
        """Go from dark to light, or back."""
        self._take_theme(LIGHT.name if self.current_theme.dark else DARK.name)

    def action_choose_theme(self) -> None:
        """Choose one of the themes, seeing each as one goes."""
        from tui.screens.choice import Choice, ChoiceScreen

        before = self.theme
        ours = [theme.name for theme in OURS]
        names = ours + sorted(name for name in self.available_themes if name not in ours)

        def try_on(name: str) -> None:
            self.theme = name

        def chosen(name: str | None) -> None:
            if name is None:
                self.theme = before
            else:
                self._take_theme(name)

        self.push_screen(
            ChoiceScreen("Theme", [Choice(name, name) for name in names], current=before, tried=try_on), chosen
        )

    def _take_theme(self, name: str) -> None:
        self.theme = self.workspace.memory.theme = name
        if (trouble := self.workspace.keep()) is not None:
            self.notify(trouble, severity="warning", timeout=5, markup=False)

    async def action_go(self, where: str) -> None:
        """Go to a screen by name, back to it when one came from there."""
        if where == actions.COMPARE:
            await self._go_to(actions.LIST)
            if isinstance(self.screen, ListScreen):
                self.screen.action_compare()
            return
        await self._go_to(where)

    async def _go_to(self, where: str) -> None:
        names = [screen.NAME if isinstance(screen, RegistryScreen) else "" for screen in self.screen_stack]
        if where in names:
            while len(self.screen_stack) > names.index(where) + 1:
                await self.pop_screen()
        elif where == actions.SEARCH:
            from tui.screens.search import SearchScreen

            await self.push_screen(SearchScreen(self.workspace))
        elif where == actions.ALIASES:
            from tui.screens.aliases import AliasesScreen

            await self.push_screen(AliasesScreen(self.workspace, getattr(self.screen, "taken_hash", None)))
        elif where == actions.TRASH:
            from tui.screens.trash import TrashScreen

            await self.push_screen(TrashScreen(self.workspace))
        elif where == actions.LOG:
            from tui.screens.log import LogScreen

            await self.push_screen(LogScreen(self.workspace))

    def action_undo(self) -> None:
        """Take back the last delete or restore, or the last clearing of marks."""
        if self.workspace.undos:
            self._undo(self.workspace.undos.pop())
        else:
            self.notify("There is nothing to undo.", timeout=3, markup=False)

    @work(thread=True, group="undo", exit_on_error=False, description="undo")
    def _undo(self, undo: Undo) -> None:
        try:
            said = undo.run()
        except (RegistryError, OSError) as error:
            self.post_message(Undone(undo, str(error), failed=True))
        else:
            self.post_message(Undone(undo, said, failed=False))

    @on(Undone)
    def _undone(self, event: Undone) -> None:
        if event.failed:
            self.workspace.undos.append(event.undo)
        severity = "warning" if event.failed else "information"
        self.notify(event.said, severity=severity, timeout=5, markup=False)  # type: ignore[arg-type]
        screen = self._registry_screen()
        if screen is not None:
            screen.reload()
