"""From an experiment to those it is related to: its family as a tree, and those that are similar."""

from __future__ import annotations

from tui.screens.base import RegistryScreen


class Relating(RegistryScreen):
    """A screen on which one experiment is meant."""

    @property
    def taken_hash(self) -> str | None:
        """The full hash of the experiment that is meant, if any is."""
        raise NotImplementedError

    def action_family(self) -> None:
        """Show where this experiment comes from and what came of it."""
        from tui.screens.lineage import LineageScreen

        if self.taken_hash is not None:
            self.app.push_screen(LineageScreen(self.workspace, self.taken_hash))

    def action_nearest(self) -> None:
        """Show the experiments nearest to this one, and the nearest better ones."""
        from tui.screens.nearest import NearestScreen

        if self.taken_hash is not None:
            self.app.push_screen(NearestScreen(self.workspace, self.taken_hash))
