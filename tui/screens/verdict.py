"""Did it help: the compared experiments against the reference, by a paired test that counts all that was tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual import getters, on
from textual.widget import Widget

from registry.config import SHORT_HASH
from registry.search.words import split_name
from tui import actions
from tui.screens.computing import Step, Work
from tui.screens.opening import Opening
from tui.screens.results import Results
from tui.selection import metric_asked
from tui.widgets.state_line import StateLine
from tui.widgets.verdict_card import VerdictCard
from tui.widgets.verdict_table import VerdictTable
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.analysis.ab import Trial

_NARROW = 60
"""Columns below which the head has no room for all words."""


class VerdictScreen(Opening, Results):
    """Verdicts of candidates against one control: all of them, or the one that was under the cursor."""

    NAME = actions.VERDICT
    BINDINGS = actions.bindings(actions.SCREEN, actions.VERDICT)
    AUTO_FOCUS = "VerdictTable"
    CSS_PATH = "learning.tcss"

    table = getters.query_one(VerdictTable)
    card = getters.query_one(VerdictCard)
    state_line = getters.query_one(StateLine)

    def __init__(self, workspace: Workspace, control: str, candidates: Sequence[str], chosen: str | None) -> None:
        """Judge one of the candidates, or all when none is chosen."""
        super().__init__(workspace)
        self.control = control
        self.candidates = list(candidates)
        self.chosen = chosen
        self.trial: Trial | None = None

    def body(self) -> Iterable[Widget]:
        """Yield the verdicts, and one of them in full."""
        yield StateLine()
        yield VerdictTable()
        yield VerdictCard()

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("did it help",)

    def work_to_do(self) -> Work:
        """Return the judging."""
        named = self.candidates if self.chosen is None else [self.chosen]
        workspace, control = self.workspace, self.control

        def judge(step: Step) -> Trial:
            step("reading")
            name = split_name(metric_asked(workspace)).text
            return workspace.registry.ab(control, named, name, step=step, **workspace.read_on)  # type: ignore[arg-type]

        return judge

    def show(self, answer: Trial) -> None:
        """Show the verdicts."""
        self.trial = answer
        self.state_line.show(
            f"{answer.metric} on {answer.panel} {answer.period} · against {answer.control[:SHORT_HASH]} ★"
            f" · {answer.evaluated:,} evaluated alike, {answer.tried:,} tried there"
        )
        counted = Counter(each.verdict.verdict for each in answer.candidates)
        words = [f"{count:,} {word}" for word, count in counted.most_common()]
        if self.size.width < _NARROW and len(words) > 1:
            words = [f"{counted['better']:,} of {len(answer.candidates):,} better"]
        self.top_bar.count = ", ".join(words)
        self.table.show(answer.candidates)

    def clear(self) -> None:
        """Show no verdicts."""
        self.trial = None
        self.table.show(())

    @on(VerdictTable.Moved)
    def _moved(self) -> None:
        self.card.show(self.trial, self.table.current)

    @on(VerdictTable.Opened)
    def _opened(self, event: VerdictTable.Opened) -> None:
        self.open_hash(event.key)

    def action_all(self) -> None:
        """Judge all that are compared, or again the one that was under the cursor."""
        if self.chosen is None and self.table.current is not None:
            self.chosen = self.table.current.config_hash
        elif len(self.candidates) > 1:
            self.chosen = None
        else:
            self.say("There is no other experiment in this comparison.")
            return
        self.reload()

    def action_copy(self) -> None:
        """Copy the full hash of the experiment under the cursor."""
        if self.table.current is not None:
            self.copy_hash(self.table.current.config_hash)

    def about(self) -> list[tuple[str, str]]:
        """Explain the words."""
        return [
            ("better", "the difference is the wanted way, and chance alone makes one so large in under 5 of 100 cases"),
            ("worse", "the same, the other way"),
            ("no difference", "so large a difference is what chance makes; a small one can't be ruled out"),
            ("cannot tell", "fewer than 20 dates, or neither way of the metric is known to be better"),
            ("cannot pair", "the runs have no panel, period or options in common"),
            ("P", "what the verdict rests on: adjusted for all named here, and for the best of all evaluated alike"),
        ]
