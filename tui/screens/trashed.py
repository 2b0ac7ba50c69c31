"""One experiment that lies in the trash: everything is there to read, nothing to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from registry.errors import NotFoundError
from tui import actions
from tui.screens.detail import DetailScreen
from tui.screens.opening import Opening

if TYPE_CHECKING:
    from textual.binding import BindingType

    from registry.rows import Details


class TrashedScreen(DetailScreen, Opening, inherit_bindings=False):
    """The detail without what it can do to a live experiment: its keys are those the table names for it alone."""

    NAME = actions.TRASHED
    BINDINGS: ClassVar[list[BindingType]] = [*Screen.BINDINGS, *actions.bindings(actions.SCREEN, actions.TRASHED)]

    def details_of(self, config_hash: str) -> Details:
        """Read an experiment in the trash, away from the screen's thread."""
        try:
            return self.workspace.registry.details(config_hash, trashed=True)
        except NotFoundError:
            raise NotFoundError("this experiment is no longer in the trash; esc goes back") from None

    def _show(self, details: Details) -> None:
        super()._show(details)
        self.top_bar.crumbs = ("trash", *self.top_bar.crumbs)

    def _open_hash(self, config_hash: str) -> None:
        self.open_hash(config_hash)
