"""Help: grouped by what people want, two examples everywhere, and examples that can be typed."""

from __future__ import annotations

import shlex

import click
import pytest

from tests.cli.conftest import Shell
from tui.cli import COMMANDS, cli
from tui.cli.command import Command
from tui.cli.errors import Exit

NAMES = [
    "list", "show", "search", "compare", "export", "import", "delete", "restore", "trash", "purge", "tag",
    "untag", "tags", "describe", "note", "variant", "verify", "info", "serve", "log", "sql", "backup", "merge", "demo",
    "backtest", "try", "sweep", "runs", "metrics", "record",
    "promote", "rollback", "history", "aliases", "lineage", "guard",
    "ab", "report", "overfitting", "nearest", "importance", "distribution", "pareto", "group",
    "completion", "doctor", "push", "pull",
]  # fmt: skip


def command(name: str) -> Command:
    found = cli.get_command(click.Context(cli), name)
    assert isinstance(found, Command)
    return found


def test_every_command_is_there() -> None:
    assert sorted(COMMANDS) == sorted(NAMES)


def test_the_overview_groups_commands_by_what_people_want(empty: Shell) -> None:
    out = empty.ok("--help")
    places = [
        out.index(f"\n{group}:\n") for group in ("Look", "Learn", "Evaluate", "Change", "Promote", "Move", "Service")
    ]
    assert places == sorted(places)
    for name in NAMES:
        assert f"\n  {name} " in out
    assert "--db PATH" in out
    assert "--wait SECONDS" in out


def test_the_overview_says_what_the_exit_codes_mean(empty: Shell) -> None:
    section = empty.ok("--help").split("\nExit codes:\n")[1]
    assert [int(line.split()[0]) for line in section.splitlines() if line.strip()[:1].isdigit()] == sorted(set(Exit))


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_two_examples(empty: Shell, name: str) -> None:
    out = empty.ok(name, "--help")
    assert out.startswith(f"Usage: experiments {name} ")
    examples = out.split("\nExamples:\n")[1].splitlines()
    assert len(examples) >= 2
    assert all(line.startswith("  ") and f"experiments {name}" in line for line in examples)
    assert all(len(line) <= 120 for line in out.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_every_example_can_be_typed(name: str) -> None:
    for example in command(name).examples:
        words = shlex.split(example.replace("$(date +%F)", "2026-01-31"))
        start = words.index(
            "experiments", max(i for i in range(len(words) - 1) if words[i + 1] == name and words[i] == "experiments")
        )
        words = words[start + 2 :]
        ends = [words.index(mark) for mark in ("|", "||", ">", "<") if mark in words]
        command(name).make_context(name, words[: min(ends, default=len(words))])


def test_the_overview_says_of_a_command_what_the_command_says() -> None:
    for name, entry in COMMANDS.items():
        assert command(name).name == name
        assert entry.about == (command(name).help or "").strip().splitlines()[0], name


def test_a_misspelt_command_is_answered_with_the_nearest(empty: Shell) -> None:
    ran = empty("serach", "x")
    assert ran.code == 2
    assert "did you mean search?" in ran.err


def test_a_misspelt_option_is_answered_with_the_nearest(empty: Shell) -> None:
    ran = empty("search", "x", "--colums", "hash")
    assert ran.code == 2
    assert "--columns" in ran.err


def test_the_version(empty: Shell) -> None:
    from registry import __version__

    assert empty.ok("--version") == f"experiments {__version__}\n"
