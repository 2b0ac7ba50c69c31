"""Is what is in force still as good as what was before it? Asked of dates after the promotion, fit for cron.

Both versions are evaluated on the same dates of a panel, none of which was there to be looked at when the one was
promoted. The paired test of `registry.statistics.verdict` decides. A verdict that there is no difference is only
good news when a difference of the size that matters would have been seen; else nothing can be told yet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from registry import aliases
from registry.backtest.evaluate import DATE_METRICS
from registry.backtest.identity import meant
from registry.backtest.options import Options, read_date
from registry.backtest.panel import Panel, load_panel
from registry.backtest.running import Bench
from registry.backtest.scoring import named_features
from registry.canonical import show
from registry.config import SHORT_HASH
from registry.errors import BacktestError, InvalidReferenceError
from registry.metrics import METRICS, Metric
from registry.metrics import metric as defined
from registry.statistics.verdict import FEWEST, Verdict, pair_runs

if TYPE_CHECKING:
    from registry.aliases import Move, Rollback
    from registry.config import ExperimentConfig
    from registry.experiments import ExperimentRegistry
    from registry.runs.record import Run

Outcome = Literal["fine", "regressed", "cannot tell"]

_OF_THE_EXPERIMENT: Final = ("k", "missing", "min_assets", "threshold")
"""Options in which the two may differ: how each picks. What a pick is measured by is the same for both."""

_BY_DATE: Final = (*DATE_METRICS, "net_return", "turnover")
"""Metrics with a value for each rebalance date, which the test needs."""

_SAME: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Guarded:
    """What came of a look at an alias."""

    alias: str
    version: int
    """The version in force, of the experiment `config_hash`."""
    config_hash: str
    against: str | None
    """The experiment it was compared with; None when there is no version before."""
    against_version: int | None
    """Which version that was; None when it never was one."""
    panel: str
    since: str
    """First day that counts."""
    until: str
    """Last date of the panel."""
    metric: str
    drop: float
    """A drop is one from this size on, in the metric's unit."""
    present: float | None
    """The metric of the version in force on those dates."""
    previous: float | None
    """The metric of the one it was compared with."""
    verdict: Verdict | None
    """What the paired test says; None without one."""
    outcome: Outcome
    reason: str
    """In one line."""
    more_dates: int | None
    """Rebalance dates needed beyond those there are, at least; None when it can be told, or dates don't help."""
    horizon: int
    """Panel dates from one rebalance date to the next."""
    moved: Move | None = None
    """The rollback that was made."""
    not_moved: str | None = None
    """Why none was made, though one was asked for."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        made = {name: getattr(self, name) for name in self.__slots__}
        made["verdict"] = None if self.verdict is None else self.verdict.to_dict()
        made["moved"] = None if self.moved is None else self.moved.to_dict()
        return made


def guard(
    registry: ExperimentRegistry,
    alias: str,
    panel: Any,
    *,
    metric: str = "edge",
    drop: float = 0.0,
    since: str | date | None = None,
    against: str | None = None,
    rollback: bool = False,
    test: bool = True,
    columns: Mapping[str, Any] | None = None,
    **options: Any,
) -> Guarded:
    """Compare the version of an alias that is in force with the one before it; see `ExperimentRegistry.guard`."""
    asked = _metric(metric, test)
    if isinstance(drop, bool) or not isinstance(drop, int | float) or not 0 <= drop < math.inf:
        raise BacktestError(f"drop: {show(drop)} is not a number of 0 or more")
    moves = registry.history(alias)
    present = moves[-1]
    now = moves[present.in_force - 1]
    other = _other(registry, moves, now, against)
    may = rollback and other is not None and _free(moves) is None
    plan = registry.plan_rollback(now.alias, against) if may else None
    first = read_date(since, "since") if since is not None else _day_after(present)
    hashes = [each.config_hash for each in (other, now) if each is not None]
    configs = [registry.config(config_hash) for config_hash in hashes]
    if not isinstance(panel, Panel):
        features = sorted({name for config in configs for name in named_features(config)})
        panel = load_panel(panel, **{"features": features, **(columns or {})})
    found = _compare(panel, configs, first, asked, float(drop), options, test)
    guarded = replace(
        found,
        alias=now.alias,
        version=now.version,
        against_version=(other.version or None) if other is not None else None,
    )
    if other is None:
        reason = f"{now.alias} is at v{now.version}, its first: there is nothing before it to compare it with"
        return replace(guarded, reason=reason)
    if not rollback or guarded.outcome != "regressed":
        return guarded
    return _moved_back(registry, guarded, moves, plan)


def _metric(name: str, test: bool) -> Metric:
    wanted = name.removeprefix("m.")
    found = METRICS.get(wanted) if test else defined(wanted)
    if found is None or (test and wanted not in _BY_DATE):
        known = [each for each in _BY_DATE if METRICS[each].direction != "none"]
        raise BacktestError(
            f"metric: {show(name)} has no values by date, which the test needs; take one of {', '.join(known)}"
            + (", or leave the test out" if defined(wanted) is not None else "")
        )
    if found.direction == "none":
        raise BacktestError(f"metric: {show(name)} only describes: neither way of it is better")
    return found


def _other(registry: ExperimentRegistry, moves: list[Move], now: Move, against: str | None) -> Move | None:
    """Return the version to compare with; one with the number 0 for an experiment that never was one.

    None when the version in force is the first, as it is after a rollback to it: for whoever asks every day that is
    no mistake.
    """
    if against is None:
        return aliases.promotion_before(moves, now.version)
    config_hash = registry.resolve(against)
    if config_hash == now.config_hash:
        raise InvalidReferenceError(f"{show(against)} is {now.alias} itself; name another experiment to compare with")
    was = [move for move in moves if move.kind == "promote" and move.config_hash == config_hash]
    return was[-1] if was else replace(now, version=0, config_hash=config_hash)


def _day_after(move: Move) -> date:
    """Return the first day that nobody could know when the version came in force."""
    return date.fromisoformat(move.moved_at[:10]) + timedelta(days=1)


# -- comparing -------------------------------------------------------------------------------------------


def _compare(
    panel: Panel,
    configs: Sequence[ExperimentConfig],
    since: date,
    metric: Metric,
    drop: float,
    given: Mapping[str, Any],
    test: bool,
) -> Guarded:
    """Return what comes of comparing the experiments (previous, present), as yet without their versions.

    With the present one alone there is nothing to compare.
    """
    until: date = panel.dates[-1].astype(object)
    measured = _as_asked(configs[-1], given)
    horizon = panel.forward_horizon if panel.forward is not None and panel.forward_horizon else measured.horizon
    blank = Guarded(
        "", 0, str(configs[-1].config_hash), None, None, panel.name, since.isoformat(), until.isoformat(),
        metric.name, drop, None, None, None, "cannot tell", "", None, horizon,
    )  # fmt: skip
    if len(configs) == 1:
        return blank
    blank = replace(blank, against=str(configs[0].config_hash))
    if _testable(panel, since, measured) <= 0:
        reason = f"no date of the panel from {since} on has a return {horizon} dates ahead; it ends on {until}"
        return replace(blank, reason=reason, more_dates=FEWEST if test else 1)
    picking = _as_asked(configs[0], given)
    both = [measured.with_(**{name: getattr(picking, name) for name in _OF_THE_EXPERIMENT}), measured]
    bench = Bench(panel, since - timedelta(days=1), until)
    window = {"walk_days": (until - since).days + 1, "train_days": 1, "expanding": False, "min_test_dates": 1}
    runs = [
        bench.backtest(config, each.with_(**window, bootstrap=False, baselines=False), suggestion=False).run
        for config, each in zip(configs, both, strict=True)
    ]
    previous, present = (run.metrics.get(metric.name) for run in runs)
    made = replace(blank, previous=previous, present=present)
    return _tested(made, runs, metric) if test else _bare(made, metric)


def _as_asked(config: ExperimentConfig, given: Mapping[str, Any]) -> Options:
    """Return an experiment's options: its hyperparameters first, then what was given."""
    return meant(config, {name: value for name, value in given.items() if name not in config.hyperparameters}).options


