"""Making a variant: weights and the rest are edited line by line, with the sum and the new hash as one goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from math import fsum
from shlex import quote
from typing import TYPE_CHECKING

from textual import getters, on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from registry.canonical import now_text
from registry.config import SHORT_HASH, ExperimentConfig
from tui import actions
from tui.cli.edits import edit
from tui.safe import safe
from tui.screens.confirm import ConfirmScreen
from tui.screens.editing import Change, Editing
from tui.tag_text import split_tags
from tui.widgets.cells import show_difference, show_number, show_value
from tui.widgets.edit_bar import EditBar, one_line
from tui.widgets.variant_table import DESCRIPTION, TAGS, VariantTable, lines_of
from tui.workspace import Undo, Workspace

if TYPE_CHECKING:
    from registry import ExperimentRegistry
    from tui.actions import Action

_STEP = Decimal("0.01")
"""How much a weight changes at a key press."""
_MOST_NAMED = 8
"""Changes a dialog names."""


@dataclass(slots=True)
class Draft:
    """What is changed, as the command line says it, so that both mean the same."""

    parent: ExperimentConfig
    changes: dict[str, str] = field(default_factory=dict)
    """Names as the command line writes them, with values as it reads them."""
    removed: dict[str, None] = field(default_factory=dict)
    description: str | None = None
    tags: list[str] | None = None

    def make(self) -> ExperimentConfig:
        """Return the configuration.

        Raises:
            InvalidConfigError: a value can't be taken.
        """
        content = edit(self.parent, [f"{name}={text}" for name, text in self.changes.items()], list(self.removed))
        return ExperimentConfig(
            content.names,
            content.weights,
            content.hyperparameters,
            content.transformations,
            self.parent.description if self.description is None else self.description,
            list(self.parent.tags) if self.tags is None else self.tags,
            now_text(),
            parent=self._parent,
        )

    @property
    def _parent(self) -> str:
        return str(self.parent.config_hash)

    def command(self) -> str:
        """Return the command that does the same."""
        words = ["experiments variant", self._parent[:SHORT_HASH]]
        words += [quote(f"{name}={text}") for name, text in self.changes.items()]
        words += [f"--remove {quote(name)}" for name in self.removed]
        return " ".join(words)

    def set(self, name: str, text: str) -> None:
        """Give a line another value; one that can't be taken changes nothing.

        Raises:
            InvalidConfigError: it can't be taken.
        """
        before, removed = dict(self.changes), dict(self.removed)
        self.removed.pop(name, None)
        self.changes[name] = text
        try:
            self.make()
        except ValueError:
            self.changes, self.removed = before, removed
            raise

    def forget(self, name: str) -> None:
        """Have a line as the parent has it."""
        self.changes.pop(name, None)
        self.removed.pop(name, None)


class VariantScreen(Editing):
    """A draft of a variant, as a table; dismissed when it is registered or thrown away."""

    NAME = actions.VARIANT
    CSS_PATH = "variant.tcss"
    BINDINGS = actions.bindings(actions.SCREEN, actions.VARIANT)
    AUTO_FOCUS = "VariantTable"

    table = getters.query_one(VariantTable)
    totals = getters.query_one("#totals", Static)

    def __init__(self, workspace: Workspace, parent: ExperimentConfig) -> None:
        super().__init__(workspace)
        self.draft = Draft(parent)
        self.made = self.draft.make()

    def body(self) -> Iterable[Widget]:
        """Yield the table, and under it what comes of the changes."""
        yield VariantTable()
        yield Static("", id="totals", markup=False)

    def reload(self) -> None:
        """Show the draft; nothing of it comes from the registry."""
        self.top_bar.crumbs = (f"variant of {str(self.draft.parent.config_hash)[:SHORT_HASH]}",)
        self._show()

    def _show(self) -> None:
        self.made = self.draft.make()
        self.table.show(lines_of(self.draft.parent, self.made))
        self.totals.update(self._totals())

    @property
    def changed(self) -> bool:
        """Whether the variant is another experiment than its parent."""
        return self.made.config_hash != self.draft.parent.config_hash

    def _totals(self) -> Content:
        before, after = (fsum(config.feature_weights.values()) for config in (self.draft.parent, self.made))
        sums = f"weights sum to {show_number(after)}"
        if show_number(before) != show_number(after):
            sums += f" (was {show_number(before)}, {show_difference(after - before)})"
        if not self.changed:
            return Content.assemble(sums, ("   nothing is changed yet: + - or enter on a line", "$quiet"))
        new = str(self.made.config_hash)[:SHORT_HASH]
        return Content.assemble(sums, "   hash ", (new, "bold $primary"), "\n", (self.draft.command(), "$quiet"))

    def owner_of(self, action: Action) -> Widget:
        """Return the table for what the table does, else this screen."""
        return self.table if action.owner == actions.DRAFT else self

    # changing

    @on(VariantTable.Opened)
    def _opened(self, event: VariantTable.Opened) -> None:
        line = event.line
        if line.name in (DESCRIPTION, TAGS):
            before = one_line(str(line.after)) if line.name == TAGS else str(line.after)
            self.edit(EditBar(line.name, before), partial(self._word, line.name))
            return
        text = "" if line.after is None else _as_typed(line.after)
        self.edit(EditBar(line.label, text), partial(self._value, line.name))

    def _word(self, name: str, text: str) -> Change | None:
        if name == TAGS:
            self.draft.tags = split_tags(text) if text.strip() else []
        else:
            self.draft.description = text
        self.app.call_from_thread(self._show)
        return None

    def _value(self, name: str, text: str) -> Change | None:
        self.draft.set(name, text.strip())
        self.app.call_from_thread(self._show)
        return None

    @on(VariantTable.Stepped)
    def _stepped(self, event: VariantTable.Stepped) -> None:
        # the line as it is by now: keys come faster than what they change is shown
        line = next((line for line in self.table.lines if line.name == event.line.name), event.line)
        value = 0.0 if line.after is None and line.name.startswith("w.") else line.after
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.say("Only a number can be stepped; enter types another value.")
            return
        stepped = value + event.direction if isinstance(value, int) else Decimal(repr(value)) + _STEP * event.direction
        self.draft.set(line.name, str(stepped) if isinstance(value, int) else repr(float(stepped)))
        self._show()

    @on(VariantTable.Removed)
    def _removed(self, event: VariantTable.Removed) -> None:
        line = event.line
        if line.name in (DESCRIPTION, TAGS):
            return
        self.draft.changes.pop(line.name, None)
        if line.before is not None or line.name.removeprefix("w.") in self.draft.parent.feature_names:
            self.draft.removed[line.name] = None
        self._show()

    @on(VariantTable.Reverted)
    def _reverted(self, event: VariantTable.Reverted) -> None:
        if event.line.name == DESCRIPTION:
            self.draft.description = None
        elif event.line.name == TAGS:
            self.draft.tags = None
        self.draft.forget(event.line.name)
        self._show()

    def action_add(self) -> None:
        """Add a weight, a hyperparameter or a transformation by name."""
        hint = "NAME=0.1 a weight  hp.NAME=10  transform.NAME=log  enter takes it  esc gives up"
        self.edit(EditBar("add", "", hint=hint), self._add)

    def _add(self, text: str) -> Change | None:
        name, equals, value = text.strip().partition("=")
        if not name.strip() or not equals:
            raise ValueError("write NAME=VALUE, such as Momentum=0.1 or hp.k=10")
        name = name.strip()
        self.draft.set(name if name.startswith(("w.", "hp.", "transform.")) else f"w.{name}", value.strip())
        self.app.call_from_thread(self._show)
        return None

    def action_rescale(self) -> None:
        """Scale all weights so that their sum of magnitudes is the parent's again."""
        wanted, has = (fsum(map(abs, config.feature_weights.values())) for config in (self.draft.parent, self.made))
        if not has or not wanted:
            self.say("Weights that are all zero can't be rescaled.", problem=True)
            return
        for line in self.table.lines:
            if line.name.startswith("w.") and isinstance(line.after, float):
                scaled = round(line.after * wanted / has, 12)
                if scaled == line.before:
                    self.draft.forget(line.name)
                else:
                    self.draft.set(line.name, repr(scaled))
        self._show()

    # registering, leaving

    def action_register(self) -> None:
        """Register the variant, after asking."""
        if not self.changed:
            self.say("Nothing is changed: this is the experiment itself.", problem=True)
            return
        new, old = str(self.made.config_hash)[:SHORT_HASH], str(self.draft.parent.config_hash)[:SHORT_HASH]
        changed = [line for line in self.table.lines if line.changed and line.name not in (DESCRIPTION, TAGS)]
        lines = [f"{line.label}  {_shown(line.before)} → {_shown(line.after)}" for line in changed[:_MOST_NAMED]]
        if len(changed) > _MOST_NAMED:
            lines.append(f"and {len(changed) - _MOST_NAMED:,} more")

        def answered(sure: bool | None) -> None:
            if sure:
                self.find(partial(_register, self.workspace.registry, self.made), self._registered)

        self.app.push_screen(ConfirmScreen(f"Register {new}, a variant of {old}?", lines, "Register"), answered)

    def _registered(self, known: bool) -> None:
        config_hash = str(self.made.config_hash)
        short = config_hash[:SHORT_HASH]
        if known:
            self.say(f"{short} was there already.")
        else:
            registry = self.workspace.registry

            def back() -> str:
                registry.delete_many([config_hash])
                return f"{short} is in the trash."

            self.workspace.undos.append(Undo(f"move {short} to the trash", back))
            self.say(f"Registered {short}; U takes it back.")
        self.open_instead(config_hash)

    def open_instead(self, config_hash: str) -> None:
        """Show the new experiment in place of this screen."""
        from array import array

        from tui.screens.detail import DetailScreen

        self.app.switch_screen(DetailScreen(self.workspace, array("q"), 0, config_hash=config_hash))

    def step_back(self) -> bool:
        """Ask before a draft is thrown away."""
        if not self.changed:
            return False

        def answered(sure: bool | None) -> None:
            if sure:
                self.dismiss(None)

        self.app.push_screen(ConfirmScreen("Throw this draft away?", [], "Throw away"), answered)
        return True

    def action_leave(self) -> None:
        """Leave, after asking where there are changes."""
        self.action_back()

    def about(self) -> list[tuple[str, str]]:
        """Explain the sign of a changed line."""
        return [("*", "changed; the line below the table is the command that makes the same variant")]


def _register(registry: ExperimentRegistry, made: ExperimentConfig) -> bool:
    """Register a variant; return whether it was there already."""
    known = registry.get(str(made.config_hash)) is not None
    registry.register(made)
    return known


def _as_typed(value: object) -> str:
    """Return a value as it would be typed: text that reads as JSON stands in quotes."""
    if isinstance(value, float):
        return repr(value)
    if not isinstance(value, str):
        return show_value(value)
    from tui.cli.edits import value_of

    return value if value_of(value) == value else f'"{value}"'


def _shown(value: object) -> str:
    return "absent" if value is None else safe(show_number(value) if isinstance(value, float) else show_value(value))
