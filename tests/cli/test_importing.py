"""`import`: what comes in, what is refused and why, and that repeating it changes nothing."""

from __future__ import annotations

import json

import pytest

from registry import ExperimentConfig
from tests.cli.conftest import BASE, Shell


def records(count: int) -> list[dict[str, object]]:
    return [ExperimentConfig(["a"], {"a": n / 100}, description=f"nr {n}").to_dict() for n in range(count)]


def test_a_new_registry_is_named_and_repeating_changes_nothing(empty: Shell) -> None:
    (empty.folder / "many.ndjson").write_text("\n".join(map(json.dumps, records(5))))
    ran = empty("import", "many.ndjson")
    assert (ran.code, ran.out) == (0, "5 new\n")
    assert ran.err == f"made a new registry: {empty.folder / 'experiments.duckdb'}\n"
    ran = empty("import", "many.ndjson")
    assert (ran.code, ran.out, ran.err) == (0, "5 unchanged\n", "")


def test_refusals_have_line_and_reason_and_lose_none_of_the_others(empty: Shell) -> None:
    lines = [*map(json.dumps, records(3)), "not json", json.dumps({**records(1)[0], "config_hash": "0" * 64})]
    (empty.folder / "some.ndjson").write_text("\n".join(lines))
    ran = empty("import", "some.ndjson")
    assert (ran.code, ran.out) == (5, "3 new, 2 refused\n")
    assert "refused some.ndjson:4: " in ran.err
    assert "refused some.ndjson:5: " in ran.err
    report = json.loads(empty("import", "some.ndjson", "--json").out)
    assert report["counts"]["unchanged"] == 3
    assert [refusal["source"] for refusal in report["refused"]] == ["some.ndjson:4", "some.ndjson:5"]


def test_atomic_and_dry_run_bring_nothing_in(empty: Shell) -> None:
    (empty.folder / "some.ndjson").write_text("\n".join([*map(json.dumps, records(3)), "{}"]))
    ran = empty("import", "some.ndjson", "--atomic")
    assert ran.code == 2
    assert ran.out.startswith("nothing was imported")
    ran = empty("import", "some.ndjson", "--dry-run")
    assert (ran.code, ran.out) == (5, "would be imported: 3 new, 1 refused\n")
    assert not (empty.folder / "experiments.duckdb").exists()


def test_metadata_fills_or_replaces(shell: Shell) -> None:
    record = {**shell.registry.config(BASE).to_dict(), "description": "other words", "tags": ["other"]}
    (shell.folder / "one.json").write_text(json.dumps(record))
    assert shell.ok("import", "one.json") == "1 updated\n"
    assert shell.registry.config(BASE).tags[-1] == "other"
    assert shell.registry.config(BASE).description != "other words"
    assert shell.ok("import", "one.json", "--metadata", "replace") == "1 updated\n"
    assert shell.registry.config(BASE).description == "other words"
    assert shell.registry.config(BASE).tags == ["other"]
    shell.ok("delete", BASE, "--force")
    assert shell.ok("import", "one.json") == "1 restored\n"


def test_stdin_folders_and_several_files(empty: Shell) -> None:
    one, two, three = records(3)
    assert empty.ok("import", "-", stdin=json.dumps(one)) == "1 new\n"
    backtest = empty.folder / "reports" / "20241008"
    backtest.mkdir(parents=True)
    (backtest / "experiment_config.json").write_text(json.dumps(two))
    (backtest / "summary.json").write_text('{"metrics": {}}')
    (empty.folder / "kept.json").write_text(json.dumps({"features": ["p"], "weights": {"p": 1}}))
    (empty.folder / "array.json").write_text(json.dumps([three]))
    assert empty.ok("import", "reports/20241008", "kept.json", "array.json") == "3 new\n"
    assert empty.registry.tags() == {"migrated": 1}


def test_the_earlier_registry_beside_is_pointed_out(empty: Shell) -> None:
    (empty.folder / "experiments.sqlite").write_bytes(b"SQLite format 3\x00")
    (empty.folder / "one.json").write_text(json.dumps(records(1)[0]))
    assert "experiments import experiments.sqlite" in empty("list").err
    ran = empty("import", "one.json")
    assert "experiments import experiments.sqlite" in ran.err


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_drawn_where_it_takes_long_and_somebody_looks(
    empty: Shell, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    from tui.cli import progress

    monkeypatch.setattr(progress, "QUICK", -1.0)
    (empty.folder / "many.ndjson").write_text("\n".join(map(json.dumps, records(50))))
    ran = empty("import", "many.ndjson", terminal=terminal)
    assert ("100%" in ran.err) is terminal
    assert ("\r" in ran.err) is terminal
