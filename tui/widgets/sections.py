"""The sections of the detail screen: each is one aspect of an experiment under a heading of its own.

A section knows how to show `Details` and nothing of its neighbours, so the screen is a list of sections.
One that needs more than `Details` holds says so by a message, and the screen reads, as it does for the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.containers import Vertical
from textual.events import Resize
from textual.widgets import Static

from tui.widgets import facts
from tui.widgets.lineage import Lineage
from tui.widgets.run_list import RunList
from tui.widgets.weight_bars import WeightBars

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from registry.rows import Details

_LEAST = 20
"""Cells below which breaking a value into lines helps nobody."""


class Section(Vertical):
    """A heading, and what stands under it."""

    TITLE: ClassVar[str] = ""
    """The heading; a section without one begins with its content."""
    DEFAULT_CSS = """
    Section {
        height: auto; width: 1fr; margin-top: 1;
        & > .heading { color: $quiet; text-style: bold; }
    }
    """

    heading = getters.query_one(".heading", Static)

    def compose(self) -> ComposeResult:
        """Lay heading and content out."""
        if self.TITLE:
            yield Static(self.TITLE, classes="heading", markup=False)
        yield from self.content()

    def content(self) -> ComposeResult:
        """Yield what stands under the heading: a text, unless a section has more to offer."""
        yield Static("", classes="text", markup=False)

    @property
    def stop(self) -> Widget | None:
        """The part that keys can go into, if there is one."""
        return None

    def show(self, details: Details) -> None:
        """Show this aspect of another experiment."""
        raise NotImplementedError


class TextSection(Section):
    """A section whose content is a text."""

    text = getters.query_one(".text", Static)


class Identity(TextSection):
    """Who it is: description, tags, hash, times."""

    def show(self, details: Details) -> None:
        """Show another experiment's."""
        self.text.update(facts.identity(details))


class Features(Section):
    """The weights as bars."""

    TITLE = "FEATURES"

    bars = getters.query_one(WeightBars)

    def __init__(self) -> None:
        super().__init__()
        self._details: Details | None = None

    def content(self) -> ComposeResult:
        """Yield the bars."""
        yield WeightBars()

    def show(self, details: Details) -> None:
        """Show another experiment's."""
        self._details = details
        self.bars.show(details.config)
        self._show_heading()

    def turn_order(self) -> None:
        """Order the weights by size instead of by name, or back."""
        self.bars.turn_order()
        self._show_heading()

    def _show_heading(self) -> None:
        if self._details is not None:
            self.heading.update(facts.features_heading(self._details, by_size=self.bars.by_size))


class Hyperparameters(TextSection):
    """The hyperparameters as a tree; long values are broken for the width there is."""

    TITLE = "HYPERPARAMETERS"

    def __init__(self) -> None:
        super().__init__()
        self._details: Details | None = None
        self._width = 0

    def show(self, details: Details) -> None:
        """Show another experiment's."""
        self._details = details
        self._write()

    def on_resize(self, event: Resize) -> None:
        """Break long values for the new width; another height comes of that and asks for nothing."""
        if event.size.width != self._width:
            self._width = event.size.width
            self._write()

    def _write(self) -> None:
        if self._details is not None:
            self.text.update(facts.hyperparameters(self._details, max(_LEAST, self._width)))


class Family(Section):
    """Parent and children, which can be opened."""

    TITLE = "LINEAGE"

    lineage = getters.query_one(Lineage)

    def content(self) -> ComposeResult:
        """Yield the relatives, one a line."""
        yield Lineage()

    @property
    def stop(self) -> Widget:
        """The relatives."""
        return self.lineage

    def show(self, details: Details) -> None:
        """Show another experiment's."""
        self.lineage.show(details)


class Runs(Section):
    """The runs, which can be opened."""

    TITLE = "RUNS"

    listed = getters.query_one(RunList)

    def content(self) -> ComposeResult:
        """Yield the runs, a few lines each."""
        yield RunList()

    @property
    def stop(self) -> Widget | None:
        """The runs, when there are any."""
        return self.listed if self.listed.highlighted is not None else None

    def show(self, details: Details) -> None:
        """Show another experiment's."""
        self.listed.show(details)


class Notes(TextSection):
    """The dated notes."""

    TITLE = "NOTES"

    def show(self, details: Details) -> None:
        """Show another experiment's."""
        self.text.update(facts.notes(details))
