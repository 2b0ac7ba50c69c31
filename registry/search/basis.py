"""The panel and period that the metrics in one question are read on.

An experiment may have runs on several panels and periods, and their metrics can't be set side by side. So
every question reads `m.NAME` from each experiment's latest run on *one* panel and period: those chosen, or
those of the latest runs of the experiments that can match, when these agree. Never a mixture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from registry.errors import AmbiguousPanelError, FilterError, InvalidRunError
from registry.search.names import KnownNames, Target, nearest
from registry.search.words import printable, short, shown

if TYPE_CHECKING:
    from registry.search.ast import Node
    from registry.store import Session

MAX_CHOICES: Final = 8
"""So many panels and periods an error lists."""

_NUMBERED = re.compile(r"(?P<name>.+)#(?P<id>[0-9]{1,18})", re.S)
_HUGE: Final = 1e150
"""Beyond this the engine's standard deviation ends in an error, so there is none."""

_COLUMNS: Final = "panel_id, strftime(period_start, '%Y-%m-%d'), strftime(period_end, '%Y-%m-%d')"

_ON: Final = "panel_id = ? AND period_start = CAST(? AS DATE) AND period_end = CAST(? AS DATE)"

_WAYS: Final = 1000
"""So many ways of making runs are looked at for what tells them apart."""

_OVER: Final = {
    "min": "min(value)",
    "max": "max(value)",
    "mean": "avg(value)",
    "std": f"CASE WHEN max(abs(value)) < {_HUGE} THEN stddev_samp(CASE WHEN abs(value) < {_HUGE} THEN value END) END",
}


@dataclass(frozen=True, slots=True)
class Basis:
    """One panel and period that experiments have runs on."""

    panel_id: int
    panel: str
    """The panel's name; `NAME#3` where several panels share it."""
    start: str
    """First day of the period, ISO."""
    end: str
    """Last day of the period, ISO; it is part of it."""
    experiments: int | None = None
    """How many experiments it was found for, where they were counted."""

    @property
    def period(self) -> str:
        """The period as `--period` takes it."""
        return f"{self.start}..{self.end}"

    @property
    def options(self) -> str:
        """What chooses it on the command line."""
        from shlex import quote

        return f"--panel {quote(self.panel)} --period {self.period}"

    def __str__(self) -> str:
        return f"{self.panel} {self.period}"


def _asked_period(text: str) -> tuple[str, str]:
    """Return both ends of the period that a question names.

    Raises:
        FilterError: it is no period.
    """
    from registry.runs.fields import read_period

    try:
        return read_period(text)
    except InvalidRunError as error:
        raise FilterError(printable(str(error))) from None


def panel_ids(written: str, session: Session) -> list[int]:
    """Return the panels meant: those of that name, or the one written `NAME#ID`; none when there is none."""
    ids = [row[0] for row in session.once("SELECT panel_id FROM panel WHERE name = ? ORDER BY panel_id", [written])]
    if not ids and (numbered := _NUMBERED.fullmatch(written)):
        found = session.rows(
            "SELECT panel_id FROM panel WHERE name = ? AND panel_id = ?", [numbered["name"], int(numbered["id"])]
        )
        ids = [row[0] for row in found]
    return ids


def unknown_panel(written: str, known: KnownNames) -> tuple[str, str | None]:
    """Return what to say of a panel that no run is on, and the nearest one that some run is on."""
    return f"unknown panel {shown(written)}", nearest(written, known.panels())


