"""Opening an experiment by its hash, whether it is live, in the trash or gone."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from textual import on, work
from textual.message import Message

from registry.config import SHORT_HASH
from registry.errors import NotFoundError, RegistryError
from tui.screens.finding import Finding


class Opening(Finding):
    """What a screen needs that knows experiments by nothing but their hash."""

    @dataclass
    class Located(Message):
        """It was found out where an experiment is; None when it is nowhere."""

        config_hash: str
        trashed: bool | None

    def open_hash(self, config_hash: str) -> None:
        """Open the experiment with this full hash on the screen that fits, or say that there is none."""
        self._locate(config_hash)

    @work(thread=True, exclusive=True, group="locate", exit_on_error=False, description="locate")
    def _locate(self, config_hash: str) -> None:
        registry = self.workspace.registry
        try:
            for trashed in (False, True):
                try:
                    registry.resolve(config_hash, trashed=trashed)
                except NotFoundError:
                    continue
                self.post_message(self.Located(config_hash, trashed))
                return
        except (RegistryError, OSError) as error:
            self.post_message(self.NotDone(error))
        else:
            self.post_message(self.Located(config_hash, None))

    @on(Located)
    def _located(self, event: Located) -> None:
        from tui.screens.detail import DetailScreen
        from tui.screens.trashed import TrashedScreen

        if event.trashed is None:
            self.say(self.gone(event.config_hash[:SHORT_HASH]), problem=True)
        elif self.is_current:
            shows = TrashedScreen if event.trashed else DetailScreen
            self.app.push_screen(shows(self.workspace, array("q"), 0, config_hash=event.config_hash))

    def gone(self, short_hash: str) -> str:
        """Return what is said of an experiment that is nowhere."""
        return f"{short_hash} is not in this registry."
