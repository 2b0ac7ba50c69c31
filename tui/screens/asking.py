"""What screens share that ask something across many experiments by a metric: choosing the metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tui.screens.finding import Finding
from tui.selection import metric_names, usual_metric


class Asking(Finding):
    """A screen about a metric."""

    def ask_metric(self, chosen: Callable[[], Any]) -> None:
        """Ask for the metric, then do something with it."""
        self.find(partial(metric_names, self.workspace), partial(self._choose_metric, chosen))

    def _choose_metric(self, chosen: Callable[[], Any], metrics: Sequence[str]) -> None:
        from tui.screens.choice import Choice, ChoiceScreen

        if not self.is_current:
            return
        if not metrics:
            self.say("No experiment has a run yet: experiments backtest makes one.", problem=True)
            return
        choices = [Choice(name, name) for name in metrics]
        current = usual_metric(self.workspace, metrics)
        self.app.push_screen(ChoiceScreen("Metric", choices, current=current), partial(self._take_metric, chosen))

    def _take_metric(self, chosen: Callable[[], Any], name: str | None) -> None:
        if name is not None:
            self.workspace.metric = name
            chosen()
