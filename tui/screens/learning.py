"""From a screen with many experiments to what can be learnt from them: the scatter and the importances."""

from __future__ import annotations

from tui.screens.base import RegistryScreen
from tui.selection import Selection


class Learning(RegistryScreen):
    """A screen that knows which experiments are meant."""

    def selection(self) -> Selection:
        """Return the experiments that a question across many is about."""
        raise NotImplementedError

    def action_scatter(self) -> None:
        """Show a weight against a metric."""
        from tui.screens.scatter import ScatterScreen

        self.app.push_screen(ScatterScreen(self.workspace, self.selection()))

    def action_importance(self) -> None:
        """Show which weights go with a metric."""
        from tui.screens.importance import ImportanceScreen

        self.app.push_screen(ImportanceScreen(self.workspace, self.selection()))
