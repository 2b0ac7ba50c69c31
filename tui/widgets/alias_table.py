"""Every alias with its versions under it, newest first: where it points, since when, by whom and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from registry.config import SHORT_HASH
from tui import actions
from tui.moves import moment, version
from tui.safe import safe
from tui.widgets.cells import fit
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from registry.aliases import Move

_NARROW = 60
_SIGNS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """An alias, or one of its versions."""

    alias: str
    move: Move | None = None
    """The version; None for the line of the alias itself."""
    in_force: bool = False
    """Whether this promotion is where the alias points."""
    file: str = ""
    """Of an alias: what there is to say of the file that follows it."""


def lines_of(histories: Mapping[str, Sequence[Move]], files: Mapping[str, str]) -> list[Line]:
    """Return the lines for aliases and their moves, oldest first as the registry has them."""
    lines = []
    for alias, moves in histories.items():
        lines.append(Line(alias, file=files.get(alias, "")))
        force = moves[-1].in_force if moves else 0
        lines += [Line(alias, move, move.version == force) for move in reversed(moves)]
    return lines


class AliasTable(LineTable):
    """The aliases; the cursor rests on versions."""

    HEAD = 0
    BINDINGS = actions.bindings(actions.MOVES)

    @dataclass
    class Opened(Message):
        """A person wants to see the experiment of a version."""

        config_hash: str

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.message: Sequence[str] = ("Reading the registry …",)

    @property
    def row_count(self) -> int:
        """How many lines there are."""
        return len(self.lines)

    @property
    def current(self) -> Line | None:
        """The version under the cursor."""
        return self.lines[self.cursor] if self.lines else None

    def can_stop(self, index: int) -> bool:
        """Return whether the cursor may rest on a line: on versions alone."""
        return self.lines[index].move is not None

    def show(self, lines: list[Line]) -> None:
        """Show other lines; the cursor stays on its version as long as that is the newest it knows."""
        kept = self.current
        self.lines = lines
        self.rows_changed()
        same = kept is not None and kept.move is not None
        place = next(
            (at for at, line in enumerate(lines) if same and line.move == kept.move),  # type: ignore[union-attr]
            self.cursor,
        )
        self.go(place)
        self.refresh()

    def head_line(self, y: int, width: int) -> list[Segment]:
        """Return nothing: there is no head."""
        return []

    def row_line(self, index: int, width: int, style: Style, *, current: bool) -> list[Segment]:
        """Return the line of an alias or of a version."""
        line = self.lines[index]
        quiet = style + self.part("quiet")
        if line.move is None:
            name = Segment(" " + safe(line.alias), style + self.part("strong"))
            return [name, Segment(f"  {safe(line.file)}" if line.file else "", quiet), Segment(" " * width, style)]
        move = line.move
        narrow = width < _NARROW
        sign = "●" if line.in_force else " "
        when = moment(move)[: 10 if narrow else 16]
        said = "" if narrow and move.to_version is None else version(move)
        parts = [
            Segment("▌" if current else " ", style + self.part("sign")),
            Segment(f"{sign} ", style + self.part("mark")),
            Segment(f"{f'v{move.version}':<4} ", style + self.part("strong") if line.in_force else style),
            Segment(move.config_hash[: 7 if narrow else SHORT_HASH] + "  ", style),
            Segment(when + "  ", quiet),
        ]
        used = sum(part.cell_length for part in parts)
        who = safe(move.who)
        words = "  ".join(part for part in (said, who, safe(move.why)) if part)
        return [*parts, Segment(fit(words, max(0, width - used - 1)), quiet), Segment(" " * width, style)]

    def blank_line(self, y: int, width: int, style: Style) -> list[Segment]:
        """Return a line below the table; while it is empty they say so."""
        if not self.lines and 1 <= y <= len(self.message):
            part = "strong" if y == 1 else "quiet"
            return [Segment(fit("  " + self.message[y - 1], width), style + self.part(part))]
        return super().blank_line(y, width, style)

    def action_open(self) -> None:
        """Open the experiment of this version."""
        if self.current is not None and self.current.move is not None:
            self.post_message(self.Opened(self.current.move.config_hash))

    def opened(self) -> None:
        """Open the experiment of this version, by a double click."""
        self.action_open()

    def about(self) -> list[tuple[str, str]]:
        """Return (sign, what it means) for help."""
        return [("●", "the version in force: where the alias points; a rollback puts an earlier one in force again")]