class Metrics:
    """Where one question reads its metrics; found out when the first of them is asked for, not before."""

    def __init__(
        self,
        session: Session,
        filter: str = "",
        *,
        panel: str | None = None,
        period: str | None = None,
        trashed: bool = False,
        among: Sequence[int] | None = None,
        now: datetime | None = None,
    ) -> None:
        """Name the question: the experiments that match `filter`, or only those with the ids `among`."""
        self._session = session
        self._filter = filter
        self._panel = panel
        self._period = period
        self._trashed = trashed
        self._among = among
        self._now = now
        self._asked = False
        if panel is not None or period is not None:
            _ = self._scope  # a choice that can't be made is said, even where nothing asks for metrics

    @property
    def in_force(self) -> Basis | None:
        """The panel and period that metrics were read on; None when nothing asked for any."""
        return self.basis if self._asked else None

    @property
    def read_from(self) -> str | None:
        """The same as text."""
        return None if self.in_force is None else str(self.in_force)

    def note(self, where: str, params: Sequence[Any]) -> str | None:
        """Return what keeps metrics from being comparable among the experiments that `where` holds for, or None.

        That is: the runs they were read from were made with different options, or by different engines.
        """
        basis = self.in_force
        if basis is None:
            return None
        on = [basis.panel_id, basis.start, basis.end]
        ways = self._session.once(f"SELECT count(DISTINCT (engine, options_key)) FROM run WHERE {_ON}", on)
        if ways[0][0] < 2:  # mostly; the question below asks for every match once more
            return None
        rows = self._session.rows(
            f"SELECT DISTINCT engine, options FROM run WHERE run_id IN ({latest_runs()})"
            f" AND id IN (SELECT e.id FROM experiment e WHERE {where}) LIMIT {_WAYS}",
            [*on, *params],
        )
        return made_differently(rows)

    @cached_property
    def basis(self) -> Basis | None:
        """The panel and period in force; None when no experiment in question has a run.

        Raises:
            AmbiguousPanelError: the latest runs differ and none was chosen.
            FilterError: the panel or period chosen is not there, or the filter can't be understood.
        """
        panels, period = self._scope
        if panels is not None and len(panels) == 1 and period is not None:
            return self._named([(panels[0], *period, None)])[0]
        found = self.choices(2, exact=False)
        if len(found) > 1:
            found = self.choices()
        if len(found) > 1:
            raise _ambiguous(found)
        return found[0] if found else None

    def choices(self, limit: int | None = None, *, exact: bool = True) -> list[Basis]:
        """Return the panels and periods of the latest runs of the experiments in question, most common first.

        Without `exact` they are those of any run there is, at most `limit`: enough to see that there is one.
        """
        panels, period = self._scope
        where, params = self._runs(panels, period)
        if not exact:
            rows = self._session.once(f"SELECT DISTINCT {_COLUMNS}, NULL FROM run WHERE {where} LIMIT {limit}", params)
            return self._named(rows)
        condition, given = self._candidates()
        rows = self._session.rows(
            f"SELECT {_COLUMNS}, count(*) FROM run WHERE run_id IN ({_latest(where)})"
            f" AND id IN (SELECT e.id FROM experiment e WHERE {condition})"
            " GROUP BY ALL ORDER BY count(*) DESC, max(seq) DESC",
            [*params, *given],
        )
        return self._named(rows)

    def shared(self) -> list[Basis]:
        """Return the panels and periods the experiments in question have any run on, the most common first."""
        panels, period = self._scope
        where, params = self._runs(panels, period)
        condition, given = self._candidates()
        rows = self._session.rows(
            f"SELECT {_COLUMNS}, count(DISTINCT id) FROM run"
            f" WHERE {where} AND id IN (SELECT e.id FROM experiment e WHERE {condition})"
            " GROUP BY ALL ORDER BY count(DISTINCT id) DESC, max(seq) DESC",
            [*params, *given],
        )
        return self._named(rows)

    def values(self, target: Target) -> tuple[str, tuple[Any, ...]]:
        """Return the query for the `id` and `value` of a metric on the panel and period in force, and its parameters.

        `{0}` in it takes a further condition on id.
        """
        self._asked = True
        basis = self.basis
        if basis is None:
            return "SELECT id, value FROM run_metric WHERE FALSE{0}", ()
        source = f"metric = ? AND run_id IN ({latest_runs('TRUE{0}')}){{0}}"
        params = (target.name, basis.panel_id, basis.start, basis.end)
        if not target.over:
            return f"SELECT id, value FROM run_metric WHERE {source}", params
        return f"SELECT id, {_OVER[target.over]} AS value FROM window_metric WHERE {source} GROUP BY id", params

    def side_by_side(self, names: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
        """Return the query for the `id` and several metrics as `v0`, `v1`, … where `values` reads one, and parameters.

        One reading of the runs and their metrics, not one for each.
        """
        self._asked = True
        basis = self.basis
        picked = ", ".join(f"max(value) FILTER (metric = ?) AS v{i}" for i in range(len(names)))
        if basis is None:
            return f"SELECT id, {picked} FROM run_metric WHERE FALSE{{0}} GROUP BY id", tuple(names)
        source = f"metric IN ({', '.join('?' * len(names))}) AND run_id IN ({latest_runs('TRUE{0}')}){{0}}"
        params = (*names, *names, basis.panel_id, basis.start, basis.end)
        return f"SELECT id, {picked} FROM run_metric WHERE {source} GROUP BY id", params

    @cached_property
    def _scope(self) -> tuple[list[int] | None, tuple[str, str] | None]:
        """The panels and the period chosen, by the question or by `panel:NAME` in its filter."""
        period = None if self._period is None else _asked_period(self._period)
        written = self._panel if self._panel is not None else self._panel_in_filter()
        panels = None if written is None else panel_ids(written, self._session)
        known = KnownNames(self._session)
        if not known.has_runs():
            return None, None
        if written is not None and not panels:
            what, near = unknown_panel(written, known)
            advice = f"; did you mean {short(near)}?" if near else ""
            raise FilterError(printable(what + advice), suggestion=near)
        if period is not None:
            self._check_period(panels, period)
        return panels, period

    def _check_period(self, panels: list[int] | None, period: tuple[str, str]) -> None:
        where, params = self._runs(panels, period)
        if not self._session.once(f"SELECT 1 FROM run WHERE {where} LIMIT 1", params):
            where, params = self._runs(panels, None)
            rows = self._session.rows(
                f"SELECT {_COLUMNS}, count(DISTINCT id) FROM run WHERE {where} GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3",
                params,
            )
            there = f"; there are {_listed(self._named(rows))}" if rows else ""
            raise FilterError(printable(f"no run is over the period {period[0]}..{period[1]}{there}"))

    def _runs(self, panels: list[int] | None, period: tuple[str, str] | None) -> tuple[str, list[Any]]:
        """Return the condition on the table `run` for the choice that was made."""
        where, params = ["TRUE"], list[Any]()
        if panels is not None:
            where.append(f"panel_id IN ({', '.join('?' * len(panels))})")
            params += panels
        if period is not None:
            where.append("period_start = CAST(? AS DATE) AND period_end = CAST(? AS DATE)")
            params += period
        return " AND ".join(where), params

    def _tree(self) -> Node:
        from registry.search.parser import parse

        return parse(self._filter)

    def _panel_in_filter(self) -> str | None:
        """Return the panel that every match must have a run on, when the filter says exactly one."""
        from registry.search.ast import And, Match

        tree = self._tree()
        terms = tree.items if isinstance(tree, And) else (tree,)
        named = {
            term.value.text
            for term in terms
            if isinstance(term, Match) and (term.name.prefix, term.name.text) == ("", "panel")
        }
        return named.pop() if len(named) == 1 else None

    def _candidates(self) -> tuple[str, list[Any]]:
        """Return the condition for the experiments that may match, whatever their metrics are."""
        if self._among is not None:
            from registry.store.session import INTEGERS, as_list

            return f"e.id IN {INTEGERS}", [as_list(self._among)]
        live = f"e.deleted_at IS {'NOT ' if self._trashed else ''}NULL"
        tree = self._tree()
        from registry.search.compile import compile_candidates

        compiled = compile_candidates(tree, self._filter, self._session, self._now, trashed=self._trashed)
        return f"{live} AND ({compiled.where})", list(compiled.params)

    def _named(self, rows: Sequence[tuple[Any, ...]]) -> list[Basis]:
        """Return the panels with their names, told apart where several share one."""
        if not rows:
            return []
        names = dict(self._session.once("SELECT panel_id, name FROM panel"))
        shared = list(names.values())
        made = []
        for panel_id, start, end, count in rows:
            name = names.get(panel_id, "")
            label = f"{name}#{panel_id}" if shared.count(name) > 1 else name
            made.append(Basis(panel_id, label, start, end, count))
        return made


def made_differently(runs: Iterable[tuple[str, str]]) -> str | None:
    """Return a sentence on what tells runs apart that were made in different ways: (engine, options as JSON) each."""
    runs = list(runs)
    if len({engine for engine, _ in runs}) > 1:
        return "the runs come from different engines"
    options: list[Mapping[str, Any]] = [json.loads(text or "{}") for _, text in runs]
    names = sorted({name for each in options for name in each})
    uneven = [name for name in names if len({json.dumps(each.get(name), sort_keys=True) for each in options}) > 1]
    return printable(f"the runs were made with different options: {', '.join(uneven)}") if uneven else None


def latest_runs(among: str = "TRUE") -> str:
    """Return the query for the latest run of each experiment on one panel, by its id, and period, by its days.

    `among` is a further condition on the table `run`.
    """
    return _latest(f"{_ON} AND {among}")


def _latest(where: str) -> str:
    """Return the query for each experiment's latest run among those that `where` holds for."""
    return f"SELECT arg_max(run_id, seq) FROM run WHERE {where} GROUP BY id"


def _listed(found: Sequence[Basis]) -> str:
    parts = []
    for basis in found[:MAX_CHOICES]:
        count = "" if basis.experiments is None else f"{basis.experiments:,} experiment"
        parts.append(f"{basis.options} ({count}{'' if basis.experiments == 1 else 's'})")
    more = len(found) - MAX_CHOICES
    return ", ".join(parts) + (f" and {more:,} more" if more > 0 else "")


def _ambiguous(found: Sequence[Basis]) -> AmbiguousPanelError:
    return AmbiguousPanelError(
        printable(f"the latest runs are on different panels or periods; choose one: {_listed(found)}"),
        [(basis.panel, basis.period, basis.experiments or 0) for basis in found],
    )
