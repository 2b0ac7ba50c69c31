"""`merge`: what it says, as words and as JSON, and how it ends."""

from __future__ import annotations

import json

import pytest

from registry import ExperimentConfig, ExperimentRegistry, Run
from registry.runs.panels import PanelDays, PanelRef
from tests.cli.conftest import BASE, VARIANT, Shell


@pytest.fixture
def two(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """There is the demo here; there a copy of it, where one is described otherwise, one new, one deleted."""
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(shell.folder / "settings"))
    shell.ok("backup", "other.duckdb")
    other = ExperimentRegistry(shell.folder / "other.duckdb")
    other.describe(BASE, "said \x1b[31mthere")
    fresh = ExperimentConfig(["a"], {"a": 1.0}, description="new there")
    other.register(fresh)
    other.record_run(fresh, metrics={"edge": 0.1}, panel="p", period="2020-01-01..2020-12-31")
    other.delete(VARIANT)
    other.promote(BASE, "production")
    return shell


def test_what_is_said(two: Shell) -> None:
    foreseen = two("merge", "other.duckdb", "--dry-run")
    assert foreseen.out == "would be merged: 1 new, 24 unchanged, with 1 new run, 1 more counted as tried\n"
    ran = two("merge", "other.duckdb")
    assert (ran.code, ran.err) == (0, foreseen.err)
    assert ran.out == "1 new, 24 unchanged, with 1 new run, 1 more counted as tried\n"
    assert f"differs: description of {BASE[:12]} stays" in ran.err and "\x1b" not in ran.err
    assert "other.duckdb: 1 experiment that is live here lies in the trash there; nothing was deleted here" in ran.err
    assert "production stayed as here; --aliases moves" in ran.err
    assert two.registry.count() == 25
    assert two.ok("merge", "other.duckdb") == "25 unchanged\n"


def test_aliases_and_json(two: Shell) -> None:
    assert f"would become production v1: {BASE[:12]}" in two.ok("merge", "other.duckdb", "--aliases", "--dry-run")
    found = json.loads(two.ok("merge", "other.duckdb", "--aliases", "--json"))
    assert found["moves"] == [{"alias": "production", "version": 1, "config_hash": full_base(two), "from_hash": None}]
    assert [conflict["what"] for conflict in found["conflicts"]] == ["description"]
    assert found["counts"]["new"] == found["runs"] == 1 and not found["dry_run"]
    assert two.registry.resolve("production") == full_base(two)


def full_base(shell: Shell) -> str:
    return shell.registry.resolve(BASE)


def test_a_first_merge_makes_the_registry(two: Shell) -> None:
    assert two("--db", "new.duckdb", "merge", "nothing.duckdb").code == 4
    assert not (two.folder / "new.duckdb").exists()
    ran = two("--db", "new.duckdb", "merge", "other.duckdb")
    assert ran.code == 0 and ran.out.startswith("25 new, 1 of them in the trash, with 1 new run")
    assert f"made a new registry: {two.folder / 'new.duckdb'}" in ran.err


def test_what_was_altered_there_is_told(two: Shell) -> None:
    with ExperimentRegistry(two.folder / "other.duckdb").store.write() as session:
        session.run("UPDATE store.experiment SET feature_weights = '{\"a\": 3}' WHERE description = 'new there'")
    ran = two("merge", "other.duckdb")
    assert ran.code == 5 and "24 unchanged, 1 refused" in ran.out and "left out other.duckdb: " in ran.err


def test_a_bar_is_drawn_where_it_takes_long(two: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.cli import progress

    monkeypatch.setattr(progress, "QUICK", -1.0)
    assert "100%" in two("merge", "other.duckdb", terminal=True).err


def test_an_alias_that_stays_is_told_and_the_rest_is_done(two: Shell) -> None:
    two.ok("promote", VARIANT, "production", "--write", "live.json")
    (two.folder / "live.json").write_text("mine")
    two.ok("--db", "other.duckdb", "promote", BASE, "live.json")
    two.ok("--db", "other.duckdb", "export", BASE, "told.ndjson", "--aliases")
    for args in (["import", "told.ndjson"], ["merge", "other.duckdb"]):
        for more in (["--dry-run"], []):
            ran = two(*args, "--aliases", *more)
            assert ran.code == 5
            assert f"alias production {'would stay' if more else 'stayed'}: " in ran.err and "--force" in ran.err
            assert "differs: alias" not in ran.err
    assert two.registry.count() == 25
    assert two("merge", "other.duckdb", "--aliases", "--force").code == 0
    assert two.registry.resolve("production") == full_base(two)
    assert "mine" not in (two.folder / "live.json").read_text()


def test_a_panel_that_went_on_differently_is_told(two: Shell) -> None:
    days = [f"2020-01-0{number}" for number in range(1, 5)]
    other = ExperimentRegistry(two.folder / "other.duckdb")
    for registry, last in ((two.registry, 4), (other, 40)):
        for count in (3, 4):
            known = PanelDays("p2", days[:count], {"price": [1, 2, 3, last][:count]})
            run = Run(
                full_base(two),
                PanelRef("p2", known.key, known.key),
                "2020-01-01",
                "2020-12-31",
                metrics={"edge": count},
            )
            registry.record(run, known)
    ran = two("merge", "other.duckdb")
    assert (ran.code, ran.out) == (0, "1 new, 24 unchanged, with 2 new runs, 2 more counted as tried\n")
    assert 'differs: panel p2: "price" differs on 2020-01-04; runs on either content are not compared' in ran.err
