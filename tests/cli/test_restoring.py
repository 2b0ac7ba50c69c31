"""`backup --restore`: a whole backup in the registry's place, and nothing of what was there is lost."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import StoreError
from registry.store import Store
from registry.store.files import log_of
from tests.cli.conftest import BASE, Shell


def fresh(number: int) -> ExperimentConfig:
    return ExperimentConfig(["fresh"], {"fresh": float(number)})


@pytest.fixture
def changed(shell: Shell) -> Shell:
    """A backup of 24 experiments was made; then one came and one went."""
    shell.ok("backup", "copy.duckdb")
    shell.registry.register(fresh(1))
    shell.registry.sync()
    shell.ok("delete", BASE, "--force")
    return shell


def kept(shell: Shell) -> list[Path]:
    return sorted(shell.folder.glob("experiments.before-restore-*.duckdb"))


def has(registry: ExperimentRegistry) -> set[int]:
    """Return which of the fresh experiments are there."""
    there = {row["config_hash"] for row in registry.search()}
    return {number for number in range(4) if fresh(number).config_hash in there}


def listed(path: Path) -> int:
    return len(ExperimentRegistry(path).search())


def test_a_backup_comes_back_and_what_was_there_is_kept(changed: Shell) -> None:
    content = (changed.folder / "copy.duckdb").read_bytes()
    out = changed.ok("backup", "--restore", "copy.duckdb", "--yes").splitlines()
    (old,) = kept(changed)
    assert out == ["restored 24 experiments from copy.duckdb", f"what was there is kept as {old}"]
    assert listed(changed.registry.path) == 24 and changed.registry.trash().rows == []
    assert changed.ok("verify").startswith("24 experiments checked")
    assert (changed.folder / "copy.duckdb").read_bytes() == content, "the backup stays as it is"
    assert listed(old) == 24 and len(ExperimentRegistry(old).trash()) == 1
    changed.ok("backup", "--restore", str(old), "--yes")
    assert len(changed.registry.trash()) == 1, "and back again"
    assert not list(changed.folder.glob(".*restore*")), "nothing else is left behind"


def test_what_a_killed_one_left_is_swept_away(changed: Shell) -> None:
    old, new = (changed.folder / f".experiments.duckdb.restore-{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
        (folder / "experiments.duckdb").write_bytes(b"half")
    os.utime(old, (0, 0))
    changed.ok("backup", "--restore", "copy.duckdb", "--yes")
    assert new.exists() and not old.exists()


def test_it_asks(changed: Shell) -> None:
    ran = changed("backup", "--restore", "copy.duckdb")
    assert ran.code == 2 and "needs --yes where nobody can be asked" in ran.err
    ran = changed("backup", "--restore", "copy.duckdb", stdin="n\n", terminal=True)
    assert ran.code == 2 and "nothing was changed" in ran.err
    assert "there now: 25 experiments" in ran.err and "in the backup: 24 experiments" in ran.err
    assert kept(changed) == [] and len(changed.registry.trash()) == 1
    assert changed("backup", "--restore", "copy.duckdb", stdin="y\n", terminal=True).code == 0
    assert changed.registry.trash().rows == []


def test_what_waits_goes_with_what_it_was_registered_in(changed: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    store = changed.registry.store
    store.register(fresh(2))
    monkeypatch.setattr(Store, "_sync_within", lambda self, seconds: False)  # somebody else has the file just then
    out = changed.ok("backup", "--restore", "copy.duckdb", "--yes")
    (old,) = kept(changed)
    assert f"kept as {old}, with 1 registration waiting beside it" in out
    monkeypatch.undo()
    monkeypatch.chdir(changed.folder)
    assert store.spool.names() == [] and has(changed.registry) == set()
    assert has(ExperimentRegistry(old)) == {1, 2}
    changed.registry.register(fresh(3))
    assert has(changed.registry) == {3}, "what comes later is the restored one's"


def test_a_damaged_registry_is_kept_as_it_is(changed: Shell) -> None:
    path = changed.registry.path
    damaged = bytearray(path.read_bytes())
    damaged[4096:200_000] = os.urandom(200_000 - 4096)
    path.write_bytes(damaged)
    log_of(path).write_bytes(b"no log of anybody's")
    changed.registry.store.spool.write({"type": "waits"}, "one")
    out = changed.ok("backup", "--restore", "copy.duckdb", "--yes")
    (old,) = kept(changed)
    assert "with 1 registration waiting beside it" in out and old.read_bytes()[4096:] == damaged[4096:]
    assert log_of(old).exists() and not log_of(path).exists()
    assert changed.ok("verify").startswith("24 experiments checked")


def test_a_registry_that_is_gone_comes_back(changed: Shell) -> None:
    changed.registry.path.unlink()
    assert changed.ok("backup", "--restore", "copy.duckdb", "--yes") == "restored 24 experiments from copy.duckdb\n"
    assert listed(changed.registry.path) == 24 and kept(changed) == []


def test_what_is_no_whole_backup_is_refused(changed: Shell) -> None:
    before = changed.registry.path.read_bytes()
    shutil.copyfile(changed.folder / "copy.duckdb", changed.folder / "altered.duckdb")
    with Store(changed.folder / "altered.duckdb").write() as session:
        session.run("UPDATE store.feature SET weight = weight + 1 WHERE feature = 'mom 1'")
    (changed.folder / "short.duckdb").write_bytes((changed.folder / "copy.duckdb").read_bytes()[:30_000])
    (changed.folder / "text.duckdb").write_text("not a registry, whatever it is called")
    os.link(changed.registry.path, changed.folder / "same.duckdb")
    said = {
        "altered.duckdb": (4, "was altered"),
        "short.duckdb": (4, "damaged"),
        "text.duckdb": (4, "is not a registry"),
        "none.duckdb": (4, "there is no registry at"),
        "same.duckdb": (2, "is the registry itself"),
        "experiments.duckdb": (2, "is the registry itself"),
    }
    for name, (code, words) in said.items():
        ran = changed("backup", "--restore", name, "--yes")
        assert ran.code == code and words in ran.err, ran
    assert changed.registry.path.read_bytes() == before and kept(changed) == []


def test_it_waits_for_whoever_holds_the_registry(changed: Shell) -> None:
    program = (
        "import sys; from registry import ExperimentRegistry\n"
        "with ExperimentRegistry('experiments.duckdb').store.write():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holding = subprocess.Popen(
        [sys.executable, "-c", program], cwd=changed.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    try:
        assert holding.stdout is not None and holding.stdout.readline() == "held\n"
        ran = changed("--wait", "0.1", "backup", "--restore", "copy.duckdb", "--yes")
        assert ran.code == 4 and str(holding.pid) in ran.err and kept(changed) == []
    finally:
        holding.communicate()
    changed.ok("backup", "--restore", "copy.duckdb", "--yes")


KILLED_AT = """
import os, signal, sys
from registry import ExperimentRegistry
from registry.store import Store, copies

