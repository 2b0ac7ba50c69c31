"""What was recorded beside a run's metrics, read as far as it has the form that our engine gives it.

Options, details and environment are any JSON: another program records what it likes there, also under our names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from registry.runs.record import ENGINE

if TYPE_CHECKING:
    from registry.runs.record import Run


def part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the mapping under a name; an empty one when something else is there."""
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def is_number(value: object) -> bool:
    """Tell whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def counts(run: Run) -> dict[str, int | float]:
    """Return what was counted."""
    return {name: value for name, value in part(run.details, "counts").items() if is_number(value)}


def interval(run: Run, metric: str) -> tuple[float, float] | None:
    """Return the ends of a metric's interval."""
    found = part(run.details, "intervals").get(metric)
    if isinstance(found, list) and len(found) == 2 and all(is_number(end) for end in found):
        return found[0], found[1]
    return None


def whole(run: Run, option: str) -> int | None:
    """Return an option that is a whole number."""
    found = run.options.get(option)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def horizon(run: Run) -> int | float | None:
    """Return the horizon that decides: the first of `horizons`, or the only one."""
    found = run.options.get("horizons", run.options.get("horizon"))
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, int | float) and is_number(found) else None


def command(run: Run) -> list[str]:
    """Return the words of the command that made it; where that evaluated many, those for this one alone."""
    found = run.environment.get("command")
    words = [str(word) for word in found] if isinstance(found, list) else []
    if run.engine != ENGINE:
        return words
    made = []
    waiting = iter(words)
    for word in waiting:
        if word == "--filter":
            next(waiting, "")
            made.append(run.config_hash)
        elif word.startswith("--filter="):
            made.append(run.config_hash)
        elif word != "--again":
            made.append(word)
    return made


def panel_used(run: Run) -> tuple[list[str], date, dict[str, Any]] | None:
    """Return the features, the last date and the columns by which a panel was read; None where that is not known."""
    features, last = (run.environment.get(f"panel_{what}") for what in ("features", "last"))
    if not isinstance(features, list) or not all(isinstance(name, str) for name in features):
        return None
    try:
        day = date.fromisoformat(str(last))
    except ValueError:
        return None
    columns = part(run.environment, "panel_columns")
    return features, day, {name: value for name, value in columns.items() if name in _COLUMNS and _fits(name, value)}


_COLUMNS = (
    "name", "date_column", "asset_column", "price_column", "forward_column", "forward_horizon", "cap_column",
    "universe_column",
)  # fmt: skip


def _fits(name: str, value: object) -> bool:
    return isinstance(value, int if name == "forward_horizon" else str)
