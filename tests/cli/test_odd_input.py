"""What a shell can hand over beside sensible words: huge numbers, bytes that are no text, misplaced options."""

from __future__ import annotations

import pytest

from tests.cli.conftest import BASE, Shell


@pytest.mark.parametrize("limit", ["9223372036854775807", "9223372036854775808", "9" * 30])
def test_a_limit_beyond_every_count_means_all(shell: Shell, limit: str) -> None:
    assert len(shell.ok("list", "--limit", limit, "--ids").splitlines()) == 24
    assert shell.ok("trash", "--limit", limit, "--ids") == ""
    assert shell.ok("log", "--limit", limit, "--format", "csv") == shell.ok("log", "--format", "csv")


@pytest.mark.parametrize(
    "args",
    [
        ["list", "--sort", "\udcff"],
        ["list", "--columns", "hash,\udcff"],
        ["list", "--filter", "\udcff"],
        ["list", "--format", "\udcff"],
        ["search", "tag:\udcff"],
        ["tag", "\udcff", BASE],
        ["tags", "--rename", "\udcff", "x"],
        ["describe", BASE, "\udcff"],
        ["sql", "SELECT '\udcff'"],
        ["variant", BASE, "hp.k=\udcff"],
        ["\udcff"],
    ],
    ids=ascii,
)
def test_bytes_that_are_no_text_are_bad_input(shell: Shell, args: list[str]) -> None:
    ran = shell(*args)
    assert ran.code == 2, ran
    assert "internal" not in ran.err
    assert "\udcff" not in ran.err


def test_file_names_may_be_any_bytes(shell: Shell) -> None:
    shell.ok("sql", "SELECT 1 AS a", "-o", "\udcff.csv")
    assert (shell.folder / "\udcff.csv").read_text() == "a\n1\n"
    shell.ok("export", BASE, "\udcff.json")
    assert shell.ok("import", "\udcff.json") == "1 unchanged\n"


def test_an_option_behind_the_command_that_belongs_before_it(shell: Shell) -> None:
    for args, right in (
        (["list", "--db", "my runs.duckdb"], "experiments --db 'my runs.duckdb' list"),
        (["search", "x", "--wait=3"], "experiments --wait 3 search"),
        (["list", "--db"], "experiments --db PATH list"),
        (["list", "--version"], "experiments --version list"),
    ):
        ran = shell(*args)
        assert ran.code == 2
        option = args[-1] if args[-1].startswith("--v") else "--wait" if args[0] == "search" else "--db"
        assert ran.err.splitlines()[-1] == f"Error: no such option {option} here; it goes before the command: {right}"


def test_h_is_help_everywhere(shell: Shell) -> None:
    assert shell.ok("-h") == shell.ok("--help")
    assert shell.ok("list", "-h") == shell.ok("list", "--help")
    assert shell.ok("search", "-h") == shell.ok("search", "--help")


def test_usage_errors_act_on_no_terminal(shell: Shell) -> None:
    for args in (["list", "\x1b[31m"], ["list", "--\x1b]0;title\x07"], ["list", "--limit", "\x1b[31m"], ["\x1b"]):
        ran = shell(*args)
        assert ran.code == 2
        assert "\x1b" not in ran.err
