"""A run beside the one it should beat: which one that is, what differs, and whether it helped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from registry.comparison import compare_pair
from registry.errors import NotFoundError
from registry.metrics import METRICS
from registry.runs.record import Run
from registry.statistics.verdict import Verdict, apart_because, pair_runs

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
    """Of the reference and of the run; none when the two can't be paired."""
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
    latest of our engine on the panel and period that can be paired with this run. Only when none can, it is
    one that can't, so that the reason is told. The panel of `run` is known to the registry by now (`keep`).
    """
    others = [
        other
        for other in registry.runs(panel=run.panel.name, period=run.period)
        if other.config_hash != run.config_hash and other.engine == run.engine
    ]
    number = _number(registry, run)
    pairing = [
        other for other in others if apart_because(other, run, _one_panel(other, other.panel_id, run, number)) is None
    ]
    for candidates in (pairing, others):
        if (found := _to_beat(registry, config, candidates)) is not None:
            because, other = found
            return because, registry.run(other.run_id)
    return None


def _to_beat(registry: ExperimentRegistry, config: ExperimentConfig, candidates: list[Run]) -> tuple[str, Run] | None:
    newest: dict[str, Run] = {}
    for other in sorted(candidates, key=lambda each: each.recorded_at):
        newest[other.config_hash] = other
    if config.parent in newest:
        return "parent", newest[config.parent]
    production = _production(registry)
    if production in newest:
        return PRODUCTION, newest[production]
    ranked = [(other.metrics.get(DECIDES), other) for other in newest.values()]
    known = [(value, other) for value, other in ranked if value is not None]
    if known:
        return "best so far", max(known, key=lambda pair: (pair[0], pair[1].recorded_at))[1]
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
    verdict = pair_runs(reference, run, METRICS[DECIDES], same_panel=same_panel(registry, reference, run))
    pairs = verdict.verdict != "cannot pair"
    return Against(
        because,
        reference,
        verdict,
        compare_pair(before, config)["weight_differences"],
        {name: (reference.metrics.get(name), run.metrics.get(name)) for name in SHOWN if pairs},
        registry.trials(run.panel.name, run.period),
    )


def same_panel(registry: ExperimentRegistry, reference: Run, run: Run) -> bool | None:
    """Tell whether the registry knows two runs to be on the same panel; None when it can't tell."""
    return _one_panel(reference, _number(registry, reference), run, _number(registry, run))


def _number(registry: ExperimentRegistry, run: Run) -> int | None:
    return registry.panel_number(run.panel) if run.panel_id is None else run.panel_id


def _one_panel(first: Run, number: int | None, second: Run, other: int | None) -> bool | None:
    if first.panel.fingerprint is not None and first.panel.fingerprint == second.panel.fingerprint:
        return True
    return None if number is None or other is None else number == other
