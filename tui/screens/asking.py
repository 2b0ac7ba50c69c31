"""What screens share that ask something across many experiments by a metric: choosing the metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual import on, work
from textual.message import Message

from registry.errors import RegistryError
from tui.screens.base import RegistryScreen
from tui.selection import metric_names, usual_metric


class Asking(RegistryScreen):
    """A screen about a metric."""

    @dataclass
    class MetricsRead(Message):
        """The metrics there are were read."""

        metrics: Sequence[str]
        chosen: Callable[[], Any]

    @dataclass
    class MetricsNotRead(Message):
        """They could not be read."""

        error: RegistryError | OSError

    def ask_metric(self, chosen: Callable[[], Any]) -> None:
        """Ask for the metric, then do something with it."""
        self._read_metrics(chosen)

    @work(thread=True, exclusive=True, group="metrics", exit_on_error=False, description="metrics")
    def _read_metrics(self, chosen: Callable[[], Any]) -> None:
        try:
            known = metric_names(self.workspace)
        except (RegistryError, OSError) as error:
            self.post_message(self.MetricsNotRead(error))
        else:
            self.post_message(self.MetricsRead(known, chosen))

    @on(MetricsNotRead)
    def _metrics_not_read(self, event: MetricsNotRead) -> None:
        self.say(str(event.error), problem=True)

    @on(MetricsRead)
    def _metrics_read(self, event: MetricsRead) -> None:
        from tui.screens.choice import Choice, ChoiceScreen

        if not self.is_current:
            return
        if not event.metrics:
            self.say("No experiment has a run yet: experiments backtest makes one.", problem=True)
            return
        choices = [Choice(name, name) for name in event.metrics]
        current = usual_metric(self.workspace, event.metrics)
        take = partial(self._take_metric, event.chosen)
        self.app.push_screen(ChoiceScreen("Metric", choices, current=current), take)

    def _take_metric(self, chosen: Callable[[], Any], name: str | None) -> None:
        if name is not None:
            self.workspace.metric = name
            chosen()