name, when = sys.argv[1], sys.argv[2]
Store._sync_within = lambda self, seconds: False  # somebody else has the file just then
place, attribute = {
    "kept": (copies, "_keep"), "entries": (copies, "_copy_entries"), "recorded": (copies, "_record_applied"),
    "closed": (copies, "_close_log"), "replaced": (copies.Path, "replace"), "removed": (copies.Spool, "remove"),
}[name]
real = getattr(place, attribute)

def die(*args):
    if name != "replaced" or args[1].name == "experiments.duckdb":
        if when == "after":
            real(*args)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)

setattr(place, attribute, die)
ExperimentRegistry("experiments.duckdb").restore_backup("copy.duckdb")
"""


@pytest.mark.parametrize(
    ("name", "when", "restored"),
    [
        *(
            pytest.param(name, "after", name == "removed", marks=pytest.mark.full)
            for name in ("kept", "entries", "recorded", "closed", "removed")
        ),
        ("replaced", "before", False),
        ("replaced", "after", True),
    ],
)
def test_a_kill_leaves_one_or_the_other_and_loses_nothing(changed: Shell, name: str, when: str, restored: bool) -> None:
    changed.registry.store.register(fresh(2))
    program = [sys.executable, "-c", KILLED_AT, name, when]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(program, cwd=changed.folder, env=environment, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    found = has(changed.registry)
    assert changed.registry.verify().ok
    if restored:
        assert found == set() and changed.registry.trash().rows == []
        (old,) = kept(changed)
        assert has(ExperimentRegistry(old)) == {1, 2}
    else:
        assert found == {1, 2} and len(changed.registry.trash()) == 1


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o640])
def test_who_may_read_the_registry_may_read_its_copies_and_nobody_else(changed: Shell, mode: int) -> None:
    def modes(*paths: Path) -> set[int]:
        return {stat.S_IMODE(path.stat().st_mode) for path in paths}

    changed.registry.path.chmod(mode)
    changed.ok("backup", "second.duckdb")
    second = changed.folder / "second.duckdb"
    assert modes(second) == {mode}
    second.chmod(0o644)
    changed.ok("backup", "second.duckdb", "--force")
    assert modes(second) == {0o644}, "a file that is replaced keeps its own"
    changed.ok("backup", "--restore", "second.duckdb", "--yes")
    assert modes(changed.registry.path, *kept(changed)) == {mode}


def test_a_restore_that_fails_at_the_last_step_leaves_all_as_it_was(
    changed: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = changed.registry.path
    with path.open("r+b") as file:
        file.truncate(5000)  # so damaged that its log can't be brought in
    log_of(path).write_bytes(b"the log")
    content, replace = path.read_bytes(), Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target == path:
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(StoreError, match="Input/output"):
        changed.registry.restore_backup(changed.folder / "copy.duckdb")
    assert (path.read_bytes(), log_of(path).read_bytes()) == (content, b"the log")
    assert kept(changed) == [] and not list(changed.folder.glob(".*restore*"))
