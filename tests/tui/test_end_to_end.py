"""The installed command on a real terminal, from the first screen to the last: what a person does in an hour."""

from __future__ import annotations

from pathlib import Path

from registry import ExperimentRegistry
from tests.fixed_demo import fixed_demo
from tests.tui.terminal import terminal


def test_a_session_from_opening_to_leaving(tmp_path: Path) -> None:
    fixed_demo(tmp_path / "experiments.duckdb").close()
    with terminal(tmp_path) as shown:
        shown.shows("HASH", "32 experiments", "Momentum with sentiment", "help")
        since = shown.press("/")
        shown.shows("complete", since=since)
        since = shown.press("tag:prices")
        shown.shows("8 of 32", since=since)
        since = shown.press("\r\r")
        shown.shows("Only the three best", "rank IC", "def003009ce3", since=since)
        since = shown.press("e")
        shown.shows("enter saves", since=since)
        since = shown.press(" of them all\r")
        shown.shows("908220a5312f is described anew", since=since)
        since = shown.press("v")
        shown.shows("variant of 908220a5312f", "no part of the hash", "weights sum to 1", since=since)
        since = shown.press("++")
        shown.shows("+0.02", since=since)
        since = shown.press("s")
        shown.shows("Register ", "Cancel", since=since)
        since = shown.press("y")
        shown.shows("Registered ", "parent", since=since)
        since = shown.press("1")
        shown.shows("9 of 33", since=since)
        since = shown.press("a")
        shown.shows("9 marked", since=since)
        since = shown.press("c")
        shown.shows("compare 9", "★", "HYPERPARAMETERS", since=since)
        since = shown.press("4")
        shown.shows("trash", "0 deleted", since=since)
        since = shown.press("5")
        shown.shows("described", "registered", "908220a5312f", since=since)
        shown.press("1q")
        assert shown.end() == 0
        assert shown.is_left
        assert b"Traceback" not in shown.seen
    registry = ExperimentRegistry(tmp_path / "experiments.duckdb")
    assert registry.config("908220a5312f").description == "Only the three best of them all"
    [made] = registry.matching("parent:908220a5312f")
    assert registry.config(made).feature_weights["high_52w"] == 0.145
