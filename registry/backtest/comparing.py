"""A run beside the one it should beat: which one that is, what differs, and whether it helped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from registry.comparison import compare_pair
from registry.errors import NotFoundError
from registry.metrics import METRICS
from registry.runs.record import Run
from registry.statistics.verdict import Verdict, pair_runs

if TYPE_CHECKING:
    from registry.config import ExperimentConfig
    from registry.experiments import ExperimentRegistry

DECIDES: Final = "edge"
"""The metric a verdict is about when none is named: precision alone follows the base rate."""

PRODUCTION: Final = "production"

SHOWN: Final = ("precision_at_k", "edge", "rank_ic", "net_return", "sharpe", "max_drawdown", "turnover")
"""The metrics whose change is shown."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a run was compared with, and what came of it."""

    because: str
    """Why this one: parent, production, best so far, or named."""
    reference: Run
    verdict: Verdict
    weights: dict[str, dict[str, float]]
    """Feature to `config1` (the reference), `config2` and `diff`, where they differ."""
    metrics: dict[str, tuple[float | None, float | None]]
    tried: int
    """How many configurations were ever tried on this panel and period."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `summary.json` has them."""
        return {
            "because": self.because,
            "reference": self.reference.config_hash,
            "reference_run": self.reference.run_id,
            "weight_differences": self.weights,
            "metrics": {
                name: {
                    "reference": before,
                    "this": now,
                    "difference": None if before is None or now is None else now - before,
                }
                for name, (before, now) in self.metrics.items()
            },
            "verdict": self.verdict.to_dict(),
            "tried": self.tried,
        }


def find_reference(registry: ExperimentRegistry, config: ExperimentConfig, run: Run) -> tuple[str, Run] | None:
    """Return the run this one should beat, and why that one; None when there is none.

    The parent's comes first, then that of the alias `production`, then the best so far by edge: each the
    latest on the same panel and period.
    """
    candidates = [
        other
        for other in registry.runs(panel=run.panel.name, period=run.period)
        if other.config_hash != run.config_hash
    ]
    newest: dict[str, Run] = {}
    for other in sorted(candidates, key=lambda each: each.recorded_at):
        newest[other.config_hash] = other
    if config.parent in newest:
        return "parent", registry.run(newest[config.parent].run_id)
    production = _production(registry)
    if production in newest:
        return PRODUCTION, registry.run(newest[production].run_id)
    ranked = [(other.metrics.get(DECIDES), other) for other in newest.values()]
    known = [(value, other) for value, other in ranked if value is not None]
    if known:
        best = max(known, key=lambda pair: (pair[0], pair[1].recorded_at))[1]
        return "best so far", registry.run(best.run_id)
    return None


def _production(registry: ExperimentRegistry) -> str | None:
    try:
        return registry.resolve(PRODUCTION)
    except NotFoundError:
        return None


def compare_runs(
    registry: ExperimentRegistry, config: ExperimentConfig, run: Run, reference: Run, because: str
) -> Against:
    """Return what differs between a run and its reference, and whether it helped."""
    before = registry.config(reference.config_hash)
    return Against(
        because,
        reference,
        pair_runs(reference, run, METRICS[DECIDES], same_panel=same_panel(registry, reference, run)),
        compare_pair(before, config)["weight_differences"],
        {name: (reference.metrics.get(name), run.metrics.get(name)) for name in SHOWN},
        registry.trials(run.panel.name, run.period),
    )


def same_panel(registry: ExperimentRegistry, first: Run, second: Run) -> bool | None:
    """Tell whether the registry knows two runs to be on the same panel; None when it can't tell."""
    if first.panel.fingerprint == second.panel.fingerprint:
        return True
    try:
        mine, theirs = (registry.run(run.run_id).panel_id for run in (second, first))
    except NotFoundError:
        return None
    return mine == theirs
