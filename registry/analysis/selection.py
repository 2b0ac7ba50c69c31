"""What the questions across many experiments share: which experiments, their metric, and how many there were."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.errors import FilterError
from registry.finding import Scope, ids
from registry.search import Basis, Metrics
from registry.search.names import KnownNames, Target, resolve
from registry.search.words import split_name

if TYPE_CHECKING:
    from registry.metrics import Direction
    from registry.store import Session


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of the experiments asked about, by id, on one panel and period."""

    name: str
    """As the filter language writes it: `m.edge`."""
    values: dict[int, float]
    direction: Direction
    basis: Basis | None
    """None when no experiment has a run."""

    @property
    def metrics_from(self) -> str | None:
        """The panel and period as one text."""
        return None if self.basis is None else str(self.basis)


def chosen(
    session: Session, filter: str, panel: str | None, period: str | None, hashes: Sequence[str] | None = None
) -> array[int]:
    """Return the ids of the live experiments that match, or of those with these full hashes.

    Raises as `registry.search`.
    """
    if hashes is None:
        return array("q", ids(session, filter, scope=Scope(False, panel, period)))
    from registry.store.session import TEXTS, as_list

    found = session.rows(
        f"SELECT id FROM experiment WHERE deleted_at IS NULL AND config_hash IN {TEXTS} ORDER BY id", [as_list(hashes)]
    )
    return array("q", [row[0] for row in found])


def metric_target(session: Session, written: str) -> Target:
    """Return the metric meant by `edge`, `m.edge` or `min(m.edge)`.

    Raises:
        FilterError: it is none, or nobody knows it.
    """
    name = split_name(written)
    if not name.prefix and not name.over:
        name = split_name(f"m.{written}")
    if name.prefix != "m":
        raise FilterError(f"{written} is no metric; write m.NAME, such as m.edge", suggestion="m.edge")
    return resolve(name, KnownNames(session), written, {})


def measured(
    session: Session, written: str, among: Sequence[int], panel: str | None, period: str | None, filter: str = ""
) -> Measured:
    """Return a metric of these experiments, from their latest runs on one panel and period.

    Raises:
        FilterError: it is no metric, or the panel or period is unknown.
        AmbiguousPanelError: none was chosen, and there are several.
    """
    from registry.runs.reading import direction_of

    target = metric_target(session, written)
    metrics = Metrics(session, filter, panel=panel, period=period)
    source, params = metrics.values(target)
    rows = session.rows(f"SELECT id, value FROM ({source.replace('{0}', '')}) WHERE value IS NOT NULL", params)
    wanted = set(among)
    values = {id_: value for id_, value in rows if id_ in wanted}
    return Measured(target.written, values, direction_of(session, target.name), metrics.basis)


def latest_value(session: Session, config_hash: str, metric: str, basis: Basis) -> float | None:
    """Return a metric of an experiment's latest run on a panel and period; None where it has none."""
    from registry.search.basis import latest_runs

    value: float | None = session.value(
        f"SELECT value FROM run_metric WHERE metric = ? AND run_id IN ({latest_runs('id = ?')})",
        [
            metric,
            basis.panel_id,
            basis.start,
            basis.end,
            session.value("SELECT id FROM experiment WHERE config_hash = ?", [config_hash]),
        ],
    )
    return value


def hashes_of(session: Session, wanted: Sequence[int]) -> dict[int, str]:
    """Return the full hashes by id."""
    from registry.store.session import INTEGERS, as_list

    return dict(session.rows(f"SELECT id, config_hash FROM experiment WHERE id IN {INTEGERS}", [as_list(wanted)]))
