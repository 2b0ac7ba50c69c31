"""Searches that are kept: those of lately by themselves, others under a name."""

from __future__ import annotations

from functools import partial

from tui.screens.editing import Change, Editing
from tui.screens.filtered import FilteredScreen
from tui.widgets.edit_bar import EditBar
from tui.workspace import Workspace


class Searching(Editing, FilteredScreen):
    """Mixed into a screen whose filters are remembered."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.filter = ""
        """The filter of the result that is shown."""

    def action_keep(self) -> None:
        """Keep the filter and go on to the list."""
        super().action_keep()
        self.remember_search()

    def remember_search(self) -> None:
        """Remember a filter that was left standing; the keys before the last one may still be on their way."""
        recent, text = self.workspace.remembered.recent, self.filter.strip()
        kept = self.focused is not self.filter_bar.field and self.wanted == self.filter
        if kept and text and recent[:1] != [text]:
            self.workspace.remembered.remember_search(text)
            self.remember()

    def action_save_search(self) -> None:
        """Save the filter under a name."""
        text = (self.filter_bar.field.value or self.filter).strip()
        if not text:
            self.say("There is no filter to save; / opens it.", problem=True)
            return
        self.edit(EditBar("save this search as"), partial(self._save_search, text))

    def _save_search(self, text: str, name: str) -> Change:
        if not name.strip():
            raise ValueError("give it a name")
        self.workspace.remembered.saved[name.strip()] = text
        if (trouble := self.workspace.keep()) is not None:
            raise ValueError(trouble)
        return Change(f"Saved as {name.strip()}; R brings it back.")

    def action_searches(self) -> None:
        """Choose one of the saved and recent searches."""
        from tui.screens.choice import Choice, ChoiceScreen

        remembered = self.workspace.remembered
        choices = [Choice(text, name, text) for name, text in remembered.saved.items()]
        choices += [Choice(text, text) for text in remembered.recent if text not in remembered.saved.values()]
        if not choices:
            self.say("No search was kept yet: enter keeps one, S saves it under a name.")
            return

        def chosen(text: str | None) -> None:
            if text is not None:
                self.show_filter(text)

        def dropped(text: str) -> None:
            remembered.saved = {name: each for name, each in remembered.saved.items() if each != text}
            remembered.recent = [each for each in remembered.recent if each != text]
            self.remember()

        foot = "enter searches  x forgets one  esc back"
        self.app.push_screen(ChoiceScreen("Searches", choices, foot=foot, dropped=dropped), chosen)

    def show_filter(self, text: str) -> None:
        """Show what a filter finds, as if it had been typed."""
        self.filter_bar.add_class("-open")
        self.filter_bar.field.value = text
        self.filter_bar.field.cursor_position = len(text)
        self.filter_bar.hurry()
        self.set_focus(self.rows)
