"""Changing what is said of experiments, where it stands: description, tags, notes. All but notes can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message
from textual.widget import Widget

from registry.config import SHORT_HASH
from registry.errors import RegistryError
from registry.numbers import of_them
from tui.screens.deleting import Deleting
from tui.tag_text import join_tags, split_tags
from tui.widgets.edit_bar import EditBar, one_line
from tui.widgets.key_bar import KeyBar
from tui.workspace import Undo

if TYPE_CHECKING:
    from registry import ExperimentRegistry

Save = Callable[[str], "Change | None"]
"""Takes the text, in a thread; returns what was changed, or None when nothing was. ValueErrors are shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed."""

    said: str
    undo: Undo | None = None


class Editing(Deleting):
    """What a screen needs to edit in place."""

    @dataclass
    class Edited(Message):
        """A text was saved."""

        bar: EditBar
        change: Change | None

    @dataclass
    class EditRefused(Message):
        """A text could not be saved."""

        bar: EditBar
        error: Exception

    def edit(self, bar: EditBar, save: Save, *, after: Widget | None = None) -> None:
        """Let a person edit a text, in a bar behind a widget of this screen, or above the footer."""
        if self.query(EditBar):
            return
        self._save, self._before_edit = save, self.focused
        if after is None:
            self.mount(bar, before=self.query_one(KeyBar))
        else:
            self.mount(bar, after=after)

    _save: Save
    _before_edit: Widget | None = None

    @on(EditBar.Saved)
    def _edit_saved(self, event: EditBar.Saved) -> None:
        self._keep_edit(event.bar, event.text, self._save)

    @work(thread=True, group="edit", exit_on_error=False, description="edit")
    def _keep_edit(self, bar: EditBar, text: str, save: Save) -> None:
        try:
            change = save(text)
        except (RegistryError, ValueError, OSError) as error:
            self.post_message(self.EditRefused(bar, error))
        else:
            self.post_message(self.Edited(bar, change))

    @on(EditRefused)
    def _edit_refused(self, event: EditRefused) -> None:
        event.bar.refuse(str(event.error))

    @on(Edited)
    def _edited(self, event: Edited) -> None:
        self._close(event.bar)
        if event.change is None:
            return
        if event.change.undo is not None:
            self.workspace.undos.append(event.change.undo)
        self.say(event.change.said)
        self.reload()

    def give_up(self) -> bool:
        """Give up a text being edited; returns whether there was one."""
        bars = list(self.query(EditBar))
        for bar in bars:
            self._close(bar)
        return bool(bars)

    def _close(self, bar: EditBar) -> None:
        back = self._before_edit
        bar.remove()
        if back is not None and back.is_attached:
            self.set_focus(back)

    def edit_description(self, config_hash: str, before: str, *, after: Widget | None = None) -> None:
        """Edit the description of an experiment."""
        save = partial(_describe, self.workspace.registry, config_hash, before)
        self.edit(EditBar("description", before), save, after=after)

    def edit_tags(self, tags_of: Mapping[str, Sequence[str]], *, after: Widget | None = None) -> None:
        """Edit the tags of one experiment, or add tags to several and take others off."""
        registry = self.workspace.registry
        if len(tags_of) == 1:
            ((config_hash, tags),) = tags_of.items()
            bar = EditBar("tags", one_line(join_tags(tags)), hint="commas between  enter saves  esc gives up")
            self.edit(bar, partial(_set_tags, registry, config_hash, list(tags)), after=after)
        else:
            bar = EditBar(
                f"tag {of_them(len(tags_of))}", hint="commas between, -TAG takes one off  enter saves  esc gives up"
            )
            self.edit(bar, partial(_retag, registry, dict(tags_of)), after=after)

    def add_note(self, config_hash: str, *, after: Widget | None = None) -> None:
        """Add a dated line to the notes of an experiment."""
        self.edit(EditBar("note"), partial(_note, self.workspace.registry, config_hash), after=after)


def _describe(registry: ExperimentRegistry, config_hash: str, before: str, text: str) -> Change | None:
    if not registry.describe(config_hash, text):
        return None

    def back() -> str:
        registry.describe(config_hash, before)
        return f"{config_hash[:SHORT_HASH]} has its former description again."

    short = config_hash[:SHORT_HASH]
    return Change(f"{short} is described anew; U takes it back.", Undo(f"describe {short} as before", back))


def _set_tags(registry: ExperimentRegistry, config_hash: str, before: Sequence[str], text: str) -> Change | None:
    wanted = split_tags(text) if text.strip() else []
    added = [tag for tag in wanted if tag not in before]
    removed = [tag for tag in before if tag not in wanted]
    return _change_tags(registry, {config_hash: before}, added, removed)


def _retag(registry: ExperimentRegistry, tags_of: Mapping[str, Sequence[str]], text: str) -> Change | None:
    if not text.strip():
        return None
    wanted = split_tags(text)
    removed = [tag[1:].strip() for tag in wanted if tag.startswith("-") and tag[1:].strip()]
    added = [tag for tag in wanted if not tag.startswith("-")]
    return _change_tags(registry, tags_of, added, removed)


def _change_tags(
    registry: ExperimentRegistry, tags_of: Mapping[str, Sequence[str]], added: Sequence[str], removed: Sequence[str]
) -> Change | None:
    """Add and remove tags; what is undone later is only what was changed."""
    lacking = {tag: [full for full, tags in tags_of.items() if tag not in tags] for tag in added}
    having = {tag: [full for full, tags in tags_of.items() if tag in tags] for tag in removed}
    touched = {full for found in (lacking, having) for hashes in found.values() for full in hashes}
    if not touched:
        return None
    for tag, hashes in lacking.items():
        if hashes:
            registry.tag(hashes, [tag])
    for tag, hashes in having.items():
        if hashes:
            registry.untag(hashes, [tag])

    def back() -> str:
        for tag, hashes in lacking.items():
            if hashes:
                registry.untag(hashes, [tag])
        for tag, hashes in having.items():
            if hashes:
                registry.tag(hashes, [tag])
        return f"{of_them(len(touched))} tagged as before."

    said = f"{of_them(len(touched))} tagged anew; U takes it back."
    return Change(said, Undo(f"tag {of_them(len(touched))} as before", back))


def _note(registry: ExperimentRegistry, config_hash: str, text: str) -> Change | None:
    if not text.strip():
        return None
    registry.note(config_hash, text)
    return Change("The note was added.")
