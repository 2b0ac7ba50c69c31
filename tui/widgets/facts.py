"""What else there is to say about one experiment, as text: who it is, its hyperparameters, lineage, notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.content import Content

from tui.safe import safe
from tui.widgets.cells import fit, show_value
from tui.widgets.columns import when

if TYPE_CHECKING:
    from registry.rows import Details

_INDENT = "  "


def identity(details: Details) -> Content:
    """Return description, tags, hash and times."""
    config = details.config
    description = (
        (safe(config.description, lines=True), "bold") if config.description else ("no description", "$quiet italic")
    )
    tags = "  ".join(safe(tag) for tag in config.tags)
    parts: list[Content] = [Content.assemble(description)]
    parts.append(Content.assemble(("tags ", "$quiet"), (tags, "$mark") if tags else ("none", "$quiet italic")))
    if details.aliases:
        parts.append(Content.assemble(("alias ", "$quiet"), (safe("  ".join(details.aliases)), "$primary bold")))
    parts.append(Content.assemble(("hash ", "$quiet"), safe(str(config.config_hash))))
    created = str(config.created_at)
    parts.append(
        Content.assemble(
            ("created ", "$quiet"),
            _moment(created),
            ("   registered ", "$quiet"),
            _moment(details.registered_at),
        )
    )
    if details.deleted_at:
        parts.append(Content.assemble(("In the trash since " + _moment(details.deleted_at), "$warning bold")))
    return Content("\n").join(parts)


def _moment(text: str) -> str:
    return safe(text[:19].replace("T", " ")) + " UTC"


def features_heading(details: Details, *, by_size: bool) -> str:
    """Return the heading over the weights: how many, and their sum."""
    config = details.config
    total = sum(config.feature_weights.values())
    order = "by size" if by_size else "by name"
    return f"FEATURES {len(config.feature_names)} · weights sum to {total:.6g} · {order}"


def hyperparameters(details: Details, width: int) -> Content:
    """Return the hyperparameters, nested ones indented as a tree; a long value goes on under itself."""
    lines = list(_tree(details.config.hyperparameters, ""))
    if not lines:
        return Content.assemble(("none", "$quiet italic"))
    longest = min(max(8, width // 2), max(cell_len(name) for name, _ in lines))
    room = max(8, width - longest - 2)
    made = []
    for name, value in lines:
        told = wrap(value, room) or [""]
        made.append(Content.assemble((fit(name, longest) + "  ", "$quiet"), (told[0], "bold")))
        made += [Content.assemble(" " * (longest + 2), (more, "bold")) for more in told[1:]]
    return Content("\n").join(made)


def _tree(values: Mapping[str, Any], indent: str) -> Iterator[tuple[str, str]]:
    for key in sorted(values):
        value = values[key]
        name = indent + safe(key)
        if isinstance(value, Mapping) and value:
            yield name, ""
            yield from _tree(value, indent + _INDENT)
        else:
            yield name, safe(show_value(value))


def notes(details: Details) -> Content:
    """Return the dated notes and the hashes of the earlier system."""
    lines = [Content.assemble((when(note.at) + "  ", "$quiet"), safe(note.note, lines=True)) for note in details.notes]
    return Content("\n").join(lines) if lines else Content.assemble(("none", "$quiet italic"))
