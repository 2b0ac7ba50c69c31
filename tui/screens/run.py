"""One run: its metrics beside their base rates, its equity, its windows, and what it was made with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual import getters, on, work
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from registry.config import SHORT_HASH
from registry.errors import RegistryError
from registry.runs.record import Run
from tui import actions
from tui.screens.base import RegistryScreen
from tui.screens.scrolling import Scrolling
from tui.widgets import run_page
from tui.workspace import Workspace

_PARTS = ("equity", "metrics", "windows", "options")


class RunScreen(Scrolling, RegistryScreen):
    """One run by its id, as one long page."""

    NAME = actions.RUN
    CSS_PATH = "run.tcss"
    BINDINGS = actions.bindings(actions.SCREEN, actions.RUN)
    AUTO_FOCUS = "#run"

    @dataclass
    class Answered(Message):
        """The run was read."""

        request: int
        stamp: tuple[object, ...]
        run: Run
        tried: int

    scroller = getters.query_one("#run", VerticalScroll)

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        super().__init__(workspace)
        self._run_id = run_id
        self.run: Run | None = None

    def body(self) -> Iterable[Widget]:
        """Lay out a heading and a text for each part."""
        with VerticalScroll(id="run"):
            yield Static("", id="head", markup=False)
            for part in _PARTS:
                yield Static(part.upper(), classes="heading", markup=False)
                yield Static("", id=part, markup=False)

    def reload(self) -> None:
        """Read the run again."""
        self._read(self.next_request())

    @work(thread=True, exclusive=True, group="run", exit_on_error=False, description="run")
    def _read(self, request: int) -> None:
        registry = self.workspace.registry
        try:
            stamp = registry.changed_stamp()
            run = registry.run(self._run_id)
            tried = registry.trials(run.panel.name, run.period)
        except (RegistryError, OSError) as error:
            self.post_message(self.Failed(request, error))
        else:
            self.post_message(self.Answered(request, stamp, run, tried))

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if not self.is_current_answer(event.request):
            return
        self.stamp, self.run = event.stamp, event.run
        self.all_well()
        run = event.run
        self.top_bar.crumbs = (run.config_hash[:SHORT_HASH], run.run_id)
        self.query_one("#head", Static).update(run_page.head(run, event.tried))
        self.query_one("#options", Static).update(run_page.options(run))
        self.resized()

    def resized(self) -> None:
        """Draw what depends on the width there is."""
        if self.run is not None:
            width = self.size.width - 4
            self.query_one("#equity", Static).update(run_page.equity(self.run, width))
            self.query_one("#metrics", Static).update(run_page.metrics(self.run, width))
            self.query_one("#windows", Static).update(run_page.windows(self.run, width))

    def action_copy(self) -> None:
        """Copy the run's id."""
        self.app.copy_to_clipboard(self._run_id)
        self.say("Copied the id of the run, by the terminal (OSC 52).")
