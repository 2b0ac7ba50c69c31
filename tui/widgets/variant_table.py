"""A variant being made: every weight, transformation and hyperparameter on a line, before and after."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from tui import actions
from tui.safe import safe
from tui.tag_text import join_tags
from tui.widgets.cells import align_at_point, fit, show_difference, show_number, show_value
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from registry.config import ExperimentConfig

_SIGNS = 3
_PLAIN = re.compile(r"[A-Za-z_]\w*")
_GAP = "  "
_VALUE = 24
"""Cells a value takes at most."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that can be changed."""

    name: str
    """As the command line writes it: w.NAME, transform.NAME, hp.NAME."""
    label: str
    """As the table shows it."""
    before: Any
    """The parent's value; None when it has none."""
    after: Any
    """The variant's; None when it has none."""
    heading: bool = False

    @property
    def changed(self) -> bool:
        """Whether the variant has another value."""
        return json.dumps(self.before) != json.dumps(self.after)


DESCRIPTION, TAGS = "description", "tags"


def lines_of(parent: ExperimentConfig, made: ExperimentConfig) -> list[Line]:
    """Return every line of the table: weights, hyperparameters, transformations, then what is said of it."""
    lines: list[Line] = []
    for title, prefix, before, after in (
        ("WEIGHTS", "w", _weights(parent), _weights(made)),
        ("HYPERPARAMETERS", "hp", dict(_leaves(parent.hyperparameters)), dict(_leaves(made.hyperparameters))),
        (
            "TRANSFORMATIONS",
            "transform",
            {(name,): value for name, value in parent.feature_transformations.items()},
            {(name,): value for name, value in made.feature_transformations.items()},
        ),
    ):
        keys = sorted({*before, *after})
        if keys:
            lines.append(Line("", title, None, None, heading=True))
        lines += [
            Line(".".join([prefix, *map(_written, key)]), ".".join(key), before.get(key), after.get(key))
            for key in keys
        ]
    lines.append(Line("", "WORDS (no part of the hash)", None, None, heading=True))
    lines.append(Line(DESCRIPTION, DESCRIPTION, parent.description, made.description))
    lines.append(Line(TAGS, TAGS, join_tags(parent.tags), join_tags(made.tags)))
    return lines


def _written(key: str) -> str:
    """Return a name as the edits of the command line take it."""
    return key if _PLAIN.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _weights(config: ExperimentConfig) -> dict[tuple[str, ...], float | None]:
    names = dict.fromkeys([*config.feature_names, *config.feature_weights])
    return {(name,): config.feature_weights.get(name) for name in names}


def _leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


class VariantTable(LineTable):
    """The lines, with a cursor; which change is wanted it says by messages."""

    BINDINGS = actions.bindings(actions.DRAFT)

    @dataclass
    class Opened(Message):
        """A person wants to type another value."""

        line: Line

    @dataclass
    class Stepped(Message):
        """A person wants a weight a little larger or smaller."""

        line: Line
        direction: int

    @dataclass
    class Removed(Message):
        """A person wants a line out."""

        line: Line

    @dataclass
    class Reverted(Message):
        """A person wants a line as the parent has it."""

        line: Line

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self._before: list[str] = []
        self._after: list[str] = []

    @property
    def row_count(self) -> int:
        """How many lines there are."""
        return len(self.lines)

    @property
    def current(self) -> Line | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.lines and not self.lines[self.cursor].heading else None

    def can_stop(self, index: int) -> bool:
        """Return whether the cursor may rest on a line: not on a heading."""
        return not self.lines[index].heading

    def show(self, lines: list[Line]) -> None:
        """Show other lines; the cursor stays on what it is on."""
        name = self.current.name if self.current is not None else None
        self.lines = lines
        self._before = _column([line.before for line in lines])
        self._after = _column([line.after for line in lines])
        self.rows_changed()
        self.go(next((at for at, line in enumerate(lines) if line.name and line.name == name), self.cursor))

    def _widths(self, width: int) -> tuple[int, int, int]:
        before = min(_VALUE, max(map(cell_len, self._before), default=0), width // 4)
        after = min(_VALUE, max(map(cell_len, self._after), default=0), width // 4)
        names = max((cell_len(safe(line.label)) for line in self.lines if not line.heading), default=8)
        return min(names, max(8, width - before - after - 3 * len(_GAP) - _SIGNS - 8)), before, after

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return what the columns are."""
        ground = self.ground + self.part("head")
        name, before, after = self._widths(width)
        text = " " * _SIGNS + fit("", name) + _GAP + fit("was", before, right=True) + _GAP
        return [Segment(text + fit("is", after, right=True), ground), Segment(" " * width, ground)]

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return a line."""
        line = self.lines[index]
        if line.heading:
            look = style + self.part("quiet") + self.part("strong")
            return [Segment(" " * _SIGNS + line.label, look), Segment(" " * width, style)]
        name, before, after = self._widths(width)
        quiet = style + self.part("quiet")
        changed = style + self.part("strong") if line.changed else style
        segments = [
            Segment("▌" if current else " ", style + self.part("sign")),
            Segment("* " if line.changed else "  ", style + self.part("mark")),
            Segment(fit(line.label, name), changed),
            Segment(_GAP + fit(self._before[index], before, right=True), quiet),
            Segment(_GAP + fit(self._after[index], after, right=True), changed),
        ]
        if line.changed and isinstance(line.before, (int, float)) and isinstance(line.after, (int, float)):
            difference = line.after - line.before
            tone = "more" if difference > 0 else "less"
            segments.append(Segment(_GAP + show_difference(difference), style + self.part(tone)))
        return [*segments, Segment(" " * width, style)]

    def action_open(self) -> None:
        """Type another value."""
        if self.current is not None:
            self.post_message(self.Opened(self.current))

    def opened(self) -> None:
        """Type another value, by a double click."""
        self.action_open()

    def action_step(self, direction: int) -> None:
        """Make a number a little larger or smaller."""
        if self.current is not None:
            self.post_message(self.Stepped(self.current, direction))

    def action_remove(self) -> None:
        """Take the line out."""
        if self.current is not None:
            self.post_message(self.Removed(self.current))

    def action_revert(self) -> None:
        """Have the line as the parent has it."""
        if self.current is not None:
            self.post_message(self.Reverted(self.current))


def _column(values: list[Any]) -> list[str]:
    """Return what stands in a column: weights under each other at the point, other values as they are."""
    numbers = align_at_point([show_number(value) if isinstance(value, float) else None for value in values])
    texts = []
    for value, aligned in zip(values, numbers, strict=True):
        if isinstance(value, float):
            texts.append(aligned)
        else:
            texts.append("absent" if value is None else safe(show_value(value)))
    return texts
