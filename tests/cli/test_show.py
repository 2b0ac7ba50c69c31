"""`show`: the summary people know, and what surrounds an experiment."""

from __future__ import annotations

import json

from registry import ExperimentConfig
from tests.cli.conftest import BASE, VARIANT, Shell


def test_the_summary_is_the_one_of_python(shell: Shell) -> None:
    for config in shell.registry.list_all():
        assert shell.ok("show", str(config.config_hash)).startswith(config.summary() + "\n")


def test_a_feature_without_a_weight_is_absent(empty: Shell) -> None:
    empty.registry.register(ExperimentConfig(["a", "b"], {"a": 0.0}))
    out = empty.ok("show", "latest")
    assert "  - a: weight=0.0000, transform=none\n  - b: weight=absent, transform=none\n" in out


def test_what_surrounds_it(shell: Shell) -> None:
    shell.registry.note(VARIANT, "looks good")
    out = shell.ok("show", VARIANT)
    parent = shell.registry.config(VARIANT).parent
    assert parent is not None
    assert f"Parent: {parent[:12]}\n" in out
    assert "Variants: 9a1f30c8fba8\n" in out
    assert "looks good" in out
    assert "In the trash" not in out


def test_the_record(shell: Shell) -> None:
    record = json.loads(shell.ok("show", BASE, "--json"))
    config = shell.registry.config(BASE)
    assert record.items() >= config.to_dict().items()
    assert record["deleted_at"] is None
    assert len(record["children"]) == 11
    assert record["notes"][0]["note"].startswith("the eight weights")


def test_what_lies_in_the_trash_is_shown_too(shell: Shell) -> None:
    shell.registry.delete(BASE)
    assert "In the trash since: 2" in shell.ok("show", BASE)
    assert json.loads(shell.ok("show", BASE, "--json"))["deleted_at"]


def test_old_hashes_lead_to_it_and_are_shown(empty: Shell) -> None:
    import hashlib

    content = {
        "feature_names": ["a"],
        "feature_weights": {"a": 1},
        "feature_transformations": {},
        "hyperparameters": {},
    }
    old = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (empty.folder / "old.json").write_text(json.dumps({**content, "config_hash": old}))
    empty.ok("import", "old.json")
    assert f"Old hashes: {old[:12]}" in empty.ok("show", old)


def test_references(shell: Shell) -> None:
    newest = shell.ok("list", "--ids", "--limit", "1").strip()
    assert json.loads(shell.ok("show", "latest", "--json"))["config_hash"] == newest
    assert json.loads(shell.ok("show", newest[:6].upper(), "--json"))["config_hash"] == newest
    stdin = f"{BASE}\n\n# a remark\n{VARIANT}  and more\n"
    lines = shell.ok("show", "-", "--format", "ndjson", stdin=stdin).splitlines()
    assert [json.loads(line)["config_hash"][:12] for line in lines] == [BASE, VARIANT]
    assert json.loads(shell.ok("show", "-", "--json", stdin=stdin)) == [json.loads(line) for line in lines]
    assert shell("show", "-", stdin="").code == 1


def test_a_terminal_sees_bars(shell: Shell) -> None:
    out = shell.ok("show", BASE, terminal=True, width=100)
    lines = {line.split(":")[0].strip(" -"): line.count("█") for line in out.splitlines() if "weight=" in line}
    assert lines["AccumulationScore"] == 20
    assert lines["SentimentScore"] == 15
    assert all("█" not in line for line in shell.ok("show", BASE, terminal=True, width=30).splitlines())
