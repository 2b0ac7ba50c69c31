"""The family of an experiment as a tree: where it comes from, what came of it, and what each edit did to a metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import getters, on
from textual.widget import Widget

from registry.config import SHORT_HASH
from registry.numbers import of_them
from tui import actions
from tui.safe import safe
from tui.screens.computing import Step, Work
from tui.screens.related import Related
from tui.selection import metric_names, on_usual_panel, usual_metric
from tui.widgets.family_tree import FamilyTree
from tui.widgets.state_line import StateLine
from tui.workspace import Workspace

if TYPE_CHECKING:
    from registry.lineage import Lineage, Node

DRAWN: Final = 200
"""Experiments that are drawn at first."""
MORE: Final = 5
"""Times as many are drawn each time more are wanted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A family, and the names that point to its members."""

    found: Lineage
    aliases: Mapping[str, str]
    """Full hash to names, with commas between."""


def read_family(workspace: Workspace, config_hash: str, limit: int) -> Answer:
    """Return an experiment's family with the usual metric, away from the screen's thread."""
    registry = workspace.registry
    with registry.reading():
        metric = usual_metric(workspace, metric_names(workspace))
        found = on_usual_panel(partial(registry.lineage, config_hash, metric, limit=limit), workspace.read_on)
        named = registry.aliases_of(node.config_hash for node in found.root.walk())
    return Answer(found, {hash_: ", ".join(names) for hash_, names in named.items()})


class LineageScreen(Related):
    """The tree of one family."""

    NAME = actions.LINEAGE
    BINDINGS = actions.bindings(actions.SCREEN, actions.LINEAGE)
    AUTO_FOCUS = "FamilyTree"
    CSS_PATH = "learning.tcss"

    table = getters.query_one(FamilyTree)
    state_line = getters.query_one(StateLine)

    def __init__(self, workspace: Workspace, config_hash: str) -> None:
        super().__init__(workspace)
        self._hash = config_hash
        self._limit = DRAWN

    def body(self) -> Iterable[Widget]:
        """Yield what is shown, and the tree."""
        yield StateLine()
        yield FamilyTree(self.workspace.marks)

    def on_mount(self) -> None:
        """Say where one is."""
        self.top_bar.crumbs = ("lineage", self._hash[:SHORT_HASH])

    def work_to_do(self) -> Work:
        """Return the reading of the family."""
        workspace, config_hash, limit = self.workspace, self._hash, self._limit

        def read(step: Step) -> Answer:
            step("reading")
            return read_family(workspace, config_hash, limit)

        return read

    def show(self, answer: Answer) -> None:
        """Show the family."""
        found = answer.found
        self.top_bar.count = of_them(found.size)
        said = []
        if found.metric is not None:
            said.append(f"{found.metric} on {found.metrics_from}" if found.metrics_from is not None else self._no_run())
        if found.hidden:
            said.append(f"{found.hidden:,} not shown, enter on … shows more")
        if found.note is not None:
            said.append(found.note)
        self.state_line.show(" · ".join(said))
        self.table.show(found, answer.aliases)

    def _no_run(self) -> str:
        """Say that no member of the family has the metric, and on which panel and period if they were chosen."""
        chosen = " ".join(safe(part) for part in self.workspace.read_on.values() if part)
        return f"none has a run on {chosen}" if chosen else "none has a run"

    def clear(self) -> None:
        """Show no tree."""
        self.table.show(None)

    @on(FamilyTree.Opened)
    def _opened(self, event: FamilyTree.Opened) -> None:
        self.open_hash(event.key)

    @on(FamilyTree.MoreWanted)
    def _more_wanted(self) -> None:
        self._limit *= MORE
        self.reload()

    @property
    def taken(self) -> Node | None:
        """The experiment under the cursor, when it is live."""
        node = self.table.current
        return None if node is None or node.state != "live" else node

    @property
    def compared_with(self) -> str | None:
        """The parent of the experiment under the cursor, when that is live; without one, whose family it is."""
        parent = self.table.parent_of_current
        return parent.config_hash if parent is not None and parent.state == "live" else self._hash

    def about(self) -> list[tuple[str, str]]:
        """Explain the signs."""
        return self.table.about()
