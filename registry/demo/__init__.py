"""A small registry to look around in: 24 configurations around the GemScore weights.

A baseline, variants that believe more in sentiment or less in risk, a sweep and what was derived from it,
and two controls. They are configurations only: none was evaluated, so nothing in them claims a result.
"""

from __future__ import annotations

import os
from importlib.resources import files

from registry.config import ExperimentConfig
from registry.experiments import ExperimentRegistry

BASELINE = "c38d377c38a4"
VARIANT = "c6d2f52830dc"
"""Two that are worth comparing: the baseline, and a variant with other weights and a transformation."""

NOTES = {
    BASELINE: ["the eight weights as shipped; compare everything with it"],
    "fef9626f1f97": ["next: transforms, then window length", "run again once the sweep is complete"],
}
"""Notes say what somebody meant to do: nothing here was evaluated, so none tells a result."""


def configurations() -> list[ExperimentConfig]:
    """Return the configurations of the demo, oldest first."""
    text = files("registry.demo").joinpath("experiments.ndjson").read_text(encoding="utf-8")
    return [ExperimentConfig.from_json(line) for line in text.splitlines()]


def build(path: str | os.PathLike[str]) -> ExperimentRegistry:
    """Make the demo registry at `path` and return it.

    Raises:
        StoreError: the place can't be written.
    """
    from registry.store.apply import take_in
    from registry.store.registration import Registration

    registry = ExperimentRegistry(path)
    with registry.store.write() as session:
        take_in(session, [Registration(config) for config in configurations()], metadata="register", kind="registered")
        for reference, notes in NOTES.items():
            for note in notes:
                registry.note(reference, note)
    return registry
