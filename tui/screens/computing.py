"""Screens whose answer takes a while to compute: step by step in a thread, each step told, and stopped by esc."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from textual import on, work
from textual.message import Message
from textual.worker import Worker, get_current_worker

from registry.errors import FilterError, InvalidReferenceError, NotFoundError, RegistryError
from tui.screens.asking import Asking

QUICK: Final = 1.0
"""Seconds of an answer that is computed again by itself when the registry has changed; others by r alone."""

Step = Callable[[str], None]
Work = Callable[[Step], Any]


class _StoppedError(Exception):
    """Ends the computation that a person stopped."""


class Computing(Asking):
    """A screen that computes one answer at a time."""

    @dataclass
    class Stepped(Message):
        """The computation came to another step."""

        request: int
        text: str

    @dataclass
    class Computed(Message):
        """The answer."""

        request: int
        stamp: tuple[object, ...]
        answer: Any
        seconds: float

    @dataclass
    class NotComputed(Message):
        """There is no answer."""

        request: int
        error: RegistryError | OSError

    _worker: Worker[None] | None = None
    _slow = False

    # what a subclass gives

    def work_to_do(self) -> Work:
        """Return what is to be computed, in a thread: it is given a function to tell its steps to."""
        raise NotImplementedError

    def show(self, answer: Any) -> None:
        """Show the answer."""
        raise NotImplementedError

    def show_refusal(self, sentence: str) -> None:
        """Say in place of an answer why there is none."""
        raise NotImplementedError

    # computing

    def reload(self) -> None:
        """Compute again."""
        self.top_bar.count = "computing … esc stops"
        self._worker = self._compute(self.next_request(), self.work_to_do())

    @work(thread=True, exclusive=True, group="compute", exit_on_error=False, description="compute")
    def _compute(self, request: int, work: Work) -> None:
        worker = get_current_worker()

        def step(text: str) -> None:
            if worker.is_cancelled:
                raise _StoppedError
            self.post_message(self.Stepped(request, text))

        began = time.monotonic()
        try:
            stamp = self.workspace.registry.changed_stamp()
            answer = work(step)
        except _StoppedError:
            return
        except (RegistryError, OSError) as error:
            self.post_message(self.NotComputed(request, error))
        else:
            self.post_message(self.Computed(request, stamp, answer, time.monotonic() - began))

    @on(Stepped)
    def _stepped(self, event: Stepped) -> None:
        if event.request == self.asked and self.waiting:
            self.top_bar.count = f"{event.text} … esc stops"

    @on(Computed)
    def _computed(self, event: Computed) -> None:
        if not self.is_current_answer(event.request):
            return
        self.stamp = event.stamp
        self._slow = event.seconds > QUICK
        self.all_well()
        self.top_bar.count = ""
        self.show(event.answer)

    @on(NotComputed)
    def _not_computed(self, event: NotComputed) -> None:
        if not self.is_current_answer(event.request):
            return
        self.top_bar.count = ""
        if isinstance(event.error, (FilterError, InvalidReferenceError, NotFoundError)):
            self.all_well()
            self.show_refusal(str(event.error))
        else:
            self.trouble(event.error)

    def stamped(self, stamp: tuple[object, ...]) -> None:
        """Compute again when the registry has changed; what takes long only says that r does."""
        if not self._slow:
            super().stamped(stamp)
        elif self.stamp is not None and stamp != self.stamp and not self.waiting:
            self.top_bar.count = "the registry has changed: r"

    def action_metric(self) -> None:
        """Choose the metric."""
        self.ask_metric(self.reload)

    # stopping

    def step_back(self) -> bool:
        """Stop what is being computed, if anything is."""
        if not self.waiting:
            return False
        self._stop()
        self.top_bar.count = "stopped: r begins again"
        self.show_refusal("Stopped. r computes it again.")
        return True

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self.answered = self.next_request()
        self.stamp = None

    def on_unmount(self) -> None:
        """Nothing is computed for a screen that was left."""
        if self._worker is not None:
            self._worker.cancel()
