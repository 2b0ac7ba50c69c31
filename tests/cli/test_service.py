"""`info`, `verify`, `backup`, and waiting for the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from registry import ExperimentConfig
from tests.cli.conftest import BASE, Shell


def test_info(shell: Shell) -> None:
    found = json.loads(shell.ok("info", "--json"))
    assert found == shell.registry.info().to_dict()
    assert found["experiments"] == 24
    out = shell.ok("info")
    assert str(shell.folder / "experiments.duckdb") in out
    assert "experiments:" in out
    for line in out.splitlines()[1:]:
        assert line[15:17].strip() == "" or line[16] == " "


def test_verify(shell: Shell) -> None:
    assert shell.ok("verify") == "24 experiments checked: nothing was altered\n"
    assert json.loads(shell.ok("verify", "--json"))["ok"] is True
    with shell.registry.store.write() as session:
        session.run("UPDATE store.feature SET weight = weight + 1 WHERE feature = 'mom 1'")
    ran = shell("verify", "--json")
    assert ran.code == 1
    assert len(json.loads(ran.out)["problems"]) == 2


def test_a_backup_is_a_registry_of_its_own(shell: Shell) -> None:
    shell.registry.register(ExperimentConfig(["fresh"], {"fresh": 1.0}))
    assert "copy.duckdb" in shell.ok("backup", "copy.duckdb")
    assert len(shell.ok("--db", "copy.duckdb", "list", "--ids").splitlines()) == 25
    assert shell("backup", "copy.duckdb").code == 2
    shell.ok("delete", BASE, "--force")
    shell.ok("backup", "copy.duckdb", "--force")
    assert len(shell.ok("--db", "copy.duckdb", "list", "--ids").splitlines()) == 24


def test_whoever_holds_the_file_is_named(shell: Shell) -> None:
    holding = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from registry import ExperimentRegistry\n"
            "with ExperimentRegistry('experiments.duckdb').store.write():\n"
            "    print('held', flush=True); sys.stdin.read()",
        ],
        cwd=shell.folder,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "held\n"
        for args in (["list"], ["tag", "x", BASE], ["verify"]):
            ran = shell("--wait", "0.1", *args)
            assert ran.code == 4, ran
            assert str(holding.pid) in ran.err
    finally:
        holding.communicate()
    assert shell("list").code == 0


def test_a_place_that_can_only_be_read_can_be_read(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    shutil.copyfile(shell.folder / "experiments.duckdb", folder / "r.duckdb")
    (folder / "r.duckdb").chmod(0o444)
    folder.chmod(0o555)
    try:
        assert len(shell.ok("--db", "shared/r.duckdb", "list", "--ids").splitlines()) == 24
    finally:
        folder.chmod(0o755)
