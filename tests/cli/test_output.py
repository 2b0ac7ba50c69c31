"""What is written: aligned, as wide as the terminal, coloured where wanted, and nothing that acts on it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry
from registry.results import Results
from tests.cli.conftest import Shell
from tests.prepared import prepared
from tui.cli import output
from tui.cli.table import Column, layout, number
from tui.widths import crop, width

NASTY = "\x1b]0;title\x07 \x9b31m [red]x[/red] \u202eabc\u200b \r\n next\tend"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


CONFIG = ExperimentConfig(
    [NASTY], {NASTY: 0.5}, {NASTY: NASTY, "m": {NASTY: 1}}, {NASTY: NASTY}, description=NASTY, tags=[NASTY]
)


def make_nasty(registry: ExperimentRegistry) -> None:
    registry.register(CONFIG)
    registry.note("latest", NASTY)
    registry.register(CONFIG.variant(weights={NASTY: 0.25}, description=""))


@pytest.fixture
def nasty(empty: Shell) -> ExperimentConfig:
    prepared(empty.registry.path, make_nasty)
    return CONFIG


def unsafe(text: str) -> set[str]:
    return {c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u200b"}


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    "args",
    [
        ["list"],
        ["list", "--columns", "hash,description,tags,notes"],
        ["list", "--json"],
        ["list", "--format", "ndjson"],
        ["show", "latest"],
        ["show", "HASH"],
        ["show", "HASH", "--json"],
        ["compare", "HASH", "latest", "--all"],
        ["compare", "HASH", "latest", "--json"],
        ["tags"],
        ["log"],
        ["log", "--format", "json"],
        ["sql", "SELECT * FROM experiments"],
        ["sql", "SELECT * FROM hyperparameters", "--format", "json"],
        ["delete", "HASH", "--dry-run", "--columns", "description"],
        ["variant", "HASH", "hp.z=\x1b[31mred"],
        ["variant", "HASH", "w.\x1b=x"],
        ["tag", "a", "\x1b[31m"],
        ["search", "\x1b[31m"],
        ["import", "\x1b[31m.json"],
        ["\x1b[31m"],
        ["list", "--\x1b[31m"],
    ],
    ids=lambda value: " ".join(value).encode("unicode_escape").decode() if isinstance(value, list) else str(value),
)
def test_text_of_users_never_acts_on_a_terminal(
    empty: Shell, nasty: ExperimentConfig, args: list[str], terminal: bool
) -> None:
    ran = empty(*(str(nasty.config_hash) if arg == "HASH" else arg for arg in args), terminal=terminal)
    assert ran.code != 70, ran
    assert not unsafe(ESCAPE.sub("", ran.out) if terminal else ran.out)
    assert not unsafe(ran.err)
    if args[-1] in ("HASH", "latest") and args[0] == "show":
        assert "\\x1b" in ran.out
    if {"json", "--json", "ndjson"} & set(args):
        assert json.loads(ran.out.splitlines()[0] if "ndjson" in args else ran.out)


def test_json_gives_the_text_back_as_it_was(empty: Shell, nasty: ExperimentConfig) -> None:
    assert json.loads(empty.ok("show", str(nasty.config_hash), "--json"))["description"] == NASTY


def test_csv_keeps_values_but_for_formulas_and_control_characters(empty: Shell) -> None:
    empty.registry.register(ExperimentConfig([], {}, description="=1+1", tags=["a", "b"]))
    empty.registry.register(ExperimentConfig(["x"], {}, description='two\nlines, "quoted"\x1b[31m'))
    rows = list(csv.DictReader(io.StringIO(empty.ok("list", "--format", "csv", "--sort", "description"))))
    assert [row["description"] for row in rows] == ["'=1+1", 'two\nlines, "quoted"\\x1b[31m']
    assert [row["tags"] for row in rows] == ["a,b", ""]


def test_a_terminal_gets_colours_and_its_width(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = shell.ok("list", terminal=True, width=160)
    assert "\x1b[36m" in wide
    narrow = shell.ok("list", terminal=True, width=70)
    assert "…" in narrow
    for line in ESCAPE.sub("", narrow).splitlines():
        assert width(line) <= 70
    for width_ in (20, 33, 47):
        for line in ESCAPE.sub("", shell.ok("list", terminal=True, width=width_)).splitlines():
            assert width(line) <= width_
    monkeypatch.setenv("NO_COLOR", "1")
    assert ESCAPE.sub("", wide) == shell.ok("list", terminal=True, width=160)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shell.ok("list", terminal=True)


def test_a_terminal_of_few_letters_gets_escapes(
    shell: Shell, process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    shell.registry.describe("latest", "naïve 日本")
    assert '"naïve 日本"' in shell.ok("show", "latest", "--json")
    for args in (["show", "latest"], ["show", "latest", "--json"], ["list"]):
        ran = process(*args, PYTHONIOENCODING="ascii")
        assert ran.returncode == 0, ran
        assert "\\u65e5\\u672c" in ran.stdout


def test_numbers_are_aligned_on_the_point() -> None:
    lines = layout([Column("w", right=True)], [(0.5,), (-12.25,), (3,), (None,), (1 / 3,), (1e-9,)])
    points = {line.index(".") for line in lines[1:] if "." in line}
    assert len(points) == 1
    assert [line.strip() for line in lines] == ["w", "0.5000", "-12.2500", "3", "-", "0.333333", "1e-09"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.15, "0.1500"), (0.05 - 0.2, "-0.1500"), (0.0, "0.0000"), (1e20, "1e+20"), (10, "10"), (2.0, "2.0000")],
)
def test_numbers_for_people(value: float, shown: str) -> None:
    assert number(value) == shown


@given(st.text(), st.integers(0, 20))
def test_crop_never_exceeds(text: str, cells: int) -> None:
    cropped = crop(text, cells)
    assert width(cropped) <= max(cells, 0) or cells == 0
    if width(text) <= cells:
        assert cropped == text


def test_what_json_lacks_becomes_text_or_null() -> None:
    from datetime import datetime
    from decimal import Decimal

    found = Results(
        ["when", "amount", "bytes", "nan", "list"],
        [(datetime(2026, 1, 2, 3), Decimal("1.5"), b"\x01\xff", float("nan"), [float("inf"), 1.0])],
    )
    stream = io.StringIO()
    output.serialise(found, "json", stream)
    assert json.loads(stream.getvalue()) == [
        {"when": "2026-01-02T03:00:00", "amount": "1.5", "bytes": "01ff", "nan": None, "list": [None, 1.0]}
    ]
