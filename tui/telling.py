"""An event of the log in words: the command and the screen tell it alike.

Imports neither textual nor rich: the commands use it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from registry.config import SHORT_HASH
from tui.safe import safe
from tui.widths import crop

if TYPE_CHECKING:
    from registry.events import Event

SHORT: Final = 60
"""Cells of a description, old or new; the whole texts are in --json."""

_UNNAMED: Final = ("note", "because")
"""Particulars that say by themselves what they are."""


def tell(event: Event, side: int = SHORT, most: int | None = None) -> str:
    """Return the particulars of an event as one line, made safe.

    `side` is how many cells an old and a new description get each, `most` how many characters can be seen at
    all: what lies beyond them is not looked at.
    """
    detail = {name: value for name, value in event.detail.items() if value not in (None, "")}
    if event.kind == "described":
        old, new = (crop(safe(_text(detail.pop(name, "(none)"), side * 4)), side) for name in ("old", "new"))
        return f"{old} → {new}"
    parts = []
    if event.kind in _TOLD and _TOLD[event.kind][0] <= detail.keys():
        parts.append(_TOLD[event.kind][1](detail, most))
    for name, value in detail.items():
        shown = _text(value, most)
        parts.append(shown if name in _UNNAMED else f"{name} {shown}")
    return safe("; ".join(parts)[:most])


def _text(value: Any, most: int | None) -> str:
    """Return a value as text, of a list its items; no more of it than is wanted."""
    if isinstance(value, list):
        return ", ".join(islice(map(str, value), most))
    return str(value)[:most]


def _tags(detail: dict[str, Any], most: int | None) -> str:
    return _text(detail.pop("tags"), most)


def _renamed(detail: dict[str, Any], most: int | None) -> str:
    detail.pop("experiments", None)
    return f"{_text(detail.pop('old'), most)} → {_text(detail.pop('new'), most)}"


def _promoted(detail: dict[str, Any], most: int | None) -> str:
    return ", ".join(_of_promotion(detail, most))


def _of_promotion(detail: dict[str, Any], most: int | None) -> Iterator[str]:
    yield f"{_text(detail.pop('alias'), most)} version {detail.pop('version')}"
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
    "evaluated": ({"run", "panel", "period"}, _evaluated),
}
"""How a kind of event is told whose particulars are these; each takes what it tells out of them."""
