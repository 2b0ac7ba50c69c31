"""Runs that other programs recorded hold any JSON under our names; every page shows them all the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import ExperimentConfig, Run
from registry.runs.panels import PanelRef
from tests.cli.conftest import Shell
from tui.widgets import run_page

CONFIG = ExperimentConfig(["a"], {"a": 1.0})

scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "\x1b[31m", "2020-01-01"])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["edge", "evaluated_dates", "rebalance_dates", "skipped_dates", "commit", "price_column"]),
        inner, max_size=3,
    ),
    max_leaves=4,
)  # fmt: skip


def maps(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, anything))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    maps("counts", "intervals", "baselines", "warnings"),
    maps("walk_days", "k", "horizons", "horizon"),
    maps("git", "versions", "command", "folder", "panel_features", "panel_last", "panel_columns"),
)
def test_it_is_shown(empty: Shell, details: Any, options: Any, environment: Any) -> None:
    registry = empty.registry
    (empty.folder / "p.csv").write_text("date,asset,price,a\n2020-01-01,x,1,1\n")
    registry.register(CONFIG)
    metrics = {"edge": 0.1, "precision_at_k": 0.5, "rank_ic": 0.1}
    run = Run(
        str(CONFIG.config_hash), PanelRef("p", source="p.csv"), "2020-01-01", "2020-12-31", options, metrics,
        details=details, environment=environment,
    )  # fmt: skip
    id_ = registry.record(run, config=CONFIG)
    for out in (empty.ok("show", id_, terminal=True), empty.ok("show", id_, "--command", terminal=True)):
        assert "\x1b[31m" not in out
    assert run_page.options(registry.run(id_)).plain


@pytest.mark.parametrize("options", [{"horizons": 5}, {"horizon": 5}, {"horizons": [5, 9]}])
def test_a_horizon_is_told_however_it_was_said(empty: Shell, options: dict[str, Any]) -> None:
    run = empty.registry.record_run(
        CONFIG, metrics={"edge": 0.1}, panel="p", period="2020-01-01..2020-12-31", options=options
    )
    assert "returns 5 dates ahead" in empty.ok("show", run.run_id)
