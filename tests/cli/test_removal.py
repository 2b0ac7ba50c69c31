"""`delete`, `trash`, `restore`, `purge`: nothing leaves unasked, and it comes back whole."""

from __future__ import annotations

import json

from tests.cli.conftest import BASE, VARIANT, Shell


def test_there_and_back(shell: Shell) -> None:
    before = shell.ok("show", BASE, "--json")
    assert "moved 1 experiment to the trash" in shell.ok("delete", BASE, "--force")
    assert shell("search", "production", "--ids").out.count("\n") == 0
    assert shell.ok("trash").splitlines()[1].startswith(BASE)
    assert shell.ok("restore", BASE[:8]) == "restored 1 experiment\n"
    assert shell.ok("trash") == ""
    assert shell.ok("show", BASE, "--json") == before


def test_a_terminal_is_asked_what_it_is_about(shell: Shell) -> None:
    ran = shell("delete", "--filter", "tag:sweep-1", stdin="yes\n", terminal=True)
    assert ran.code == 0
    assert "Move 6 experiments to the trash? [y/N]" in ran.err
    assert "Sweep 1: sentiment 0.30, accumulation 0.05" in ran.err
    assert "and 1 more" in ran.err
    assert shell.registry.count(trashed=True) == 6


def test_elsewhere_force_is_needed(shell: Shell) -> None:
    ran = shell("delete", BASE)
    assert (ran.code, ran.out) == (2, "")
    assert "--force" in ran.err
    assert shell("delete", "-", stdin=f"{BASE}\n", terminal=True).code == 2
    assert shell("delete", BASE, "--yes").code == 0
    assert shell("purge", BASE).code == 2
    assert shell.registry.count(trashed=True) == 1


def test_a_dry_run_says_and_does_nothing(shell: Shell) -> None:
    assert shell.ok("delete", "--filter", "tag:sweep-1", "--dry-run") == "would move 6 experiments to the trash\n"
    ran = shell("delete", "--filter", "tag:sweep-1", "--dry-run", "--ids")
    assert ran.out == shell.ok("search", "tag:sweep-1", "--ids")
    ran = shell("delete", BASE, VARIANT, "--dry-run", "--json", "--columns", "hash,w.SentimentScore")
    assert [list(row.values())[1] for row in json.loads(ran.out)] == [0.15, 0.25]
    assert shell.registry.count() == 24


def test_trash_lists_the_last_deleted_first_under_the_usual_flags(shell: Shell) -> None:
    for ref in (BASE, VARIANT):
        shell.ok("delete", ref, "--force")
    found = json.loads(shell.ok("trash", "--json"))
    assert [row["config_hash"][:12] for row in found] == [VARIANT, BASE]
    assert all(row["deleted_at"] for row in found)
    ran = shell("trash", "--limit", "1", "--ids")
    assert ran.out == found[0]["config_hash"] + "\n"
    assert "1 not shown" in ran.err
    assert shell.ok("trash", "--sort", "created", "--ids").split()[0][:12] == BASE
    assert shell.ok("trash", "--filter", "hash:" + VARIANT[:8], "--ids").split() == [found[0]["config_hash"]]
    assert "nothing in the trash matches tag:none" in shell("trash", "--filter", "tag:none").err
    assert shell.ok("restore", "-", stdin=shell.ok("trash", "--ids")) == "restored 2 experiments\n"


def test_purge_is_for_good(shell: Shell) -> None:
    assert shell("purge", BASE, "--force").code == 3
    shell.ok("delete", BASE, VARIANT, "--force")
    assert "would remove 2 experiments for good" in shell.ok("purge", "--filter", "features > 0", "--dry-run")
    ran = shell("purge", BASE, stdin="y\n", terminal=True)
    assert ran.code == 0
    assert "Remove 1 experiment for good? [y/N]" in ran.err
    ids = shell.ok("trash", "--ids")
    ran = shell("purge", "-", "--force", "--json", stdin=ids)
    assert [row["config_hash"] for row in json.loads(ran.out)] == ids.split()
    assert shell.registry.count(trashed=True) == 0
    assert shell("restore", BASE).code == 3
    assert shell("show", BASE).code == 3


def test_what_a_program_reads_is_what_was_deleted(shell: Shell) -> None:
    ran = shell("delete", BASE, "--force", "--json")
    assert [row["config_hash"][:12] for row in json.loads(ran.out)] == [BASE]
    assert "moved 1 experiment" in ran.err


def test_a_wrong_column_is_said_before_anything_is_changed(shell: Shell) -> None:
    for command in (["delete", BASE, "--force"], ["tag", "new", BASE], ["export", BASE, "out.json"]):
        assert shell(*command, "--columns", "bogus").code == 2
    assert shell.registry.get(BASE) is not None
    assert "new" not in shell.registry.tags()
    assert not (shell.folder / "out.json").exists()


def test_the_trash_shows_any_column_in_any_order(shell: Shell) -> None:
    shell.ok("delete", BASE, VARIANT, "--force")
    out = shell.ok("trash", "--columns", "hash,deleted,tags", "--sort", "deleted", "--format", "csv")
    assert out.splitlines()[0] == "config_hash,deleted_at,tags"
    assert len(out.splitlines()) == 3


def test_what_was_moved_is_shown_with_names_that_only_it_has(shell: Shell) -> None:
    """The columns are known before and after: the last experiment with a name takes it into the trash."""
    made = shell.ok("variant", BASE, "w.OnlyHere=0.5", "--ids").strip()
    for command in (["delete", made, "--force"], ["restore", made]):
        ran = shell(*command, "--columns", "hash,w.OnlyHere", "--json")
        assert (ran.code, json.loads(ran.out)) == (0, [{"config_hash": made, "w.OnlyHere": 0.5}])
    shell.ok("delete", made, "--force")
    assert shell("search", "w.OnlyHere > 0").code == 2
    ran = shell("purge", "--filter", "w.OnlyHere > 0", "--force", "--columns", "w.OnlyHere", "--format", "csv")
    assert (ran.code, ran.out) == (0, "w.OnlyHere\n0.5\n")


def test_what_is_not_in_the_trash_is_looked_up_there(shell: Shell) -> None:
    assert "look it up with: experiments trash" in shell("restore", "ffff0000").err
    assert "look it up with: experiments list" in shell("delete", "ffff0000", "--force").err


def test_a_live_one_needs_no_restoring(shell: Shell) -> None:
    ran = shell("restore", BASE)
    assert ran.code == 3
    assert "is live, not in the trash; only what was deleted can be restored or purged" in ran.err


def test_the_help_of_purge_says_what_the_log_keeps(shell: Shell) -> None:
    shell.ok("note", BASE, "between us")
    shell.ok("delete", BASE, "--force")
    shell.ok("purge", BASE, "--force")
    assert "between us" in shell.ok("log")
    said = " ".join(shell.ok("purge", "--help").split())
    assert "it keeps what it said of them, texts of descriptions and notes included" in said
