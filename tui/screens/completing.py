"""Completing a filter as it is typed: the names in use, the values they take, and being ready for the first key."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.message import Message
from textual.widgets import Input

from registry.errors import RegistryError
from tui.screens.filtered import LINGER, FilteredScreen
from tui.widgets.names_pane import NamesPane
from tui.widgets.rows import PAGE, real
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.profile import Profile
    from registry.search.completion import Completion

_ANY_WORD = "e"
"""A filter that reads all that a word is looked for in."""

_NEVER = ("never",)
"""The stamp of what has not been read at all."""


class Completing(FilteredScreen):
    """Mixed into a screen whose filter is completed beside it."""

    TRASHED: ClassVar[bool] = False
    """Whether the experiments are those in the trash."""

    @dataclass
    class ProfileRead(Message):
        """The values that names take."""

        profile: Profile

    names_pane = getters.query_one(NamesPane)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._profile_stamp: tuple[object, ...] | None = _NEVER

    def on_descendant_focus(self) -> None:
        """Read what values names take when somebody is about to write a filter, and be ready for its first key."""
        if self.focused is self.filter_bar.field:
            read, self._profile_stamp = self._profile_stamp != self.stamp, self.stamp
            self._get_ready(self.rows.ids[:PAGE], profile=read)

    @work(thread=True, group="profile", exit_on_error=False, description="profile")
    def _get_ready(self, ids: Sequence[int], *, profile: bool) -> None:
        registry = self.workspace.registry
        # the list says what is wrong with a registry; completion keeps what it has
        with suppress(RegistryError, OSError):
            if profile:
                self.post_message(self.ProfileRead(registry.profile()))
            with registry.reading(LINGER):  # what a first key reads is then in memory
                registry.count(_ANY_WORD, trashed=self.TRASHED)
                registry.page(real(ids))

    @on(ProfileRead)
    def _profile_read(self, event: ProfileRead) -> None:
        self.workspace.profile = event.profile
        self.names_pane.know(event.profile)
        self.suggest()

    @on(Input.Changed, "FilterInput")
    def _input_changed(self) -> None:
        self.suggest()

    def suggest(self) -> None:
        """Show what could stand at the cursor of the filter."""
        field = self.filter_bar.field
        if not field.value:
            self.names_pane.remember(self.workspace.remembered.saved, self.workspace.remembered.recent)
        self.names_pane.offer(field.value, field.cursor_position, self.workspace.names)

    def action_complete(self) -> None:
        """Complete the name or value being typed."""
        if self.names_pane.best is not None:
            self._put_in(self.names_pane.best)

    @on(NamesPane.Chosen)
    def _completion_chosen(self, event: NamesPane.Chosen) -> None:
        self._put_in(event.completion)

    def _put_in(self, completion: Completion) -> None:
        field = self.filter_bar.field
        rest = field.value[completion.end :]
        text = completion.text
        if completion.kind != "attribute" and not rest.startswith((" ", ")")):
            text += " "  # a word of its own; after tag: or w. one goes on typing
        field.value = field.value[: completion.start] + text + rest
        field.cursor_position = completion.start + len(text)
        field.spaced_to = field.cursor_position if text.endswith(" ") else None
        field.focus()
