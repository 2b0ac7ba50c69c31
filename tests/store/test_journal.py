"""A checkpoint cut off in the middle of a block: whoever opens the file next finds all that was acknowledged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from registry import ExperimentRegistry, doctor
from registry.errors import CorruptRegistryError
from registry.store import Store, copies, journal
from registry.store.connection import Engine
from registry.store.files import log_of
from tests.store.conftest import Program, Start
from tests.store.programs import config

BLOCK = 262_144
CUTS = [8, 4096, 100_000, BLOCK]


@dataclass
class Torn:
    """A registry whose writer was killed after its commit, and what its checkpoint was about to write."""

    path: Path
    hashes: set[str]
    before: bytes
    after: bytes

    def tear(self, cut: int) -> None:
        """Write the first `cut` bytes of every block, but not the header that leads to them."""
        torn = bytearray(self.before)
        for at in range(journal.HEADERS, min(len(self.before), len(self.after)), BLOCK):
            torn[at : at + cut] = self.after[at : at + cut]
        assert torn != self.before
        self.path.write_bytes(torn)

    def is_broken(self) -> bool:
        """Tell whether the engine alone can't read the file any more."""
        alone = self.path.with_name("alone.duckdb")
        shutil.copy(self.path, alone)
        shutil.copy(log_of(self.path), log_of(alone))
        try:
            with Engine() as engine:
                engine.reader(alone).execute("SELECT * FROM store.experiment").fetchall()
        except Exception as error:
            assert "checksum" in str(error)
            return True
        return False

    def everything(self) -> dict[str, bytes]:
        """Return what lies in the folder: every file's content."""
        return {each.name: each.read_bytes() for each in self.path.parent.iterdir() if each.is_file()}


def present(path: Path, *, read_only: bool = False) -> set[str]:
    with Store(path, wait=60, read_only=read_only).read() as session:
        return {row[0] for row in session.rows("SELECT config_hash FROM experiment")}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Torn:
    path = tmp_path_factory.mktemp("killed") / "experiments.duckdb"
    registry = ExperimentRegistry(path)
    for n in range(30):
        registry.register(config(n))
        registry.sync()
    Program("die_after_commit", path, 40).communicate()
    hashes = {str(config(n).config_hash) for n in (*range(30), 40)}
    before = path.read_bytes()
    through = path.with_name("through.duckdb")
    shutil.copy(path, through)
    shutil.copy(log_of(path), log_of(through))
    with Engine() as engine:
        engine.writer(through)  # what its log has goes into the file when it is closed
    after = through.read_bytes()
    through.unlink()
    return Torn(path, hashes, before, after)


@pytest.fixture
def torn(killed: Torn, path: Path) -> Torn:
    for each in killed.path.parent.iterdir():
        if each.is_file():
            shutil.copy(each, path.with_name(each.name))
    return replace(killed, path=path)


@pytest.mark.parametrize("cut", CUTS)
def test_who_reads_next_finds_everything(torn: Torn, cut: int) -> None:
    torn.tear(cut)
    assert torn.is_broken() == (cut < BLOCK // 4)  # the rest of the block was free before, and still is
    assert present(torn.path) == torn.hashes
    assert not journal.is_left(torn.path)
    assert ExperimentRegistry(torn.path).verify().ok
    assert not torn.is_broken()


@pytest.mark.parametrize("cut", CUTS)
def test_who_writes_next_finds_everything(torn: Torn, cut: int) -> None:
    torn.tear(cut)
    registry = ExperimentRegistry(torn.path)
    registry.register(config(50))
    registry.sync()
    assert present(torn.path) == torn.hashes | {str(config(50).config_hash)}
    assert registry.verify().ok


def test_who_may_only_look_changes_nothing(torn: Torn) -> None:
    torn.tear(4096)
    before = torn.everything()
    assert present(torn.path, read_only=True) == torn.hashes
    assert torn.everything() == before


def test_while_somebody_keeps_it_for_reading_a_copy_is_read(torn: Torn, hold: Callable) -> None:
    torn.tear(4096)
    with hold("shared"):
        with Store(torn.path, wait=0.2).read() as session:
            assert len(session.rows("SELECT config_hash FROM experiment")) == len(torn.hashes)
        assert journal.is_left(torn.path)


def test_a_backup_of_it_is_whole(torn: Torn) -> None:
    torn.tear(4096)
    made = Store(torn.path).backup(torn.path.with_name("backup.duckdb"))
    assert present(made) == torn.hashes


def test_what_a_restore_keeps_of_it_is_whole(torn: Torn, tmp_path: Path) -> None:
    torn.tear(4096)
    whole = tmp_path / "beside" / "whole.duckdb"
    whole.parent.mkdir()
    other = ExperimentRegistry(whole)
    other.register(config(99))
    other.sync()
    kept = copies.put_in_place(Store(torn.path), whole)
    assert kept is not None
    assert present(kept.path) == torn.hashes
    assert present(torn.path) == {str(config(99).config_hash)}


def test_doctor_says_what_to_do(torn: Torn) -> None:
    torn.tear(4096)
    (found,) = [each for each in doctor(torn.path).findings if each.name == "content"]
    assert found.state == "warning"
    assert "was killed" in found.what
    assert found.advice == "put it in order with: experiments info"
    ExperimentRegistry(torn.path).info()
    (found,) = [each for each in doctor(torn.path).findings if each.name == "content"]
    assert found.state == "ok"


def test_what_came_to_its_end_is_not_undone(torn: Torn) -> None:
    torn.path.write_bytes(torn.after)
    log_of(torn.path).unlink()
    assert journal.is_left(torn.path)
    assert present(torn.path) == torn.hashes
    assert torn.path.read_bytes() == torn.after
    assert not journal.is_left(torn.path)


@pytest.mark.parametrize("rest", [0, 20, 1000, BLOCK])
def test_a_journal_that_was_not_finished_is_none(torn: Torn, rest: int) -> None:
    left = journal.path_of(torn.path)
    left.write_bytes(left.read_bytes()[:rest])  # so the file was not written to yet
    assert present(torn.path) == torn.hashes
    assert not journal.is_left(torn.path)


def test_a_journal_of_another_file_is_none(torn: Torn, tmp_path: Path) -> None:
    other = ExperimentRegistry(tmp_path / "other.duckdb")
    other.register(config(1))
    other.sync()
    shutil.copy(journal.path_of(torn.path), tmp_path / "other.duckdb.journal")
    before = (tmp_path / "other.duckdb").read_bytes()
    assert present(tmp_path / "other.duckdb") == {str(config(1).config_hash)}
    assert (tmp_path / "other.duckdb").read_bytes() == before


def test_without_it_the_file_would_be_lost(torn: Torn) -> None:
    torn.tear(4096)
    journal.path_of(torn.path).unlink()
    with pytest.raises(CorruptRegistryError):
        present(torn.path)


def test_it_is_for_those_whom_the_file_is_for(start: Start, path: Path) -> None:
    registry = ExperimentRegistry(path)
    registry.register(config(1))
    registry.sync()
    path.chmod(0o640)
    start("die_after_commit", path, 2).communicate()
    assert journal.path_of(path).stat().st_mode & 0o777 == 0o640


def test_it_follows_a_checkpoint_in_the_middle_of_a_session(start: Start, path: Path) -> None:
    assert start("commit_after_a_checkpoint", path).ended() == ["changed", "kept"]
    assert not journal.is_left(path)
