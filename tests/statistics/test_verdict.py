"""Verdicts: what is paired, what is refused and why, and what a person reads."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from registry.metrics import METRICS, Metric
from registry.runs.panels import PanelRef
from registry.runs.record import Run, Series
from registry.statistics.verdict import Verdict, judge, pair_runs

EDGE, TURNOVER, BASE = METRICS["edge"], METRICS["turnover"], METRICS["base_rate"]


def days(n: int, apart: int = 7) -> list[str]:
    return [(date(2020, 1, 6) + timedelta(days=apart * i)).isoformat() for i in range(n)]


def noise(n: int, seed: int = 1, apart: int = 7) -> dict[str, float | None]:
    values = np.random.default_rng(seed).normal(0, 0.1, n).tolist()
    return dict(zip(days(n, apart), values, strict=True))


def raised(values: dict[str, float | None], by: float, seed: int = 2) -> dict[str, float | None]:
    extra = np.random.default_rng(seed).normal(by, 0.02, len(values)).tolist()
    return {day: (value or 0) + more for (day, value), more in zip(values.items(), extra, strict=True)}


def test_better_and_worse_are_two_sides_of_one_comparison() -> None:
    before = noise(60)
    after = raised(before, 0.02)
    up, down = judge(before, after, metric=EDGE), judge(after, before, metric=EDGE)
    assert (up.verdict, down.verdict) == ("better", "worse")
    assert up.p == down.p
    assert up.p is not None
    assert up.p < 0.05
    assert up.difference is not None
    assert down.difference == -up.difference
    assert up.difference == pytest.approx(np.mean([after[day] - before[day] for day in before]))  # type: ignore[operator]
    assert up.low is not None
    assert up.high is not None
    assert 0 < up.low < up.difference < up.high
    assert up.share_won is not None
    assert up.share_won + (down.share_won or 0) == 1
    assert (up.n, up.underpowered, up.reason) == (60, False, None)


def test_the_metric_says_which_way_is_better() -> None:
    before = noise(60)
    after = raised(before, 0.02)
    verdict = judge(before, after, metric=TURNOVER)
    assert verdict.verdict == "worse"
    assert verdict.difference is not None
    assert verdict.difference > 0  # as it is, not turned round
    assert verdict.share_won == pytest.approx(1 - (judge(before, after, metric=EDGE).share_won or 0))


def test_a_difference_that_is_neither_for_the_better_nor_the_worse() -> None:
    before = noise(60)
    verdict = judge(before, raised(before, 0.02), metric=BASE)
    assert verdict.verdict == "cannot tell"
    assert "base_rate" in (verdict.reason or "")
    assert judge(before, before, metric=BASE).verdict == "no difference"


def test_a_run_is_no_different_from_itself_nor_from_its_last_bits() -> None:
    before = noise(60)
    nudged = {day: math.nextafter(value or 0, 9.0) for day, value in before.items()}
    for other in (before, nudged):
        verdict = judge(before, other, metric=EDGE)
        assert (verdict.verdict, verdict.p, verdict.difference, verdict.share_won) == ("no difference", 1.0, 0.0, None)


def test_fewer_than_twenty_dates_can_not_tell_however_clear() -> None:
    before = noise(19)
    verdict = judge(before, raised(before, 1.0), metric=EDGE)
    assert verdict.verdict == "cannot tell"
    assert verdict.underpowered
    assert verdict.p is not None
    assert verdict.p < 0.05
    assert judge(noise(20), raised(noise(20), 1.0), metric=EDGE).verdict == "better"


def test_only_dates_with_a_value_in_both_count() -> None:
    before, after = noise(40), raised(noise(50), 0.02)
    first, second, third = days(40)[:3]
    before[first], after[second], before[third] = None, math.nan, math.inf
    assert judge(before, after, metric=EDGE).n == 37


def test_one_date_has_a_difference_and_nothing_else() -> None:
    verdict = judge({"2020-01-01": 1.0}, {"2020-01-01": 2.0}, metric=EDGE)
    assert (verdict.difference, verdict.p, verdict.low, verdict.smallest_seen) == (1.0, None, None, None)
    assert verdict.sentence() == "edge +1.0000, n 1: cannot tell, fewer than 20 common dates"


def test_no_common_date_can_not_be_paired() -> None:
    verdict = judge(noise(30), {"1999-01-01": 1.0}, metric=EDGE)
    assert verdict.verdict == "cannot pair"
    assert verdict.sentence() == "edge: cannot pair, no date has a value of edge in both"


def test_the_order_of_the_dates_does_not_matter_but_the_seed_does() -> None:
    before, after = noise(60), raised(noise(60), 0.001)
    turned = dict(reversed(after.items()))
    assert judge(before, after, metric=EDGE) == judge(before, turned, metric=EDGE)
    assert judge(before, after, metric=EDGE) != judge(before, after, metric=EDGE, seed=14)


def test_the_smallest_difference_seen_is_found_in_four_of_five_comparisons() -> None:
    random = np.random.default_rng(4)
    zero: dict[str, float | None] = dict.fromkeys(days(50), 0.0)
    shift = 2.8016 * 0.1 / math.sqrt(50)
    found, seen = 0, []
    for _ in range(100):
        verdict = judge(zero, dict(zip(zero, random.normal(shift, 0.1, 50).tolist(), strict=True)), metric=EDGE)
        found += verdict.verdict == "better"
        seen.append(verdict.smallest_seen)
    assert np.mean(seen) == pytest.approx(shift, rel=0.05)
    assert 68 <= found <= 91  # 80 expected, give or take three standard errors


class TestOverlap:
    def test_labels_that_overlap_are_thinned(self) -> None:
        before = noise(200, apart=1)
        verdict = judge(before, raised(before, 0.0), metric=EDGE, horizon=5)
        assert (verdict.n, verdict.left_out) == (40, 160)

    def test_dates_far_enough_apart_are_all_used(self) -> None:
        before = noise(60, apart=7)
        assert judge(before, raised(before, 0.0), metric=EDGE, horizon=5).n == 60
        assert judge(before, raised(before, 0.0), metric=EDGE, horizon=7).left_out == 0

    def test_the_days_between_count_though_they_have_no_value(self) -> None:
        calendar = days(200, 1)
        before = noise(200, apart=1)
        after = {day: value for place, (day, value) in enumerate(before.items()) if place % 5 < 2}
        verdict = judge(before, after, metric=EDGE, horizon=5)
        assert (verdict.n, verdict.left_out) == (40, 40)
        assert list(after)[2] == calendar[5]  # the third value is five dates on: it does not overlap with the first

    def test_overlapping_noise_is_not_mistaken_for_a_difference(self) -> None:
        random, found = np.random.default_rng(8), 0
        calendar = days(250, 1)
        zero: dict[str, float | None] = dict.fromkeys(calendar, 0.0)
        for _ in range(60):
            labels = np.convolve(random.standard_normal(254), np.ones(5), "valid").tolist()
            verdict = judge(zero, dict(zip(calendar, labels, strict=True)), metric=EDGE, horizon=5)
            found += verdict.verdict != "no difference"
        assert found <= 9  # 3 expected; without thinning about 24


def a_run(values: dict[str, float | None], **changes: Any) -> Run:
    run = Run(
        "ab" * 32, PanelRef("demo", "f" * 64), "2020-01-01", "2022-12-31",
        {"horizons": [5, 10], "lag": 1, "hit": 0.0, "k": 10},
        dates=Series(list(values), {"edge": list(values.values())}),
    )  # fmt: skip
    return replace(run, **changes)


def options(**changes: Any) -> dict[str, Any]:
    return {"options": {"horizons": [5, 10], "lag": 1, "hit": 0.0, "k": 10} | changes}


class TestPairing:
    def test_runs_are_judged_by_their_values_on_common_dates(self) -> None:
        before = noise(60)
        after = raised(before, 0.02)
        verdict = pair_runs(a_run(before), a_run(after), "edge")
        assert verdict == judge(before, after, metric=EDGE)
        assert pair_runs(a_run(before), a_run(after), EDGE, seed=5) == judge(before, after, metric=EDGE, seed=5)

    @pytest.mark.parametrize("changes", [options(k=5), options(horizons=[5]), options(hit=0), {"engine": "mine"}])
    def test_what_is_no_part_of_the_label_may_differ(self, changes: dict[str, Any]) -> None:
        assert pair_runs(a_run(noise(60)), a_run(noise(60), **changes), "edge").verdict == "no difference"

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            (options(horizons=[7]), "they differ in horizon: 5 against 7"),
            (options(horizons=[]), "they differ in horizon: 5 against none given"),
            (options(lag=0), "they differ in lag: 1 against 0"),
            (options(hit=0.01), "they differ in hit: 0.0 against 0.01"),
            (options(delist="drop"), "they differ in delist: none given against drop"),
            ({"end": "2022-12-30"}, "they differ in period: 2020-01-01..2022-12-31 against 2020-01-01..2022-12-30"),
            ({"panel": PanelRef("other", "0" * 64)}, "they differ in panel: demo against other"),
            ({"panel": PanelRef("demo", "0" * 64)}, "the content of the panel demo differs between the runs"),
            ({"panel": PanelRef("demo")}, "the content of the panel demo differs between the runs"),
            ({"dates": Series()}, "the candidate has no values of edge by date"),
        ],
    )
    def test_what_can_not_be_paired_says_why(self, changes: dict[str, Any], reason: str) -> None:
        verdict = pair_runs(a_run(noise(60)), a_run(noise(60), **changes), "edge")
        assert (verdict.verdict, verdict.reason, verdict.n) == ("cannot pair", reason, 0)
        assert verdict.sentence() == f"edge: cannot pair, {reason}"

    def test_runs_without_a_common_date(self) -> None:
        late = {(date.fromisoformat(day) + timedelta(days=1)).isoformat(): value for day, value in noise(60).items()}
        verdict = pair_runs(a_run(noise(60)), a_run(late), "edge")
        assert (verdict.verdict, verdict.reason) == ("cannot pair", "no date has a value of edge in both")

    def test_the_registry_knows_which_panels_are_one(self) -> None:
        grown = a_run(noise(60), panel=PanelRef("demo", "0" * 64))
        assert pair_runs(a_run(noise(60)), grown, "edge", same_panel=True).verdict == "no difference"
        assert pair_runs(a_run(noise(60)), grown, "edge", same_panel=False).verdict == "cannot pair"

    def test_panels_without_a_fingerprint_go_by_their_name(self) -> None:
        nameless = a_run(noise(60), panel=PanelRef("demo"))
        assert pair_runs(nameless, nameless, "edge").verdict == "no difference"
        assert pair_runs(nameless, a_run(noise(60), panel=PanelRef("other")), "edge").verdict == "cannot pair"

    def test_daily_values_of_another_engine_are_thinned(self) -> None:
        before = noise(200, apart=1)
        assert pair_runs(a_run(before), a_run(raised(before, 0.0)), "edge").n == 40
        said = {"options": {"horizon": 10}}
        assert pair_runs(a_run(before, **said), a_run(raised(before, 0.0), **said), "edge").n == 20

    def test_a_metric_of_the_users_own(self) -> None:
        before = noise(60)
        runs = [
            a_run({}, dates=Series(list(values), {"loss": list(values.values())}))
            for values in (before, raised(before, 0.02))
        ]
        assert pair_runs(*runs, "loss").verdict == "cannot tell"
        assert pair_runs(*runs, Metric("loss", "ratio", "lower", "what was lost")).verdict == "worse"


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (
            Verdict("no difference", None, "edge", 467, 0.00312, -0.00203, 0.00798, 0.2071),
            "edge +0.0031 (95 % -0.0020 … +0.0080), p 0.21, n 467: no difference",
        ),
        (
            Verdict("better", None, "net_return", 300, 0.00003456, 0.00000123, 0.00006789, 0.0496),
            "net_return +0.000035 (95 % +0.000001 … +0.000068), p 0.0496, n 300: better",
        ),
        (Verdict("no difference", None, "edge", 40, 0.0, 0.0, 0.0, 1.0),
         "edge +0.0000 (95 % +0.0000 … +0.0000), p 1.00, n 40: no difference"),
        (Verdict("better", None, "sharpe", 40, 12.5, 3.0, 20.0, 0.0001),
         "sharpe +12.5000 (95 % +3.0000 … +20.0000), p 0.0001, n 40: better"),
        (
            Verdict("cannot tell", "fewer than 20 common dates", "edge", 12, 0.1, 0.0, 0.2, 0.03),
            "edge +0.1000 (95 % +0.0000 … +0.2000), p 0.03, n 12: cannot tell, fewer than 20 common dates",
        ),
    ],
)  # fmt: skip
def test_the_sentence(verdict: Verdict, sentence: str) -> None:
    assert verdict.sentence() == sentence


@pytest.mark.parametrize(
    "make", [lambda: judge(noise(30), noise(30, 2), metric=EDGE), lambda: judge({}, {}, metric=EDGE)]
)
def test_a_verdict_is_plain_json(make: Callable[[], Verdict]) -> None:
    verdict = make()
    assert Verdict(**json.loads(json.dumps(verdict.to_dict(), allow_nan=False))) == verdict


def test_knowing_what_a_verdict_is_costs_no_numpy() -> None:
    code = "import sys, registry.statistics.verdict; print({'numpy', 'scipy', 'duckdb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "set()\n"
