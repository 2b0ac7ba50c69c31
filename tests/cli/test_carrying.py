"""Aliases and guessed parents on the way out and in: an alias travels only when asked for on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.cli.conftest import Shell

FIRST = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.5}, created_at="2024-01-01T00:00:00+00:00")
SECOND = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.25}, created_at="2024-01-02T00:00:00+00:00")
A, B = str(FIRST.config_hash), str(SECOND.config_hash)


@pytest.fixture
def here(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Production is the second one, whose parent was guessed."""
    monkeypatch.setenv("EXPERIMENTS_CONFIG_HOME", str(empty.folder / "settings"))
    registry = empty.registry
    for config in (FIRST, SECOND):
        registry.register(config)
    assert registry.save_inferred(registry.lineage(B, infer=True)) == [B]
    registry.promote(B, "production", "why \x1b not", write=str(empty.folder / "live.json"))
    return empty


def exported(here: Shell, *more: str, name: str = "all.ndjson") -> str:
    here.ok("export", "--filter", "", name, "--force", *more)
    return name


@pytest.mark.parametrize("name", ["all.ndjson", "all.json"])
def test_aliases_travel_only_when_asked_for(here: Shell, name: str) -> None:
    assert "aliases" not in (here.folder / exported(here, name=name)).read_text()
    exported(here, "--aliases", name=name)
    ran = here("--db", "other.duckdb", "import", name)
    assert ran.code == 0 and "production stayed as here; --aliases moves" in ran.err
    other = ExperimentRegistry(here.folder / "other.duckdb")
    assert other.aliases() == []
    ran = here("--db", "other.duckdb", "import", name, "--aliases", "--dry-run")
    assert "would move production" in ran.err and other.aliases() == []
    assert f"production v1: {B[:12]}" in here.ok("--db", "other.duckdb", "import", name, "--aliases")
    (move,) = other.aliases()
    assert move.config_hash == B and move.why.startswith(f"imported from {name}") and "why \x1b not" in move.why
    assert "production v" not in here.ok("--db", "other.duckdb", "import", name, "--aliases")  # it is there
    assert other.alias_files() == []  # no file of anybody's comes along


def test_an_import_here_moves_it_as_a_promotion_file_and_all(here: Shell) -> None:
    exported(here, "--aliases")
    here.ok("promote", A, "production")
    here.ok("import", "all.ndjson")
    assert here.registry.resolve("production") == A
    found = json.loads(here.ok("import", "all.ndjson", "--aliases", "--json"))
    assert found["aliases"][0]["alias"] == "production" and found["moves"][0]["version"] == 3
    assert json.loads((here.folder / "live.json").read_text())["config_hash"] == B


def test_what_is_no_alias_is_told(here: Shell) -> None:
    record = {
        **FIRST.to_dict(),
        "aliases": [{"alias": "beef"}, {"alias": 3}, "production", {"alias": "ok", "why": None}],
    }
    ran = here("import", "-", "--aliases", stdin=json.dumps(record))
    assert ran.code == 0 and ran.err.count("left out") == 3
    assert [move.alias for move in here.registry.aliases()] == ["production"]


def test_a_guess_stays_a_guess(here: Shell, tmp_path: Path) -> None:
    exported(here)
    here.ok("--db", "other.duckdb", "import", "all.ndjson")
    other = ExperimentRegistry(here.folder / "other.duckdb")
    assert other.details(B).parent_inferred and other.details(B).config.parent == A
    assert here.ok("--db", "other.duckdb", "export", "--filter", "", "-") == here.ok("export", "--filter", "", "-")
    known = {**SECOND.to_dict(), "parent": A}
    here.ok("--db", "other.duckdb", "import", "-", stdin=json.dumps(known))
    assert not other.details(B).parent_inferred
    here.ok("--db", "other.duckdb", "import", "all.ndjson")  # a guess takes the place of nothing that is known
    assert not other.details(B).parent_inferred
    here.ok("delete", A, "--force")
    shown = here.ok("show", B, "--json")
    assert json.loads(shown)["parent_inferred"] is True
    here.ok("--db", "third.duckdb", "import", "-", stdin=shown)
    assert ExperimentRegistry(here.folder / "third.duckdb").details(B).parent_inferred