def _testable(panel: Panel, since: date, options: Options) -> int:
    """Return how many dates from `since` on have a return that is known."""
    if panel.forward is not None:
        known = panel.date_no[np.isfinite(panel.forward)]
        labelled = int(known[-1]) + 1 if len(known) else 0
    else:
        labelled = len(panel.dates) - options.lag - options.horizon
    return labelled - int(np.searchsorted(panel.dates, np.datetime64(since, "D")))


def _tested(found: Guarded, runs: list[Run], metric: Metric) -> Guarded:
    verdict = pair_runs(runs[0], runs[1], metric, same_panel=True)
    outcome, more = _decide(verdict, metric, found.drop)
    reason = f"{verdict.sentence()}"
    if outcome == "fine" and verdict.verdict == "worse":
        reason += f", but by less than {found.drop:g}"
    if outcome == "cannot tell" and verdict.verdict == "no difference":
        reason += f", though a drop of {found.drop:g} could have gone unseen"
    return replace(found, verdict=verdict, outcome=outcome, reason=reason, more_dates=more)


def _decide(verdict: Verdict, metric: Metric, drop: float) -> tuple[Outcome, int | None]:
    """Return what a verdict means for what is in force, and how many more dates are needed when nothing."""
    if verdict.n < FEWEST or verdict.difference is None:
        return "cannot tell", max(1, FEWEST - verdict.n)
    if verdict.verdict == "worse":
        worse_by = -verdict.difference if metric.direction == "higher" else verdict.difference
        return ("regressed" if worse_by >= drop - _SAME else "fine"), None
    seen = verdict.smallest_seen
    if verdict.verdict == "no difference" and drop > 0 and seen is not None and seen > drop:
        # the smallest difference that is seen shrinks with the root of the number of dates
        return "cannot tell", math.ceil(verdict.n * ((seen / drop) ** 2 - 1))
    return "fine", None


def _bare(found: Guarded, metric: Metric) -> Guarded:
    if found.present is None or found.previous is None:
        return replace(found, reason=f"{metric.name} has no value on these dates", more_dates=1)
    change = found.present - found.previous
    worse_by = -change if metric.direction == "higher" else change
    fell = worse_by > _SAME and worse_by >= found.drop - _SAME
    reason = f"{metric.name} {found.previous:.6g} -> {found.present:.6g} ({change:+.6g}), not tested"
    return replace(found, outcome="regressed" if fell else "fine", reason=reason)


# -- moving back -----------------------------------------------------------------------------------------


def _free(moves: list[Move]) -> str | None:
    """Return why no rollback may be made by a guard, whatever it finds; None when one may."""
    if moves[-1].kind == "rollback":
        return f"v{moves[-1].version} is a rollback already, and nothing was promoted since"
    return None


def _moved_back(registry: ExperimentRegistry, found: Guarded, moves: list[Move], plan: Rollback | None) -> Guarded:
    held = _free(moves)
    if held is None and plan is not None and plan.to.version in aliases.rolled_back_from(moves):
        held = f"v{plan.to.version} was rolled back from before"
    if held is not None or plan is None:
        return replace(found, not_moved=held)
    against = str(found.against)[:SHORT_HASH]
    why = f"guard: {found.reason}, on {found.panel} {found.since}..{found.until} against {against}"
    return replace(found, moved=registry.rollback(found.alias, why=why, plan=plan))
