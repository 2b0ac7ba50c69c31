"""Reading runs: those of an experiment, one by its id, what panels there are and what changed in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from registry.canonical import show
from registry.errors import AmbiguousHashError, FilterError, InvalidRunError, NotFoundError
from registry.metrics import METRICS, Direction, Metric, metric
from registry.runs.fields import read_period
from registry.runs.panels import KnownPanel, PanelDays, PanelRef
from registry.runs.record import RUN_PREFIX, Run, Series, Window, is_run_id
from registry.store.panels import Panels, columns_of, first_change, key_of
from registry.store.run_entries import Trial, options_key
from registry.store.session import TEXTS, as_list

if TYPE_CHECKING:
    from registry.store import Session

_COLUMNS = (
    "r.run_id, e.config_hash, r.panel, r.fingerprint, r.panel_key, r.source, r.survivorship_suspect, r.period_start,"
    " r.period_end, r.options, r.engine, r.details, r.environment, r.duration, r.recorded_at, r.panel_id, r.id"
)
_FROM = "FROM run r JOIN experiment e ON e.id = r.id"
_THEIRS = f"run_id IN {TEXTS} AND id BETWEEN ? AND ?"
"""What belongs to some runs. The ids of their experiments say where in the file it lies: all else is not looked at."""


@dataclass(frozen=True, slots=True)
class PanelInfo:
    """A panel that runs were made on."""

    panel_id: int
    name: str
    first_date: str | None
    last_date: str | None
    """Of what is known day by day; None for a panel that is not."""
    periods: dict[str, int]
    """Period to the number of experiments with a run on it."""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return asdict(self)


def runs(
    session: Session,
    ids: Sequence[int] | None = None,
    *,
    panel: str | None = None,
    period: str | None = None,
    limit: int | None = None,
    full: bool = False,
) -> list[Run]:
    """Return the runs of live experiments, or of those with these ids, newest first.

    Without `full` they come without windows and values by date. `panel` is a name, or `NAME#2` where several
    panels share it; none has runs on one that is not there.

    Raises:
        InvalidRunError: `period` is no period.
    """
    from registry.search.basis import panel_ids
    from registry.store.session import INTEGERS

    where, given = ["e.deleted_at IS NULL" if ids is None else f"r.id IN {INTEGERS}"], []
    if ids is not None:
        given.append(as_list(ids))
    if panel is not None:
        where.append(f"r.panel_id IN {INTEGERS}")
        given.append(as_list(panel_ids(panel, session)))
    if period is not None:
        where.append("r.period_start = CAST(? AS DATE) AND r.period_end = CAST(? AS DATE)")
        given += read_period(period)
    cut = f" LIMIT {max(0, int(limit))}" if limit is not None else ""
    rows = session.rows(f"SELECT {_COLUMNS} {_FROM} WHERE {' AND '.join(where)} ORDER BY r.seq DESC{cut}", given)
    return _made(session, rows, full)


def to_carry(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the runs of experiments with these ids as an export has them; see `carried`."""
    return [run.to_dict() for run in carried(session, ids)]


def carried(session: Session, ids: Sequence[int]) -> list[Run]:
    """Return the runs of experiments with these ids as another registry takes them in, oldest first.

    Each names every content its panel is known to have had, so that runs on a panel to which days were appended
    are on one panel there too.
    """
    from registry.store.session import INTEGERS

    found = runs(session, ids, full=True)[::-1]
    keys: dict[int, list[str]] = {}
    for number, key in session.rows(
        f"SELECT panel_id, key FROM panel_key WHERE panel_id IN {INTEGERS} ORDER BY ALL",
        [as_list({run.panel_id for run in found})],
    ):
        keys.setdefault(number, []).append(key)
    made = []
    for run in found:
        others = [key for key in keys.get(run.panel_id or 0, []) if key != key_of(run.panel)]
        told = replace(run, panel=replace(run.panel, other_keys=tuple(others)))
        told.__dict__["run_id"] = run.run_id  # what it was recorded as
        made.append(told)
    return made


def panel_to_carry(session: Session, panel_id: int) -> dict[str, Any] | None:
    """Return what is known of a panel day by day as another registry takes it in; None where nothing is.

    With it, later runs there on the same content, with days appended or with other features, are on that panel.
    """
    known = known_panel(session, panel_id)
    return known.to_dict() if known.by_day else None


