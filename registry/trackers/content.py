"""What goes to a tracker: experiments, each with at most one run, all of one panel and period.

Parents come before what was derived from them, so that a tracker that shows families can be told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from registry.runs.record import Run

if TYPE_CHECKING:
    from registry.config import ExperimentConfig
    from registry.store import Session, Store

ATTACHED: Final = "experiment_config.json"
"""The file attached to every run, which says all of it; the rest is for people and for the tracker's own filters."""

_TOGETHER: Final = 200
"""Experiments read from the registry at a time."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be pushed."""

    ids: dict[str, int]
    """Full hash to the registry's id, parents first."""
    runs: dict[str, str]
    """Full hash to the id of the run whose metrics go along."""
    parents: dict[str, str]
    """Full hash to the parent's, where there is one."""
    metrics_from: str | None
    note: str | None
    """What keeps the metrics from being comparable."""


@dataclass(frozen=True, slots=True)
class Content:
    """One experiment as a tracker gets it."""

    config: ExperimentConfig
    run: Run | None

    @property
    def config_hash(self) -> str:
        """The full hash."""
        return str(self.config.config_hash)

    def attached(self) -> str:
        """Return the file that is attached: what an export of this experiment with this run alone would write."""
        record = self.config.to_dict()
        if self.run is not None:
            record["runs"] = [self.run.to_dict()]
        return json.dumps(record, indent=2, sort_keys=True) + "\n"


def select(
    session: Session, hashes: Sequence[str], *, panel: str | None = None, period: str | None = None
) -> Selection:
    """Return what is pushed of these experiments (full hashes of live ones).

    Metrics are those of each one's latest run on the panel and period chosen, or on those that their latest runs
    agree on.

    Raises:
        AmbiguousPanelError: none was chosen, and the latest runs differ in it.
        FilterError: there is no such panel or period.
    """
    from registry.search.basis import Metrics, latest_runs, made_differently
    from registry.store.session import INTEGERS, TEXTS, as_list

    found = session.rows(
        f"SELECT config_hash, id, parent FROM experiment WHERE deleted_at IS NULL AND config_hash IN {TEXTS}",
        [as_list(hashes)],
    )
    ids = {config_hash: id_ for config_hash, id_, _ in found}
    parents = {config_hash: parent for config_hash, _, parent in found if parent}
    basis = Metrics(session, panel=panel, period=period, among=list(ids.values())).basis
    runs: dict[str, str] = {}
    note = None
    if basis is not None:
        query = latest_runs(f"id IN {INTEGERS}")
        by_id = {id_: config_hash for config_hash, id_ in ids.items()}
        rows = session.rows(
            f"SELECT id, run_id, engine, options FROM run WHERE run_id IN ({query})",
            [basis.panel_id, basis.start, basis.end, as_list(ids.values())],
        )
        runs = {by_id[row[0]]: row[1] for row in rows}
        note = made_differently((row[2], row[3]) for row in rows)
    ordered = _parents_first([each for each in dict.fromkeys(hashes) if each in ids], parents)
    return Selection({each: ids[each] for each in ordered}, runs, parents, str(basis) if runs else None, note)


def _parents_first(hashes: Sequence[str], parents: Mapping[str, str]) -> list[str]:
    wanted, placed = set(hashes), dict[str, None]()
    for each in hashes:
        line = [each]
        while (above := parents.get(line[-1])) in wanted and above not in placed and above not in line:
            line.append(str(above))
        placed.update(dict.fromkeys(reversed(line)))
    return list(placed)


def contents(store: Store, selection: Selection) -> Iterator[Content]:
    """Yield what was selected, in order, some at a time in memory; those deleted since are left out."""
    from registry import rows
    from registry.runs import reading

    ids = list(selection.ids.items())
    for start in range(0, len(ids), _TOGETHER):
        some = dict(ids[start : start + _TOGETHER])
        with store.read() as session:
            configs = {str(config.config_hash): config for config in rows.configs(session, list(some.values()))}
            evaluated = [id_ for config_hash, id_ in some.items() if config_hash in selection.runs]
            wanted = {selection.runs[config_hash] for config_hash in some if config_hash in selection.runs}
            carried = reading.carried(session, evaluated) if evaluated else []
        by_hash = {run.config_hash: run for run in carried if run.run_id in wanted}
        for config_hash in some:
            if config_hash in configs:
                yield Content(configs[config_hash], by_hash.get(config_hash))


def as_text(value: Any) -> str:
    """Return a hyperparameter as people write it; the attached file tells text from numbers."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def milliseconds(moment: str) -> int:
    """Return a moment or a day as trackers count: milliseconds since 1970, not less than 0."""
    at = datetime.fromisoformat(moment if "T" in moment else f"{moment}T00:00:00+00:00")
    return max(0, int(at.timestamp() * 1000))
