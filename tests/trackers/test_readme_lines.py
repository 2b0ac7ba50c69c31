"""The lines of the README that hand experiments to trackers and bring them in, as they stand there."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import Shell
from tests.test_readme import FILES, README
from tests.trackers.conftest import base, client, evaluate

LINES = re.findall(r"^\$ experiments ((?:push|pull) .*)$", README, re.MULTILINE)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_every_line_runs(empty: Shell) -> None:
    empty.registry.register(base())
    evaluate(empty.registry, base())
    (empty.folder / "map.toml").write_text(dict(FILES)["map.toml"])
    assert len(LINES) == 5
    for line in LINES:
        if "old-runs" in line:  # of somebody who never heard of us
            there = client("sqlite:///mlflow.db")
            run = there.create_run(there.create_experiment("old-runs")).info.run_id
            for name, value in {"w.momentum": "0.75", "k": "10", "horizon": "14", "lr": "0.1"}.items():
                there.log_param(run, name, value)
            there.log_metric(run, "sharpe", 0.5)
        empty.ok(*line.split())
    (found,) = empty.registry.search("w.momentum = 0.75 hp.k = 10")
    (run,) = empty.registry.runs(found["config_hash"])
    assert (run.panel.name, run.metrics["sharpe"], run.engine) == ("sp500_20", 0.5, "mlflow")
    assert empty.registry.count() == 2
