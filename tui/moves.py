"""Moves of aliases in words: the commands and the screens tell them alike.

Imports neither textual nor rich: the commands use it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from registry.config import SHORT_HASH
from tui.safe import safe
from tui.widths import crop, width

if TYPE_CHECKING:
    from registry.aliases import Move, Rollback
    from registry.differences import Difference

CELLS: Final = 40
LINES: Final = 11
"""With the question below them, a rollback is told in 12 lines of 40 columns: on a phone, too."""


def rollback_lines(plan: Rollback, file: str | None = None) -> list[str]:
    """Return what a rollback would do, made safe: from where to where, when, who, why, and what changes."""
    lines = [f"{safe(plan.alias)}: v{plan.leaves.version} -> v{plan.to.version}"]
    for word, move in (("from", plan.leaves), ("to  ", plan.to)):
        lines += [f"{word} {move.config_hash[:SHORT_HASH]}  {moment(move)}", f"  {_reason(move)}"]
    if file is not None:
        lines.append(f"file {_end(safe(file), CELLS - len('file '))}")
    room = LINES - len(lines)
    shown = plan.changes if len(plan.changes) <= room else plan.changes[: room - 1]
    lines += [change_line(change) for change in shown]
    if hidden := len(plan.changes) - len(shown):
        lines.append(f"and {hidden:,} more changes")
    return [crop(line, CELLS) for line in lines]


def moment(move: Move) -> str:
    """Return when a move was made, to the minute, in UTC."""
    return move.moved_at[:16].replace("T", " ")


def version(move: Move) -> str:
    """Return a move's kind as one says it: `promoted`, or `back to v2`."""
    return "promoted" if move.to_version is None else f"back to v{move.to_version}"


def _reason(move: Move) -> str:
    who = f"by {safe(move.who)}" if move.who else "by nobody named"
    return f"{who}: {safe(move.why)}" if move.why else who


def change_line(change: Difference, cells: int = CELLS) -> str:
    """Return one difference in `cells` cells: the values whole, where there is room for them."""
    values = safe(" -> ".join(change.sides()))
    room = cells - width(values) - 1
    if room < min(8, width(change.label)):
        return crop(f"{safe(change.label)} {values}", cells)
    label = crop(safe(change.label), room)
    return f"{label}{' ' * (room - width(label))} {values}"


def _end(text: str, cells: int) -> str:
    """Return the end of a path that is too long: the name says more than the folders."""
    while width(text) > cells:
        text = "…" + text[2:]
    return text
