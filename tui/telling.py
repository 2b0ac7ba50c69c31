"""An event of the log in words: the command and the screen tell it alike.

Imports neither textual nor rich: the commands use it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from registry.config import SHORT_HASH
from tui.safe import safe
from tui.widths import crop, width

if TYPE_CHECKING:
    from registry.events import Event

SHORT: Final = 60
"""Cells of a description, old or new; the whole texts are in --json."""

_BECAME: Final = " → "
_UNNAMED: Final = ("note", "because")
"""Particulars that say by themselves what they are."""


def tell(event: Event, room: int | None = None) -> str:
    """Return the particulars of an event as one line, made safe.

    `room` is how many cells there are: an old and a new description share them, and what lies beyond them is not
    looked at. Without it everything is told, of descriptions the beginning.
    """
    detail = {name: value for name, value in event.detail.items() if value not in (None, "")}
    if event.kind == "described":
        return _change(str(detail.get("old", "(none)")), str(detail.get("new", "(none)")), room)
    # a character takes a cell at least, or is one that combines with another
    most = None if room is None else room * 4
    parts = []
    if event.kind in _TOLD and _TOLD[event.kind][0] <= detail.keys():
        parts.append(_TOLD[event.kind][1](detail, most))
    for name, value in detail.items():
        shown = _text(value, most)
        parts.append(shown if name in _UNNAMED else f"{name} {shown}")
    return safe("; ".join(parts)[:most])


def _change(old: str, new: str, room: int | None) -> str:
    """Return an old and a new text; in little room both have some of it."""
    most = 2 * SHORT if room is None else max(0, room - len(_BECAME))
    old, new = safe(old[: most * 4]), safe(new[: most * 4])
    if room is None:
        kept = new_kept = SHORT
    else:
        kept = max(most // 2, most - width(new))
        new_kept = max(most - most // 2, most - width(old))
    return f"{crop(old, kept)}{_BECAME}{crop(new, new_kept)}"


def _text(value: Any, most: int | None) -> str:
    """Return a value as text, of a list its items; no more of it than is wanted."""
    if isinstance(value, list):
        return ", ".join(str(each)[:most] for each in islice(value, most))
    return str(value)[:most]


def _tags(detail: dict[str, Any], most: int | None) -> str:
    return _text(detail.pop("tags"), most)


def _renamed(detail: dict[str, Any], most: int | None) -> str:
    detail.pop("experiments", None)
    return f"{_text(detail.pop('old'), most)}{_BECAME}{_text(detail.pop('new'), most)}"


def _promoted(detail: dict[str, Any], most: int | None) -> str:
    return ", ".join(_of_promotion(detail, most))


def _of_promotion(detail: dict[str, Any], most: int | None) -> Iterator[str]:
    yield f"{_text(detail.pop('alias'), most)} version {detail.pop('version')}"
    if "to_version" in detail:
        yield f"back to version {detail.pop('to_version')}"
    if "before" in detail:
        yield f"before it {str(detail.pop('before'))[:SHORT_HASH]}"
    if "why" in detail:
        yield f"because {_text(detail.pop('why'), most)}"


def _evaluated(detail: dict[str, Any], most: int | None) -> str:
    return f"{detail.pop('run')} on {_text(detail.pop('panel'), most)} {detail.pop('period')}"


_TOLD: Final[dict[str, tuple[set[str], Callable[[dict[str, Any], int | None], str]]]] = {
    "tagged": ({"tags"}, _tags),
    "untagged": ({"tags"}, _tags),
    "renamed-tag": ({"old", "new"}, _renamed),
    "promoted": ({"alias", "version"}, _promoted),
    "rolled-back": ({"alias", "version"}, _promoted),
    "evaluated": ({"run", "panel", "period"}, _evaluated),
}
"""How a kind of event is told whose particulars are these; each takes what it tells out of them."""
