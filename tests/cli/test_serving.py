"""`serve` and `--read-only`, as far as they need no extra: what is refused, and that nothing is changed."""

from __future__ import annotations

import pytest

from registry import ExperimentConfig
from tests.cli.conftest import BASE, VARIANT, Shell


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "--token"),
        (["--host", "lab.example"], "--token"),
        (["--token", "short"], "too easily guessed"),
        (["--token", "with spaces in it, many"], "too easily guessed"),
        (["--port", "70000"], "--port"),
        (["--limit", "0"], "--limit"),
        (["--public-url", "lab.example"], "https://lab.example"),
        (["--public-url", "https://lab.example/sub"], "https://lab.example"),
        (["--public-url", "https://a@lab.example"], "https://lab.example"),
        (["--host", ""], "--host is empty"),
    ],
)
def test_what_would_let_strangers_in_is_refused(shell: Shell, options: list[str], said: str) -> None:
    ran = shell("serve", *options)
    assert ran.code == 2 and said in ran.err and ran.out == ""


def test_a_missing_library_and_a_missing_registry_are_one_sentence(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "textual_serve", None)
    ran = empty("serve", "--port", "0")
    assert ran.code == 2 and "pip install 'experiment-registry[serve]'" in ran.err


@pytest.mark.parametrize(
    "change",
    [
        ["tag", "new", BASE], ["untag", "baseline", BASE], ["describe", BASE, "new"], ["note", BASE, "new"],
        ["delete", BASE, "--force"], ["variant", BASE, "k=3"], ["promote", BASE, "live"], ["merge", "other.duckdb"],
        ["import", "one.json"], ["backup", "--restore", "other.duckdb", "--yes"], ["tags", "--rename", "baseline", "x"],
    ],
)  # fmt: skip
def test_read_only_refuses_every_change(shell: Shell, change: list[str]) -> None:
    shell.ok("backup", "other.duckdb")
    (shell.folder / "one.json").write_text(ExperimentConfig(["new"], {"new": 1.0}).to_json())
    before = shell.registry.path.read_bytes()
    ran = shell("--read-only", *change)
    assert ran.code == 4 and "read only" in ran.err, ran
    assert shell.registry.path.read_bytes() == before and shell.registry.store.spool.names() == []
    assert not list(shell.folder.glob("*before-restore*"))


def test_read_only_leaves_what_waits_and_shows_it(shell: Shell) -> None:
    shell.registry.register(ExperimentConfig(["waiting"], {"waiting": 1.0}, description="waits"))
    waiting = shell.registry.store.spool.names()
    assert len(waiting) == 1
    assert "waits" in shell.ok("--read-only", "list", "--limit", "1")
    assert shell.ok("--read-only", "compare", BASE, VARIANT)
    assert shell.registry.store.spool.names() == waiting
    assert "waits" in shell.ok("list", "--limit", "1")
    assert shell.registry.store.spool.names() == []
