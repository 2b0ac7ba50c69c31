"""The README is true: its commands and its Python run, in order, in an empty folder, and its table is the card."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from registry.search import REFERENCE
from tests.cli.conftest import Shell
from tui.actions import ACTIONS, EVERYWHERE, MOVE, show_key

README = (Path(__file__).parents[1] / "README.md").read_text()
FILES = re.findall(r"<!-- file: (\S+) -->\n\n```\w+\n(.*?)```", README, re.DOTALL)
"""Files that are shown, and that the commands find in their folder."""
BLOCKS = re.findall(r"```(console|python)\n(.*?)```", README, re.DOTALL)


def in_a_process(command: list[str], folder: Path) -> None:
    """Run it as a reader would."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "EXPERIMENTS_DB"},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"


def words(line: str) -> list[str] | None:
    """Return the words of a command that a shell would run as it stands; None where the shell has work to do."""
    if "$(" in line or "`" in line:
        return None
    reading = shlex.shlex(line, posix=True, punctuation_chars=True)
    reading.whitespace_split = True
    found = list(reading)
    return None if any(word and set(word) <= set("();<>|&") for word in found) else found


@pytest.mark.full
def test_every_command_and_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain commands run in this process, which is four times as fast; the others, and Python, in their own."""
    shell = Shell(tmp_path, monkeypatch)
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    ran = in_processes = 0
    for language, block in BLOCKS:
        lines = [block] if language == "python" else block.splitlines()
        for line in lines:
            ran += 1
            if language == "python":
                in_a_process([sys.executable, "-c", line], tmp_path)
                continue
            assert line.startswith("$ "), block
            command = words(line[2:])
            if command is not None and command[0] == "experiments":
                shell.ok(*command[1:])
            else:
                in_processes += 1
                in_a_process(["bash", "-c", line[2:]], tmp_path)
    assert ran > 30
    assert in_processes > 5


def test_the_filter_table_is_the_reference_card() -> None:
    table = README.split("<!-- reference -->")[1].split("\n\n")[0].strip().splitlines()[2:]
    assert table == [f"| `{example}` | {meaning} |" for example, meaning in REFERENCE]


def keys_table() -> list[str]:
    """Return the table of keys as the README has it, made from the table of actions."""
    rows = ["| keys | id | on | what it does | the same headless |", "|---|---|---|---|---|"]
    for action in ACTIONS:
        if action.group == MOVE:
            continue
        keys = " ".join(f"`{show_key(key)}`" for key in action.keys)
        where = "everywhere" if action.screens == EVERYWHERE else ", ".join(action.screens)
        command = f"`{action.command}`" if action.command else ""
        rows.append(f"| {keys} | {action.id} | {where} | {action.description} | {command} |")
    return rows


def test_the_table_of_keys_is_made_from_the_actions() -> None:
    table = README.split("<!-- keys -->")[1].split("</details>")[0].strip().splitlines()
    assert table == keys_table(), "make keys writes it anew"


def test_nearly_every_command_is_shown() -> None:
    helped = subprocess.run([sys.executable, "-m", "tui", "--help"], capture_output=True, text=True, check=True).stdout
    named = {command for _, block in BLOCKS for command in re.findall(r"\$ experiments ([a-z]+)", block)}
    offered = set(re.findall(r"^  ([a-z]+)  ", helped, re.MULTILINE))
    assert named <= offered
    elsewhere = {"demo", "restore", "purge", "untag", "importance", "pareto", "group", "ab", "push", "pull", "serve"}
    assert offered - named <= elsewhere


def test_every_picture_is_there() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (Path(__file__).parents[1] / picture).is_file(), picture


def write_keys() -> None:
    """Put the table of keys into the README."""
    before, rest = README.split("<!-- keys -->")
    after = rest[rest.index("</details>") :]
    text = before + "<!-- keys -->\n" + "\n".join(keys_table()) + "\n\n" + after
    (Path(__file__).parents[1] / "README.md").write_text(text)


if __name__ == "__main__":
    write_keys()