def known_panel(session: Session, panel_id: int) -> KnownPanel:
    """Return what is known of a panel: its keys, and its days where they are."""
    name = session.value("SELECT name FROM panel WHERE panel_id = ?", [panel_id])
    return KnownPanel(name, tuple(_keys_of(session, panel_id)), columns_of(session, name).get(panel_id, {}))


def _keys_of(session: Session, panel_id: int) -> list[str]:
    """Return the keys of a panel as they came, which is the order the engine keeps."""
    return [row[0] for row in session.rows("SELECT key FROM panel_key WHERE panel_id = ?", [panel_id])]


def panel_by_keys(name: str, keys: Sequence[str]) -> PanelRef:
    """Return a panel named by all its keys, so that it is the same one whichever of them is known elsewhere.

    The newest comes first: where the panel went on differently elsewhere, the older ones are of both.
    """
    return PanelRef(name, key=keys[-1] if keys else None, other_keys=tuple(keys[-2::-1]))


def trials_to_carry(session: Session, panel_id: int, start: str, end: str, but: str) -> list[dict[str, Any]]:
    """Return every trial on a panel and period as another registry takes it in, but that of one experiment.

    Also those of experiments that were purged or never registered: how many were tried is told honestly there too.
    """
    name = session.value("SELECT name FROM panel WHERE panel_id = ?", [panel_id])
    keys = _keys_of(session, panel_id)
    panel = panel_by_keys(name, keys)
    rows = session.rows(
        "SELECT config_hash, ranking, tried_at FROM trial WHERE panel_id = ? AND period_start = CAST(? AS DATE)"
        " AND period_end = CAST(? AS DATE) AND config_hash <> ? ORDER BY ALL",
        [panel_id, start, end, but],
    )
    return [Trial(hash_, rank, panel, start, end, f"{at.isoformat()}+00:00").to_dict() for hash_, rank, at in rows]


def count_runs(session: Session, hashes: Iterable[str]) -> int:
    """Return how many runs the experiments with these full hashes have."""
    count: int = session.value(f"SELECT count(*) {_FROM} WHERE e.config_hash IN {TEXTS}", [as_list(hashes)])
    return count


def one_run(session: Session, reference: str) -> Run:
    """Return the run whose id begins so, in full; also of an experiment in the trash.

    Raises:
        NotFoundError: there is none.
        AmbiguousHashError: there are several.
    """
    wanted = reference.strip().lower()
    if not is_run_id(wanted) or len(wanted) == len(RUN_PREFIX):
        raise NotFoundError(f"{show(reference)} is no id of a run: r- and hex digits; see: experiments runs")
    rows = session.rows(f"SELECT {_COLUMNS} {_FROM} WHERE starts_with(r.run_id, ?) ORDER BY r.run_id LIMIT 9", [wanted])
    if not rows:
        raise NotFoundError(f"no run has the id {show(reference)}; see: experiments runs HASH")
    if len(rows) > 1:
        found = [row[0] for row in rows]
        raise AmbiguousHashError(f"{show(reference)} begins several ids of runs: {', '.join(found[:8])}", found)
    return _made(session, rows, True)[0]


def find_run(
    session: Session,
    config_hash: str,
    *,
    panel: str,
    fingerprint: str | None,
    start: str,
    end: str,
    options: dict[str, Any],
    engine: str,
) -> Run | None:
    """Return the run of this experiment, panel content, period and options, or None."""
    rows = session.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE e.config_hash = ? AND r.panel = ? AND r.fingerprint IS NOT DISTINCT FROM ?"
        " AND r.period_start = CAST(? AS DATE) AND r.period_end = CAST(? AS DATE) AND r.options_key = ?"
        " AND r.engine = ? ORDER BY r.seq DESC LIMIT 1",
        [config_hash, panel, fingerprint, start, end, options_key(options), engine],
    )
    return _made(session, rows, True)[0] if rows else None


