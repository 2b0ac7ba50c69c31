"""The guard: fine, regressed or not to be told, and a way back that is taken once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry import BacktestError, ExperimentRegistry, InvalidReferenceError, NotFoundError
from registry.guard import Guarded
from tests.aliases.panels import ALIKE, BAD, BLIND, GOOD, TURNED, write_panel

SINCE = "2024-03-01"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_panel(tmp_path_factory.mktemp("panel") / "p.csv", date(2024, 3, 1))


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    made = ExperimentRegistry(tmp_path / "e.duckdb")
    for config in (GOOD, ALIKE, BAD, BLIND, TURNED):
        made.register(config)
    return made


def promoted(registry: ExperimentRegistry, *configs: Any) -> ExperimentRegistry:
    for config in configs:
        registry.promote(str(config.config_hash), "production")
    return registry


def look(registry: ExperimentRegistry, panel: Path, **more: Any) -> Guarded:
    return registry.guard("production", panel, **{"since": SINCE, **more})


def test_worse_is_a_regression(registry: ExperimentRegistry, panel: Path) -> None:
    found = look(promoted(registry, GOOD, BAD), panel)
    assert (found.outcome, found.version, found.against_version) == ("regressed", 2, 1)
    assert found.verdict is not None and found.verdict.verdict == "worse" and found.verdict.n == 58
    assert found.present is not None and found.previous is not None and found.present < found.previous
    assert found.moved is None and found.more_dates is None
    assert json.loads(json.dumps(found.to_dict()))["verdict"]["metric"] == "edge"
    assert registry.runs() == [] and registry.trials("p", f"{SINCE}..2024-04-29") == 0  # nothing is recorded


def test_alike_and_better_are_fine(registry: ExperimentRegistry, panel: Path) -> None:
    assert look(promoted(registry, GOOD, ALIKE), panel, drop=0.01).outcome == "fine"  # a drop would have been seen
    found = look(promoted(registry, BAD, GOOD), panel, metric="m.rank_ic")
    assert found.outcome == "fine" and found.verdict is not None and found.verdict.verdict == "better"


def test_a_drop_smaller_than_what_counts_is_fine(registry: ExperimentRegistry, panel: Path) -> None:
    verdict = look(promoted(registry, GOOD, BAD), panel).verdict
    assert verdict is not None and verdict.difference is not None
    assert look(registry, panel, drop=-verdict.difference).outcome == "regressed"
    found = look(registry, panel, drop=0.01 - verdict.difference)
    assert found.outcome == "fine" and "but by less than" in found.reason


def test_where_a_drop_could_have_gone_unseen_it_is_not_told(registry: ExperimentRegistry, panel: Path) -> None:
    found = look(promoted(registry, BLIND, TURNED), panel)
    assert found.outcome == "fine" and found.verdict is not None and found.verdict.verdict == "no difference"
    seen = found.verdict.smallest_seen
    assert seen is not None and look(registry, panel, drop=seen).outcome == "fine"
    found = look(registry, panel, drop=seen / 2)
    assert (found.outcome, found.more_dates) == ("cannot tell", 3 * 58)  # half the drop takes four times the dates
    assert "could have gone unseen" in found.reason


def test_too_few_dates_are_told_with_how_many_are_lacking(registry: ExperimentRegistry, panel: Path) -> None:
    promoted(registry, GOOD, BAD)
    found = look(registry, panel, since="2024-04-20")  # ten dates, two of them without a return
    assert (found.outcome, found.more_dates, found.horizon) == ("cannot tell", 12, 1)
    for since in ("2024-04-28", "2024-04-29", "2025-01-01"):
        found = look(registry, panel, since=since)
        assert (found.outcome, found.more_dates, found.verdict) == ("cannot tell", 20, None)
        assert "it ends on 2024-04-29" in found.reason
    assert look(registry, panel, since="2025-01-01", rollback=True).moved is None


def test_without_a_test_the_bare_difference_decides(registry: ExperimentRegistry, panel: Path) -> None:
    promoted(registry, GOOD, BAD)
    found = look(registry, panel, since="2024-04-20", test=False, metric="sharpe")
    assert found.outcome == "regressed" and found.verdict is None and "not tested" in found.reason
    assert look(registry, panel, since="2024-04-20", test=False, drop=5).outcome == "fine"
    assert look(promoted(registry, ALIKE), panel, test=False).outcome == "fine"
    assert look(promoted(registry, GOOD), panel, test=False).outcome == "fine"  # ranks alike: not a hair


def test_the_dates_after_the_promotion_count_by_default(registry: ExperimentRegistry, tmp_path: Path) -> None:
    promoted(registry, GOOD, BAD)
    today = datetime.now(UTC).date()
    panel = write_panel(tmp_path / "now.csv", today - timedelta(days=30))
    found = registry.guard("production", panel)
    assert found.since == (today + timedelta(days=1)).isoformat()
    assert found.verdict is not None and found.verdict.n == 27
    assert found.outcome == "regressed"


def test_it_goes_back_once_and_says_why(registry: ExperimentRegistry, panel: Path) -> None:
    promoted(registry, ALIKE, GOOD, BAD)
    found = look(registry, panel, rollback=True)
    assert found.moved is not None and found.moved.in_force == 2
    last = registry.history("production")[-1]
    assert last == found.moved and last.why.startswith("guard: edge -") and "on p 2024-03-01..2024-04-29" in last.why
    again = look(registry, panel, rollback=True)
    assert again.outcome == "fine" and again.moved is None and again.not_moved is None


def test_never_twice_without_a_promotion_between(registry: ExperimentRegistry, panel: Path) -> None:
    promoted(registry, GOOD, BAD, BLIND)
    registry.rollback("production")  # v4: back to BAD, before which GOOD was
    found = look(registry, panel, rollback=True)
    assert found.outcome == "regressed" and found.moved is None
    assert found.not_moved == "v4 is a rollback already, and nothing was promoted since"
    assert len(registry.history("production")) == 4
    assert look(promoted(registry, BLIND), panel, rollback=True).outcome == "fine"  # better than BAD before it


def test_never_to_a_version_it_was_rolled_back_from(registry: ExperimentRegistry, panel: Path) -> None:
    promoted(registry, ALIKE, GOOD)
    registry.rollback("production")  # from v2, GOOD
    promoted(registry, BAD)  # v4
    found = look(registry, panel, rollback=True, against=str(GOOD.config_hash))
    assert found.outcome == "regressed" and found.not_moved == "v2 was rolled back from before"
    found = look(registry, panel, rollback=True)
    assert found.moved is not None and found.moved.in_force == 1


def test_the_first_version_has_nothing_before_it_also_after_a_rollback(
    registry: ExperimentRegistry, panel: Path
) -> None:
    promoted(registry, GOOD)
    first = look(registry, panel, rollback=True)
    found = look(promoted(registry, BAD), panel, rollback=True)
    assert found.moved is not None and found.moved.in_force == 1
    for each in (first, look(registry, panel, rollback=True)):
        assert (each.outcome, each.version, each.against, each.more_dates) == ("cannot tell", 1, None, None)
        assert each.reason == "production is at v1, its first: there is nothing before it to compare it with"
    assert len(registry.history("production")) == 3
    assert look(registry, panel, against=str(BAD.config_hash)).outcome == "fine"


def test_against_another_one(registry: ExperimentRegistry, panel: Path) -> None:
    promoted(registry, GOOD, BLIND, BAD)
    found = look(registry, panel, against=str(GOOD.config_hash))
    assert (found.outcome, found.against_version) == ("regressed", 1)
    with pytest.raises(NotFoundError, match="never was"):
        look(registry, panel, against=str(ALIKE.config_hash), rollback=True)
    found = look(registry, panel, against=str(GOOD.config_hash), rollback=True)
    assert found.moved is not None and found.moved.in_force == 1
    with pytest.raises(InvalidReferenceError, match="production itself"):
        look(registry, panel, against="production")


def test_refusals(registry: ExperimentRegistry, panel: Path) -> None:
    with pytest.raises(NotFoundError, match="no alias"):
        look(registry, panel)
    promoted(registry, GOOD, BAD)
    for more, said in (
        ({"metric": "sharpe"}, "no values by date.*or leave the test out"),
        ({"metric": "nonsense"}, "no values by date"),
        ({"metric": "base_rate"}, "neither way"),
        ({"drop": -1}, "drop"),
        ({"drop": float("nan")}, "drop"),
        ({"since": "soon"}, "no date"),
    ):
        with pytest.raises(BacktestError, match=said):
            look(registry, panel, **more)
    registry.delete(str(GOOD.config_hash))
    with pytest.raises(NotFoundError, match="in the trash"):
        look(registry, panel)
