"""How many were tried on a panel over a period: what makes the best of them less than it seems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.search import Basis
    from registry.store import Session


@dataclass(frozen=True, slots=True)
class Tried:
    """How many were tried on a panel over a period, whatever was deleted, purged or never tracked."""

    configurations: int
    rankings: int
    """Fewer where weightings differ by a positive factor only, or by hyperparameters alone."""


def tried(session: Session, basis: Basis) -> Tried:
    """Return how many were tried on a panel of this name over this period, whatever the panel's content was then."""
    over = "period_start = CAST(? AS DATE) AND period_end = CAST(? AS DATE)"
    name = session.value("SELECT name FROM panel WHERE panel_id = ?", [basis.panel_id])
    configurations, rankings = session.rows(
        f"SELECT count(DISTINCT config_hash), count(DISTINCT ranking) FROM trial WHERE panel = ? AND {over}",
        [name, basis.start, basis.end],
    )[0]
    # a file that was put together by hand may have runs that nobody counted
    with_runs = session.value(
        f"SELECT count(DISTINCT id) FROM run WHERE panel = ? AND {over}", [name, basis.start, basis.end]
    )
    return Tried(max(configurations, with_runs), rankings)