def altered(session: Session, run_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return which of these runs no longer have the content their ids were made from.

    Of each its config hash, its id and the id its content gives. All of them are held in full meanwhile.
    """
    rows = session.rows(f"SELECT {_COLUMNS} {_FROM} WHERE r.run_id IN {TEXTS}", [as_list(run_ids)])
    return [
        (run.config_hash, run.run_id, now)
        for run in _made(session, rows, True)
        if (now := run.compute_id()) != run.run_id
    ]


def _made(session: Session, rows: Sequence[tuple[Any, ...]], full: bool) -> list[Run]:
    if not rows:
        return []
    wanted = [as_list(row[0] for row in rows), min(row[-1] for row in rows), max(row[-1] for row in rows)]
    metrics: dict[str, dict[str, float | None]] = {}
    for run_id, name, value in session.rows(f"SELECT run_id, metric, value FROM run_metric WHERE {_THEIRS}", wanted):
        metrics.setdefault(run_id, {})[name] = value
    windows = _windows(session, wanted) if full else {}
    series = _series(session, wanted) if full else {}
    made = []
    for row in rows:
        known, order = metrics.get(row[0], {}), list(METRICS)
        names = sorted(known, key=lambda name: (order.index(name) if name in METRICS else len(order), name))
        run = Run(
            row[1],
            PanelRef(row[2], row[3], row[4], row[5], row[6]),
            row[7].isoformat(),
            row[8].isoformat(),
            json.loads(row[9]),
            {name: known[name] for name in names},
            windows.get(row[0], []),
            series.get(row[0], Series()),
            row[10],
            json.loads(row[11]),
            json.loads(row[12]),
            row[13],
            row[14].isoformat(timespec="microseconds") + "+00:00",
            panel_id=row[15],
        )
        run.__dict__["run_id"] = row[0]  # what it was recorded as; without `full` its content is not all here
        made.append(run)
    return made


def _windows(session: Session, wanted: Sequence[Any]) -> dict[str, list[Window]]:
    metrics: dict[tuple[str, int], dict[str, float | None]] = {}
    for run_id, number, name, value in session.rows(
        f"SELECT run_id, number, metric, value FROM window_metric WHERE {_THEIRS}", wanted
    ):
        metrics.setdefault((run_id, number), {})[name] = value
    made: dict[str, list[Window]] = {}
    for run_id, number, train_start, train_end, test_start, test_end, partial in session.rows(
        "SELECT run_id, number, CAST(train_start AS VARCHAR), CAST(train_end AS VARCHAR), CAST(test_start AS VARCHAR),"
        f" CAST(test_end AS VARCHAR), partial FROM run_window WHERE {_THEIRS} ORDER BY run_id, number",
        wanted,
    ):
        known = metrics.get((run_id, number), {})
        window = Window(number, train_start, train_end, test_start, test_end, partial, known)
        made.setdefault(run_id, []).append(window)
    return made


def _series(session: Session, wanted: Sequence[Any]) -> dict[str, Series]:
    """Return the values by date of each run. Its metrics share their dates, which are made texts once."""
    found: dict[str, list[tuple[list[str], dict[str, list[float | None]]]]] = {}
    for run_id, dates, names, values in session.rows(
        "SELECT run_id, CAST(dates AS VARCHAR[]), list(metric ORDER BY metric), list(vals ORDER BY metric)"
        f" FROM run_series WHERE {_THEIRS} GROUP BY run_id, dates",
        wanted,
    ):
        found.setdefault(run_id, []).append((dates, dict(zip(names, values, strict=True))))
    return {run_id: Series(*parts[0]) if len(parts) == 1 else _united(parts) for run_id, parts in found.items()}


def _united(parts: list[tuple[list[str], dict[str, list[float | None]]]]) -> Series:
    """Return values that were given other dates in the file, not by us, over the dates of all."""
    every = sorted({day for dates, _ in parts for day in dates})
    values: dict[str, list[float | None]] = {}
    for dates, by_metric in parts:
        for name, numbers in by_metric.items():
            known = dict(zip(dates, numbers, strict=False))
            values[name] = [known.get(day) for day in every]
    return Series(every, values)


def panels(session: Session) -> list[PanelInfo]:
    """Return the panels that live experiments have runs on, newest first."""
    periods: dict[int, dict[str, int]] = {}
    for number, start, end, count in session.rows(
        "SELECT r.panel_id, r.period_start, r.period_end, count(DISTINCT r.id) FROM run r JOIN experiment e"
        " ON e.id = r.id WHERE e.deleted_at IS NULL GROUP BY ALL ORDER BY 4 DESC, 2, 3"
    ):
        periods.setdefault(number, {})[f"{start}..{end}"] = count
    return [
        PanelInfo(number, name, first, last, periods.get(number, {}))
        for number, name, first, last in session.rows(
            "SELECT p.panel_id, p.name, CAST(min(list_min(c.dates)) AS VARCHAR),"
            " CAST(max(list_max(c.dates)) AS VARCHAR)"
            " FROM panel p LEFT JOIN panel_column c ON c.panel_id = p.panel_id GROUP BY 1, 2 ORDER BY 1 DESC"
        )
    ]


def check_panel(session: Session, written: str) -> None:
    """Refuse a panel that no run is on; in a registry without runs any name will do.

    Raises:
        FilterError: the message names the nearest panel.
    """
    from registry.search.basis import panel_ids, unknown_panel
    from registry.search.names import KnownNames
    from registry.search.words import printable, short

    known = KnownNames(session)
    if known.has_runs() and not panel_ids(written, session):
        what, near = unknown_panel(written, known)
        raise FilterError(printable(what + (f"; did you mean {short(near)}?" if near else "")), suggestion=near)


def panel_number(session: Session, panel: PanelRef) -> int | None:
    """Return which panel the registry takes this content to be; None for one it never saw."""
    return Panels(session).known(panel.name, key_of(panel))


def panel_change(session: Session, days: PanelDays) -> str | None:
    """Return a sentence on what changed in a panel's past since the newest panel of that name, or None."""
    known = columns_of(session, days.name)
    if not known or any(first_change(columns, days.by_day) is None for columns in known.values()):
        return None
    found = first_change(known[max(known)], days.by_day)
    if found is None:
        return None
    day, column, count = found
    others = f", the first of {count:,} days that differ" if count > 1 else ""
    return (
        f"the panel {days.name} has changed since it was last used: {show(column)} on {day}{others}; runs on the"
        " earlier content are not compared with new ones"
    )


def trials(session: Session, panel: str, period: str, panel_id: int | None = None) -> int:
    """Return how many configurations were ever evaluated on a panel over a period, whatever became of them.

    Raises:
        InvalidRunError: `period` is no period.
    """
    start, end = read_period(period)
    only = "" if panel_id is None else " AND panel_id = ?"
    count: int = session.value(
        "SELECT count(DISTINCT config_hash) FROM trial WHERE panel = ? AND period_start = CAST(? AS DATE)"
        f" AND period_end = CAST(? AS DATE){only}",
        [panel, start, end, *([] if panel_id is None else [panel_id])],
    )
    return count


def metrics(session: Session) -> list[Metric]:
    """Return every metric: our own, then those that users recorded, in name order."""
    own = {row[0]: Metric(*row) for row in session.rows("SELECT name, unit, direction, definition FROM metric")}
    return [*METRICS.values(), *(own[name] for name in sorted(own) if name not in METRICS)]


def definition(session: Session, name: str) -> Metric | None:
    """Return what a metric is, ours also at another horizon (`edge_h14`); None for one that nobody defined."""
    if (ours := metric(name)) is not None:
        return ours
    row = session.one("SELECT name, unit, direction, definition FROM metric WHERE name = ?", [name])
    return None if row is None else Metric(*row)


def direction_of(session: Session, name: str) -> Direction:
    """Return which way a metric is better; `none` for one that nobody defined."""
    found = definition(session, name)
    return "none" if found is None else found.direction


def check_defined(session: Session, run: Run) -> None:
    """Refuse a run with a metric nobody said the meaning of.

    Raises:
        InvalidRunError: the message names the metric and says how to define it.
    """
    strange = sorted(name for name in run.metric_names if metric(name) is None and name not in run.definitions)
    if strange:
        known = {row[0] for row in session.rows(f"SELECT name FROM metric WHERE name IN {TEXTS}", [as_list(strange)])}
        strange = [name for name in strange if name not in known]
    if strange:
        raise InvalidRunError(
            f"metrics: {show(strange[0])} is not defined; say what it is with definitions={{{show(strange[0])}:"
            ' {"unit": "ratio", "direction": "higher", "definition": "one line"}}'
        )
