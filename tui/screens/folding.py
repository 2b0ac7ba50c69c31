"""A filter that stands at the foot of a screen only while there is one."""

from __future__ import annotations

from tui.screens.filtered import FilteredScreen


class FoldingFilter(FilteredScreen):
    """Mixed into a screen of rows: `/` opens the filter, esc clears and then closes it."""

    def action_filter(self) -> None:
        """Open the filter and go to it."""
        self.filter_bar.add_class("-open")
        self.set_focus(self.filter_bar.field)

    def unfilter(self) -> bool:
        """Undo one step in the rows or their filter; returns whether there was one."""
        return super().step_back()

    def step_back(self) -> bool:
        """Clear the filter, then close it."""
        if self.unfilter():
            if not self.filter_bar.field.value and self.focused is not self.filter_bar.field:
                self.filter_bar.remove_class("-open")
            return True
        if self.filter_bar.has_class("-open"):
            self.set_focus(self.rows)
            self.filter_bar.remove_class("-open")
            return True
        return False

    def on_input_blurred(self) -> None:
        """Close an empty filter when it is left."""
        if not self.filter_bar.field.value:
            self.filter_bar.remove_class("-open")
